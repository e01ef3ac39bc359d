//! What each model asks of each account on one margin date, with the arithmetic.

use std::path::Path;

use mpor_backtest::BacktestError;
use mpor_core::{Column, Table, Timestamp};
use mpor_data::tables::{Metadata, write_parquet};
use mpor_margin::{Component, MarginReport, Now};
use serde::Serialize;

use crate::error::MporError;
use crate::lived::Lived;
use crate::loaded::{Loaded, replay_error};
use crate::moment::{Moment, account};
use crate::study::StudyFile;

/// One requirement on one date.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Margin date.
    pub time: Timestamp,
    /// Account.
    pub account: String,
    /// Model.
    pub model: String,
    /// What is held: instrument and contracts.
    pub positions: Vec<(String, f64)>,
    /// Initial margin.
    pub initial: Node,
    /// Maintenance margin.
    pub maintenance: Node,
    /// The binding scenario or rule.
    pub binding: Option<String>,
}

/// A node of a breakdown.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Amount in reporting currency, positive = money needed.
    pub amount: f64,
    /// How it follows from its parts; empty for a stated amount.
    pub rule: String,
    /// Parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Node>,
}

impl From<&Component> for Node {
    fn from(component: &Component) -> Self {
        Node {
            name: component.name().to_owned(),
            amount: component.amount(),
            rule: component.rule().to_string(),
            parts: component.parts().iter().map(Node::from).collect(),
        }
    }
}

/// Asks every model about every account (or one) on one margin date, overlays included. A model with overlays is replayed
/// from the first margin date, because an overlay may look at the account's past.
///
/// # Errors
/// [`MporError`] for a time that is no margin date, an unknown account, or a model that cannot answer.
pub fn margin_at(
    file: &StudyFile,
    loaded: &Loaded,
    time: Timestamp,
    only: Option<&str>,
) -> Result<Vec<Asked>, MporError> {
    let moment = Moment::at(loaded, time)?;
    let accounts = match only {
        Some(name) => vec![account(loaded, name)?],
        None => (0..loaded.books.accounts.len()).collect(),
    };
    let lived = Lived::until(file, loaded, moment.step)?;
    ask(file, loaded, &moment, &accounts, &lived)
}

/// `breakdown`: a node of a requirement a row, a parent before its parts. `path` names a node among its siblings from the root
/// down, `1.2` being the second part of the root.
///
/// # Errors
/// Never; [`MporError::Table`] when columns differ in length.
pub fn table(asked: &[Asked]) -> Result<Table, MporError> {
    let mut rows = Vec::new();
    for one in asked {
        for (level, root) in [("initial", &one.initial), ("maintenance", &one.maintenance)] {
            descend(root, "1".to_owned(), &mut |path, node| rows.push((one, level, path, node)));
        }
    }
    let label = |of: fn(&Asked) -> Option<&str>| rows.iter().map(|row| of(row.0)).collect();
    let columns = [
        ("time", Column::times(rows.iter().map(|row| row.0.time))),
        ("account", Column::Label(label(|asked| Some(&asked.account)))),
        ("model", Column::Label(label(|asked| Some(&asked.model)))),
        ("level", Column::labels(rows.iter().map(|row| row.1))),
        ("path", Column::texts(rows.iter().map(|row| row.2.as_str()))),
        ("name", Column::labels(rows.iter().map(|row| row.3.name.as_str()))),
        ("rule", Column::labels(rows.iter().map(|row| row.3.rule.as_str()))),
        ("amount", Column::numbers(rows.iter().map(|row| row.3.amount))),
        ("binding", Column::Label(label(|asked| asked.binding.as_deref()))),
    ];
    Ok(Table::new("breakdown", columns)?)
}

fn descend<'n>(node: &'n Node, path: String, tell: &mut impl FnMut(String, &'n Node)) {
    tell(path.clone(), node);
    for (at, part) in node.parts.iter().enumerate() {
        descend(part, format!("{path}.{}", at + 1), tell);
    }
}

/// Writes the breakdown as Parquet.
///
/// # Errors
/// [`MporError`] naming the file.
pub fn write(asked: &[Asked], path: &Path) -> Result<(), MporError> {
    Ok(write_parquet(&table(asked)?, path, Metadata::new())?)
}

fn ask(
    file: &StudyFile,
    loaded: &Loaded,
    moment: &Moment<'_>,
    accounts: &[usize],
    lived: &Lived,
) -> Result<Vec<Asked>, MporError> {
    let day = moment.day(file.study.seed);
    let time = day.time();
    let mut asked = Vec::new();
    for (index, model) in loaded.models.iter().enumerate() {
        let failed = |source: mpor_margin::MarginError| {
            let (model, source) = (model.id().to_owned(), Box::new(source));
            replay_error(file, BacktestError::Prepare { model, time, source })
        };
        let prepared = model.prepare(&day).map_err(failed)?;
        for &account in accounts {
            let portfolio = moment.portfolio(account);
            let report = prepared.requirement(portfolio).map_err(failed)?;
            let figures = prepared.figures(portfolio).map_err(failed)?;
            let now = Now { time, figures: &figures, ..Now::default() };
            let mut walk = lived.account(loaded, index, account);
            let report = walk.step(&loaded.overlays[index], report, now).map_err(failed)?;
            asked.push(answer(loaded, moment, (time, account), model.id(), &report));
        }
    }
    Ok(asked)
}

/// Asks every model about every account on the first and the last margin date, so that a rule set that is not in force or
/// does not cover what is held is known before anything is replayed.
///
/// # Errors
/// As [`margin_at`].
pub fn try_models(file: &StudyFile, loaded: &Loaded) -> Result<(), MporError> {
    let dates = loaded.dates();
    let accounts: Vec<usize> = (0..loaded.books.accounts.len()).collect();
    for &time in dates.first().into_iter().chain(dates.last()) {
        ask(file, loaded, &Moment::at(loaded, time)?, &accounts, &Lived::default())?;
    }
    Ok(())
}

fn answer(
    loaded: &Loaded,
    moment: &Moment<'_>,
    (time, account): (Timestamp, usize),
    model: &str,
    report: &MarginReport,
) -> Asked {
    let universe = &loaded.history().universe;
    let positions = moment.portfolio(account).positions().iter();
    let name = |ix| universe.instrument(ix).name.clone();
    Asked {
        time,
        account: loaded.books.accounts[account].clone(),
        model: model.to_owned(),
        positions: positions.map(|held| (name(held.instrument), held.quantity)).collect(),
        initial: Node::from(&report.initial),
        maintenance: Node::from(&report.maintenance),
        binding: report.binding.clone(),
    }
}
