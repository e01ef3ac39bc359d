//! Derive's liquidation auction: hand computation, the venue's published sequences where they are at hand, and what must always hold.

use std::path::Path;

use mpor_backtest::auction::{
    AuctionError, AuctionRules, AuctionState, Bid, auction, insolvent_sale,
};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::Value;

/// Those of the deployment script.
const RULES: AuctionRules = AuctionRules {
    starting_mtm_percentage: 0.95,
    fast_cutoff_percentage: 0.70,
    fast_length_s: 900.0,
    slow_length_s: 43_200.0,
    insolvent_length_s: 3_600.0,
    liquidator_fee_rate: 0.10,
    buffer_margin_percentage: 0.15,
};

#[test]
fn one_bid_by_hand() {
    let account = AuctionState::whole(100.0, -100.0, None);
    let held = auction(&RULES, account, &[Bid { seconds: 0.0, fraction: 0.5 }]).unwrap();
    // hand: BM = -100 - 0.15 x 200 = -130, so 130 / 230 would be sold at full value; the fee is a tenth of that share of 100
    let fee = 10.0 * 130.0 / 230.0;
    near(held.fee, fee);
    let sale = held.sales[0];
    near(sale.buffer_margin, -130.0 - fee);
    // hand: at 95 % of what is left
    near(sale.largest_fraction, (130.0 + fee) / (130.0 + fee + 0.95 * (100.0 - fee)));
    near(sale.cash_from_bidder, 0.95 * 0.5 * (100.0 - fee));
    near(sale.bidder_cash_needed, 0.5 * (130.0 + fee));
    // hand: half of the account goes, the cash stays
    near(sale.after.mtm, 0.5 * (100.0 - fee) + sale.cash_from_bidder);
    near(sale.after.maintenance_margin, 0.5 * (-100.0 - fee) + sale.cash_from_bidder);
    assert!(!sale.ended);
}

#[test]
fn the_discount_falls_fast_and_then_slowly_to_nothing() {
    // hand
    assert_eq!(RULES.discount(0.0), 0.95);
    near(RULES.discount(450.0), 0.825);
    near(RULES.discount(900.0), 0.70);
    near(RULES.discount(900.0 + 21_600.0), 0.35);
    assert_eq!(RULES.discount(44_100.0), 0.0);
    assert_eq!(RULES.discount(1e9), 0.0);
}

#[test]
fn an_account_without_value_costs_the_fund() {
    let sale =
        |seconds| insolvent_sale(&RULES, -10.0, -110.0, Bid { seconds, fraction: 0.5 }).unwrap();
    // hand
    assert_eq!((sale(0.0).price, sale(0.0).payout), (-10.0, 5.0));
    near(sale(1_800.0).price, -60.0);
    assert_eq!(sale(7_200.0).price, -110.0);
}

#[test]
fn what_cannot_be_auctioned_says_why() {
    let bid = Bid { seconds: 0.0, fraction: 0.5 };
    let text = |account, bids: &[Bid]| auction(&RULES, account, bids).unwrap_err().to_string();
    assert_eq!(
        text(AuctionState::whole(-1.0, -5.0, None), &[bid]),
        "an account of value -1 and maintenance margin -5 has no solvent auction: the value must be above zero and the margin below"
    );
    let short = AuctionState::whole(1.0, -5.0, None);
    assert!(text(AuctionState::whole(1.0, 0.5, None), &[bid]).contains("no solvent auction"));
    let backwards = [Bid { seconds: 9.0, fraction: 0.1 }, Bid { seconds: 8.0, fraction: 0.1 }];
    assert!(text(short, &backwards).starts_with("a bid of 0.1 at 8 s"));
    assert!(text(short, &[Bid { fraction: 1.5, ..bid }]).starts_with("a bid of 1.5 at 0 s"));
    let error = insolvent_sale(&RULES, 1.0, -5.0, bid).unwrap_err();
    assert!(matches!(error, AuctionError::NotInsolvent { .. }));
    let rising = AuctionRules { fast_cutoff_percentage: 0.99, ..RULES };
    let error = auction(&rising, short, &[bid]).unwrap_err().to_string();
    assert!(error.starts_with("auction rules with fast_cutoff_percentage = 0.99"), "{error}");
}

#[test]
fn the_venues_own_sequences() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/published_vectors/derive_pmrm/auction_vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: no {}", file.display());
        return;
    };
    let published: Value = serde_json::from_str(&text).unwrap();
    let rules: AuctionRules =
        serde_json::from_value(published["auction_parameters"].clone()).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let mut actions = 0;
    for vector in published["vectors"].as_array().unwrap() {
        if vector["upstream_enabled"] == false {
            continue;
        }
        for action in vector["actions"].as_array().unwrap() {
            let (pre, post) = (&action["pre"], &action["post"]);
            let state = AuctionState {
                mtm: number(&pre["mtm"]),
                maintenance_margin: number(&pre["mm"]),
                reserved_cash: number(&action["portfolio_before"]["reserved_cash"]),
                share_left: 1.0,
                whole_below: None,
            };
            let fraction = number(&action["fraction_of_current_portfolio"]);
            let seconds = number(&action["time_s"]);
            let sale = state.sell(&rules, Bid { seconds, fraction }).unwrap();
            for (what, actual, expected) in [
                ("bm", sale.buffer_margin, &pre["bm"]),
                ("f_max", sale.largest_fraction, &pre["f_max"]),
                ("discount", sale.discount, &action["discount"]),
                ("cash", sale.cash_from_bidder, &action["cash_from_bidder"]),
                ("mtm after", sale.after.mtm, &post["mtm"]),
                ("mm after", sale.after.maintenance_margin, &post["mm"]),
                ("bm after", sale.buffer_margin_after, &post["bm"]),
            ] {
                let (expected, id) = (number(expected), &vector["id"]);
                let tolerance = 1e-6 * expected.abs().max(1.0);
                assert!(
                    (actual - expected).abs() <= tolerance,
                    "{id} {what}: {actual}, {expected}"
                );
            }
            actions += 1;
        }
    }
    assert!(actions >= 6, "{actions}");
}

proptest! {
    /// The largest bid leaves no shortfall and no more than that; a smaller one leaves some; nobody pays more than value; and
    /// waiting lowers the price and so raises what must be sold.
    #[test]
    fn the_largest_bid_just_ends_the_shortfall(
        mtm in 1.0..1e6_f64,
        shortfall in 0.001..3.0_f64,
        seconds in 0.0..60_000.0_f64,
        fraction in 0.0..1.0_f64,
    ) {
        let account = AuctionState::whole(mtm, -shortfall * mtm, None);
        let first = Bid { seconds, fraction };
        let last = Bid { seconds: seconds + 60.0, fraction: 1.0 };
        let held = auction(&RULES, account, &[first, last]).unwrap();
        prop_assert!((0.0..=mtm).contains(&held.fee));
        for sale in &held.sales {
            prop_assert!((0.0..=1.0).contains(&sale.largest_fraction));
            prop_assert!(sale.cash_from_bidder <= sale.before.mtm * sale.fraction * (1.0 + 1e-12));
            let scale = 1e-9 * (1.0 + shortfall) * mtm;
            if sale.ended && sale.largest_fraction < 1.0 {
                prop_assert!(sale.buffer_margin_after.abs() <= scale);
            } else {
                prop_assert!(sale.buffer_margin_after <= scale || sale.ended);
            }
        }
        prop_assert!(held.sales.last().unwrap().ended);
        let later = auction(&RULES, account, &[last]).unwrap();
        let now = auction(&RULES, account, &[first]).unwrap();
        prop_assert!(later.sales[0].largest_fraction >= now.sales[0].largest_fraction);
        prop_assert_eq!(later.fee, now.fee);
    }
}

fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{actual}, {expected}");
}
