//! What every model of the catalog must obey.

use std::cell::RefCell;

use mpor_core::{Portfolio, Position};
use mpor_margin::{Amounts, Component, KindInfo, Rule, Scratch, Size, kinds};
use proptest::collection::vec;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::test_runner::TestRunner;

use crate::market::{BOOKS, Market, built, models};

/// Relative to the amounts themselves: sums in another order.
const ROUNDING: f64 = 1e-12;

#[test]
fn every_kind_is_tested_here() {
    let tested = models();
    for kind in kinds() {
        assert!(tested.iter().any(|built| built.kind == kind.id), "{} is not in models()", kind.id);
    }
    assert!(kinds().is_sorted_by_key(|kind| kind.id), "the catalog is sorted");
}

#[test]
fn an_empty_book_needs_nothing() {
    let market = Market::new();
    for built in models() {
        let report = market.ask_built(&built, &[]).unwrap();
        assert_eq!(report.initial.amount(), 0.0, "{}", built.model.id());
        assert_eq!(report.maintenance.amount(), 0.0, "{}", built.model.id());
        assert_eq!(report.gross_notional, 0.0);
    }
}

#[test]
fn initial_margin_is_at_least_maintenance_margin_and_not_negative() {
    for_every_book(|_, name, book, report| {
        let (initial, maintenance) = (report.initial.amount(), report.maintenance.amount());
        assert!(initial.is_finite() && maintenance >= 0.0, "{name} on {book:?}");
        assert!(initial >= maintenance, "{name} on {book:?}: {initial} < {maintenance}");
    });
}

#[test]
fn the_breakdown_reproduces_the_requirement() {
    for_every_book(|_, name, book, report| {
        for tree in [&report.initial, &report.maintenance] {
            assert_eq!(tree.recomputed(), tree.amount(), "{name} on {book:?}");
            assert!(every_node_is_named(tree), "{name} on {book:?}:\n{tree}");
        }
    });
}

#[test]
fn order_and_splitting_of_positions_change_nothing() {
    let market = Market::new();
    let day = market.day();
    for built in models() {
        let prepared = built.model.prepare(&day).unwrap();
        for book in BOOKS {
            let whole = market.book(book);
            let mut halves: Vec<Position> = whole
                .positions()
                .iter()
                .flat_map(|position| {
                    let half = Position { quantity: position.quantity / 2.0, ..*position };
                    [half, half]
                })
                .collect();
            halves.reverse();
            let split = prepared.requirement(&Portfolio::new(halves)).unwrap();
            assert_eq!(split, prepared.requirement(&whole).unwrap(), "{}", built.model.id());
        }
    }
}

#[test]
fn proportional_models_are_proportional() {
    let (market, models) = (Market::new(), models());
    for_every_book(|kind, name, book, report| {
        if kind.size != Size::Proportional {
            return;
        }
        let triple: Vec<(&str, f64)> = book.iter().map(|(name, q)| (*name, 3.0 * q)).collect();
        let built = models.iter().find(|built| built.model.id() == name).unwrap();
        let thrice = market.ask_built(built, &triple).unwrap();
        let (expected, actual) = (3.0 * report.initial.amount(), thrice.initial.amount());
        assert!((actual - expected).abs() <= ROUNDING * expected, "{name} on {book:?}");
    });
}

/// Random books: whatever is held, levels are ordered, finite and reproduced, doubling is doubling, and the amounts alone
/// are those of the report.
#[test]
fn random_books_obey_the_laws() {
    let market = Market::new();
    let day = market.day();
    let names: Vec<String> =
        market.history.universe.instruments().iter().map(|known| known.name.clone()).collect();
    let models = models();
    let prepared: Vec<_> = models.iter().map(|built| built.model.prepare(&day).unwrap()).collect();
    // One for all books and models: what an earlier one left in it must not matter.
    let scratch = RefCell::new(Scratch::default());
    let mut runner = TestRunner::deterministic();
    runner
        .run(&vec(-20..20_i32, names.len()), |quantities| {
            let held = names.iter().zip(&quantities).map(|(name, &quantity)| {
                // Spot is never short: collateral cannot be.
                let quantity = if name == "BTC-SPOT" { quantity.abs() } else { quantity };
                (name.as_str(), f64::from(quantity))
            });
            let book = market.book(&held.collect::<Vec<_>>());
            let twice =
                book.positions().iter().map(|p| Position { quantity: 2.0 * p.quantity, ..*p });
            let twice = Portfolio::new(twice.collect());
            for (built, prepared) in models.iter().zip(&prepared) {
                let report = prepared.requirement(&book).unwrap();
                let (initial, maintenance) = (report.initial.amount(), report.maintenance.amount());
                prop_assert!(initial.is_finite() && initial >= maintenance && maintenance >= 0.0);
                prop_assert_eq!(report.initial.recomputed(), initial);
                let amounts = prepared.amounts(&book, &mut scratch.borrow_mut()).unwrap();
                prop_assert_eq!(
                    bits(&amounts),
                    bits(&Amounts::from(report)),
                    "{}",
                    built.model.id()
                );
                let size = kinds().iter().find(|kind| kind.id == built.kind).unwrap().size;
                if size == Size::Proportional {
                    // A power of two changes no rounding.
                    let twice = prepared.requirement(&twice).unwrap().initial.amount();
                    prop_assert_eq!(twice, 2.0 * initial, "{}", built.model.id());
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn amounts_alone_are_those_of_the_report() {
    let market = Market::new();
    let day = market.day();
    let mut scratch = Scratch::default();
    for built in models() {
        let prepared = built.model.prepare(&day).unwrap();
        for book in BOOKS.iter().copied().chain([&[][..]]) {
            let book = market.book(book);
            let amounts = prepared.amounts(&book, &mut scratch).unwrap();
            let report = prepared.requirement(&book).unwrap();
            assert_eq!(bits(&amounts), bits(&Amounts::from(report)), "{}", built.model.id());
        }
    }
}

#[test]
fn positions_of_nobody_are_refused() {
    let mut market = Market::new();
    let stranger = market.held.pop().unwrap();
    let day = market.day();
    let book = Portfolio::new(vec![Position { instrument: stranger, quantity: 1.0 }]);
    for built in models() {
        let prepared = built.model.prepare(&day).unwrap();
        let error = prepared.requirement(&book).unwrap_err();
        let amounts = prepared.amounts(&book, &mut Scratch::default());
        assert_eq!(amounts.unwrap_err().to_string(), error.to_string());
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` has no rule for `SPX-P-3800`: it is not among the instruments that the day was prepared for",
                built.model.id()
            )
        );
    }
}

#[test]
fn a_scenario_more_never_lowers_the_worst_case() {
    let market = Market::new();
    let few = "kind = \"scan\"\nprice_range = 0.15";
    let more = "kind = \"scan\"\nprice_range = 0.15\nextreme = { multiple = 3, cover = 0.5 }";
    for book in BOOKS {
        let amount = |model: &str| market.ask(model, book).unwrap().initial.amount();
        assert!(amount(more) >= amount(few), "{book:?}");
    }
}

/// Posted spot is worth its price, and what a model asks for it is never more than that.
#[test]
fn more_collateral_never_asks_for_more_than_it_brings() {
    let market = Market::new();
    let day = market.day();
    let spot = market.state.underlyings[0].spot;
    for built in models() {
        let prepared = built.model.prepare(&day).unwrap();
        for book in BOOKS {
            let left_over = |coins: f64| {
                let book = [*book, &[("BTC-SPOT", coins)][..]].concat();
                let report = prepared.requirement(&market.book(&book)).unwrap();
                [coins * spot - report.initial.amount(), coins * spot - report.maintenance.amount()]
            };
            let mut before = left_over(0.0);
            for coins in [0.1, 1.0, 3.0, 20.0] {
                let after = left_over(coins);
                for (before, after) in before.iter().zip(after) {
                    let rounding = 1e-9 * (after.abs() + spot);
                    assert!(after >= before - rounding, "{}: {book:?}", built.model.id());
                }
                before = after;
            }
        }
    }
}

/// Accounts in another order, through one memory: the same amounts.
#[test]
fn the_order_of_accounts_changes_nothing() {
    let market = Market::new();
    let day = market.day();
    let books: Vec<_> = BOOKS.iter().map(|book| market.book(book)).collect();
    for built in models() {
        let prepared = built.model.prepare(&day).unwrap();
        let mut scratch = Scratch::default();
        let mut ask = |at: usize| prepared.amounts(&books[at], &mut scratch).unwrap();
        let forward: Vec<_> = (0..books.len()).map(&mut ask).collect();
        let mut backward: Vec<_> = (0..books.len()).rev().map(&mut ask).collect();
        backward.reverse();
        assert_eq!(forward, backward, "{}", built.model.id());
    }
}

#[test]
fn the_catalog_lists_the_keys_that_the_kinds_read() {
    for kind in kinds() {
        let error = built(&format!("kind = \"{}\"\nzzzzzzzzzzzz = 1", kind.id)).err().unwrap();
        let known: Vec<&str> = kind.parameters.iter().map(|parameter| parameter.key).collect();
        let text = error.to_string();
        let (_, listed) = text.split_once("known: ").unwrap();
        let mut listed: Vec<&str> = listed.split(", ").collect();
        let mut known = known;
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known, "{}", kind.id);
    }
}

fn for_every_book(check: impl Fn(&KindInfo, &str, &[(&str, f64)], &mpor_margin::MarginReport)) {
    let market = Market::new();
    let day = market.day();
    for built in models() {
        let kind = kinds().iter().find(|kind| kind.id == built.kind).unwrap();
        let prepared = built.model.prepare(&day).unwrap();
        for book in BOOKS {
            let report = prepared.requirement(&market.book(book)).unwrap();
            check(kind, built.model.id(), book, &report);
        }
    }
}

fn bits(amounts: &Amounts<'_>) -> (u64, u64, Option<String>) {
    let binding = amounts.binding.as_deref().map(str::to_owned);
    (amounts.initial.to_bits(), amounts.maintenance.to_bits(), binding)
}

fn every_node_is_named(node: &Component) -> bool {
    let leaf = (node.rule() == Rule::Leaf) == node.parts().is_empty();
    let empty_sum = node.parts().is_empty() && node.amount() == 0.0;
    !node.name().is_empty() && (leaf || empty_sum) && node.parts().iter().all(every_node_is_named)
}
