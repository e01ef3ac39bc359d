//! Series of hits (loss strictly above the requirement), told apart by whether the losses behind them overlap.
//!
//! A loss over `m` steps observed every step shares `m - 1` steps with its neighbour: hits come in clusters even when
//! the model is right. Every test that assumes independence takes a [`HitSequence`], and there is no way to make one
//! from overlapping losses.

use mpor_core::Level;

use super::error::CoverageError;

/// Hits whose losses do not overlap, in time order, with the level they were promised.
#[derive(Clone, Debug, PartialEq)]
pub struct HitSequence {
    hits: Vec<bool>,
    level: Level,
}

/// Hits of losses over `horizon` steps observed every step, in time order.
#[derive(Clone, Debug, PartialEq)]
pub struct OverlappingHits {
    hits: Vec<bool>,
    level: Level,
    horizon: usize,
}

impl HitSequence {
    /// Hits of losses over `horizon` steps taken every `stride` steps.
    ///
    /// # Errors
    /// [`CoverageError::Overlapping`] when the stride is shorter than the horizon.
    pub fn independent(
        hits: Vec<bool>,
        level: Level,
        stride: usize,
        horizon: usize,
    ) -> Result<Self, CoverageError> {
        if horizon == 0 {
            return Err(CoverageError::NoHorizon);
        }
        if stride < horizon {
            return Err(CoverageError::Overlapping { stride, horizon });
        }
        Ok(HitSequence { hits, level })
    }

    /// Hits of losses over one step, taken every step.
    #[must_use]
    pub fn daily(hits: Vec<bool>, level: Level) -> Self {
        HitSequence { hits, level }
    }

    /// Number of observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hits.len()
    }

    /// Whether there is no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Number of hits.
    #[must_use]
    pub fn count(&self) -> usize {
        count(&self.hits)
    }

    /// The promised level.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The promised probability of a hit.
    #[must_use]
    pub fn tail(&self) -> f64 {
        self.level.tail()
    }

    /// The hits in time order.
    #[must_use]
    pub fn hits(&self) -> &[bool] {
        &self.hits
    }

    /// Positions of the hits, counted from 1.
    pub fn hit_times(&self) -> impl Iterator<Item = usize> + '_ {
        self.hits.iter().enumerate().filter(|(_, hit)| **hit).map(|(at, _)| at + 1)
    }
}

impl OverlappingHits {
    /// Hits of losses over `horizon` steps, observed every step. Steps may be missing: that only moves losses apart.
    ///
    /// # Errors
    /// [`CoverageError::NoHorizon`].
    pub fn new(hits: Vec<bool>, level: Level, horizon: usize) -> Result<Self, CoverageError> {
        if horizon == 0 {
            return Err(CoverageError::NoHorizon);
        }
        Ok(OverlappingHits { hits, level, horizon })
    }

    /// The `horizon` interleaved sub-samples, none of which overlaps.
    #[must_use]
    pub fn non_overlapping_subsamples(&self) -> Vec<HitSequence> {
        (0..self.horizon)
            .map(|start| {
                let hits = self.hits.iter().skip(start).step_by(self.horizon).copied().collect();
                HitSequence { hits, level: self.level }
            })
            .collect()
    }

    /// Number of observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hits.len()
    }

    /// Whether there is no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Number of hits.
    #[must_use]
    pub fn count(&self) -> usize {
        count(&self.hits)
    }

    /// The promised level.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Steps that one loss covers.
    #[must_use]
    pub fn horizon(&self) -> usize {
        self.horizon
    }

    /// The hits in time order.
    #[must_use]
    pub fn hits(&self) -> &[bool] {
        &self.hits
    }
}

fn count(hits: &[bool]) -> usize {
    hits.iter().filter(|hit| **hit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_losses_are_not_independent() {
        let refused = HitSequence::independent(vec![true], Level::P99, 1, 2);
        assert_eq!(refused, Err(CoverageError::Overlapping { stride: 1, horizon: 2 }));
        assert!(HitSequence::independent(vec![true], Level::P99, 2, 2).is_ok());
    }

    #[test]
    fn subsamples_take_every_hit_once() {
        let hits = vec![true, false, false, true, true];
        let overlapping = OverlappingHits::new(hits, Level::P99, 2).unwrap();
        let parts = overlapping.non_overlapping_subsamples();
        assert_eq!(parts[0].hits(), [true, false, true]);
        assert_eq!(parts[1].hits(), [false, true]);
        assert_eq!(parts.iter().map(HitSequence::count).sum::<usize>(), overlapping.count());
    }
}
