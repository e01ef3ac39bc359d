//! Past moves of all factors together, in units in which they add up over time.
//!
//! ```text
//! spot, volatility    ln(x[t] / x[t - m])
//! perpetual           ln(p[t] / p[t - m]),   p = perpetual / spot: its premium over spot
//! carry               x[t] - x[t - m]
//! ```
//!
//! A move over `m` steps is the sum of its one-step moves, so a rescaled day can be summed like an observed one.
//! Discount rates do not move.

use mpor_core::{Factor, Past, Span, Timestamp, UnderlyingIx};
use ndarray::Array2;

use crate::day::Day;
use crate::error::RiskError;
use crate::set::{ScenarioSet, SmileDynamics, TenorRatios, VolMoves};

/// Moves of the factors that move: `values[[factor, move]]`, oldest first.
#[derive(Clone, Debug)]
pub struct Moves {
    /// Row order: by underlying spot, perpetual, carry, volatilities by tenor.
    pub factors: Vec<Factor>,
    /// Moves in the units of the module's header.
    pub values: Array2<f64>,
}

/// The last `count` moves over `lag` steps of every factor that moves; `count + lag` steps must be known.
///
/// # Errors
/// [`RiskError::NotPositive`] for a price or volatility without a logarithm, [`RiskError::Market`] for an underlying
/// without spot prices, [`RiskError::ShortHistory`].
pub fn last_moves(
    past: &Past<'_>,
    underlyings: usize,
    lag: usize,
    count: usize,
) -> Result<Moves, RiskError> {
    if past.len() < count + lag {
        return Err(RiskError::ShortHistory {
            what: "a window of moves".to_owned(),
            needed: count + lag,
            found: past.len(),
            time: past.now(),
        });
    }
    let factors = movers(past, underlyings);
    let mut values = Array2::zeros((factors.len(), count));
    for (&factor, mut row) in factors.iter().zip(values.rows_mut()) {
        let levels = levels(past, factor, past.len() - count - lag)?;
        for (step, value) in row.iter_mut().enumerate() {
            *value = change(factor, levels[step], levels[step + lag]);
        }
    }
    Ok(Moves { factors, values })
}

/// The factors that move, by underlying.
fn movers(past: &Past<'_>, underlyings: usize) -> Vec<Factor> {
    let mut factors = Vec::new();
    for underlying in (0..underlyings).map(UnderlyingIx) {
        factors.push(Factor::Spot(underlying));
        let of_it = past.factors().iter().filter(|factor| factor.underlying() == underlying);
        let moving =
            |f: &&Factor| matches!(f, Factor::Perpetual(_) | Factor::Carry(_) | Factor::Vol(..));
        let mut others: Vec<Factor> = of_it.filter(moving).copied().collect();
        others.sort_unstable();
        factors.extend(others);
    }
    factors
}

/// A factor's level from step `from` on: the price, the ratio of the perpetual to spot, the carry, the volatility.
fn levels(past: &Past<'_>, factor: Factor, from: usize) -> Result<Vec<f64>, RiskError> {
    let mut levels: Vec<f64> = past.series(factor)?.iter().skip(from).copied().collect();
    if !matches!(factor, Factor::Carry(_)) {
        check_positive(factor, &levels, &past.times()[from..])?;
    }
    if let Factor::Perpetual(underlying) = factor {
        let spot = past.series(Factor::Spot(underlying))?;
        levels.iter_mut().zip(spot.iter().skip(from)).for_each(|(level, spot)| *level /= spot);
    }
    Ok(levels)
}

fn check_positive(factor: Factor, values: &[f64], times: &[Timestamp]) -> Result<(), RiskError> {
    match values.iter().position(|&value| value <= 0.0) {
        None => Ok(()),
        Some(at) => Err(RiskError::NotPositive { factor, value: values[at], time: times[at] }),
    }
}

fn change(factor: Factor, before: f64, after: f64) -> f64 {
    if matches!(factor, Factor::Carry(_)) { after - before } else { libm::log(after / before) }
}

impl Moves {
    /// Sums of `steps` consecutive moves, overlapping: `moves - steps + 1` of them.
    #[must_use]
    pub fn overlapping_sums(&self, steps: usize) -> Moves {
        let sums = self.values.ncols() + 1 - steps.min(self.values.ncols() + 1);
        let values = Array2::from_shape_fn((self.factors.len(), sums), |(row, at)| {
            (at..at + steps).map(|step| self.values[[row, step]]).sum()
        });
        Moves { factors: self.factors.clone(), values }
    }

    /// These moves as scenarios of a day, one a column; instantaneous, all of one weight.
    #[must_use]
    pub fn into_set(
        self,
        day: &Day<'_>,
        names: Vec<String>,
        dynamics: SmileDynamics,
    ) -> ScenarioSet {
        let dim = (day.universe.underlyings().len(), self.values.ncols());
        let mut set = ScenarioSet {
            names,
            spot: Array2::zeros(dim),
            carry: Array2::zeros(dim),
            perpetual: Array2::zeros(dim),
            vol: VolMoves::Tenors(self.tenor_ratios(dim.0)),
            weights: None,
            cover: None,
            dynamics,
            years_forward: 0.0,
        };
        for (factor, row) in self.factors.iter().zip(self.values.rows()) {
            let u = factor.underlying().0;
            match factor {
                Factor::Spot(_) => set.spot.row_mut(u).assign(&row.mapv(libm::expm1)),
                Factor::Perpetual(_) => set.perpetual.row_mut(u).assign(&row.mapv(libm::expm1)),
                Factor::Carry(_) => set.carry.row_mut(u).assign(&row),
                Factor::Funding(_) | Factor::Vol(..) | Factor::Rate(_) => {}
            }
        }
        set
    }

    fn tenor_ratios(&self, underlyings: usize) -> Vec<TenorRatios> {
        let of = |underlying: usize| {
            let vols: Vec<(usize, u16)> = self
                .factors
                .iter()
                .enumerate()
                .filter_map(|(row, factor)| match factor {
                    Factor::Vol(u, days) if u.0 == underlying => Some((row, *days)),
                    _ => None,
                })
                .collect();
            let years = vols.iter().map(|&(_, days)| Span::days(i64::from(days)).years()).collect();
            let ratio = Array2::from_shape_fn((vols.len(), self.values.ncols()), |(tenor, at)| {
                libm::exp(self.values[[vols[tenor].0, at]])
            });
            TenorRatios { years, ratio }
        };
        (0..underlyings).map(of).collect()
    }
}
