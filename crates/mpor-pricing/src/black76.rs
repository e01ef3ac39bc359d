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
//! **How the digits are kept.** Everything is computed from the out-of-the-money side, as a share of the smaller of `F` and
//! `K`; the other side follows by parity. With `h = -|ln(F / K)| / s` and `t = s / 2` that share is
//!
//! ```text
//! N(h + t) - exp(..) N(h - t) = phi(h + t) [ Y(h + t) - Y(h - t) ],   Y(z) = N(z) / phi(z)
//! ```
//!
//! Where the two ratios are close, their difference is the odd part of a Taylor series whose coefficients are all positive:
//! `2 sum a_n t^n` over odd `n`, `a_n = Y^(n)(h) / n! = int u^n exp(h u - u^2 / 2) du / n!`, with the recurrence
//! `(n + 1) a_(n+1) = h a_n + a_(n-1)` and `a_(-1) = 1`. It is run forwards from `Y` and `Y'` where that is stable
//! (`|h| t` small), and as Laplace's continued fraction from the far end where it is not.

use mpor_core::{OptionInputs, Right};

use crate::error::PricingError;
use crate::mills::{cumulative, density, mills, mills_slope};

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

/// Value of an out-of-the-money option as a share of the smaller of forward and strike: `distance = |ln(F / K)|`.
pub(crate) fn out_of_the_money(distance: f64, deviation: f64) -> f64 {
    if deviation == 0.0 {
        return 0.0;
    }
    let (h, t) = (-distance / deviation, 0.5 * deviation);
    let d1 = h + t;
    if is_close(h, t) || d1 <= 0.0 {
        // A density that underflows hides a ratio that may overflow.
        let density = density(d1);
        return if density == 0.0 { 0.0 } else { density * ratio_difference(h, t) };
    }
    cumulative(d1) - density(d1) * mills(t - h)
}

/// `Y(h + t) - Y(h - t)` for `h <= 0 < t`, where [`is_close`] or `h + t <= 0`.
pub(crate) fn ratio_difference(h: f64, t: f64) -> f64 {
    if !is_close(h, t) {
        return mills(-(h + t)) - mills(t - h);
    }
    if -h * t <= FORWARD_STABLE { forward_series(h, t) } else { backward_series(h, t) }
}

/// Whether the ratios at `h + t` and `h - t` are so close that their difference needs the series.
pub(crate) fn is_close(h: f64, t: f64) -> bool {
    t < 0.25 * (-h).max(1.5)
}

/// Up to here the forward recurrence loses no more than a few units in the last place.
const FORWARD_STABLE: f64 = 1.0;

/// Terms that reach 1e-17 of the sum at `t = |h| / 4`.
const ODD_TERMS: usize = 14;

/// `1 / n`, so that the recurrence waits for no division.
const RECIPROCALS: [f64; 2 * ODD_TERMS] = {
    let mut reciprocals = [0.0; 2 * ODD_TERMS];
    let mut n = 1;
    while n < reciprocals.len() {
        reciprocals[n] = 1.0 / n as f64;
        n += 1;
    }
    reciprocals
};

fn forward_series(h: f64, t: f64) -> f64 {
    let (mut even, mut odd) = (mills(-h), mills_slope(-h));
    let (mut sum, mut power) = (odd, 1.0);
    for k in 1..ODD_TERMS {
        even = (h * odd + even) * RECIPROCALS[2 * k];
        odd = (h * even + odd) * RECIPROCALS[2 * k + 1];
        power *= t * t;
        let term = odd * power;
        sum += term;
        if term.abs() < 1e-17 * sum {
            break;
        }
    }
    2.0 * t * sum
}

/// With `r_n = a_n / a_(n-1) = 1 / (|h| + (n + 1) r_(n+1))`, run down from where its start no longer matters.
fn backward_series(h: f64, t: f64) -> f64 {
    const KEPT: usize = 2 * ODD_TERMS;
    let mut ratios = [0.0; KEPT];
    let start = KEPT + (CONTRACTION / -h).powi(2).min(400.0) as usize;
    // The fixed point of the recurrence with its n frozen.
    let mut ratio = 2.0 / (-h + libm::sqrt(h * h + 4.0 * (start + 1) as f64));
    for n in (0..start).rev() {
        ratio = 1.0 / (-h + (n + 1) as f64 * ratio);
        if n < KEPT {
            ratios[n] = ratio;
        }
    }
    let (mut sum, mut term) = (0.0, 1.0 / t);
    for (n, ratio) in ratios.iter().enumerate() {
        term *= ratio * t;
        if n % 2 == 1 {
            sum += term;
        }
    }
    2.0 * sum
}

/// Steps times `|h|^2` after which the start of the continued fraction is forgotten; chosen by experiment.
const CONTRACTION: f64 = 18.0;

pub(crate) fn above_zero(name: &'static str, found: f64) -> Result<(), PricingError> {
    if found > 0.0 && found.is_finite() {
        return Ok(());
    }
    Err(PricingError::Input { name, found, expected: "a finite number above zero" })
}

pub(crate) fn not_below_zero(name: &'static str, found: f64) -> Result<(), PricingError> {
    if found >= 0.0 && found.is_finite() {
        return Ok(());
    }
    Err(PricingError::Input { name, found, expected: "a finite number not below zero" })
}

pub(crate) fn finite(name: &'static str, found: f64) -> Result<(), PricingError> {
    if found.is_finite() {
        return Ok(());
    }
    Err(PricingError::Input { name, found, expected: "a finite number" })
}
