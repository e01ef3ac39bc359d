//! Rates by size, account ratios and liquidation prices: printed examples, hand computation, and what must always hold.

use std::path::Path;

use mpor_margin::models::isolated::rates::{Collateral, OpenInterest, RootSize, Slope};
use mpor_margin::models::isolated::ratio::{TokenAccount, hyperliquid_ratio};
use mpor_margin::models::isolated::{Bracket, Brackets, LinearPosition, SizeRate};
use proptest::prelude::{Strategy, prop};
use proptest::{prop_assert, proptest};
use serde_json::Value;

use crate::market::{Market, SPOT, built};

const DERIBIT: &str = "rules = \"deribit/standard\"";

#[test]
fn deribit_charges_size() {
    let market = Market::new();
    let report = market.ask(DERIBIT, &[("BTC-PERP", -25.0)]).unwrap();
    // printed: 25 coins need 2.125 %, and 1.125 % in maintenance margin
    near(report.initial.amount(), 0.02125 * 25.0 * SPOT[0]);
    near(report.maintenance.amount(), 0.01125 * 25.0 * SPOT[0]);
    // the same in a coin-settled contract of a dollar each
    let inverse = market.ask(DERIBIT, &[("BTC-INVERSE", 25.0 * SPOT[0])]).unwrap();
    near(inverse.initial.amount(), report.initial.amount());
    // hand: 15 % less 10 % out of the money is the least, 10 %; maintenance 7.5 %
    let option = market.ask(DERIBIT, &[("BTC-C-55000", -1.0)]).unwrap();
    assert_eq!((option.initial.amount(), option.maintenance.amount()), (5_000.0, 3_750.0));
    let before = market.ask(&format!("{DERIBIT}\nas_of = \"2021-01-01\""), &[("BTC-PERP", 1.0)]);
    assert!(before.is_err(), "no version is known before 2022");
}

#[test]
fn printed_examples_of_deribit() {
    let btc = slope(0.02, 0.01, 5e-5);
    // printed: 25 coins at 100,000 need 53,125, 350 coins 1,312,500, 6,000 SOL at 200 need 84,000
    near(btc.levels(2_500_000.0, 25.0, 0.0).initial, 53_125.0);
    near(btc.levels(35_000_000.0, 350.0, 0.0).initial, 1_312_500.0);
    near(slope(0.04, 0.02, 5e-6).levels(1_200_000.0, 6_000.0, 0.0).initial, 84_000.0);
}

#[test]
fn a_slope_may_begin_at_a_size() {
    let rate = Slope { from: 10.0, ..as_slope(0.01, 0.005, 1e-3) };
    let rates = |coins| SizeRate::Slope(rate).rates(coins, 0.0);
    assert_eq!(rates(10.0).initial, 0.01);
    // hand: two coins beyond
    near(rates(12.0).initial, 0.012);
    near(rates(12.0).maintenance, 0.007);
}

#[test]
fn open_interest_raises_the_initial_rate_alone() {
    let (lower, upper) = (Some(40e6), Some(100e6));
    let rule = OpenInterest { initial: 0.05, maintenance_fraction: 0.6, lower, upper };
    let rates = |interest| SizeRate::OpenInterest(rule).rates(1.0, interest);
    assert_eq!((rates(0.0).initial, rates(40e6).initial), (0.05, 0.05));
    // hand: half way from 5 % to 100 %
    near(rates(70e6).initial, 0.525);
    assert_eq!(rates(200e6).initial, 1.0);
    near(rates(200e6).maintenance, 0.03);
    let market = Market::new();
    let ask = |extra: &str| {
        let model = format!("rules = \"dydx/isolated\"\n{extra}");
        market.ask(&model, &[("SPX-FUT", 1.0)]).unwrap().initial.amount()
    };
    // hand: 50 x 4,000 at 5 %, or at 52.5 % in a market of 70 million
    near(ask(""), 10_000.0);
    near(ask("open_interest = { SPX = 70e6 }"), 105_000.0);
}

#[test]
fn the_root_of_size_takes_over_from_the_base_rate() {
    let rule = RootSize { initial: 0.1, maintenance: 0.05, factor: 0.01, least: 0.0 };
    let rates = |coins| SizeRate::RootSize(rule).rates(coins, 0.0);
    // hand: at one coin 8 % and 1 % are below 10 %; at 100 coins 8 % and ten times 1 %
    near(rates(1.0).initial, 0.1);
    assert!((rates(100.0).initial - 0.18).abs() < 1e-9);
    assert!((rates(100.0).maintenance - 0.14).abs() < 1e-9);
    let strict = SizeRate::RootSize(RootSize { least: 0.5, ..rule }).rates(100.0, 0.0);
    assert_eq!((strict.initial, strict.maintenance), (0.5, 0.5));
}

#[test]
fn collateral_has_a_least_amount_and_follows_open_interest() {
    let rule = Collateral { share: 0.01, least: 1.0, open_interest_multiple: 1e-9 };
    let levels = |notional, interest| SizeRate::Collateral(rule).levels(notional, 1.0, interest);
    // hand
    assert_eq!(levels(50.0, 0.0).maintenance, 1.0);
    near(levels(5_000.0, 0.0).maintenance, 50.0);
    near(levels(5_000.0, 20e6).maintenance, 100.0);
    assert_eq!(levels(0.0, 0.0).maintenance, 0.0, "no position, no money");
}

#[test]
fn an_account_ratio_multiplies_the_maintenance_margins() {
    let market = Market::new();
    let model = "rules = \"binance/portfolio\"";
    // hand: 100,000 less what the first two brackets take off: 450 and, for the short of 50,000, 200
    let report = market.ask(model, &[("BTC-PERP", 2.0), ("BTC-FUT", -1.0)]).unwrap();
    near(report.maintenance.amount(), 1.05 * 650.0);
    near(report.initial.amount(), 1.2 * 650.0);
    // hand: 2,200 coins are 110 million, of which 10 million count by 97.5 %
    let coins = market.ask(model, &[("BTC-SPOT", 2_200.0)]).unwrap();
    near(coins.initial.amount(), 250_000.0);
    near(coins.maintenance.amount(), 250_000.0);
    let error = market.ask(model, &[("BTC-SPOT", -1.0)]).unwrap_err().to_string();
    assert!(error.contains("collateral cannot be short"), "{error}");
    let error = market.ask(model, &[("BTC-C-55000", -1.0)]).unwrap_err().to_string();
    assert!(error.contains("these rules have no `options`"), "{error}");
}

#[test]
fn an_account_ratio_leaves_the_value_of_options_alone() {
    let market = Market::new();
    let ratio = "account_ratio = { initial = 2.0, maintenance = 1.5 }";
    let model = format!("rules = \"generic/isolated\"\n{ratio}");
    let plain = |book: &[(&str, f64)]| market.ask("rules = \"generic/isolated\"", book).unwrap();
    let (long, short) = ([("BTC-C-55000", 1.0)], [("BTC-C-55000", -1.0)]);
    let asked = |book: &[(&str, f64)]| market.ask(&model, book).unwrap();
    assert_eq!(asked(&long).initial.amount(), plain(&long).initial.amount());
    near(asked(&short).initial.amount(), 2.0 * plain(&short).maintenance.amount());
    near(asked(&short).maintenance.amount(), 1.5 * plain(&short).maintenance.amount());
}

#[test]
fn hyperliquid_halves_the_largest_leverage() {
    let market = Market::new();
    let ask = |coins| market.ask("rules = \"hyperliquid/isolated\"", &[("BTC-PERP", coins)]);
    // hand: 40x; beyond 150 million 20x, continuous in maintenance margin
    let small = ask(1.0).unwrap();
    assert_eq!((small.initial.amount(), small.maintenance.amount()), (1_250.0, 625.0));
    let large = ask(4_000.0).unwrap();
    assert_eq!((large.initial.amount(), large.maintenance.amount()), (10e6, 3_125_000.0));
}

#[test]
fn the_published_hyperliquid_ratio() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/published_vectors/hyperliquid_pm/vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    for vector in vectors["vectors"].as_array().unwrap() {
        let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
        let number = |value: &Value| value.as_f64().unwrap();
        let token = TokenAccount {
            balance: number(&inputs["collateral"]["balance"]),
            price: number(&inputs["borrowed"]["oracle_price"]),
            borrowed: number(&inputs["borrowed"]["amount"]),
            cross_maintenance: number(&inputs["cross_maintenance_margin_usdc"]),
            borrow_cap: number(&inputs["collateral"]["borrow_cap"]),
            supply_cap: number(&inputs["collateral"]["supply_cap"]),
            ltv: number(&inputs["collateral"]["ltv"]),
        };
        near(token.value(), number(&expected["liquidation_value_usdc"]));
        let ratio = hyperliquid_ratio(&[token], number(&inputs["min_borrow_offset_usdc"]));
        near(ratio.unwrap(), number(&expected["portfolio_margin_ratio"]));
    }
}

#[test]
fn impossible_rules_are_refused_with_their_key() {
    for (model, problem) in [
        (
            "kind = \"isolated\"\nrates = { BTC = { slope = { initial = 0.01, maintenance = 0.02, initial_slope = 0, maintenance_slope = 0 } } }",
            "`rates.BTC` has initial 0.01 and maintenance 0.02",
        ),
        (
            "kind = \"isolated\"\nrates = { BTC = { open_interest = { initial = 0.05, maintenance_fraction = 0.6, lower = 5.0 } } }",
            "`rates.BTC` has lower Some(5.0) and upper None: both",
        ),
        (
            "kind = \"isolated\"\nrates = { BTC = { slop = 1 } }",
            "unknown key `rates.BTC.slop`; did you mean `slope`?",
        ),
        (
            "rules = \"binance/isolated\"\nrates = { BTC = { collateral = { share = 0.01, least = 1.0 } } }",
            "`rates.BTC` is in `futures` too",
        ),
        (
            "rules = \"binance/portfolio\"\ncollateral = { BTC = [{ up_to = 10.0, rate = 1.5 }] }",
            "`collateral.BTC[0]` is 1.5: a share between 0 and 1",
        ),
        (
            "rules = \"binance/portfolio\"\naccount_ratio = { initial = 1.0, maintenance = 1.1 }",
            "`account_ratio` has initial 1 and maintenance 1.1",
        ),
        (
            "kind = \"isolated\"\nopen_interest = { BTC = -1.0 }",
            "`open_interest.BTC` is -1: zero or more",
        ),
        (
            "rules = \"binance/isolated\"\nmarkets = { ETH = \"SOL\" }",
            "`markets.ETH` is `SOL`, for which neither `futures` nor `rates` has an entry",
        ),
    ] {
        let error = built(model).err().unwrap().to_string();
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn liquidation_prices_by_hand() {
    let brackets = two_brackets();
    let long = LinearPosition {
        quantity: 1.0,
        entry: 1_000.0,
        margin: 100.0,
        other_pnl: 0.0,
        other_maintenance: 0.0,
    };
    // hand: 100 + (P - 1,000) = 0.02 P - 5 in the second bracket
    let liquidation = long.liquidation_price(&brackets).unwrap();
    near(liquidation.price, 895.0 / 0.98);
    assert_eq!(liquidation.tier, 1);
    assert_eq!(long.bankruptcy_price(), Some(900.0));
    // hand: fully paid, there is no price
    let paid = LinearPosition { margin: 1_000.0, ..long };
    assert_eq!((paid.liquidation_price(&brackets), paid.bankruptcy_price()), (None, None));
    let nothing = LinearPosition { quantity: 0.0, ..long };
    assert_eq!((nothing.liquidation_price(&brackets), nothing.bankruptcy_price()), (None, None));
}

proptest! {
    /// At the liquidation price equity is the maintenance margin; a little beyond it the position is liquidatable, a little
    /// before it is not; and the money is gone only beyond it.
    #[test]
    fn liquidation_prices_solve_their_equation(position in positions()) {
        let brackets = two_brackets();
        let Some(liquidation) = position.liquidation_price(&brackets) else {
            // Only where the money covers the position at every price.
            let safe = position.equity(0.0) >= 0.0 && position.quantity > 0.0;
            let gone = position.quantity < 0.0 && position.is_liquidatable(&brackets, 1e-9);
            prop_assert!(safe || gone, "{position:?}");
            return Ok(());
        };
        let price = liquidation.price;
        let margin = brackets.maintenance(position.notional(price));
        let scale = position.notional(price.max(position.entry)) + position.margin;
        prop_assert!((position.equity(price) - margin).abs() <= 1e-12 * scale);
        let against = position.quantity.signum() * 1e-6;
        prop_assert!(position.is_liquidatable(&brackets, price * (1.0 - against)));
        prop_assert!(!position.is_liquidatable(&brackets, price * (1.0 + against)));
        if let Some(bankruptcy) = position.bankruptcy_price() {
            prop_assert!((price - bankruptcy) * position.quantity >= -1e-9 * scale);
        }
    }
}

fn positions() -> impl Strategy<Value = LinearPosition> {
    let sides = prop::sample::select(vec![-1.0, 1.0]);
    let amounts = (0.01..50.0_f64, 10.0..2_000.0_f64, 0.0..1.5_f64, -0.2..0.2_f64, 0.0..0.05_f64);
    (sides, amounts).prop_map(|(side, (size, entry, margin, pnl, maintenance))| {
        let notional = size * entry;
        LinearPosition {
            quantity: side * size,
            entry,
            margin: margin * notional,
            other_pnl: pnl * notional,
            other_maintenance: maintenance * notional,
        }
    })
}

/// 1 % to 500, then 2 % less 5.
fn two_brackets() -> Brackets {
    let bracket = |up_to, rate, deduction| Bracket {
        up_to,
        initial: 2.0 * rate,
        maintenance: rate,
        deduction,
    };
    Brackets::new(vec![bracket(Some(500.0), 0.01, 0.0), bracket(None, 0.02, 5.0)]).unwrap()
}

fn as_slope(initial: f64, maintenance: f64, slope: f64) -> Slope {
    Slope { initial, maintenance, initial_slope: slope, maintenance_slope: slope, from: 0.0 }
}

fn slope(initial: f64, maintenance: f64, slope: f64) -> SizeRate {
    SizeRate::Slope(as_slope(initial, maintenance, slope))
}

fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{actual}, {expected}");
}
