//! Haas's mixed Kupiec tests: are the times between failures those of independent hits at the promised rate?
//!
//! ```text
//! LR_tbfi = sum over hits i of LR(v_i) ~ chi2(x),   v_i = periods since the previous hit (v_1 since the start)
//! LR_tbf  = LR_tbfi + LR_kupiec        ~ chi2(x + 1)
//! ```
//!
//! with `LR(v)` of [`tuff`](super::tuff). Source: Haas (2001), "New Methods in Backtesting", caesar, Bonn. The mean of one
//! `LR(v)` under the right rate is twice Euler's constant, 1.15 and not 1, so the sums drift above their chi-squared laws with every
//! hit: at 5 % a right model is rejected in 11 to 12 % of samples with ten hits and in some 20 % with fifty (`docs/methods/tests`).
//! Without hits the first is not defined and the second is Kupiec's.

use super::tuff::waiting_ratio;
use super::{CoverageError, CoverageTest, HitSequence, TestOutcome, kupiec};

/// Times between failures, with the rate: coverage and independence at once.
#[derive(Clone, Copy, Debug)]
pub struct TimeBetweenFailures;

/// Times between failures alone.
#[derive(Clone, Copy, Debug)]
pub struct TimeBetweenFailuresIndependence;

const TBF: &str = "haas-tbf";
const TBFI: &str = "haas-tbfi";

impl CoverageTest for TimeBetweenFailures {
    fn id(&self) -> &'static str {
        TBF
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        let rate = kupiec::ratio(TBF, hits)?;
        Ok(TestOutcome::chi_squared(waits_ratio(hits) + rate, hits.count() + 1))
    }
}

impl CoverageTest for TimeBetweenFailuresIndependence {
    fn id(&self) -> &'static str {
        TBFI
    }

    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError> {
        if hits.count() == 0 {
            return Err(CoverageError::TooFewBreaches { test: TBFI, needed: 1, found: 0 });
        }
        Ok(TestOutcome::chi_squared(waits_ratio(hits), hits.count()))
    }
}

fn waits_ratio(hits: &HitSequence) -> f64 {
    let (mut sum, mut before) = (0.0, 0);
    for at in hits.hit_times() {
        sum += waiting_ratio(at - before, hits.tail());
        before = at;
    }
    sum
}
