//! Where did a realised P&L fall in the law that was forecast for it?
//!
//! ```text
//! depth = P(P&L <= realised)                                            normal and Student t laws
//! depth = ( n (share below + share equal / 2) + 1/2 ) / (n + 1)         scenarios; n = 1 / sum w^2 of weights that add up to 1
//! ```
//!
//! Small = a large loss. When the forecast is right, depths are uniform: exactly so for a law without gaps, and for `n` equally likely
//! scenarios on the middles of the `n + 1` places that the realised P&L can take among them, if all are draws of one law. So a P&L
//! beyond the worst scenario has depth `1/2 / (n + 1)` and not zero: it is as deep as `n` scenarios can tell. Ties share their places.
//! Source: Rosenblatt (1952), Annals of Mathematical Statistics 23(3), 470-472; the half counts are Hazen's plotting positions;
//! the effective number of weighted scenarios is Kish's (1965, "Survey Sampling", section 8.2).

use mpor_stats::special::{normal_cdf, student_cdf, student_unit_scale};

use crate::checks::{finite, lengths, parameter};
use crate::error::RiskError;

/// A law of P&L, gain positive.
#[derive(Clone, Debug, PartialEq)]
pub enum PredictedLaw {
    /// As these scenarios, by relative weight; equally likely without weights.
    Scenarios {
        /// P&L by scenario.
        pnl: Vec<f64>,
        /// Relative weights, zero or more.
        weights: Option<Vec<f64>>,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation, above zero.
        deviation: f64,
    },
    /// Student t with this standard deviation.
    Student {
        /// Mean.
        mean: f64,
        /// Standard deviation, above zero.
        deviation: f64,
        /// Degrees of freedom, above 2.
        freedom: f64,
    },
}

impl PredictedLaw {
    /// Probability of a P&L up to the realised one, near zero for a large loss.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for values that are not finite, weights that are not one number a scenario, or two degrees of freedom or
    /// fewer; [`RiskError::NoScenarios`] without weight; [`RiskError::Parameter`] for a deviation that is not above zero.
    pub fn depth(&self, realised: f64) -> Result<f64, RiskError> {
        finite([&realised])?;
        match self {
            PredictedLaw::Scenarios { pnl, weights } => among(realised, pnl, weights.as_deref()),
            PredictedLaw::Normal { mean, deviation } => {
                Ok(normal_cdf((realised - mean) / positive(*deviation)?))
            }
            PredictedLaw::Student { mean, deviation, freedom } => {
                let scale = positive(*deviation)? * student_unit_scale(*freedom)?;
                Ok(student_cdf((realised - mean) / scale, *freedom)?)
            }
        }
    }
}

fn positive(deviation: f64) -> Result<f64, RiskError> {
    if deviation > 0.0 {
        return Ok(deviation);
    }
    Err(parameter("deviation", deviation, "above zero"))
}

fn among(realised: f64, pnl: &[f64], weights: Option<&[f64]>) -> Result<f64, RiskError> {
    finite(pnl)?;
    let count =
        |pnl: f64| f64::from(u8::from(pnl < realised)) + 0.5 * f64::from(u8::from(pnl == realised));
    let (share, n) = match weights {
        None => {
            (pnl.iter().map(|&pnl| count(pnl)).sum::<f64>() / pnl.len() as f64, pnl.len() as f64)
        }
        Some(weights) => {
            lengths("weights", pnl.len(), weights.len())?;
            finite(weights)?;
            let (total, squares) =
                weights.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
            let below: f64 = pnl.iter().zip(weights).map(|(&pnl, w)| w * count(pnl)).sum();
            (below / total, total * total / squares)
        }
    };
    if !(share.is_finite() && n.is_finite()) {
        return Err(RiskError::NoScenarios);
    }
    Ok((n * share + 0.5) / (n + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenarios(pnl: &[f64], weights: Option<&[f64]>) -> PredictedLaw {
        PredictedLaw::Scenarios { pnl: pnl.to_vec(), weights: weights.map(<[f64]>::to_vec) }
    }

    #[test]
    fn places_among_four_scenarios_by_hand() {
        let law = scenarios(&[-3.0, -1.0, 2.0, -1.0], None);
        // Five places: the middles of fifths. -1 ties with two scenarios, between the second and the fourth place.
        for (pnl, depth) in [(-9.0, 0.1), (-2.0, 0.3), (-1.0, 0.5), (0.0, 0.7), (5.0, 0.9)] {
            assert!((law.depth(pnl).unwrap() - depth).abs() < 1e-15, "{pnl}");
        }
    }

    #[test]
    fn equal_weights_are_no_weights_and_a_weight_of_zero_is_no_scenario() {
        let (plain, double) = (scenarios(&[-3.0, -1.0, 2.0], None), [2.0; 3]);
        let weighted = scenarios(&[-3.0, -1.0, 2.0], Some(&double));
        let padded = scenarios(&[-3.0, -1.0, 2.0, 7.0], Some(&[1.0, 1.0, 1.0, 0.0]));
        for pnl in [-4.0, -3.0, 0.0, 3.0] {
            let expected = plain.depth(pnl).unwrap();
            assert!((weighted.depth(pnl).unwrap() - expected).abs() < 1e-15);
            assert!((padded.depth(pnl).unwrap() - expected).abs() < 1e-15);
        }
    }

    /// SciPy 1.17.1: `norm.cdf(-2.5/1.5)`, `t.cdf(-2/(1.5*sqrt(3/5)), 5)`.
    #[test]
    fn laws_in_closed_form() {
        let normal = PredictedLaw::Normal { mean: 0.5, deviation: 1.5 };
        assert!((normal.depth(-2.0).unwrap() - 0.047_790_352_272_814_7).abs() < 1e-15);
        let student = PredictedLaw::Student { mean: 0.0, deviation: 1.5, freedom: 5.0 };
        assert!((student.depth(-2.0).unwrap() - 0.072_906_310_651_673_58).abs() < 1e-13);
    }

    #[test]
    fn what_has_no_law_is_refused() {
        assert!(scenarios(&[], None).depth(0.0).is_err());
        assert!(scenarios(&[1.0], Some(&[0.0])).depth(0.0).is_err());
        assert!(scenarios(&[1.0], Some(&[])).depth(0.0).is_err());
        assert!(scenarios(&[f64::NAN], None).depth(0.0).is_err());
        assert!(scenarios(&[1.0], None).depth(f64::NAN).is_err());
        assert!(PredictedLaw::Normal { mean: 0.0, deviation: 0.0 }.depth(0.0).is_err());
    }
}
