//! No more than a share of what offsets between products would save.
//!
//! ```text
//! M' = max( M, (1 - share) sum of standalone + share x combined )
//! ```
//!
//! with `combined` the model's own requirement for the whole book and `standalone` its requirement for the positions of one
//! product group alone: by underlying, or by the groups that the study names. Source: Delegated Regulation (EU) 153/2013,
//! Art. 27: a reduction of at most 80 % of the difference between the sum of the margins of each product and the
//! margin of the portfolio; all of it only where the clearing house bears no risk from it (`share = 1`). Offsets inside
//! a group are free. Both sides are the model's own, before other overlays; the overlay only fills up to the bound, so
//! that a requirement lifted before is not lifted twice.

use std::collections::BTreeMap;

use mpor_core::{Portfolio, Position};
use mpor_risk::Day;
use serde::Deserialize;
use toml::Table;

use super::other_model::{INITIAL, MAINTENANCE};
use super::{OverlayInfo, added, known_underlying};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::{MarginReport, Prepared, Scratch};
use crate::overlay::{AccountPast, BookRule, Memory, Overlay, PreparedBook};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "offset_cap",
    summary: "offsets between products count up to a share of what they would save",
    parameters: &[
        Parameter::optional("share", "0.8", "share of the saving that counts, 0 to 1"),
        Parameter::optional(
            "groups",
            "each underlying alone",
            "{ crypto = [\"BTC\", \"ETH\"] }: underlyings that are one product",
        ),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "four_fifths")]
    share: f64,
    #[serde(default)]
    groups: BTreeMap<String, Vec<String>>,
}

struct OffsetCap {
    share: f64,
    groups: Groups,
}

/// The product group of each underlying that has one, by name.
#[derive(Clone)]
struct Groups {
    /// The study's model, for errors.
    of: String,
    by_underlying: BTreeMap<String, String>,
}

struct PreparedGroups<'d> {
    day: &'d Day<'d>,
    /// By underlying of the universe.
    group: Vec<String>,
}

fn four_fifths() -> f64 {
    0.8
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let Written { share, groups } = parse::parameters(model, "offset_cap", table)?;
    let expected = "a share between 0 and 1, such as 0.8";
    parse::within(model, "offset_cap.share", share, (0.0, 1.0), expected)?;
    let mut by_underlying = BTreeMap::new();
    for (group, members) in groups {
        for member in members {
            if let Some(other) = by_underlying.insert(member.clone(), group.clone()) {
                let problem = format!("has `{member}`, which is in `{other}` already");
                return Err(parse::refuse(model, format!("offset_cap.groups.{group}"), problem));
            }
        }
    }
    Ok(Box::new(OffsetCap { share, groups: Groups { of: model.to_owned(), by_underlying } }))
}

impl BookRule for Groups {
    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn PreparedBook + 'd>, MarginError> {
        for underlying in self.by_underlying.keys() {
            known_underlying(&self.of, "offset_cap.groups", underlying, day)?;
        }
        let name = |underlying: &mpor_core::Underlying| {
            self.by_underlying.get(&underlying.name).unwrap_or(&underlying.name).clone()
        };
        let group = day.universe.underlyings().iter().map(name).collect();
        Ok(Box::new(PreparedGroups { day, group }))
    }
}

impl PreparedBook for PreparedGroups<'_> {
    fn figures(
        &self,
        own: &dyn Prepared,
        portfolio: &Portfolio,
    ) -> Result<Vec<(String, f64)>, MarginError> {
        let mut groups: BTreeMap<&str, Vec<Position>> = BTreeMap::new();
        for position in portfolio.positions() {
            let underlying = self.day.universe.instrument(position.instrument).underlying;
            groups.entry(&self.group[underlying.0]).or_default().push(*position);
        }
        let mut scratch = Scratch::default();
        let mut figures = Vec::new();
        if groups.is_empty() {
            return Ok(figures);
        }
        let all = own.amounts(portfolio, &mut scratch)?;
        figures.push((INITIAL.to_owned(), all.initial));
        figures.push((MAINTENANCE.to_owned(), all.maintenance));
        for (group, positions) in groups {
            let alone = own.amounts(&Portfolio::new(positions), &mut scratch)?;
            figures.push((format!("{INITIAL} of {group}"), alone.initial));
            figures.push((format!("{MAINTENANCE} of {group}"), alone.maintenance));
        }
        Ok(figures)
    }
}

impl OffsetCap {
    fn bounded(&self, requirement: Component, level: &str, past: &AccountPast<'_>) -> Component {
        let prefix = format!("{level} of ");
        let alone = past.figures.iter().filter_map(|figure| {
            let group = figure.name.strip_prefix(&prefix)?;
            Some(Component::leaf(format!("{group} alone"), figure.amount))
        });
        let combined = Component::leaf("all together", past.figure(level));
        let bound = vec![
            Component::scaled(
                "of the sum",
                1.0 - self.share,
                Component::sum("sum of standalone", alone.collect()),
            ),
            Component::scaled("of the combined", self.share, combined),
            Component::leaf("less the requirement before", -requirement.amount()),
        ];
        let short = Component::sum("short of the least", bound);
        let parts = vec![short, Component::leaf("nothing", 0.0)];
        added(requirement, Component::max("offset cap", parts))
    }
}

impl Overlay for OffsetCap {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let initial = self.bounded(report.initial, INITIAL, past);
        let maintenance = self.bounded(report.maintenance, MAINTENANCE, past);
        Ok(MarginReport { initial, maintenance, ..report })
    }

    fn book(&self) -> Option<&dyn BookRule> {
        Some(&self.groups)
    }
}
