//! What do tests that assume independence say about losses that overlap?
//!
//! Every `m`-th loss of an `m`-step series shares no step with its neighbours, so there are `m` sub-samples without overlap, and each may be
//! tested. They are dependent, and the answers are combined so that the level holds whatever their dependence:
//!
//! ```text
//! Bonferroni  m min p_i            one sub-sample that fails badly decides
//! mean        2 (1/m) sum p_i      many that fail a little decide
//! ```
//!
//! Source: Rueschendorf (1982), Advances in Applied Probability 14(3), 623-632, and Vovk and Wang (2020), "Combining p-values via
//! averaging", Biometrika 107(4), 791-808 (the factor 2 cannot be improved). Each sub-sample has `n / m` observations: power is lost,
//! which the tests of all observations ([`hac`](super::hac), [`overlap_zones`](super::overlap_zones)) do not lose.

use super::{CoverageError, CoverageTest, OverlappingHits, TestOutcome};

/// The answers of all sub-samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    /// The sub-sample with the smallest p-value.
    pub worst: TestOutcome,
    /// Sub-samples for which the test is defined.
    pub defined: usize,
    /// `m min p`, at most 1.
    pub bonferroni: f64,
    /// Twice the mean p-value, at most 1.
    pub mean: f64,
}

/// A test of every sub-sample of overlapping hits.
///
/// # Errors
/// The first reason, where the test is defined for no sub-sample.
pub fn test(test: &dyn CoverageTest, hits: &OverlappingHits) -> Result<Combined, CoverageError> {
    combine(hits.non_overlapping_subsamples().iter().map(|part| test.test(part)).collect())
}

/// Combines answers of dependent samples.
///
/// # Errors
/// The first reason, where no sample has an answer.
pub fn combine(
    outcomes: Vec<Result<TestOutcome, CoverageError>>,
) -> Result<Combined, CoverageError> {
    let answers: Vec<TestOutcome> = outcomes.iter().flatten().copied().collect();
    let Some(worst) = answers.iter().copied().min_by(|a, b| a.p_value.total_cmp(&b.p_value)) else {
        return Err(outcomes
            .into_iter()
            .find_map(Result::err)
            .unwrap_or(CoverageError::TooShort { test: "sub-samples", needed: 1, found: 0 }));
    };
    let count = answers.len() as f64;
    let sum: f64 = answers.iter().map(|outcome| outcome.p_value).sum();
    Ok(Combined {
        worst,
        defined: answers.len(),
        bonferroni: (worst.p_value * count).min(1.0),
        mean: (2.0 * sum / count).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::kupiec::Kupiec;
    use mpor_core::Level;

    #[test]
    fn two_answers_by_hand() {
        let outcome = |p_value| Ok(TestOutcome { p_value, ..TestOutcome::chi_squared(0.0, 1) });
        let found = combine(vec![outcome(0.01), outcome(0.4)]).unwrap();
        assert_eq!((found.bonferroni, found.defined), (0.02, 2));
        assert!((found.mean - 0.41).abs() < 1e-15);
        assert!(combine(Vec::new()).is_err());
    }

    #[test]
    fn a_short_series_leaves_empty_parts_out() {
        let hits = OverlappingHits::new(vec![true, false], Level::P99, 5).unwrap();
        assert_eq!(test(&Kupiec, &hits).unwrap().defined, 2);
    }
}
