//! Initial margin by a model of one series: what today's book would have gained or lost, day after day, over its own past.
//!
//! ```text
//! x[i]     = P&L of today's book under the i-th of the last moves of the market, oldest first
//! VaR, ES  = the model of `series`, fitted on x and asked for its next value          positive = loss
//! initial  = max( VaR or ES, 0 ),   maintenance = share x initial
//! ```
//!
//! Books change, so their own P&L of the past says little of today's; the book of today is revalued in full under each past move
//! ([`mpor_risk::revalue`]), once a day for all accounts. The models are those of [`mpor_risk::series::catalog`]: laws of the window,
//! volatility models with filtered residuals or a law of them, CAViaR, score-driven ones. Source: Barone-Adesi, Giannopoulos and
//! Vosper (1999), "VaR without correlations for portfolios of derivative securities", Journal of Futures Markets 19(5), 583-602,
//! section 2, for the book's own series; each model's file names its own.
//!
//! Over a margin period of `m` steps the moves are those of one step times `sqrt(m)` (`scaling = "sqrt_time"`): the series does not
//! overlap, so that a model in time finds the memory of the market and not that of the overlap, and options are revalued at moves of
//! the size of the period. `overlapping` moves over `m` steps are refused for such models.
//!
//! Each book is fitted on each date, from the starts of the settings and not from the fit before: dates do not depend on each other.
//! A fit that fails is said, counted and used as it is, or replaced by the model that `fallback` names, and that is said and counted
//! too. A book that does not move in any scenario needs no fit: its figures are its one loss. Says nothing about liquidity,
//! concentration or wrong-way risk. Twice the book needs twice the money, for fitted models to the precision of their search. Not
//! sub-additive in general: each book has a fit of its own.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use mpor_core::{Level, Portfolio};
use mpor_risk::parametric::VarEs;
use mpor_risk::scenario::{Historical, Passage, Scaling};
use mpor_risk::series::catalog::Entry;
use mpor_risk::series::{CATALOG, SeriesVar, Settings};
use mpor_risk::volatility::FitOptions;
use mpor_risk::{
    Day, Measure, PredictedLaw, Revaluation, RiskError, ScenarioSpec, SearchOptions, SmileDynamics,
};
use mpor_stats::ewma::Decay;
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::forecast::{BookForecast, FitOutcome, FitReport};
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Prepared, Scratch};
use crate::models::var::steps_needed;
use crate::{nearest, parse};

pub(crate) const INFO: KindInfo = KindInfo {
    id: "series-var",
    summary: "value at risk or expected shortfall of the book's own hypothetical history, by a model of one series",
    source: "Barone-Adesi, Giannopoulos and Vosper (1999); each model of the catalog has its own",
    size: Size::Proportional,
    parameters: &[
        Parameter::required("series", "the model, such as \"fhs_garch\"; unknown names list all"),
        Parameter::required("level", "confidence level, such as 0.99"),
        Parameter::required("window", "moves that the model is fitted on"),
        Parameter::optional("measure", "\"var\"", "\"var\" or \"es\""),
        Parameter::optional(
            "scaling",
            "\"sqrt_time\"",
            "one-step moves times the root of the margin period, or \"overlapping\" moves for a model without memory",
        ),
        Parameter::optional("smile", "\"sticky_moneyness\"", "what the smile does when spot moves"),
        Parameter::optional(
            "time",
            "\"horizon\"",
            "whether the margin period passes: \"horizon\" or \"instant\"",
        ),
        Parameter::optional(
            "decay",
            "0.97",
            "decay of squares a step, for `hull_white` and `hull_white_mid`",
        ),
        Parameter::optional("burn_in", "20", "moves before the window that start their volatility"),
        Parameter::optional("age_decay", "0.98", "decay of weights a step, for `age_weighted`"),
        Parameter::optional(
            "beyond",
            "0.1",
            "share of residuals above the threshold of `garch_pareto`",
        ),
        Parameter::optional(
            "draws",
            "2000",
            "random starts that searches without derivatives look at",
        ),
        Parameter::optional(
            "fallback",
            "none",
            "the model for a book whose fit fails; without it what was found is used, and said",
        ),
        Parameter::optional("maintenance", "1", "maintenance margin as a share of initial, 0 to 1"),
    ],
    build,
};

/// Models without memory: the order of the series does not matter to them.
const WITHOUT_MEMORY: [&str; 4] = ["cornish_fisher", "normal", "plain", "student"];

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    series: String,
    level: Level,
    window: usize,
    #[serde(default = "value_at_risk")]
    measure: Measure,
    #[serde(default = "sqrt_time")]
    scaling: Scaling,
    #[serde(default = "moving_smile")]
    smile: SmileDynamics,
    #[serde(default)]
    time: Passage,
    #[serde(default = "decay")]
    decay: f64,
    #[serde(default = "burn_in")]
    burn_in: usize,
    #[serde(default = "age_decay")]
    age_decay: f64,
    #[serde(default = "beyond")]
    beyond: f64,
    #[serde(default = "draws")]
    draws: usize,
    #[serde(default)]
    fallback: Option<String>,
    #[serde(default = "all")]
    maintenance: f64,
}

fn value_at_risk() -> Measure {
    Measure::Var
}

fn sqrt_time() -> Scaling {
    Scaling::SqrtTime
}

fn moving_smile() -> SmileDynamics {
    SmileDynamics::StickyMoneyness
}

fn decay() -> f64 {
    0.97
}

fn burn_in() -> usize {
    20
}

fn age_decay() -> f64 {
    0.98
}

fn beyond() -> f64 {
    0.1
}

fn draws() -> usize {
    SearchOptions::default().draws
}

fn all() -> f64 {
    1.0
}

struct SeriesMargin {
    id: String,
    parameters: Parameters,
    settings: Settings,
    entry: &'static Entry,
    fallback: Option<&'static Entry>,
    scenarios: ScenarioSpec,
}

struct PreparedSeries<'d> {
    held: Held<'d>,
    revaluation: Arc<Revaluation>,
    model: Box<dyn SeriesVar>,
    fallback: Option<(&'static str, Box<dyn SeriesVar>)>,
    level: Level,
    measure: Measure,
    maintenance: f64,
    figure_name: String,
    /// The last book and its answer: a book is asked for its requirement, then for its forecast.
    last: Mutex<Option<(Portfolio, Arc<Answer>)>>,
}

/// What the model says of one book.
#[derive(Clone, Debug)]
struct Answer {
    tail: VarEs,
    law: Option<PredictedLaw>,
    fit: FitReport,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    let entry = entry(name, "series", &parameters.series)?;
    let fallback = parameters.fallback.as_deref();
    let fallback = fallback.map(|known| self::entry(name, "fallback", known)).transpose()?;
    if parameters.scaling == Scaling::Overlapping && !WITHOUT_MEMORY.contains(&entry.name) {
        let problem = format!(
            "is \"overlapping\", and overlapping moves have a memory that `{}` would take for the market's: use \"sqrt_time\"",
            entry.name
        );
        return Err(parse::refuse(name, "scaling", problem));
    }
    let expected = "a share between 0 and 1";
    parse::within(name, "maintenance", parameters.maintenance, (0.0, 1.0), expected)?;
    parse::within(name, "beyond", parameters.beyond, (0.0, 1.0), expected)?;
    let settings = settings(name, &parameters)?;
    let needs = [Some(entry), fallback].into_iter().flatten();
    let needs = needs.map(|entry| entry.model(&settings).needs()).max().unwrap_or(0);
    let Parameters { scaling, smile, time, .. } = parameters;
    let scenarios = ScenarioSpec::Historical(Historical { window: needs, scaling, smile, time });
    scenarios
        .check()
        .map_err(|error| parse::refuse(name, "window", format!("cannot be used: {error}")))?;
    let id = name.to_owned();
    Ok(Box::new(SeriesMargin { id, parameters, settings, entry, fallback, scenarios }))
}

fn entry(model: &str, key: &str, name: &str) -> Result<&'static Entry, MarginError> {
    Entry::of(name).ok_or_else(|| {
        let hint = nearest::hint(name, CATALOG.iter().map(|entry| entry.name));
        parse::refuse(model, key, format!("is `{name}`, which is no model of a series; {hint}"))
    })
}

fn settings(name: &str, parameters: &Parameters) -> Result<Settings, MarginError> {
    let decay = |key: &str, value: f64| {
        Decay::new(value).map_err(|error| parse::refuse(name, key, format!("is refused: {error}")))
    };
    Ok(Settings {
        window: parameters.window,
        decay: decay("decay", parameters.decay)?,
        burn_in: parameters.burn_in,
        age_decay: decay("age_decay", parameters.age_decay)?,
        beyond: parameters.beyond,
        fit: FitOptions::default(),
        search: SearchOptions { draws: parameters.draws, ..SearchOptions::default() },
    })
}

impl MarginModel for SeriesMargin {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        steps_needed(&self.scenarios)
    }

    fn fits(&self) -> bool {
        true
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let search = SearchOptions { seed: day.seed, ..self.settings.search };
        let settings = Settings { search, ..self.settings };
        let measure = self.parameters.measure;
        let figure = if measure == Measure::Var { "value at risk" } else { "expected shortfall" };
        Ok(Box::new(PreparedSeries {
            held: Held::new(&self.id, day),
            revaluation: day.revaluation(&self.scenarios)?,
            model: self.entry.model(&settings),
            fallback: self.fallback.map(|entry| (entry.name, entry.model(&settings))),
            level: self.parameters.level,
            measure,
            maintenance: self.parameters.maintenance,
            figure_name: format!("{figure} by {}", self.entry.name),
            last: Mutex::new(None),
        }))
    }
}

impl Prepared for PreparedSeries<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let tail = Component::leaf(self.figure_name.clone(), self.figure(portfolio)?);
        let initial = Component::max("not below zero", vec![tail, Component::leaf("zero", 0.0)]);
        let maintenance = Component::scaled("maintenance", self.maintenance, initial.clone());
        Ok(MarginReport { initial, maintenance, binding: None, gross_notional })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        _scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        let initial = self.figure(portfolio)?.max(0.0);
        let binding: Option<Cow<'p, str>> = None;
        Ok(Amounts { initial, maintenance: self.maintenance * initial, binding })
    }

    fn forecast(&self, portfolio: &Portfolio) -> Result<Option<BookForecast>, MarginError> {
        if portfolio.is_empty() {
            return Ok(None);
        }
        let Answer { tail: VarEs { var, es }, law, fit } = (*self.answer(portfolio)?).clone();
        Ok(Some(BookForecast { level: self.level, var, es, law, fit: Some(fit) }))
    }
}

impl PreparedSeries<'_> {
    fn figure(&self, portfolio: &Portfolio) -> Result<f64, MarginError> {
        let tail = self.answer(portfolio)?.tail;
        Ok(if self.measure == Measure::Var { tail.var } else { tail.es })
    }

    fn answer(&self, portfolio: &Portfolio) -> Result<Arc<Answer>, MarginError> {
        let known = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, answer)) = known.filter(|(book, _)| book == portfolio) {
            return Ok(answer);
        }
        let mut pnl = vec![0.0; self.revaluation.scenarios.len()];
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            self.revaluation.add_row(row, position.quantity, &mut pnl);
        }
        let answer = Arc::new(self.fit(&pnl)?);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((portfolio.clone(), Arc::clone(&answer)));
        Ok(answer)
    }

    /// The model's figures, or those of the fallback where the fit fails and the study names one.
    fn fit(&self, pnl: &[f64]) -> Result<Answer, RiskError> {
        if let Some(answer) = unmoved(pnl) {
            return Ok(answer);
        }
        let own = fitted(self.model.as_ref(), pnl, self.level);
        let failed = match &own {
            Ok(answer) if answer.fit.outcome == FitOutcome::Found => return own,
            Ok(answer) => answer.fit.text.clone(),
            Err(error) => error.to_string(),
        };
        let Some((name, fallback)) = &self.fallback else { return own };
        let answer = fitted(fallback.as_ref(), pnl, self.level)?;
        let text = format!("{failed}; {name} in its place");
        let fit = FitReport { outcome: FitOutcome::Replaced, text, ..answer.fit };
        Ok(Answer { fit, ..answer })
    }
}

/// The answer for a book that gains or loses the same in every scenario.
fn unmoved(pnl: &[f64]) -> Option<Answer> {
    let &first = pnl.first()?;
    if pnl.iter().any(|&pnl| pnl != first) {
        return None;
    }
    let (outcome, text) = (FitOutcome::Found, "nothing to fit: the book does not move".to_owned());
    let fit = FitReport { outcome, text, log_likelihood: None, gradient_norm: None };
    let law = PredictedLaw::Scenarios { pnl: pnl.to_vec(), weights: None };
    Some(Answer { tail: VarEs { var: -first, es: -first }, law: Some(law), fit })
}

fn fitted(model: &dyn SeriesVar, pnl: &[f64], level: Level) -> Result<Answer, RiskError> {
    let estimate = model.fit(pnl, level, None)?;
    let tail = model.tail(pnl, level, &estimate)?;
    let law = model.law(pnl, &estimate)?;
    let outcome = if estimate.is_usable() { FitOutcome::Found } else { FitOutcome::Failed };
    let text = estimate.status.map_or("nothing to fit".to_owned(), |status| status.to_string());
    let (log_likelihood, gradient_norm) = (estimate.log_likelihood, estimate.gradient_norm);
    Ok(Answer { tail, law, fit: FitReport { outcome, text, log_likelihood, gradient_norm } })
}
