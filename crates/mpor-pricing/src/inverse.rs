//! What do contracts that settle in the coin pay, in coin?
//!
//! ```text
//! future  N (1 / F0 - 1 / F1)                 N = notional in quote currency, long positive
//! option  Black-76(F, K, T, sigma) / F        a unit of the underlying, no discounting
//! ```
//!
//! Source: Deribit's contract specifications of its inverse futures and options; checked against the project's vectors.
//! The coin is the numeraire, so quote rates do not enter. Says nothing about the value of the coin itself.

use mpor_core::Right;

use crate::black76::Black76;
use crate::domain::above_zero;
use crate::error::PricingError;

/// P&L in coin of a long future of `notional` (quote currency) when its price moves from `from` to `to`, gain positive.
///
/// # Errors
/// [`PricingError::Input`] unless both prices are above zero.
pub fn future_pnl(notional: f64, from: f64, to: f64) -> Result<f64, PricingError> {
    above_zero("futures price", from)?;
    above_zero("futures price", to)?;
    // In this order it is exact to a few units in the last place for small moves too.
    Ok(notional / from * ((to - from) / to))
}

/// Value in coin of an option on one unit of the underlying.
///
/// # Errors
/// As [`Black76::new`].
pub fn option_value(
    forward: f64,
    strike: f64,
    years: f64,
    vol: f64,
    right: Right,
) -> Result<f64, PricingError> {
    Ok(Black76::new(forward, strike, years, vol, 0.0, right)?.price() / forward)
}
