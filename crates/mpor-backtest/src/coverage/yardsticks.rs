//! What the coverage of accounts is judged by, found once for all accounts with as many observations and breaches.

use std::collections::BTreeMap;

use mpor_core::Level;

use super::assess::{Observed, Yardstick};
use super::basel::ZoneBounds;
use super::overlap_zones::zone_bounds;

/// The yardsticks known so far.
#[derive(Clone, Debug)]
pub struct Yardsticks {
    horizon: usize,
    level: Level,
    /// Zone bounds by observations.
    zones: BTreeMap<usize, ZoneBounds>,
    /// By observations and breaches.
    known: BTreeMap<(usize, usize), Yardstick>,
}

impl Yardsticks {
    /// For losses over `horizon` steps and the coverage that is tested against.
    #[must_use]
    pub fn new(horizon: usize, level: Level) -> Self {
        Yardsticks { horizon, level, zones: BTreeMap::new(), known: BTreeMap::new() }
    }

    /// Finds those of some accounts. Not inside a parallel part: a simulation uses all threads itself.
    pub fn learn(&mut self, observed: &[Observed]) {
        for one in observed {
            let (observations, breaches) = (one.len(), one.breaches());
            let zone = *self
                .zones
                .entry(observations)
                .or_insert_with(|| zone_bounds(self.horizon, observations, self.level));
            self.known
                .entry((observations, breaches))
                .or_insert_with(|| Yardstick::new(observations, breaches, self.horizon, zone));
        }
    }

    /// The one of an account, learnt or found now.
    #[must_use]
    pub fn of(&self, observed: &Observed) -> Yardstick {
        let (observations, breaches) = (observed.len(), observed.breaches());
        self.known.get(&(observations, breaches)).copied().unwrap_or_else(|| {
            let zone = zone_bounds(self.horizon, observations, self.level);
            Yardstick::new(observations, breaches, self.horizon, zone)
        })
    }
}
