//! Two books put together: a sub-additive model never asks for more, and each that is not has books that show it.

use mpor_core::{Contract, Instrument, Portfolio, Position, Right, Settlement, Span, UnderlyingIx};
use mpor_margin::{Merging, kinds};

use crate::market::{Market, built, models};
use crate::random::Random;

/// Sums in another order, relative.
const ROUNDING: f64 = 1e-9;

/// Positions by name.
type Held = &'static [(&'static str, f64)];

/// Models that may ask more, by kind, and two books that need more together than apart. Found by trying random books, except
/// where a comment says why.
const COUNTEREXAMPLES: &[(&str, &str, Held, Held)] = &[
    // The delta shock grows with the square of the delta.
    (
        "deribit-pm-style",
        "rules = \"deribit/pm-style\"\nas_of = \"2026-02-15\"",
        &[("BTC-FUT", -3_000.0)],
        &[("BTC-C-55000", -2_000.0)],
    ),
    // A skew scenario counts what an expiry gains as a loss, and netting leaves more of a gain.
    (
        "derive-pmrm2",
        "rules = \"derive/pmrm2\"\nas_of = \"2025-12-08\"\nfutures = \"as_perpetual\"",
        &[("BTC-PERP", 200.0), ("BTC-FUT", -200.0), ("BTC-P-45000", -300.0)],
        &[("BTC-SPOT", 300.0), ("BTC-C-55000", 300.0)],
    ),
    // By reasoning: a naked call settles worst at its own strike, until a spread brings a strike above it.
    (
        "derive-srm",
        "rules = \"derive/srm\"\nas_of = \"2025-12-08\"",
        &[("BTC-C-55000", -1.0)],
        &[("BTC-C-55000", -1.0), ("BTC-C-60000", 1.0)],
    ),
    // A larger position is in a higher bracket.
    (
        "isolated",
        "rules = \"binance/isolated\"",
        &[("BTC-PERP", -200.0)],
        &[("BTC-PERP", -4_000.0)],
    ),
    // By reasoning: hedged coins pay closing costs alone, and those rise by tiers.
    (
        "okx-pm-style",
        "rules = \"okx/pm-style\"\nas_of = \"2025-01-15\"",
        &[("BTC-PERP", 1_000.0), ("BTC-INVERSE", -50_050_000.0)],
        &[("BTC-PERP", 1_000.0), ("BTC-INVERSE", -50_050_000.0)],
    ),
    // By reasoning: the hedge takes away scan risk that the minimum hides, and the credit with it.
    (
        "scan",
        "kind = \"scan\"\nprice_range = 0.15\noffset = 1.0\nshort_option_minimum = 0.3",
        &[("BTC-C-55000", -10.0)],
        &[("BTC-PERP", 3.0), ("ETH-PERP", -60.0)],
    ),
    // A tier nets, and what nets forms other spreads with other tiers.
    (
        "span",
        "rules = \"generic/span\"\nprice_risk = \"normal\"\norder = \"account\"\ncommodities.default.option_style = \"futures\"",
        &[("BTC-PERP", -3.0), ("BTC-FUT", 2.0), ("BTC-P-45000", -3.0)],
        &[("BTC-P-45000", -1.0)],
    ),
    // Each book's bad days are rarer than one in a hundred, those of both together are not.
    (
        "var",
        "kind = \"var\"\nlevel = 0.99\nscenarios = { historical = { window = 250 } }",
        &[("BTC-C-55000", 2.0)],
        &[("BTC-C-50000-Q", 3.0)],
    ),
];

#[test]
fn sub_additive_models_ask_no_more_for_a_merged_book() {
    let (market, mut random) = (Market::new(), Random(5));
    let day = market.day();
    for built in models().iter().filter(|built| built.model.merging() == Merging::NeverMore) {
        let prepared = built.model.prepare(&day).unwrap();
        for _ in 0..200 {
            let (a, b) = (book(&market, &mut random), book(&market, &mut random));
            let both = merged(&a, &b);
            let of = |book: &Portfolio| {
                let report = prepared.requirement(book).unwrap();
                (report.initial.amount(), report.maintenance.amount())
            };
            let (a_, b_, both_) = (of(&a), of(&b), of(&both));
            let name = built.model.id();
            for (a, b, both) in [(a_.0, b_.0, both_.0), (a_.1, b_.1, both_.1)] {
                assert!(both <= (a + b) * (1.0 + ROUNDING), "{name}: {both} > {a} + {b}");
            }
        }
    }
}

#[test]
fn models_that_are_not_sub_additive_have_books_that_show_it() {
    let market = more_strikes();
    let day = market.day();
    for (kind, text, a, b) in COUNTEREXAMPLES {
        let built = built(text).unwrap();
        assert_eq!((built.kind.as_str(), built.model.merging()), (*kind, Merging::MayBeMore));
        let prepared = built.model.prepare(&day).unwrap();
        let of = |book: &[(&str, f64)]| {
            prepared.requirement(&market.book(book)).unwrap().initial.amount()
        };
        let (apart, together) = (of(a) + of(b), of(&[*a, *b].concat()));
        assert!(together > apart * (1.0 + 1e-6), "{kind}: {together} <= {apart}");
    }
    let models = models();
    for kind in kinds() {
        let mut own = models.iter().filter(|built| built.kind == kind.id);
        let may = own.any(|built| built.model.merging() == Merging::MayBeMore);
        let shown = COUNTEREXAMPLES.iter().any(|(known, ..)| *known == kind.id);
        assert!(shown || !may, "{}: write a counterexample, or do not declare it", kind.id);
    }
}

/// The market of all tests with more strikes of one expiry.
fn more_strikes() -> Market {
    let mut market = Market::new();
    let expiry = market.state.time + Span::days(30);
    for (name, strike, right) in [
        ("BTC-C-50000", 50_000.0, Right::Call),
        ("BTC-C-60000", 60_000.0, Right::Call),
        ("BTC-P-40000", 40_000.0, Right::Put),
        ("BTC-P-50000", 50_000.0, Right::Put),
    ] {
        let contract = Contract::Option { expiry, strike, right, settlement: Settlement::Cash };
        let (name, underlying) = (name.to_owned(), UnderlyingIx(0));
        let listed = Instrument { name, underlying, contract_size: 1.0, contract };
        market.held.push(market.history.universe.add(listed).unwrap());
    }
    market
}

/// A random book; spot is never short.
fn book(market: &Market, random: &mut Random) -> Portfolio {
    let names = market.history.universe.instruments().iter().map(|known| known.name.as_str());
    let held = names.map(|name| {
        let quantity = if random.below(2) == 0 { 0.0 } else { random.below(41) as f64 - 20.0 };
        (name, if name == "BTC-SPOT" { quantity.abs() } else { quantity })
    });
    market.book(&held.collect::<Vec<_>>())
}

fn merged(a: &Portfolio, b: &Portfolio) -> Portfolio {
    let all: Vec<Position> = a.positions().iter().chain(b.positions()).copied().collect();
    Portfolio::new(all)
}
