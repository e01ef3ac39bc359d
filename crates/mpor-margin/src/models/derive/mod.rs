//! What Derive's managers share: the market that they look at, the options valued once a day, and which positions they take.

pub mod market;

pub(crate) mod day;
pub(crate) mod values;

pub use market::{AVERAGING_SECONDS, DeriveExpiry, DeriveMarket, DeriveOption};

/// A sum that starts from positive zero.
pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}
