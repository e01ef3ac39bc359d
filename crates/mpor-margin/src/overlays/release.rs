//! When a buffer is drawn and how it is filled again: the state of a buffer through time.
//!
//! With `M[t]` the requirement before the buffer, `b` its share and `f[t]` the part of it that is held, `f[0] = 1`:
//!
//! ```text
//! required    M'[t] = M[t] (1 + b f[t])
//! released    on a date with M[t] > rise x M[t - steps], and for `hold` dates after the last such date:
//!             f[t] = (M'[t-1] / M[t] - 1) / b, not above f[t-1], not below 0
//! rebuilt     on every other date: f[t] = min(1, f[t-1] + 1 / rebuild)
//! ```
//!
//! So a released buffer takes up the rise: the requirement stays where it was until the buffer is used up. Source: Delegated
//! Regulation (EU) 153/2013, Art. 28(1)(a), a buffer that is "temporarily exhausted" when margins rise significantly;
//! ESMA's guidelines on procyclicality (2018) ask for documented conditions of exhaustion and of filling, which the
//! parameters are. The form of the rule is this project's.

use serde::Deserialize;

use crate::overlay::Memory;

/// The rule.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    /// Ratio of the requirement to that of `steps` dates before, above which the buffer is released.
    pub rise: f64,
    /// Dates between the two.
    #[serde(default = "week")]
    pub steps: usize,
    /// Dates after the last rise on which it stays released.
    #[serde(default = "week")]
    pub hold: usize,
    /// Dates in which an empty buffer fills.
    #[serde(default = "quarter")]
    pub rebuild: usize,
}

fn week() -> usize {
    5
}

fn quarter() -> usize {
    60
}

/// A buffer on one date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    /// Part of the full buffer that is held, 0 to 1.
    pub part: f64,
    /// Dates since the requirement last rose by so much; none since the start is [`NEVER`].
    pub calm: f64,
}

/// More dates than any study has.
const NEVER: f64 = 1e15;

impl Release {
    /// The buffer on a date, from what came before it and the requirement on it.
    pub fn held(&self, share: f64, past: &[f64], now: f64, memory: &mut Memory) -> Held {
        let mut held = match memory.values[..] {
            [part, calm] => Held { part, calm },
            _ => Held { part: 1.0, calm: NEVER },
        };
        for at in memory.seen..past.len() {
            held = self.next(share, held, &past[..at], past[at]);
        }
        *memory = Memory { seen: past.len(), values: vec![held.part, held.calm] };
        self.next(share, held, past, now)
    }

    /// Whether the buffer is released in this state.
    pub fn released(&self, held: Held) -> bool {
        held.calm <= self.hold as f64
    }

    fn next(&self, share: f64, before: Held, past: &[f64], now: f64) -> Held {
        let earlier = past.len().checked_sub(self.steps).map(|at| past[at]);
        let rose = earlier.is_some_and(|earlier| earlier > 0.0 && now > self.rise * earlier);
        let held = Held { calm: if rose { 0.0 } else { before.calm + 1.0 }, ..before };
        if !self.released(held) {
            return Held { part: (before.part + 1.0 / self.rebuild as f64).min(1.0), ..held };
        }
        let required = past.last().map_or(0.0, |last| last * (1.0 + share * before.part));
        let part = if now > 0.0 && share > 0.0 { (required / now - 1.0) / share } else { 1.0 };
        Held { part: part.clamp(0.0, before.part), ..held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hand: full until the jump to 140, which is more than the 137.50 that were held; empty for the date of the jump and
    /// one more; then a half and full again.
    #[test]
    fn a_buffer_is_released_on_a_rise_and_fills_again() {
        let rule = Release { rise: 1.2, steps: 1, hold: 1, rebuild: 2 };
        let path = [100.0, 100.0, 110.0, 140.0, 140.0, 140.0, 140.0];
        let required = [125.0, 125.0, 137.5, 140.0, 140.0, 157.5, 175.0];
        let mut memory = Memory::default();
        for (at, (&m, &expected)) in path.iter().zip(&required).enumerate() {
            let held = rule.held(0.25, &path[..at], m, &mut memory);
            assert!((m * (1.0 + 0.25 * held.part) - expected).abs() < 1e-12, "date {at}");
            assert_eq!(rule.released(held), (3..5).contains(&at));
            let fresh = rule.held(0.25, &path[..at], m, &mut Memory::default());
            assert_eq!(fresh, held, "the memory is only a cache");
        }
    }

    /// Hand: 100 with 25 held; a rise to 120 leaves the requirement at 125, so 5 of 30 are held.
    #[test]
    fn a_released_buffer_takes_up_the_rise() {
        let rule = Release { rise: 1.1, steps: 1, hold: 0, rebuild: 10 };
        let held = rule.held(0.25, &[100.0], 120.0, &mut Memory::default());
        assert!((held.part - 5.0 / 30.0).abs() < 1e-15);
    }
}
