//! A lower bound on the requirement of an account that holds something.
//!
//! ```text
//! max( M[t], amount, of_notional x gross notional, share x max(M[t-1], ..., M[t-steps]) )
//! ```
//!
//! with `M` the requirement before any overlay. Source: the look-back form follows Delegated Regulation (EU) 153/2013,
//! Art. 28(1)(c), a floor from a ten-year look-back, applied to the account's own requirement: for a book that changes it floors today's
//! book with yesterday's, so use it where books are steady. A floor lifts the trough; it does not soften a call. An account
//! without positions has no floor.

use serde::Deserialize;
use toml::Table;

use super::{OverlayInfo, on_both_levels};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, Overlay};
use crate::parse;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "floor",
    summary: "a lower bound: an amount, a share of gross notional, a look-back over the account's own requirement, or the largest of them",
    parameters: &[
        Parameter::optional("amount", "none", "smallest requirement, reporting currency"),
        Parameter::optional("of_notional", "none", "smallest requirement, share of gross notional"),
        Parameter::optional(
            "lookback",
            "none",
            "{ steps, share = 1 }: share of the largest requirement of the last steps",
        ),
    ],
    build,
};

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Floor {
    amount: Option<f64>,
    of_notional: Option<f64>,
    lookback: Option<Lookback>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lookback {
    steps: usize,
    #[serde(default = "all")]
    share: f64,
}

fn all() -> f64 {
    1.0
}

fn build(model: &str, table: Table) -> Result<Box<dyn Overlay>, MarginError> {
    let floor: Floor = parse::parameters(model, "floor", table)?;
    if floor.amount.is_none() && floor.of_notional.is_none() && floor.lookback.is_none() {
        let problem = "states no bound: write `amount`, `of_notional` or `lookback`";
        return Err(parse::refuse(model, "floor", problem));
    }
    let share = floor.lookback.map(|lookback| lookback.share);
    let values = [
        ("floor.amount", floor.amount),
        ("floor.of_notional", floor.of_notional),
        ("floor.lookback.share", share),
    ];
    for (key, value) in values {
        if let Some(value) = value {
            parse::within(model, key, value, (0.0, f64::MAX), "zero or more")?;
        }
    }
    if floor.lookback.is_some_and(|lookback| lookback.steps == 0) {
        return Err(parse::refuse(model, "floor.lookback.steps", "is 0: at least 1 step"));
    }
    Ok(Box::new(floor))
}

impl Lookback {
    /// The floor that the account's own past sets; `None` before its first margin date.
    fn level(&self, unmitigated: &[f64]) -> Option<f64> {
        let from = unmitigated.len().saturating_sub(self.steps);
        let peak = unmitigated[from..].iter().copied().reduce(f64::max)?;
        Some(self.share * peak)
    }
}

impl Overlay for Floor {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
    ) -> Result<MarginReport, MarginError> {
        let notional = report.gross_notional;
        if notional == 0.0 {
            return Ok(report);
        }
        let lookback = self.lookback.and_then(|lookback| lookback.level(past.unmitigated));
        Ok(on_both_levels(report, "floor", |requirement| {
            let mut parts = vec![requirement];
            parts.extend(self.amount.map(|amount| Component::leaf("floor", amount)));
            let share = self.of_notional.map(|share| share * notional);
            parts.extend(share.map(|amount| Component::leaf("floor on notional", amount)));
            parts.extend(lookback.map(|amount| Component::leaf("floor from look-back", amount)));
            Component::max("floored", parts)
        }))
    }
}
