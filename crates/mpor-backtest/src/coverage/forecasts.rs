//! Losses beside what was forecast for them: the input of the tests that look at sizes, not only at hits.

use mpor_core::Level;

use super::error::CoverageError;
use super::hits::HitSequence;

/// Losses and value-at-risk forecasts of the same periods, which do not overlap, and expected shortfall where forecast.
///
/// All positive = loss, in one unit. A hit is `loss > var`, strictly.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecasts<'a> {
    loss: &'a [f64],
    var: &'a [f64],
    es: Option<&'a [f64]>,
    level: Level,
}

impl<'a> Forecasts<'a> {
    /// Losses beside their value at risk.
    ///
    /// # Errors
    /// [`CoverageError`] when lengths differ or a value is not finite.
    pub fn new(loss: &'a [f64], var: &'a [f64], level: Level) -> Result<Self, CoverageError> {
        same_length("value at risk", var, loss)?;
        finite("loss", loss)?;
        finite("value at risk", var)?;
        Ok(Forecasts { loss, var, es: None, level })
    }

    /// The same with expected shortfall, which must be positive for the scores that divide by it.
    ///
    /// # Errors
    /// [`CoverageError`] when lengths differ or a value is not finite.
    pub fn with_shortfall(mut self, es: &'a [f64]) -> Result<Self, CoverageError> {
        same_length("expected shortfall", es, self.loss)?;
        finite("expected shortfall", es)?;
        self.es = Some(es);
        Ok(self)
    }

    /// Number of periods.
    #[must_use]
    pub fn len(&self) -> usize {
        self.loss.len()
    }

    /// Whether there is no period.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.loss.is_empty()
    }

    /// The losses.
    #[must_use]
    pub fn loss(&self) -> &'a [f64] {
        self.loss
    }

    /// The value-at-risk forecasts.
    #[must_use]
    pub fn var(&self) -> &'a [f64] {
        self.var
    }

    /// The promised level.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The promised probability of a hit.
    #[must_use]
    pub fn tail(&self) -> f64 {
        self.level.tail()
    }

    /// Whether each loss is strictly above its value at risk.
    pub fn hits(&self) -> impl Iterator<Item = bool> + 'a {
        self.loss.iter().zip(self.var).map(|(loss, var)| loss > var)
    }

    /// The hits alone.
    #[must_use]
    pub fn hit_sequence(&self) -> HitSequence {
        HitSequence::daily(self.hits().collect(), self.level)
    }

    /// The expected-shortfall forecasts, each above zero.
    pub(crate) fn positive_es(&self, test: &'static str) -> Result<&'a [f64], CoverageError> {
        let es = self.es.ok_or(CoverageError::NotDefined {
            test,
            reason: "it needs expected-shortfall forecasts",
        })?;
        let expected = "expected shortfall must be above zero";
        match es.iter().position(|&value| value <= 0.0) {
            None => Ok(es),
            Some(at) => Err(CoverageError::Value {
                what: "expected shortfall",
                at: at + 1,
                value: es[at],
                expected,
            }),
        }
    }

    /// Losses, value at risk and expected shortfall side by side.
    pub(crate) fn rows(&self, es: &'a [f64]) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
        self.loss.iter().zip(self.var).zip(es).map(|((&loss, &var), &es)| (loss, var, es))
    }
}

fn same_length(what: &'static str, values: &[f64], loss: &[f64]) -> Result<(), CoverageError> {
    if values.len() == loss.len() {
        return Ok(());
    }
    Err(CoverageError::Lengths { what, found: values.len(), expected: loss.len() })
}

fn finite(what: &'static str, values: &[f64]) -> Result<(), CoverageError> {
    // Without an early exit this is a vector loop; which value it was is only looked for when one was.
    if values.iter().fold(true, |all, value| all & value.is_finite()) {
        return Ok(());
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => Err(CoverageError::Value {
            what,
            at: at + 1,
            value: values[at],
            expected: "every value must be a finite number",
        }),
    }
}
