//! Market history as the replay reads it: the panel, what turns its rows into market states, and settlement prices.

use std::collections::BTreeMap;

use crate::error::CoreError;
use crate::factor::Factor;
use crate::forward_curve::ForwardCurve;
use crate::instrument::{InstrumentIx, UnderlyingIx};
use crate::market::{MarketState, OptionMark, UnderlyingState};
use crate::panel::Panel;
use crate::surface::{Origin, Pillar, SmileShape, VolSurface};
use crate::time::{Span, Timestamp};
use crate::universe::Universe;

/// A price series at its own resolution, finer than or equal to the study's step.
#[derive(Clone, Debug, Default)]
pub struct PriceSeries {
    /// Instants from which the prices are known, increasing.
    pub times: Vec<Timestamp>,
    /// Prices in quote currency.
    pub prices: Vec<f64>,
}

/// How one underlying's row of the panel becomes a market state.
#[derive(Clone, Debug)]
pub struct UnderlyingHistory {
    /// Smile shape, where options are held on it.
    pub smile: Option<SmileShape>,
    /// Where its volatilities come from.
    pub vol_origin: Origin,
    /// Where its carry comes from.
    pub carry_origin: Origin,
    /// Index prices at the data's own resolution: what expiries settle on.
    pub index: PriceSeries,
    /// Averaging time of the settlement price before an expiry; zero = the index at the instant.
    pub settlement_window: Span,
    /// What its option chain quoted, by step of the panel; empty where the history has no chains.
    pub quoted: Vec<QuotedMarket>,
    /// What its dated futures and its perpetual traded at, by step of the panel; empty where the history has no such prices.
    pub futures: Vec<FuturesMarket>,
}

/// What the futures of one underlying say at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct FuturesMarket {
    /// Forwards by delivery: the futures' own prices, and what the option chain says elsewhere.
    pub forwards: ForwardCurve,
    /// Whether the perpetual has a price of its own at this step; modelled where it stands on the index or on a carried premium.
    pub perpetual: Origin,
}

/// What the option chain of one underlying quoted at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotedMarket {
    /// The surface fitted to it.
    pub surface: VolSurface,
    /// Forwards by expiry.
    pub forwards: ForwardCurve,
}

/// All market history of a study.
#[derive(Clone, Debug)]
pub struct History {
    /// Underlyings and instruments.
    pub universe: Universe,
    /// Factors on the study's grid.
    pub panel: Panel,
    /// By [`UnderlyingIx`].
    pub underlyings: Vec<UnderlyingHistory>,
    /// Listed option marks by step of the panel; empty where the history has none.
    pub marks: Vec<BTreeMap<InstrumentIx, OptionMark>>,
}

impl PriceSeries {
    /// The last price known at `time`, with the instant from which it was known.
    #[must_use]
    pub fn as_of(&self, time: Timestamp) -> Option<(Timestamp, f64)> {
        let after = self.times.partition_point(|&known| known <= time);
        let at = after.checked_sub(1)?;
        Some((self.times[at], self.prices[at]))
    }

    /// Mean of the prices known in `(time - window, time]`; the last known price where the window holds none.
    #[must_use]
    pub fn average(&self, time: Timestamp, window: Span) -> Option<f64> {
        let from = self.times.partition_point(|&known| known <= time - window);
        let to = self.times.partition_point(|&known| known <= time);
        if from >= to {
            return self.as_of(time).map(|(_, price)| price);
        }
        let prices = &self.prices[from..to];
        Some(prices.iter().sum::<f64>() / prices.len() as f64)
    }
}

impl History {
    /// The market state at a step of the panel.
    ///
    /// # Errors
    /// [`CoreError`] when the panel lacks an underlying's spot, or its volatilities admit arbitrage.
    pub fn state(&self, step: usize) -> Result<MarketState, CoreError> {
        let underlyings = (0..self.underlyings.len())
            .map(|ix| self.underlying_state(UnderlyingIx(ix), step))
            .collect::<Result<_, _>>()?;
        let marks = self.marks.get(step).cloned().unwrap_or_default();
        Ok(MarketState { time: self.panel.times()[step], underlyings, marks })
    }

    fn underlying_state(
        &self,
        ix: UnderlyingIx,
        step: usize,
    ) -> Result<UnderlyingState, CoreError> {
        let value = |factor| self.panel.value(factor, step);
        let quoted = self.underlyings[ix.0].quoted.get(step);
        let futures = self.underlyings[ix.0].futures.get(step);
        let spot = value(Factor::Spot(ix)).ok_or(CoreError::NoSuchFactor(Factor::Spot(ix)))?;
        Ok(UnderlyingState {
            spot,
            perpetual: value(Factor::Perpetual(ix)).unwrap_or(spot),
            carry: value(Factor::Carry(ix)).unwrap_or(0.0),
            forwards: match (futures, quoted) {
                (Some(futures), _) => futures.forwards.clone(),
                (None, Some(quoted)) => quoted.forwards.clone(),
                (None, None) => ForwardCurve::default(),
            },
            rate: value(Factor::Rate(ix)).unwrap_or(0.0),
            surface: match quoted {
                Some(quoted) => Some(quoted.surface.clone()),
                None => self.surface(ix, step)?,
            },
        })
    }

    fn surface(&self, ix: UnderlyingIx, step: usize) -> Result<Option<VolSurface>, CoreError> {
        let history = &self.underlyings[ix.0];
        let Some(shape) = history.smile else { return Ok(None) };
        let pillars: Vec<Pillar> = self
            .vol_tenors(ix)
            .into_iter()
            .filter_map(|days| {
                let vol = self.panel.value(Factor::Vol(ix, days), step)?;
                let years = Span::days(i64::from(days)).years();
                Some(Pillar { years, total_variance: vol * vol * years })
            })
            .collect();
        VolSurface::new(pillars, shape, history.vol_origin).map(Some)
    }

    /// Where the perpetual's mark at a step comes from: a price of its own, or the index in place of one.
    #[must_use]
    pub fn perpetual_origin(&self, ix: UnderlyingIx, step: usize) -> Origin {
        match self.underlyings[ix.0].futures.get(step) {
            Some(futures) => futures.perpetual,
            None if self.panel.row(Factor::Perpetual(ix)).is_some() => Origin::Quoted,
            None => Origin::Modelled,
        }
    }

    /// The tenors, in days and increasing, at which the panel holds an underlying's volatility.
    #[must_use]
    pub fn vol_tenors(&self, ix: UnderlyingIx) -> Vec<u16> {
        let mut tenors: Vec<u16> = self
            .panel
            .factors()
            .iter()
            .filter_map(|factor| match factor {
                Factor::Vol(u, days) if *u == ix => Some(*days),
                _ => None,
            })
            .collect();
        tenors.sort_unstable();
        tenors
    }

    /// The price that a contract expiring at `expiry` settles on; `None` before the first known price.
    #[must_use]
    pub fn settlement_price(&self, ix: UnderlyingIx, expiry: Timestamp) -> Option<f64> {
        let history = &self.underlyings[ix.0];
        history.index.average(expiry, history.settlement_window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settlement_averages_what_the_window_holds() {
        let series = PriceSeries {
            times: vec![Timestamp(10), Timestamp(20), Timestamp(30)],
            prices: vec![1.0, 2.0, 4.0],
        };
        assert_eq!(series.average(Timestamp(30), Span(20)), Some(3.0));
        assert_eq!(series.average(Timestamp(30), Span(0)), Some(4.0));
        assert_eq!(series.average(Timestamp(35), Span(2)), Some(4.0));
        assert_eq!(series.average(Timestamp(5), Span(2)), None);
    }
}
