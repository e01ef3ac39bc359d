//! Value and sensitivities of an instrument in a market state; volatility surfaces; the vector kernels.

pub mod error;

pub use error::PricingError;
