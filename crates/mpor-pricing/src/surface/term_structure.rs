//! What are the at-the-money volatilities of all tenors, given one of them and a long-run level?
//!
//! Variance that reverts exponentially to its long-run level gives a total variance
//!
//! ```text
//! theta(T) = v_inf T + (v_0 - v_inf) (1 - exp(-kappa T)) / kappa
//! ```
//!
//! which rises with `T` whenever `v_0` and `v_inf` are above zero, so the surface has no calendar arbitrage. Source: the
//! expected integrated variance of Heston (1993), "A closed-form solution for options with stochastic volatility", Review of
//! Financial Studies 6(2), 327-343. Assumes that one factor moves all tenors. It is a model: what it gives is labelled
//! [`mpor_core::Origin::Modelled`].

use mpor_core::Span;

use crate::domain::above_zero;
use crate::error::PricingError;
use crate::surface::shape::FittedSlice;

/// How fast variance reverts to its long-run level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermStructure {
    kappa: f64,
}

/// Reversion slower or faster than this a year cannot be told from a chain.
const KAPPA_RANGE: (f64, f64) = (0.1, 100.0);

/// Instantaneous variance is at least this share of the level's.
const SHORT_END_FLOOR: f64 = 0.25;

impl TermStructure {
    /// Reversion at `kappa` per year.
    ///
    /// # Errors
    /// [`PricingError::Input`] unless it is finite and above zero.
    pub fn new(kappa: f64) -> Result<Self, PricingError> {
        above_zero("kappa", kappa)?;
        Ok(TermStructure { kappa })
    }

    /// The reversion that fits the at-the-money volatilities of one chain best (least squares of volatility to first order),
    /// between 0.1 and 100 a year.
    ///
    /// # Errors
    /// [`PricingError::TooFewQuotes`] for fewer than four expiries.
    pub fn fit(slices: &[FittedSlice]) -> Result<Self, PricingError> {
        const FEWEST: usize = 4;
        if slices.len() < FEWEST {
            return Err(PricingError::TooFewQuotes { found: slices.len(), needed: FEWEST });
        }
        for slice in slices {
            above_zero("years to expiry", slice.years)?;
            above_zero("volatility", slice.atm_vol)?;
        }
        let error = |log_kappa: f64| squared_error(slices, libm::exp(log_kappa));
        let kappa = libm::exp(lowest(error, libm::log(KAPPA_RANGE.0), libm::log(KAPPA_RANGE.1)));
        Ok(TermStructure { kappa })
    }

    /// Reversion per year.
    #[must_use]
    pub fn kappa(self) -> f64 {
        self.kappa
    }

    /// At-the-money volatilities per year at `tenors_days`, for a volatility of `level_vol` at `level_tenor_days` (0 = an
    /// instantaneous one, such as a realised volatility) and of `long_run_vol` far out.
    ///
    /// The level is met at its tenor. Where it is so far below the long run that instantaneous variance would fall below a
    /// quarter of the level's, the long run gives way.
    ///
    /// # Errors
    /// [`PricingError::Input`] unless volatilities are finite and above zero and tenors are at least a day.
    pub fn atm_vols(
        self,
        level_vol: f64,
        level_tenor_days: u16,
        long_run_vol: f64,
        tenors_days: &[u16],
    ) -> Result<Vec<f64>, PricingError> {
        above_zero("volatility level", level_vol)?;
        above_zero("long-run volatility", long_run_vol)?;
        let (start, long_run) = self.ends(level_vol, level_tenor_days, long_run_vol);
        tenors_days
            .iter()
            .map(|&days| {
                above_zero("tenor in days", f64::from(days))?;
                let share = self.average_share(days);
                Ok(libm::sqrt(long_run + (start - long_run) * share))
            })
            .collect()
    }

    /// Instantaneous and long-run variance.
    fn ends(self, level_vol: f64, level_tenor_days: u16, long_run_vol: f64) -> (f64, f64) {
        let (level, long_run) = (level_vol * level_vol, long_run_vol * long_run_vol);
        let share = self.average_share(level_tenor_days);
        let start = long_run + (level - long_run) / share;
        let floor = SHORT_END_FLOOR * level;
        if start >= floor {
            return (start, long_run);
        }
        (floor, (level - floor * share) / (1.0 - share))
    }

    /// Weight of the instantaneous variance in the average up to a tenor: 1 at none, falling to 0.
    fn average_share(self, days: u16) -> f64 {
        decay(self.kappa * Span::days(i64::from(days)).years())
    }
}

/// `(1 - exp(-x)) / x`.
fn decay(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { -libm::expm1(-x) / x }
}

/// Least squares of variance over both ends for a given kappa; each error divided by `2 vol`, to be one of volatility.
fn squared_error(slices: &[FittedSlice], kappa: f64) -> f64 {
    let rows = || {
        slices.iter().map(|slice| {
            let (scale, share) = (0.5 / slice.atm_vol, decay(kappa * slice.years));
            [scale * share, scale * (1.0 - share), scale * slice.atm_vol * slice.atm_vol]
        })
    };
    let sum = |i: usize, j: usize| rows().map(|row| row[i] * row[j]).sum::<f64>();
    let (aa, ab, bb, ay, by) = (sum(0, 0), sum(0, 1), sum(1, 1), sum(0, 2), sum(1, 2));
    let determinant = aa * bb - ab * ab;
    let (start, long_run) = ((ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant);
    if !(start > 0.0 && long_run > 0.0) {
        return f64::INFINITY;
    }
    rows().map(|row| (row[0] * start + row[1] * long_run - row[2]).powi(2)).sum()
}

/// Where a function of one variable is lowest: the best of an even grid, refined by golden section around it.
fn lowest(function: impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    const CELLS: usize = 100;
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let at = |cell: usize| from + (to - from) * cell as f64 / CELLS as f64;
    let best = (0..=CELLS)
        .min_by(|&a, &b| function(at(a)).total_cmp(&function(at(b))))
        .unwrap_or_default();
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(CELLS)));
    for _ in 0..60 {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if function(left) < function(right) { high = right } else { low = left }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENORS: [u16; 6] = [1, 7, 30, 90, 180, 365];

    #[test]
    fn the_level_is_met_at_its_tenor_and_total_variance_rises() {
        let structure = TermStructure::new(5.0).unwrap();
        for (level, tenor) in [(0.1, 30), (0.2, 30), (0.8, 30), (0.05, 90), (3.0, 7)] {
            let vols = structure.atm_vols(level, tenor, 0.2, &TENORS).unwrap();
            let at = TENORS.iter().position(|&days| days == tenor).unwrap();
            assert!((vols[at] - level).abs() < 1e-12, "{level}");
            let totals: Vec<f64> =
                vols.iter().zip(TENORS).map(|(vol, days)| vol * vol * f64::from(days)).collect();
            assert!(totals.windows(2).all(|pair| pair[0] < pair[1]), "{totals:?}");
        }
    }

    /// Closed form: at `kappa T = 1` the average keeps `1 - 1/e` of the instantaneous variance.
    #[test]
    fn an_instantaneous_level_reverts() {
        let structure = TermStructure::new(1.0).unwrap();
        let vols = structure.atm_vols(0.4, 0, 0.2, &[365]).unwrap();
        let expected = 0.04 + 0.12 * (1.0 - (-1.0f64).exp());
        assert!((vols[0] * vols[0] - expected).abs() < 1e-15);
    }

    #[test]
    fn kappa_is_recovered_from_its_own_volatilities() {
        let structure = TermStructure::new(4.0).unwrap();
        let vols = structure.atm_vols(0.3, 0, 0.5, &TENORS).unwrap();
        let slices: Vec<FittedSlice> = vols
            .iter()
            .zip(TENORS)
            .map(|(&atm_vol, days)| {
                let years = Span::days(i64::from(days)).years();
                FittedSlice { years, atm_vol, rms_error: 0.0 }
            })
            .collect();
        let kappa = TermStructure::fit(&slices).unwrap().kappa();
        assert!((kappa - 4.0).abs() < 1e-4, "{kappa}");
        assert!(TermStructure::fit(&slices[..3]).is_err());
    }

    #[test]
    fn impossible_levels_are_refused() {
        let structure = TermStructure::new(4.0).unwrap();
        assert!(structure.atm_vols(0.0, 30, 0.2, &TENORS).is_err());
        assert!(structure.atm_vols(0.2, 30, f64::NAN, &TENORS).is_err());
        assert!(structure.atm_vols(0.2, 30, 0.2, &[0]).is_err());
        assert!(TermStructure::new(0.0).is_err());
    }
}
