//! A lower bound on the requirement of an account that holds something.
//!
//! ```text
//! max( M[t], amount, of_notional x gross notional, share x max(M[t-1], ..., M[t-steps]), M_other[t] )
//! ```
//!
//! with `M` the requirement before any overlay and `M_other` what another model asks for the same book. Source: Delegated
//! Regulation (EU) 153/2013, Art. 28(1)(c), margins not below those from volatility over a ten-year look-back: that is
//! `model` with a window of ten years, which needs all of that history before it answers. `lookback` is the cheaper form on
//! the account's own requirement: for a book that changes it floors today's book with yesterday's, so use it where books are
//! steady. It is whole where the account has held something on every margin date of the look-back; where its history is shorter
//! or broken, the floor is that of what there is and its node says so. A floor lifts the trough; it does not soften a call.
//! An account without positions has no floor.

use std::sync::Arc;

use mpor_core::{Span, Timestamp};
use serde::Deserialize;
use toml::Table;

use super::other_model::{INITIAL, MAINTENANCE, OtherModel};
use super::{OverlayInfo, binding};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::overlay::{AccountPast, BookRule, Memory, Overlay};
use crate::parse;
use crate::rules::RuleLibrary;
use crate::spec;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "floor",
    summary: "a lower bound: an amount, a share of gross notional, a look-back over the account's own requirement, another model's requirement, or the largest of them",
    parameters: &[
        Parameter::optional("amount", "none", "smallest requirement, reporting currency"),
        Parameter::optional("of_notional", "none", "smallest requirement, share of gross notional"),
        Parameter::optional(
            "lookback",
            "none",
            "{ steps or years, share = 1 }: share of the largest requirement in it",
        ),
        Parameter::optional(
            "model",
            "none",
            "a model whose requirement is the floor, as a [[model]]",
        ),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    amount: Option<f64>,
    of_notional: Option<f64>,
    lookback: Option<Lookback>,
    model: Option<Table>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lookback {
    steps: Option<usize>,
    years: Option<f64>,
    #[serde(default = "all")]
    share: f64,
}

struct Floor {
    amount: Option<f64>,
    of_notional: Option<f64>,
    lookback: Option<Lookback>,
    model: Option<OtherModel>,
}

/// Name of a floor from a look-back that the account's history holds in full.
const WHOLE: &str = "floor from look-back";
/// Name of a floor from what there is of a look-back.
const NOT_WHOLE: &str = "floor from look-back, history not whole";

fn all() -> f64 {
    1.0
}

fn build(
    model: &str,
    table: Table,
    library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let floor: Written = parse::parameters(model, "floor", table)?;
    if floor.amount.is_none()
        && floor.of_notional.is_none()
        && floor.lookback.is_none()
        && floor.model.is_none()
    {
        let problem = "states no bound: write `amount`, `of_notional`, `lookback` or `model`";
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
    if let Some(lookback) = floor.lookback {
        lookback.check(model)?;
    }
    let other = match floor.model {
        Some(table) => Some(spec::nested(model, "floor.model", table, library)?),
        None => None,
    };
    Ok(Box::new(Floor {
        amount: floor.amount,
        of_notional: floor.of_notional,
        lookback: floor.lookback,
        model: other.map(|other| OtherModel(Arc::from(other))),
    }))
}

impl Lookback {
    fn check(&self, model: &str) -> Result<(), MarginError> {
        match (self.steps, self.years) {
            (Some(0), None) => {
                Err(parse::refuse(model, "floor.lookback.steps", "is 0: at least 1 step"))
            }
            (Some(_), None) => Ok(()),
            (None, Some(years)) => {
                let (key, expected) = ("floor.lookback.years", "years above 0, such as 10");
                parse::within(model, key, years, (f64::MIN_POSITIVE, 1000.0), expected)
            }
            _ => {
                let problem = "has a length: write either `steps` or `years` in it";
                Err(parse::refuse(model, "floor.lookback", problem))
            }
        }
    }

    /// The first date of the look-back among those before, and whether the account's history holds all of it.
    fn from(&self, past: &AccountPast<'_>) -> (usize, bool) {
        let dates = past.times.len();
        let (from, reached) = match (self.steps, self.years) {
            (Some(steps), _) => (dates.saturating_sub(steps), steps <= dates),
            (None, years) => {
                let start = before(past.time, years.unwrap_or_default());
                let reached = past.times.first().is_some_and(|&first| first <= start);
                (past.times.partition_point(|&time| time < start), reached)
            }
        };
        let unbroken = past.notional[from..].iter().all(|&notional| notional > 0.0);
        (from, reached && unbroken)
    }

    /// The floor that the account's own past sets: its name and amount.
    fn level(&self, past: &AccountPast<'_>) -> (&'static str, f64) {
        let (from, whole) = self.from(past);
        let peak = past.unmitigated[from..].iter().copied().fold(0.0, f64::max);
        let name = if whole { WHOLE } else { NOT_WHOLE };
        (name, self.share * peak)
    }
}

/// Some years of 365 days before.
fn before(time: Timestamp, years: f64) -> Timestamp {
    let day = Span::days(1).0 as f64;
    time - Span((years * 365.0 * day).round() as i64)
}

impl Floor {
    fn bounded(
        &self,
        requirement: Component,
        notional: f64,
        lookback: Option<(&'static str, f64)>,
        other: Option<f64>,
    ) -> Component {
        let mut parts = vec![requirement];
        parts.extend(self.amount.map(|amount| Component::leaf("floor", amount)));
        let share = self.of_notional.map(|share| share * notional);
        parts.extend(share.map(|amount| Component::leaf("floor on notional", amount)));
        parts.extend(lookback.map(|(name, amount)| Component::leaf(name, amount)));
        parts.extend(other.map(|amount| Component::leaf("floor from model", amount)));
        Component::max("floored", parts)
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
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let notional = report.gross_notional;
        if notional == 0.0 {
            return Ok(report);
        }
        let lookback = self.lookback.map(|lookback| lookback.level(past));
        let other = |level| self.model.as_ref().map(|_| past.figure(level));
        let before = report.initial.amount();
        let initial = self.bounded(report.initial, notional, lookback, other(INITIAL));
        let maintenance = self.bounded(report.maintenance, notional, lookback, other(MAINTENANCE));
        let binding = binding(report.binding, before, &initial, "floor");
        Ok(MarginReport { initial, maintenance, binding, ..report })
    }

    fn book(&self) -> Option<&dyn BookRule> {
        self.model.as_ref().map(|model| model as &dyn BookRule)
    }
}
