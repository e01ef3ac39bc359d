//! Amounts of the study's reporting currency, and the one place where the sign turns.

use std::fmt;
use std::ops::{Add, Neg, Sub};

/// An amount of the reporting currency: positive = an asset, a gain, or money needed, as the field's name says.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Money(pub f64);

/// A profit or loss: gain positive.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Pnl(pub f64);

/// A loss: positive = money lost. May be negative (a gain); it is never clamped.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Loss(pub f64);

impl Pnl {
    /// The loss that this P&L is. The only place in mpor where the sign turns.
    #[must_use]
    pub fn loss(self) -> Loss {
        Loss(-self.0)
    }
}

impl Loss {
    /// Whether the loss is strictly above the requirement.
    #[must_use]
    pub fn breaches(self, requirement: Money) -> bool {
        self.0 > requirement.0
    }

    /// The part of the loss that the requirement did not cover, zero when it covered all.
    #[must_use]
    pub fn shortfall(self, requirement: Money) -> Money {
        Money((self.0 - requirement.0).max(0.0))
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Money;
    fn neg(self) -> Money {
        Money(-self.0)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_equal_to_the_requirement_is_covered() {
        let loss = Pnl(-100.0).loss();
        assert!(!loss.breaches(Money(100.0)));
        assert!(loss.breaches(Money(99.9)));
        assert_eq!(loss.shortfall(Money(40.0)), Money(60.0));
        assert_eq!(loss.shortfall(Money(140.0)), Money(0.0));
    }
}
