//! The Basel traffic light: how unusual is this count of breaches if the model is right?
//!
//! ```text
//! green  where P(X <= x) < 0.95,   yellow where < 0.9999,   red above;   X ~ Binomial(n, 1 - level)
//! ```
//!
//! Source: Basel Committee (January 1996), "Supervisory framework for the use of backtesting", table 2. A cumulative
//! probability equal to 95 % is yellow. Assumes independent periods; for losses that overlap use
//! [`overlap_zones`](super::overlap_zones), which equals this for one step.

use super::laws::binomial_cumulative;
use super::row::{Light, Zone};
use super::{CoverageError, HitSequence};

/// Cumulative probability from which a count is yellow.
pub const YELLOW_FROM: f64 = 0.95;
/// Cumulative probability from which a count is red.
pub const RED_FROM: f64 = 0.9999;

/// Largest counts of green and yellow; `None` where even no breach at all is beyond that zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneBounds {
    /// Largest green count.
    pub green_max: Option<usize>,
    /// Largest yellow count.
    pub yellow_max: Option<usize>,
}

/// The traffic light of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrafficLight {
    /// `P(X <= x)`.
    pub cumulative: f64,
    /// The zone of the count.
    pub light: Light,
    /// Largest counts of the zones.
    pub bounds: ZoneBounds,
}

/// The traffic light of hits that do not overlap.
///
/// # Errors
/// [`CoverageError::TooShort`] without observations.
pub fn traffic_light(hits: &HitSequence) -> Result<TrafficLight, CoverageError> {
    if hits.is_empty() {
        return Err(CoverageError::TooShort { test: "basel", needed: 1, found: 0 });
    }
    let cumulative = binomial_cumulative(hits.len(), hits.count(), hits.tail());
    let light = light(cumulative);
    Ok(TrafficLight { cumulative, light, bounds: binomial_bounds(hits.len(), hits.tail()) })
}

/// Zone bounds of `n` independent periods with hit probability `p`.
#[must_use]
pub fn binomial_bounds(n: usize, p: f64) -> ZoneBounds {
    bounds_of((0..=n).map(|x| binomial_cumulative(n, x, p)))
}

/// Zone bounds from cumulative probabilities of 0, 1, 2, ... hits.
pub(super) fn bounds_of(cumulative: impl Iterator<Item = f64>) -> ZoneBounds {
    let mut bounds = ZoneBounds { green_max: None, yellow_max: None };
    for (x, probability) in cumulative.enumerate() {
        match light(probability) {
            Light::Green => bounds.green_max = Some(x),
            Light::Yellow => bounds.yellow_max = Some(x),
            Light::Red => break,
        }
    }
    bounds
}

impl ZoneBounds {
    /// The zone of a count; `None` where the series is so short that a zone is empty.
    #[must_use]
    pub fn zone(&self, hits: usize) -> Option<Zone> {
        Some(Zone::of(hits, self.green_max?, self.yellow_max?))
    }
}

fn light(cumulative: f64) -> Light {
    if cumulative < YELLOW_FROM {
        Light::Green
    } else if cumulative < RED_FROM {
        Light::Yellow
    } else {
        Light::Red
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_1996_table() {
        let bounds = binomial_bounds(250, 0.01);
        assert_eq!(bounds, ZoneBounds { green_max: Some(4), yellow_max: Some(9) });
        assert_eq!(bounds.zone(4).unwrap().light, Light::Green);
        assert_eq!(bounds.zone(5).unwrap().light, Light::Yellow);
        assert_eq!(bounds.zone(10).unwrap().light, Light::Red);
    }

    #[test]
    fn five_days_have_no_green_zone() {
        // 0.99^5 = 0.951.
        assert_eq!(binomial_bounds(5, 0.01).green_max, None);
        assert_eq!(binomial_bounds(5, 0.01).zone(0), None);
    }
}
