//! A margin date as Derive's managers see it: one market an underlying, with the options that anyone holds.

use std::collections::BTreeMap;

use mpor_core::{Contract, InstrumentIx, Settlement, UnderlyingIx};
use mpor_pricing::PricingError;
use mpor_risk::Day;
use serde::Deserialize;

use super::book::{BASE, OPTIONS, PERPETUAL};
use super::market::{DeriveExpiry, DeriveMarket, DeriveOption};
use crate::error::MarginError;
use crate::models::slots::{Slot, Slots};
use crate::parse;

/// Which positions a manager takes, and the study's map onto its markets.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// By coin.
    pub coins: BTreeMap<String, Taken>,
    /// The coin whose market an underlying without its own uses.
    pub markets: BTreeMap<String, String>,
    /// Dated futures.
    pub futures: Futures,
}

/// What a market takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub options: bool,
    pub perpetual: bool,
    /// Its own coin, posted.
    pub base: bool,
}

/// What becomes of dated futures, which the venue does not list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Futures {
    #[default]
    Refuse,
    AsPerpetual,
}

/// Why no account is short of a coin.
const SHORT_BASE: &str = "collateral cannot be short; hold the perpetual short instead";

/// One market before its options are valued.
pub(crate) struct Draft<'d> {
    ix: UnderlyingIx,
    /// The study's underlying.
    pub underlying: &'d str,
    /// The venue's market whose parameters it uses.
    pub coin: String,
    pub market: DeriveMarket,
    pub options: Vec<DeriveOption>,
}

impl Listing {
    /// What markets take, by `taken` of each, and the study's map onto them.
    pub fn new<P>(
        coins: &BTreeMap<String, P>,
        markets: &BTreeMap<String, String>,
        futures: Futures,
        taken: impl Fn(&str, &P) -> Taken,
    ) -> Self {
        let coins = coins.iter().map(|(coin, own)| (coin.clone(), taken(coin, own))).collect();
        Listing { coins, markets: markets.clone(), futures }
    }

    /// Refuses a map onto a market that is not there.
    pub fn check(&self, model: &str) -> Result<(), MarginError> {
        for (underlying, coin) in &self.markets {
            if !self.coins.contains_key(coin) {
                let problem = format!(
                    "is `{coin}`, which is not a market of these rules; known: {}",
                    self.known()
                );
                return Err(parse::refuse(model, format!("markets.{underlying}"), problem));
            }
        }
        Ok(())
    }

    /// The slot of every held instrument, and the markets they belong to.
    pub fn slots<'d>(&self, day: &'d Day<'_>) -> Result<(Slots, Vec<Draft<'d>>), MarginError> {
        let mut drafts: Vec<Draft<'d>> = Vec::new();
        let by_row: Result<Vec<Slot>, MarginError> =
            day.held.iter().map(|&ix| self.slot(day, ix, &mut drafts)).collect();
        Ok((Slots::new(drafts.len(), by_row?), drafts))
    }

    fn slot<'d>(
        &self,
        day: &'d Day<'_>,
        ix: InstrumentIx,
        drafts: &mut Vec<Draft<'d>>,
    ) -> Result<Slot, MarginError> {
        let instrument = day.universe.instrument(ix);
        let name = day.universe.underlying(instrument.underlying).name.as_str();
        let coin = self.markets.get(name).map_or(name, String::as_str);
        let Some(taken) = self.coins.get(coin) else {
            return Ok(Slot::NotCovered(format!(
                "the venue has no market for `{name}`; map it with markets = {{ {name} = \"..\" }}, known: {}",
                self.known()
            )));
        };
        if let Some(reason) = self.refusal(coin, *taken, &instrument.contract) {
            return Ok(Slot::NotCovered(reason));
        }
        let group = draft(day, instrument.underlying, name, coin, drafts);
        let perpetual = drafts[group].market.perp_price;
        let size = instrument.contract_size;
        let (contract, units) = match instrument.contract {
            Contract::Spot => (BASE, size),
            Contract::Future { settlement, .. } | Contract::Perpetual { settlement } => {
                let coins = if settlement == Settlement::Coin { size / perpetual } else { size };
                (PERPETUAL, coins)
            }
            Contract::Option { .. } => (OPTIONS + option(day, ix, &mut drafts[group])?, size),
        };
        let refused_short = (contract == BASE).then_some(SHORT_BASE);
        Ok(Slot::Covered { group, contract, units, refused_short })
    }

    /// Why a market does not take a contract.
    fn refusal(&self, coin: &str, taken: Taken, contract: &Contract) -> Option<String> {
        match contract {
            Contract::Future { .. } if self.futures == Futures::Refuse => Some(
                "the venue lists no dated futures; count them as perpetuals with futures = \"as_perpetual\""
                    .to_owned(),
            ),
            Contract::Spot if !taken.base => {
                Some(format!("the market `{coin}` does not accept its coin as collateral"))
            }
            Contract::Future { .. } | Contract::Perpetual { .. } if !taken.perpetual => {
                Some(format!("the market `{coin}` lists no perpetual"))
            }
            Contract::Option { .. } if !taken.options => {
                Some(format!("the market `{coin}` lists no options"))
            }
            _ => None,
        }
    }

    fn known(&self) -> String {
        self.coins.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// The draft of an underlying's market, begun where there is none yet.
fn draft<'d>(
    day: &Day<'_>,
    ix: UnderlyingIx,
    underlying: &'d str,
    coin: &str,
    drafts: &mut Vec<Draft<'d>>,
) -> usize {
    if let Some(known) = drafts.iter().position(|draft| draft.ix == ix) {
        return known;
    }
    let state = day.state.underlying(ix);
    let market = DeriveMarket {
        spot: state.spot,
        spot_confidence: 1.0,
        perp_price: state.perpetual,
        perp_confidence: 1.0,
        stable_price: 1.0,
        expiries: Vec::new(),
    };
    drafts.push(Draft { ix, underlying, coin: coin.to_owned(), market, options: Vec::new() });
    drafts.len() - 1
}

/// Adds an option, and its expiry where it is the first of it; returns its position.
fn option(day: &Day<'_>, ix: InstrumentIx, draft: &mut Draft<'_>) -> Result<usize, MarginError> {
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
        underlying: draft.underlying.to_owned(),
        time,
    })?;
    // What settles in coin is not discounted: its value in coin already stands at spot.
    let rate = if settlement == Settlement::Coin { 0.0 } else { inputs.rate };
    let seconds = (expiry - time).0 as f64 / 1e6;
    let quoted = DeriveExpiry::quoted(seconds, inputs.forward, rate);
    let expiries = &mut draft.market.expiries;
    let expiry = expiries.iter().position(|known| *known == quoted).unwrap_or_else(|| {
        expiries.push(quoted);
        expiries.len() - 1
    });
    draft.options.push(DeriveOption { expiry, strike, right, vol: inputs.vol });
    Ok(draft.options.len() - 1)
}
