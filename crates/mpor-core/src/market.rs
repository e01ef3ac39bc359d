//! The state of the market at one instant: everything an instrument is valued from.

use std::collections::BTreeMap;

use crate::forward_curve::ForwardCurve;
use crate::instrument::{InstrumentIx, UnderlyingIx};
use crate::surface::{Origin, VolSurface};
use crate::time::Timestamp;

/// One underlying at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderlyingState {
    /// Spot or index price, in quote currency.
    pub spot: f64,
    /// Mark of the perpetual, in quote currency; the index where the study has no perpetual history.
    pub perpetual: f64,
    /// Continuously compounded growth of the forward over spot, per year: `F(T) = spot * exp(carry * T)` unless forwards are quoted.
    pub carry: f64,
    /// Forwards by delivery where they are quoted; they take precedence over `carry`.
    pub forwards: ForwardCurve,
    /// Continuously compounded discount rate of the quote currency, per year.
    pub rate: f64,
    /// Implied volatilities; `None` where the study holds no options on it.
    pub surface: Option<VolSurface>,
}

/// The venue's own mark of one option at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionMark {
    /// Black volatility per year, as a decimal.
    pub vol: f64,
    /// Forward of the option's expiry, in quote currency.
    pub forward: f64,
}

/// The market at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketState {
    /// When.
    pub time: Timestamp,
    /// By [`UnderlyingIx`].
    pub underlyings: Vec<UnderlyingState>,
    /// Listed marks, which take precedence over the surface.
    pub marks: BTreeMap<InstrumentIx, OptionMark>,
}

/// What Black-76 needs for one option, and where its volatility came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionInputs {
    /// Forward in quote currency.
    pub forward: f64,
    /// Time to expiry in years of 365 days, not below zero.
    pub years: f64,
    /// Black volatility per year.
    pub vol: f64,
    /// Continuously compounded discount rate per year.
    pub rate: f64,
    /// Mark or surface.
    pub origin: Origin,
}

impl UnderlyingState {
    /// Forward for delivery in `years`, in quote currency.
    #[must_use]
    pub fn forward(&self, years: f64) -> f64 {
        if !self.forwards.is_empty() {
            return self.spot * libm::exp(self.forwards.growth(years));
        }
        if self.carry == 0.0 { self.spot } else { self.spot * libm::exp(self.carry * years) }
    }

    /// Carry between two deliveries, `from` before `to`, per year.
    #[must_use]
    pub fn carry_between(&self, from: f64, to: f64) -> f64 {
        if self.forwards.is_empty() || to <= from {
            return self.carry;
        }
        (self.forwards.growth(to) - self.forwards.growth(from)) / (to - from)
    }
}

impl MarketState {
    /// The state of one underlying, which must come from the same universe.
    #[must_use]
    pub fn underlying(&self, ix: UnderlyingIx) -> &UnderlyingState {
        &self.underlyings[ix.0]
    }

    /// Inputs for an option: its listed mark where there is one, the surface otherwise.
    /// `None` when there is neither. At or after expiry the volatility is zero.
    #[must_use]
    pub fn option_inputs(
        &self,
        instrument: InstrumentIx,
        underlying: UnderlyingIx,
        expiry: Timestamp,
        strike: f64,
    ) -> Option<OptionInputs> {
        let state = self.underlying(underlying);
        let years = self.time.years_to(expiry).max(0.0);
        let rate = state.rate;
        if let Some(mark) = self.marks.get(&instrument) {
            let OptionMark { vol, forward } = *mark;
            return Some(OptionInputs { forward, years, vol, rate, origin: Origin::Quoted });
        }
        let forward = state.forward(years);
        let surface = state.surface.as_ref()?;
        let vol = if years > 0.0 { surface.vol(libm::log(strike / forward), years) } else { 0.0 };
        Some(OptionInputs { forward, years, vol, rate, origin: surface.origin() })
    }
}
