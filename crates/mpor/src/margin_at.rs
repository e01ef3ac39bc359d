//! What each model asks of each account on one margin date, with the arithmetic.

use mpor_core::Timestamp;
use mpor_margin::{Component, MarginReport};
use serde::Serialize;

use crate::error::MporError;
use crate::loaded::Loaded;
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

/// Asks every model about every account (or one) on one margin date. Overlays that look at an account's past are left out:
/// the amounts are the models' own.
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
    let day = moment.day(file.study.seed);
    let mut asked = Vec::new();
    for model in &loaded.models {
        let failed = |source: mpor_margin::MarginError| mpor_backtest::BacktestError::Prepare {
            model: model.id().to_owned(),
            time,
            source: Box::new(source),
        };
        let prepared = model.prepare(&day).map_err(failed)?;
        for &account in &accounts {
            let portfolio = moment.portfolio(account);
            let report = prepared.requirement(portfolio).map_err(failed)?;
            asked.push(answer(loaded, &moment, (time, account), model.id(), &report));
        }
    }
    Ok(asked)
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
