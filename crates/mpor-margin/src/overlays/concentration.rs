//! A charge for positions that the market cannot take at once: size against daily volume, in tiers, over the time it takes.
//!
//! For each underlying `u`, with `D` the delta notional of all positions on it (what a move of spot by one per cent gains or
//! loses, times 100; long and short net) and `V` its market depth (average daily volume in reporting currency):
//!
//! ```text
//! x      = |D| / V                                       days' volumes
//! cost   = V x sum over tiers of rate x (part of x inside the tier)
//! days   = x / participation                             to close out at that share of the volume
//! charge = cost x sqrt( max(1, days / days of the margin period of risk) )
//! ```
//!
//! Added to both levels. Source: the form is this project's, of three pieces in common use: a cost above a threshold set by
//! recent average daily volume (CME on SPAN 2's concentration component), rates by tier, and the square root of the time
//! that a close-out takes beyond the margin period of risk. The numbers are the study's: a depth is data of its market, and the price
//! history holds none. Not proportional: twice a book that is charged needs more than twice the charge.

use std::collections::BTreeMap;
use std::sync::Arc;

use mpor_core::Portfolio;
use mpor_risk::{Day, Revaluation, ScenarioSpec, SmileDynamics, scenario::Grid};
use serde::Deserialize;
use toml::Table;

use super::{OverlayInfo, added, known_underlying, on_both};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginReport, Prepared};
use crate::overlay::{AccountPast, BookRule, Memory, Overlay, PreparedBook};
use crate::parse;
use crate::rules::RuleLibrary;

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "concentration",
    summary: "a charge for size against daily volume, in tiers, over the days that a close-out takes",
    parameters: &[
        Parameter::required(
            "depth",
            "{ BTC = 1e9, default = 1e8 }: average daily volume by underlying, reporting currency",
        ),
        Parameter::required(
            "tiers",
            "[{ above = 0.1, rate = 0.01 }]: cost of what is above so many days' volumes, share of notional",
        ),
        Parameter::optional(
            "participation",
            "0.2",
            "share of the daily volume that a close-out may take, above 0, to 1",
        ),
    ],
    build,
};

/// The entry of `depth` for every underlying that is not named.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Concentration {
    depth: BTreeMap<String, f64>,
    tiers: Vec<Tier>,
    #[serde(default = "fifth")]
    participation: f64,
    /// The study's model, for errors.
    #[serde(skip)]
    of: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    above: f64,
    rate: f64,
}

struct PreparedConcentration<'d> {
    rule: Concentration,
    day: &'d Day<'d>,
    held: Held<'d>,
    /// A per cent down, a per cent up.
    moves: Arc<Revaluation>,
}

fn fifth() -> f64 {
    0.2
}

fn build(
    model: &str,
    table: Table,
    _library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let mut rule: Concentration = parse::parameters(model, "concentration", table)?;
    rule.of = model.to_owned();
    for (underlying, &depth) in &rule.depth {
        let key = format!("concentration.depth.{underlying}");
        let expected = "a daily volume above zero, reporting currency";
        parse::within(model, &key, depth, (f64::MIN_POSITIVE, f64::MAX), expected)?;
    }
    if rule.tiers.is_empty() {
        return Err(parse::refuse(model, "concentration.tiers", "is empty: at least one tier"));
    }
    for tier in &rule.tiers {
        let (key, expected) = ("concentration.tiers.above", "zero days' volumes or more");
        parse::within(model, key, tier.above, (0.0, f64::MAX), expected)?;
        let (key, expected) = ("concentration.tiers.rate", "a share of notional, 0 to 1");
        parse::within(model, key, tier.rate, (0.0, 1.0), expected)?;
    }
    let rising = |pair: &[Tier]| pair[0].above < pair[1].above && pair[0].rate <= pair[1].rate;
    if !rule.tiers.windows(2).all(rising) {
        let problem = "must rise from one tier to the next: `above` strictly, `rate` not falling";
        return Err(parse::refuse(model, "concentration.tiers", problem));
    }
    let (key, expected) = ("concentration.participation", "a share above 0, to 1, such as 0.2");
    parse::within(model, key, rule.participation, (f64::MIN_POSITIVE, 1.0), expected)?;
    Ok(Box::new(rule))
}

impl Concentration {
    /// The charge for a delta notional at a depth, both reporting currency, beyond a margin period of risk in days.
    fn charge(&self, notional: f64, depth: f64, mpor: f64) -> f64 {
        let volumes = notional.abs() / depth;
        let ends = self.tiers.iter().skip(1).map(|next| next.above).chain([f64::INFINITY]);
        let inside = |(tier, end): (&Tier, f64)| {
            tier.rate * (volumes.min(end) - tier.above).max(0.0) * depth
        };
        let cost: f64 = self.tiers.iter().zip(ends).map(inside).sum();
        cost * (volumes / self.participation / mpor).max(1.0).sqrt()
    }
}

impl BookRule for Concentration {
    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn PreparedBook + 'd>, MarginError> {
        for underlying in self.depth.keys().filter(|&name| name != DEFAULT) {
            known_underlying(&self.of, "concentration.depth", underlying, day)?;
        }
        let moves = day.revaluation(&spot_moves(vec![-MOVE, MOVE]))?;
        let held = Held::new(&self.of, day);
        Ok(Box::new(PreparedConcentration { rule: self.clone(), day, held, moves }))
    }
}

/// A per cent of spot.
const MOVE: f64 = 0.01;

/// Moves of spot alone; an option keeps the volatility of its strike.
pub(super) fn spot_moves(price: Vec<f64>) -> ScenarioSpec {
    ScenarioSpec::Grid(Grid {
        price,
        vol: vec![0.0],
        vol_rule: mpor_risk::scenario::VolRule::Relative,
        extreme: Vec::new(),
        smile: SmileDynamics::StickyStrike,
    })
}

impl PreparedBook for PreparedConcentration<'_> {
    fn figures(
        &self,
        _own: &dyn Prepared,
        portfolio: &Portfolio,
    ) -> Result<Vec<(String, f64)>, MarginError> {
        let mut notional: BTreeMap<usize, f64> = BTreeMap::new();
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let unit = (self.moves.pnl[[row, 1]] - self.moves.pnl[[row, 0]]) / (2.0 * MOVE);
            let underlying = self.day.universe.instrument(position.instrument).underlying;
            *notional.entry(underlying.0).or_insert(0.0) += position.quantity * unit;
        }
        let depth = &self.rule.depth;
        let days = self.day.horizon.span().as_days();
        let mut figures = Vec::new();
        for (underlying, notional) in notional {
            let name = &self.day.universe.underlyings()[underlying].name;
            let Some(&depth) = depth.get(name).or_else(|| depth.get(DEFAULT)) else {
                let problem =
                    format!("has no entry for `{name}`, which is held; add it or `{DEFAULT}`");
                return Err(parse::refuse(&self.rule.of, "concentration.depth", problem));
            };
            figures.push((name.clone(), self.rule.charge(notional, depth, days)));
        }
        Ok(figures)
    }
}

impl Overlay for Concentration {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let leaf = |figure: &crate::overlay::BookFigure| {
            Component::leaf(figure.name.clone(), figure.amount)
        };
        let charge = Component::sum("concentration", past.figures.iter().map(leaf).collect());
        Ok(on_both(report, |requirement| added(requirement, charge.clone())))
    }

    fn book(&self) -> Option<&dyn BookRule> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> Concentration {
        let text = "depth = { default = 100 }\ntiers = [{ above = 0.5, rate = 0.01 }, { above = 2, rate = 0.03 }]\nparticipation = 0.25";
        toml::from_str(text).unwrap()
    }

    /// Hand, depth 100 and a margin period of 2 days: up to 50 free; 150: one per cent of 100, and 6 days to close;
    /// 300: one per cent of 150 and three of 100, and 12 days.
    #[test]
    fn tiers_and_time_by_hand() {
        let rule = rule();
        assert_eq!(rule.charge(50.0, 100.0, 2.0), 0.0);
        assert!((rule.charge(-150.0, 100.0, 2.0) - 1.0 * 3.0_f64.sqrt()).abs() < 1e-12);
        assert!((rule.charge(300.0, 100.0, 2.0) - 4.5 * 6.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_larger_position_never_pays_less_for_each_unit() {
        let rule = rule();
        let mut last = 0.0;
        for size in 1..1_000_u32 {
            let size = f64::from(size);
            let each = rule.charge(size, 100.0, 2.0) / size;
            assert!(each >= last - 1e-15, "{size}");
            last = each;
        }
    }
}
