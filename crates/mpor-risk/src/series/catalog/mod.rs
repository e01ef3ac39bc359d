//! Every model of value at risk and expected shortfall that needs one series only, behind one trait.
//!
//! | entry | forecast |
//! | --- | --- |
//! | scenarios of the window | `plain`, `age_weighted`, `hull_white`, `hull_white_mid` ([`scenarios`]) |
//! | one law of the window | `normal`, `student`, `cornish_fisher` ([`unconditional`]) |
//! | volatility of today, residuals as they were | `fhs_garch`, `fhs_gjr`, `fhs_egarch` ([`conditional`]) |
//! | volatility of today, a law of residuals | `garch_normal`, `garch_student`, `garch_pareto` ([`conditional`]) |
//! | the figure itself moves | `caviar_symmetric`, `caviar_asymmetric`, `caviar_indirect_garch`, `gas_student`, `gas_factor` ([`moving`]) |
//!
//! Returns are the P&L of one unit (gain positive), oldest first; figures are in their unit, positive = loss, not clamped. A model sees
//! the last [`SeriesVar::needs`] of them and nothing else, so that the same returns give the same forecast whatever came before. A
//! model is one file and one line of [`CATALOG`]; its numbers come from [`Settings`], none has a default here.

pub mod conditional;
pub mod moving;
pub mod scenarios;
pub mod unconditional;

use std::fmt::Debug;

use mpor_stats::Level;
use mpor_stats::ewma::Decay;

use crate::caviar::{Criterion, Form};
use crate::descent::SearchOptions;
use crate::error::RiskError;
use crate::parametric::VarEs;
use crate::predicted::PredictedLaw;
use crate::scenario::Rescale;
use crate::status::Status;
use crate::volatility::{Dynamics, FitOptions, Innovations};
use conditional::{Conditional, Residuals};
use moving::{FactorModel, Moving, StudentModel};
use scenarios::{AgeWeighted, HullWhite, Plain};
use unconditional::{Shape, Unconditional};

/// Value at risk and expected shortfall of the next return of a series.
pub trait SeriesVar: Debug + Send + Sync {
    /// How many of the last returns the model looks at.
    fn needs(&self) -> usize;

    /// What the model estimates on the last returns for a level, from an earlier estimate on where that helps.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] for fewer returns than [`SeriesVar::needs`] or too few for the level, [`RiskError::Stats`] for
    /// returns that are not finite, [`RiskError::Parameter`] for returns that the model cannot be fitted to, such as constant ones. A
    /// search that fails is no error: [`Estimate::status`] says so.
    fn fit(
        &self,
        returns: &[f64],
        level: Level,
        warm: Option<&Estimate>,
    ) -> Result<Estimate, RiskError>;

    /// The figures of the return after the last, by an estimate made on these returns or on earlier ones.
    ///
    /// # Errors
    /// As [`SeriesVar::fit`].
    fn tail(&self, returns: &[f64], level: Level, estimate: &Estimate) -> Result<VarEs, RiskError>;

    /// The whole law of the return after the last; `None` where the model says a tail or a quantile only.
    ///
    /// # Errors
    /// As [`SeriesVar::fit`].
    fn law(&self, _: &[f64], _: &Estimate) -> Result<Option<PredictedLaw>, RiskError> {
        Ok(None)
    }
}

/// What a model has estimated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The parameters, in the model's order; empty where it has none.
    pub parameters: Vec<f64>,
    /// How their search ended; `None` where nothing is searched for.
    pub status: Option<Status>,
    /// Log-likelihood reached; `None` where something else is made small, or nothing.
    pub log_likelihood: Option<f64>,
    /// Largest component of the gradient that is left; `None` of searches without derivatives.
    pub gradient_norm: Option<f64>,
}

/// What the models of the catalog are made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Returns in a window.
    pub window: usize,
    /// Decay of squares a step, for the exponentially weighted volatility.
    pub decay: Decay,
    /// Returns whose mean square starts it, before the window.
    pub burn_in: usize,
    /// Decay of weights by age a step.
    pub age_decay: Decay,
    /// Share of the residuals that lie above the threshold of a Pareto tail.
    pub beyond: f64,
    /// How hard likelihood fits of volatility try.
    pub fit: FitOptions,
    /// How hard searches without derivatives try.
    pub search: SearchOptions,
}

/// A name and how the model behind it is made.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Name, as studies and tables write it.
    pub name: &'static str,
    make: fn(&Settings) -> Box<dyn SeriesVar>,
}

/// The models, by name.
pub const CATALOG: &[Entry] = &[
    Entry { name: "age_weighted", make: |s| Box::new(AgeWeighted::new(s)) },
    Entry { name: "caviar_asymmetric", make: |s| caviar(s, Form::Asymmetric) },
    Entry { name: "caviar_indirect_garch", make: |s| caviar(s, Form::IndirectGarch) },
    Entry { name: "caviar_symmetric", make: |s| caviar(s, Form::Symmetric) },
    Entry { name: "cornish_fisher", make: |s| law(s, Shape::CornishFisher) },
    Entry { name: "fhs_egarch", make: |s| conditional(s, Dynamics::Egarch, Residuals::Sample) },
    Entry { name: "fhs_garch", make: |s| conditional(s, Dynamics::Garch, Residuals::Sample) },
    Entry { name: "fhs_gjr", make: |s| conditional(s, Dynamics::Gjr, Residuals::Sample) },
    Entry { name: "garch_normal", make: |s| conditional(s, Dynamics::Garch, Residuals::Normal) },
    Entry { name: "garch_pareto", make: |s| conditional(s, Dynamics::Garch, Residuals::Pareto) },
    Entry { name: "garch_student", make: |s| conditional(s, Dynamics::Garch, Residuals::Student) },
    Entry { name: "gas_factor", make: |s| Box::new(FactorModel::new(s)) },
    Entry { name: "gas_student", make: |s| Box::new(StudentModel::new(s)) },
    Entry { name: "hull_white", make: |s| Box::new(HullWhite::new(s, Rescale::Full)) },
    Entry { name: "hull_white_mid", make: |s| Box::new(HullWhite::new(s, Rescale::Mid)) },
    Entry { name: "normal", make: |s| law(s, Shape::Normal) },
    Entry { name: "plain", make: |s| Box::new(Plain::new(s)) },
    Entry { name: "student", make: |s| law(s, Shape::Student) },
];

impl Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Entry").field(&self.name).finish()
    }
}

impl Entry {
    /// The model of a name, if there is one.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Entry> {
        CATALOG.iter().find(|entry| entry.name == name)
    }

    /// The model with these numbers.
    #[must_use]
    pub fn model(&self, settings: &Settings) -> Box<dyn SeriesVar> {
        (self.make)(settings)
    }
}

/// Fits a model on the last returns and forecasts the next one.
///
/// # Errors
/// As [`SeriesVar::fit`].
pub fn forecast(
    model: &dyn SeriesVar,
    returns: &[f64],
    level: Level,
) -> Result<(VarEs, Option<Status>), RiskError> {
    let estimate = model.fit(returns, level, None)?;
    Ok((model.tail(returns, level, &estimate)?, estimate.status))
}

fn caviar(settings: &Settings, form: Form) -> Box<dyn SeriesVar> {
    Box::new(Moving::new(settings, form, Criterion::Pinball))
}

fn law(settings: &Settings, shape: Shape) -> Box<dyn SeriesVar> {
    Box::new(Unconditional { window: settings.window, shape })
}

fn conditional(
    settings: &Settings,
    dynamics: Dynamics,
    residuals: Residuals,
) -> Box<dyn SeriesVar> {
    let student = residuals == Residuals::Student;
    let innovations = if student { Innovations::StudentT } else { Innovations::Normal };
    Box::new(Conditional::new(settings, dynamics, innovations, residuals))
}

/// The numbers of an estimate, as many as the model has.
fn numbers<const N: usize>(estimate: &Estimate) -> Result<[f64; N], RiskError> {
    let found = &estimate.parameters;
    <[f64; N]>::try_from(found.as_slice()).map_err(|_| RiskError::Parameter {
        name: "estimate",
        found: format!("{} numbers", found.len()),
        expected: "the estimate of the same model",
    })
}
