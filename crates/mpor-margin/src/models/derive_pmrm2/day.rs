//! A margin date as PMRM 2 sees it: one market an underlying, with the options that anyone holds.

use mpor_core::{Contract, InstrumentIx, Settlement, UnderlyingIx};
use mpor_pricing::PricingError;
use mpor_risk::Day;

use super::assessment::{PmrmAssessment, UnknownCollateral};
use super::market::{PmrmBook, PmrmExpiry, PmrmHolding, PmrmMarket, PmrmOption};
use super::parameters::PmrmParameters;
use super::units::PmrmUnits;
use super::{Futures, Parameters};
use crate::error::MarginError;

/// Where a row of the day's instruments belongs.
pub(super) enum Slot {
    /// An option of a market; coins a contract.
    Option { market: usize, option: usize, coins: f64 },
    /// A market's perpetual; coins a contract.
    Perpetual { market: usize, coins: f64 },
    /// A market's own coin, posted; coins a contract.
    Base { market: usize, coins: f64 },
    /// No rule, and why.
    NotCovered(String),
}

/// One market on one day, valued for everyone.
pub(super) struct DayMarket<'d> {
    /// The study's underlying.
    pub underlying: &'d str,
    /// The venue's market whose parameters it uses.
    coin: String,
    pub parameters: PmrmParameters,
    market: PmrmMarket,
    units: PmrmUnits,
}

/// A market before its options are valued.
struct Draft {
    underlying: UnderlyingIx,
    market: PmrmMarket,
    options: Vec<PmrmOption>,
}

impl DayMarket<'_> {
    /// The market's coin as collateral.
    pub fn posted(&self, amount: f64) -> PmrmHolding {
        let (price, confidence) = (self.market.spot, self.market.spot_confidence);
        PmrmHolding { name: self.coin.clone(), amount, price, confidence }
    }

    pub fn assess(&self, book: &PmrmBook) -> Result<PmrmAssessment, UnknownCollateral> {
        PmrmAssessment::new(&self.parameters, &self.market, &self.units, book)
    }
}

/// The slot of every held instrument, and the markets they belong to.
pub(super) fn markets<'d>(
    parameters: &Parameters,
    day: &'d Day<'_>,
) -> Result<(Vec<Slot>, Vec<DayMarket<'d>>), MarginError> {
    let mut drafts: Vec<Draft> = Vec::new();
    let slots: Result<Vec<Slot>, MarginError> =
        day.held.iter().map(|&ix| slot(parameters, day, ix, &mut drafts)).collect();
    let mut markets = Vec::with_capacity(drafts.len());
    for Draft { underlying, market, options } in drafts {
        let underlying = day.universe.underlying(underlying).name.as_str();
        let Some((coin, own)) = parameters.market_of(underlying) else { continue };
        let units = PmrmUnits::new(own, &market, options)?;
        markets.push(DayMarket {
            underlying,
            coin: coin.to_owned(),
            parameters: own.clone(),
            market,
            units,
        });
    }
    Ok((slots?, markets))
}

fn slot(
    parameters: &Parameters,
    day: &Day<'_>,
    ix: InstrumentIx,
    drafts: &mut Vec<Draft>,
) -> Result<Slot, MarginError> {
    let instrument = day.universe.instrument(ix);
    let name = &day.universe.underlying(instrument.underlying).name;
    let Some((coin, own)) = parameters.market_of(name) else {
        return Ok(Slot::NotCovered(format!(
            "the venue has no market for `{name}`; map it with markets = {{ {name} = \"..\" }}, known: {}",
            parameters.coins.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        )));
    };
    let market = draft(day, instrument.underlying, drafts);
    let perpetual = drafts[market].market.perp_price;
    let size = instrument.contract_size;
    let slot = match instrument.contract {
        Contract::Future { .. } if parameters.futures == Futures::Refuse => Slot::NotCovered(
            "the venue lists no dated futures; count them as perpetuals with futures = \"as_perpetual\""
                .to_owned(),
        ),
        Contract::Spot if !own.collaterals.contains_key(coin) => {
            Slot::NotCovered(format!("the market `{coin}` does not accept its coin as collateral"))
        }
        Contract::Spot => Slot::Base { market, coins: size },
        Contract::Future { settlement, .. } | Contract::Perpetual { settlement } => {
            let coins = if settlement == Settlement::Coin { size / perpetual } else { size };
            Slot::Perpetual { market, coins }
        }
        Contract::Option { .. } => {
            let option = option(day, ix, &mut drafts[market])?;
            Slot::Option { market, option, coins: size }
        }
    };
    Ok(slot)
}

/// The draft of an underlying's market, begun where there is none yet.
fn draft(day: &Day<'_>, underlying: UnderlyingIx, drafts: &mut Vec<Draft>) -> usize {
    if let Some(known) = drafts.iter().position(|draft| draft.underlying == underlying) {
        return known;
    }
    let state = day.state.underlying(underlying);
    let market = PmrmMarket {
        spot: state.spot,
        spot_confidence: 1.0,
        perp_price: state.perpetual,
        perp_confidence: 1.0,
        stable_price: 1.0,
        expiries: Vec::new(),
    };
    drafts.push(Draft { underlying, market, options: Vec::new() });
    drafts.len() - 1
}

/// Adds an option, and its expiry where it is the first of it; returns its position.
fn option(day: &Day<'_>, ix: InstrumentIx, draft: &mut Draft) -> Result<usize, MarginError> {
    let instrument = day.universe.instrument(ix);
    let (time, name) = (day.time(), &instrument.name);
    let Contract::Option { expiry, strike, right, settlement } = instrument.contract else {
        return Err(PricingError::NoValue { instrument: name.clone() }.into());
    };
    if expiry < time {
        return Err(PricingError::Expired { instrument: name.clone(), expiry, time }.into());
    }
    let inputs = day.state.option_inputs(ix, instrument.underlying, expiry, strike);
    let inputs = inputs.ok_or_else(|| PricingError::NoVolatility {
        instrument: name.clone(),
        underlying: day.universe.underlying(instrument.underlying).name.clone(),
        time,
    })?;
    // What settles in coin is not discounted: its value in coin already stands at spot.
    let rate = if settlement == Settlement::Coin { 0.0 } else { inputs.rate };
    let seconds = (expiry - time).0 as f64 / 1e6;
    let quoted = PmrmExpiry::quoted(seconds, inputs.forward, rate);
    let expiries = &mut draft.market.expiries;
    let expiry = expiries.iter().position(|known| *known == quoted).unwrap_or_else(|| {
        expiries.push(quoted);
        expiries.len() - 1
    });
    draft.options.push(PmrmOption { expiry, strike, right, vol: inputs.vol });
    Ok(draft.options.len() - 1)
}

impl Parameters {
    /// The venue's market for an underlying, by name or by the study's map.
    fn market_of(&self, underlying: &str) -> Option<(&str, &PmrmParameters)> {
        let coin = self.markets.get(underlying).map_or(underlying, String::as_str);
        self.coins.get_key_value(coin).map(|(coin, own)| (coin.as_str(), own))
    }
}
