//! Value and sensitivities of an instrument in a market state; volatility surfaces; the vector kernels.

pub mod black76;
mod domain;
mod elementary;
pub mod error;
pub mod implied_vol;
pub mod inverse;
pub mod kernel;
pub mod mills;
pub mod sensitivity;
pub mod surface;
mod time_value;
pub mod value;

pub use black76::{Black76, Greeks};
pub use error::PricingError;
pub use implied_vol::implied_vol;
pub use kernel::{ForwardMoves, OptionKernel};
pub use sensitivity::{Sensitivities, sensitivities};
pub use value::{Valuation, expiry_pnl, payoff, pnl, settlement_pnl, value};
