//! The returns of the window as scenarios: as they were, weighted by age, or brought to the volatility of today.
//!
//! Nothing is fitted. The figures are those of [`RiskMeasure`]: the `ceil(n tail)`-th largest loss and the mean of the tail, with
//! weights where there are some. For one step, Hull and White's scenarios with `rescale = full` are those of filtered historical
//! simulation with an exponentially weighted volatility. Sources: [`mod@super::super::plain`], [`mod@super::super::age_weighted`],
//! [`mod@super::super::hull_white`].

use mpor_stats::Level;
use mpor_stats::ewma::Decay;
use mpor_stats::weighted::age_weights;

use super::super::{Filter, filtered_returns, last};
use super::{Estimate, SeriesVar, Settings};
use crate::checks::finite;
use crate::error::RiskError;
use crate::measure::{Measure, RiskMeasure, Scratch};
use crate::parametric::VarEs;
use crate::predicted::PredictedLaw;
use crate::scenario::Rescale;

/// The last returns, equally likely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plain {
    window: usize,
}

/// The last returns, older ones weighing less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgeWeighted {
    window: usize,
    decay: Decay,
}

/// The last returns at the volatility of today.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HullWhite {
    window: usize,
    filter: Filter,
}

impl Plain {
    /// Over the settings' window.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Plain { window: settings.window }
    }
}

impl AgeWeighted {
    /// With the settings' decay of weights.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        AgeWeighted { window: settings.window, decay: settings.age_decay }
    }
}

impl HullWhite {
    /// With the settings' decay of squares, started on the returns before the window.
    #[must_use]
    pub fn new(settings: &Settings, rescale: Rescale) -> Self {
        let Settings { window, decay, burn_in, .. } = *settings;
        HullWhite { window, filter: Filter { decay, burn_in, floor: None, rescale } }
    }
}

impl SeriesVar for Plain {
    fn needs(&self) -> usize {
        self.window
    }

    fn fit(&self, r: &[f64], _: Level, _: Option<&Estimate>) -> Result<Estimate, RiskError> {
        nothing(last(r, self.window, "plain historical simulation")?)
    }

    fn tail(&self, r: &[f64], level: Level, _: &Estimate) -> Result<VarEs, RiskError> {
        figures(last(r, self.window, "plain historical simulation")?, None, level)
    }

    fn law(&self, r: &[f64], _: &Estimate) -> Result<Option<PredictedLaw>, RiskError> {
        let pnl = last(r, self.window, "plain historical simulation")?.to_vec();
        Ok(Some(PredictedLaw::Scenarios { pnl, weights: None }))
    }
}

impl SeriesVar for AgeWeighted {
    fn needs(&self) -> usize {
        self.window
    }

    fn fit(&self, r: &[f64], _: Level, _: Option<&Estimate>) -> Result<Estimate, RiskError> {
        nothing(last(r, self.window, "age-weighted historical simulation")?)
    }

    fn tail(&self, r: &[f64], level: Level, _: &Estimate) -> Result<VarEs, RiskError> {
        let recent = last(r, self.window, "age-weighted historical simulation")?;
        figures(recent, Some(&age_weights(self.window, self.decay.value())?), level)
    }

    fn law(&self, r: &[f64], _: &Estimate) -> Result<Option<PredictedLaw>, RiskError> {
        let pnl = last(r, self.window, "age-weighted historical simulation")?.to_vec();
        let weights = Some(age_weights(self.window, self.decay.value())?);
        Ok(Some(PredictedLaw::Scenarios { pnl, weights }))
    }
}

impl SeriesVar for HullWhite {
    fn needs(&self) -> usize {
        self.window + self.filter.burn_in
    }

    fn fit(&self, r: &[f64], _: Level, _: Option<&Estimate>) -> Result<Estimate, RiskError> {
        nothing(last(r, self.needs(), "volatility-weighted historical simulation")?)
    }

    fn tail(&self, r: &[f64], level: Level, _: &Estimate) -> Result<VarEs, RiskError> {
        let recent = last(r, self.needs(), "volatility-weighted historical simulation")?;
        figures(&filtered_returns(recent, self.window, self.filter)?.0, None, level)
    }

    fn law(&self, r: &[f64], _: &Estimate) -> Result<Option<PredictedLaw>, RiskError> {
        let recent = last(r, self.needs(), "volatility-weighted historical simulation")?;
        let (pnl, _) = filtered_returns(recent, self.window, self.filter)?;
        Ok(Some(PredictedLaw::Scenarios { pnl, weights: None }))
    }
}

/// No estimate, of returns that are numbers.
fn nothing(returns: &[f64]) -> Result<Estimate, RiskError> {
    finite(returns)?;
    Ok(Estimate::default())
}

/// Value at risk and expected shortfall of P&L.
pub(super) fn figures(
    pnl: &[f64],
    weights: Option<&[f64]>,
    level: Level,
) -> Result<VarEs, RiskError> {
    let mut scratch = Scratch::default();
    let mut of = |measure| {
        Ok::<f64, RiskError>(
            RiskMeasure::new(measure, level).of(pnl, weights, &mut scratch)?.amount,
        )
    };
    let var = of(Measure::Var)?;
    // The mean of equal losses may round to just below them.
    Ok(VarEs { var, es: of(Measure::Es)?.max(var) })
}
