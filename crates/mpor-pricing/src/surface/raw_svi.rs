//! Which raw SVI slice fits one expiry best, among those without a negative density and not below the expiry before?
//!
//! The unconstrained fit first: least squares of volatility over the lowest total variance, the steeper wing's slope (at
//! most 2), `rho`, `m` and `sigma`, started from the SSVI slice of the same quotes. Where its density is negative
//! ([`mpor_core::SviSlice::lowest_density`]) or it crosses the slice before, the fit is repeated with both as penalties on a
//! grid that covers the quotes and the wings, and what little is left is removed by going back towards the SSVI slice,
//! which has no negative density by theorem. A slice that still crosses the one before is reported, not hidden.
//!
//! Source: Gatheral (2004) for the slice; Gatheral and Jacquier (2014), section 5, for repair by a constrained fit that ends
//! between a slice and its SSVI neighbour.

use mpor_core::SviSlice;

use crate::error::PricingError;
use crate::surface::essvi::{at_the_money, fit_slice};
use crate::surface::least_squares::{Sums, minimise};
use crate::surface::row::PriceFrom;
use crate::surface::screen::KeptQuote;

/// A fitted raw slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SviFit {
    pub(super) slice: SviSlice,
    /// Whether the best slice without constraints had a negative density.
    pub(super) repaired: bool,
    /// Whether the best slice without constraints crossed the slice before.
    pub(super) held: bool,
}

/// A density below this is negative, and not by rounding.
const DENSITY: f64 = 0.0;

/// A gap below this is a crossing, and not rounding.
const GAP: f64 = -1e-12;

/// The best slice of an expiry's quotes, after `before` where there is one.
pub(super) fn fit_slice_after(
    quotes: &[KeptQuote],
    before: Option<&SviSlice>,
) -> Result<SviFit, PricingError> {
    let safe = fit_slice(quotes, None).raw();
    let problem = Problem::new(quotes, before);
    let free = problem.fit(safe, 0.0)?;
    let crosses = |slice: &SviSlice| before.is_some_and(|then| slice.lowest_gap(then).value < GAP);
    let repaired = free.lowest_density().value < DENSITY;
    let held = crosses(&free);
    if !repaired && !held {
        return Ok(SviFit { slice: free, repaired, held });
    }
    let mut best: Option<(bool, f64, SviSlice)> = None;
    for start in [free, safe] {
        let slice = towards(safe, problem.fit(start, PENALTY)?)?;
        let (crossing, error) = (crosses(&slice), problem.error(&slice));
        if best.is_none_or(|best| (crossing, error) < (best.0, best.1)) {
            best = Some((crossing, error, slice));
        }
    }
    let slice = best.map_or(safe, |best| best.2);
    Ok(SviFit { slice, repaired, held })
}

/// The slice nearest to `slice`, which may have a negative density, among those with none: its density is repaired by a
/// constrained fit to its own volatilities between log-moneynesses `low` and `high`, at a time to expiry of `years`.
///
/// A slice without negative density is given back.
///
/// # Errors
/// [`PricingError::Input`] when `years` is not above zero or `low` is not below `high`.
pub fn repair_butterfly(
    slice: &SviSlice,
    years: f64,
    low: f64,
    high: f64,
) -> Result<SviSlice, PricingError> {
    crate::domain::above_zero("years to expiry", years)?;
    crate::domain::above_zero("width of the range of log-moneyness", high - low)?;
    if slice.lowest_density().value >= DENSITY {
        return Ok(*slice);
    }
    const POINTS: i32 = 81;
    let quote = |at: i32| {
        let log_moneyness = low + (high - low) * f64::from(at) / f64::from(POINTS - 1);
        KeptQuote {
            row: 0,
            years,
            log_moneyness,
            vol: libm::sqrt(slice.total_variance(log_moneyness) / years),
            bid_vol: None,
            ask_vol: None,
            weight: 1.0 / f64::from(POINTS),
            from: PriceFrom::Mark,
        }
    };
    let quotes: Vec<KeptQuote> = (0..POINTS).map(quote).collect();
    Ok(fit_slice_after(&quotes, None)?.slice)
}

/// The furthest slice on the way from `safe` to `slice` that has no negative density.
fn towards(safe: SviSlice, slice: SviSlice) -> Result<SviSlice, PricingError> {
    let at = |share: f64| {
        let (from, to) = (safe.parameters(), slice.parameters());
        let [a, b, rho, m, sigma] =
            std::array::from_fn(|at| from[at] + share * (to[at] - from[at]));
        SviSlice::new(a, b, rho, m, sigma)
    };
    let is_free = |share: f64| at(share).is_ok_and(|slice| slice.lowest_density().value >= DENSITY);
    if is_free(1.0) {
        return Ok(slice);
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..30 {
        let middle = 0.5 * (low + high);
        if is_free(middle) { low = middle } else { high = middle }
    }
    Ok(at(low)?)
}

/// Weight of a violation, in squared volatility.
const PENALTY: f64 = 100.0;

/// Violations are kept this far away on the grid, so that none hides between its points.
const MARGIN: f64 = 1e-4;

/// Half the number of points at which the constraints are asked.
const POINTS: i32 = 24;

struct Problem<'a> {
    quotes: &'a [KeptQuote],
    before: Option<&'a SviSlice>,
    years: f64,
    /// Unit of total variance, and of log-moneyness.
    total: f64,
    deviation: f64,
    /// Where the constraints are asked.
    grid: Vec<f64>,
}

impl<'a> Problem<'a> {
    fn new(quotes: &'a [KeptQuote], before: Option<&'a SviSlice>) -> Self {
        let total = at_the_money(quotes);
        let deviation = total.sqrt();
        let grid = (-POINTS..=POINTS)
            .map(|step| deviation * libm::sinh(f64::from(step) * 5.0 / f64::from(POINTS)))
            .collect();
        Problem { quotes, before, years: quotes[0].years, total, deviation, grid }
    }

    /// Lowest total variance, slope of the steeper wing, `rho`, `m` and `sigma`, each in its unit.
    fn point(&self, slice: &SviSlice) -> [f64; 5] {
        let [_, b, rho, m, sigma] = slice.parameters();
        [
            slice.floor() / self.total,
            b * (1.0 + rho.abs()),
            rho,
            m / self.deviation,
            sigma / self.deviation,
        ]
    }

    fn slice(&self, point: &[f64; 5]) -> Result<SviSlice, PricingError> {
        let [floor, steepest, rho, m, sigma] = *point;
        let (b, sigma) = (steepest / (1.0 + rho.abs()), sigma * self.deviation);
        let a = floor * self.total - b * sigma * (1.0 - rho * rho).sqrt();
        Ok(SviSlice::new(a, b, rho, m * self.deviation, sigma)?)
    }

    fn fit(&self, start: SviSlice, penalty: f64) -> Result<SviSlice, PricingError> {
        let (point, _) = minimise(
            |point| self.sums(point, penalty),
            self.point(&start),
            &[1e-3, 0.0, -0.999, -20.0, 1e-2],
            &[5.0, 2.0, 0.999, 20.0, 100.0],
        );
        self.slice(&point)
    }

    fn error(&self, slice: &SviSlice) -> f64 {
        let miss = |quote: &KeptQuote| {
            (slice.total_variance(quote.log_moneyness) / self.years).sqrt() - quote.vol
        };
        self.quotes.iter().map(|quote| quote.weight * miss(quote) * miss(quote)).sum()
    }

    fn sums(&self, point: &[f64; 5], penalty: f64) -> Sums<5> {
        let mut sums = Sums::new();
        let [_, steepest, rho, m, sigma] = *point;
        let Ok(slice) = self.slice(point) else {
            sums.error = f64::INFINITY;
            return sums;
        };
        let (b, m, sigma) =
            (steepest / (1.0 + rho.abs()), m * self.deviation, sigma * self.deviation);
        let rest = (1.0 - rho * rho).sqrt();
        for quote in self.quotes {
            let x = quote.log_moneyness - m;
            let root = (x * x + sigma * sigma).sqrt();
            let vol = (slice.total_variance(quote.log_moneyness) / self.years).sqrt();
            let scale = 0.5 / (self.years * vol);
            let along_b = rho * x + root - sigma * rest;
            let along_rho = b * (x + sigma * rho / rest)
                - along_b * b * 1.0_f64.copysign(rho) / (1.0 + rho.abs());
            let slopes = [
                scale * self.total,
                scale * along_b / (1.0 + rho.abs()),
                scale * along_rho,
                -scale * b * (rho + x / root) * self.deviation,
                scale * b * (sigma / root - rest) * self.deviation,
            ];
            sums.add(quote.weight, vol - quote.vol, slopes);
        }
        if penalty > 0.0 {
            self.add_penalties(point, &slice, penalty, &mut sums);
        }
        sums
    }

    fn add_penalties(&self, point: &[f64; 5], slice: &SviSlice, penalty: f64, sums: &mut Sums<5>) {
        const STEP: f64 = 1e-6;
        let near: [SviSlice; 5] = std::array::from_fn(|at| {
            let mut moved = *point;
            moved[at] += STEP;
            self.slice(&moved).unwrap_or(*slice)
        });
        let weight = penalty / self.grid.len() as f64;
        let mut violated = |function: &dyn Fn(&SviSlice) -> f64| {
            let value = function(slice);
            if value < 0.0 {
                sums.add(
                    weight,
                    value,
                    std::array::from_fn(|at| (function(&near[at]) - value) / STEP),
                );
            }
        };
        for &k in &self.grid {
            violated(&|slice: &SviSlice| slice.density_sign(k) - MARGIN);
            if let Some(before) = self.before {
                let gap = |slice: &SviSlice| slice.total_variance(k) - before.total_variance(k);
                // In units of the smile's own level.
                violated(&|slice: &SviSlice| gap(slice) / self.total - MARGIN);
            }
        }
        if let Some(before) = self.before {
            for side in [-1.0, 1.0] {
                let slope = |slice: &SviSlice| {
                    let [_, b, rho, ..] = slice.parameters();
                    b * (1.0 + side * rho)
                };
                violated(&|slice: &SviSlice| {
                    (slope(slice) / slope(before).max(1e-9) - 1.0) - MARGIN
                });
            }
        }
    }
}
