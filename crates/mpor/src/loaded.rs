//! A study with everything that its replay needs: history, books, models and margin dates.

use std::ops::Range;

use mpor_backtest::books::{self, BookError};
use mpor_backtest::{BacktestError, ModelInfo, first_step};
use mpor_core::{Books, Contract, History, Horizon, Instrument, Right, Settlement, Timestamp};
use mpor_data::Query;
use mpor_data::positions::{self, InstrumentRow};
use mpor_margin::{BuiltModel, MarginError, MarginModel, Overlay, RuleLibrary};
use mpor_risk::RiskError;

use crate::error::MporError;
use crate::inputs;
use crate::late_calls;
use crate::market::{self, Market, futures_tables};
use crate::moment;
use crate::offsets;
use crate::study::{StudyFile, nearest};

/// What a study comes to once its files are read.
pub struct Loaded {
    /// Market history with the contracts that are held, and what must be said about it.
    pub market: Market,
    /// Portfolios by step of the panel and account.
    pub books: Books,
    /// The models, in the study's order.
    pub models: Vec<Box<dyn MarginModel>>,
    /// The overlays of each model.
    pub overlays: Vec<Vec<Box<dyn Overlay>>>,
    /// What the report says of each model.
    pub infos: Vec<ModelInfo>,
    /// The margin period of risk.
    pub horizon: Horizon,
    /// Steps of the panel that are margin dates.
    pub steps: Range<usize>,
    /// When calls became late, by account; empty where the study names none.
    pub late_calls: Vec<Vec<Timestamp>>,
}

impl Loaded {
    /// Reads the study's files and builds its models and books.
    ///
    /// # Errors
    /// [`MporError`] naming the place in the study, the file and row, or the model.
    pub fn new(file: &StudyFile) -> Result<Self, MporError> {
        let models = build_models(file)?;
        // A file that is not there is told with what makes it, before anything else is read.
        inputs::files(file)?;
        let mut market = market::load(file)?;
        let horizon = horizon(file, &market)?;
        let steps = steps(file, &mut market, &models)?;
        check_horizon(file, horizon, &steps)?;
        let books = books(file, &mut market, steps.clone())?;
        check_account(file, &books)?;
        let said = market::marks::load(file, &mut market.history)?;
        market.notes.extend(said);
        check_collateral(file, &books)?;
        offsets::check(file, &market.history, &books, steps.clone())?;
        let (late_calls, said) = late_calls::load(file, &books)?;
        market.notes.extend(said);
        market.tables.extend(futures_tables::trades(file, &market.history, &books)?);
        let infos = infos(file, &models, &mut market.notes);
        let (models, overlays) =
            models.into_iter().map(|built| (built.model, built.overlays)).unzip();
        let mut loaded =
            Loaded { market, books, models, overlays, infos, horizon, steps, late_calls };
        let valued = futures_tables::valued(file, &loaded)?;
        loaded.market.notes.extend(valued);
        Ok(loaded)
    }

    /// Market history.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.market.history
    }

    /// The margin dates.
    #[must_use]
    pub fn dates(&self) -> &[Timestamp] {
        &self.history().panel.times()[self.steps.clone()]
    }

    /// The margin date that a time means: itself, or for a midnight the margin date of that day.
    ///
    /// # Errors
    /// [`MporError::Question`] for a day without a margin date.
    pub fn margin_date(&self, time: Timestamp) -> Result<Timestamp, MporError> {
        let dates = self.dates();
        if dates.binary_search(&time).is_ok() || time != Timestamp::from_date(time.date()) {
            return Ok(time);
        }
        dates.iter().copied().find(|date| date.date() == time.date()).ok_or_else(|| {
            MporError::Question(format!(
                "{} has no margin date; the study's run from {} to {}",
                time.date(),
                dates[0],
                dates[dates.len() - 1]
            ))
        })
    }

    /// The models as the replay asks them.
    #[must_use]
    pub fn asked(&self) -> Vec<&dyn MarginModel> {
        self.models.iter().map(|model| &**model).collect()
    }
}

/// A fault of the study's model where its rules say nothing about a date or an instrument, or its parameters do not go with the
/// margin period; else of the replay.
pub(crate) fn replay_error(file: &StudyFile, error: BacktestError) -> MporError {
    let (BacktestError::Prepare { model, source, .. }
    | BacktestError::Requirement { model, source, .. }) = &error
    else {
        return error.into();
    };
    let of_study = matches!(
        **source,
        MarginError::NotCovered { .. }
            | MarginError::NotInForce { .. }
            | MarginError::Risk(RiskError::Parameter { .. })
    );
    match file.models.iter().position(|spec| spec.name == *model).filter(|_| of_study) {
        Some(index) => file.model_error(index, &error.to_string()).into(),
        None => error.into(),
    }
}

/// The rule sets of the binary and of the study's own folders.
///
/// # Errors
/// [`MporError::Study`] naming the rule file.
pub fn library(file: &StudyFile) -> Result<RuleLibrary, MporError> {
    let mut library =
        RuleLibrary::embedded().map_err(|error| file.error_at(&["data"], error.to_string()))?;
    for folder in &file.study.data.rules {
        library = library
            .with_directory(std::path::Path::new(&file.resolve(folder)))
            .map_err(|error| file.error_at(&["data", "rules"], error.to_string()))?;
    }
    Ok(library.with_code(file.code.clone()))
}

pub(crate) fn build_models(file: &StudyFile) -> Result<Vec<BuiltModel>, MporError> {
    let library = library(file)?;
    let build = |(index, spec)| {
        mpor_margin::build(spec, &library)
            .map_err(|error| file.model_error(index, &error.to_string()).into())
    };
    file.models.iter().enumerate().map(build).collect()
}

/// What is said of each model; a margin period of its rules that is not the study's is said in its summary and in a remark.
fn infos(file: &StudyFile, models: &[BuiltModel], notes: &mut Vec<String>) -> Vec<ModelInfo> {
    let period = file.study.mpor.horizon;
    let mut info = |(built, spec): (&BuiltModel, &mpor_margin::ModelSpec)| {
        let mut summary = built.summary.clone();
        if let Some(own) = built.model.margin_period().filter(|own| *own != period) {
            summary += &format!("; margin period of the rules {own}, here {period}");
            notes.push(format!(
                "Model {}: the margin period of its rules is {own}; its requirement is over the study's {period} and is not scaled.",
                spec.name
            ));
        }
        ModelInfo {
            id: spec.name.clone(),
            kind: built.kind.clone(),
            summary,
            rules: built.rules.clone(),
            baseline: spec.baseline,
        }
    };
    models.iter().zip(&file.models).map(&mut info).collect()
}

fn horizon(file: &StudyFile, market: &Market) -> Result<Horizon, MporError> {
    let horizon = market.calendar.horizon(file.study.mpor.horizon);
    horizon.map_err(|error| file.error_at(&["mpor", "horizon"], market::problem(error)).into())
}

/// Without one finished margin period there is no loss to compare with.
fn check_horizon(
    file: &StudyFile,
    horizon: Horizon,
    steps: &Range<usize>,
) -> Result<(), MporError> {
    if horizon.steps() < steps.len() {
        return Ok(());
    }
    let problem = format!(
        "an MPOR of {horizon} does not end within the {} margin dates of the study: no loss is ever realised",
        steps.len()
    );
    Err(file.error_at(&["mpor", "horizon"], problem).into())
}

fn check_account(file: &StudyFile, books: &Books) -> Result<(), MporError> {
    let Some(wanted) = &file.study.report.account else { return Ok(()) };
    if books.accounts.contains(wanted) {
        return Ok(());
    }
    let problem = moment::no_account(&books.accounts, wanted);
    Err(file.error_at(&["report", "account"], problem).into())
}

/// Collateral belongs to accounts that the study has.
fn check_collateral(file: &StudyFile, books: &Books) -> Result<(), MporError> {
    for (index, held) in file.study.collateral.iter().enumerate() {
        if !books.accounts.contains(&held.account) {
            let names = books.accounts.iter().map(String::as_str).take(20);
            let problem =
                format!("no account `{}`; {}", held.account, nearest(&held.account, names));
            return Err(file.list_error("collateral", index, &problem).into());
        }
    }
    Ok(())
}

/// The margin dates: from the study's first, or from where every model has its history.
fn steps(
    file: &StudyFile,
    market: &mut Market,
    models: &[BuiltModel],
) -> Result<Range<usize>, MporError> {
    let asked: Vec<&dyn MarginModel> = models.iter().map(|built| built.model.as_ref()).collect();
    let ready = first_step(&asked, &market.history).map_err(|error| match &error {
        BacktestError::NoMarginDate { model, .. } => {
            let index = file.models.iter().position(|spec| spec.name == *model);
            let problem = error.to_string().replace("its window", "its `window`");
            file.model_error(index.unwrap_or_default(), &problem).into()
        }
        _ => MporError::from(error),
    })?;
    let times = market.history.panel.times();
    let wanted = times.partition_point(|&time| time < file.study.calendar.from);
    let first = wanted.max(ready);
    if first >= times.len() {
        let problem = format!(
            "no margin date is left: the data starts at {}, the models need {} steps of history, and `from` is {}",
            times[0],
            ready + 1,
            file.study.calendar.from
        );
        return Err(file.error_at(&["calendar", "from"], problem).into());
    }
    if ready > wanted {
        market.notes.push(format!(
            "Margin dates begin at {} and not at {}: the models need {} steps of history.",
            times[first].date(),
            file.study.calendar.from.date(),
            ready + 1
        ));
    }
    Ok(first..times.len())
}

/// Portfolios from rules or tables; steps before the first margin date have none.
fn books(file: &StudyFile, market: &mut Market, steps: Range<usize>) -> Result<Books, MporError> {
    let first = steps.start;
    let data = &file.study.data;
    let mut books = if !file.study.portfolio.is_empty() {
        let rules = &file.study.portfolio;
        books::build(rules, &mut market.history, steps, file.study.seed).map_err(|error| {
            let index = match &error {
                BookError::Rule { rule, .. } => rules.iter().position(|named| named.name == *rule),
                BookError::SameName { name } => rules.iter().rposition(|named| named.name == *name),
                _ => None,
            };
            match index {
                Some(index) => file.list_error("portfolio", index, &error.to_string()),
                None => file.error_at(&["portfolio"], error.to_string()),
            }
        })?
    } else {
        add_instruments(file, &mut market.history)?;
        let trades = !data.trades.list().is_empty();
        let paths = file.resolve_all(if trades { &data.trades } else { &data.positions });
        let query = Query::all(paths.clone());
        let tables = if trades {
            books::from_trades(&positions::trades(&query)?, &market.history, steps)
        } else {
            books::from_rows(&positions::positions(&query)?, &market.history, steps)
        };
        let place = paths.join(", ");
        let tables = tables.map_err(|error| MporError::History(format!("{place}: {error}")))?;
        if tables.expired > 0 {
            market.notes.push(format!(
                "Positions that outlive their instrument in the positions files end at its expiry: {}.",
                tables.expired
            ));
        }
        tables.books
    };
    books.portfolios.splice(0..0, std::iter::repeat_n(Vec::new(), first));
    Ok(books)
}

fn add_instruments(file: &StudyFile, history: &mut History) -> Result<(), MporError> {
    let paths = file.resolve_all(&file.study.data.instruments);
    if paths.is_empty() {
        let problem = "positions name instruments: `data.instruments` must name their table";
        return Err(file.error_at(&["data"], problem).into());
    }
    for row in positions::instruments(&Query::all(paths))? {
        let instrument = instrument(history, &row)?;
        history.universe.add(instrument).map_err(|error| MporError::History(error.to_string()))?;
    }
    Ok(())
}

/// A row of the `instruments` table as a contract.
fn instrument(history: &History, row: &InstrumentRow) -> Result<Instrument, MporError> {
    let missing = |column: &str| {
        MporError::History(format!("instrument `{}` has no {column}", row.instrument))
    };
    let underlying = history.universe.find_underlying(&row.underlying).ok_or_else(|| {
        MporError::History(format!(
            "instrument `{}` is written on `{}`, which is no `[[underlying]]` of the study",
            row.instrument, row.underlying
        ))
    })?;
    for (column, value) in [("contract_size", Some(row.contract_size)), ("strike", row.strike)] {
        if let Some(value) = value.filter(|value| !(*value > 0.0 && value.is_finite())) {
            let name = &row.instrument;
            let problem = format!("instrument `{name}` has {column} {value}; it is above zero");
            return Err(MporError::History(problem));
        }
    }
    let settlement = if row.inverse { Settlement::Coin } else { Settlement::Cash };
    let expiry = || row.expiry.ok_or_else(|| missing("expiry"));
    let contract = match row.kind.as_str() {
        "spot" => Contract::Spot,
        "perpetual" => Contract::Perpetual { settlement },
        "future" => Contract::Future { expiry: expiry()?, settlement },
        "option" => Contract::Option {
            expiry: expiry()?,
            strike: row.strike.ok_or_else(|| missing("strike"))?,
            right: match row.right {
                Some(Right::Call) => Right::Call,
                Some(Right::Put) => Right::Put,
                None => return Err(missing("right")),
            },
            settlement,
        },
        other => {
            return Err(MporError::History(format!(
                "instrument `{}` is of kind `{other}`; known: spot, future, perpetual, option",
                row.instrument
            )));
        }
    };
    Ok(Instrument {
        name: row.instrument.clone(),
        underlying,
        contract_size: row.contract_size,
        contract,
    })
}
