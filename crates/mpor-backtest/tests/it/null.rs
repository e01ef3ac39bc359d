//! Under a right model each test rejects about as often as its level says.

use mpor_backtest::coverage::{HitSequence, TESTS};
use mpor_core::Level;
use mpor_stats::random::Streams;

/// 1,000 series of 500 independent days with a hit probability of 5 %, tested at 5 %.
///
/// The laws are asymptotic, and the binomial test is discrete and conservative: the bounds are wide, and would still catch a
/// statistic off by a factor of two or a wrong number of degrees of freedom. Haas's tests are known to reject more often,
/// because the ratio of a single wait is far from chi-squared; the duration test does, mildly.
#[test]
fn rejection_rates_are_near_the_level() {
    let level = Level::new(0.95).unwrap();
    let series: Vec<HitSequence> = (0..1_000)
        .map(|path| {
            let mut stream = Streams::new(5, "null", 0).path(path);
            let hits = (0..500).map(|_| stream.uniform() < level.tail()).collect();
            HitSequence::daily(hits, level)
        })
        .collect();
    for test in TESTS {
        let outcomes: Vec<_> = series.iter().filter_map(|hits| test.test(hits).ok()).collect();
        assert!(outcomes.len() > 990, "{}", test.id());
        let rejected = outcomes.iter().filter(|outcome| outcome.p_value < 0.05).count();
        let rate = rejected as f64 / outcomes.len() as f64;
        let highest = if test.id().starts_with("haas") { 0.25 } else { 0.09 };
        assert!((0.02..highest).contains(&rate), "{}: {rate}", test.id());
    }
}
