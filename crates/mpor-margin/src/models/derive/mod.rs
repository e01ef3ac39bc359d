//! What Derive's managers share: markets and books, the options valued once a day, and which positions they take.

pub mod book;
pub mod market;

pub(crate) mod day;
pub(crate) mod parameters;
pub(crate) mod values;

use std::fmt;

pub use book::DeriveBook;
pub use market::{AVERAGING_SECONDS, DeriveExpiry, DeriveMarket, DeriveOption};

pub(crate) use super::venue::sum;

/// What can bind a portfolio manager on an underlying: each scenario, then the basis test, then that nothing loses.
pub(crate) fn bindings(underlying: &str, scenarios: &[impl fmt::Display]) -> Vec<String> {
    let rules = ["basis test", "no losing scenario"].map(str::to_owned);
    let all = scenarios.iter().map(ToString::to_string).chain(rules);
    all.map(|rule| format!("{underlying}: {rule}")).collect()
}
