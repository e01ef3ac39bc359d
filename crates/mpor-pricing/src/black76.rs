//! What is a European option on a forward worth, and how does that move with its inputs?
//!
//! ```text
//! price = exp(-r T) [ w F N(w d1) - w K N(w d2) ],   w = +1 call, -1 put
//! d1 = ln(F / K) / s + s / 2,   d2 = d1 - s,   s = sigma sqrt(T)
//! ```
//!
//! Source: Black (1976), "The pricing of commodity contracts", Journal of Financial Economics 3, 167-179, eq. 16.
//! Assumes a lognormal forward and a rate that does not depend on it. Says nothing about early exercise or settlement in the
//! coin (see [`crate::inverse`]).
//!
//! How the digits are kept, out of the money and at tiny deviations: see `time_value.rs`.

use mpor_core::{OptionInputs, Right};

use crate::domain::{above_zero, finite, not_below_zero};
use crate::error::PricingError;
use crate::mills::{cumulative, density};
use crate::time_value::out_of_the_money;

/// A European option on a forward, with everything its value depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Black76 {
    forward: f64,
    strike: f64,
    years: f64,
    vol: f64,
    rate: f64,
    right: Right,
}

/// Value and sensitivities of one unit, in quote currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Greeks {
    /// Present value.
    pub price: f64,
    /// Change of price per unit of forward.
    pub delta: f64,
    /// Change of delta per unit of forward.
    pub gamma: f64,
    /// Change of price per 1.00 of volatility.
    pub vega: f64,
    /// Change of price per year that passes, forward, volatility and rate fixed.
    pub theta: f64,
    /// Change of price per 1.00 of rate, forward fixed.
    pub rho: f64,
    /// Price less discounted intrinsic value, never negative.
    pub time_value: f64,
}

impl Black76 {
    /// An option with `forward` and `strike` in quote currency, `years` to expiry, Black volatility and continuously
    /// compounded rate per year.
    ///
    /// # Errors
    /// [`PricingError::Input`] unless forward and strike are above zero, years and volatility are not below, and all are finite.
    pub fn new(
        forward: f64,
        strike: f64,
        years: f64,
        vol: f64,
        rate: f64,
        right: Right,
    ) -> Result<Self, PricingError> {
        above_zero("forward", forward)?;
        above_zero("strike", strike)?;
        not_below_zero("years to expiry", years)?;
        not_below_zero("volatility", vol)?;
        finite("rate", rate)?;
        Ok(Black76 { forward, strike, years, vol, rate, right })
    }

    /// The option that a market state's inputs describe.
    ///
    /// # Errors
    /// As [`Black76::new`].
    pub fn from_inputs(
        inputs: &OptionInputs,
        strike: f64,
        right: Right,
    ) -> Result<Self, PricingError> {
        let OptionInputs { forward, years, vol, rate, .. } = *inputs;
        Black76::new(forward, strike, years, vol, rate, right)
    }

    /// Forward in quote currency.
    #[must_use]
    pub fn forward(&self) -> f64 {
        self.forward
    }

    /// Present value in quote currency.
    #[must_use]
    pub fn price(&self) -> f64 {
        self.discount() * (self.intrinsic() + self.time_value_undiscounted())
    }

    /// Price less discounted intrinsic value.
    #[must_use]
    pub fn time_value(&self) -> f64 {
        self.discount() * self.time_value_undiscounted()
    }

    /// Change of price per unit of forward: between -1 and 1 times the discount factor. One half at the money at expiry.
    #[must_use]
    pub fn delta(&self) -> f64 {
        let w = self.right.sign();
        w * self.discount() * cumulative(w * self.d1())
    }

    /// Change of delta per unit of forward. Zero without deviation, where it has no finite value at the money.
    #[must_use]
    pub fn gamma(&self) -> f64 {
        let deviation = self.deviation();
        if deviation == 0.0 {
            return 0.0;
        }
        self.discount() * density(self.d1()) / (self.forward * deviation)
    }

    /// Change of price per 1.00 of volatility.
    #[must_use]
    pub fn vega(&self) -> f64 {
        self.discount() * self.forward * density(self.d1()) * libm::sqrt(self.years)
    }

    /// Change of price per year that passes, with forward, volatility and rate fixed: negative for most long options.
    /// At expiry only the interest on the price is left, because the decay has no finite value at the money.
    #[must_use]
    pub fn theta(&self) -> f64 {
        let interest = self.rate * self.price();
        if self.years == 0.0 {
            return interest;
        }
        interest - self.vega() * self.vol / (2.0 * self.years)
    }

    /// Change of price per 1.00 of rate, with the forward fixed.
    #[must_use]
    pub fn rho(&self) -> f64 {
        -self.years * self.price()
    }

    /// Value and all sensitivities.
    #[must_use]
    pub fn greeks(&self) -> Greeks {
        Greeks {
            price: self.price(),
            delta: self.delta(),
            gamma: self.gamma(),
            vega: self.vega(),
            theta: self.theta(),
            rho: self.rho(),
            time_value: self.time_value(),
        }
    }

    fn discount(&self) -> f64 {
        discount(self.rate, self.years)
    }

    fn deviation(&self) -> f64 {
        self.vol * libm::sqrt(self.years)
    }

    fn intrinsic(&self) -> f64 {
        self.right.payoff(self.forward, self.strike)
    }

    fn time_value_undiscounted(&self) -> f64 {
        let distance = log_ratio(self.forward, self.strike).abs();
        self.forward.min(self.strike) * out_of_the_money(distance, self.deviation())
    }

    /// `d1`; at zero deviation its limit, which is zero at the money.
    fn d1(&self) -> f64 {
        let (x, deviation) = (log_ratio(self.forward, self.strike), self.deviation());
        if x == 0.0 { 0.5 * deviation } else { x / deviation + 0.5 * deviation }
    }
}

/// `exp(-rate * years)`.
pub(crate) fn discount(rate: f64, years: f64) -> f64 {
    if rate == 0.0 { 1.0 } else { libm::exp(-rate * years) }
}

/// `ln(forward / strike)`, to full relative accuracy near the money too, where the difference is exact.
pub(crate) fn log_ratio(forward: f64, strike: f64) -> f64 {
    let move_ = (forward - strike) / strike;
    if move_.abs() < 0.5 { libm::log1p(move_) } else { libm::log(forward) - libm::log(strike) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: without time or volatility only the discounted intrinsic value is left.
    #[test]
    fn without_deviation_the_price_is_intrinsic() {
        for (years, vol) in [(0.0, 0.5), (2.0, 0.0)] {
            let greeks = |forward, right| {
                Black76::new(forward, 100.0, years, vol, 0.05, right).unwrap().greeks()
            };
            let discount = (-0.05 * years).exp();
            assert_eq!(greeks(120.0, Right::Call).price, 20.0 * discount);
            assert_eq!(greeks(120.0, Right::Put).price, 0.0);
            assert_eq!(greeks(120.0, Right::Call).delta, discount);
            assert!((greeks(100.0, Right::Put).delta + 0.5 * discount).abs() < 1e-15);
            for all in [greeks(120.0, Right::Call), greeks(100.0, Right::Call)] {
                assert_eq!((all.gamma, all.time_value), (0.0, 0.0));
                assert!(all.vega.is_finite() && all.theta.is_finite() && all.rho.is_finite());
            }
        }
    }

    #[test]
    fn inputs_outside_their_domain_are_named() {
        let error = Black76::new(0.0, 1.0, 1.0, 0.2, 0.0, Right::Call).unwrap_err();
        assert_eq!(error.to_string(), "forward is 0; it must be a finite number above zero");
        for (forward, strike, years, vol, rate) in [
            (f64::NAN, 1.0, 1.0, 0.2, 0.0),
            (1.0, -1.0, 1.0, 0.2, 0.0),
            (1.0, 1.0, -1.0, 0.2, 0.0),
            (1.0, 1.0, 1.0, f64::INFINITY, 0.0),
            (1.0, 1.0, 1.0, 0.2, f64::NAN),
        ] {
            assert!(Black76::new(forward, strike, years, vol, rate, Right::Put).is_err());
        }
    }
}
