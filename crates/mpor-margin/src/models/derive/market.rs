//! What Derive's managers look at: a market at one instant, and the options quoted in it.
//!
//! A margin date of a replay and a published test case both become these types, so both run through the same arithmetic.

use mpor_core::Right;

/// Seconds before an expiry over which the settlement price is averaged.
pub const AVERAGING_SECONDS: f64 = 1800.0;

/// One coin's market. Prices in USD; confidences of feeds from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct DeriveMarket {
    /// Spot price.
    pub spot: f64,
    /// Confidence of the spot feed.
    pub spot_confidence: f64,
    /// Mark of the perpetual.
    pub perp_price: f64,
    /// Confidence of the perpetual's feed.
    pub perp_confidence: f64,
    /// USD per unit of the coin that cash is kept in.
    pub stable_price: f64,
    /// Expiries of the options.
    pub expiries: Vec<DeriveExpiry>,
}

/// One expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeriveExpiry {
    /// Seconds to go, not below zero.
    pub seconds: f64,
    /// The part of the forward that the average has already fixed, and that no scenario moves.
    pub forward_fixed: f64,
    /// The rest of the forward.
    pub forward_variable: f64,
    /// Discount rate per year, continuously compounded; below zero it counts as zero.
    pub rate: f64,
    /// Lowest confidence of the forward, rate and volatility feeds.
    pub confidence: f64,
}

/// One option that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeriveOption {
    /// Position of its expiry in the market.
    pub expiry: usize,
    /// Strike in USD.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Black volatility per year.
    pub vol: f64,
}

impl DeriveExpiry {
    /// Seconds a year.
    pub const YEAR_SECONDS: f64 = 365.0 * 86_400.0;

    /// An expiry of full confidence whose forward, inside the averaging time, is fixed for the part that has passed.
    #[must_use]
    pub fn quoted(seconds: f64, forward: f64, rate: f64) -> Self {
        let open = (seconds / AVERAGING_SECONDS).min(1.0);
        let forward_variable = forward * open;
        let forward_fixed = forward - forward_variable;
        DeriveExpiry { seconds, forward_fixed, forward_variable, rate, confidence: 1.0 }
    }

    /// Years of 365 days to go.
    #[must_use]
    pub fn years(&self) -> f64 {
        self.seconds / DeriveExpiry::YEAR_SECONDS
    }

    /// The forward with its variable part multiplied by `shock`.
    #[must_use]
    pub fn forward(&self, shock: f64) -> f64 {
        self.forward_variable * shock + self.forward_fixed
    }
}
