//! The overlays, one file each; the catalog is sorted by id.

pub(crate) mod haircuts;
pub mod path;

mod adaptive;
mod buffer;
mod cap;
mod collateral;
mod concentration;
mod floor;
mod offset_cap;
mod other_model;
mod release;
mod reputation;
mod speed_limit;
mod stress_weight;
mod wrong_way;

use mpor_risk::Day;
use toml::{Table, Value};

use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::nearest;
use crate::overlay::Overlay;
use crate::parse;
use crate::rules::RuleLibrary;

/// Makes an overlay from the name of the study's model, for errors, the overlay's parameters, and the rules that it may name.
pub type BuildOverlay = fn(&str, Table, &RuleLibrary) -> Result<Box<dyn Overlay>, MarginError>;

/// One kind of overlay.
#[derive(Clone, Copy, Debug)]
pub struct OverlayInfo {
    /// As the study writes it: `overlays = [{ buffer = { share = 0.25 } }]`.
    pub id: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// Its keys.
    pub parameters: &'static [Parameter],
    /// Its constructor.
    pub build: BuildOverlay,
}

/// Every overlay, sorted by id.
pub(crate) const CATALOG: &[OverlayInfo] = &[
    adaptive::INFO,
    buffer::INFO,
    cap::INFO,
    collateral::INFO,
    concentration::INFO,
    floor::INFO,
    offset_cap::INFO,
    reputation::INFO,
    speed_limit::INFO,
    stress_weight::INFO,
    wrong_way::INFO,
];

/// The overlay that one table of the study names: `{ buffer = { share = 0.25 } }`.
pub(crate) fn build(
    model: &str,
    table: &Table,
    library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let (id, value) = only_entry(model, table)?;
    let info = CATALOG.iter().find(|info| info.id == id).ok_or_else(|| {
        let hint = nearest::hint(id, CATALOG.iter().map(|info| info.id));
        MarginError::UnknownOverlay { model: model.to_owned(), overlay: id.to_owned(), hint }
    })?;
    match value {
        Value::Table(parameters) => (info.build)(model, parameters.clone(), library),
        other => Err(parse::refuse(
            model,
            id,
            format!("is a {}; write a table, such as {{ {id} = {{}} }}", other.type_str()),
        )),
    }
}

fn only_entry<'t>(model: &str, table: &'t Table) -> Result<(&'t str, &'t Value), MarginError> {
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((id, value)), None) => Ok((id, value)),
        _ => Err(parse::refuse(
            model,
            "overlays",
            format!(
                "has an entry of {} keys; write one overlay an entry, such as {{ buffer = {{ share = 0.25 }} }}",
                table.len()
            ),
        )),
    }
}

/// The report with `rule` applied to both levels; `binds` names the overlay where it decided the initial margin.
fn on_both_levels(
    report: MarginReport,
    binds: &'static str,
    rule: impl Fn(Component) -> Component,
) -> MarginReport {
    let before = report.initial.amount();
    let report = on_both(report, rule);
    MarginReport { binding: binding(report.binding, before, &report.initial, binds), ..report }
}

/// The report with `rule` applied to both levels; what bound the model still binds.
fn on_both(report: MarginReport, rule: impl Fn(Component) -> Component) -> MarginReport {
    let (initial, maintenance) = (rule(report.initial), rule(report.maintenance));
    MarginReport { initial, maintenance, ..report }
}

/// What binds now: the overlay where it changed the initial margin.
fn binding(
    known: Option<String>,
    before: f64,
    initial: &Component,
    binds: &'static str,
) -> Option<String> {
    if initial.amount() == before { known } else { Some(binds.to_owned()) }
}

/// The node below which the overlays that add something stand next to each other, after what they add to.
const TOGETHER: &str = "with overlays";

/// The requirement and one more part.
fn added(requirement: Component, part: Component) -> Component {
    let mut parts = match requirement.name() {
        TOGETHER => requirement.parts().to_vec(),
        _ => vec![requirement],
    };
    parts.push(part);
    Component::sum(TOGETHER, parts)
}

/// The requirement times `1 + share`: the share is a part of its own.
fn multiplied(requirement: Component, name: &'static str, share: f64) -> Component {
    let before = Component::leaf("requirement before", requirement.amount());
    added(requirement, Component::scaled(name, share, before))
}

/// The position of an underlying that a parameter names, or an error with the nearest known one.
fn known_underlying(
    model: &str,
    key: &str,
    name: &str,
    day: &Day<'_>,
) -> Result<usize, MarginError> {
    let underlyings = day.universe.underlyings();
    underlyings.iter().position(|known| known.name == name).ok_or_else(|| {
        let hint = nearest::hint(name, underlyings.iter().map(|known| known.name.as_str()));
        let problem = format!("has `{name}`, which is not an underlying of the study; {hint}");
        parse::refuse(model, key, problem)
    })
}
