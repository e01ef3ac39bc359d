//! Rules and tables on a small made-up market.

mod futures;
mod hedged;
mod laws;
mod random;
mod refused;
mod rules;
mod tables;

use mpor_core::{
    Books, Contract, Factor, History, Instrument, MarketState, Origin, Panel, Portfolio,
    PriceSeries, Right, SmileShape, Span, Timestamp, Underlying, UnderlyingHistory, UnderlyingIx,
    Universe,
};
use ndarray::Array2;

use super::{BookError, NamedRule, build};

const BTC: UnderlyingIx = UnderlyingIx(0);
const STEPS: usize = 120;

/// BTC and ETH with volatilities, SPX without; daily at 08:00 from Wednesday 1 January 2020.
fn history() -> History {
    let start: Timestamp = "2020-01-01T08:00".parse().unwrap();
    let times: Vec<Timestamp> = (0..STEPS as i64).map(|day| start + Span::days(day)).collect();
    let mut factors = Vec::new();
    for ix in (0..3).map(UnderlyingIx) {
        factors.extend([Factor::Spot(ix), Factor::Perpetual(ix), Factor::Carry(ix)]);
        factors.extend([7, 30, 90].map(|days| Factor::Vol(ix, days)));
    }
    let values = Array2::from_shape_fn((factors.len(), STEPS), |(row, step)| {
        let step = step as f64;
        let wave = 0.15 * (step * 0.21).sin() + 0.07 * (step * 1.3).cos();
        match factors[row] {
            Factor::Spot(ix) => [8000.0, 170.0, 3000.0][ix.0] * wave.exp(),
            Factor::Perpetual(ix) => [8000.0, 170.0, 3000.0][ix.0] * 1.001 * wave.exp(),
            Factor::Carry(_) => 0.06,
            Factor::Vol(_, days) => 0.75 - 0.0005 * f64::from(days) + 0.1 * (step * 0.1).sin(),
            _ => 0.0,
        }
    });
    let names =
        ["BTC", "ETH", "SPX"].map(|name| Underlying { name: name.into(), quote: "USD".into() });
    let smile = SmileShape::new(-0.2, 1.0, 0.4).unwrap();
    let underlying = |smile| UnderlyingHistory {
        smile,
        vol_origin: Origin::Modelled,
        carry_origin: Origin::Modelled,
        index: PriceSeries::default(),
        settlement_window: Span(0),
        quoted: Vec::new(),
        futures: Vec::new(),
    };
    History {
        universe: Universe::new(names.to_vec()),
        panel: Panel::new(times, factors, values).unwrap(),
        underlyings: vec![underlying(Some(smile)), underlying(Some(smile)), underlying(None)],
        marks: Vec::new(),
    }
}

/// Rules written as in a study: name, and the rule in TOML.
fn rules(texts: &[(&str, &str)]) -> Vec<NamedRule> {
    texts
        .iter()
        .map(|(name, rule)| {
            toml::from_str(&format!("name = \"{name}\"\nrule = {{ {rule} }}")).unwrap()
        })
        .collect()
}

/// Builds one rule over the whole history.
fn built(rule: &str) -> (History, Books) {
    let mut history = history();
    let books = build(&rules(&[("book", rule)]), &mut history, 0..STEPS, 1).unwrap();
    (history, books)
}

fn refusal(rule: &str) -> String {
    let error: BookError =
        build(&rules(&[("book", rule)]), &mut history(), 0..STEPS, 1).unwrap_err();
    error.to_string()
}

/// The positions of a portfolio, with their instruments.
fn held<'a>(history: &'a History, portfolio: &Portfolio) -> Vec<(&'a Instrument, f64)> {
    portfolio
        .positions()
        .iter()
        .map(|position| (history.universe.instrument(position.instrument), position.quantity))
        .collect()
}

fn names(history: &History, portfolio: &Portfolio) -> Vec<String> {
    held(history, portfolio).iter().map(|(instrument, _)| instrument.name.clone()).collect()
}

/// Steps at which the contracts held differ from the step before.
fn changes(books: &Books) -> Vec<usize> {
    (1..books.portfolios.len())
        .filter(|&step| books.portfolios[step][0] != books.portfolios[step - 1][0])
        .collect()
}

/// Strike and forward delta of an option, by Black-76 written out.
fn strike_and_delta(state: &MarketState, instrument: &Instrument) -> (Right, f64, f64) {
    let Contract::Option { expiry, strike, right, .. } = instrument.contract else {
        panic!("{} is no option", instrument.name)
    };
    let market = state.underlying(instrument.underlying);
    let years = state.time.years_to(expiry);
    let forward = market.forward(years);
    let vol = market.surface.as_ref().unwrap().vol((strike / forward).ln(), years);
    let d1 = (forward / strike).ln() / (vol * years.sqrt()) + 0.5 * vol * years.sqrt();
    (right, strike, right.sign() * mpor_stats::special::normal_cdf(right.sign() * d1))
}
