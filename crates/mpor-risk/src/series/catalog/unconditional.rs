//! One law for all returns of the window.
//!
//! ```text
//! normal, student   VaR = sd q - mean,  ES = sd e - mean     sd with divisor n - 1, degrees of freedom by maximum likelihood
//! cornish_fisher    by mean, sd (divisor n), skewness and excess kurtosis, where their quantile is one
//! ```
//!
//! Sources: [`crate::parametric::multiplier`], [`crate::parametric::cornish_fisher`], [`crate::simulation::marginal`]. Says nothing about
//! the volatility of today.

use mpor_stats::Level;
use mpor_stats::descriptive::{mean, sample_std};

use super::super::last;
use super::{Estimate, SeriesVar, numbers};
use crate::checks::{at_least, finite};
use crate::error::RiskError;
use crate::parametric::{CornishFisher, Law, VarEs};
use crate::predicted::PredictedLaw;
use crate::simulation::{Marginal, MarginalLaw};

/// The shape of the law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Normal.
    Normal,
    /// Student t with fitted degrees of freedom.
    Student,
    /// A normal bent by skewness and kurtosis.
    CornishFisher,
}

/// A law of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconditional {
    /// Returns in the window.
    pub window: usize,
    /// The shape of the law.
    pub shape: Shape,
}

impl SeriesVar for Unconditional {
    fn needs(&self) -> usize {
        self.window
    }

    /// Mean, standard deviation and degrees of freedom (0 where the law has none).
    fn fit(&self, r: &[f64], _: Level, _: Option<&Estimate>) -> Result<Estimate, RiskError> {
        let recent = last(r, self.window, "a law of returns")?;
        at_least("a law of returns", 2, recent.len())?;
        finite(recent)?;
        let (centre, deviation) = (mean(recent)?, sample_std(recent)?);
        let (freedom, status) = match self.shape {
            Shape::Normal => (0.0, None),
            Shape::CornishFisher => {
                let losses: Vec<f64> = recent.iter().map(|r| -r).collect();
                CornishFisher::of_losses(&losses)?;
                (0.0, None)
            }
            Shape::Student => match Marginal::fit(MarginalLaw::Student, recent)? {
                (Marginal::Student { freedom, .. }, status) => (freedom, Some(status)),
                (_, status) => (0.0, Some(status)),
            },
        };
        let parameters = vec![centre, deviation, freedom];
        Ok(Estimate { parameters, status, ..Estimate::default() })
    }

    fn tail(&self, r: &[f64], level: Level, estimate: &Estimate) -> Result<VarEs, RiskError> {
        let recent = last(r, self.window, "a law of returns")?;
        let [centre, deviation, freedom] = numbers(estimate)?;
        let law = match self.shape {
            Shape::Normal => Law::Normal,
            Shape::Student => Law::Student(freedom),
            // Moments cost nothing: those of today's window.
            Shape::CornishFisher => {
                let losses: Vec<f64> = recent.iter().map(|r| -r).collect();
                return CornishFisher::of_losses(&losses)?.tail(level);
            }
        };
        Ok(law.multipliers(level)?.affine(deviation, -centre))
    }

    fn law(&self, _: &[f64], estimate: &Estimate) -> Result<Option<PredictedLaw>, RiskError> {
        let [mean, deviation, freedom] = numbers(estimate)?;
        Ok(match self.shape {
            Shape::Normal => Some(PredictedLaw::Normal { mean, deviation }),
            Shape::Student => Some(PredictedLaw::Student { mean, deviation, freedom }),
            Shape::CornishFisher => None,
        })
    }
}
