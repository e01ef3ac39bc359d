//! What quantile does a loss have whose first four moments are known?
//!
//! ```text
//! Q(z) = z + (z^2 - 1) S / 6 + (z^3 - 3 z) K / 24 - (2 z^3 - 5 z) S^2 / 36
//! VaR  = sd Q(z_level) - mean gain,      ES = sd / tail * integral of Q(z) phi(z) over z > z_level
//! ```
//!
//! `S` and `K` are skewness and excess kurtosis **of the loss**: minus the skewness of the P&L, and its kurtosis. They
//! are the parameters of the expansion; the moments of the law it makes differ from them unless both are small.
//!
//! `Q` is a quantile function only where it rises: its slope is a quadratic in `z`, which must have no root. Outside
//! that domain the 99.9 % figure may lie below the 99 % one, so no figure is given there.
//!
//! Sources: Cornish and Fisher (1937), "Moments and cumulants in the specification of distributions", Revue de
//! l'Institut International de Statistique 5(4), 307-320; Maillard (2012), "A user's guide to the Cornish Fisher
//! expansion", SSRN 1997178, for the domain. Known failure: a strongly quadratic book, where it overstates the 99.9 %
//! loss by some 15 %; [`super::DeltaGamma`] is exact there.

use mpor_stats::Level;
use mpor_stats::descriptive::{kurtosis, mean, skewness};
use mpor_stats::special::{normal_pdf, normal_quantile};

use super::multiplier::VarEs;
use crate::checks::{finite, parameter};
use crate::error::RiskError;

/// Moments of a loss that lie inside the domain of the expansion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CornishFisher {
    mean: f64,
    deviation: f64,
    skew: f64,
    excess: f64,
}

impl CornishFisher {
    /// Mean, standard deviation, skewness and excess kurtosis of the loss.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for a deviation that is not above zero, and for moments outside the domain, naming both.
    pub fn new(mean: f64, deviation: f64, skew: f64, excess: f64) -> Result<Self, RiskError> {
        finite(&[mean, deviation, skew, excess])?;
        if deviation <= 0.0 {
            return Err(parameter("standard deviation", deviation, "above zero"));
        }
        if !in_domain(skew, excess) {
            let found = format!("{skew} with an excess kurtosis of {excess}");
            let expected = "moments at which the Cornish-Fisher quantile rises everywhere (Maillard 2012); use delta_gamma or scenarios";
            return Err(parameter("skewness", found, expected));
        }
        Ok(CornishFisher { mean, deviation, skew, excess })
    }

    /// The moments of a sample of losses, each divided by `n`.
    ///
    /// # Errors
    /// As [`CornishFisher::new`]; [`RiskError::Stats`] for a sample without variance.
    pub fn of_losses(losses: &[f64]) -> Result<Self, RiskError> {
        finite(losses)?;
        let centre = mean(losses)?;
        let squares: f64 = losses.iter().map(|x| (x - centre) * (x - centre)).sum();
        let deviation = (squares / losses.len() as f64).sqrt();
        CornishFisher::new(centre, deviation, skewness(losses)?, kurtosis(losses)? - 3.0)
    }

    /// VaR and ES of the loss.
    ///
    /// # Errors
    /// None for a [`Level`].
    pub fn tail(&self, level: Level) -> Result<VarEs, RiskError> {
        let z = -normal_quantile(level.tail())?;
        let [c0, c1, c2, c3] = coefficients(self.skew, self.excess);
        let var = c0 + z * (c1 + z * (c2 + z * c3));
        // Integrals of z^k phi above z, over phi(z), but for the whole mass in those of even order.
        let odd = c1 + c2 * z + c3 * (z * z + 2.0);
        let es = c0 + c2 + normal_pdf(z) / level.tail() * odd;
        Ok(VarEs { var, es }.affine(self.deviation, self.mean))
    }
}

/// Whether the expansion with these parameters is increasing, so that it is the quantile of a law.
#[must_use]
pub fn in_domain(skew: f64, excess: f64) -> bool {
    let [_, c1, c2, c3] = coefficients(skew, excess);
    // Slope c1 + 2 c2 z + 3 c3 z^2.
    if c3 == 0.0 {
        return c2 == 0.0 && c1 > 0.0;
    }
    c3 > 0.0 && c2 * c2 <= 3.0 * c1 * c3
}

/// Coefficients of 1, z, z^2, z^3.
fn coefficients(skew: f64, excess: f64) -> [f64; 4] {
    let square = skew * skew;
    let linear = 1.0 - excess / 8.0 + 5.0 * square / 36.0;
    [-skew / 6.0, linear, skew / 6.0, excess / 24.0 - square / 18.0]
}
