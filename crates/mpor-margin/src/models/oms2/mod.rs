//! OMS II: every underlying at 31 prices and three volatilities, and windows that say how far underlyings can be apart.
//!
//! ```text
//! prices       S (1 + interval x (p - 15) / 15),  p = 0 .. 30
//! volatility   up, same, down by a share of itself
//! L_j(p, v)    loss of the positions on underlying j, revalued in full
//! window of w  max_k sum_j max over p in [k, k + w - 1], v of L_j(p, v)
//! ```
//!
//! The arithmetic, windows inside windows and windows over volatility too, is in [`window`]. An underlying in no window is
//! alone: the worst of its 93 cells. A window of 31 points gives no offset, one of a point all of it.
//!
//! Source: Nasdaq Clearing's methodology pages (31 points; models by type of option), the three volatility states and the window
//! method from others' accounts of them. That an outer window slides over whole inner ones, that volatility moves by a share
//! of itself, and that a narrow window may tie volatility states, is our reading. The interval stands for the house's own
//! liquidation period, not for the study's. Strikes keep their volatility, forwards move with spot, time does not pass.
//! Says nothing of scaling by concentration, whose thresholds are published and whose factors are not.

pub mod window;

mod parameters;

use std::collections::BTreeMap;
use std::sync::Arc;

use mpor_core::Portfolio;
use mpor_risk::{Day, Revaluation, ScenarioSet, TenorRatios, VolMoves, revalue};
use ndarray::Array2;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{MarginModel, MarginReport, Prepared};
use crate::parse;

use parameters::{Interval, Parameters};
use window::{Block, Node, VOLS, Worst};

pub(crate) const INFO: KindInfo = KindInfo {
    id: "oms2",
    summary: "OMS II: 31 prices by 3 volatilities an underlying, offsets by windows that slide over them",
    source: "Nasdaq Clearing, margin methodology; the window method from others' accounts of it",
    size: Size::Proportional,
    parameters: &[
        Parameter::required(
            "intervals",
            "{ UNDERLYING | default = { price, vol } }: largest moves, shares of spot and of volatility",
        ),
        Parameter::optional("points", "31", "prices, an odd number"),
        Parameter::optional(
            "windows",
            "none",
            "{ NAME = { members, points, vols } }: underlyings or windows that move together, 1 point for exactly together",
        ),
        Parameter::optional(
            "smile",
            "\"sticky_strike\"",
            "\"sticky_strike\", \"sticky_moneyness\" or \"sticky_delta\"",
        ),
        Parameter::optional(
            "gaps",
            "none",
            "parts of the house's model that are left out, as zeros",
        ),
        Parameter::optional("maintenance", "1", "maintenance margin as a share of initial, 0 to 1"),
    ],
    build,
};

/// What the volatility states are called.
const STATES: [&str; VOLS] = ["up", "same", "down"];

struct Oms2 {
    id: String,
    parameters: Parameters,
}

struct PreparedOms2<'d> {
    held: Held<'d>,
    day: &'d Day<'d>,
    parameters: Parameters,
    revaluation: Arc<Revaluation>,
    /// By underlying; `None` where no rule says.
    intervals: Vec<Option<Interval>>,
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    parameters.check().map_err(|(key, problem)| parse::refuse(name, key, problem))?;
    Ok(Box::new(Oms2 { id: name.to_owned(), parameters }))
}

impl MarginModel for Oms2 {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let underlyings = day.universe.underlyings().iter();
        let intervals: Vec<Option<Interval>> =
            underlyings.map(|own| self.parameters.interval_of(&own.name)).collect();
        let (points, smile) = (self.parameters.points, self.parameters.smile);
        let key = format!("oms2 {points} {smile:?} {intervals:?}");
        let set = || self.scenarios(&intervals);
        let revaluation = day.shared(&key, || revalue(day, &set()))?;
        let (held, parameters) = (Held::new(&self.id, day), self.parameters.clone());
        Ok(Box::new(PreparedOms2 { held, day, parameters, revaluation, intervals }))
    }
}

impl Oms2 {
    /// All cells, price points before volatility states; an underlying without an interval stays where it is.
    fn scenarios(&self, intervals: &[Option<Interval>]) -> ScenarioSet {
        let cells = self.parameters.points * VOLS;
        let dim = (intervals.len(), cells);
        let spot = Array2::from_shape_fn(dim, |(underlying, cell)| {
            intervals[underlying].map_or(0.0, |own| own.price * self.share(cell / VOLS))
        });
        let ratios = |own: &Option<Interval>| {
            let vol = own.map_or(0.0, |own| own.vol);
            let ratio = Array2::from_shape_fn((1, cells), |(_, cell)| match cell % VOLS {
                0 => 1.0 + vol,
                1 => 1.0,
                _ => 1.0 - vol,
            });
            TenorRatios { years: vec![1.0], ratio }
        };
        ScenarioSet {
            names: (0..cells).map(|cell| self.name(cell)).collect(),
            spot,
            carry: Array2::zeros(dim),
            perpetual: Array2::zeros(dim),
            vol: VolMoves::Tenors(intervals.iter().map(ratios).collect()),
            weights: None,
            cover: None,
            dynamics: self.parameters.smile,
            years_forward: 0.0,
        }
    }

    /// Where a point lies in the interval, -1 to 1; exactly 0 in the middle.
    fn share(&self, point: usize) -> f64 {
        let half = (self.parameters.points / 2) as f64;
        (point as f64 - half) / half
    }

    fn name(&self, cell: usize) -> String {
        format!(
            "point {} of {}, vol {}",
            cell / VOLS + 1,
            self.parameters.points,
            STATES[cell % VOLS]
        )
    }
}

impl Prepared for PreparedOms2<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let mut losses = self.losses(portfolio)?;
        let (mut parts, mut bound) = (Vec::new(), Vec::new());
        for node in self.outermost(&mut losses) {
            let worst = node.worst(Block::all(self.parameters.points));
            let place =
                if worst.loss > 0.0 { self.place(&worst) } else { "no losing point".to_owned() };
            bound.push(format!("{}: {place}", worst.name));
            let leaves = vec![self.component(&worst, place), Component::leaf("nothing", 0.0)];
            parts.push(Component::max(worst.name, leaves));
        }
        if !parts.is_empty() {
            let gaps = self.parameters.gaps.iter();
            parts.extend(gaps.map(|gap| Component::leaf(format!("{gap}: left out"), 0.0)));
        }
        let initial = Component::sum("initial margin", parts);
        let share = self.parameters.maintenance;
        let maintenance = Component::scaled("maintenance", share, initial.clone());
        let binding = (!bound.is_empty()).then(|| bound.join("; "));
        Ok(MarginReport { initial, maintenance, binding, gross_notional })
    }
}

impl PreparedOms2<'_> {
    /// Loss by cell of each underlying held, by name.
    fn losses(&self, portfolio: &Portfolio) -> Result<BTreeMap<&str, Vec<f64>>, MarginError> {
        let mut losses: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let underlying = self.day.universe.instrument(position.instrument).underlying;
            let name = self.day.universe.underlying(underlying).name.as_str();
            if self.intervals[underlying.0].is_none() {
                let reason = format!(
                    "these rules have no valuation interval for `{name}`; add intervals.{name} = {{ price = .. }}, known: {}",
                    self.parameters.known()
                );
                return Err(self.held.not_covered(position.instrument, reason));
            }
            let empty = || vec![0.0; self.revaluation.scenarios.len()];
            let own = losses.entry(name).or_insert_with(empty);
            // Losses are positive: the position's sign turns.
            self.revaluation.add_row(row, -position.quantity, own);
        }
        Ok(losses)
    }

    /// The windows that are in no other, then the underlyings in none, of what is held.
    fn outermost(&self, losses: &mut BTreeMap<&str, Vec<f64>>) -> Vec<Node> {
        let windows = &self.parameters.windows;
        let inner = |name: &String| windows.values().any(|own| own.members.contains(name));
        let outer: Vec<&String> = windows.keys().filter(|name| !inner(name)).collect();
        let mut nodes: Vec<Node> =
            outer.into_iter().filter_map(|name| self.node(name, losses)).collect();
        let alone = std::mem::take(losses);
        nodes.extend(
            alone
                .into_iter()
                .map(|(name, losses)| Node::Underlying { name: name.to_owned(), losses }),
        );
        nodes
    }

    /// A window or an underlying with what is held of it; `None` where nothing is.
    fn node(&self, name: &str, losses: &mut BTreeMap<&str, Vec<f64>>) -> Option<Node> {
        let Some(own) = self.parameters.windows.get(name) else {
            let losses = losses.remove(name)?;
            return Some(Node::Underlying { name: name.to_owned(), losses });
        };
        let members: Vec<Node> =
            own.members.iter().filter_map(|member| self.node(member, losses)).collect();
        let (name, points, vols) = (name.to_owned(), own.points, own.vols);
        (!members.is_empty()).then_some(Node::Window { name, points, vols, members })
    }

    fn component(&self, worst: &Worst, name: String) -> Component {
        if worst.members.is_empty() {
            return Component::leaf(name, worst.loss);
        }
        let member =
            |own: &Worst| self.component(own, format!("{}: {}", own.name, self.place(own)));
        Component::sum(name, worst.members.iter().map(member).collect())
    }

    /// `point 3 of 31, vol up` of an underlying, `points 1 to 5 of 31` of a window.
    fn place(&self, worst: &Worst) -> String {
        let Block { point, points, vol, vols } = worst.block;
        if worst.members.is_empty() {
            return self.revaluation.scenarios[point * VOLS + vol].clone();
        }
        let states = if vols == VOLS {
            String::new()
        } else {
            format!(", vol {}", STATES[vol..vol + vols].join(" or "))
        };
        format!("points {} to {} of {}{states}", point + 1, point + points, self.parameters.points)
    }
}
