//! The model confidence set: which models may be the best, given how uncertain their scores are?
//!
//! Starting from all models, equal ability is tested; while it is rejected the worst is removed. With `L_i` the mean score of a model,
//! `L` the mean over those left, and bootstrap variances,
//!
//! ```text
//! Tmax  max_i t_i,     t_i  = (L_i - L) / sqrt(var(L_i - L)),        removed: the largest t_i
//! TR    max_ij |t_ij|, t_ij = (L_i - L_j) / sqrt(var(L_i - L_j)),    removed: the largest max_j t_ij
//! p of a model = largest p-value of the tests up to its removal; 1 for the last; in the set where p >= 1 - confidence
//! ```
//!
//! Laws of `Tmax` and `TR` are bootstrapped from the centred means of the same resamples (stationary blocks). Source: Hansen, Lunde and
//! Nason (2011), "The Model Confidence Set", Econometrica 79(2), 453-497, sections 3.1 and 3.2. Scores: lower is better.

use mpor_stats::bootstrap::stationary_blocks;
use mpor_stats::random::Streams;

use crate::coverage::CoverageError;
use crate::coverage::simulated::Draws;

const ID: &str = "model-confidence-set";

/// Which statistic decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Each model against the mean of those left.
    Max,
    /// Each model against each.
    Range,
}

/// When a model was removed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Removal {
    /// Index of the model.
    pub model: usize,
    /// The statistic of the test before its removal; 0 for the last model.
    pub statistic: f64,
    /// The model's p-value.
    pub p_value: f64,
}

/// The order of removal, worst first; the last is the best.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfidenceSet {
    /// All models.
    pub removals: Vec<Removal>,
}

impl ConfidenceSet {
    /// Models that may be the best: those whose p-value is at least `size`, by index.
    #[must_use]
    pub fn included(&self, size: f64) -> Vec<usize> {
        let inside = self.removals.iter().filter(|removal| removal.p_value >= size);
        let mut models: Vec<usize> = inside.map(|removal| removal.model).collect();
        models.sort_unstable();
        models
    }
}

/// The set of models with these scores, one series each, resampled in blocks of a mean length.
///
/// # Errors
/// [`CoverageError`] without models, for series of unequal length, below two periods, without draws, or values that are not finite.
pub fn test(
    scores: &[Vec<f64>],
    statistic: Statistic,
    block: f64,
    draws: Draws,
) -> Result<ConfidenceSet, CoverageError> {
    let means = Means::of(scores, block, draws)?;
    let mut left: Vec<usize> = (0..scores.len()).collect();
    let (mut removals, mut p_value) = (Vec::with_capacity(scores.len()), 0.0_f64);
    while left.len() > 1 {
        let round = match statistic {
            Statistic::Max => means.against_mean(&left),
            Statistic::Range => means.against_each(&left),
        };
        p_value = p_value.max(round.p_value);
        let model = left.remove(round.worst);
        removals.push(Removal { model, statistic: round.statistic, p_value });
    }
    removals.extend(left.first().map(|&model| Removal { model, statistic: 0.0, p_value: 1.0 }));
    Ok(ConfidenceSet { removals })
}

/// Mean scores, and how far those of each resample are from them.
struct Means {
    mean: Vec<f64>,
    /// By resample, then model: resampled less observed mean.
    off: Vec<Vec<f64>>,
}

struct Round {
    statistic: f64,
    p_value: f64,
    /// Position among those left.
    worst: usize,
}

impl Means {
    fn of(scores: &[Vec<f64>], block: f64, draws: Draws) -> Result<Self, CoverageError> {
        let n = scores.first().map_or(0, Vec::len);
        if n < 2 || draws.count == 0 {
            return Err(CoverageError::TooShort { test: ID, needed: 2, found: n.min(draws.count) });
        }
        for one in scores {
            // Refuses other lengths and values that are not finite.
            super::scores::difference(&scores[0], one)?;
        }
        let average = |one: &[f64]| one.iter().sum::<f64>() / n as f64;
        let mean: Vec<f64> = scores.iter().map(|one| average(one)).collect();
        let streams = Streams::new(draws.seed, ID, 0);
        let resampled = |path: u64| -> Vec<f64> {
            let indices = stationary_blocks(&mut streams.path(path), n, block);
            let off = |(one, mean): (&Vec<f64>, &f64)| {
                indices.iter().map(|&at| one[at]).sum::<f64>() / n as f64 - mean
            };
            scores.iter().zip(&mean).map(off).collect()
        };
        let off = (0..draws.count as u64).map(resampled).collect();
        Ok(Means { mean, off })
    }

    /// Share of resamples whose statistic is at least the observed one: 1 for models that never differ.
    fn p_value(&self, observed: f64, of: impl Fn(&[f64]) -> f64) -> f64 {
        let above = self.off.iter().filter(|off| of(off) >= observed).count();
        above as f64 / self.off.len() as f64
    }

    fn against_mean(&self, left: &[usize]) -> Round {
        let centred = |values: &[f64]| -> Vec<f64> {
            let mean = left.iter().map(|&i| values[i]).sum::<f64>() / left.len() as f64;
            left.iter().map(|&i| values[i] - mean).collect()
        };
        let off: Vec<Vec<f64>> = self.off.iter().map(|off| centred(off)).collect();
        let deviation: Vec<f64> = (0..left.len())
            .map(|at| {
                (off.iter().map(|off| off[at] * off[at]).sum::<f64>() / off.len() as f64).sqrt()
            })
            .collect();
        let t = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(&deviation).map(|(value, sd)| ratio(*value, *sd)).collect()
        };
        let observed = t(&centred(&self.mean));
        let (worst, statistic) = largest(&observed);
        let p_value = self.p_value(statistic, |off| largest(&t(&centred(off))).1);
        Round { statistic, p_value, worst }
    }

    fn against_each(&self, left: &[usize]) -> Round {
        let deviation = |i: usize, j: usize| {
            let squares = self.off.iter().map(|off| (off[i] - off[j]) * (off[i] - off[j]));
            (squares.sum::<f64>() / self.off.len() as f64).sqrt()
        };
        let deviations: Vec<Vec<f64>> =
            left.iter().map(|&i| left.iter().map(|&j| deviation(i, j)).collect()).collect();
        // How much worse each model is than the one it compares worst with.
        let t = |values: &[f64]| -> Vec<f64> {
            let against =
                |a: usize, b: usize| ratio(values[left[a]] - values[left[b]], deviations[a][b]);
            let others = |a: usize| (0..left.len()).filter(move |b| *b != a);
            (0..left.len())
                .map(|a| others(a).map(|b| against(a, b)).fold(f64::NEG_INFINITY, f64::max))
                .collect()
        };
        let (worst, statistic) = largest(&t(&self.mean));
        let p_value = self.p_value(statistic, |off| largest(&t(off)).1);
        Round { statistic, p_value, worst }
    }
}

/// A difference in units of its deviation; models that never differ are equal.
fn ratio(value: f64, deviation: f64) -> f64 {
    if deviation > 0.0 { value / deviation } else { 0.0 }
}

/// Position and value of the first largest entry.
fn largest(values: &[f64]) -> (usize, f64) {
    let first = (0, values.first().copied().unwrap_or(0.0));
    values
        .iter()
        .copied()
        .enumerate()
        .fold(first, |best, one| if one.1 > best.1 { one } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: Draws = Draws { seed: 1, count: 500 };

    /// Three models with the same noise of their own, the third worse by half a deviation.
    fn scores() -> Vec<Vec<f64>> {
        (0..3)
            .map(|model| {
                let mut stream = Streams::new(8, "scores", 0).path(model);
                let worse = if model == 2 { 0.5 } else { 0.0 };
                (0..500).map(|_| stream.normal() + worse).collect()
            })
            .collect()
    }

    #[test]
    fn a_worse_model_is_removed_first_and_equal_ones_stay() {
        for statistic in [Statistic::Max, Statistic::Range] {
            let found = test(&scores(), statistic, 2.0, DRAWS).unwrap();
            assert_eq!(found.removals[0].model, 2);
            assert!(found.removals[0].p_value < 0.01);
            assert_eq!(found.included(0.1).len(), 2);
        }
    }

    #[test]
    fn one_model_or_equal_models_are_all_in_the_set() {
        let one = test(&scores()[..1], Statistic::Max, 2.0, DRAWS).unwrap();
        assert_eq!(one.included(0.1), [0]);
        let same = vec![scores()[0].clone(); 2];
        let found = test(&same, Statistic::Range, 2.0, DRAWS).unwrap();
        assert_eq!(found.included(0.1), [0, 1]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(test(&[], Statistic::Max, 2.0, DRAWS).is_err());
        assert!(test(&[vec![1.0, 2.0], vec![1.0]], Statistic::Max, 2.0, DRAWS).is_err());
        assert!(test(&[vec![1.0, f64::NAN]], Statistic::Max, 2.0, DRAWS).is_err());
    }
}
