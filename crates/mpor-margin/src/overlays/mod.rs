//! The overlays, one file each; the catalog is sorted by id.

pub mod path;

mod buffer;
mod cap;
mod floor;
mod speed_limit;

use toml::{Table, Value};

use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::nearest;
use crate::overlay::Overlay;
use crate::parse;

/// Makes an overlay from the name of the study's model, for errors, and the overlay's parameters.
pub type BuildOverlay = fn(&str, Table) -> Result<Box<dyn Overlay>, MarginError>;

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
pub(crate) const CATALOG: &[OverlayInfo] =
    &[buffer::INFO, cap::INFO, floor::INFO, speed_limit::INFO];

/// The overlay that one table of the study names: `{ buffer = { share = 0.25 } }`.
pub(crate) fn build(model: &str, table: &Table) -> Result<Box<dyn Overlay>, MarginError> {
    let (id, value) = only_entry(model, table)?;
    let info = CATALOG.iter().find(|info| info.id == id).ok_or_else(|| {
        let hint = nearest::hint(id, CATALOG.iter().map(|info| info.id));
        MarginError::UnknownOverlay { model: model.to_owned(), overlay: id.to_owned(), hint }
    })?;
    match value {
        Value::Table(parameters) => (info.build)(model, parameters.clone()),
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
    let (initial, maintenance) = (rule(report.initial), rule(report.maintenance));
    let binding = if initial.amount() == before { report.binding } else { Some(binds.to_owned()) };
    MarginReport { initial, maintenance, binding, ..report }
}
