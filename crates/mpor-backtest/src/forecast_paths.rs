//! What models forecast of each account's P&L, and where the realised P&L then fell: by day as it is replayed, by account as it is
//! judged.
//!
//! A forecast is of the P&L **at the end** of the margin period of risk, whichever loss the study counts as a breach: `depth` is the
//! forecast probability of a P&L up to the realised one, small = a large loss ([`mpor_risk::predicted`] says how ties and P&L beyond the
//! last scenario count). Models that fit something to each book are always asked, so that no fit goes unseen; the others where the
//! study asks for forecasts or for a test that needs them.

use std::ops::Range;

use mpor_core::{Column, Labels, Level, Table};
use mpor_margin::{BookForecast, FitOutcome, MarginError};

use crate::day::DayResult;
use crate::error::BacktestError;
use crate::shard::{FORECASTS, Reader, day_of};

/// Forecasts of one model on one day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DayForecasts {
    rows: Vec<DayForecast>,
    /// How each fit ended, by row; missing where nothing is fitted.
    fits: Labels,
}

/// The forecast for one account, amounts in reporting currency, positive = loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayForecast {
    /// Index of the account.
    pub account: usize,
    /// Level of both figures.
    pub level: Level,
    /// Value at risk.
    pub var: f64,
    /// Expected shortfall.
    pub es: f64,
    /// Forecast probability of a P&L up to the realised one; `None` while the margin period is not over, and without a law.
    pub depth: Option<f64>,
    /// What the figures are made with; `None` where nothing is fitted.
    pub outcome: Option<FitOutcome>,
    /// Log-likelihood of the fit, where it has one.
    pub log_likelihood: Option<f64>,
    /// Gradient left by the fit, where it has one.
    pub gradient_norm: Option<f64>,
}

/// Forecasts of one model for one account, by step of the result; `None` where the book is empty or was not forecast.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForecastPath {
    /// One a margin date, or nothing at all.
    pub points: Vec<Option<DayForecast>>,
    /// How each fit ended.
    pub fits: Labels,
}

impl DayForecasts {
    /// Takes the forecast for the next account, and where its realised loss fell.
    ///
    /// # Errors
    /// [`MarginError`] for a figure that is not finite, or a law that has no answer.
    pub fn take(
        &mut self,
        account: usize,
        forecast: &BookForecast,
        realised_loss: Option<f64>,
    ) -> Result<(), MarginError> {
        for (name, amount) in [("value at risk", forecast.var), ("expected shortfall", forecast.es)]
        {
            if !amount.is_finite() {
                let problem = format!("comes to {amount}, which is not a finite number");
                let (model, key) = ("forecast".to_owned(), name.to_owned());
                return Err(MarginError::Parameter { model, key, problem });
            }
        }
        let depth = |law: &mpor_risk::PredictedLaw| realised_loss.map(|loss| law.depth(-loss));
        let depth = forecast.law.as_ref().and_then(depth).transpose()?;
        let BookForecast { level, var, es, .. } = *forecast;
        let fit = forecast.fit.as_ref();
        let (outcome, log_likelihood, gradient_norm) = (
            fit.map(|fit| fit.outcome),
            fit.and_then(|fit| fit.log_likelihood).filter(|value| value.is_finite()),
            fit.and_then(|fit| fit.gradient_norm).filter(|value| value.is_finite()),
        );
        self.fits.push(fit.map(|fit| fit.text.as_str()));
        let row =
            DayForecast { account, level, var, es, depth, outcome, log_likelihood, gradient_norm };
        self.rows.push(row);
        Ok(())
    }

    /// The forecast for an account, with how its fit ended.
    #[must_use]
    pub fn of(&self, account: usize) -> Option<(DayForecast, Option<&str>)> {
        let at = self.rows.binary_search_by_key(&account, |row| row.account).ok()?;
        Some((self.rows[at], self.fits.get(at)))
    }

    /// Whether nothing was forecast.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The path of one model for one account.
pub(crate) fn path(days: &[DayResult], model: usize, account: usize) -> ForecastPath {
    if days.iter().all(|day| day.models[model].forecasts.is_empty()) {
        return ForecastPath::default();
    }
    let mut path = ForecastPath::default();
    for day in days {
        let found = day.models[model].forecasts.of(account);
        path.points.push(found.map(|(point, _)| point));
        path.fits.push(found.and_then(|(_, fit)| fit));
    }
    path
}

/// The table of a shard: a block of the accounts, numbered from its first.
pub(crate) fn to_table(days: &[DayResult], block: &Range<usize>) -> Result<Table, BacktestError> {
    let rows = || {
        days.iter().flat_map(|day| {
            let models = day.models.iter().enumerate();
            models.flat_map(move |(model, of)| {
                let all = of.forecasts.rows.iter().zip(of.forecasts.fits.iter());
                let own = all.filter(|(row, _)| block.contains(&row.account));
                own.map(move |(row, fit)| (day.step, model, row, fit))
            })
        })
    };
    let levels: Vec<String> = rows().map(|(_, _, row, _)| row.level.to_string()).collect();
    let number = |of: fn(&DayForecast) -> Option<f64>| {
        Column::Number(rows().map(|(_, _, row, _)| of(row)).collect())
    };
    let outcome = |row: &DayForecast| row.outcome.map(FitOutcome::name);
    Ok(Table::new(
        FORECASTS,
        [
            ("step", Column::counts(rows().map(|(step, ..)| step))),
            ("model", Column::counts(rows().map(|(_, model, ..)| model))),
            ("account", Column::counts(rows().map(|(_, _, row, _)| row.account - block.start))),
            ("level", Column::labels(levels.iter().map(String::as_str))),
            ("var", number(|row| Some(row.var))),
            ("es", number(|row| Some(row.es))),
            ("depth", number(|row| row.depth)),
            ("outcome", Column::Label(rows().map(|(_, _, row, _)| outcome(row)).collect())),
            ("fit", Column::Label(rows().map(|(.., fit)| fit).collect())),
            ("log_likelihood", number(|row| row.log_likelihood)),
            ("gradient_norm", number(|row| row.gradient_norm)),
        ],
    )?)
}

/// Puts the forecasts of a shard back into its days.
pub(crate) fn read(reader: &Reader<'_>, days: &mut [DayResult]) -> Result<(), BacktestError> {
    let (steps, models) = (reader.counts("step")?, reader.counts("model")?);
    let (accounts, levels) = (reader.counts("account")?, reader.texts("level")?);
    let (var, es) = (reader.numbers("var")?, reader.numbers("es")?);
    let (depth, outcomes) = (reader.optional("depth")?, reader.texts("outcome")?);
    let (fits, log_likelihood) = (reader.texts("fit")?, reader.optional("log_likelihood")?);
    let gradient_norm = reader.optional("gradient_norm")?;
    for row in 0..steps.len() {
        let day = day_of(days, steps[row]).ok_or_else(|| reader.broken("step"))?;
        let of = day.models.get_mut(models[row]).ok_or_else(|| reader.broken("model"))?;
        let level = levels[row].and_then(|text| text.parse().ok());
        let known = |name: &str| FitOutcome::ALL.into_iter().find(|outcome| outcome.name() == name);
        let outcome = outcomes[row].map(|name| known(name).ok_or_else(|| reader.broken("outcome")));
        of.forecasts.fits.push(fits[row]);
        of.forecasts.rows.push(DayForecast {
            account: accounts[row],
            level: level.ok_or_else(|| reader.broken("level"))?,
            var: var[row],
            es: es[row],
            depth: depth[row],
            outcome: outcome.transpose()?,
            log_likelihood: log_likelihood[row],
            gradient_norm: gradient_norm[row],
        });
    }
    Ok(())
}
