//! Overlays on a report, and the past they look at.

use mpor_margin::{AccountPast, Component, MarginReport, Memory, overlay_kinds};

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
fn a_look_back_that_is_not_whole_says_so() {
    let name = |list: &str, past: &[f64]| {
        let report = apply(list, report(100.0, 80.0), past);
        let floor = report.initial.parts()[1].clone();
        (floor.name().to_owned(), floor.amount())
    };
    let (whole, not) = ("floor from look-back", "floor from look-back, history not whole");
    let three = "[{ floor = { lookback = { steps = 3, share = 0.5 } } }]";
    assert_eq!(name(three, &[200.0, 10.0, 10.0]), (whole.to_owned(), 100.0));
    assert_eq!(name(three, &[200.0, 10.0]), (not.to_owned(), 100.0));
    assert_eq!(name(three, &[]), (not.to_owned(), 0.0));
    // hand: dates are days, so 3 days reach back to the date of 30, and 4 to the first
    let days =
        |days: f64| format!("[{{ floor = {{ lookback = {{ years = {} }} }} }}]", days / 365.0);
    let past = [500.0, 30.0, 20.0, 10.0];
    assert_eq!(name(&days(3.0), &past), (whole.to_owned(), 30.0));
    assert_eq!(name(&days(4.0), &past), (whole.to_owned(), 500.0));
    assert_eq!(name(&days(5.0), &past), (not.to_owned(), 500.0));
}

#[test]
fn a_buffer_with_a_release_rule_names_its_state() {
    let list = "[{ buffer = { released = { rise = 1.2, steps = 1, hold = 0, rebuild = 4 } } }]";
    let buffer = |initial: f64, past: &[f64]| {
        let report = apply(list, report(initial, initial / 2.0), past);
        assert_eq!(report.maintenance.amount() * 2.0, report.initial.amount());
        let buffer = report.initial.parts()[1].clone();
        (buffer.name().to_owned(), buffer.amount())
    };
    assert_eq!(buffer(100.0, &[]), ("buffer".to_owned(), 25.0));
    // hand: the rise of a quarter empties it (125 were required, 125 are), the date after fills a quarter of 31.25
    assert_eq!(buffer(125.0, &[100.0]), ("buffer, released".to_owned(), 0.0));
    assert_eq!(buffer(125.0, &[100.0, 125.0]), ("buffer, filling".to_owned(), 7.8125));
}

#[test]
fn overlays_that_add_stand_next_to_each_other() {
    let list = "[{ buffer = {} }, { reputation = { newcomer = 0.25 } }]";
    let report = apply(list, report(100.0, 80.0), &[]);
    let names: Vec<&str> = report.initial.parts().iter().map(Component::name).collect();
    assert_eq!(names, ["initial", "buffer", "reputation"]);
    // hand: a quarter of what came to the second overlay
    assert_eq!(report.initial.parts()[2].amount(), 31.25);
    assert_eq!(report.initial.amount(), 156.25);
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

/// Applies a list of overlays; `past` is what the model asked and what was required, of a book that was always held.
fn apply(list: &str, report: MarginReport, past: &[f64]) -> MarginReport {
    let model = format!("kind = \"scan\"\nprice_range = 0.1\noverlays = {list}");
    let day = |at: usize| mpor_core::Timestamp(0) + mpor_core::Span::days(at as i64);
    let times: Vec<_> = (0..past.len()).map(day).collect();
    let notional = vec![1_000.0; past.len()];
    let past = AccountPast {
        account: "desk",
        time: day(past.len()),
        times: &times,
        unmitigated: past,
        required: past,
        entering: past,
        leaving: past,
        notional: &notional,
        ..AccountPast::default()
    };
    let overlays = built(&model).unwrap().overlays;
    overlays.iter().fold(report, |report, overlay| {
        overlay.apply(report, &past, &mut Memory::default()).unwrap()
    })
}
