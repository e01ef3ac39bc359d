//! Replayed days as tables, and back, without the loss of a bit: what a run writes as it goes and resumes from.
//!
//! | table | row | columns |
//! | --- | --- | --- |
//! | `days` | day | `step time` |
//! | `losses` | day, account | `horizon worst gross_notional marks surface settlements` |
//! | `requirements` | day, model, account | `initial maintenance binding` |
//! | `components` | day, model, part, account | `step model part account amount` |
//! | `figures` | day, model, overlay, figure, account | `step model overlay figure account amount` |
//! | `forecasts` | day, model, account with a forecast | `step model account level var es depth outcome fit log_likelihood gradient_norm` |
//!
//! A day has every account, and every model's answer for it, so the place of a row says whose it is; parts are kept where
//! there are any, and say it themselves. Accounts and models are numbers here, their positions in the study: a shard
//! belongs to one study, and is laid out with names only at the end.

use std::ops::Range;

use mpor_core::{Column, Labels, Table, Timestamp};

use crate::day::{DayResult, ModelDay};
use crate::error::BacktestError;
use crate::figures;
use crate::forecast_paths;
use crate::realised::AccountLoss;
use crate::result::SourceCounts;

/// Names of a shard's tables, in the order of [`to_tables`].
pub const TABLES: [&str; 6] =
    ["days", "losses", "requirements", "components", "figures", "forecasts"];

const DAYS: &str = TABLES[0];
const LOSSES: &str = TABLES[1];
const REQUIREMENTS: &str = TABLES[2];
const COMPONENTS: &str = TABLES[3];
pub(crate) const FIGURES: &str = TABLES[4];
pub(crate) const FORECASTS: &str = TABLES[5];

/// The tables of a block of the accounts over a range of days, all of them with the same accounts and models. Accounts are
/// numbered from the first of the block. Parts and figures have no table where there are none.
///
/// # Errors
/// Never for days of the replay; [`BacktestError::Market`] when a day's columns differ in length.
pub fn to_tables(days: &[DayResult], accounts: &Range<usize>) -> Result<Vec<Table>, BacktestError> {
    let mut tables = vec![dates(days)?, losses(days, accounts)?, requirements(days, accounts)?];
    let further = [
        components(days, accounts)?,
        figures::to_table(days, accounts)?,
        forecast_paths::to_table(days, accounts)?,
    ];
    tables.extend(further.into_iter().filter(|table| table.rows() > 0));
    Ok(tables)
}

/// The days of a shard's tables.
///
/// # Errors
/// [`BacktestError::Shard`] naming the table and column that is not what [`to_tables`] writes.
pub fn from_tables(tables: &[Table]) -> Result<Vec<DayResult>, BacktestError> {
    let mut days = read_days(&Reader::new(tables, DAYS)?)?;
    let accounts = read_losses(&Reader::new(tables, LOSSES)?, &mut days)?;
    read_requirements(&Reader::new(tables, REQUIREMENTS)?, &mut days, accounts)?;
    if let Ok(reader) = Reader::new(tables, COMPONENTS) {
        read_components(&reader, &mut days)?;
    }
    if let Ok(reader) = Reader::new(tables, FIGURES) {
        figures::read(&reader, &mut days)?;
    }
    if let Ok(reader) = Reader::new(tables, FORECASTS) {
        forecast_paths::read(&reader, &mut days)?;
    }
    Ok(days)
}

fn dates(days: &[DayResult]) -> Result<Table, BacktestError> {
    Ok(Table::new(
        DAYS,
        [
            ("step", Column::counts(days.iter().map(|day| day.step))),
            ("time", Column::times(days.iter().map(|day| day.time))),
        ],
    )?)
}

fn losses(days: &[DayResult], accounts: &Range<usize>) -> Result<Table, BacktestError> {
    let rows = || days.iter().flat_map(|day| &day.losses[accounts.clone()]);
    let loss = |of: fn(&AccountLoss) -> Option<f64>| Column::Number(rows().map(of).collect());
    let count =
        |of: fn(&SourceCounts) -> usize| Column::counts(rows().map(|loss| of(&loss.sources)));
    Ok(Table::new(
        LOSSES,
        [
            ("horizon", loss(|loss| loss.horizon)),
            ("worst", loss(|loss| loss.worst)),
            ("gross_notional", loss(|loss| Some(loss.gross_notional))),
            ("marks", count(|sources| sources.marks)),
            ("surface", count(|sources| sources.surface)),
            ("settlements", count(|sources| sources.settlements)),
        ],
    )?)
}

fn requirements(days: &[DayResult], accounts: &Range<usize>) -> Result<Table, BacktestError> {
    let models = || days.iter().flat_map(|day| &day.models);
    let mut binding = Labels::default();
    for of in models() {
        if *accounts == (0..of.binding.len()) {
            binding.extend_spaced(&of.binding, 1);
        } else {
            accounts.clone().for_each(|account| binding.push(of.binding.get(account)));
        }
    }
    let amounts = |of: fn(&ModelDay) -> &[f64]| {
        Column::numbers(models().flat_map(|day| &of(day)[accounts.clone()]).copied())
    };
    Ok(Table::new(
        REQUIREMENTS,
        [
            ("initial", amounts(|of| &of.initial)),
            ("maintenance", amounts(|of| &of.maintenance)),
            ("binding", Column::Label(binding)),
        ],
    )?)
}

fn components(days: &[DayResult], block: &Range<usize>) -> Result<Table, BacktestError> {
    let (mut steps, mut models, mut parts, mut accounts, mut amounts) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for day in days {
        for (model, of) in day.models.iter().enumerate() {
            for (name, by_account) in &of.parts {
                for (account, amount) in
                    by_account.iter().skip(block.start).take(block.len()).enumerate()
                {
                    let Some(amount) = amount else { continue };
                    steps.push(day.step);
                    models.push(model);
                    parts.push(name.as_str());
                    accounts.push(account);
                    amounts.push(*amount);
                }
            }
        }
    }
    Ok(Table::new(
        COMPONENTS,
        [
            ("step", Column::counts(steps)),
            ("model", Column::counts(models)),
            ("part", Column::labels(parts)),
            ("account", Column::counts(accounts)),
            ("amount", Column::numbers(amounts)),
        ],
    )?)
}

/// One table, read by column, with errors that name the place.
pub(crate) struct Reader<'a> {
    name: &'static str,
    table: &'a Table,
}

impl<'a> Reader<'a> {
    fn new(tables: &'a [Table], name: &'static str) -> Result<Self, BacktestError> {
        let table = tables.iter().find(|table| table.name() == name);
        Ok(Reader {
            name,
            table: table.ok_or(BacktestError::Shard { table: name, column: "all" })?,
        })
    }

    pub(crate) fn broken(&self, column: &'static str) -> BacktestError {
        BacktestError::Shard { table: self.name, column }
    }

    pub(crate) fn counts(&self, column: &'static str) -> Result<Vec<usize>, BacktestError> {
        let Some(Column::Count(values)) = self.table.column(column) else {
            return Err(self.broken(column));
        };
        let count = |value: &Option<i64>| value.and_then(|value| usize::try_from(value).ok());
        values.iter().map(count).collect::<Option<_>>().ok_or_else(|| self.broken(column))
    }

    pub(crate) fn optional(
        &self,
        column: &'static str,
    ) -> Result<&'a [Option<f64>], BacktestError> {
        match self.table.column(column) {
            Some(Column::Number(values)) => Ok(values),
            _ => Err(self.broken(column)),
        }
    }

    pub(crate) fn numbers(&self, column: &'static str) -> Result<Vec<f64>, BacktestError> {
        let values = self.optional(column)?.iter().copied();
        values.collect::<Option<_>>().ok_or_else(|| self.broken(column))
    }

    pub(crate) fn texts(
        &self,
        column: &'static str,
    ) -> Result<Vec<Option<&'a str>>, BacktestError> {
        match self.table.column(column) {
            Some(Column::Text(values)) => Ok(values.iter().map(Option::as_deref).collect()),
            Some(Column::Label(values)) => Ok(values.iter().collect()),
            _ => Err(self.broken(column)),
        }
    }

    fn times(&self, column: &'static str) -> Result<Vec<Timestamp>, BacktestError> {
        match self.table.column(column) {
            Some(Column::Time(values)) => {
                let times = values.iter().copied().collect::<Option<_>>();
                times.ok_or_else(|| self.broken(column))
            }
            _ => Err(self.broken(column)),
        }
    }
}

fn read_days(reader: &Reader<'_>) -> Result<Vec<DayResult>, BacktestError> {
    let (steps, times) = (reader.counts("step")?, reader.times("time")?);
    let day = |(step, time)| DayResult { step, time, models: Vec::new(), losses: Vec::new() };
    Ok(steps.into_iter().zip(times).map(day).collect())
}

/// Reads the losses of the days, and says how many accounts a day has.
fn read_losses(reader: &Reader<'_>, days: &mut [DayResult]) -> Result<usize, BacktestError> {
    let (horizon, worst) = (reader.optional("horizon")?, reader.optional("worst")?);
    let gross = reader.numbers("gross_notional")?;
    let marks = reader.counts("marks")?;
    let surface = reader.counts("surface")?;
    let settlements = reader.counts("settlements")?;
    let accounts = share(horizon.len(), days.len()).ok_or_else(|| reader.broken("horizon"))?;
    let loss = |row: usize| AccountLoss {
        horizon: horizon[row],
        worst: worst[row],
        gross_notional: gross[row],
        sources: SourceCounts {
            marks: marks[row],
            surface: surface[row],
            settlements: settlements[row],
        },
    };
    for (at, day) in days.iter_mut().enumerate() {
        day.losses = (at * accounts..(at + 1) * accounts).map(loss).collect();
    }
    Ok(accounts)
}

fn read_requirements(
    reader: &Reader<'_>,
    days: &mut [DayResult],
    accounts: usize,
) -> Result<(), BacktestError> {
    let (initial, maintenance) = (reader.numbers("initial")?, reader.numbers("maintenance")?);
    let binding = reader.texts("binding")?;
    let models = share(initial.len(), days.len() * accounts);
    let models = models.ok_or_else(|| reader.broken("initial"))?;
    let model = |at: usize| {
        let rows = at * accounts..(at + 1) * accounts;
        ModelDay {
            initial: initial[rows.clone()].to_vec(),
            maintenance: maintenance[rows.clone()].to_vec(),
            binding: binding[rows].iter().copied().collect(),
            ..ModelDay::default()
        }
    };
    for (at, day) in days.iter_mut().enumerate() {
        day.models = (at * models..(at + 1) * models).map(model).collect();
    }
    Ok(())
}

/// How many of `rows` each of `owners` has, where all have as many.
fn share(rows: usize, owners: usize) -> Option<usize> {
    if owners == 0 {
        return (rows == 0).then_some(0);
    }
    rows.is_multiple_of(owners).then_some(rows / owners)
}

fn read_components(reader: &Reader<'_>, days: &mut [DayResult]) -> Result<(), BacktestError> {
    let (steps, models) = (reader.counts("step")?, reader.counts("model")?);
    let (parts, accounts) = (reader.texts("part")?, reader.counts("account")?);
    let amounts = reader.numbers("amount")?;
    for row in 0..steps.len() {
        let day = day_of(days, steps[row]).ok_or_else(|| reader.broken("step"))?;
        let of = day.models.get_mut(models[row]).ok_or_else(|| reader.broken("model"))?;
        let part = parts[row].ok_or_else(|| reader.broken("part"))?;
        of.push_part(part, accounts[row], amounts[row]);
    }
    Ok(())
}

pub(crate) fn day_of(days: &mut [DayResult], step: usize) -> Option<&mut DayResult> {
    let at = days.binary_search_by_key(&step, |day| day.step).ok()?;
    days.get_mut(at)
}
