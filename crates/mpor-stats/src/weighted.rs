//! Value at risk and expected shortfall of scenarios that are not equally likely.
//!
//! Losses from the largest, with cumulative weights `W(k)` of a total of 1:
//!
//! ```text
//! VaR = L(k), the first k with W(k) >= tail
//! ES  = ( w(1) L(1) + ... + w(k-1) L(k-1) + (tail - W(k-1)) L(k) ) / tail
//! ```
//!
//! Source: Boudoukh, Richardson and Whitelaw (1998), "The Best of Both Worlds", Risk 11(5), 64-67, without their
//! interpolation between scenarios. Weights need not add up to 1: the tail is taken of their total.

use crate::error::{StatsError, all_finite};
use crate::level::Level;

/// Weights that add up to the tail but for rounding do reach it: 0.002 added five times must reach 0.01.
pub(crate) const ROUNDING: f64 = 1e-12;

/// VaR and ES of one weighted sample, positive = loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedTail {
    /// The first loss, from the largest, whose cumulative weight reaches the tail.
    pub var: f64,
    /// The mean over the tail, that loss in part.
    pub expected_shortfall: f64,
}

/// VaR and ES of losses with weights. `scratch` is overwritten. Equal losses keep the order they came in.
///
/// # Errors
/// [`StatsError::Lengths`], [`StatsError::NotFinite`], and [`StatsError::Domain`] for a negative weight or a total of zero.
pub fn weighted_tail(
    losses: &[f64],
    weights: &[f64],
    level: Level,
    scratch: &mut Vec<(f64, f64)>,
) -> Result<WeightedTail, StatsError> {
    let tail = level.tail() * total(losses, weights)?;
    scratch.clear();
    scratch.extend(losses.iter().copied().zip(weights.iter().copied()));
    scratch.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut reached, mut sum, mut var) = (0.0, 0.0, scratch[0].0);
    for &(loss, weight) in scratch.iter().filter(|(_, weight)| *weight > 0.0) {
        var = loss;
        let last = reached + weight >= tail * (1.0 - ROUNDING);
        sum += loss * if last { tail - reached } else { weight };
        reached += weight;
        if last {
            break;
        }
    }
    Ok(WeightedTail { var, expected_shortfall: (sum / tail).max(var) })
}

/// Weights of Boudoukh, Richardson and Whitelaw by age, oldest first: `(1 - d) d^age / (1 - d^n)`, age 0 newest.
///
/// # Errors
/// [`StatsError::Domain`] unless `0 < decay < 1`.
pub fn age_weights(n: usize, decay: f64) -> Result<Vec<f64>, StatsError> {
    if !(decay > 0.0 && decay < 1.0) {
        return Err(StatsError::Domain {
            function: "age weights",
            argument: "decay",
            found: decay,
            expected: "strictly between 0 and 1",
        });
    }
    let mut weights = vec![0.0; n];
    let mut power = 1.0;
    for weight in weights.iter_mut().rev() {
        *weight = power;
        power *= decay;
    }
    let scale = (1.0 - decay) / (1.0 - power);
    weights.iter_mut().for_each(|weight| *weight *= scale);
    Ok(weights)
}

fn total(losses: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    if losses.len() != weights.len() {
        let (left, right) = (losses.len(), weights.len());
        return Err(StatsError::Lengths { what: "losses and weights", left, right });
    }
    all_finite(losses)?;
    all_finite(weights)?;
    let refuse = |argument, found, expected| {
        Err(StatsError::Domain { function: "a weighted tail", argument, found, expected })
    };
    if let Some(&found) = weights.iter().find(|weight| **weight < 0.0) {
        return refuse("a weight", found, "zero or more");
    }
    let total: f64 = weights.iter().sum();
    if total > 0.0 && total.is_finite() {
        Ok(total)
    } else {
        refuse("the total weight", total, "above zero")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantile::{QuantileRule, Side, expected_shortfall};

    #[test]
    fn equal_weights_are_historical_simulation() {
        let losses: Vec<f64> = (0..500).map(|i| f64::from((i * 7919) % 500)).collect();
        for text in ["0.99", "0.975", "0.995", "0.9"] {
            let level: Level = text.parse().unwrap();
            let tail = weighted_tail(&losses, &[0.002; 500], level, &mut Vec::new()).unwrap();
            let var = QuantileRule::HsCeil.var(&losses, level, Side::Loss, &mut Vec::new());
            assert_eq!(tail.var, var.unwrap(), "{text}");
            let es = expected_shortfall(&losses, level, &mut Vec::new()).unwrap();
            assert!((tail.expected_shortfall - es).abs() < 1e-10, "{text}");
        }
    }

    #[test]
    fn a_loss_without_weight_does_not_count() {
        let tail = weighted_tail(&[9.0, 1.0], &[0.0, 1.0], Level::P99, &mut Vec::new()).unwrap();
        assert_eq!(tail.var, 1.0);
    }

    #[test]
    fn weights_must_be_weights() {
        let mut scratch = Vec::new();
        let mut refuses = |weights: &[f64]| {
            weighted_tail(&[1.0, 2.0], weights, Level::P99, &mut scratch).is_err()
        };
        assert!(refuses(&[1.0]));
        assert!(refuses(&[1.0, -0.1]));
        assert!(refuses(&[0.0, 0.0]));
        assert!(refuses(&[f64::NAN, 1.0]));
        assert!(age_weights(10, 1.0).is_err());
    }

    #[test]
    fn age_weights_add_up_to_one() {
        let weights = age_weights(500, 0.98).unwrap();
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-13);
        assert!((weights[498] / weights[499] - 0.98).abs() < 1e-15);
    }
}
