//! Overlays on a report, and the past they look at.

use mpor_margin::{AccountPast, Component, MarginReport, overlay_kinds};

use crate::market::{Market, built, spec};

#[test]
fn a_buffer_adds_a_node_on_both_levels() {
    let report = apply("[{ buffer = { share = 0.25 } }]", report(100.0, 80.0), &[]);
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (125.0, 100.0));
    assert_eq!(report.initial.parts()[1], Component::leaf("buffer", 25.0));
    let report = apply("[{ buffer = { release = 110.0 } }]", self::report(100.0, 80.0), &[]);
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (110.0, 100.0));
}

#[test]
fn a_floor_is_the_largest_of_its_bounds() {
    let all =
        "[{ floor = { amount = 90, of_notional = 0.12, lookback = { steps = 2, share = 0.5 } } }]";
    // hand: notional 1,000, so 120; look-back over the last two dates only: half of 300
    let report = apply(all, report(100.0, 80.0), &[900.0, 300.0, 250.0]);
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (150.0, 150.0));
    assert_eq!(report.binding.as_deref(), Some("floor"));
    let report = apply(all, self::report(200.0, 80.0), &[]);
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (200.0, 120.0));
    assert_eq!(report.binding.as_deref(), Some("scenario 3"));
}

#[test]
fn an_account_without_positions_has_no_floor() {
    let nothing = MarginReport { gross_notional: 0.0, ..report(0.0, 0.0) };
    let report = apply("[{ floor = { amount = 90 } }]", nothing, &[100.0]);
    assert_eq!(report.initial.amount(), 0.0);
}

#[test]
fn a_cap_and_a_speed_limit_bind_from_above() {
    let report = apply("[{ cap = { of_notional = 0.07 } }]", report(100.0, 80.0), &[]);
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (70.0, 70.0));
    let limit = "[{ speed_limit = { steps = 2, limit = 1.5 } }]";
    // hand: at most 1.5 times the 60 of two dates ago
    let report = apply(limit, self::report(100.0, 80.0), &[10.0, 60.0, 70.0]);
    assert_eq!((report.initial.amount(), report.maintenance.amount()), (90.0, 80.0));
    let report = apply(limit, self::report(100.0, 80.0), &[70.0]);
    assert_eq!(report.initial.amount(), 100.0, "free for the first two dates");
}

#[test]
fn overlays_compose_in_the_order_written() {
    let floor_first =
        apply("[{ floor = { amount = 120 } }, { buffer = {} }]", report(100.0, 80.0), &[]);
    let buffer_first =
        apply("[{ buffer = {} }, { floor = { amount = 120 } }]", report(100.0, 80.0), &[]);
    assert_eq!((floor_first.initial.amount(), buffer_first.initial.amount()), (150.0, 125.0));
}

#[test]
fn every_overlay_keeps_the_order_of_levels_and_adds_up() {
    let past = [50.0, 60.0, 70.0, 80.0, 90.0, 100.0];
    for list in [
        "[{ buffer = { share = 0.3, release = 105.0 } }]",
        "[{ cap = { amount = 90 } }]",
        "[{ floor = { amount = 110 } }]",
        "[{ speed_limit = {} }]",
    ] {
        assert!(overlay_kinds().iter().any(|kind| list.contains(kind.id)));
        let report = apply(list, report(100.0, 80.0), &past);
        assert!(report.initial.amount() >= report.maintenance.amount(), "{list}");
        assert_eq!(report.initial.recomputed(), report.initial.amount());
    }
    assert_eq!(overlay_kinds().len(), 4, "an overlay without a case here");
    assert!(overlay_kinds().is_sorted_by_key(|kind| kind.id));
}

#[test]
fn the_catalog_lists_the_keys_that_the_overlays_read() {
    for kind in overlay_kinds() {
        let model = format!(
            "kind = \"scan\"\nprice_range = 0.1\noverlays = [{{ {} = {{ zzzzzzzzz = 1 }} }}]",
            kind.id
        );
        let text = built(&model).err().unwrap().to_string();
        let (_, listed) = text.split_once("known: ").unwrap();
        let known: Vec<&str> = kind.parameters.iter().map(|parameter| parameter.key).collect();
        assert_eq!(listed.split(", ").collect::<Vec<_>>(), known, "{}", kind.id);
    }
}

#[test]
fn a_model_and_its_overlays_are_summarised() {
    let model = "kind = \"scan\"\nprice_range = 0.1\noverlays = [{ buffer = {} }, { cap = { amount = 9e9 } }]";
    let built = built(model).unwrap();
    assert!(built.summary.ends_with("short-option minimum, buffer, cap"), "{}", built.summary);
    let market = Market::new();
    let report = market.ask_built(&built, &[("BTC-PERP", 1.0)]).unwrap();
    assert_eq!(report.initial.name(), "scan requirement", "the replay applies the overlays");
    assert_eq!(spec(model).overlays.len(), 2);
}

fn report(initial: f64, maintenance: f64) -> MarginReport {
    MarginReport {
        initial: Component::leaf("initial", initial),
        maintenance: Component::leaf("maintenance", maintenance),
        binding: Some("scenario 3".to_owned()),
        gross_notional: 1_000.0,
    }
}

/// Applies a list of overlays to a report; `past` is both what was required and what the model asked.
fn apply(list: &str, report: MarginReport, past: &[f64]) -> MarginReport {
    let model = format!("kind = \"scan\"\nprice_range = 0.1\noverlays = {list}");
    let times = vec![mpor_core::Timestamp(0); past.len()];
    let past = AccountPast { times: &times, unmitigated: past, required: past };
    let built = built(&model).unwrap();
    built.overlays.iter().fold(report, |report, overlay| overlay.apply(report, &past).unwrap())
}
