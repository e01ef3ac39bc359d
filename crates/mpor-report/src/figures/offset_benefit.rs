//! Offset benefit: how much less than margin position by position does each model ask of each account?
//!
//! `1 - mean requirement / mean requirement of the baseline`, over the same margin dates, as in the results table `cost`.

use mpor_backtest::cost::{CostRow, costs};
use mpor_core::{Column, Table};

use super::Figure;
use crate::draw::round_step;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, Label, Layer, Panel, Place, Scale, Shared, Size,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format::{count, percent};

/// See the module.
pub struct OffsetBenefitFigure;

/// Most accounts of a panel, and most models, one a panel.
const MOST_ACCOUNTS: usize = 8;
const MOST_MODELS: usize = 8;
/// Height of a row, in points.
const ROW: f64 = 10.0;

/// A model and the benefit of each account shown.
type Group = (usize, Vec<f64>);

impl Figure for OffsetBenefitFigure {
    fn id(&self) -> &'static str {
        "offset-benefit"
    }

    fn question(&self) -> &'static str {
        "How much does recognising offsets save?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let result = evidence.result();
        let Some(baseline) = result.models.iter().position(|model| model.baseline) else {
            return Ok(Vec::new());
        };
        let rows = costs(result);
        let benefit = |model: usize, account: usize| {
            let own = |row: &&CostRow| row.model == model && row.account == Some(account);
            rows.iter().find(own).and_then(|row| row.offset_benefit)
        };
        let charged = |account: &usize| benefit(baseline, *account).is_some();
        let accounts: Vec<usize> =
            evidence.ranked_accounts.iter().copied().filter(charged).take(MOST_ACCOUNTS).collect();
        let others = (0..result.models.len()).filter(|&model| model != baseline);
        let groups: Vec<Group> = others
            .take(MOST_MODELS)
            .map(|m| (m, accounts.iter().filter_map(|&account| benefit(m, account)).collect()))
            .collect();
        if accounts.is_empty() || groups.is_empty() {
            return Ok(Vec::new());
        }
        let (shown, all) = (accounts.len(), result.accounts.len());
        let which = if shown < all {
            format!(
                "Shown are {shown} of {} accounts, those with the largest shortfalls. ",
                count(all)
            )
        } else {
            String::new()
        };
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: format!("Offset benefit against {}", evidence.model_name(baseline)),
            caption: format!(
                "{which}One less mean initial margin over that of {}, which margins position by position.",
                evidence.model_name(baseline)
            ),
            reading: "A bar to the right is margin saved by recognising offsets; a bar to the left is a model that asks for more than \
                      position by position. A saving is only worth what coverage it leaves."
                .to_owned(),
            alt: alt(evidence, &accounts, &groups),
            size: Size::page(ROW * shown as f64),
            columns: if groups.len() > 1 { 2 } else { 1 },
            panels: panels(evidence, &accounts, &groups),
            shared: Shared::XAndY,
            row_titles: Vec::new(),
            key: Vec::new(),
            source: source(evidence, &accounts, &groups)?,
        }])
    }
}

fn panels(evidence: &Evidence<'_>, accounts: &[usize], groups: &[Group]) -> Vec<Panel> {
    let names: Vec<String> =
        accounts.iter().map(|&a| evidence.account_name(a).to_owned()).collect();
    let all = || groups.iter().flat_map(|group| &group.1).copied();
    let (low, high) = (all().fold(0.0, f64::min), all().fold(0.1, f64::max));
    let step = round_step((high - low) / 8.0);
    let range = ((low / step).floor() * step, (high / step).ceil() * step);
    let panel = |(model, benefits): &Group| {
        let rows = || benefits.iter().enumerate().map(|(row, &benefit)| (row as f64, benefit));
        let label = |(row, benefit): (f64, f64)| Label {
            at: (benefit, row),
            text: percent(benefit),
            ink: Ink::Text,
            place: Place::Margin,
        };
        Panel {
            title: evidence.model_name(*model).to_owned(),
            x: Axis {
                title: "share of the baseline's margin saved".to_owned(),
                kind: AxisKind::Share,
                scale: Scale::Linear,
                range,
            },
            y: Axis::names(names.clone()),
            layers: vec![
                Layer::Bars {
                    bars: rows().map(|(row, b)| (row, b.min(0.0), b.max(0.0))).collect(),
                    ink: Ink::Requirement,
                    thickness: 5.0,
                },
                Layer::Rule { vertical: true, at: 0.0, label: String::new() },
                Layer::Labels(rows().map(label).collect()),
            ],
        }
    };
    groups.iter().map(panel).collect()
}

fn alt(evidence: &Evidence<'_>, accounts: &[usize], groups: &[Group]) -> String {
    let part = |(model, benefits): &Group| {
        let each: Vec<String> = accounts
            .iter()
            .zip(benefits)
            .map(|(&account, &benefit)| {
                format!("{} {}", evidence.account_name(account), percent(benefit))
            })
            .collect();
        format!("{}: {}", evidence.model_name(*model), each.join(", "))
    };
    let parts: Vec<String> = groups.iter().map(part).collect();
    format!("Share of the baseline's margin saved by model and account. {}.", parts.join("; "))
}

fn source(
    evidence: &Evidence<'_>,
    accounts: &[usize],
    groups: &[Group],
) -> Result<Table, ReportError> {
    let rows: Vec<(usize, usize, f64)> = groups
        .iter()
        .flat_map(|(model, benefits)| accounts.iter().zip(benefits).map(|(&a, &b)| (*model, a, b)))
        .collect();
    Ok(Table::new(
        "offset-benefit",
        [
            ("model", Column::texts(rows.iter().map(|row| evidence.model_name(row.0)))),
            ("account", Column::texts(rows.iter().map(|row| evidence.account_name(row.1)))),
            ("offset_benefit", Column::numbers(rows.iter().map(|row| row.2))),
        ],
    )?)
}
