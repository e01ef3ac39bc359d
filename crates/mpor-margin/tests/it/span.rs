//! SPAN on examples of others and on a margin date.

use mpor_core::Right;
use mpor_margin::models::span::{
    CommodityAssessment, InterSpread, IntraSpread, Order, PriceRisk, RiskArray, ScanRange,
    ShortOptionMethod, Side, SpanAssessment, SpanOption, SpanTerms, SpanUnit, SpotMonth, SpreadLeg,
    VolRange,
};

use crate::market::{Market, SPOT, built};

/// A textbook S&P example, P&L of one long future and of one short call; range 10,000, extremes twice of which 35 % count.
const FUTURE_PNL: RiskArray = [
    0.0, 0.0, 3_330.0, 3_330.0, -3_330.0, -3_330.0, 6_670.0, 6_670.0, -6_670.0, -6_670.0, 10_000.0,
    10_000.0, -10_000.0, -10_000.0, 7_000.0, -7_000.0,
];
const SHORT_CALL_PNL: RiskArray = [
    -460.0, 610.0, -2_640.0, -1_730.0, 1_270.0, 2_340.0, -5_210.0, -4_540.0, 2_540.0, 3_430.0,
    -8_060.0, -7_640.0, 3_380.0, 3_990.0, -3_130.0, 1_500.0,
];

#[test]
fn the_textbooks_covered_write() {
    let future = unit(FUTURE_PNL.map(|pnl| -pnl), 1.0, None);
    // One long call gains what one short call loses.
    let call = unit(SHORT_CALL_PNL, 0.5, Some(Right::Call));
    let own = assess(&terms(), PriceRisk::Normal, &[future, call], &[(0, 1.0), (1, -1.0)]);
    assert_eq!((own.scan_risk, own.active_scenario + 1), (6_620.0, 13), "printed");
    // hand: pair 14 loses 6,010; the unchanged price gains 150 and loses 0 - (460 - 610) / 2
    assert_eq!((own.vol_adjusted, own.time_risk, own.price_risk), (6_315.0, -75.0, 6_390.0));
}

#[test]
fn a_computed_book_in_which_the_extreme_move_binds() {
    // Shared reference: forward 5000, factor 50, range 240, vol 4 points, 3 x 33 %, computed independently.
    let scan = ScanRange {
        price: 240.0,
        vol: VolRange::Points(0.04),
        extreme_multiple: 3.0,
        extreme_cover: 0.33,
        look_ahead_years: 1.0 / 365.0,
    };
    let option = |strike, right| {
        let years = 30.0 / 365.0;
        let option = SpanOption { forward: 5_000.0, strike, years, vol: 0.2, rate: 0.04, right };
        SpanUnit {
            option_value: option.value().unwrap() * 50.0,
            ..unit(
                scan.option(&option, 50.0).unwrap(),
                scan.composite_delta(&option).unwrap(),
                Some(right),
            )
        }
    };
    let units = [
        unit(scan.future(50.0), 1.0, None),
        option(5_100.0, Right::Call),
        option(4_800.0, Right::Put),
    ];
    let positions = [(0, 2.0), (1, -10.0), (2, -10.0)];
    let terms = SpanTerms { short_option_rate: 300.0, ..terms() };
    let own = assess(&terms, PriceRisk::Normal, &units, &positions);
    assert!((own.scan_risk - 91_264.51).abs() < 0.005, "{}", own.scan_risk);
    assert_eq!(own.active_scenario + 1, 16);
    assert_eq!(own.short_option_minimum, 6_000.0, "hand: 20 short options at 300");
    assert!((own.net_delta - 0.6352).abs() < 5e-5, "{}", own.net_delta);
    let account = SpanAssessment::new(vec![own], &[], Order::Commodity);
    assert!((account.net_option_value + 55_636.31).abs() < 0.005);
    assert!((account.requirement - 146_900.83).abs() < 0.01, "{}", account.requirement);
}

#[test]
fn the_published_margin_of_eight_index_futures() {
    // KDPW 2014-10-31: 8 WIG20 futures at 2,466 x 20 PLN needed 29,197 PLN, and with half the range 14,599
    for (range, printed) in [(0.074, 29_197.0), (0.037, 14_599.0)] {
        let scan = ScanRange {
            price: range * 2_466.0,
            vol: VolRange::Points(0.04),
            extreme_multiple: 3.0,
            extreme_cover: 0.32,
            look_ahead_years: 0.0,
        };
        let units = [unit(scan.future(20.0), 1.0, None)];
        let own = assess(&terms(), PriceRisk::Normal, &units, &[(0, 8.0)]);
        let account = SpanAssessment::new(vec![own], &[], Order::Account);
        assert!((account.requirement - printed).abs() < 0.5, "{}", account.requirement);
    }
}

#[test]
fn the_orders_differ_where_the_minimum_meets_a_credit() {
    let short = unit([10.0; 16], 1.0, Some(Right::Put));
    let terms = SpanTerms { short_option_rate: 30.0, range_value: 10.0, ..terms() };
    let own = |quantity| assess(&terms, PriceRisk::ScanRange, &[short], &[(0, quantity)]);
    let leg = |of, side| SpreadLeg { of, side, ratio: 1.0 };
    let spread = InterSpread { legs: vec![leg(0, Side::A), leg(1, Side::B)], credit_rate: 0.5 };
    let account = |order| {
        SpanAssessment::new(vec![own(2.0), own(-1.0)], std::slice::from_ref(&spread), order)
    };
    // hand: scan 20 and 0, one spread of credit 5 in each, minimum 0 and 30
    assert_eq!(account(Order::Commodity).risk, 15.0 + 30.0);
    assert_eq!(account(Order::Account).risk, 30.0 - 10.0);
}

#[test]
fn a_tier_spreads_its_expiries_first() {
    let expiries = [1.0, 1.0, 1.0].map(|delta| unit([0.0; 16], delta, None));
    let units: Vec<SpanUnit> =
        expiries.iter().enumerate().map(|(expiry, unit)| SpanUnit { expiry, ..*unit }).collect();
    let leg = |of, side| SpreadLeg { of, side, ratio: 1.0 };
    let spread = |legs, rate| IntraSpread { legs, rate };
    let terms = SpanTerms {
        tiers: 2,
        tier_of: vec![0, 0, 1],
        intra_spreads: vec![
            spread(vec![leg(0, Side::A), leg(0, Side::B)], 1.0),
            spread(vec![leg(0, Side::A), leg(1, Side::B)], 10.0),
        ],
        spot_months: vec![SpotMonth { tier: 0, rate_spread: 100.0, rate_outright: 1_000.0 }],
        ..terms()
    };
    let positions = [(0, 5.0), (1, -3.0), (2, -1.5)];
    let own = assess(&terms, PriceRisk::Normal, &units, &positions);
    // hand: 3 within the tier, which nets to 2; 1.5 of those against the next tier; half a delta is left
    assert_eq!(own.intra_formed[..], [3.0, 1.5]);
    assert_eq!(own.intra_charge, 18.0);
    assert_eq!(own.spot_charge, 1.5 * 100.0 + 0.5 * 1_000.0);
}

#[test]
fn a_replay_takes_the_range_of_spot() {
    let market = Market::new();
    let report = market.ask("rules = \"generic/span\"", &[("BTC-PERP", -2.0)]).unwrap();
    // hand: 15 % of spot; three times of it counted with 33 % is less
    assert!((report.maintenance.amount() - 2.0 * 0.15 * SPOT[0]).abs() < 1e-9);
    assert!((report.initial.amount() - 1.1 * 2.0 * 0.15 * SPOT[0]).abs() < 1e-9);
    assert_eq!(report.binding.as_deref(), Some("BTC: price up the range, vol up"));
}

#[test]
fn a_long_option_needs_its_value_and_no_more() {
    let market = Market::new();
    let report =
        market.ask("rules = \"generic/span\"\ninitial = 1", &[("BTC-C-55000", 1.0)]).unwrap();
    let ix = market.history.universe.find("BTC-C-55000").unwrap();
    let value = mpor_pricing::value(&market.state, &market.history.universe, ix).unwrap().amount;
    assert_eq!(report.maintenance.amount(), value);
    assert_eq!(report.binding.as_deref(), Some("net option value"));
}

#[test]
fn given_arrays_take_the_place_of_computed_ones() {
    let market = Market::new();
    let array: Vec<String> = (0..16).map(|s| format!("{s}.0")).collect();
    let given = format!(
        "rules = \"generic/span\"\ninitial = 1\n[commodities.BTC]\nprice_range = {{ points = 100.0 }}\nextreme = {{ multiple = 3, cover = 0.33 }}\ncontracts = {{ BTC-PERP = {{ array = [{}], delta = 1 }} }}",
        array.join(", ")
    );
    let report = market.ask(&given, &[("BTC-PERP", 2.0)]).unwrap();
    assert_eq!(report.initial.amount(), 30.0);
    assert_eq!(report.binding.as_deref(), Some("BTC: extreme move down"));
}

#[test]
fn impossible_parameters_are_named() {
    let refused =
        |text: &str| built(&format!("rules = \"generic/span\"\n{text}")).err().unwrap().to_string();
    assert_eq!(
        refused("initial = 0.9"),
        "model `model`: `initial` is 0.9: a multiple of maintenance, 1 or more"
    );
    assert_eq!(
        refused("commodities.default.price_range = { share = 0.0 }"),
        "model `model`: `commodities.default.price_range` is 0: above 0"
    );
    assert_eq!(
        refused(
            "commodities.default.intra_spreads = [{ legs = [{ tier = 1, side = \"A\" }, { tier = 4, side = \"B\" }], rate = { money = 1 } }]"
        ),
        "model `model`: `commodities.default.intra_spreads[0]` has a leg in tier 4: tiers are 1 to 3, 0 is what has no expiry"
    );
    assert_eq!(
        refused(
            "inter_spreads = [{ legs = [{ commodity = \"BTC\", side = \"A\" }], credit = 0.5 }]"
        ),
        "model `model`: `inter_spreads[0]` needs a leg on side A and one on side B"
    );
    assert_eq!(
        refused("markets = { BTC = \"X\" }"),
        "model `model`: `markets.BTC` is `X`, which is not a commodity of these rules; known: default"
    );
}

fn assess(
    terms: &SpanTerms,
    price_risk: PriceRisk,
    units: &[SpanUnit],
    positions: &[(usize, f64)],
) -> CommodityAssessment {
    CommodityAssessment::new(terms, price_risk, units, positions)
}

fn unit(array: RiskArray, delta: f64, right: Option<Right>) -> SpanUnit {
    SpanUnit { expiry: 0, array, delta, option_value: 0.0, right, scale: 1.0 }
}

fn terms() -> SpanTerms {
    SpanTerms {
        tiers: 1,
        tier_of: vec![0],
        range_value: 0.0,
        intra_spreads: Vec::new(),
        spot_months: Vec::new(),
        short_option_rate: 0.0,
        short_option_method: ShortOptionMethod::Gross,
    }
}
