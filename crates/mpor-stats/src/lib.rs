//! Numbers in, numbers out: quantiles, tails, filters, special functions and random streams.
//!
//! Nothing here knows what an option, an account or a margin date is.

pub mod level;

pub use level::{Level, NotALevel};
