//! Which volatility does a price imply?
//!
//! The price's time value is the price of the out-of-the-money option of the same strike, which [`crate::black76`] knows to
//! full relative accuracy as a share `b(s)` of the smaller of forward and strike, `s = sigma sqrt(T)`. `b` rises from 0 to 1,
//! convex up to `s_c = sqrt(2 |ln(F / K)|)` and concave after. Each part is made nearly linear before it is solved:
//!
//! ```text
//! low    s < s_c         (-ln b(s))^(-1/2)      ~ sqrt(2) s / |ln(F / K)|
//! middle                 b(s)
//! high   b(s) near 1     (-ln(1 - b(s)))^(1/2)  ~ s / sqrt(8)
//! ```
//!
//! by Halley's iteration inside a bracket, and one last Newton step on `b` itself removes the rounding of the logarithms.
//! The idea of solving by parts in transformed prices is that of Jäckel (2015), "Let's be rational", Wilmott 75, 40-53;
//! the transformations, starts and series here are our own.
//!
//! Accuracy: within 1e-12 relative, or what a few units in the last place of the price allow, where that is worse.

use mpor_core::Right;

use crate::black76::{discount, log_ratio};
use crate::domain::{above_zero, finite};
use crate::error::PricingError;
use crate::mills::{INV_SQRT_TAU, cumulative, density, mills};
use crate::time_value::{is_close, out_of_the_money, ratio_difference};

/// Black volatility per year at which the option is worth `price` (present value, quote currency); 0 at intrinsic value.
///
/// # Errors
/// [`PricingError::PriceBounds`] when the price is below discounted intrinsic value, or not below the discounted forward
/// (call) or strike (put); [`PricingError::Input`] unless forward, strike and years are above zero and all is finite.
pub fn implied_vol(
    price: f64,
    forward: f64,
    strike: f64,
    years: f64,
    rate: f64,
    right: Right,
) -> Result<f64, PricingError> {
    above_zero("forward", forward)?;
    above_zero("strike", strike)?;
    above_zero("years to expiry", years)?;
    finite("rate", rate)?;
    let discount = discount(rate, years);
    let low = discount * right.payoff(forward, strike);
    let high = discount * if right == Right::Call { forward } else { strike };
    if !(price < high && price >= low - ROUNDING * low) {
        return Err(PricingError::PriceBounds { price, low, high });
    }
    let target = Target {
        distance: log_ratio(forward, strike).abs(),
        share: (price - low) / (discount * forward.min(strike)),
        rest: (high - price) / (discount * forward.min(strike)),
    };
    Ok(target.deviation() / libm::sqrt(years))
}

/// A price at intrinsic value may be below it by the rounding of both.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// The normalised problem: find `s` with `b(s) = share`.
struct Target {
    /// `|ln(F / K)|`.
    distance: f64,
    /// Time value as a share of the smaller of forward and strike.
    share: f64,
    /// `1 - share`, from the price's distance to its upper bound.
    rest: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Low,
    Middle,
    High,
}

/// A transformed equation at a point: value less target over slope, and curvature over slope.
struct Local {
    newton: f64,
    curvature: f64,
}

impl Target {
    fn deviation(&self) -> f64 {
        if self.share <= 0.0 {
            return 0.0;
        }
        let turning = libm::sqrt(2.0 * self.distance);
        let at_turning = out_of_the_money(self.distance, turning);
        let part = if self.share < at_turning {
            Part::Low
        } else if self.rest > 0.25 {
            Part::Middle
        } else {
            Part::High
        };
        let start = self.start(part, turning, at_turning);
        let bracket = if part == Part::Low { (0.0, turning) } else { (turning, f64::INFINITY) };
        self.polish(self.solve(part, start, bracket))
    }

    fn start(&self, part: Part, turning: f64, at_turning: f64) -> f64 {
        match part {
            Part::Low => turning * libm::sqrt(libm::log(at_turning) / libm::log(self.share)),
            Part::Middle => turning + (self.share - at_turning) / INV_SQRT_TAU,
            Part::High => {
                let (from, to) = (-libm::log1p(-at_turning), -libm::log(self.rest));
                turning + libm::sqrt(8.0) * (libm::sqrt(to) - libm::sqrt(from)).max(0.25)
            }
        }
    }

    /// Halley's iteration, or a halving of the bracket where it would leave it.
    fn solve(&self, part: Part, start: f64, bracket: (f64, f64)) -> f64 {
        let ((mut low, mut high), mut s) = (bracket, start);
        for _ in 0..60 {
            let Local { newton, curvature } = self.local(part, s);
            if newton > 0.0 {
                high = s
            } else {
                low = s
            }
            let step = newton / (1.0 - 0.5 * newton * curvature).max(0.5);
            // Cubic convergence: the error left is far below rounding. Before the bracket, whose ends it may touch.
            if step.abs() <= 1e-7 * s {
                return s - step;
            }
            let halved = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * s };
            // Also catches a step that is not a number.
            s = if s - step > low && s - step < high { s - step } else { halved };
        }
        s
    }

    fn local(&self, part: Part, s: f64) -> Local {
        let (h, t) = (-self.distance / s, 0.5 * s);
        let bend = (h - t) * (h + t) / s;
        match part {
            Part::Low => self.low(s, bend),
            Part::Middle => {
                let slope = density(h + t);
                let newton = (out_of_the_money(self.distance, s) - self.share) / slope;
                Local { newton, curvature: bend }
            }
            Part::High => {
                let (rest, slope) = (rest(h, t), density(h + t));
                let log = -libm::log(rest);
                let root = libm::sqrt(log);
                let newton = (root - libm::sqrt(-libm::log(self.rest))) * 2.0 * root * rest / slope;
                Local { newton, curvature: bend - (0.5 / log - 1.0) * slope / rest }
            }
        }
    }

    /// In logarithms throughout, because `b` may underflow far below the root.
    fn low(&self, s: f64, bend: f64) -> Local {
        let (h, t) = (-self.distance / s, 0.5 * s);
        let share_over_slope = ratio_difference(h, t);
        let log = 0.5 * (h + t) * (h + t) - libm::log(INV_SQRT_TAU * share_over_slope);
        let aim = 1.0 / libm::sqrt(-libm::log(self.share));
        let newton = (1.0 / libm::sqrt(log) - aim) * 2.0 * log * libm::sqrt(log) * share_over_slope;
        Local { newton, curvature: bend + (1.5 / log - 1.0) / share_over_slope }
    }

    fn polish(&self, s: f64) -> f64 {
        let (h, t) = (-self.distance / s, 0.5 * s);
        let slope = density(h + t);
        let excess = if self.rest < 0.5 {
            self.rest - rest(h, t)
        } else {
            out_of_the_money(self.distance, s) - self.share
        };
        let polished = s - excess / slope;
        // Where the density has underflowed, the logarithms were exact enough.
        if slope > 1e-290 && (polished / s - 1.0).abs() < 1e-6 { polished } else { s }
    }
}

/// `1 - b(s)`, without cancellation where `b` is near 1.
fn rest(h: f64, t: f64) -> f64 {
    let d1 = h + t;
    if is_close(h, t) {
        1.0 - density(d1) * ratio_difference(h, t)
    } else {
        cumulative(-d1) + density(d1) * mills(t - h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::black76::Black76;

    /// The price, by mpmath 1.3 with 80 digits, of a call sixteen standard deviations out of the money. The iteration lands
    /// on an end of its own bracket here.
    #[test]
    fn a_far_wing_converges_to_all_digits() {
        let (forward, strike, years) = (0.001, 0.015984718194800865, 7.6379772021014185);
        let price = 1.758_237_349_601_630_2e-66;
        let vol = implied_vol(price, forward, strike, years, 0.0, Right::Call).unwrap();
        assert!((vol / 0.06046571566185732 - 1.0).abs() < 1e-14, "{vol}");
    }

    /// Closed form at the money: `price / F = erf(s / sqrt(8))`, here with `s` from 1e-7 to where the price is within
    /// 1e-12 of the forward.
    #[test]
    fn the_money_is_solved_at_any_level() {
        for deviation in [1e-7, 1e-3, 0.1, 1.0, 3.0, 7.0, 14.0_f64] {
            let price = libm::erf(deviation / 8.0_f64.sqrt());
            let vol = implied_vol(price, 1.0, 1.0, 1.0, 0.0, Right::Put).unwrap();
            // What one unit in the last place of the price is in volatility.
            let slack = f64::EPSILON * price / (density(0.5 * deviation) * deviation);
            assert!((vol / deviation - 1.0).abs() <= 1e-14 + 8.0 * slack, "{deviation}: {vol}");
        }
    }

    #[test]
    fn discounting_and_the_other_side_change_nothing() {
        for (strike, right) in [(70.0, Right::Call), (70.0, Right::Put), (130.0, Right::Call)] {
            let option = Black76::new(100.0, strike, 2.0, 0.4, 0.07, right).unwrap();
            let vol = implied_vol(option.price(), 100.0, strike, 2.0, 0.07, right).unwrap();
            assert!((vol - 0.4).abs() < 1e-14, "{strike}: {vol}");
        }
    }
}
