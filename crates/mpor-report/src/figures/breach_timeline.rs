//! Breaches through time by account: did they come alone or together, and under which models?

use mpor_backtest::Breach;
use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{Axis, Drawing, Ink, Layer, Panel, Shared, Size, at};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format::{count, counted};

/// See the module.
pub struct BreachTimelineFigure;

/// Most accounts, one a panel.
const MOST_ACCOUNTS: usize = 8;
/// Most models, one a row.
const MOST_MODELS: usize = 8;
/// Height of a row, in points.
const ROW: f64 = 9.5;

impl Figure for BreachTimelineFigure {
    fn id(&self) -> &'static str {
        "breach-timeline"
    }

    fn question(&self) -> &'static str {
        "Did breaches come alone or together?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let result = evidence.result();
        let models: Vec<usize> = most_breached(evidence);
        let breached = |account: &usize| {
            result.breaches.iter().any(|b| b.account == *account && models.contains(&b.model))
        };
        let accounts: Vec<usize> =
            evidence.ranked_accounts.iter().copied().filter(breached).collect();
        let shown = &accounts[..accounts.len().min(MOST_ACCOUNTS)];
        if shown.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> =
            models.iter().map(|&m| evidence.model_name(m).to_owned()).collect();
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Breaches through time by account".to_owned(),
            caption: caption(shown.len(), accounts.len(), models.len(), result.models.len()),
            reading: "A dot is a margin date whose loss was above the requirement. Dots one under another are models that \
                      failed on the same date; dots side by side are breaches that cluster."
                .to_owned(),
            alt: alt(evidence, shown),
            size: Size::page(ROW * names.len() as f64),
            columns: if shown.len() > 2 { 2 } else { 1 },
            panels: shown.iter().map(|&account| panel(evidence, account, &models, &names)).collect(),
            shared: Shared::XAndY,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence, shown, &models)?,
        }])
    }
}

/// The models with the most breaches, in the result's order.
fn most_breached(evidence: &Evidence<'_>) -> Vec<usize> {
    let mut models: Vec<usize> =
        (0..evidence.models.len()).filter(|&model| evidence.models[model].breaches > 0).collect();
    models.sort_by_key(|&model| std::cmp::Reverse(evidence.models[model].breaches));
    models.truncate(MOST_MODELS);
    models.sort_unstable();
    models
}

fn caption(shown: usize, breached: usize, models: usize, all: usize) -> String {
    let accounts = if shown < breached {
        format!(
            "The {shown} of {} accounts with breaches that had the largest shortfalls.",
            count(breached)
        )
    } else {
        "All accounts with breaches.".to_owned()
    };
    let rows = if models < all {
        format!(" Rows: the {models} models with the most breaches.")
    } else {
        " One row a model.".to_owned()
    };
    accounts + &rows
}

fn panel(evidence: &Evidence<'_>, account: usize, models: &[usize], names: &[String]) -> Panel {
    let row = |breach: &Breach| models.iter().position(|&model| model == breach.model);
    let points: Vec<(f64, f64)> = breaches(evidence, account)
        .filter_map(|breach| Some((at(breach.time), row(breach)? as f64)))
        .collect();
    let dates = counted(points.len(), "breach", "breaches");
    Panel {
        title: format!("{} · {dates}", evidence.account_name(account)),
        x: Axis::time(&evidence.result().times),
        y: Axis::names(names.to_vec()),
        layers: vec![Layer::Dots { points, ink: Ink::Breach, radius: 1.7 }],
    }
}

fn breaches<'a>(evidence: &Evidence<'a>, account: usize) -> impl Iterator<Item = &'a Breach> {
    evidence.result().breaches.iter().filter(move |breach| breach.account == account)
}

fn alt(evidence: &Evidence<'_>, shown: &[usize]) -> String {
    let parts: Vec<String> = shown
        .iter()
        .map(|&account| {
            let number = breaches(evidence, account).count();
            format!("{}: {}", evidence.account_name(account), counted(number, "breach", "breaches"))
        })
        .collect();
    format!("Margin dates with breaches by account and model. {}.", parts.join("; "))
}

/// One row a breach shown.
fn source(
    evidence: &Evidence<'_>,
    accounts: &[usize],
    models: &[usize],
) -> Result<Table, ReportError> {
    let all = accounts.iter().flat_map(|&account| breaches(evidence, account));
    let rows: Vec<&Breach> = all.filter(|breach| models.contains(&breach.model)).collect();
    Ok(Table::new(
        "breach-timeline",
        [
            ("time", Column::times(rows.iter().map(|b| b.time))),
            ("account", Column::texts(rows.iter().map(|b| evidence.account_name(b.account)))),
            ("model", Column::texts(rows.iter().map(|b| evidence.model_name(b.model)))),
            ("shortfall", Column::numbers(rows.iter().map(|b| b.shortfall()))),
        ],
    )?)
}
