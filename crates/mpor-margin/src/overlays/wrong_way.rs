//! A charge for positions that lose when the account itself fails: the loss of a jump, on top of the requirement.
//!
//! For each underlying that is tied to the account (its own share or coin, or one that stands and falls with it):
//!
//! ```text
//! charge = share x sum over tied underlyings of max( 0, loss of the account's positions on it when it falls by `fall` )
//! ```
//!
//! Positions on one tied underlying net, those on two do not. Revalued in full, other factors standing still; an option keeps the
//! volatility of its strike. Source: specific wrong-way risk, which Delegated Regulation (EU) 153/2013, Art. 24, has a clearing
//! house take into account, and principle 6 of the PFMI; a full loss on an own share (`fall` near 1) is the usual reading,
//! and the form here is this project's. It counts beside what the requirement asks for the same positions: a default is no
//! market move. Says nothing about ties that the study does not name.

use std::sync::Arc;

use mpor_core::Portfolio;
use mpor_risk::{Day, Revaluation};
use serde::Deserialize;
use toml::Table;

use super::concentration::spot_moves;
use super::{OverlayInfo, added, known_underlying, on_both};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginReport, Prepared};
use crate::overlay::{AccountPast, BookFigure, BookRule, Memory, Overlay, PreparedBook};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "wrong_way",
    summary: "the loss of a fall in what is tied to the account, on top of the requirement",
    parameters: &[
        Parameter::required("underlyings", "[\"BTC\"]: underlyings that are tied to the account"),
        Parameter::optional("accounts", "all", "[\"desk\"]: accounts that they are tied to"),
        Parameter::optional(
            "fall",
            "0.9",
            "fall of the underlying, share of spot, above 0, below 1",
        ),
        Parameter::optional("share", "1", "share of the loss that is charged, 0 to 1"),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrongWay {
    underlyings: Vec<String>,
    accounts: Option<Vec<String>>,
    #[serde(default = "nearly_all")]
    fall: f64,
    #[serde(default = "all")]
    share: f64,
    /// The study's model, for errors.
    #[serde(skip)]
    of: String,
}

struct PreparedWrongWay<'d> {
    day: &'d Day<'d>,
    held: Held<'d>,
    /// Tied underlyings: name and position in the universe.
    tied: Vec<(String, usize)>,
    fall: Arc<Revaluation>,
}

fn nearly_all() -> f64 {
    0.9
}

fn all() -> f64 {
    1.0
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let mut rule: WrongWay = parse::parameters(model, "wrong_way", table)?;
    rule.of = model.to_owned();
    if rule.underlyings.is_empty() {
        return Err(parse::refuse(model, "wrong_way.underlyings", "is empty: name at least one"));
    }
    let (key, expected) = ("wrong_way.fall", "a share above 0 and at most 0.9999, such as 0.9");
    parse::within(model, key, rule.fall, (f64::MIN_POSITIVE, 0.9999), expected)?;
    parse::within(model, "wrong_way.share", rule.share, (0.0, 1.0), "a share between 0 and 1")?;
    rule.underlyings.sort_unstable();
    rule.underlyings.dedup();
    Ok(Box::new(rule))
}

impl BookRule for WrongWay {
    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn PreparedBook + 'd>, MarginError> {
        let tied = self.underlyings.iter().map(|name| {
            let at = known_underlying(&self.of, "wrong_way.underlyings", name, day)?;
            Ok((name.clone(), at))
        });
        let tied = tied.collect::<Result<_, MarginError>>()?;
        let fall = day.revaluation(&spot_moves(vec![-self.fall]))?;
        let held = Held::new(&self.of, day);
        Ok(Box::new(PreparedWrongWay { day, held, tied, fall }))
    }
}

impl PreparedBook for PreparedWrongWay<'_> {
    fn figures(
        &self,
        _own: &dyn Prepared,
        portfolio: &Portfolio,
    ) -> Result<Vec<(String, f64)>, MarginError> {
        let mut figures = Vec::new();
        for (name, underlying) in &self.tied {
            let mut pnl = 0.0;
            for position in portfolio.positions() {
                let row = self.held.row(position.instrument)?;
                let on = self.day.universe.instrument(position.instrument).underlying;
                if on.0 == *underlying {
                    pnl += position.quantity * self.fall.pnl[[row, 0]];
                }
            }
            if pnl < 0.0 {
                figures.push((name.clone(), -pnl));
            }
        }
        Ok(figures)
    }
}

impl Overlay for WrongWay {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let others = |accounts: &Vec<String>| !accounts.iter().any(|name| name == past.account);
        if self.accounts.as_ref().is_some_and(others) {
            return Ok(report);
        }
        let leaf = |figure: &BookFigure| {
            Component::leaf(format!("fall of {}", figure.name), figure.amount)
        };
        let loss = Component::sum("loss of the fall", past.figures.iter().map(leaf).collect());
        let charge = Component::scaled("wrong-way charge", self.share, loss);
        Ok(on_both(report, |requirement| added(requirement, charge.clone())))
    }

    fn book(&self) -> Option<&dyn BookRule> {
        Some(self)
    }
}
