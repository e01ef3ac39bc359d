//! What is one contract worth in a market state, and what does it gain when the market moves?
//!
//! All amounts are for **one long contract**, in reporting currency (the quote currency of its underlying), gain positive:
//!
//! | contract | value | P&L of a move |
//! | --- | --- | --- |
//! | spot | `spot * size` | difference of values |
//! | future, perpetual, cash | `F * size`, `mark * size`: a price level, of which only differences mean anything | difference |
//! | option, cash | `exp(-r T) Black-76(F, K) * size` | difference |
//! | option, coin | `Black-76(F, K) / F * size` coins, at spot | difference |
//! | future, perpetual, coin | none: the contract has no value, it pays `size (1/F0 - 1/F1)` coins | those coins at the later spot |
//!
//! **Adding over time.** Values are differences of levels, so the P&L of two steps is the sum of the steps'. A coin future is
//! the exception in reporting currency: the coins gained in the first step change in worth over the second, which is the P&L
//! of *holding coins* and not of the contract. [`settlement_pnl`] gives P&L in the currency the contract settles in, where
//! steps always add.
//!
//! Funding is not in here: it is a payment, not a change of value. Nor are fees.

use mpor_core::{
    Contract, Instrument, InstrumentIx, MarketState, OptionInputs, Origin, Right, Settlement,
    Timestamp, UnderlyingState, Universe,
};

use crate::black76::Black76;
use crate::domain::above_zero;
use crate::error::PricingError;

/// Value of one contract, and where the volatility in it came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Valuation {
    /// Reporting currency a contract.
    pub amount: f64,
    /// [`Origin::Quoted`] for all that needs no volatility.
    pub origin: Origin,
}

/// Value of one long contract in reporting currency; see the module for what that means for each kind.
///
/// # Errors
/// [`PricingError::NoValue`] for coin-settled futures and perpetuals, [`PricingError::Expired`] after expiry,
/// [`PricingError::NoVolatility`] for an option with neither mark nor surface, [`PricingError::Input`] for prices that are
/// not above zero.
pub fn value(
    state: &MarketState,
    universe: &Universe,
    ix: InstrumentIx,
) -> Result<Valuation, PricingError> {
    let listed = Listed::new(state, universe, ix)?;
    let amount = listed
        .level()?
        .ok_or_else(|| PricingError::NoValue { instrument: listed.instrument.name.clone() })?;
    Ok(Valuation { amount, origin: listed.origin() })
}

/// P&L in reporting currency of one long contract over a move of the market, gain positive. Both states may have the same
/// time (a shock) or different times (realised P&L).
///
/// # Errors
/// As [`value`], for either state.
pub fn pnl(
    from: &MarketState,
    to: &MarketState,
    universe: &Universe,
    ix: InstrumentIx,
) -> Result<f64, PricingError> {
    let (before, after) = (Listed::new(from, universe, ix)?, Listed::new(to, universe, ix)?);
    if let (Some(before), Some(after)) = (before.level()?, after.level()?) {
        return Ok(after - before);
    }
    let coins = after.settled_level()? - before.settled_level()?;
    Ok(coins * after.spot())
}

/// P&L of one long contract in the currency it settles in (coins for coin-settled contracts), which adds up over time.
///
/// # Errors
/// As [`pnl`].
pub fn settlement_pnl(
    from: &MarketState,
    to: &MarketState,
    universe: &Universe,
    ix: InstrumentIx,
) -> Result<f64, PricingError> {
    let before = Listed::new(from, universe, ix)?.settled_level()?;
    Ok(Listed::new(to, universe, ix)?.settled_level()? - before)
}

/// P&L in reporting currency of one long contract from a state to its final settlement at the price `index`, gain positive.
/// `spot` is what a settled coin is worth: the index itself, unless the horizon ends later than the expiry.
///
/// # Errors
/// As [`value`]; [`PricingError::NeverSettles`] for spot and perpetuals.
pub fn expiry_pnl(
    from: &MarketState,
    universe: &Universe,
    ix: InstrumentIx,
    index: f64,
    spot: f64,
) -> Result<f64, PricingError> {
    let before = Listed::new(from, universe, ix)?;
    let paid = payoff(before.instrument, index)?;
    let rate = if before.instrument.contract.is_inverse() { spot } else { 1.0 };
    match before.level()? {
        Some(level) => Ok(paid * rate - level),
        None => Ok((paid - before.settled_level()?) * rate),
    }
}

/// What one long contract is worth at its final settlement, in the currency it settles in: the payoff of an option, and the
/// level that a future's P&L is the difference to.
///
/// # Errors
/// [`PricingError::NeverSettles`] for spot and perpetuals, [`PricingError::Input`] when `index` is not above zero.
pub fn payoff(instrument: &Instrument, index: f64) -> Result<f64, PricingError> {
    above_zero("settlement price", index)?;
    let size = instrument.contract_size;
    match instrument.contract {
        Contract::Future { settlement: Settlement::Cash, .. } => Ok(size * index),
        Contract::Future { settlement: Settlement::Coin, .. } => Ok(-size / index),
        Contract::Option { strike, right, settlement, .. } => {
            let paid = size * right.payoff(index, strike);
            Ok(if settlement == Settlement::Coin { paid / index } else { paid })
        }
        Contract::Spot | Contract::Perpetual { .. } => {
            Err(PricingError::NeverSettles { instrument: instrument.name.clone() })
        }
    }
}

/// An instrument in a market state, with its option's inputs where it is one.
pub(crate) struct Listed<'a> {
    pub(crate) instrument: &'a Instrument,
    pub(crate) underlying: &'a UnderlyingState,
    pub(crate) option: Option<PricedOption>,
    time: Timestamp,
}

/// An option ready to be priced: discounted when it settles in cash, undiscounted when in coin.
pub(crate) struct PricedOption {
    pub(crate) black: Black76,
    origin: Origin,
}

impl<'a> Listed<'a> {
    pub(crate) fn new(
        state: &'a MarketState,
        universe: &'a Universe,
        ix: InstrumentIx,
    ) -> Result<Self, PricingError> {
        let instrument = universe.instrument(ix);
        if let Some(expiry) = instrument.contract.expiry().filter(|&expiry| expiry < state.time) {
            let instrument = instrument.name.clone();
            return Err(PricingError::Expired { instrument, expiry, time: state.time });
        }
        let underlying = state.underlying(instrument.underlying);
        above_zero("spot", underlying.spot)?;
        let option = match instrument.contract {
            Contract::Option { expiry, strike, right, settlement } => {
                let inputs = state
                    .option_inputs(ix, instrument.underlying, expiry, strike)
                    .ok_or_else(|| no_volatility(state, universe, instrument))?;
                Some(PricedOption::new(inputs, strike, right, settlement)?)
            }
            _ => None,
        };
        Ok(Listed { instrument, underlying, option, time: state.time })
    }

    pub(crate) fn spot(&self) -> f64 {
        self.underlying.spot
    }

    /// The price that a future, perpetual or the spot is marked at, in quote currency.
    pub(crate) fn price(&self) -> Result<f64, PricingError> {
        let price = match (self.instrument.contract, self.instrument.contract.expiry()) {
            (Contract::Perpetual { .. }, _) => self.underlying.perpetual,
            (_, Some(expiry)) => self.underlying.forward(self.time.years_to(expiry)),
            (_, None) => self.underlying.spot,
        };
        above_zero("futures price", price)?;
        Ok(price)
    }

    /// Worth in reporting currency; `None` for a coin-settled future or perpetual.
    fn level(&self) -> Result<Option<f64>, PricingError> {
        let inverse = self.instrument.contract.is_inverse();
        match (&self.option, inverse) {
            (None, true) => Ok(None),
            (_, false) => self.settled_level().map(Some),
            (Some(_), true) => self.settled_level().map(|coins| Some(coins * self.spot())),
        }
    }

    /// The level in settlement currency, whose differences are P&L in it.
    fn settled_level(&self) -> Result<f64, PricingError> {
        let size = self.instrument.contract_size;
        let inverse = self.instrument.contract.is_inverse();
        match &self.option {
            Some(option) if inverse => Ok(size * option.black.price() / option.black.forward()),
            Some(option) => Ok(size * option.black.price()),
            None if inverse => Ok(-size / self.price()?),
            None => Ok(size * self.price()?),
        }
    }

    fn origin(&self) -> Origin {
        self.option.as_ref().map_or(Origin::Quoted, |option| option.origin)
    }
}

impl PricedOption {
    fn new(
        inputs: OptionInputs,
        strike: f64,
        right: Right,
        settlement: Settlement,
    ) -> Result<Self, PricingError> {
        let rate = if settlement == Settlement::Coin { 0.0 } else { inputs.rate };
        let inputs = OptionInputs { rate, ..inputs };
        let black = Black76::from_inputs(&inputs, strike, right)?;
        Ok(PricedOption { black, origin: inputs.origin })
    }
}

fn no_volatility(
    state: &MarketState,
    universe: &Universe,
    instrument: &Instrument,
) -> PricingError {
    PricingError::NoVolatility {
        instrument: instrument.name.clone(),
        underlying: universe.underlying(instrument.underlying).name.clone(),
        time: state.time,
    }
}
