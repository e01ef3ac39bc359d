//! Was the coverage what the model promised? Hits, tests of hits, scores and e-values.
//!
//! Tests of independence take a [`HitSequence`], which cannot be built from losses that overlap. Overlapping losses are
//! [`OverlappingHits`]: they can be split into sub-samples that do not overlap, judged by [`hac`] or by [`overlap_zones`].

pub mod acerbi_szekely;
pub mod assess;
pub mod basel;
pub mod basel_multipliers;
pub mod berkowitz;
pub mod binomial;
pub mod block_bootstrap;
pub mod christoffersen;
pub mod clopper_pearson;
pub mod dq;
pub mod duration_geometric;
pub mod duration_weibull;
pub mod e_values;
pub mod error;
pub mod exact;
pub mod forecasts;
pub mod fz0;
pub mod haas;
pub mod hac;
pub mod hits;
pub mod kupiec;
mod laws;
mod likelihood;
pub mod multinomial;
pub mod one_pass;
pub mod outcome;
pub mod overlap_zones;
pub mod pinball;
pub mod pits;
pub mod power;
pub mod row;
pub mod simulated;
pub mod subsamples;
pub mod tuff;
pub mod wanted;
pub mod whitening;
pub mod yardsticks;

pub use error::CoverageError;
pub use forecasts::Forecasts;
pub use hits::{HitSequence, OverlappingHits};
pub use outcome::{Law, TestOutcome};
pub use pits::Pits;
pub use row::{CoverageRow, Light, TestRow, Zone};
pub use wanted::Wanted;

/// A test of a series of hits that do not overlap.
pub trait CoverageTest: Send + Sync {
    /// Catalog name.
    fn id(&self) -> &'static str;

    /// Tests the hits against the level they were promised.
    ///
    /// # Errors
    /// [`CoverageError`] where the statistic is not defined for these hits.
    fn test(&self, hits: &HitSequence) -> Result<TestOutcome, CoverageError>;
}

/// All tests of hits, sorted by id.
pub const TESTS: &[&dyn CoverageTest] = &[
    &binomial::Binomial,
    &christoffersen::ConditionalCoverage,
    &christoffersen::ConditionalCoverageFirstDropped,
    &christoffersen::Independence,
    &duration_geometric::GeometricIndependence,
    &duration_geometric::GeometricConditional,
    &duration_weibull::DurationWeibull,
    &haas::TimeBetweenFailures,
    &haas::TimeBetweenFailuresIndependence,
    &kupiec::Kupiec,
    &exact::KupiecExact,
    &tuff::TimeUntilFirstFailure,
];

/// The test of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn CoverageTest> {
    TESTS.iter().copied().find(|test| test.id() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_is_sorted_and_its_ids_differ() {
        assert!(TESTS.windows(2).all(|pair| pair[0].id() < pair[1].id()));
        assert!(find("kupiec").is_some());
        assert!(find("no such test").is_none());
    }
}
