//! Models in which the figure itself moves: [`crate::caviar`] and [`crate::gas`], behind the trait of the catalog.

use mpor_stats::Level;

use super::super::last;
use super::{Estimate, SeriesVar, Settings, numbers};
use crate::caviar::{Caviar, Criterion, Form};
use crate::descent::SearchOptions;
use crate::error::RiskError;
use crate::gas::{FactorGas, StudentGas};
use crate::parametric::VarEs;

/// Conditional autoregressive value at risk with a multiple for the shortfall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moving {
    window: usize,
    model: Caviar,
    search: SearchOptions,
}

/// Score-driven Student t volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StudentModel {
    window: usize,
}

/// Score-driven value at risk and expected shortfall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FactorModel {
    window: usize,
    search: SearchOptions,
}

impl Moving {
    /// Over the settings' window, by the settings' search.
    #[must_use]
    pub fn new(settings: &Settings, form: Form, criterion: Criterion) -> Self {
        let model = Caviar { form, criterion };
        Moving { window: settings.window, model, search: settings.search }
    }
}

impl StudentModel {
    /// Over the settings' window.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        StudentModel { window: settings.window }
    }
}

impl FactorModel {
    /// Over the settings' window, by the settings' search.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        FactorModel { window: settings.window, search: settings.search }
    }
}

impl SeriesVar for Moving {
    fn needs(&self) -> usize {
        self.window
    }

    /// The four coefficients and the multiple.
    fn fit(&self, r: &[f64], level: Level, warm: Option<&Estimate>) -> Result<Estimate, RiskError> {
        let recent = last(r, self.window, "a conditional autoregressive value at risk")?;
        let warm = warm.map(|known| numbers(known).map(|[a, b, c, d, _]| [a, b, c, d]));
        let fit = self.model.fit(recent, level, &self.search, warm.transpose()?.as_ref())?;
        let mut parameters = fit.coefficients.to_vec();
        parameters.push(fit.multiple);
        Ok(Estimate { parameters, status: Some(fit.status), ..Estimate::default() })
    }

    fn tail(&self, r: &[f64], level: Level, estimate: &Estimate) -> Result<VarEs, RiskError> {
        let recent = last(r, self.window, "a conditional autoregressive value at risk")?;
        let [a, b, c, d, multiple] = numbers(estimate)?;
        self.model.forecast(recent, level, (&[a, b, c, d], multiple))
    }
}

impl SeriesVar for StudentModel {
    fn needs(&self) -> usize {
        self.window
    }

    /// Mean, constant, reaction, memory, degrees of freedom.
    fn fit(&self, r: &[f64], _: Level, warm: Option<&Estimate>) -> Result<Estimate, RiskError> {
        let recent = last(r, self.window, "a score-driven volatility")?;
        let fit = StudentGas::fit(recent, warm.map(student).transpose()?.as_ref())?;
        let StudentGas { mu, omega, reaction, memory, freedom } = fit.model;
        let parameters = vec![mu, omega, reaction, memory, freedom];
        let log_likelihood = Some(fit.log_likelihood);
        let status = Some(fit.status);
        Ok(Estimate { parameters, status, log_likelihood, gradient_norm: None })
    }

    fn tail(&self, r: &[f64], level: Level, estimate: &Estimate) -> Result<VarEs, RiskError> {
        student(estimate)?.forecast(last(r, self.window, "a score-driven volatility")?, level)
    }
}

impl SeriesVar for FactorModel {
    fn needs(&self) -> usize {
        self.window
    }

    /// Value at risk and expected shortfall at factor zero, memory, reaction.
    fn fit(&self, r: &[f64], level: Level, warm: Option<&Estimate>) -> Result<Estimate, RiskError> {
        let recent = last(r, self.window, "a score-driven value at risk")?;
        let warm = warm.map(factor).transpose()?;
        let fit = FactorGas::fit(recent, level, &self.search, warm.as_ref())?;
        let FactorGas { var, es, memory, reaction } = fit.model;
        let parameters = vec![var, es, memory, reaction];
        Ok(Estimate { parameters, status: Some(fit.status), ..Estimate::default() })
    }

    fn tail(&self, r: &[f64], level: Level, estimate: &Estimate) -> Result<VarEs, RiskError> {
        factor(estimate)?.forecast(last(r, self.window, "a score-driven value at risk")?, level)
    }
}

fn student(estimate: &Estimate) -> Result<StudentGas, RiskError> {
    let [mu, omega, reaction, memory, freedom] = numbers(estimate)?;
    Ok(StudentGas { mu, omega, reaction, memory, freedom })
}

fn factor(estimate: &Estimate) -> Result<FactorGas, RiskError> {
    let [var, es, memory, reaction] = numbers(estimate)?;
    Ok(FactorGas { var, es, memory, reaction })
}
