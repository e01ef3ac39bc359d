//! Strategy-based margin: worked examples, and the cheapest grouping against trying every one.

use std::cell::Cell;
use std::collections::BTreeMap;

use mpor_core::Right;
use mpor_margin::models::reg_t::{
    RegTContract, RegTGroup, RegTGrouping, RegTLeg, RegTLevel, RegTOption, RegTRates,
    RegTUnderlying, Strategy, least,
};
use mpor_margin::{MarginReport, RuleLibrary};
use proptest::collection::vec;
use proptest::prop_assert;
use proptest::test_runner::{Config, TestRunner};

use crate::market::{Market, SPOT, built};

const REG_T: &str = "rules = \"finra/reg-t\"";
const EQUITY: RegTUnderlying =
    RegTUnderlying { spot: 100.0, short_option: 0.20, short_option_floor: 0.10 };

#[test]
fn the_worked_short_put() {
    // The specification's example: strike 80, spot 95, premium 2: (2 + max(19 - 15, 8)) x 100 = 1,000
    let underlying = RegTUnderlying { spot: 95.0, ..EQUITY };
    let leg = RegTLeg { side: -1.0, right: Right::Put, strike: 80.0, premium: 2.0, months: 1.0 };
    let amounts = Strategy::ShortPut.amounts(&rates(), &underlying, &[leg]).unwrap();
    assert_eq!(100.0 * amounts.maintenance, 1_000.0);
    // hand: the premium is in the account already
    assert_eq!(amounts.on_top(), (8.0, 8.0));
}

#[test]
fn long_stock_needs_half_and_a_quarter() {
    let report = ask(&[("BTC-SPOT", 1.0)]);
    assert_eq!(report.initial.amount(), 0.5 * SPOT[0]);
    assert_eq!(report.maintenance.amount(), 0.25 * SPOT[0]);
    assert_eq!(report.binding.as_deref(), Some("BTC: long stock"));
}

#[test]
fn a_covered_call_needs_the_stock_alone() {
    let report = ask(&[("BTC-SPOT", 2.0), ("BTC-C-55000", -2.0)]);
    assert_eq!(report.maintenance.amount(), 2.0 * 0.25 * SPOT[0]);
    assert_eq!(report.binding.as_deref(), Some("BTC: covered call"));
}

#[test]
fn a_later_call_covers_an_earlier_one() {
    let both = ask(&[("BTC-C-50000-Q", 1.0), ("BTC-C-55000", -1.0)]).initial.amount();
    let (long, short) = (premium("BTC-C-50000-Q"), premium("BTC-C-55000"));
    assert!((both - (long - short)).abs() < 1e-9, "a debit spread: the net premium");
    let reversed = ask(&[("BTC-C-50000-Q", -1.0), ("BTC-C-55000", 1.0)]).initial.amount();
    assert!(reversed > 0.1 * SPOT[0], "the long call ends first and covers nothing");
}

#[test]
fn futures_are_refused_unless_the_study_says_otherwise() {
    let market = Market::new();
    let error = market.ask(REG_T, &[("BTC-PERP", 1.0)]).unwrap_err().to_string();
    assert_eq!(
        error,
        "`model` has no rule for `BTC-PERP`: strategy-based margin is for stock and options; count it as stock with futures = \"as_stock\""
    );
    let study = format!("{REG_T}\nfutures = \"as_stock\"");
    let report = market.ask(&study, &[("BTC-PERP", -1.0)]).unwrap();
    assert_eq!(report.maintenance.amount(), 0.3 * SPOT[0]);
}

#[test]
fn impossible_parameters_are_named() {
    let refused = |text: &str| built(&format!("{REG_T}\n{text}")).err().unwrap().to_string();
    assert_eq!(refused("conversion = -1"), "model `model`: `conversion` is -1: 0 or more");
    assert_eq!(
        refused("underlyings.BTC = { type = \"coin\" }"),
        "model `model`: `underlyings.BTC.type` is `coin`, which is not in `types`; known: broad_index, equity"
    );
}

#[test]
fn two_credit_spreads_make_a_condor() {
    let book = [(3, -1.0), (4, 1.0), (5, 1.0), (6, -1.0)];
    let groups = grouped(&book, RegTLevel::Maintenance);
    let names: Vec<&str> = groups.iter().map(|group| group.strategy.name()).collect();
    assert_eq!(names, ["iron condor"]);
    // hand: one wing of 5 less the credits 1.8 - 0.7 and 1.5 - 0.6
    assert!((total(&groups) - (5.0 - 1.1 - 0.9)).abs() < 1e-9, "{groups:?}");
}

#[test]
fn fractions_of_contracts_are_grouped_in_fractions() {
    let groups = grouped(&[(0, 0.5), (3, -1.25)], RegTLevel::Maintenance);
    let numbers: Vec<(&str, f64)> =
        groups.iter().map(|group| (group.strategy.name(), group.number)).collect();
    assert_eq!(numbers, [("short call", 0.75), ("covered call", 0.5)]);
}

/// Twelve strikes, two rights and two expiries, long and short at random: thousands of strategies, searched to the end.
#[test]
fn a_book_of_fifty_contracts_is_grouped_too() {
    let mut seed = 3_u64;
    let mut random = |bound: i32| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as i32 % bound
    };
    for _ in 0..4 {
        let mut contracts = vec![RegTContract::Stock { units: 1.0 }];
        for months in [1.0, 2.0] {
            for step in 0..12 {
                for right in [Right::Call, Right::Put] {
                    let strike = 70.0 + 5.0 * f64::from(step);
                    let intrinsic = (right.sign() * (100.0 - strike)).max(0.0);
                    let distance = (strike - 100.0).abs();
                    let premium = intrinsic + months * 160.0 / (40.0 + distance);
                    let units = 100.0;
                    let option = RegTOption { right, strike, premium, months, units };
                    contracts.push(RegTContract::Option(option));
                }
            }
        }
        let positions: Vec<(usize, f64)> = (0..contracts.len())
            .map(|contract| (contract, f64::from(random(41) - 20)))
            .filter(|(_, quantity)| *quantity != 0.0)
            .collect();
        let ask = |positions: &[(usize, f64)]| {
            let level = RegTLevel::Maintenance;
            least(&rates(), &EQUITY, &contracts, positions, level)
        };
        let RegTGrouping { groups, unproven } = ask(&positions);
        uses_up(&groups, &positions);
        let stock = [Strategy::LongStock, Strategy::ShortStock];
        let whole =
            |group: &RegTGroup| stock.contains(&group.strategy) || group.number.fract() == 0.0;
        assert!(groups.iter().all(whole), "{groups:?}");
        let alone: f64 = positions.iter().map(|position| total(&ask(&[*position]).groups)).sum();
        assert!(total(&groups) < 0.9 * alone, "{} against {alone}", total(&groups));
        // Contracts that may be split ask for no more, and for little less: between them lies what is not proven.
        let split: Vec<(usize, f64)> = positions.iter().map(|(c, q)| (*c, q + 1e-7)).collect();
        let (whole, split) = (total(&groups), total(&ask(&split).groups));
        assert!(split <= whole * (1.0 + 1e-6) && split > 0.98 * whole, "{split} and {whole}");
        assert!(whole - unproven >= split * (1.0 - 1e-6), "{split}, {whole}, {unproven}");
    }
}

/// Every grouping of small books, tried one by one with costs from payoffs: none is cheaper than the one found, and one is as cheap.
#[test]
fn no_grouping_is_cheaper() {
    let grouped_at_once = Cell::new(0);
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 400, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let strategy = vec(-2..=2_i32, contracts().len());
    runner
        .run(&strategy, |quantities| {
            // No more than nine contracts, so that every grouping can be tried.
            let mut left = 9_u32;
            let take = |quantity: &i32| {
                let taken = quantity.unsigned_abs().min(left);
                left -= taken;
                quantity.signum() * i32::try_from(taken).unwrap_or(0)
            };
            let book: Vec<i32> = quantities.iter().map(take).collect();
            let positions: Vec<(usize, f64)> =
                book.iter().map(|&quantity| f64::from(quantity)).enumerate().collect();
            let positions: Vec<(usize, f64)> =
                positions.into_iter().filter(|(_, quantity)| *quantity != 0.0).collect();
            for level in [RegTLevel::Initial, RegTLevel::Maintenance] {
                let groups = grouped(&positions, level);
                uses_up(&groups, &positions);
                if groups.iter().any(|group| group.contracts.len() > 2) {
                    grouped_at_once.set(grouped_at_once.get() + 1);
                }
                let found = total(&groups);
                let every = cheapest_of_all(&book, level, &mut BTreeMap::new());
                prop_assert!((found - every).abs() < 1e-7, "{book:?}: {found} and {every}");
            }
            Ok(())
        })
        .unwrap();
    assert!(grouped_at_once.get() > 30, "strategies of many legs were found");
}

/// What is left of a book, cheapest: its first contract in every company that makes a strategy.
fn cheapest_of_all(book: &[i32], level: RegTLevel, known: &mut BTreeMap<Vec<i32>, f64>) -> f64 {
    let Some(first) = book.iter().position(|quantity| *quantity != 0) else { return 0.0 };
    if let Some(cost) = known.get(book) {
        return *cost;
    }
    let mut company = vec![Vec::new()];
    let mut legs = vec![first];
    companies(book, first, &mut legs, &mut company);
    let mut least = f64::INFINITY;
    for legs in company.into_iter().filter(|legs| !legs.is_empty()) {
        let Some(cost) = cost(book, &legs, level) else { continue };
        let mut rest = book.to_vec();
        legs.iter().for_each(|&leg| rest[leg] -= book[leg].signum());
        least = least.min(cost + cheapest_of_all(&rest, level, known));
    }
    known.insert(book.to_vec(), least);
    least
}

/// All choices of up to four contracts that begin with `legs`.
fn companies(book: &[i32], from: usize, legs: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    all.push(legs.clone());
    if legs.len() == 4 {
        return;
    }
    for next in from..book.len() {
        let used = legs.iter().filter(|leg| **leg == next).count();
        if usize::try_from(book[next].unsigned_abs()).unwrap() > used {
            legs.push(next);
            companies(book, next, legs, all);
            legs.pop();
        }
    }
}

/// What a choice of contracts costs by the table, from payoffs and not from strategies; `None` when it is none of them.
fn cost(book: &[i32], legs: &[usize], level: RegTLevel) -> Option<f64> {
    let contracts = contracts();
    let side = |leg: usize| f64::from(book[leg].signum());
    let stock: Vec<f64> = legs
        .iter()
        .filter(|&&leg| matches!(contracts[leg], RegTContract::Stock { .. }))
        .map(|&leg| side(leg))
        .collect();
    let options: Vec<(f64, RegTOption)> = legs
        .iter()
        .filter_map(|&leg| match contracts[leg] {
            RegTContract::Option(option) => Some((side(leg), option)),
            RegTContract::Stock { .. } => None,
        })
        .collect();
    let initial = level == RegTLevel::Initial;
    let long_stock = if initial { 50.0 } else { 25.0 };
    let short_stock = if initial { 50.0 } else { 30.0 };
    let out = |o: &RegTOption| (o.right.sign() * (o.strike - 100.0)).max(0.0);
    let short = |o: &RegTOption| {
        let floor = if o.right == Right::Call { 100.0 } else { o.strike };
        (20.0 - out(o)).max(0.1 * floor)
    };
    let paid = |o: &RegTOption| if o.months > 9.0 { 0.75 * o.premium } else { o.premium };
    let one_expiry = options.windows(2).all(|pair| pair[0].1.months == pair[1].1.months);
    match (stock.as_slice(), options.as_slice()) {
        ([], [(side, o)]) => Some(if *side > 0.0 { paid(o) } else { short(o) }),
        ([side], []) => Some(if *side > 0.0 { long_stock } else { short_stock }),
        ([side], [(of, o)]) => match (*side > 0.0, *of > 0.0, o.right) {
            (true, false, Right::Call) => Some(long_stock),
            (false, false, Right::Put) => Some(short_stock),
            (true, true, Right::Put) if initial => Some(50.0 + o.premium),
            (true, true, Right::Put) => Some((0.1 * o.strike + out(o)).min(25.0) + o.premium),
            _ => None,
        },
        ([side], [(a, x), (b, y)]) if *side > 0.0 && a * b < 0.0 && one_expiry => {
            let (put, call) = if x.right == Right::Put { (x, y) } else { (y, x) };
            let put_is_long = (if x.right == Right::Put { a } else { b }) > &0.0;
            let fits = put.right == Right::Put && call.right == Right::Call && put_is_long;
            if !fits || put.strike > call.strike {
                return None;
            }
            let amount = if put.strike == call.strike {
                0.1 * put.strike
            } else {
                (0.1 * put.strike + out(put)).min(0.25 * call.strike).min(25.0)
            };
            Some(if initial { 50.0 } else { amount })
        }
        ([], [(a, x), (b, y)]) if a * b < 0.0 && x.right == y.right => {
            let (long, short) = if *a > 0.0 { (x, y) } else { (y, x) };
            (long.months >= short.months).then(|| worst_loss(&options))
        }
        ([], [(a, x), (b, y)]) if *a < 0.0 && *b < 0.0 && x.right != y.right && one_expiry => {
            let (one, other) = (short(x) + x.premium, short(y) + y.premium);
            // The greater side; the other side's premium is in the account.
            Some(if one >= other { one - x.premium } else { other - y.premium })
        }
        ([], four) if four.len() == 4 && one_expiry => four_legs(four),
        _ => None,
    }
}

/// Butterflies with equal wings, iron condors and short boxes.
fn four_legs(legs: &[(f64, RegTOption)]) -> Option<f64> {
    let strikes = |side: f64, right| -> Vec<f64> {
        legs.iter().filter(|(s, o)| *s == side && o.right == right).map(|(_, o)| o.strike).collect()
    };
    for right in [Right::Call, Right::Put] {
        if let ([low, high], [one, two]) = (&strikes(1.0, right)[..], &strikes(-1.0, right)[..]) {
            return (one == two && one - low == high - one).then(|| worst_loss(legs));
        }
    }
    let one = |side, right| match strikes(side, right)[..] {
        [strike] => Some(strike),
        _ => None,
    };
    let (short_call, long_call) = (one(-1.0, Right::Call)?, one(1.0, Right::Call)?);
    let (short_put, long_put) = (one(-1.0, Right::Put)?, one(1.0, Right::Put)?);
    let condor = long_put < short_put && short_put <= short_call && short_call < long_call;
    let short_box = short_call < long_call && short_call == long_put && long_call == short_put;
    (condor || short_box).then(|| worst_loss(legs))
}

/// The worst of the payoffs, a gain counted as nothing, and what was paid.
fn worst_loss(legs: &[(f64, RegTOption)]) -> f64 {
    let payoff = |index: f64| -> f64 {
        legs.iter().map(|(side, o)| side * (o.right.sign() * (index - o.strike)).max(0.0)).sum()
    };
    let worst = (0..=40).map(|step| payoff(5.0 * f64::from(step))).fold(0.0, f64::min);
    let paid: f64 = legs.iter().map(|(side, o)| side * o.premium).sum();
    (paid - worst).max(0.0)
}

fn uses_up(groups: &[RegTGroup], positions: &[(usize, f64)]) {
    for &(contract, quantity) in positions {
        let used: f64 = groups
            .iter()
            .flat_map(|group| group.contracts.iter().map(move |of| (group, *of)))
            .filter(|(_, of)| *of == contract)
            .map(|(group, _)| {
                // The middle of a butterfly is held twice.
                let butterfly = group.strategy == Strategy::LongButterfly && quantity < 0.0;
                group.number * if butterfly { 2.0 } else { 1.0 }
            })
            .sum();
        assert!((used - quantity.abs()).abs() < 1e-9, "{groups:?} on {positions:?}");
    }
}

/// Stock and options at 95, 100 and 105 of one expiry, and a later call and put.
fn contracts() -> Vec<RegTContract> {
    let option = |right, strike, premium, months| {
        RegTContract::Option(RegTOption { right, strike, premium, months, units: 1.0 })
    };
    let (call, put) = (Right::Call, Right::Put);
    vec![
        RegTContract::Stock { units: 1.0 },
        option(call, 95.0, 6.4, 1.0),
        option(call, 100.0, 3.4, 1.0),
        option(call, 105.0, 1.5, 1.0),
        option(call, 110.0, 0.6, 1.0),
        option(put, 90.0, 0.7, 1.0),
        option(put, 95.0, 1.8, 1.0),
        option(put, 100.0, 3.1, 1.0),
        option(call, 100.0, 9.0, 12.0),
        option(put, 95.0, 6.0, 12.0),
    ]
}

fn grouped(positions: &[(usize, f64)], level: RegTLevel) -> Vec<RegTGroup> {
    let grouping = least(&rates(), &EQUITY, &contracts(), positions, level);
    assert_eq!(grouping.unproven, 0.0);
    grouping.groups
}

fn total(groups: &[RegTGroup]) -> f64 {
    groups.iter().map(|group| group.number * group.each).sum()
}

fn rates() -> RegTRates {
    let library = RuleLibrary::embedded().unwrap();
    let mut parameters = library.versions("finra/reg-t").unwrap()[0].parameters.clone();
    for key in ["types", "underlyings", "futures"] {
        parameters.remove(key);
    }
    parameters.try_into().unwrap()
}

fn ask(book: &[(&str, f64)]) -> MarginReport {
    Market::new().ask(REG_T, book).unwrap()
}

fn premium(name: &str) -> f64 {
    let market = Market::new();
    let ix = market.history.universe.find(name).unwrap();
    mpor_pricing::value(&market.state, &market.history.universe, ix).unwrap().amount
}
