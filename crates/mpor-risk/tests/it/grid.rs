//! The grid scan: order, names, covers.

use mpor_risk::VolMoves;
use mpor_risk::revalue;
use mpor_risk::scenario::VolShock;

use crate::market::{Market, NOW};
use crate::spec::parse;

#[test]
fn prices_run_slower_than_volatilities_and_extremes_come_last() {
    let market = Market::new();
    let at = market.at(NOW);
    let text = "{ grid = { price = [-0.1, 0.125], vol = [0, 0.3], extreme = [{ price = 0.5, cover = 0.33 }] } }";
    let set = parse(text).scenarios(&at.day(2)).unwrap();
    assert_eq!(
        set.names,
        [
            "spot -10 %, vol 0 %",
            "spot -10 %, vol +30 %",
            "spot +12.5 %, vol 0 %",
            "spot +12.5 %, vol +30 %",
            "spot +50 %, vol 0 %, 33 % counted",
        ]
    );
    assert_eq!(set.spot.row(1).to_vec(), [-0.1, -0.1, 0.125, 0.125, 0.5]);
    assert_eq!(set.cover, Some(vec![1.0, 1.0, 1.0, 1.0, 0.33]));
    assert_eq!(set.years_forward, 0.0);
    let VolMoves::Shocks(shocks) = &set.vol else { panic!() };
    assert_eq!(shocks[3], VolShock::Relative(0.3));
}

#[test]
fn of_an_extreme_move_the_covered_share_counts() {
    let market = Market::new();
    let at = market.at(NOW);
    let text = "{ grid = { price = [0.5], extreme = [{ price = 0.5, cover = 0.25 }] } }";
    let day = at.day(2);
    let revaluation = revalue(&day, &parse(text).scenarios(&day).unwrap()).unwrap();
    for row in revaluation.pnl.rows() {
        assert_eq!(row[1], 0.25 * row[0]);
    }
    let spot = day.row(market.find("BTC-SPOT")).unwrap();
    let price = at.state.underlyings[0].spot;
    assert!((revaluation.pnl[[spot, 0]] - 0.5 * price).abs() < 1e-9);
}

#[test]
fn points_say_that_they_are_points() {
    let market = Market::new();
    let at = market.at(NOW);
    let text = "{ grid = { price = [0], vol = [0.2], vol_rule = \"points\" } }";
    let set = parse(text).scenarios(&at.day(1)).unwrap();
    assert_eq!(set.names, ["spot 0 %, vol +20 pts"]);
}
