//! Overlays that learn from the account's record: reputation and adaptive.

use mpor_core::{Span, Timestamp};
use mpor_margin::{Component, MarginReport, Now, Walk};

use crate::market::built;

/// What an account lives through, one entry a date: the model asks 100 throughout.
pub struct Life {
    /// Loss of each date, as a multiple of what the model asks.
    pub scores: Vec<f64>,
    /// Dates of the margin period.
    pub mpor: usize,
}

impl Life {
    /// What is required on each date as a multiple of what the model asks.
    pub fn multipliers(&self, list: &str) -> Vec<f64> {
        walked(list, self.mpor, &self.scores, |_, _| None)
    }
}

/// Walks an account; `score` may set the loss of a date, when the multiplier of that date is known.
fn walked(
    list: &str,
    mpor: usize,
    scores: &[f64],
    score: impl Fn(usize, f64) -> Option<f64>,
) -> Vec<f64> {
    let built = built(&format!("kind = \"scan\"\nprice_range = 0.1\noverlays = [{list}]")).unwrap();
    let mut walk = Walk::new("desk", built.overlays.len());
    let (mut multipliers, mut losses): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for (at, &own) in scores.iter().enumerate() {
        while walk.learnt() + mpor <= at {
            walk.learn(Some(losses[walk.learnt()]));
        }
        let now = Now { time: Timestamp(0) + Span::days(at as i64), ..Now::default() };
        let report = walk.step(&built.overlays, report(), now).unwrap();
        let multiplier = report.initial.amount() / 100.0;
        assert!((report.maintenance.amount() / 80.0 - multiplier).abs() < 1e-12);
        losses.push(100.0 * score(at, multiplier).unwrap_or(own));
        multipliers.push(multiplier);
    }
    multipliers
}

fn report() -> MarginReport {
    MarginReport {
        initial: Component::leaf("initial", 100.0),
        maintenance: Component::leaf("maintenance", 80.0),
        binding: None,
        gross_notional: 1_000.0,
    }
}

/// 400 scores that alternate between a calm and a wild market: Knuth's generator, uniform on [0, 0.5) and [0, 1.6).
fn scores() -> Vec<f64> {
    let mut seed = 20_231_204_u64;
    let mut score = |at: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = (seed >> 11) as f64 / (1_u64 << 53) as f64;
        if (at / 60).is_multiple_of(2) { 0.5 * uniform } else { 1.6 * uniform }
    };
    (0..400).map(&mut score).collect()
}

/// Multipliers at eleven dates, from numpy 2 with the equations of the paper written anew (outcomes known one or two dates
/// later, the tracker held in its bounds).
#[test]
fn the_controller_is_that_of_an_independent_program() {
    let at = [0, 1, 2, 5, 20, 70, 75, 119, 200, 260, 399];
    let cases: [(&str, usize, [f64; 11]); 3] = [
        (
            "coverage = 0.9, rate = 0.05",
            1,
            [
                1.0,
                0.995,
                0.99,
                0.975,
                0.899_999_999_999_999_9,
                0.849_999_999_999_999_9,
                0.924_999_999_999_999_9,
                1.255_000_000_000_002_1,
                1.100_000_000_000_007_9,
                1.200_000_000_000_012_8,
                1.205_000_000_000_025_2,
            ],
        ),
        (
            "coverage = 0.9, rate = 0.05, integral = { gain = 2.0, saturation = 0.5 }",
            2,
            [
                1.0,
                1.0,
                0.995,
                0.410_822_257_994_992_17,
                1.067_008_045_983_713_7,
                1.029_546_777_386_159_7,
                1.456_602_206_975_009,
                1.469_580_854_547_104,
                1.172_171_676_356_445_6,
                1.285_710_836_182_211_8,
                0.911_858_428_015_349_3,
            ],
        ),
        (
            "coverage = 0.95, rate = 0.02, integral = { gain = 1.5, saturation = 1.0 }, scorecast = 0.9, start = 0.5, least = 0.1",
            2,
            [
                0.5,
                0.5,
                0.947_698_508_071_169_4,
                0.795_704_978_178_323_8,
                0.547_132_995_327_908,
                1.089_346_470_549_748_2,
                1.338_068_537_857_101_3,
                1.486_667_456_961_049_6,
                1.171_790_449_917_820_2,
                1.135_676_198_452_519_9,
                0.979_487_222_289_674_9,
            ],
        ),
    ];
    for (parameters, mpor, expected) in cases {
        let life = Life { scores: scores(), mpor };
        let found = life.multipliers(&format!("{{ adaptive = {{ {parameters} }} }}"));
        for (at, expected) in at.into_iter().zip(expected) {
            assert!((found[at] - expected).abs() < 1e-10, "{parameters}, date {at}: {}", found[at]);
        }
    }
}

/// Proposition 1 of the paper, on series made against the tracker: a loss just above every requirement, and one that breaches
/// in bursts. With an outcome known `h` dates later the bound is `(b + h rate) / (rate n)`.
#[test]
fn long_run_coverage_is_within_the_bound_on_a_series_made_against_it() {
    let (bound, rate, alpha, dates) = (2.0, 0.05, 0.1, 5_000);
    let always = |_: usize, multiplier: f64| Some(if multiplier < bound { bound } else { 0.0 });
    let bursts = |at: usize, multiplier: f64| {
        let wild = (at / 700).is_multiple_of(2);
        Some(if wild { (multiplier + 1e-9).min(bound) } else { 0.3 * multiplier.min(bound) })
    };
    let series: [&dyn Fn(usize, f64) -> Option<f64>; 2] = [&always, &bursts];
    for mpor in [1, 3, 10] {
        for score in series {
            let list = "{ adaptive = { coverage = 0.9, rate = 0.05 } }";
            let found = walked(list, mpor, &vec![0.0; dates], score);
            let hits = found.iter().enumerate();
            let hits = hits.filter(|&(at, &q)| score(at, q).is_some_and(|s| s > q)).count();
            let rate_of_breaches = hits as f64 / dates as f64;
            let allowed = (bound + mpor as f64 * rate) / (rate * dates as f64);
            let gap = rate_of_breaches - alpha;
            assert!(gap <= allowed, "{mpor}: {rate_of_breaches} against {allowed}");
        }
        let found = walked(
            "{ adaptive = { coverage = 0.9, rate = 0.05 } }",
            mpor,
            &vec![0.0; dates],
            always,
        );
        let hits = found.iter().filter(|&&q| q < bound).count() as f64 / dates as f64;
        assert!(
            (hits - alpha).abs() <= (bound + mpor as f64 * rate) / (rate * dates as f64),
            "{hits}"
        );
    }
    // The bound is worth something: without the overlay the first series breaches on every date.
    assert!(walked("{ buffer = {} }", 1, &[0.0; 50], always).iter().all(|&q| q < bound));
}

#[test]
fn a_multiplier_stays_in_its_bounds_whatever_happens() {
    let wild = "{ adaptive = { coverage = 0.99, rate = 5, least = 0.5, most = 3, integral = { gain = 9, saturation = 0.01 } } }";
    let life = Life { scores: scores(), mpor: 2 };
    let found = life.multipliers(wild);
    assert!(found.iter().all(|&q| (0.5 - 1e-12..=3.0 + 1e-12).contains(&q)));
    assert!(
        found.iter().any(|&q| q > 2.999) && found.iter().any(|&q| q < 0.501),
        "both are reached"
    );
}

/// Hand: a newcomer at 1.2; grown after four dates, when the credit is full; a breach of date 1, known at date 3.
#[test]
fn a_reputation_by_hand() {
    let list = "{ reputation = { newcomer = 0.2, credit = 0.1, grown = 4, breach = 0.3, decay = 0.5, late = 0, most = 2 } }";
    let mut scores = vec![0.0; 8];
    scores[1] = 5.0;
    let expected = [1.2, 1.125, 1.05, 1.275, 1.05, 0.975, 0.9375, 0.91875];
    let found = Life { scores, mpor: 2 }.multipliers(list);
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 1e-12, "date {at}: {found} {expected}");
    }
}

#[test]
fn late_calls_and_turnover_count_and_fade() {
    let list = "{ reputation = { newcomer = 0, credit = 0, breach = 0, late = 0.2, turnover = 0.4, decay = 0.5, most = 3 } }";
    let built = built(&format!("kind = \"scan\"\nprice_range = 0.1\noverlays = [{list}]")).unwrap();
    assert!(built.overlays[0].looks_at_turnover());
    let mut walk = Walk::new("desk", 1);
    let mut step = |late: f64, traded: f64| {
        let now = Now { late, traded, ..Now::default() };
        walk.step(&built.overlays, report(), now).unwrap().initial.amount() / 100.0
    };
    // hand: two late calls count 0.4 on the next date and fade by half; half the book traded is a turnover of 0.25 then
    let found = [step(2.0, 500.0), step(0.0, 0.0), step(0.0, 0.0)];
    for (found, expected) in found.iter().zip([1.0, 1.4 + 0.4 * 0.25, 1.2 + 0.4 * 0.125]) {
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
}
