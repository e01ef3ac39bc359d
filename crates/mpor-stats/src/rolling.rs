//! What is the value at risk today, when it was known yesterday? Tails of a moving window, kept from one step to the next.
//!
//! Only the largest losses of the window matter for its tail. They are held in order; a step takes out the loss that leaves and puts
//! in the loss that comes, if it is large enough. When so many have left that the tail is no longer whole, the window is looked
//! through again.
//!
//! The figures are worked out where the tail changes and kept for the steps that do not change it. A step that does not touch what is
//! held, as most do, costs two comparisons; one that does costs a binary search and a move of at most
//! `2 k + 16` losses, `k` = rank of the VaR loss. The window is looked through again after at least `k + 8` losses of the tail
//! have left with none coming, so once in `n (k + 8) / k` steps or rarer where losses come in no order. Figures are those of
//! [`QuantileRule::var`] and [`expected_shortfall`](crate::quantile::expected_shortfall) of the same window, bit for bit.

use crate::error::{StatsError, all_finite, at_least};
use crate::level::Level;
use crate::quantile::{Place, QuantileRule, Side, between, mean_of_mass};

/// VaR and expected shortfall of the last `n` losses, one loss at a time.
#[derive(Clone, Debug)]
pub struct RollingTail {
    /// The window as a ring; `oldest` is replaced next.
    window: Vec<f64>,
    oldest: usize,
    /// The largest losses, largest first: at least `needed`, at most `capacity` of them.
    top: Vec<f64>,
    needed: usize,
    capacity: usize,
    place: Place,
    rank: usize,
    mass: f64,
    scratch: Vec<f64>,
    var: f64,
    shortfall: f64,
}

impl RollingTail {
    /// The tail of a full window, oldest loss first.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for an empty window, [`StatsError::NotFinite`] naming the loss.
    pub fn new(
        window: &[f64],
        level: Level,
        rule: QuantileRule,
        side: Side,
    ) -> Result<Self, StatsError> {
        at_least("a rolling tail", 1, window.len())?;
        all_finite(window)?;
        let n = window.len();
        let (place, rank) = (rule.place(n, level, side), level.tail_rank(n));
        let needed = place.lower.max(rank).min(n);
        let capacity = (2 * needed + 16).min(n);
        let mut tail = RollingTail {
            window: window.to_vec(),
            oldest: 0,
            top: Vec::with_capacity(capacity + 1),
            needed,
            capacity,
            place,
            rank,
            mass: level.tail_mass(n),
            scratch: Vec::with_capacity(n),
            var: 0.0,
            shortfall: 0.0,
        };
        tail.look_through();
        tail.figures();
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
        let leaving = std::mem::replace(&mut self.window[self.oldest], loss);
        self.oldest += 1;
        if self.oldest == self.window.len() {
            self.oldest = 0;
        }
        let least = self.top[self.top.len() - 1];
        if leaving < least && loss < least {
            return Ok(());
        }
        // What is not larger than the least one held may be outside the tail that is held: it is then left there.
        let mut first = usize::MAX;
        if leaving >= least {
            first = first.min(self.take_out(leaving));
        }
        if loss >= least {
            first = first.min(self.put_in(loss));
        }
        if self.top.len() < self.needed {
            self.look_through();
        }
        if first < self.needed {
            self.figures();
        }
        Ok(())
    }

    fn figures(&mut self) {
        let Place { upper, lower, share } = self.place;
        self.var = between(self.top[upper - 1], self.top[lower - 1], share);
        self.shortfall = mean_of_mass(&self.top[..self.rank], self.mass);
    }

    /// VaR of the window, positive = loss.
    #[must_use]
    pub fn var(&self) -> f64 {
        self.var
    }

    /// Expected shortfall of the window: the mean of the worst `n * tail` losses, the last one in part.
    #[must_use]
    pub fn expected_shortfall(&self) -> f64 {
        self.shortfall
    }

    /// Number of losses in the window.
    #[must_use]
    pub fn window(&self) -> usize {
        self.window.len()
    }

    /// The place from which on the losses held have changed.
    fn take_out(&mut self, loss: f64) -> usize {
        let place = self.top.partition_point(|held| held.total_cmp(&loss).is_gt());
        // Of losses equal to the least one held, some may not be held: any one of them stands for all.
        if self.top.get(place).is_some_and(|held| held.to_bits() == loss.to_bits()) {
            self.top.remove(place);
        }
        place
    }

    /// The place from which on the losses held have changed.
    fn put_in(&mut self, loss: f64) -> usize {
        let place = self.top.partition_point(|held| held.total_cmp(&loss).is_ge());
        self.top.insert(place, loss);
        if self.top.len() > self.capacity {
            self.top.pop();
        }
        place
    }

    /// The largest losses of the whole window, in order.
    fn look_through(&mut self) {
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.window);
        if self.capacity < self.scratch.len() {
            self.scratch.select_nth_unstable_by(self.capacity - 1, |a, b| b.total_cmp(a));
        }
        self.top.clear();
        self.top.extend_from_slice(&self.scratch[..self.capacity]);
        self.top.sort_unstable_by(|a, b| b.total_cmp(a));
    }
}
