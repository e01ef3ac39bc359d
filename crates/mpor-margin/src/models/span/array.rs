//! Risk arrays: what one long contract loses in each of the sixteen scenarios, and its composite delta.
//!
//! ```text
//! future   RA_s = -u_s PSR cvf w_s
//! option   RA_s = ( V(F, vol, T) - V(F + u_s PSR, max(vol + v_s VSR, 0), max(T - look_ahead, 0)) ) cvf w_s
//! delta    sum_k w_k dV/dF( F + u_k PSR, vol, max(T - look_ahead, 0) ),   u = 0, ±1/3, ±2/3, ±1
//! ```
//!
//! Losses positive. `V` is Black-76, premium style; where a move takes the price to zero or below, its limit: a call is worth
//! nothing, a put its discounted strike less the price. Deltas are weighted .270, .217, .110, .037, divided by their sum.

use mpor_core::Right;
use mpor_pricing::{Black76, PricingError};
use serde::Deserialize;

/// Scenarios of a risk array.
pub const SCENARIOS: usize = 16;

/// Loss of one long contract in each scenario, money, loss positive.
pub type RiskArray = [f64; SCENARIOS];

/// Price move in thirds of the range and direction of volatility; the two extreme moves come after these.
const MOVES: [(f64, f64); 14] = [
    (0.0, 1.0),
    (0.0, -1.0),
    (1.0, 1.0),
    (1.0, -1.0),
    (-1.0, 1.0),
    (-1.0, -1.0),
    (2.0, 1.0),
    (2.0, -1.0),
    (-2.0, 1.0),
    (-2.0, -1.0),
    (3.0, 1.0),
    (3.0, -1.0),
    (-3.0, 1.0),
    (-3.0, -1.0),
];

/// Price moves in thirds of the range and the weight of the delta there.
const DELTA_POINTS: [(f64, f64); 7] = [
    (0.0, 0.270),
    (1.0, 0.217),
    (-1.0, 0.217),
    (2.0, 0.110),
    (-2.0, 0.110),
    (3.0, 0.037),
    (-3.0, 0.037),
];

/// How far prices and volatilities move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScanRange {
    /// Price scan range, price units.
    pub price: f64,
    /// Volatility scan range.
    pub vol: VolRange,
    /// Extreme move as a multiple of the price scan range.
    pub extreme_multiple: f64,
    /// Share of an extreme move's loss that counts.
    pub extreme_cover: f64,
    /// Time that passes before a scenario happens, years.
    pub look_ahead_years: f64,
}

/// A volatility scan range.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VolRange {
    /// Added to and taken from the volatility, as a decimal per year.
    Points(f64),
    /// Share of the volatility itself.
    Relative(f64),
}

/// An option as a risk array needs it, per unit of the underlying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanOption {
    /// Price of the expiry's future.
    pub forward: f64,
    /// Strike.
    pub strike: f64,
    /// Years to expiry.
    pub years: f64,
    /// Volatility per year.
    pub vol: f64,
    /// Discount rate per year.
    pub rate: f64,
    /// Call or put.
    pub right: Right,
}

/// The scenario with the same price move and the other volatility; an extreme move is its own pair. Positions from 0.
#[must_use]
pub fn paired(scenario: usize) -> usize {
    if scenario < MOVES.len() { scenario ^ 1 } else { scenario }
}

/// A scenario in words: `price +2/3 of the range, vol down`.
#[must_use]
pub fn scenario_name(scenario: usize) -> String {
    match MOVES.get(scenario) {
        Some((thirds, vol)) => {
            let vol = if *vol > 0.0 { "up" } else { "down" };
            match *thirds as i32 {
                0 => format!("price unchanged, vol {vol}"),
                3 => format!("price up the range, vol {vol}"),
                -3 => format!("price down the range, vol {vol}"),
                thirds => format!("price {thirds:+}/3 of the range, vol {vol}"),
            }
        }
        None if scenario == MOVES.len() => "extreme move up".to_owned(),
        None => "extreme move down".to_owned(),
    }
}

impl ScanRange {
    /// Multiple of the range, direction of volatility and share that counts, by scenario.
    fn scenarios(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let extreme = [1.0, -1.0].map(|way| (way * self.extreme_multiple, 0.0, self.extreme_cover));
        MOVES.iter().map(|(thirds, vol)| (thirds / 3.0, *vol, 1.0)).chain(extreme)
    }

    /// The risk array of a future on `units` of the underlying.
    #[must_use]
    pub fn future(&self, units: f64) -> RiskArray {
        let mut array = [0.0; SCENARIOS];
        for (loss, (price, _, cover)) in array.iter_mut().zip(self.scenarios()) {
            // Zero stays positive zero.
            *loss = 0.0 - price * self.price * units * cover;
        }
        array
    }

    /// The risk array of an option on `units` of the underlying.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a forward, strike or volatility that admits no value.
    pub fn option(&self, option: &SpanOption, units: f64) -> Result<RiskArray, PricingError> {
        let before = option.value()?;
        let mut array = [0.0; SCENARIOS];
        for (loss, (price, vol, cover)) in array.iter_mut().zip(self.scenarios()) {
            let forward = option.forward + price * self.price;
            let after = self.later(option, forward, self.vol.moved(option.vol, vol)).value()?;
            *loss = (before - after) * units * cover;
        }
        Ok(array)
    }

    /// The composite delta of an option, per unit of the underlying.
    ///
    /// # Errors
    /// As [`ScanRange::option`].
    pub fn composite_delta(&self, option: &SpanOption) -> Result<f64, PricingError> {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (thirds, weight) in DELTA_POINTS {
            let forward = option.forward + thirds / 3.0 * self.price;
            sum += weight * self.later(option, forward, option.vol).delta()?;
            weights += weight;
        }
        Ok(sum / weights)
    }

    fn later(&self, option: &SpanOption, forward: f64, vol: f64) -> SpanOption {
        let years = (option.years - self.look_ahead_years).max(0.0);
        SpanOption { forward, vol, years, ..*option }
    }
}

impl VolRange {
    fn moved(self, vol: f64, direction: f64) -> f64 {
        match self {
            VolRange::Points(points) => (vol + direction * points).max(0.0),
            VolRange::Relative(share) => (vol * (1.0 + direction * share)).max(0.0),
        }
    }
}

impl SpanOption {
    /// Value per unit of the underlying.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a strike, volatility or time that admits no value.
    pub fn value(&self) -> Result<f64, PricingError> {
        if self.forward > 0.0 {
            return Ok(self.black()?.price());
        }
        Ok(self.discount() * self.right.payoff(self.forward, self.strike))
    }

    fn delta(&self) -> Result<f64, PricingError> {
        match self.right {
            _ if self.forward > 0.0 => Ok(self.black()?.delta()),
            Right::Call => Ok(0.0),
            Right::Put => Ok(-self.discount()),
        }
    }

    fn black(&self) -> Result<Black76, PricingError> {
        Black76::new(self.forward, self.strike, self.years, self.vol, self.rate, self.right)
    }

    fn discount(&self) -> f64 {
        libm::exp(-self.rate * self.years)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: ScanRange = ScanRange {
        price: 240.0,
        vol: VolRange::Points(0.04),
        extreme_multiple: 3.0,
        extreme_cover: 0.33,
        look_ahead_years: 1.0 / 365.0,
    };

    #[test]
    fn a_future_loses_its_share_of_the_range() {
        let array = RANGE.future(50.0);
        // hand: a third, two thirds and all of 240 x 50, and 33 % of three times that
        assert_eq!(array[..6], [0.0, 0.0, -4_000.0, -4_000.0, 4_000.0, 4_000.0]);
        assert_eq!(array[12], 12_000.0);
        assert_eq!(array[15], 3.0 * 240.0 * 50.0 * 0.33);
    }

    #[test]
    fn pairs_share_the_price_move() {
        let pairs: Vec<usize> = (0..SCENARIOS).map(paired).collect();
        assert_eq!(pairs, [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 14, 15]);
    }

    #[test]
    fn a_price_below_zero_leaves_a_put_its_strike() {
        let option = SpanOption {
            forward: 100.0,
            strike: 90.0,
            years: 0.5,
            vol: 0.3,
            rate: 0.0,
            right: Right::Put,
        };
        let range = ScanRange { price: 50.0, ..RANGE };
        let array = range.option(&option, 1.0).unwrap();
        // hand: 100 - 3 x 50 = -50, so the put pays 140; of its gain 33 % count
        let value = option.value().unwrap();
        assert!((array[15] - (value - 140.0) * 0.33).abs() < 1e-12);
    }
}
