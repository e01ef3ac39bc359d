//! What every overlay of the catalog must obey.

use std::sync::LazyLock;

use mpor_core::{Span, Timestamp};
use mpor_margin::{
    BookFigure, Component, MarginReport, Now, Overlay, RuleLibrary, Walk, build, overlay_kinds,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::market::spec;

/// One case an overlay, with whether twice the books need twice the money.
const CASES: &[(&str, bool)] = &[
    (
        "{ adaptive = { coverage = 0.95, rate = 0.1, integral = { gain = 1.0, saturation = 1.0 }, scorecast = 0.9 } }",
        true,
    ),
    ("{ buffer = { share = 0.3, release = 105.0 } }", false),
    ("{ buffer = { released = { rise = 1.1, steps = 2, hold = 1, rebuild = 5 } } }", true),
    ("{ cap = { amount = 90 } }", false),
    (
        "{ collateral = { rules = \"eu/2016-2251\", as_of = \"2020-01-01\", mix = { gold = 0.3, cash = 0.7 }, limits = { gold = 0.2 } } }",
        true,
    ),
    ("{ concentration = { depth = { default = 1 }, tiers = [{ above = 0, rate = 0.1 }] } }", true),
    ("{ floor = { lookback = { steps = 4, share = 0.8 } } }", true),
    ("{ floor = { of_notional = 0.15 } }", true),
    ("{ offset_cap = {} }", true),
    ("{ reputation = { turnover = 0.1, late = 0.1, grown = 5, decay = 0.8 } }", true),
    ("{ speed_limit = { steps = 2, limit = 1.2 } }", true),
    ("{ stress_weight = { stress = { kind = \"scan\", price_range = 0.2 } } }", true),
    ("{ wrong_way = { underlyings = [\"BTC\"] } }", true),
];

/// One date of an account: what the model asks, what is lost, and what overlays may ask about the book.
#[derive(Clone, Debug)]
struct Date {
    initial: f64,
    loss: f64,
    traded: f64,
    late: f64,
    figures: [f64; 3],
}

const MPOR: usize = 2;

#[test]
fn every_overlay_has_a_case_here() {
    for kind in overlay_kinds() {
        assert!(CASES.iter().any(|(case, _)| case.contains(kind.id)), "{}", kind.id);
    }
    assert!(overlay_kinds().is_sorted_by_key(|kind| kind.id));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn levels_keep_their_order_and_trees_add_up(dates in life()) {
        for (case, _) in CASES {
            for report in walked(&overlays(case), &dates, 1.0) {
                let (initial, maintenance) = (report.initial.amount(), report.maintenance.amount());
                prop_assert!(initial.is_finite() && initial >= maintenance - 1e-9, "{case}");
                prop_assert_eq!(report.initial.recomputed(), initial);
                prop_assert_eq!(report.maintenance.recomputed(), maintenance);
            }
        }
    }

    /// The outcome of a date is known `MPOR` dates later: another one changes nothing before that, bit for bit.
    #[test]
    fn no_overlay_looks_ahead(dates in life(), at in 0_usize..30, other in 0.0..900.0_f64) {
        let mut changed = dates.clone();
        changed[at].loss = other;
        for later in changed.iter_mut().skip(at + MPOR) {
            *later = Date { initial: later.initial * 1.7, loss: 3.0 * later.loss, ..later.clone() };
        }
        for (case, _) in CASES {
            let overlays = overlays(case);
            let (was, is) = (walked(&overlays, &dates, 1.0), walked(&overlays, &changed, 1.0));
            let known = (at + MPOR).min(dates.len());
            prop_assert_eq!(&was[..known], &is[..known], "{}", case);
        }
    }

    #[test]
    fn twice_the_book_needs_twice_the_money_where_an_overlay_is_proportional(dates in life()) {
        for (case, proportional) in CASES {
            let overlays = overlays(case);
            let pairs = walked(&overlays, &dates, 1.0).into_iter().zip(walked(&overlays, &dates, 2.0));
            for (one, two) in pairs.filter(|_| *proportional) {
                let (one, two) = (2.0 * one.initial.amount(), two.initial.amount());
                prop_assert!((one - two).abs() <= 1e-12 * two.abs(), "{case}: {one} {two}");
            }
        }
    }

    #[test]
    fn a_floor_never_lowers_and_a_cap_never_raises(dates in life()) {
        let below = ["{ floor = { amount = 100 } }", "{ floor = { lookback = { years = 0.01 } } }", "{ buffer = {} }",
            "{ buffer = { released = { rise = 1.1 } } }", "{ offset_cap = {} }",
            "{ concentration = { depth = { default = 1 }, tiers = [{ above = 0, rate = 0.1 }] } }",
            "{ wrong_way = { underlyings = [\"BTC\"] } }",
            "{ collateral = { rules = \"eu/2016-2251\", as_of = \"2020-01-01\", mix = { gold = 1 } } }"];
        let above = ["{ cap = { amount = 100 } }", "{ cap = { of_notional = 0.1 } }", "{ speed_limit = {} }"];
        for case in below {
            for (report, date) in walked(&overlays(case), &dates, 1.0).iter().zip(&dates) {
                prop_assert!(report.initial.amount() >= date.initial, "{case}");
            }
        }
        for case in above {
            for (report, date) in walked(&overlays(case), &dates, 1.0).iter().zip(&dates) {
                prop_assert!(report.initial.amount() <= date.initial, "{case}");
            }
        }
    }

    #[test]
    fn a_bound_twice_is_the_bound_once(dates in life()) {
        for case in ["{ floor = { amount = 100, lookback = { steps = 3 } } }", "{ cap = { amount = 90 } }",
            "{ speed_limit = { steps = 2, limit = 1.1 } }", "{ offset_cap = {} }"] {
            let once = walked(&overlays(case), &dates, 1.0);
            let twice = walked(&overlays(&format!("{case}, {case}")), &dates, 1.0);
            for (once, twice) in once.iter().zip(&twice) {
                let (once, twice) = (once.initial.amount(), twice.initial.amount());
                prop_assert!((once - twice).abs() <= 1e-12 * once.abs(), "{case}");
            }
        }
    }

    #[test]
    fn a_reputation_is_bounded(dates in life(), least in 0.5..1.0_f64, most in 1.0..2.0_f64) {
        let list = format!("{{ reputation = {{ least = {least}, most = {most}, breach = 3, late = 1, turnover = 2, credit = 0.7, newcomer = 0.9, grown = 3 }} }}");
        for (report, date) in walked(&overlays(&list), &dates, 1.0).iter().zip(&dates) {
            let multiplier = report.initial.amount() / date.initial;
            prop_assert!(multiplier >= least - 1e-12 && multiplier <= most + 1e-12);
        }
    }

    /// A clean record is never dearer than the same record with a breach.
    #[test]
    fn a_breach_never_helps(dates in life(), at in 0_usize..30) {
        let dates: Vec<Date> = dates.into_iter().map(|date| Date { loss: 0.0, ..date }).collect();
        let mut worse = dates.clone();
        worse[at].loss = 1e6;
        let overlays = overlays("{ reputation = {} }");
        let pairs = walked(&overlays, &dates, 1.0).into_iter().zip(walked(&overlays, &worse, 1.0));
        for (was, is) in pairs {
            prop_assert!(is.initial.amount() >= was.initial.amount() - 1e-9);
        }
    }
}

fn overlays(list: &str) -> Vec<Box<dyn Overlay>> {
    static LIBRARY: LazyLock<RuleLibrary> = LazyLock::new(|| RuleLibrary::embedded().unwrap());
    let model = format!("kind = \"scan\"\nprice_range = 0.1\noverlays = [{list}]");
    build(&spec(&model), &LIBRARY).unwrap().overlays
}

fn life() -> impl Strategy<Value = Vec<Date>> {
    let figures = [0.0..60.0_f64, 0.0..60.0, 0.0..60.0];
    let date = (20.0..300.0_f64, -200.0..400.0_f64, 0.0..2_000.0_f64, 0_u8..3, figures);
    let date = date.prop_map(|(initial, loss, traded, late, figures)| Date {
        initial,
        loss,
        traded,
        late: f64::from(late),
        figures,
    });
    vec(date, 30..40)
}

/// The reports of an account's life, everything in it times `scale`.
fn walked(overlays: &[Box<dyn Overlay>], dates: &[Date], scale: f64) -> Vec<MarginReport> {
    let mut walk = Walk::new("desk", overlays.len());
    let mut reports = Vec::new();
    for (at, date) in dates.iter().enumerate() {
        while walk.learnt() + MPOR <= at {
            walk.learn(Some(scale * dates[walk.learnt()].loss));
        }
        let report = MarginReport {
            initial: Component::leaf("initial", scale * date.initial),
            maintenance: Component::leaf("maintenance", 0.8 * scale * date.initial),
            binding: None,
            gross_notional: 1_000.0 * scale,
        };
        let figures = figures(date, scale, overlays.len());
        let time = Timestamp(0) + Span::days(at as i64);
        let now = Now { time, traded: scale * date.traded, late: date.late, figures: &figures };
        reports.push(walk.step(overlays, report, now).unwrap());
    }
    reports
}

/// Names that the overlays ask under: two levels of a whole and of two products, and bare amounts.
fn figures(date: &Date, scale: f64, overlays: usize) -> Vec<BookFigure> {
    let [a, b, other] = date.figures;
    let named = [
        ("initial", date.initial + other),
        ("maintenance", 0.8 * (date.initial + other)),
        ("initial of a", date.initial + a),
        ("maintenance of a", 0.8 * (date.initial + a)),
        ("initial of b", date.initial + b),
        ("maintenance of b", 0.8 * (date.initial + b)),
    ];
    let of = |overlay| {
        named.map(|(name, amount)| BookFigure {
            overlay,
            name: name.to_owned(),
            amount: scale * amount,
        })
    };
    (0..overlays).flat_map(of).collect()
}
