//! Forwards by delivery where the market quotes them: what dated futures and option forwards say.
//!
//! A dated future with a price of its own is a point of the curve, so that valuing it on the curve gives back its price; the
//! curve also knows which deliveries those are ([`ListedFuture`]), because a rule may hold only what is listed and a result says
//! what a value came from.
//!
//! The curve holds the growth `g(T) = ln(F(T) / S)` at the quoted deliveries. Between them, and between today (`g(0) = 0`) and the
//! first, growth is linear in time, so that the forward carry is flat piece by piece; beyond the last the carry of the last piece
//! goes on.

use crate::error::CoreError;
use crate::time::Timestamp;

/// A dated future that trades at the instant of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedFuture {
    /// Instant of final settlement.
    pub expiry: Timestamp,
    /// Where its point of the curve comes from.
    pub price: FuturePrice,
}

/// Where the price of a listed future comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FuturePrice {
    /// Its own price, of the step that the curve stands at.
    Own,
    /// Its last own price, from before that step: its carry over spot is held since.
    Carried,
}

/// Growth of forward over spot by delivery; empty where nothing is quoted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForwardCurve {
    /// Years of 365 days to delivery, increasing and above zero.
    years: Vec<f64>,
    /// `ln(F / S)` at each.
    growth: Vec<f64>,
    /// The listed futures among the deliveries, by expiry.
    listed: Vec<ListedFuture>,
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
        let years = forwards.iter().map(|(years, _)| *years).collect();
        Ok(ForwardCurve { years, growth, listed: Vec::new() })
    }

    /// The same curve, on which these futures are listed; in order of expiry.
    #[must_use]
    pub fn with_listed(self, listed: Vec<ListedFuture>) -> Self {
        debug_assert!(
            listed.windows(2).all(|pair| pair[0].expiry < pair[1].expiry),
            "Invariant: listed futures are in order of expiry"
        );
        ForwardCurve { listed, ..self }
    }

    /// The listed futures, in order of expiry.
    #[must_use]
    pub fn listed(&self) -> &[ListedFuture] {
        &self.listed
    }

    /// What the future of an expiry is priced by; `None` where it is not listed.
    #[must_use]
    pub fn price_of(&self, expiry: Timestamp) -> Option<FuturePrice> {
        let at = self.listed.binary_search_by_key(&expiry, |future| future.expiry).ok()?;
        Some(self.listed[at].price)
    }

    /// The quoted deliveries, nearest first: years to delivery and `ln(F / S)`.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.years.iter().copied().zip(self.growth.iter().copied())
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
    fn listed_futures_are_found_by_their_expiry() {
        let future = |day, price| ListedFuture { expiry: Timestamp(day), price };
        let curve = curve()
            .with_listed(vec![future(10, FuturePrice::Own), future(20, FuturePrice::Carried)]);
        assert_eq!(curve.price_of(Timestamp(20)), Some(FuturePrice::Carried));
        assert_eq!(curve.price_of(Timestamp(15)), None);
        assert_eq!(curve.listed().len(), 2);
        let points: Vec<(f64, f64)> = curve.points().collect();
        assert_eq!(points.iter().map(|point| point.0).collect::<Vec<_>>(), [0.1, 0.5]);
        assert_eq!(points[1].1, curve.growth(0.5));
    }

    #[test]
    fn deliveries_out_of_order_and_prices_below_zero_are_refused() {
        assert!(ForwardCurve::new(100.0, &[(0.2, 101.0), (0.2, 102.0)]).is_err());
        assert!(ForwardCurve::new(100.0, &[(0.2, -1.0)]).is_err());
        assert!(ForwardCurve::new(0.0, &[(0.2, 1.0)]).is_err());
    }
}
