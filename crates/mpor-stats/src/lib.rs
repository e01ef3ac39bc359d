//! Numbers in, numbers out: quantiles, tails, filters, special functions and random streams.
//!
//! Nothing here knows what an option, an account or a margin date is. Losses are positive. Functions that sum do so in
//! a fixed order, so that the same numbers give the same bits on any number of threads.

pub mod beta_law;
pub mod bootstrap;
pub mod carried;
pub mod covariance;
pub mod descriptive;
pub mod elementary;
pub mod error;
pub mod ewma;
pub mod hac;
pub mod level;
pub mod quantile;
pub mod random;
pub mod rank;
pub mod regression;
pub mod rolling;
pub mod rolling_weighted;
pub mod skew_t;
pub mod special;
pub mod weighted;

pub use error::StatsError;
pub use level::{Level, NotALevel};
pub use quantile::{QuantileRule, Side};
pub use rolling::RollingTail;
pub use rolling_weighted::RollingWeightedTail;
pub use skew_t::SkewT;
