//! What a rule sees when it opens positions: one market state, the listed contracts, and nothing later.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use mpor_core::{
    Contract, Instrument, InstrumentIx, MarketState, Right, Settlement, Smile, Span, Timestamp,
    UnderlyingIx, UnderlyingState, Universe,
};
use mpor_stats::special::normal_quantile;
use serde::{Deserialize, Serialize};

use super::error::Problem;
use super::listing::{Grid, Listing, Strikes};
use super::name::contract_name;
use super::quoted::Quoted;

/// No contract is listed further out.
pub(super) const LONGEST: Span = Span::days(3650);

/// A contract to hold, and how many.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leg {
    pub instrument: Instrument,
    pub quantity: f64,
}

/// A contract whose value moves one for one with its underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeltaOne {
    /// The underlying itself.
    Spot,
    /// The perpetual future.
    Perpetual,
    /// A dated future.
    Future,
}

/// How much a rule holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Size {
    /// Contracts.
    Contracts(f64),
    /// Reporting currency at each roll.
    Notional(f64),
}

/// What one contract is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Terms {
    pub settlement: Settlement,
    pub contract_size: f64,
}

/// The market at a roll date.
pub(super) struct Desk<'a> {
    pub universe: &'a Universe,
    pub state: &'a MarketState,
    pub grid: Grid<'a>,
    /// What was looked up before, by one thread for many accounts: there are few tenors.
    expiries: Known<(Span, Listing), Timestamp>,
    smiles: Known<(UnderlyingIx, Timestamp), Smile>,
    /// What the chains mark, once a rule asks.
    quoted: OnceCell<Quoted>,
}

/// A short list of answers.
struct Known<K, V>(RefCell<Vec<(K, V)>>);

impl<K: PartialEq, V: Copy> Known<K, V> {
    fn get_or(&self, key: K, make: impl FnOnce() -> V) -> V {
        let mut known = self.0.borrow_mut();
        if let Some((_, value)) = known.iter().find(|(old, _)| *old == key) {
            return *value;
        }
        let value = make();
        known.push((key, value));
        value
    }
}

/// One underlying at a roll date, and the terms of the contracts on it.
#[derive(Clone, Copy)]
pub(super) struct Market<'a> {
    name: &'a str,
    ix: UnderlyingIx,
    pub state: &'a UnderlyingState,
    terms: Terms,
}

/// The listed options of one expiry.
#[derive(Clone)]
pub(super) struct Chain<'a> {
    pub market: Market<'a>,
    pub expiry: Timestamp,
    pub forward: f64,
    pub strikes: Strikes,
    years: f64,
    smile: Smile,
}

impl Size {
    /// The one size that a rule gives.
    pub(super) fn of(quantity: Option<f64>, notional: Option<f64>) -> Result<Self, Problem> {
        let (key, found, size) = match (quantity, notional) {
            (Some(quantity), None) => ("quantity", quantity, Size::Contracts(quantity)),
            (None, Some(notional)) => ("notional", notional, Size::Notional(notional)),
            _ => return Err(Problem::OneSize),
        };
        if found != 0.0 && found.is_finite() {
            return Ok(size);
        }
        let expected = "a number other than zero: above for long, below for short";
        Err(Problem::OutOfRange { key, found, expected })
    }
}

impl<'a> Desk<'a> {
    pub(super) fn new(universe: &'a Universe, state: &'a MarketState, grid: Grid<'a>) -> Self {
        let (expiries, smiles) = (Known(RefCell::default()), Known(RefCell::default()));
        Desk { universe, state, grid, expiries, smiles, quoted: OnceCell::new() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.state.time
    }

    /// The contract in the universe, where it is there on the same terms.
    pub(super) fn listed(&self, instrument: &Instrument) -> Option<InstrumentIx> {
        let ix = self.universe.find(&instrument.name)?;
        (self.universe.instrument(ix) == instrument).then_some(ix)
    }

    /// An underlying of the study, and contracts of these terms on it.
    pub(super) fn market(&self, name: &str, terms: Terms) -> Result<Market<'a>, Problem> {
        let size = terms.contract_size;
        if !(size > 0.0 && size.is_finite()) {
            let expected = "above zero";
            return Err(Problem::OutOfRange { key: "contract_size", found: size, expected });
        }
        let ix = self.universe.find_underlying(name).ok_or_else(|| self.unknown(name))?;
        let (state, name) = (self.state.underlying(ix), &self.universe.underlying(ix).name);
        Ok(Market { name, ix, state, terms })
    }

    /// The listed options whose expiry is nearest to `tenor` from now.
    pub(super) fn chain(
        &self,
        market: Market<'a>,
        key: &'static str,
        tenor: Span,
        listing: Listing,
    ) -> Result<Chain<'a>, Problem> {
        let surface = market.state.surface.as_ref();
        let surface =
            surface.ok_or_else(|| Problem::NoVolatility { underlying: market.name.to_owned() })?;
        let expiry = self.expiry(market, key, tenor, listing)?;
        let years = self.now().years_to(expiry);
        let forward = market.state.forward(years);
        let strikes = match self.quoted_strikes(market, expiry, listing) {
            Some(strikes) => Strikes::Quoted(strikes),
            None => Strikes::around(market.state.spot),
        };
        let smile = self.smiles.get_or((market.ix, expiry), || surface.smile(years));
        Ok(Chain { market, expiry, forward, strikes, years, smile })
    }

    /// The contract of one kind on a market; `tenor` and `listing` choose the future.
    pub(super) fn delta_one(
        &self,
        market: Market<'a>,
        kind: DeltaOne,
        tenor: Option<Span>,
        listing: Listing,
    ) -> Result<Instrument, Problem> {
        let settlement = market.terms.settlement;
        Ok(market.instrument(match kind {
            DeltaOne::Spot => Contract::Spot,
            DeltaOne::Perpetual => Contract::Perpetual { settlement },
            DeltaOne::Future => {
                let tenor = tenor.ok_or(Problem::NoTenor)?;
                let expiry = match self.nearest_future(market, tenor, listing) {
                    Some(expiry) => expiry,
                    None => self.expiry(market, "tenor", tenor, listing)?,
                };
                Contract::Future { expiry, settlement }
            }
        }))
    }

    /// The first listed future that expires after a time.
    pub(super) fn future_after(
        &self,
        market: Market<'a>,
        after: Timestamp,
        listing: Listing,
    ) -> Result<Instrument, Problem> {
        let found = match listing {
            Listing::Listed => self.listed_expiries(market).into_iter().find(|at| *at > after),
            schedule => schedule.first_after(self.grid, after),
        };
        let expiry = found.ok_or_else(|| Problem::NoNextFuture {
            underlying: market.name.to_owned(),
            after,
            time: self.now(),
        })?;
        let settlement = market.terms.settlement;
        Ok(market.instrument(Contract::Future { expiry, settlement }))
    }

    /// The listed future whose expiry is nearest to `tenor` from now; `None` where rules or prices list none.
    fn nearest_future(
        &self,
        market: Market<'_>,
        tenor: Span,
        listing: Listing,
    ) -> Option<Timestamp> {
        let target = (listing == Listing::Listed).then(|| self.now() + tenor)?;
        let listed = market.state.forwards.listed().iter().map(|future| future.expiry);
        listed.min_by_key(|expiry| (expiry.0 - target.0).abs())
    }

    /// The expiries that futures trade in at the step, in order; those of the option chain where no future has a price.
    fn listed_expiries(&self, market: Market<'_>) -> Vec<Timestamp> {
        let listed = market.state.forwards.listed();
        if listed.is_empty() {
            return self.quoted().expiries(market.ix);
        }
        listed.iter().map(|future| future.expiry).collect()
    }

    /// The listed expiry nearest to `tenor` from now.
    fn expiry(
        &self,
        market: Market<'_>,
        key: &'static str,
        tenor: Span,
        listing: Listing,
    ) -> Result<Timestamp, Problem> {
        let step = self.grid.step();
        if tenor < step {
            return Err(Problem::TooShort { key, tenor, step });
        }
        if tenor > LONGEST {
            let expected = "at most 3650 days";
            return Err(Problem::OutOfRange { key, found: tenor.as_days(), expected });
        }
        if listing == Listing::Listed {
            let nearest = self.quoted().nearest(market.ix, self.now(), self.now() + tenor);
            return nearest.ok_or_else(|| Problem::NothingListed {
                underlying: market.name.to_owned(),
                time: self.now(),
            });
        }
        let nearest = || listing.nearest(self.grid, self.now(), self.now() + tenor);
        Ok(self.expiries.get_or((tenor, listing), nearest))
    }

    fn quoted(&self) -> &Quoted {
        self.quoted.get_or_init(|| Quoted::new(self.universe, self.state))
    }

    fn quoted_strikes(
        &self,
        market: Market<'_>,
        expiry: Timestamp,
        listing: Listing,
    ) -> Option<Arc<[f64]>> {
        (listing == Listing::Listed).then(|| self.quoted().strikes(market.ix, expiry))?
    }

    fn unknown(&self, name: &str) -> Problem {
        let known: Vec<&str> =
            self.universe.underlyings().iter().map(|known| known.name.as_str()).collect();
        Problem::NoUnderlying { found: name.to_owned(), known: known.join(", ") }
    }
}

impl<'a> Market<'a> {
    /// Contracts of an instrument for a size: a notional is turned into contracts at the spot price of the roll.
    pub(super) fn contracts(&self, instrument: &Instrument, size: Size) -> f64 {
        match size {
            Size::Contracts(contracts) => contracts,
            Size::Notional(notional) => notional / self.contract_value(instrument),
        }
    }

    /// Contracts of an instrument that hold `units` of the underlying.
    pub(super) fn contracts_for_units(&self, instrument: &Instrument, units: f64) -> f64 {
        units * self.state.spot / self.contract_value(instrument)
    }

    /// Units of the underlying in a number of contracts of an instrument.
    pub(super) fn units(&self, instrument: &Instrument, contracts: f64) -> f64 {
        contracts * self.contract_value(instrument) / self.state.spot
    }

    /// Notional of one contract in reporting currency: coin-settled futures are sized in it, all else in the underlying.
    fn contract_value(&self, instrument: &Instrument) -> f64 {
        match instrument.contract {
            Contract::Future { settlement: Settlement::Coin, .. }
            | Contract::Perpetual { settlement: Settlement::Coin } => instrument.contract_size,
            _ => instrument.contract_size * self.state.spot,
        }
    }

    fn instrument(&self, contract: Contract) -> Instrument {
        let contract_size = self.terms.contract_size;
        let name = contract_name(self.name, &contract, contract_size);
        Instrument { name, underlying: self.ix, contract_size, contract }
    }
}

impl Chain<'_> {
    /// The option at a listed strike.
    pub(super) fn option(&self, strike: i64, right: Right) -> Instrument {
        let (expiry, strike) = (self.expiry, self.strikes.at(strike));
        let settlement = self.market.terms.settlement;
        self.market.instrument(Contract::Option { expiry, strike, right, settlement })
    }

    /// The listed strike nearest to the forward.
    pub(super) fn at_the_money(&self) -> i64 {
        self.strikes.nearest(self.forward)
    }

    /// The listed strike nearest to the one of an absolute forward delta (`N(d1)` of a call, `N(-d1)` of a put).
    ///
    /// `K = F exp(-w N^-1(delta) s + s^2 / 2)`, `s = sigma(K) sqrt(T)`, `w` = +1 call, -1 put: solved for `K` on the smile
    /// by fixed point. A step that does not shrink is halved from then on, so that a steep smile does not make it swing.
    pub(super) fn strike_of_delta(&self, right: Right, delta: f64) -> Result<i64, Problem> {
        let quantile = normal_quantile(delta).map_err(|_| Problem::OutOfRange {
            key: "delta",
            found: delta,
            expected: "strictly between 0 and 1, such as 0.25",
        })?;
        let (mut moneyness, mut share, mut before) = (0.0, 1.0, f64::INFINITY);
        let root_years = self.years.sqrt();
        for _ in 0..200 {
            let s = self.smile.vol(moneyness) * root_years;
            let step = -right.sign() * quantile * s + 0.5 * s * s - moneyness;
            if step.abs() < 1e-10 {
                return Ok(self.strikes.nearest(self.forward * libm::exp(moneyness)));
            }
            if step.abs() > 0.7 * before {
                share = 0.5;
            }
            moneyness += share * step;
            before = step.abs();
        }
        Err(Problem::NoStrike { delta, expiry: self.expiry })
    }

    /// Put and call strikes of one delta, the put's below the call's.
    pub(super) fn wings(&self, delta: f64) -> Result<(i64, i64), Problem> {
        let put = self.strike_of_delta(Right::Put, delta)?;
        let call = self.strike_of_delta(Right::Call, delta)?;
        if put < call {
            return Ok((put, call));
        }
        // Both round to one strike: take the listed ones on either side of the forward.
        let below = self.strikes.below(self.forward);
        Ok((below, below + 1))
    }
}
