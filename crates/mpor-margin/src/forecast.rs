//! What a model forecasts of a book's P&L over the margin period, beside what it asks.
//!
//! A requirement is judged by its breaches alone. A model that reads it off a law of P&L says more, and can be judged by more: value at
//! risk and expected shortfall at one level, and where a realised P&L falls in the law. A rule without such a law forecasts nothing.

use mpor_core::Level;
use mpor_risk::{Measure, PredictedLaw, RiskMeasure, Scratch};

use crate::error::MarginError;
use crate::model::Sample;

/// A forecast of one book's P&L over the margin period; amounts in reporting currency, positive = loss, not clamped at zero.
#[derive(Clone, Debug, PartialEq)]
pub struct BookForecast {
    /// The level of both figures.
    pub level: Level,
    /// Value at risk.
    pub var: f64,
    /// Expected shortfall.
    pub es: f64,
    /// The law of the P&L; `None` where the model has figures only.
    pub law: Option<PredictedLaw>,
    /// How its fit ended; `None` of a model that fits nothing to the book.
    pub fit: Option<FitReport>,
}

/// How the fit behind one forecast ended.
#[derive(Clone, Debug, PartialEq)]
pub struct FitReport {
    /// Whether the figures are those of an optimum.
    pub outcome: FitOutcome,
    /// The same in words.
    pub text: String,
    /// Log-likelihood reached, where the model has one.
    pub log_likelihood: Option<f64>,
    /// Largest component of the gradient that is left, where the search has one.
    pub gradient_norm: Option<f64>,
}

/// What the figures of a forecast are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FitOutcome {
    /// An optimum, on an edge of the model too.
    Found,
    /// What the search had found when it failed.
    Failed,
    /// The model that the study names for a fit that failed.
    Replaced,
}

impl FitOutcome {
    /// All of them, in the order of the type.
    pub const ALL: [FitOutcome; 3] = [FitOutcome::Found, FitOutcome::Failed, FitOutcome::Replaced];

    /// As tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FitOutcome::Found => "found",
            FitOutcome::Failed => "failed",
            FitOutcome::Replaced => "replaced",
        }
    }
}

impl BookForecast {
    /// The forecast of a model whose law is a set of scenarios: value at risk by its own rule, at the level of its measure.
    ///
    /// # Errors
    /// As [`RiskMeasure::of`].
    pub fn of_sample(sample: Sample) -> Result<Self, MarginError> {
        let Sample { pnl, weights, measure, .. } = sample;
        let mut scratch = Scratch::default();
        let mut figure = |of: Measure| {
            let measure = RiskMeasure { measure: of, ..measure };
            Ok::<f64, MarginError>(measure.of(&pnl, weights.as_deref(), &mut scratch)?.amount)
        };
        let (var, es) = (figure(Measure::Var)?, figure(Measure::Es)?);
        let law = Some(PredictedLaw::Scenarios { pnl, weights });
        Ok(BookForecast { level: measure.level, var, es, law, fit: None })
    }
}
