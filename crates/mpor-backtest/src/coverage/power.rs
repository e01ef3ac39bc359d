//! How often would a test notice that the model is wrong, in a sample of this length?
//!
//! Series are drawn under the null and under alternatives, and each test rejects where its statistic is above the quantile of its own null draws:
//! the power is **size-adjusted**, so that tests with a rough textbook law are not credited for false alarms. Alternatives:
//!
//! ```text
//! rate     independent hits, `times` as many as promised
//! cluster  the promised rate, but P(hit | hit the period before) = `stay`
//! ```
//!
//! Draws for which a statistic is not defined do not reject. Deterministic for a seed.

use mpor_core::Level;
use mpor_stats::random::{Stream, Streams};

use super::simulated::Draws;
use super::{CoverageTest, HitSequence};

/// What is wrong with the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Alternative {
    /// Hits come so many times as often as promised.
    Rate {
        /// 1 = the model is right.
        times: f64,
    },
    /// Hits come in clusters at the promised rate.
    Cluster {
        /// Probability of a hit after a hit; the promised tail = the model is right.
        stay: f64,
    },
}

/// One entry of a power table.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerRow {
    /// Catalog name of the test.
    pub test: &'static str,
    /// Length of the series.
    pub observations: usize,
    /// What is wrong.
    pub alternative: Alternative,
    /// Share of series rejected.
    pub power: f64,
    /// Standard error of that share.
    pub standard_error: f64,
}

/// The power of every test against every alternative, at a size such as 0.05.
#[must_use]
pub fn table(
    tests: &[&'static dyn CoverageTest],
    observations: usize,
    level: Level,
    alternatives: &[Alternative],
    size: f64,
    draws: Draws,
) -> Vec<PowerRow> {
    let drawn = |purpose: &str, alternative: Alternative| -> Vec<HitSequence> {
        let streams = Streams::new(draws.seed, purpose, 0);
        let of = |path| series(&mut streams.path(path), observations, level, alternative);
        (0..draws.count as u64).map(of).collect()
    };
    let null = drawn("power null", Alternative::Rate { times: 1.0 });
    let critical: Vec<f64> = tests.iter().map(|test| upper_quantile(*test, &null, size)).collect();
    let mut rows = Vec::with_capacity(tests.len() * alternatives.len());
    for &alternative in alternatives {
        let series = drawn("power alternative", alternative);
        for (test, critical) in tests.iter().zip(&critical) {
            let rejects = |hits: &&HitSequence| {
                test.test(hits).is_ok_and(|outcome| outcome.statistic > *critical)
            };
            let power = series.iter().filter(rejects).count() as f64 / draws.count.max(1) as f64;
            let standard_error = (power * (1.0 - power) / draws.count.max(1) as f64).sqrt();
            let test = test.id();
            rows.push(PowerRow { test, observations, alternative, power, standard_error });
        }
    }
    rows
}

/// A series of hits under an alternative.
#[must_use]
pub fn series(
    stream: &mut Stream,
    n: usize,
    level: Level,
    alternative: Alternative,
) -> HitSequence {
    let p = level.tail();
    let (after_hit, after_none) = match alternative {
        Alternative::Rate { times } => (p * times, p * times),
        // The rate stays: p = p stay + (1 - p) q.
        Alternative::Cluster { stay } => (stay, p * (1.0 - stay) / (1.0 - p)),
    };
    let start = if let Alternative::Rate { times } = alternative { p * times } else { p };
    let mut chance = start;
    let mut hits = Vec::with_capacity(n);
    for _ in 0..n {
        let hit = stream.uniform() < chance;
        chance = if hit { after_hit } else { after_none };
        hits.push(hit);
    }
    HitSequence::daily(hits, level)
}

/// The statistic that at most a share `size` of the draws exceed; infinite where it is defined for none.
fn upper_quantile(test: &dyn CoverageTest, null: &[HitSequence], size: f64) -> f64 {
    let mut statistics: Vec<f64> =
        null.iter().filter_map(|hits| test.test(hits).ok()).map(|found| found.statistic).collect();
    statistics.sort_by(f64::total_cmp);
    let beyond = (size * null.len() as f64) as usize;
    match statistics.len().checked_sub(beyond + 1) {
        Some(at) => statistics[at],
        None => statistics.first().copied().unwrap_or(f64::INFINITY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::christoffersen::Independence;
    use crate::coverage::kupiec::Kupiec;

    #[test]
    fn each_test_sees_what_it_is_for() {
        let alternatives = [
            Alternative::Rate { times: 1.0 },
            Alternative::Rate { times: 3.0 },
            Alternative::Cluster { stay: 0.4 },
        ];
        let level = Level::new(0.975).unwrap();
        let draws = Draws { seed: 11, count: 400 };
        let tests: [&'static dyn CoverageTest; 2] = [&Kupiec, &Independence];
        let rows = table(&tests, 1000, level, &alternatives, 0.05, draws);
        let power = |test: &str, at: usize| {
            rows.iter()
                .find(|row| row.test == test && row.alternative == alternatives[at])
                .unwrap()
                .power
        };
        assert!(power("kupiec", 0) < 0.1);
        assert!(power("kupiec", 1) > 0.95);
        assert!(power("christoffersen-independence", 2) > 0.9);
        assert!(power("kupiec", 2) < 0.4);
    }
}
