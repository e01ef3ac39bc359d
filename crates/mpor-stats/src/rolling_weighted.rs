//! What is the age-weighted value at risk today, when it was known yesterday? Weighted tails of a moving window, kept from one step to
//! the next.
//!
//! With the weights of Boudoukh, Richardson and Whitelaw ([`age_weights`]) the figures are those of
//! [`weighted_tail`](crate::weighted::weighted_tail) of the same window, bit for bit:
//!
//! ```text
//! VaR = L(k), the first k with W(k) >= tail;   ES = ( w(1) L(1) + ... + w(k-1) L(k-1) + (tail - W(k-1)) L(k) ) / tail
//! ```
//!
//! Weights move on by one place every step, so sums are made anew, but only over the losses up to `L(k)`: a recent loss weighs so much
//! that few are larger. Those are held in order, with the step at which each came; what has left the window is taken out, and when the
//! losses held do not reach the tail, the window is looked through again for twice as many.

use crate::error::StatsError;
use crate::level::Level;
use crate::weighted::{ROUNDING, WeightedTail, age_weights};

/// Losses held at first.
const HELD: usize = 32;

/// Age-weighted VaR and expected shortfall of the last `n` losses, one loss at a time.
#[derive(Clone, Debug)]
pub struct RollingWeightedTail {
    /// The window as a ring; the loss of step `s` is at `s % n`.
    window: Vec<f64>,
    /// Step of the next loss; the window holds the `n` steps before it.
    next: usize,
    /// The largest losses with their steps: largest first, of equal ones the oldest first.
    top: Vec<(f64, usize)>,
    /// So many were held when the window was last looked through, and at most that many are.
    capacity: usize,
    /// By age from the oldest, adding up to `total`.
    weights: Vec<f64>,
    tail: f64,
    scratch: Vec<(f64, usize)>,
}

impl RollingWeightedTail {
    /// The tail of a full window, oldest loss first, weights falling by `decay` a step of age.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for an empty window, [`StatsError::NotFinite`] naming the loss, [`StatsError::Domain`] unless
    /// `0 < decay < 1`.
    pub fn new(window: &[f64], decay: f64, level: Level) -> Result<Self, StatsError> {
        crate::error::at_least("a rolling tail", 1, window.len())?;
        crate::error::all_finite(window)?;
        let weights = age_weights(window.len(), decay)?;
        let mut tail = RollingWeightedTail {
            window: window.to_vec(),
            next: window.len(),
            top: Vec::new(),
            capacity: HELD.min(window.len()),
            tail: level.tail() * weights.iter().sum::<f64>(),
            weights,
            scratch: Vec::new(),
        };
        tail.look_through();
        Ok(tail)
    }

    /// Replaces the oldest loss.
    ///
    /// # Errors
    /// [`StatsError::NotFinite`] with index 0; the window stays as it was.
    pub fn push(&mut self, loss: f64) -> Result<(), StatsError> {
        if !loss.is_finite() {
            return Err(StatsError::NotFinite { index: 0, value: loss });
        }
        let (n, step) = (self.window.len(), self.next);
        let slot = step % n;
        let leaving = std::mem::replace(&mut self.window[slot], loss);
        self.next += 1;
        let Some(&(least, _)) = self.top.last() else {
            self.look_through();
            return Ok(());
        };
        if leaving >= least {
            let place = self.top.partition_point(|held| ahead(*held, (leaving, step - n)));
            if self.top.get(place).is_some_and(|held| held.1 == step - n) {
                self.top.remove(place);
            }
        }
        // A loss equal to the least one held comes behind it, where others that are not held may be.
        if loss.total_cmp(&least).is_gt() {
            let place = self.top.partition_point(|held| ahead(*held, (loss, step)));
            self.top.insert(place, (loss, step));
            self.top.truncate(self.capacity);
        }
        Ok(())
    }

    /// VaR and expected shortfall of the window, positive = loss.
    pub fn figures(&mut self) -> WeightedTail {
        loop {
            if let Some(found) = self.held() {
                return found;
            }
            self.capacity = (2 * self.capacity).min(self.window.len());
            self.look_through();
        }
    }

    /// The figures, if the losses held reach the tail; all losses of the window always do.
    fn held(&self) -> Option<WeightedTail> {
        let oldest = self.next - self.window.len();
        let (mut reached, mut sum, mut var) = (0.0, 0.0, 0.0);
        for &(loss, step) in &self.top {
            let weight = self.weights[step - oldest];
            var = loss;
            let last = reached + weight >= self.tail * (1.0 - ROUNDING);
            sum += loss * if last { self.tail - reached } else { weight };
            reached += weight;
            if last {
                return Some(WeightedTail { var, expected_shortfall: (sum / self.tail).max(var) });
            }
        }
        let whole = self.top.len() == self.window.len();
        whole.then(|| WeightedTail { var, expected_shortfall: (sum / self.tail).max(var) })
    }

    /// The largest losses of the whole window, in order.
    fn look_through(&mut self) {
        let n = self.window.len();
        let oldest = self.next - n;
        self.scratch.clear();
        self.scratch.extend((oldest..self.next).map(|step| (self.window[step % n], step)));
        let order = |a: &(f64, usize), b: &(f64, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if self.capacity < n {
            self.scratch.select_nth_unstable_by(self.capacity - 1, order);
        }
        self.top.clear();
        self.top.extend_from_slice(&self.scratch[..self.capacity]);
        self.top.sort_unstable_by(order);
    }
}

/// Whether a loss stands before another in the order of the tail.
fn ahead(held: (f64, usize), other: (f64, usize)) -> bool {
    held.0.total_cmp(&other.0).then(other.1.cmp(&held.1)).is_gt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;
    use crate::weighted::weighted_tail;

    /// Twin: each window taken afresh. Rounded losses tie; a slow trend empties what is held; weights that hardly fall make the tail long.
    #[test]
    fn figures_are_those_of_each_window_bit_for_bit() {
        for (n, decay, rounded, trend) in [
            (500, 0.98, false, 0.0),
            (500, 0.995, true, 0.0),
            (120, 0.98, true, -0.02),
            (120, 0.9, false, 0.02),
            (40, 0.9999, true, -0.5),
            (1, 0.5, false, 0.0),
        ] {
            let mut stream = Streams::new(3, "rolling weighted", 0).path(n as u64);
            let losses: Vec<f64> = (0..n + 700)
                .map(|at| {
                    let loss = stream.normal() + trend * at as f64;
                    if rounded { (2.0 * loss).round() / 2.0 } else { loss }
                })
                .collect();
            let weights = age_weights(n, decay).unwrap();
            for level in [Level::P99, Level::new(0.9).unwrap()] {
                let mut rolling = RollingWeightedTail::new(&losses[..n], decay, level).unwrap();
                for at in n..losses.len() {
                    let twin = weighted_tail(&losses[at - n..at], &weights, level, &mut Vec::new());
                    assert_eq!(rolling.figures(), twin.unwrap(), "{n} {decay} {at}");
                    rolling.push(losses[at]).unwrap();
                }
            }
        }
    }

    #[test]
    fn what_is_no_loss_changes_nothing() {
        let mut rolling = RollingWeightedTail::new(&[1.0, 3.0, 2.0], 0.9, Level::P99).unwrap();
        let before = rolling.figures();
        assert!(rolling.push(f64::NAN).is_err());
        assert_eq!(rolling.figures(), before);
        assert!(RollingWeightedTail::new(&[], 0.9, Level::P99).is_err());
        assert!(RollingWeightedTail::new(&[1.0], 1.0, Level::P99).is_err());
    }
}
