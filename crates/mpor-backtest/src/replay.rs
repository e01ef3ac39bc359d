//! The replay: at each margin date, what does each model ask of each account, and what did the account then lose?
//!
//! Models see a [`Day`]: the past up to the margin date, the market state at it, and the instruments held by anyone. The
//! losses come from the steps after it and never meet a model. Days are independent of each other and run in parallel; they
//! are collected in order, and sums run in instrument order, so the bits do not depend on the number of threads.

use std::ops::Range;

use mpor_core::{Books, History, Horizon, InstrumentIx, MarketState, Portfolio};
use mpor_margin::{MarginError, MarginModel, Prepared, Scratch};
use mpor_risk::Day;
use rayon::prelude::*;

use crate::day::{DayResult, ModelDay, Parts};
use crate::error::BacktestError;
use crate::realised::{AccountLoss, UnitPnl, gross_notional};

/// What to replay.
#[derive(Clone, Debug)]
pub struct ReplayConfig {
    /// Steps of the panel that are margin dates.
    pub steps: Range<usize>,
    /// The margin period of risk.
    pub horizon: Horizon,
    /// The study's seed.
    pub seed: u64,
    /// Whether to keep the parts of each requirement.
    pub parts: Parts,
    /// Whether to keep the forecasts of every model that has some; those of models that fit something are always kept.
    pub forecasts: bool,
}

/// The first step at which every model has the history it needs.
///
/// # Errors
/// [`BacktestError::NoMarginDate`] when there is none, naming the model that needs most.
pub fn first_step(models: &[&dyn MarginModel], history: &History) -> Result<usize, BacktestError> {
    let found = history.panel.times().len();
    let most = models.iter().max_by_key(|model| model.history_steps());
    match most {
        Some(model) if model.history_steps() > found => Err(BacktestError::NoMarginDate {
            model: model.id().to_owned(),
            needed: model.history_steps(),
            found,
        }),
        Some(model) => Ok(model.history_steps().saturating_sub(1)),
        None => Err(BacktestError::Nothing("models")),
    }
}

/// Replays the margin dates of `config.steps`, in order.
///
/// # Errors
/// [`BacktestError`] naming the model, account or instrument and the time; the earliest failing day is reported.
pub fn replay(
    history: &History,
    books: &Books,
    models: &[&dyn MarginModel],
    config: &ReplayConfig,
) -> Result<Vec<DayResult>, BacktestError> {
    check(history, books, models, config)?;
    let states = states(history, config)?;
    let replay = Replay { history, books, models, config, states: &states };
    let days: Vec<Result<DayResult, BacktestError>> =
        config.steps.clone().into_par_iter().map(|step| replay.day(step)).collect();
    days.into_iter().collect()
}

/// Instruments with a position in any of the portfolios, ascending.
#[must_use]
pub fn held(instruments: usize, portfolios: &[Portfolio]) -> Vec<InstrumentIx> {
    let mut is_held = vec![false; instruments];
    for position in portfolios.iter().flat_map(Portfolio::positions) {
        is_held[position.instrument.0] = true;
    }
    (0..instruments).filter(|&ix| is_held[ix]).map(InstrumentIx).collect()
}

/// Market states of the steps from the first of `steps` on, as far as the last margin date's MPOR reaches.
fn states(history: &History, config: &ReplayConfig) -> Result<Vec<MarketState>, BacktestError> {
    let end = (config.steps.end + config.horizon.steps()).min(history.panel.times().len());
    let states: Vec<_> =
        (config.steps.start..end).into_par_iter().map(|step| history.state(step)).collect();
    Ok(states.into_iter().collect::<Result<_, _>>()?)
}

fn check(
    history: &History,
    books: &Books,
    models: &[&dyn MarginModel],
    config: &ReplayConfig,
) -> Result<(), BacktestError> {
    if models.is_empty() {
        return Err(BacktestError::Nothing("models"));
    }
    if books.accounts.is_empty() {
        return Err(BacktestError::Nothing("accounts"));
    }
    let times = history.panel.times();
    let Range { start: from, end: to } = config.steps;
    if from >= to || to > times.len() {
        return Err(BacktestError::Steps { from, to, steps: times.len() });
    }
    for step in config.steps.clone() {
        let found = books.portfolios.get(step).map_or(0, Vec::len);
        if found != books.accounts.len() {
            let expected = books.accounts.len();
            return Err(BacktestError::Books { time: times[step], found, expected });
        }
    }
    Ok(())
}

/// Keeps what the model forecasts of a book, where it forecasts anything, with the place of the realised loss in it.
fn take_forecast(
    answers: &mut ModelDay,
    prepared: &dyn Prepared,
    account: usize,
    portfolio: &Portfolio,
    loss: &AccountLoss,
) -> Result<(), MarginError> {
    let Some(forecast) = prepared.forecast(portfolio)? else { return Ok(()) };
    answers.forecasts.take(account, &forecast, loss.horizon)
}

struct Replay<'a> {
    history: &'a History,
    books: &'a Books,
    models: &'a [&'a dyn MarginModel],
    config: &'a ReplayConfig,
    states: &'a [MarketState],
}

impl Replay<'_> {
    fn day(&self, step: usize) -> Result<DayResult, BacktestError> {
        let from = step - self.config.steps.start;
        let state = &self.states[from];
        let portfolios = &self.books.portfolios[step];
        let held = held(self.history.universe.instruments().len(), portfolios);
        let day = Day::new(
            self.history.panel.until(step),
            state,
            &self.history.universe,
            &held,
            self.config.horizon,
            self.config.seed,
        );
        // Outcomes stay here: no model meets them, and only the place of a loss in a law is kept beside a forecast.
        let losses = self.losses(step, held.clone(), portfolios)?;
        let models = self
            .models
            .iter()
            .map(|model| self.model_day(*model, &day, portfolios, &losses))
            .collect::<Result<_, _>>()?;
        Ok(DayResult { step, time: state.time, models, losses })
    }

    fn model_day(
        &self,
        model: &dyn MarginModel,
        day: &Day<'_>,
        portfolios: &[Portfolio],
        losses: &[AccountLoss],
    ) -> Result<ModelDay, BacktestError> {
        let stopped = |source| BacktestError::Prepare {
            model: model.id().to_owned(),
            time: day.time(),
            source: Box::new(source),
        };
        let prepared = model.prepare(day).map_err(stopped)?;
        prepared.announce(portfolios).map_err(stopped)?;
        let mut answers = ModelDay::default();
        let mut scratch = Scratch::default();
        let forecasts = self.config.forecasts || model.fits();
        for (at, (portfolio, account)) in portfolios.iter().zip(&self.books.accounts).enumerate() {
            let ask = match self.config.parts {
                Parts::Keep => prepared.requirement(portfolio).map(|report| answers.push(&report)),
                Parts::Drop => prepared
                    .amounts(portfolio, &mut scratch)
                    .map(|amounts| answers.push_amounts(&amounts)),
            };
            let ask = ask.and_then(|()| answers.figures.take(at, prepared.figures(portfolio)?));
            let ask = ask.and_then(|()| match forecasts {
                true => take_forecast(&mut answers, &*prepared, at, portfolio, &losses[at]),
                false => Ok(()),
            });
            ask.map_err(|source| BacktestError::Requirement {
                model: model.id().to_owned(),
                account: account.clone(),
                time: day.time(),
                source: Box::new(source),
            })?;
        }
        self.check_finite(model.id(), day, &answers)?;
        Ok(answers)
    }

    fn check_finite(
        &self,
        model: &str,
        day: &Day<'_>,
        answers: &ModelDay,
    ) -> Result<(), BacktestError> {
        let both = answers.initial.iter().zip(&answers.maintenance);
        let odd = both.enumerate().find_map(|(account, (&initial, &maintenance))| {
            let amount = [initial, maintenance].into_iter().find(|amount| !amount.is_finite())?;
            Some((account, amount))
        });
        let Some((account, amount)) = odd else { return Ok(()) };
        let (model, account) = (model.to_owned(), self.books.accounts[account].clone());
        Err(BacktestError::NotFinite { model, account, time: day.time(), amount })
    }

    fn losses(
        &self,
        step: usize,
        held: Vec<InstrumentIx>,
        portfolios: &[Portfolio],
    ) -> Result<Vec<AccountLoss>, BacktestError> {
        let from = step - self.config.steps.start;
        let state = &self.states[from];
        let over = self.states.get(from..=from + self.config.horizon.steps());
        let unit =
            over.map(|states| UnitPnl::realise(self.history, step, states, held)).transpose()?;
        let mut path = Vec::new();
        let mut account = |portfolio: &Portfolio| {
            let loss = unit.as_ref().map(|unit| unit.loss_over(portfolio, &mut path));
            let gross_notional = gross_notional(self.history, state, portfolio);
            AccountLoss { gross_notional, ..loss.unwrap_or_default() }
        };
        Ok(portfolios.iter().map(&mut account).collect())
    }
}
