//! Which law does one factor's move follow?
//!
//! ```text
//! normal     sd z                        Student    sd t of variance 1
//! skewed t   sd z of Hansen's law        empirical  linear between the n sorted moves, at u = 0, 1/(n-1), ..., 1
//! ```
//!
//! All have mean zero: the moves of a sample are taken about their mean, so that no forecast of the direction enters a
//! margin. Scales are standard deviations (divisor `n - 1`); shapes are fitted by maximum likelihood to moves of
//! variance 1, and the fit says how it ended.

use mpor_stats::SkewT;
use mpor_stats::descriptive::{mean, sample_std};
use mpor_stats::special::{normal_quantile, student_unit_quantile};
use serde::{Deserialize, Serialize};

use crate::checks::{at_least, finite, parameter};
use crate::descent::minimise;
use crate::error::RiskError;
use crate::status::{Edge, Status};

/// A kind of marginal law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarginalLaw {
    /// Normal.
    Normal,
    /// Student t with fitted degrees of freedom.
    Student,
    /// Hansen's skewed Student t with fitted degrees of freedom and skewness.
    SkewT,
    /// The sample itself.
    Empirical,
}

/// A marginal law with its parameters; mean zero.
#[derive(Clone, Debug, PartialEq)]
pub enum Marginal {
    /// Normal.
    Normal {
        /// Standard deviation.
        deviation: f64,
    },
    /// Student t scaled to its standard deviation.
    Student {
        /// Standard deviation.
        deviation: f64,
        /// Degrees of freedom, above 2.
        freedom: f64,
    },
    /// Hansen's skewed Student t.
    SkewT {
        /// Standard deviation.
        deviation: f64,
        /// Degrees of freedom, above 2.
        freedom: f64,
        /// Skewness parameter, between -1 and 1; negative has the longer tail below.
        skew: f64,
    },
    /// Linear between ascending knots, equally spaced in probability from 0 to 1.
    Empirical {
        /// Ascending knots, at least two.
        knots: Vec<f64>,
    },
}

/// Fits do not tell degrees of freedom above this from a normal law.
const MOST_FREEDOM: f64 = 200.0;
/// Nor do they go below this, where the fourth moment is long gone.
const LEAST_FREEDOM: f64 = 2.05;

impl Marginal {
    /// The law of a kind that fits a sample, and how the fit of its shape ended.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for fewer than twenty moves where a shape is fitted (two elsewhere) or values that are not
    /// finite; [`RiskError::Parameter`] for moves that are all equal.
    pub fn fit(law: MarginalLaw, moves: &[f64]) -> Result<(Self, Status), RiskError> {
        let shaped = matches!(law, MarginalLaw::Student | MarginalLaw::SkewT);
        at_least("a marginal law", if shaped { 20 } else { 2 }, moves.len())?;
        finite(moves)?;
        let (centre, deviation) = (mean(moves)?, sample_std(moves)?);
        if deviation <= 0.0 || moves.iter().all(|x| *x == moves[0]) {
            return Err(parameter("moves", moves[0], "moves that are not all equal"));
        }
        let unit: Vec<f64> = moves.iter().map(|x| (x - centre) / deviation).collect();
        Ok(match law {
            MarginalLaw::Normal => (Marginal::Normal { deviation }, Status::Converged),
            MarginalLaw::Student => {
                let (freedom, _, status) = shape(&unit, false);
                (Marginal::Student { deviation, freedom }, status)
            }
            MarginalLaw::SkewT => {
                let (freedom, skew, status) = shape(&unit, true);
                (Marginal::SkewT { deviation, freedom, skew }, status)
            }
            MarginalLaw::Empirical => {
                let mut knots: Vec<f64> = moves.iter().map(|x| x - centre).collect();
                knots.sort_by(f64::total_cmp);
                (Marginal::Empirical { knots }, Status::Converged)
            }
        })
    }

    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] naming the first that is not.
    pub fn check(&self) -> Result<(), RiskError> {
        let (deviation, freedom, skew) = match self {
            Marginal::Normal { deviation } => (*deviation, 3.0, 0.0),
            Marginal::Student { deviation, freedom } => (*deviation, *freedom, 0.0),
            Marginal::SkewT { deviation, freedom, skew } => (*deviation, *freedom, *skew),
            Marginal::Empirical { knots } => {
                at_least("the knots of a marginal law", 2, knots.len())?;
                finite(knots)?;
                let ascending = knots.is_sorted();
                return if ascending {
                    Ok(())
                } else {
                    Err(parameter("knots", "out of order", "ascending"))
                };
            }
        };
        if !(deviation >= 0.0 && deviation.is_finite()) {
            return Err(parameter("standard deviation of a marginal", deviation, "zero or more"));
        }
        if !(freedom > 2.0 && freedom.is_finite()) {
            return Err(parameter("degrees of freedom of a marginal", freedom, "above 2"));
        }
        if !(skew > -1.0 && skew < 1.0) {
            return Err(parameter("skewness of a marginal", skew, "between -1 and 1"));
        }
        Ok(())
    }

    /// The move below which lies probability `p`, or above which it lies; `p` at most one half keeps its digits.
    ///
    /// # Errors
    /// [`RiskError::Stats`] unless `0 < p < 1`.
    pub fn tail_quantile(&self, p: f64, upper: bool) -> Result<f64, RiskError> {
        let sign = if upper { -1.0 } else { 1.0 };
        Ok(match self {
            Marginal::Normal { deviation } => sign * deviation * normal_quantile(p)?,
            Marginal::Student { deviation, freedom } => {
                sign * deviation * student_unit_quantile(p, *freedom)?
            }
            Marginal::SkewT { deviation, freedom, skew } => {
                sign * deviation * SkewT::new(*freedom, sign * skew)?.quantile(p)?
            }
            Marginal::Empirical { knots } => interpolate(knots, if upper { 1.0 - p } else { p }),
        })
    }
}

/// Linear between knots that are equally spaced in probability.
pub(super) fn interpolate(knots: &[f64], u: f64) -> f64 {
    let place = u.clamp(0.0, 1.0) * (knots.len() - 1) as f64;
    let below = (place as usize).min(knots.len().saturating_sub(2));
    knots[below] + (place - below as f64) * (knots[below + 1] - knots[below])
}

/// Degrees of freedom and skewness of greatest likelihood for moves of variance 1.
fn shape(unit: &[f64], skewed: bool) -> (f64, f64, Status) {
    let read = |x: &[f64]| {
        let freedom = 2.0 + libm::exp(x[0]);
        (freedom, if skewed { libm::tanh(x[1]) } else { 0.0 })
    };
    let mut lost = |x: &[f64]| {
        let (freedom, skew) = read(x);
        if !(LEAST_FREEDOM..=MOST_FREEDOM).contains(&freedom) || skew.abs() > 0.99 {
            return f64::INFINITY;
        }
        SkewT::new(freedom, skew)
            .map_or(f64::INFINITY, |law| -unit.iter().map(|&z| law.ln_pdf(z)).sum::<f64>())
    };
    let start: &[f64] = if skewed { &[1.5, 0.0] } else { &[1.5] };
    let least = minimise(start, 0.5, &mut lost);
    let (freedom, skew) = read(&least.at);
    let edges = [
        (freedom < 1.01 * LEAST_FREEDOM, Edge::FatTails),
        (freedom > 0.99 * MOST_FREEDOM, Edge::ThinTails),
        (skew.abs() > 0.98, Edge::OneSided),
    ];
    (freedom, skew, Status::of_search(least.value, least.converged, Edge::first(&edges)))
}
