//! Was expected shortfall what the model promised? Tests of the size of losses beyond value at risk.
//!
//! Those that need nothing but forecasts implement [`ShortfallTest`] and stand in [`TESTS`]; those that need the forecast law
//! take its transforms ([`Pits`](crate::coverage::Pits)). All assume losses that do not overlap: take every `m`-th loss of an
//! `m`-step series. Where a statistic has no law of its own it is drawn under the null, in the tail that the forecasts imply
//! ([`TailLaw::implied`]).

pub mod acerbi_szekely;
pub mod conditional_calibration;
pub mod costanzino_curran;
pub mod du_escanciano;
pub mod esr;
pub mod law;
pub mod mcneil_frey;
pub mod minimally_biased;
pub mod z3;

pub use law::TailLaw;

use crate::coverage::{CoverageError, Forecasts, TestOutcome};

/// A test of forecasts of value at risk and expected shortfall.
pub trait ShortfallTest: Send + Sync {
    /// Catalog name.
    fn id(&self) -> &'static str;

    /// Tests the forecasts. A small p-value means that they are wrong; which way, the test's own page says.
    ///
    /// # Errors
    /// [`CoverageError`] where the statistic is not defined for these forecasts.
    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError>;
}

/// All tests that need nothing but the forecasts, sorted by id.
pub const TESTS: &[&dyn ShortfallTest] = &[
    &acerbi_szekely::Z1,
    &acerbi_szekely::Z2,
    &conditional_calibration::OneSided,
    &conditional_calibration::TwoSided,
    &esr::Auxiliary,
    &esr::Intercept,
    &esr::Strict,
    &mcneil_frey::Bootstrap,
    &mcneil_frey::Normal,
    &minimally_biased::Absolute,
    &minimally_biased::Relative,
];

/// The test of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn ShortfallTest> {
    TESTS.iter().copied().find(|test| test.id() == id)
}

/// Series drawn where a catalog test draws its own null.
pub(crate) const DRAWS: usize = 999;

/// Seed of those draws: the same series has the same p-value everywhere.
pub(crate) const SEED: u64 = 0x6d70_6f72;

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Level;

    #[test]
    fn the_catalog_is_sorted_and_its_ids_differ() {
        assert!(TESTS.windows(2).all(|pair| pair[0].id() < pair[1].id()));
        assert!(find("acerbi-szekely-z2").is_some());
        assert!(find("no such test").is_none());
    }

    /// Nothing, one period, no hit, only hits, ties, a constant: an answer that is a number, or a reason.
    #[test]
    fn degenerate_series_have_a_number_or_a_reason() {
        let ties: Vec<f64> = (0..60).map(|at| f64::from(at % 3)).collect();
        let series: [(Vec<f64>, f64, f64); 6] = [
            (vec![], 1.0, 2.0),
            (vec![3.0], 1.0, 2.0),
            (vec![0.0; 50], 1.0, 2.0),
            (vec![3.0; 50], 1.0, 2.0),
            (ties, 1.0, 2.0),
            ((0..60).map(f64::from).collect(), 1.0, 1.0),
        ];
        for (loss, var, es) in series {
            let (var, es) = (vec![var; loss.len()], vec![es; loss.len()]);
            let forecasts = Forecasts::new(&loss, &var, Level::P99).unwrap();
            let forecasts = forecasts.with_shortfall(&es).unwrap();
            for test in TESTS {
                match test.test(&forecasts) {
                    Ok(found) => {
                        let sound = found.statistic.is_finite() && found.p_value.is_finite();
                        assert!(sound, "{} of {loss:?}: {found:?}", test.id());
                    }
                    Err(reason) => assert!(!reason.to_string().is_empty()),
                }
            }
            let bare = Forecasts::new(&loss, &var, Level::P99).unwrap();
            assert!(TESTS.iter().all(|test| test.test(&bare).is_err()));
        }
    }
}
