//! Paradex's portfolio margin on a margin date.

use mpor_core::{Right, Settlement};
use mpor_margin::models::paradex_pm::{ParadexAssessment, ParadexParameters, ParadexUnits};
use mpor_margin::models::venue::{VenueContract, VenueOption};
use mpor_margin::{Component, RuleLibrary};

use crate::market::{Market, SPOT};

const MODEL: &str = "rules = \"paradex/pm-style\"";

#[test]
fn a_perpetual_needs_the_range() {
    let market = Market::new();
    let report = market.ask(MODEL, &[("BTC-PERP", 1.0)]).unwrap();
    // hand: 16 % of the mark; the tails count range over move, so no more
    let expected = 0.16 * 1.001 * SPOT[0];
    assert!((report.initial.amount() - expected).abs() < 1e-9 * expected, "{}", report.initial);
    assert!((report.maintenance.amount() - 0.5 * expected).abs() < 1e-9 * expected);
    assert_eq!(report.binding.as_deref(), Some("BTC: spot -16 %, vol up"));
}

#[test]
fn the_worked_example_of_the_minimum() {
    let parameters = parameters();
    // A short call whose delta is .3: N(d1) = .3 at 30 days and 50 % volatility with K / F from Python:
    // s = .5 * (30 / 365) ** .5; exp(s * s / 2 - s * NormalDist().inv_cdf(.3))
    let call = VenueOption {
        days: 30.0,
        forward: 70_000.0,
        strike: 70_000.0 * 1.089_201_054_299_497,
        right: Right::Call,
        vol: 0.5,
        settlement: Settlement::Cash,
    };
    assert!((call.delta().unwrap() - 0.3).abs() < 1e-12, "{}", call.delta().unwrap());
    let contracts = [VenueContract::Perpetual { mark: 70_000.0 }, VenueContract::Option(call)];
    let units = ParadexUnits::new(&parameters, 70_000.0, &contracts).unwrap();
    let assessment = ParadexAssessment::new(&parameters, &units, &[(0, 1.0), (1, -5.0)], 25.0);
    // the documents' own example: net -.5, gross 2.5, hedged 1, 1,400 USD
    assert!((assessment.net_delta + 0.5).abs() < 1e-11);
    assert!((assessment.gross_delta - 2.5).abs() < 1e-11);
    assert!((assessment.hedged_delta() - 1.0).abs() < 1e-11);
    assert!((assessment.minimum() - 1_400.0).abs() < 1e-6);
    let risk = assessment.scan.max(assessment.minimum());
    assert_eq!(assessment.initial_margin(), risk + 25.0, "provisions at both levels");
    assert_eq!(assessment.maintenance_margin(), 0.5 * risk + 25.0);
}

#[test]
fn a_hedged_book_pays_the_minimum() {
    let market = Market::new();
    let inverse = 1.001 * SPOT[0];
    let report = market.ask(MODEL, &[("BTC-PERP", 3.0), ("BTC-INVERSE", -3.0 * inverse)]).unwrap();
    // hand: hedged delta 3 coins at 1 %
    assert!((report.initial.amount() - 0.03 * SPOT[0]).abs() < 1e-6, "{}", report.initial);
    assert_eq!(report.binding.as_deref(), Some("BTC: minimum for delta"));
}

#[test]
fn the_breakdown_goes_down_to_the_scenarios() {
    let market = Market::new();
    let report = market.ask(MODEL, &[("BTC-C-55000", -10.0)]).unwrap();
    let [risk, provisions] = report.initial.parts()[0].parts() else {
        panic!("{}", report.initial)
    };
    assert!(provisions.name().starts_with("funding and fee provisions: not known"));
    let [scan, minimum] = risk.parts() else { panic!("{risk}") };
    assert_eq!(scan.parts().len(), 1 + 24);
    let names: Vec<&str> = minimum.parts().iter().map(Component::name).collect();
    assert_eq!(names, ["net", "hedged"]);
    let bound = report.binding.as_deref().unwrap().strip_prefix("BTC: ").unwrap();
    let scenario = scan.parts().iter().find(|scenario| scenario.name() == bound).unwrap();
    assert_eq!(scenario.amount(), report.initial.amount());
}

#[test]
fn what_the_venue_does_not_list_is_refused_unless_it_counts_as_a_perpetual() {
    let market = Market::new();
    for instrument in ["BTC-FUT", "BTC-SPOT"] {
        let error = market.ask(MODEL, &[(instrument, 1.0)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "`model` has no rule for `{instrument}`: the venue lists perpetuals and options; count it as a perpetual with unlisted = \"as_perpetual\""
            )
        );
        let counted = format!("{MODEL}\nunlisted = \"as_perpetual\"");
        assert!(market.ask(&counted, &[(instrument, 1.0)]).unwrap().initial.amount() > 0.0);
    }
}

#[test]
fn a_scenario_more_never_lowers_the_scan() {
    let mut parameters = parameters();
    let all = parameters.scenarios.clone();
    let option = |right| {
        let settlement = Settlement::Cash;
        VenueContract::Option(VenueOption {
            days: 7.0,
            forward: 100.0,
            strike: 100.0,
            right,
            vol: 0.6,
            settlement,
        })
    };
    let contracts = [option(Right::Call), option(Right::Put)];
    let mut before = 0.0;
    for count in 1..=all.len() {
        parameters.scenarios = all[..count].to_vec();
        let units = ParadexUnits::new(&parameters, 100.0, &contracts).unwrap();
        let book = [(0, -1.0), (1, -1.0)];
        let scan = ParadexAssessment::new(&parameters, &units, &book, 0.0).scan;
        assert!(scan >= before, "{count} scenarios");
        before = scan;
    }
    assert!(before > 0.0);
}

#[test]
fn an_impossible_number_is_named() {
    let error = Market::new().ask(&format!("{MODEL}\n[all]\nmm_factor = 2.0"), &[]).unwrap_err();
    assert_eq!(error.to_string(), "model `model`: `all.mm_factor` is 2: at least 0 and at most 1");
}

fn parameters() -> ParadexParameters {
    let library = RuleLibrary::embedded().unwrap();
    let set = &library.versions("paradex/pm-style").unwrap()[0];
    set.parameters["all"].clone().try_into().unwrap()
}
