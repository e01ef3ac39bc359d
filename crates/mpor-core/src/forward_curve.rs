//! Forwards by delivery where the market quotes them: what dated futures and option forwards say.
//!
//! The curve holds the growth `g(T) = ln(F(T) / S)` at the quoted deliveries. Between them, and between today (`g(0) = 0`) and the
//! first, growth is linear in time, so that the forward carry is flat piece by piece; beyond the last the carry of the last piece
//! goes on.

use crate::error::CoreError;

/// Growth of forward over spot by delivery; empty where nothing is quoted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForwardCurve {
    /// Years of 365 days to delivery, increasing and above zero.
    years: Vec<f64>,
    /// `ln(F / S)` at each.
    growth: Vec<f64>,
}

impl ForwardCurve {
    /// The curve of these forwards: years to delivery and forward in quote currency, over a spot price.
    ///
    /// # Errors
    /// [`CoreError::Forwards`] when a delivery does not come after the one before it, or a price is not above zero.
    pub fn new(spot: f64, forwards: &[(f64, f64)]) -> Result<Self, CoreError> {
        let mut before = 0.0;
        for &(years, forward) in forwards {
            let fits = years > before && years.is_finite() && forward > 0.0 && forward.is_finite();
            if !(fits && spot > 0.0 && spot.is_finite()) {
                return Err(CoreError::Forwards { years, forward, spot, before });
            }
            before = years;
        }
        let growth = forwards.iter().map(|(_, forward)| libm::log(forward / spot)).collect();
        Ok(ForwardCurve { years: forwards.iter().map(|(years, _)| *years).collect(), growth })
    }

    /// Whether nothing is quoted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.years.is_empty()
    }

    /// `ln(F(T) / S)` for delivery in `years` (0 or above); 0 on an empty curve.
    #[must_use]
    pub fn growth(&self, years: f64) -> f64 {
        let Some(last) = self.years.len().checked_sub(1) else { return 0.0 };
        let right = self.years.partition_point(|&known| known < years).min(last);
        let left = right.checked_sub(1).map_or((0.0, 0.0), |at| (self.years[at], self.growth[at]));
        let slope = (self.growth[right] - left.1) / (self.years[right] - left.0);
        left.1 + slope * (years - left.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve() -> ForwardCurve {
        ForwardCurve::new(100.0, &[(0.1, 101.0), (0.5, 103.0)]).unwrap()
    }

    #[test]
    fn the_quoted_forwards_are_met_and_growth_is_linear_between() {
        let curve = curve();
        assert!((100.0 * curve.growth(0.1).exp() - 101.0).abs() < 1e-12);
        assert!((100.0 * curve.growth(0.5).exp() - 103.0).abs() < 1e-12);
        let middle = 0.5 * (curve.growth(0.1) + curve.growth(0.5));
        assert!((curve.growth(0.3) - middle).abs() < 1e-15);
        assert!((curve.growth(0.05) - 0.5 * curve.growth(0.1)).abs() < 1e-15);
        assert_eq!(curve.growth(0.0), 0.0);
    }

    #[test]
    fn beyond_the_last_delivery_its_carry_goes_on() {
        let curve = curve();
        let carry = (curve.growth(0.5) - curve.growth(0.1)) / 0.4;
        assert!((curve.growth(1.0) - curve.growth(0.5) - 0.5 * carry).abs() < 1e-15);
        assert_eq!(ForwardCurve::default().growth(1.0), 0.0);
    }

    #[test]
    fn deliveries_out_of_order_and_prices_below_zero_are_refused() {
        assert!(ForwardCurve::new(100.0, &[(0.2, 101.0), (0.2, 102.0)]).is_err());
        assert!(ForwardCurve::new(100.0, &[(0.2, -1.0)]).is_err());
        assert!(ForwardCurve::new(0.0, &[(0.2, 1.0)]).is_err());
    }
}
