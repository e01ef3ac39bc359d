//! An upper bound on the requirement.
//!
//! ```text
//! min( M, amount, of_notional x gross notional )
//! ```
//!
//! Source: a procyclicality tool of clearing houses beside those of Delegated Regulation (EU) 153/2013, Art. 28.
//! It trades coverage for calm: where it binds, the requirement is below what the model asks for.

use serde::Deserialize;
use toml::Table;

use super::{OverlayInfo, on_both_levels};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, Memory, Overlay};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "cap",
    summary: "an upper bound: an amount, a share of gross notional, or the smaller of both",
    parameters: &[
        Parameter::optional("amount", "none", "largest requirement, reporting currency"),
        Parameter::optional("of_notional", "none", "largest requirement, share of gross notional"),
    ],
    build,
};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cap {
    amount: Option<f64>,
    of_notional: Option<f64>,
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let cap: Cap = parse::parameters(model, "cap", table)?;
    if cap.amount.is_none() && cap.of_notional.is_none() {
        return Err(parse::refuse(
            model,
            "cap",
            "states no bound: write `amount` or `of_notional`",
        ));
    }
    for (key, value) in [("cap.amount", cap.amount), ("cap.of_notional", cap.of_notional)] {
        if let Some(value) = value {
            parse::within(model, key, value, (0.0, f64::MAX), "zero or more")?;
        }
    }
    Ok(Box::new(cap))
}

impl Overlay for Cap {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        _past: &AccountPast<'_>,
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let notional = report.gross_notional;
        Ok(on_both_levels(report, "cap", |requirement| {
            let mut parts = vec![requirement];
            parts.extend(self.amount.map(|amount| Component::leaf("cap", amount)));
            let share = self.of_notional.map(|share| share * notional);
            parts.extend(share.map(|amount| Component::leaf("cap on notional", amount)));
            Component::min("capped", parts)
        }))
    }
}
