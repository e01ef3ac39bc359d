//! Probability integral transforms of losses: where each loss fell in the law that was forecast for it.
//!
//! `u = F(loss)` with the forecast distribution function of the loss: near 1 = a large loss. When the forecast is right and the losses
//! do not overlap, these are independent and uniform, which says more than hits do. The **tail depth** `1 - u` is what the tests of
//! expected shortfall look at. Source: Rosenblatt (1952), Annals of Mathematical Statistics 23(3), 470-472.

use mpor_core::Level;

use super::{CoverageError, HitSequence};

/// Transforms of losses that do not overlap, in time order.
#[derive(Clone, Debug, PartialEq)]
pub struct Pits {
    /// `1 - F(loss)`: small = a large loss. Kept, because `u` near 1 would lose digits.
    depth: Vec<f64>,
}

impl Pits {
    /// From `F(loss)`, near 1 for a large loss.
    ///
    /// # Errors
    /// [`CoverageError::Value`] for a value outside [0, 1] or NaN.
    pub fn of_losses(values: &[f64]) -> Result<Self, CoverageError> {
        check(values)?;
        Ok(Pits { depth: values.iter().map(|value| 1.0 - value).collect() })
    }

    /// From `F(gain)` of P&L, near 0 for a large loss.
    ///
    /// # Errors
    /// [`CoverageError::Value`] for a value outside [0, 1] or NaN.
    pub fn of_gains(values: &[f64]) -> Result<Self, CoverageError> {
        check(values)?;
        Ok(Pits { depth: values.to_vec() })
    }

    /// Number of periods.
    #[must_use]
    pub fn len(&self) -> usize {
        self.depth.len()
    }

    /// Whether there is no period.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.depth.is_empty()
    }

    /// `1 - F(loss)` in time order.
    #[must_use]
    pub fn depth(&self) -> &[f64] {
        &self.depth
    }

    /// Hits of the quantile at a level.
    #[must_use]
    pub fn hits(&self, level: Level) -> HitSequence {
        let tail = level.tail();
        HitSequence::daily(self.depth.iter().map(|depth| *depth < tail).collect(), level)
    }

    /// How much of the tail lies beyond each loss, `max(0, 1 - depth / p)`: what is averaged in expected shortfall.
    #[must_use]
    pub fn cumulative_violations(&self, level: Level) -> Vec<f64> {
        let tail = level.tail();
        self.depth.iter().map(|depth| (1.0 - depth / tail).max(0.0)).collect()
    }

    /// Refuses fewer than `needed` periods.
    pub(crate) fn at_least(&self, test: &'static str, needed: usize) -> Result<(), CoverageError> {
        let found = self.len();
        if found < needed { Err(CoverageError::TooShort { test, needed, found }) } else { Ok(()) }
    }
}

fn check(values: &[f64]) -> Result<(), CoverageError> {
    match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        None => Ok(()),
        Some(at) => Err(CoverageError::Value {
            what: "probability integral transform",
            at: at + 1,
            value: values[at],
            expected: "a probability between 0 and 1",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_the_share_of_the_tail_beyond() {
        let pits = Pits::of_gains(&[0.0, 0.005, 0.01, 0.5]).unwrap();
        assert_eq!(pits.cumulative_violations(Level::P99), [1.0, 0.5, 0.0, 0.0]);
        assert_eq!(pits.hits(Level::P99).hits(), [true, true, false, false]);
        assert!(Pits::of_losses(&[f64::NAN]).is_err());
        assert!(Pits::of_gains(&[1.5]).is_err());
    }
}
