//! Is the hit rate of overlapping losses too high, judged by resampling the series itself in blocks?
//!
//! Blocks of neighbouring hits keep whatever clustering they have. With `rate*` of a resample of circular blocks,
//!
//! ```text
//! p-value = (1 + #{ rate* - rate >= rate - p }) / (1 + resamples)
//! ```
//!
//! one-sided: only too many hits fail. The resampled law is centred on the observed rate, so it answers how often a rate would come out this
//! far above its own mean. Source: Politis and Romano (1992), circular blocks; Davison and Hinkley (1997), "Bootstrap Methods and
//! their Application", section 4.4 (the null by centring). The block must be longer than the overlap; [`BLOCK`] horizons is the
//! default. Rough with few clusters of hits: it then knows too little of the tail, and rejects too often.

use mpor_stats::random::Streams;

use super::simulated::Draws;
use super::{CoverageError, OverlappingHits, TestOutcome};

const ID: &str = "block-bootstrap";

/// Horizons in a block.
pub const BLOCK: usize = 3;

/// The test with blocks of `length` observations; the statistic is the hit rate less the promised one.
///
/// # Errors
/// [`CoverageError`] below two blocks, without hits, or for a block not longer than the overlap.
pub fn test(
    hits: &OverlappingHits,
    length: usize,
    draws: Draws,
) -> Result<TestOutcome, CoverageError> {
    let n = hits.len();
    if length < hits.horizon() {
        return Err(CoverageError::Setting {
            test: ID,
            what: "the block length",
            found: length as f64,
            expected: "at least the steps that one loss covers",
        });
    }
    if n < 2 * length {
        return Err(CoverageError::TooShort { test: ID, needed: 2 * length, found: n });
    }
    if hits.count() == 0 {
        return Err(CoverageError::TooFewBreaches { test: ID, needed: 1, found: 0 });
    }
    let before = Running::of(hits.hits(), length);
    let rate = hits.count() as f64 / n as f64;
    let excess = rate - hits.level().tail();
    let streams = Streams::new(draws.seed, ID, 0);
    let as_far = (0..draws.count as u64).filter(|&path| {
        let mut stream = streams.path(path);
        let mut start = || ((stream.uniform() * n as f64) as usize).min(n - 1);
        let whole: usize = (0..n / length).map(|_| before.hits(start(), length)).sum();
        let count = whole + before.hits(start(), n % length);
        // The tolerance makes a resample of the same count a tie, whatever the rounding.
        count as f64 / n as f64 - rate >= excess - 1e-12
    });
    Ok(TestOutcome::bootstrap(excess, as_far.count(), draws.count))
}

/// Hits before each period, once around and a block more: a block of a resample is one subtraction.
struct Running(Vec<usize>);

impl Running {
    fn of(hits: &[bool], length: usize) -> Self {
        let mut sums = Vec::with_capacity(hits.len() + length + 1);
        let mut sum = 0;
        sums.push(0);
        for hit in hits.iter().chain(hits.iter().take(length)) {
            sum += usize::from(*hit);
            sums.push(sum);
        }
        Running(sums)
    }

    fn hits(&self, start: usize, length: usize) -> usize {
        self.0[start + length] - self.0[start]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    const DRAWS: Draws = Draws { seed: 4, count: 499 };

    #[test]
    fn far_too_many_hits_are_rejected_and_too_few_are_not() {
        let many = (0..500).map(|at| at % 10 < 2).collect();
        let many = OverlappingHits::new(many, Level::P99, 2).unwrap();
        assert!(test(&many, 6, DRAWS).unwrap().p_value < 0.01);
        let few = (0..500).map(|at| at == 100).collect();
        let few = OverlappingHits::new(few, Level::P99, 2).unwrap();
        assert!(test(&few, 6, DRAWS).unwrap().p_value > 0.9);
    }

    #[test]
    fn what_cannot_be_resampled_has_a_reason() {
        let of = |hits| OverlappingHits::new(hits, Level::P99, 5).unwrap();
        assert!(test(&of(vec![true; 100]), 4, DRAWS).is_err());
        assert!(test(&of(vec![true; 9]), 5, DRAWS).is_err());
        assert!(test(&of(vec![false; 100]), 5, DRAWS).is_err());
    }
}
