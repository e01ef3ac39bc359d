//! A grid scan: the worst loss over price and volatility moves, underlying by underlying.
//!
//! ```text
//! prices   0, ±1/3, ±2/3, ±1 of price_range,  each with volatility up and down by vol_range
//! extremes ±multiple x price_range, volatility unchanged, of which `cover` of the P&L counts
//! scan_u   = max( 0, max_s loss_u,s )
//! risk     = sum_u max( scan_u, minimum_u ) - offset ( sum_u scan_u - scan of all underlyings moving together )
//! initial  = max( risk, sum_u minimum_u ),   minimum_u = rate x notional of the short options on u
//! ```
//!
//! Source: the shape of the risk array is that of SPAN (CME, "Components of SPAN": prices in thirds of the scan range, two
//! volatility moves, two extreme moves covered in part); ranges here are shares of the price and, by `vol_rule`, shares or
//! points of volatility. Offsets across underlyings keep a share of the diversification of the joint move, the form of
//! Delegated Regulation (EU) 153/2013, Art. 27, where the share is at most 0.8.
//! No calendar or delivery charges: an expiry's forward moves with spot. Time does not pass.
//! Sub-additive without an offset or without a minimum. **Not sub-additive** with both: a hedge that lowers the scan below the
//! minimum lowers the credit alone; the test `models_that_are_not_sub_additive_have_books_that_show_it` holds books that show it.

use std::borrow::Cow;
use std::sync::Arc;

use mpor_core::{Contract, Portfolio, Underlying};
use mpor_risk::scenario::{Extreme, Grid, VolRule};
use mpor_risk::{Day, Revaluation, ScenarioSpec, SmileDynamics};
use serde::Deserialize;
use toml::Table;

use crate::catalog::{KindInfo, Parameter, Size};
use crate::component::Component;
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared, Scratch};
use crate::models::venue::joined;
use crate::parse;

pub(crate) const INFO: KindInfo = KindInfo {
    id: "scan",
    summary: "worst loss over a grid of price and volatility moves, with extreme moves and a short-option minimum",
    source: "the shape of CME SPAN's risk array; offsets in the form of Regulation (EU) 153/2013, Art. 27",
    size: Size::Proportional,
    parameters: &[
        Parameter::required("price_range", "largest price move, share of spot, such as 0.15"),
        Parameter::optional("vol_range", "0", "volatility move up and down, by vol_rule"),
        Parameter::optional(
            "vol_rule",
            "\"relative\"",
            "\"relative\", \"points\" or { tenor_power = { p_short, p_long, floor_days } }",
        ),
        Parameter::optional(
            "smile",
            "\"sticky_strike\"",
            "\"sticky_strike\", \"sticky_moneyness\" or \"sticky_delta\"",
        ),
        Parameter::optional(
            "extreme",
            "none",
            "{ multiple, cover }: moves beyond the range, counted in part",
        ),
        Parameter::optional(
            "short_option_minimum",
            "0",
            "smallest requirement per short option, share of its notional",
        ),
        Parameter::optional("offset", "0", "share of the gain from netting underlyings, 0 to 1"),
        Parameter::optional("maintenance", "1", "maintenance margin as a share of initial, 0 to 1"),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    price_range: f64,
    #[serde(default)]
    vol_range: f64,
    #[serde(default)]
    vol_rule: VolRule,
    #[serde(default)]
    smile: SmileDynamics,
    extreme: Option<ExtremeMove>,
    #[serde(default)]
    short_option_minimum: f64,
    #[serde(default)]
    offset: f64,
    #[serde(default = "all")]
    maintenance: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtremeMove {
    multiple: f64,
    cover: f64,
}

struct Scan {
    id: String,
    parameters: Parameters,
    scenarios: ScenarioSpec,
}

struct PreparedScan<'d> {
    held: Held<'d>,
    day: &'d Day<'d>,
    revaluation: Arc<Revaluation>,
    parameters: Parameters,
    /// By row: money for one short contract.
    minimum: Vec<f64>,
    /// What bound, by underlying: each scenario, then the two rules without one.
    texts: Vec<Vec<String>>,
}

/// One underlying of one book.
struct Part<'s> {
    underlying: usize,
    pnl: &'s [f64],
    /// Worst loss, and the scenario that has it.
    scan: f64,
    scenario: usize,
    minimum: f64,
}

fn all() -> f64 {
    1.0
}

fn build(name: &str, table: Table) -> Result<Box<dyn MarginModel>, MarginError> {
    let parameters: Parameters = parse::parameters(name, "", table)?;
    let ranges = [
        (
            "price_range",
            parameters.price_range,
            (f64::MIN_POSITIVE, f64::MAX),
            "a share of spot above 0",
        ),
        ("vol_range", parameters.vol_range, (0.0, f64::MAX), "0 or more"),
        ("short_option_minimum", parameters.short_option_minimum, (0.0, f64::MAX), "0 or more"),
        ("offset", parameters.offset, (0.0, 1.0), "a share between 0 and 1"),
        ("maintenance", parameters.maintenance, (0.0, 1.0), "a share between 0 and 1"),
    ];
    for (key, value, range, expected) in ranges {
        parse::within(name, key, value, range, expected)?;
    }
    let grid = parameters.grid();
    grid.check().map_err(|error| {
        parse::refuse(name, "price_range", format!("makes an impossible grid: {error}"))
    })?;
    let scenarios = ScenarioSpec::Grid(grid);
    Ok(Box::new(Scan { id: name.to_owned(), parameters, scenarios }))
}

impl Parameters {
    /// The risk array in SPAN's order.
    fn grid(&self) -> Grid {
        let thirds = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0];
        let price = thirds.iter().map(|third| self.price_range * third / 3.0).collect();
        let vol =
            if self.vol_range == 0.0 { vec![0.0] } else { vec![self.vol_range, -self.vol_range] };
        let extreme = self.extreme.iter().flat_map(|extreme| {
            let ExtremeMove { multiple, cover } = *extreme;
            [multiple, -multiple].map(|m| Extreme { price: m * self.price_range, vol: 0.0, cover })
        });
        let (vol_rule, smile) = (self.vol_rule, self.smile);
        Grid { price, vol, vol_rule, extreme: extreme.collect(), smile }
    }
}

impl MarginModel for Scan {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        1
    }

    fn merging(&self) -> Merging {
        // What bounds one underlying from below, netting would raise: the credit shrinks with its scan alone.
        let Parameters { offset, short_option_minimum, .. } = self.parameters;
        if offset == 0.0 || short_option_minimum == 0.0 {
            Merging::NeverMore
        } else {
            Merging::MayBeMore
        }
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let held = Held::new(&self.id, day);
        let rate = self.parameters.short_option_minimum;
        let minimum = day.held.iter().enumerate().map(|(row, &ix)| {
            match day.universe.instrument(ix).contract {
                Contract::Option { .. } => rate * held.notional(row),
                _ => 0.0,
            }
        });
        let minimum = minimum.collect();
        let revaluation = day.revaluation(&self.scenarios)?;
        let texts = texts(day, &revaluation.scenarios);
        let parameters = self.parameters.clone();
        Ok(Box::new(PreparedScan { held, day, revaluation, parameters, minimum, texts }))
    }
}

/// What can bind on each underlying, written once a day and not once an account.
fn texts(day: &Day<'_>, scenarios: &[String]) -> Vec<Vec<String>> {
    let rules = ["short option minimum", "no losing scenario"];
    let of = |underlying: &Underlying| {
        let all = scenarios.iter().map(String::as_str).chain(rules);
        all.map(|rule| format!("{}: {rule}", underlying.name)).collect()
    };
    day.universe.underlyings().iter().map(of).collect()
}

impl Prepared for PreparedScan<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        let mut scratch = Scratch::default();
        self.fill(portfolio, &mut scratch)?;
        let mut own = Vec::new();
        let (mut scans, mut minimum) = (0.0, 0.0);
        for part in self.parts(&scratch) {
            scans += part.scan;
            minimum += part.minimum;
            let leaves = vec![
                Component::leaf("worst scenario", part.scan),
                Component::leaf("short option minimum", part.minimum),
            ];
            let name = &self.day.universe.underlyings()[part.underlying].name;
            own.push(Component::max(name.clone(), leaves));
        }
        let credit = self.credit(scans, &scratch);
        own.extend(credit.map(|credit| Component::leaf("offset between underlyings", -credit)));
        let risk = Component::sum("scan risk", own);
        let floor = Component::leaf("short option minimum of all underlyings", minimum);
        let initial = Component::max("scan requirement", vec![risk, floor]);
        let share = self.parameters.maintenance;
        let maintenance = Component::scaled("maintenance", share, initial.clone());
        let binding = self.binding(&scratch).map(Cow::into_owned);
        Ok(MarginReport { initial, maintenance, binding, gross_notional })
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        self.fill(portfolio, scratch)?;
        let (mut risk, mut scans, mut minimum) = (0.0, 0.0, 0.0);
        for part in self.parts(scratch) {
            scans += part.scan;
            minimum += part.minimum;
            risk += part.scan.max(part.minimum);
        }
        if let Some(credit) = self.credit(scans, scratch) {
            risk -= credit;
        }
        let initial = f64::max(risk, minimum);
        let maintenance = self.parameters.maintenance * initial;
        Ok(Amounts { initial, maintenance, binding: self.binding(scratch) })
    }
}

impl PreparedScan<'_> {
    /// P&L by scenario and short-option minimum of each underlying held, in the order of the universe.
    fn fill(&self, portfolio: &Portfolio, scratch: &mut Scratch) -> Result<(), MarginError> {
        let (underlyings, scenarios) = (self.texts.len(), self.revaluation.scenarios.len());
        let Scratch { pnl, minimum, .. } = scratch;
        pnl.clear();
        pnl.resize(underlyings * scenarios, 0.0);
        minimum.clear();
        minimum.resize(underlyings, None);
        for position in portfolio.positions() {
            let row = self.held.row(position.instrument)?;
            let underlying = self.day.universe.instrument(position.instrument).underlying.0;
            let own = &mut pnl[underlying * scenarios..][..scenarios];
            self.revaluation.add_row(row, position.quantity, own);
            let short = (-position.quantity).max(0.0);
            *minimum[underlying].get_or_insert(0.0) += short * self.minimum[row];
        }
        Ok(())
    }

    /// The underlyings that [`fill`](Self::fill) found positions on.
    fn parts<'s>(&self, scratch: &'s Scratch) -> impl Iterator<Item = Part<'s>> {
        let pnl = scratch.pnl.chunks_exact(self.revaluation.scenarios.len());
        let parts = scratch.minimum.iter().zip(pnl).enumerate();
        parts.filter_map(|(underlying, (minimum, pnl))| {
            let minimum = (*minimum)?;
            let (scan, scenario) = worst(pnl);
            Some(Part { underlying, pnl, scan, scenario, minimum })
        })
    }

    /// What is given back because the underlyings do not all do their worst in one scenario; `None` without an offset.
    fn credit(&self, scans: f64, scratch: &Scratch) -> Option<f64> {
        let offset = self.parameters.offset;
        (offset > 0.0).then(|| offset * (scans - worst(&together(self.parts(scratch))).0))
    }

    fn binding(&self, scratch: &Scratch) -> Option<Cow<'_, str>> {
        joined(self.parts(scratch).map(|part| self.bound(&part)))
    }

    fn bound(&self, part: &Part<'_>) -> &str {
        let scenarios = self.revaluation.scenarios.len();
        let which = match part {
            _ if part.minimum > part.scan => scenarios,
            _ if part.scan > 0.0 => part.scenario,
            _ => scenarios + 1,
        };
        &self.texts[part.underlying][which]
    }
}

/// The largest loss, not below zero, and the first scenario that has it.
fn worst(pnl: &[f64]) -> (f64, usize) {
    pnl.iter().enumerate().fold(
        (0.0, 0),
        |worst, (scenario, pnl)| {
            if -pnl > worst.0 { (-pnl, scenario) } else { worst }
        },
    )
}

/// P&L by scenario when the same scenario hits every underlying.
fn together<'s>(parts: impl Iterator<Item = Part<'s>>) -> Vec<f64> {
    let mut sum: Vec<f64> = Vec::new();
    for part in parts {
        sum.resize(part.pnl.len(), 0.0);
        sum.iter_mut().zip(part.pnl).for_each(|(sum, pnl)| *sum += pnl);
    }
    sum
}
