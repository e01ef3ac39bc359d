//! One replayed margin date as plain data: what the models asked and what then was lost. The unit of a shard.

use mpor_core::{Labels, Timestamp};
use mpor_margin::{Amounts, Component, MarginReport, Rule};

use crate::figures::Figures;
use crate::forecast_paths::DayForecasts;
use crate::realised::AccountLoss;

/// One margin date. Amounts in reporting currency.
#[derive(Clone, Debug, PartialEq)]
pub struct DayResult {
    /// Step of the panel.
    pub step: usize,
    /// Margin date.
    pub time: Timestamp,
    /// What each model asked, before overlays.
    pub models: Vec<ModelDay>,
    /// What each account lost.
    pub losses: Vec<AccountLoss>,
}

/// What one model asked of every account on one day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelDay {
    /// Initial margin by account.
    pub initial: Vec<f64>,
    /// Maintenance margin by account.
    pub maintenance: Vec<f64>,
    /// The binding scenario or rule by account.
    pub binding: Labels,
    /// Parts of the initial margin by name, then account; they add up to it. Empty unless the replay was asked for them.
    pub parts: Vec<(String, Vec<Option<f64>>)>,
    /// What the model's overlays asked about the books; empty for a model without such overlays.
    pub figures: Figures,
    /// What the model forecast of the books' P&L; empty for a rule that forecasts nothing, and where nobody asked.
    pub forecasts: DayForecasts,
}

impl ModelDay {
    /// Adds the next account's report with its parts.
    pub fn push(&mut self, report: &MarginReport) {
        let account = self.initial.len();
        self.initial.push(report.initial.amount());
        self.maintenance.push(report.maintenance.amount());
        self.binding.push(report.binding.as_deref());
        for (name, amount) in additive_parts(&report.initial) {
            self.push_part(name, account, amount);
        }
    }

    /// Adds the next account's amounts.
    pub fn push_amounts(&mut self, amounts: &Amounts<'_>) {
        self.initial.push(amounts.initial);
        self.maintenance.push(amounts.maintenance);
        self.binding.push(amounts.binding.as_deref());
    }

    /// Adds to a part of one account.
    pub fn push_part(&mut self, name: &str, account: usize, amount: f64) {
        let at = self.parts.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.parts.push((name.to_owned(), Vec::new()));
            self.parts.len() - 1
        });
        let amounts = &mut self.parts[at].1;
        amounts.resize(amounts.len().max(account + 1), None);
        amounts[account] = Some(amounts[account].unwrap_or(0.0) + amount);
    }
}

/// Whether a replay keeps the parts of each requirement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parts {
    /// Amounts and the binding scenario only: for very many accounts.
    Drop,
    /// Parts by name.
    #[default]
    Keep,
}

/// The parts that a requirement is the sum of: below a largest-of or smallest-of the part
/// that bound, below a factor the scaled parts.
///
/// A root of a sum of squares has no parts that add, and is one part.
#[must_use]
pub fn additive_parts(component: &Component) -> Vec<(&str, f64)> {
    let mut parts = Vec::new();
    descend(component, 1.0, &mut parts);
    parts
}

fn descend<'a>(component: &'a Component, factor: f64, parts: &mut Vec<(&'a str, f64)>) {
    let children = component.parts();
    match component.rule() {
        Rule::Sum if !children.is_empty() => {
            parts.extend(children.iter().map(|part| (part.name(), factor * part.amount())));
        }
        Rule::Max | Rule::Min => {
            match children.iter().find(|part| part.amount() == component.amount()) {
                Some(bound) => descend(bound, factor, parts),
                None => parts.push((component.name(), factor * component.amount())),
            }
        }
        Rule::Scaled(by) if children.len() == 1 => descend(&children[0], factor * by, parts),
        _ => parts.push((component.name(), factor * component.amount())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_to_the_requirement() {
        let risk = Component::sum(
            "risk",
            vec![Component::leaf("scan", 70.0), Component::leaf("basis", 10.0)],
        );
        let largest = Component::max("largest", vec![Component::leaf("floor", 50.0), risk]);
        let root = Component::scaled("initial", 1.25, largest);
        assert_eq!(additive_parts(&root), [("scan", 87.5), ("basis", 12.5)]);
        assert_eq!(additive_parts(&root).iter().map(|part| part.1).sum::<f64>(), root.amount());
    }
}
