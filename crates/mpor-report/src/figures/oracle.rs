//! What did a fault of the oracle do: to the index, to the margin, and to whom?
//!
//! One drawing a fault scenario: the index by source with the fault shaded, and the requirement that moved most.

use mpor_core::{Column, Table, Timestamp};

use super::{Figure, axes};
use crate::draw::round_step;
use crate::drawing::{
    Axis, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Scale, Shared, Size, at,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format::with_instants;
use crate::input::{FaultPrices, FaultScenario};
use crate::text;

/// See the module.
pub struct OracleFigure;

/// Most prices drawn of one scenario.
const MOST_PRICES: usize = 4;
/// Most sources drawn of one price.
const MOST_SOURCES: usize = 6;

impl Figure for OracleFigure {
    fn id(&self) -> &'static str {
        "oracle"
    }

    fn question(&self) -> &'static str {
        "What did a fault of the oracle do to prices, margin and liquidations?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let scenarios = evidence.input.oracle.iter().enumerate();
        let drawn = scenarios.filter(|(_, scenario)| !scenario.prices.is_empty());
        drawn.map(|(number, scenario)| drawing(evidence, number, scenario)).collect()
    }
}

/// The name of a scenario's drawing.
pub(crate) fn drawing_id(number: usize, scenario: &FaultScenario) -> String {
    format!("oracle-{:02}-{}", number + 1, text::slug(&scenario.name))
}

fn drawing(
    evidence: &Evidence<'_>,
    number: usize,
    scenario: &FaultScenario,
) -> Result<Drawing, ReportError> {
    let window = window(scenario);
    let mut panels: Vec<Panel> = scenario
        .prices
        .iter()
        .take(MOST_PRICES)
        .map(|prices| price_panel(evidence, scenario, prices, window))
        .collect();
    panels.extend(margin_panel(evidence, scenario, window));
    let left_out = scenario.prices.len().saturating_sub(MOST_PRICES);
    let left_out = match left_out {
        0 => String::new(),
        more => format!(" {more} more prices are in the source table."),
    };
    let height = (330.0 / panels.len() as f64 - 22.0).clamp(44.0, 110.0);
    Ok(Drawing {
        id: drawing_id(number, scenario),
        title: format!("Fault {}: prices, and the margin that moved most", scenario.name),
        caption: format!(
            "Shaded from {} to {}: {}. Each panel of prices has its own scale.{left_out}",
            evidence.dates.show(scenario.from),
            evidence.dates.show(scenario.to),
            with_instants(&scenario.faults, |time| evidence.dates.show(time))
        ),
        reading: "Thin lines are the sources as the venue saw them, the dark line is the price as recorded, the vermilion line what \
                  the venue believed under the fault. Where the two part, margin and collateral are computed on a price that was \
                  not the market's."
            .to_owned(),
        alt: alt(evidence, scenario),
        size: Size::page(height),
        columns: 1,
        panels,
        shared: Shared::X,
        row_titles: Vec::new(),
        key: key(scenario),
        source: source(scenario)?,
    })
}

/// The lines, and the sources of the price that has most of them.
fn key(scenario: &FaultScenario) -> Vec<KeyEntry> {
    let entry = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Line, text: text.to_owned() };
    let mut key = vec![
        entry(Ink::Text, "as recorded"),
        entry(Ink::Breach, "under the fault"),
        KeyEntry { ink: Ink::Muted, mark: KeyMark::Block, text: "the fault".to_owned() },
    ];
    let shown = scenario.prices.iter().take(MOST_PRICES);
    let sources = shown.map(|prices| prices.sources.as_slice()).max_by_key(|sources| sources.len());
    let sources = sources.unwrap_or_default().iter().take(MOST_SOURCES).enumerate();
    key.extend(sources.map(|(nth, (name, _))| entry(Ink::Series(nth), &text::elide(name, 24))));
    key
}

/// The fault and as much time on either side, half a day at least.
fn window(scenario: &FaultScenario) -> (Timestamp, Timestamp) {
    let room = (scenario.to - scenario.from).0.clamp(4 * 3_600_000_000, 30 * 86_400_000_000);
    (Timestamp(scenario.from.0 - room), Timestamp(scenario.to.0 + room))
}

fn inside(path: &[(Timestamp, f64)], (from, to): (Timestamp, Timestamp)) -> Vec<(f64, f64)> {
    let seen = path.iter().filter(|(time, _)| from <= *time && *time <= to);
    seen.map(|&(time, value)| (at(time), value)).collect()
}

/// The time of the fault as a block behind everything else.
fn shade(scenario: &FaultScenario, window: (Timestamp, Timestamp), y: &Axis) -> Layer {
    let (from, to) = (scenario.from.max(window.0), scenario.to.min(window.1));
    let points = [from, to].map(|time| (at(time), y.range.0, y.range.1)).to_vec();
    Layer::Area { points, ink: Ink::Muted }
}

fn price_panel(
    evidence: &Evidence<'_>,
    scenario: &FaultScenario,
    prices: &FaultPrices,
    window: (Timestamp, Timestamp),
) -> Panel {
    let recorded = inside(&prices.recorded, window);
    let faulted = inside(&prices.faulted, window);
    let sources: Vec<Vec<(f64, f64)>> =
        prices.sources.iter().take(MOST_SOURCES).map(|(_, path)| inside(path, window)).collect();
    let all = recorded.iter().chain(&faulted).chain(sources.iter().flatten()).map(|point| point.1);
    let y = close_up(&evidence.result().currency, all);
    let mut layers = vec![shade(scenario, window, &y)];
    layers.extend(sources.into_iter().enumerate().map(|(nth, points)| Layer::Line {
        points,
        ink: Ink::Series(nth),
        width: 0.6,
    }));
    layers.push(Layer::Line { points: recorded, ink: Ink::Text, width: 1.1 });
    layers.push(Layer::Line { points: faulted, ink: Ink::Breach, width: 1.3 });
    let names: Vec<&str> =
        prices.sources.iter().map(|(name, _)| name.as_str()).take(MOST_SOURCES).collect();
    let of = match names.as_slice() {
        [] => String::new(),
        names => format!(", from {}", names.join(", ")),
    };
    Panel { title: format!("{}{of}", prices.name), x: Axis::time(&[window.0, window.1]), y, layers }
}

/// An axis of prices that need not begin at zero.
fn close_up(currency: &str, prices: impl Iterator<Item = f64>) -> Axis {
    let (low, high) = prices.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), price| {
        (low.min(price), high.max(price))
    });
    if !(low.is_finite() && high.is_finite()) {
        return Axis::money(currency, Scale::Linear, (0.0, 1.0));
    }
    let span = (high - low).max(1e-3 * high.abs()).max(f64::MIN_POSITIVE);
    let step = round_step(span / 12.0);
    let range =
        (((low - 0.04 * span) / step).floor() * step, ((high + 0.04 * span) / step).ceil() * step);
    Axis::money(currency, Scale::Linear, range)
}

/// The initial margin that the fault moves most, with it and without.
fn margin_panel(
    evidence: &Evidence<'_>,
    scenario: &FaultScenario,
    window: (Timestamp, Timestamp),
) -> Option<Panel> {
    let result = evidence.result();
    let (account, model, faulted) = scenario.largest.as_ref()?;
    let recorded = &result.requirements.get(*model)?.get(*account)?.initial;
    let path = |values: &[f64]| -> Vec<(Timestamp, f64)> {
        result.times.iter().copied().zip(values.iter().copied()).collect()
    };
    let (recorded, faulted) = (inside(&path(recorded), window), inside(&path(faulted), window));
    let y = axes::money(&result.currency, recorded.iter().chain(&faulted).map(|point| point.1));
    let layers = vec![
        shade(scenario, window, &y),
        Layer::Line { points: recorded, ink: Ink::Text, width: 1.1 },
        Layer::Line { points: faulted, ink: Ink::Breach, width: 1.3 },
    ];
    let (account, model) = (evidence.account_name(*account), evidence.model_name(*model));
    let title = format!("Initial margin of {account} under {model}{}", axes::note(&y));
    Some(Panel { title, x: Axis::time(&[window.0, window.1]), y, layers })
}

fn alt(evidence: &Evidence<'_>, scenario: &FaultScenario) -> String {
    let furthest = |prices: &FaultPrices| {
        let apart = prices.recorded.iter().zip(&prices.faulted).map(|(a, b)| b.1 / a.1 - 1.0);
        let most =
            apart.fold(0.0, |most: f64, off| if off.abs() > most.abs() { off } else { most });
        format!("{} is off by at most {:+.1} %", prices.name, 100.0 * most)
    };
    let parts: Vec<String> = scenario.prices.iter().map(furthest).collect();
    format!(
        "Prices with and without the fault {} from {} to {}. {}.",
        scenario.name,
        evidence.dates.show(scenario.from),
        evidence.dates.show(scenario.to),
        parts.join("; ")
    )
}

/// One row a price, line and instant.
fn source(scenario: &FaultScenario) -> Result<Table, ReportError> {
    let (mut names, mut lines, mut times, mut values) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let window = window(scenario);
    for prices in &scenario.prices {
        let own = [("recorded", &prices.recorded), ("faulted", &prices.faulted)];
        let sources = prices.sources.iter().map(|(name, path)| (name.as_str(), path));
        for (line, path) in own.into_iter().chain(sources) {
            for &(time, value) in path.iter().filter(|row| window.0 <= row.0 && row.0 <= window.1) {
                names.push(prices.name.as_str());
                lines.push(line);
                times.push(time);
                values.push(value);
            }
        }
    }
    Ok(Table::new(
        "oracle-prices",
        [
            ("time", Column::times(times)),
            ("price_of", Column::texts(names)),
            ("line", Column::texts(lines)),
            ("price", Column::numbers(values)),
        ],
    )?)
}
