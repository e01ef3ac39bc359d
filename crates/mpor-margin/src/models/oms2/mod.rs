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

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use mpor_core::Portfolio;
use mpor_risk::{Day, Revaluation, ScenarioSet, TenorRatios, VolMoves, revalue};
use ndarray::Array2;
use toml::Table;

use crate::arithmetic::{Arithmetic, Name};
use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Prepared, Scratch};
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

/// Room for a name and its place in what bound.
const BOUND: usize = 32;

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
    /// The windows that are in no other, then the underlyings in none.
    outermost: Vec<Branch<'d>>,
}

/// An underlying by its position, or a window over some, whoever holds them.
enum Branch<'d> {
    Underlying { name: &'d str, at: usize },
    Window { name: String, points: usize, vols: usize, members: Vec<Branch<'d>> },
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
        let outermost = self.outermost(day);
        Ok(Box::new(PreparedOms2 { held, day, parameters, revaluation, intervals, outermost }))
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

    /// The windows that are in no other, then the underlyings in none, both by name.
    fn outermost<'d>(&self, day: &'d Day<'_>) -> Vec<Branch<'d>> {
        let underlyings = day.universe.underlyings().iter().enumerate();
        let mut alone: BTreeMap<&str, usize> =
            underlyings.map(|(at, own)| (own.name.as_str(), at)).collect();
        let windows = &self.parameters.windows;
        let inner = |name: &String| windows.values().any(|own| own.members.contains(name));
        let outer: Vec<&String> = windows.keys().filter(|name| !inner(name)).collect();
        let mut branches: Vec<Branch<'_>> =
            outer.into_iter().filter_map(|name| self.branch(name, &mut alone)).collect();
        branches.extend(alone.into_iter().map(|(name, at)| Branch::Underlying { name, at }));
        branches
    }

    /// A window or an underlying; `None` where the study knows none of it.
    fn branch<'d>(&self, name: &str, alone: &mut BTreeMap<&'d str, usize>) -> Option<Branch<'d>> {
        let Some(own) = self.parameters.windows.get(name) else {
            let (name, at) = alone.remove_entry(name)?;
            return Some(Branch::Underlying { name, at });
        };
        let members: Vec<Branch<'_>> =
            own.members.iter().filter_map(|member| self.branch(member, alone)).collect();
        let (name, points, vols) = (name.to_owned(), own.points, own.vols);
        (!members.is_empty()).then_some(Branch::Window { name, points, vols, members })
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
        let (initial, binding) = self.assess::<Component>(portfolio, &mut Vec::new())?;
        let maintenance = self.maintenance(initial.clone());
        Ok(MarginReport { initial, maintenance, binding, gross_notional })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        let (initial, binding) = self.assess::<f64>(portfolio, &mut scratch.pnl)?;
        let maintenance = self.maintenance(initial);
        Ok(Amounts { initial, maintenance, binding: binding.map(Cow::Owned) })
    }
}

impl PreparedOms2<'_> {
    /// Initial margin, and the worst place of each outermost window or underlying. `losses` is overwritten.
    fn assess<C: Arithmetic>(
        &self,
        portfolio: &Portfolio,
        losses: &mut Vec<f64>,
    ) -> Result<(C, Option<String>), MarginError> {
        let held = self.losses(portfolio, losses)?;
        let mut parts = Vec::with_capacity(self.outermost.len() + self.parameters.gaps.len());
        let mut bound = String::with_capacity(BOUND * self.outermost.len());
        for branch in &self.outermost {
            let Some(node) = self.node(branch, &held, losses) else { continue };
            let worst = node.worst(Block::all(self.parameters.points));
            let place = || match worst.loss > 0.0 {
                true => self.place(&node, worst.block),
                false => "no losing point".into(),
            };
            let separator = if bound.is_empty() { "" } else { "; " };
            [separator, node.name(), ": ", &place()].iter().for_each(|own| bound.push_str(own));
            let loss = self.component(&node, worst, || place().into_owned().into());
            let nothing = C::leaf(|| "nothing".into(), 0.0);
            parts.push(C::max(|| node.name().to_owned().into(), [loss, nothing]));
        }
        if !parts.is_empty() {
            let gaps = self.parameters.gaps.iter();
            parts.extend(gaps.map(|gap| C::leaf(|| format!("{gap}: left out").into(), 0.0)));
        }
        let initial = C::sum(|| "initial margin".into(), parts);
        Ok((initial, (!bound.is_empty()).then_some(bound)))
    }

    fn maintenance<C: Arithmetic>(&self, initial: C) -> C {
        C::scaled("maintenance", self.parameters.maintenance, initial)
    }

    /// Loss by underlying and cell, of those that are held; which these are.
    fn losses(
        &self,
        portfolio: &Portfolio,
        losses: &mut Vec<f64>,
    ) -> Result<Vec<bool>, MarginError> {
        let cells = self.revaluation.scenarios.len();
        losses.resize(self.intervals.len() * cells, 0.0);
        let mut held = vec![false; self.intervals.len()];
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let underlying = self.day.universe.instrument(position.instrument).underlying;
            if self.intervals[underlying.0].is_none() {
                let name = &self.day.universe.underlying(underlying).name;
                let reason = format!(
                    "these rules have no valuation interval for `{name}`; add intervals.{name} = {{ price = .. }}, known: {}",
                    self.parameters.known()
                );
                return Err(self.held.not_covered(position.instrument, reason));
            }
            let own = &mut losses[underlying.0 * cells..][..cells];
            if !std::mem::replace(&mut held[underlying.0], true) {
                own.fill(0.0);
            }
            // Losses are positive: the position's sign turns.
            self.revaluation.add_row(row, -position.quantity, own);
        }
        Ok(held)
    }

    /// What is held of a branch; `None` where nothing is.
    fn node<'a>(
        &'a self,
        branch: &'a Branch<'_>,
        held: &[bool],
        losses: &'a [f64],
    ) -> Option<Node<'a>> {
        match branch {
            Branch::Underlying { name, at } => {
                let cells = self.revaluation.scenarios.len();
                let losses = &losses[at * cells..][..cells];
                held[*at].then_some(Node::Underlying { name, losses })
            }
            Branch::Window { name, points, vols, members } => {
                let (points, vols) = (*points, *vols);
                let members: Vec<Node<'_>> =
                    members.iter().filter_map(|own| self.node(own, held, losses)).collect();
                (!members.is_empty()).then_some(Node::Window { name, points, vols, members })
            }
        }
    }

    /// A node at its worst place: the loss of an underlying, the sum over a window's members inside it.
    fn component<C: Arithmetic>(
        &self,
        node: &Node<'_>,
        worst: Worst,
        name: impl FnOnce() -> Name,
    ) -> C {
        let Node::Window { members, .. } = node else { return C::leaf(name, worst.loss) };
        // Boxed, because the closures of windows inside windows would else have types without end.
        let member = |own: &Node<'_>| {
            let worst = own.worst(worst.block);
            let text = || format!("{}: {}", own.name(), self.place(own, worst.block)).into();
            self.component(own, worst, Box::new(text) as Box<dyn FnOnce() -> Name + '_>)
        };
        C::sum(name, members.iter().map(member))
    }

    /// `point 3 of 31, vol up` of an underlying, `points 1 to 5 of 31` of a window.
    fn place(&self, node: &Node<'_>, block: Block) -> Cow<'_, str> {
        let Block { point, points, vol, vols } = block;
        if matches!(node, Node::Underlying { .. }) {
            return self.revaluation.scenarios[point * VOLS + vol].as_str().into();
        }
        let states = if vols == VOLS {
            String::new()
        } else {
            format!(", vol {}", STATES[vol..vol + vols].join(" or "))
        };
        let all = self.parameters.points;
        format!("points {} to {} of {all}{states}", point + 1, point + points).into()
    }
}
