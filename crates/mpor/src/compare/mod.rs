//! Two finished runs side by side: what went in that differs, and what that did to requirements and evidence.
//!
//! Requirements, breaches and shortfalls are compared on the margin dates and accounts that both runs have; coverage and
//! procyclicality are those that each run states over its own dates, and a note says where these differ. Everything is read from
//! the folders: the manifests, the studies as they were run, and the Parquet tables.

mod differences;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mpor_core::Timestamp;
use serde::Serialize;

pub use differences::Difference;

use crate::error::MporError;
use read::Run;

/// Dates that are told one by one.
const MOST_DATES: usize = 10;

/// What two runs differ in.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The answer in a sentence.
    pub verdict: String,
    /// What went in: version, study keys, inputs.
    pub differences: Vec<Difference>,
    /// By model: all shared accounts together, then each.
    pub rows: Vec<Row>,
    /// The largest changes of the requirement of all shared accounts together, by date and model.
    pub moved: Vec<Moved>,
    /// Margin dates that both have.
    pub dates: usize,
    /// Remarks.
    pub notes: Vec<String>,
}

/// One account under one model, before and after. Amounts in reporting currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Model.
    pub model: String,
    /// Account; `None` for all shared ones together.
    pub account: Option<String>,
    /// Mean initial margin.
    pub mean: (f64, f64),
    /// Largest initial margin.
    pub peak: (f64, f64),
    /// Breaches.
    pub breaches: (usize, usize),
    /// Sum of shortfalls.
    pub shortfall: (f64, f64),
    /// Share of losses that stayed within, as the run states it.
    pub coverage: (Option<f64>, Option<f64>),
    /// Largest ratio of a requirement to an earlier one, as the run states it; the worst account for all together.
    pub peak_to_trough: (Option<f64>, Option<f64>),
}

/// One date under one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// Margin date.
    pub time: Timestamp,
    /// Model.
    pub model: String,
    /// Initial margin of all shared accounts.
    pub before: f64,
    /// The same in the other run.
    pub after: f64,
}

impl Row {
    /// Whether anything differs.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.mean.0 != self.mean.1
            || self.peak.0 != self.peak.1
            || self.breaches.0 != self.breaches.1
            || self.shortfall.0 != self.shortfall.1
            || self.coverage.0 != self.coverage.1
            || self.peak_to_trough.0 != self.peak_to_trough.1
    }
}

/// Compares two finished runs.
///
/// # Errors
/// [`MporError::Folder`] for a folder without a finished backtest; [`MporError::Question`] for runs that share no model,
/// account or margin date, or report in different currencies.
pub fn compare(before: &Path, after: &Path) -> Result<Comparison, MporError> {
    let runs = [Run::read(before)?, Run::read(after)?];
    let (differences, mut notes) = differences::all(&runs)?;
    let [a, b] = &runs;
    let models = shared(&a.models, &b.models, "model", &runs, &mut notes)?;
    let accounts = shared(&a.accounts, &b.accounts, "account", &runs, &mut notes)?;
    let (ours, theirs): (BTreeSet<Timestamp>, BTreeSet<Timestamp>) =
        (a.times.iter().copied().collect(), b.times.iter().copied().collect());
    let dates: BTreeSet<Timestamp> = ours.intersection(&theirs).copied().collect();
    if dates.is_empty() {
        return Err(MporError::Question(format!(
            "the runs share no margin date: {} has {}, {} has {}",
            a.shown(),
            a.period(),
            b.shown(),
            b.period()
        )));
    }
    if ours != theirs {
        notes.push(format!(
            "Margins, breaches and shortfalls are compared on the {} margin dates of both; {} has {}, {} has {}. Coverage and peak to trough are each run's own.",
            dates.len(),
            a.shown(),
            a.period(),
            b.shown(),
            b.period()
        ));
    }
    let shared = Shared { runs: &runs, accounts: &accounts, dates: &dates };
    let mut rows = Vec::new();
    let mut moved = Vec::new();
    for model in &models {
        let of_model = shared.model(model);
        rows.extend(of_model.0);
        moved.extend(of_model.1);
    }
    let size = |one: &Moved| (one.after - one.before).abs();
    moved.retain(|one| size(one) > 0.0);
    moved.sort_by(|x, y| {
        size(y).total_cmp(&size(x)).then_with(|| (x.time, &x.model).cmp(&(y.time, &y.model)))
    });
    moved.truncate(MOST_DATES);
    let verdict = verdict(&rows, models.len(), accounts.len(), dates.len());
    Ok(Comparison { verdict, differences, rows, moved, dates: dates.len(), notes })
}

/// The names that both have, in the order of the first; an error where there are none, a note on the others.
fn shared(
    before: &[String],
    after: &[String],
    what: &str,
    runs: &[Run; 2],
    notes: &mut Vec<String>,
) -> Result<Vec<String>, MporError> {
    let both: Vec<String> = before.iter().filter(|name| after.contains(name)).cloned().collect();
    if both.is_empty() {
        return Err(MporError::Question(format!(
            "the runs share no {what}: {} has {}; {} has {}",
            runs[0].shown(),
            first(before),
            runs[1].shown(),
            first(after)
        )));
    }
    for (run, own) in runs.iter().zip([before, after]) {
        let alone: Vec<String> = own.iter().filter(|name| !both.contains(name)).cloned().collect();
        if !alone.is_empty() {
            notes.push(format!("Only {} has the {what}s {}.", run.shown(), first(&alone)));
        }
    }
    Ok(both)
}

/// At most ten names.
fn first(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(10).map(String::as_str).collect();
    let more = names.len() - shown.len();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

/// What both runs have.
struct Shared<'r> {
    runs: &'r [Run; 2],
    accounts: &'r [String],
    dates: &'r BTreeSet<Timestamp>,
}

type Totals = BTreeMap<Timestamp, f64>;

impl Shared<'_> {
    /// The rows of a model, all accounts together first, and its totals by date.
    fn model(&self, model: &str) -> (Vec<Row>, Vec<Moved>) {
        let mut totals = [Totals::new(), Totals::new()];
        let mut rows = Vec::new();
        for account in self.accounts {
            let key = (model.to_owned(), account.clone());
            let paths = self.runs.each_ref().map(|run| self.path(run, &key));
            for (totals, path) in totals.iter_mut().zip(&paths) {
                path.iter().for_each(|(time, amount)| *totals.entry(*time).or_default() += amount);
            }
            let broken = self.runs.each_ref().map(|run| self.breaches(run, &key));
            let stated = |of: &BTreeMap<(String, String), f64>| of.get(&key).copied();
            let [a, b] = self.runs;
            rows.push(row(
                (model, Some(account)),
                paths.each_ref().map(Vec::as_slice),
                broken,
                (stated(&a.coverage), stated(&b.coverage)),
                (stated(&a.peak_to_trough), stated(&b.peak_to_trough)),
            ));
        }
        let all = self.together(model, &rows, &totals);
        let [before, after] = totals;
        let moved = before.iter().filter_map(|(time, before)| {
            let (time, before, after) = (*time, *before, *after.get(time)?);
            Some(Moved { time, model: model.to_owned(), before, after })
        });
        let moved = moved.collect();
        rows.insert(0, all);
        (rows, moved)
    }

    fn together(&self, model: &str, rows: &[Row], totals: &[Totals; 2]) -> Row {
        let paths = totals
            .each_ref()
            .map(|totals| totals.iter().map(|(time, amount)| (*time, *amount)).collect::<Vec<_>>());
        let sums = |of: fn(&Row) -> (usize, f64)| {
            rows.iter().map(of).fold((0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        };
        let worst = |of: fn(&Row) -> Option<f64>| rows.iter().filter_map(of).reduce(f64::max);
        let key = (model.to_owned(), String::new());
        let [a, b] = self.runs;
        let broken = [
            sums(|row| (row.breaches.0, row.shortfall.0)),
            sums(|row| (row.breaches.1, row.shortfall.1)),
        ];
        row(
            (model, None),
            paths.each_ref().map(Vec::as_slice),
            broken,
            (a.coverage.get(&key).copied(), b.coverage.get(&key).copied()),
            (worst(|row| row.peak_to_trough.0), worst(|row| row.peak_to_trough.1)),
        )
    }

    fn path(&self, run: &Run, key: &(String, String)) -> Vec<(Timestamp, f64)> {
        let all = run.requirements.get(key).into_iter().flatten();
        all.filter(|(time, _)| self.dates.contains(time)).copied().collect()
    }

    fn breaches(&self, run: &Run, key: &(String, String)) -> (usize, f64) {
        let all = run.breaches.get(key).into_iter().flatten();
        let own = all.filter(|(time, _)| self.dates.contains(time));
        own.fold((0, 0.0), |sum, (_, shortfall)| (sum.0 + 1, sum.1 + shortfall))
    }
}

type Stated = (Option<f64>, Option<f64>);

fn row(
    (model, account): (&str, Option<&String>),
    [before, after]: [&[(Timestamp, f64)]; 2],
    broken: [(usize, f64); 2],
    coverage: Stated,
    peak_to_trough: Stated,
) -> Row {
    let mean = |path: &[(Timestamp, f64)]| {
        path.iter().map(|one| one.1).sum::<f64>() / path.len().max(1) as f64
    };
    let peak = |path: &[(Timestamp, f64)]| path.iter().map(|one| one.1).fold(0.0, f64::max);
    Row {
        model: model.to_owned(),
        account: account.cloned(),
        mean: (mean(before), mean(after)),
        peak: (peak(before), peak(after)),
        breaches: (broken[0].0, broken[1].0),
        shortfall: (broken[0].1, broken[1].1),
        coverage,
        peak_to_trough,
    }
}

fn verdict(rows: &[Row], models: usize, accounts: usize, dates: usize) -> String {
    let shared =
        format!("Over {dates} margin dates, {accounts} accounts and {models} models of both");
    if !rows.iter().any(Row::changed) {
        return format!("{shared} nothing differs.");
    }
    let change = |row: &Row| match row.mean.0 == 0.0 {
        true => f64::from(u8::from(row.mean.1 != 0.0)),
        false => row.mean.1 / row.mean.0 - 1.0,
    };
    let pooled = rows.iter().filter(|row| row.account.is_none());
    let most = pooled.max_by(|a, b| change(a).abs().total_cmp(&change(b).abs()));
    let Some(most) = most else { return format!("{shared} nothing differs.") };
    if change(most) == 0.0 {
        let changed = rows.iter().filter(|row| row.account.is_some() && row.changed()).count();
        return format!(
            "{shared} no mean requirement differs; {changed} pairs of account and model do elsewhere."
        );
    }
    format!(
        "{shared}, {} differs most: its mean requirement by {:+.1} %, its breaches {} before and {} after.",
        most.model,
        100.0 * change(most),
        most.breaches.0,
        most.breaches.1
    )
}
