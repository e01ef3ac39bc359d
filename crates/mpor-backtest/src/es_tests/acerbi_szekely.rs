//! Acerbi and Szekely's first two tests: how unusual are `Z1` and `Z2`?
//!
//! The statistics are those of [`coverage::acerbi_szekely`](crate::coverage::acerbi_szekely): negative = risk understated. Their law depends
//! on the tail. It is drawn from `n` independent losses of a [`TailLaw`], and the p-value is the share of draws at or below what was
//! observed: one-sided, only understated risk fails. Source: Acerbi and Szekely (2014), "Backtesting Expected Shortfall", Risk,
//! December. `Z1` given at least one hit.

use mpor_core::Level;
use mpor_stats::random::Streams;

use super::{DRAWS, SEED, ShortfallTest, TailLaw};
use crate::coverage::acerbi_szekely::statistics;
use crate::coverage::simulated::Draws;
use crate::coverage::{CoverageError, Forecasts, TestOutcome};

/// Sizes given hits, in the implied tail.
#[derive(Clone, Copy, Debug)]
pub struct Z1;

/// Sizes and counts, in the implied tail.
#[derive(Clone, Copy, Debug)]
pub struct Z2;

/// `Z1` and `Z2` of drawn series, each sorted.
#[derive(Clone, Debug, PartialEq)]
pub struct Null {
    /// `Z1` of the draws with a hit.
    pub z1: Vec<f64>,
    /// `Z2` of all draws.
    pub z2: Vec<f64>,
}

const Z1_ID: &str = "acerbi-szekely-z1";
const Z2_ID: &str = "acerbi-szekely-z2";

impl Null {
    /// Draws series of `n` losses.
    ///
    /// # Errors
    /// [`CoverageError`] for a law without expected shortfall.
    pub fn draw(law: TailLaw, n: usize, level: Level, draws: Draws) -> Result<Self, CoverageError> {
        let (_, es) = law.var_es(level)?;
        let streams = Streams::new(draws.seed, "acerbi-szekely", 0);
        let expected = level.tail_mass(n);
        let mut null = Null { z1: Vec::new(), z2: Vec::with_capacity(draws.count) };
        for path in 0..draws.count as u64 {
            let hits = law.draw_hits(&mut streams.path(path), n, level)?;
            let ratios = hits.iter().sum::<f64>() / es;
            null.z2.push(1.0 - ratios / expected);
            if !hits.is_empty() {
                null.z1.push(1.0 - ratios / hits.len() as f64);
            }
        }
        null.z1.sort_by(f64::total_cmp);
        null.z2.sort_by(f64::total_cmp);
        Ok(null)
    }

    /// The value of `Z2` below which a right model falls with this probability.
    #[must_use]
    pub fn z2_critical(&self, probability: f64) -> Option<f64> {
        let rank = (probability * self.z2.len() as f64).ceil() as usize;
        self.z2.get(rank.saturating_sub(1)).copied()
    }
}

/// The outcome of a statistic for which small is bad, among sorted draws.
#[must_use]
pub fn lower_tail(statistic: f64, sorted: &[f64]) -> TestOutcome {
    let below = sorted.partition_point(|drawn| *drawn <= statistic);
    TestOutcome::simulated(statistic, below, sorted.len())
}

/// `Z1` with its p-value under a law.
///
/// # Errors
/// [`CoverageError`] without hits or expected shortfall.
pub fn z1(
    forecasts: &Forecasts<'_>,
    law: TailLaw,
    draws: Draws,
) -> Result<TestOutcome, CoverageError> {
    let too_few = CoverageError::TooFewBreaches { test: Z1_ID, needed: 1, found: 0 };
    let z1 = statistics(forecasts)?.z1.ok_or(too_few)?;
    let null = Null::draw(law, forecasts.len(), forecasts.level(), draws)?;
    Ok(lower_tail(z1, &null.z1))
}

/// `Z2` with its p-value under a law.
///
/// # Errors
/// [`CoverageError`] without periods or expected shortfall.
pub fn z2(
    forecasts: &Forecasts<'_>,
    law: TailLaw,
    draws: Draws,
) -> Result<TestOutcome, CoverageError> {
    let z2 = statistics(forecasts)?.z2;
    let null = Null::draw(law, forecasts.len(), forecasts.level(), draws)?;
    Ok(lower_tail(z2, &null.z2))
}

impl ShortfallTest for Z1 {
    fn id(&self) -> &'static str {
        Z1_ID
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        z1(forecasts, TailLaw::implied(forecasts)?, Draws { seed: SEED, count: DRAWS })
    }
}

impl ShortfallTest for Z2 {
    fn id(&self) -> &'static str {
        Z2_ID
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        z2(forecasts, TailLaw::implied(forecasts)?, Draws { seed: SEED, count: DRAWS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn critical(law: TailLaw, n: usize, probability: f64, count: usize) -> f64 {
        let level = Level::new(0.975).unwrap();
        let null = Null::draw(law, n, level, Draws { seed: 1, count }).unwrap();
        null.z2_critical(probability).unwrap()
    }

    /// MathWorks' documentation of `esbacktest`: -0.34639 normal, -0.42986 Student t of 3, 1,966 periods at 97.5 %, tested at 99 %.
    #[test]
    fn critical_values_are_those_that_matlab_prints() {
        let normal = critical(TailLaw::Normal, 1966, 0.01, 20_000);
        assert!((normal + 0.346_39).abs() < 0.009, "{normal}");
        let student = critical(TailLaw::Student(3.0), 1966, 0.01, 8_000);
        assert!((student + 0.429_86).abs() < 0.02, "{student}");
    }

    /// Table 1 of Acerbi and Szekely (2014): about -0.7 (normal) and -0.82 (t of 3) at 5 % for 250 periods.
    #[test]
    fn critical_values_are_those_of_the_paper() {
        assert!((critical(TailLaw::Normal, 250, 0.05, 20_000) + 0.70).abs() < 0.02);
        assert!((critical(TailLaw::Student(3.0), 250, 0.05, 10_000) + 0.82).abs() < 0.03);
    }

    #[test]
    fn the_sample_itself_counts_as_a_draw() {
        assert_eq!(lower_tail(-9.0, &[-1.0, 0.0, 1.0]).p_value, 0.25);
        assert_eq!(lower_tail(9.0, &[-1.0, 0.0, 1.0]).p_value, 1.0);
    }
}
