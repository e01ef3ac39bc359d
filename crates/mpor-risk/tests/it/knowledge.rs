//! Nothing after the margin date enters, and threads change no bit.

use mpor_risk::{Revaluation, ScenarioSet, VolMoves, revalue};

use crate::market::{Market, NOW};
use crate::spec::parse;

const SPECS: [&str; 8] = [
    "{ historical = { window = 100 } }",
    "{ filtered = { window = 100, volatility = { ewma = 0.97 }, floor = \"median\" } }",
    "{ filtered = { window = 100, volatility = { ewma = 0.97 }, scaling = \"sqrt_time\" } }",
    "{ monte_carlo = { paths = 50, degrees_of_freedom = 5, window = 100, decay = 0.97 } }",
    "{ bucketed = { look_back = 100, window = 60, volatility = { ewma = 0.97 }, floor = \"median\" } }",
    "{ periods = { list = [{ first = \"1970-03-01\", last = \"1970-03-20\" }, { first = \"1970-10-20\", last = \"1971-03-01\" }] } }",
    "{ copula = { paths = 50, copula_freedom = 5, margin_freedom = 4, window = 100, decay = 0.97 } }",
    "{ grid = { price = [-0.1, 0, 0.1], vol = [-0.25, 0.5], smile = \"sticky_moneyness\" } }",
];

fn bits(set: &ScenarioSet) -> Vec<u64> {
    let vols: Vec<f64> = match &set.vol {
        VolMoves::Shocks(shocks) => shocks.iter().map(|shock| shock.shift()).collect(),
        VolMoves::Tenors(tenors) => tenors.iter().flat_map(|t| t.ratio.iter().copied()).collect(),
    };
    let matrices = set.spot.iter().chain(&set.carry).chain(&set.perpetual);
    matrices.chain(&vols).map(|value| value.to_bits()).collect()
}

fn pnl_bits(revaluation: &Revaluation) -> Vec<u64> {
    revaluation.pnl.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn altering_the_future_changes_no_scenario_and_no_pnl() {
    let (market, other) = (Market::new(), Market::altered_after(NOW));
    let later = |market: &Market| market.history.state(NOW + 1).unwrap();
    assert_ne!(later(&market), later(&other), "the future must differ for this to mean anything");
    let (at, there) = (market.at(NOW), other.at(NOW));
    for text in SPECS {
        let spec = parse(text);
        let (set, same) =
            (spec.scenarios(&at.day(2)).unwrap(), spec.scenarios(&there.day(2)).unwrap());
        assert_eq!(bits(&set), bits(&same), "{text}");
        assert_eq!(set.names, same.names);
        let (one, two) =
            (revalue(&at.day(2), &set).unwrap(), revalue(&there.day(2), &same).unwrap());
        assert_eq!(pnl_bits(&one), pnl_bits(&two), "{text}");
    }
}

#[test]
fn one_two_and_eight_threads_give_the_same_bits() {
    let market = Market::new();
    let at = market.at(NOW);
    for text in SPECS {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let day = at.day(2);
                let set = parse(text).scenarios(&day).unwrap();
                (bits(&set), pnl_bits(&revalue(&day, &set).unwrap()))
            })
        };
        let alone = run(1);
        assert_eq!(alone, run(2), "{text}");
        assert_eq!(alone, run(8), "{text}");
    }
}

#[test]
fn equal_specifications_share_one_revaluation() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(2);
    let of = |text: &str| day.revaluation(&parse(text)).unwrap();
    let first = of("{ historical = { window = 100 } }");
    let again = of("{ historical = { window = 100, scaling = \"overlapping\" } }");
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    let other = of("{ historical = { window = 101 } }");
    assert_eq!(other.pnl.ncols(), first.pnl.ncols() + 1);
}

#[test]
fn the_past_before_the_window_does_not_matter_to_plain_history() {
    let market = Market::new();
    let at = market.at(NOW);
    let long = parse("{ historical = { window = 100 } }").scenarios(&at.day(2)).unwrap();
    let short = parse("{ historical = { window = 40 } }").scenarios(&at.day(2)).unwrap();
    assert_eq!(long.names[60..], short.names[..]);
    assert_eq!(long.spot.slice(ndarray::s![.., 60..]), short.spot);
}
