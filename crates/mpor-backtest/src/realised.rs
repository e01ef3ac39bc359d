//! What each held instrument in fact gained or lost over the steps after a margin date, positions held still.
//!
//! Per long contract, from the margin date to each of the `m` steps of the MPOR:
//!
//! - before its expiry an instrument is valued in the market state of the step: at its mark where there is one, at the
//!   surface otherwise;
//! - a dated future is valued at its own price where it has one at the step, at the chain's forward where the chain quotes
//!   one, at its last carry otherwise; a perpetual at its own price or, where it has none, at the index;
//! - from its expiry on it is settled at the index (its average over the settlement window) and stays settled: a cash
//!   payoff does not change again, a coin payoff is a number of coins;
//! - a perpetual pays funding for every step that ends inside: rate times the notional at the mark of that step's end;
//! - what was paid in coin is worth the spot price of the step's end.
//!
//! So P&L **in settlement currency adds over steps**, and P&L in reporting currency is what the account's coins are then
//! worth. A portfolio's P&L is the weighted sum of its instruments, in instrument order. No trade, fee, interest on cash or
//! collateral is in it: it is the static ("clean", "hypothetical") P&L.

use mpor_core::{
    Contract, Factor, FuturePrice, History, InstrumentIx, MarketState, Origin, Pnl, Portfolio,
    Rows, Settlement,
};
use mpor_pricing::{PricingError, expiry_pnl, payoff, pnl, settlement_pnl, value};
use ndarray::Array2;

use crate::error::BacktestError;
use crate::result::SourceCounts;

/// What a position's value at the end of a step came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A market price or a listed mark.
    Mark,
    /// A modelled price: volatility surface, modelled carry, or the index in place of a perpetual's mark.
    Surface,
    /// The settlement price.
    Settlement,
}

/// Realised P&L of one long contract of each held instrument, gain positive.
#[derive(Clone, Debug)]
pub struct UnitPnl {
    /// Instruments, ascending: the rows.
    pub held: Vec<InstrumentIx>,
    /// Reporting currency: `[[instrument, k]]` is from the margin date to `k + 1` steps later, funding included.
    pub reporting: Array2<f64>,
    /// The same in the currency the instrument settles in, where steps add.
    pub settlement: Array2<f64>,
    /// The part of `reporting` that is funding.
    pub funding: Array2<f64>,
    /// What each was valued by.
    pub sources: Array2<Source>,
    rows: Rows,
}

/// The loss of one account after one margin date.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AccountLoss {
    /// Loss at `t + MPOR`, positive = loss; `None` where the MPOR is not over.
    pub horizon: Option<f64>,
    /// Worst loss at any step of `(t, t + MPOR]`.
    pub worst: Option<f64>,
    /// Gross notional at `t`, reporting currency.
    pub gross_notional: f64,
    /// What the positions were valued by at `t + MPOR`.
    pub sources: SourceCounts,
}

impl UnitPnl {
    /// Unit P&L after a margin date; `states` are the margin date's and those of the steps that follow.
    ///
    /// # Errors
    /// [`BacktestError`] naming the instrument that cannot be valued or settled.
    pub fn realise(
        history: &History,
        step: usize,
        states: &[MarketState],
        held: Vec<InstrumentIx>,
    ) -> Result<Self, BacktestError> {
        let shape = (held.len(), states.len().saturating_sub(1));
        let mut unit = UnitPnl {
            reporting: Array2::zeros(shape),
            settlement: Array2::zeros(shape),
            funding: Array2::zeros(shape),
            sources: Array2::from_elem(shape, Source::Mark),
            rows: Rows::of(&held),
            held,
        };
        for row in 0..shape.0 {
            let mut funding = Funding::of(history, unit.held[row]);
            for k in 0..shape.1 {
                let outcome = outcome(history, &states[0], &states[k + 1], unit.held[row])?;
                let paid = funding.accrue(step + k + 1, &states[k + 1]);
                unit.funding[[row, k]] = paid.reporting;
                unit.reporting[[row, k]] = outcome.reporting + paid.reporting;
                unit.settlement[[row, k]] = outcome.settlement + paid.settlement;
                unit.sources[[row, k]] = match outcome.settled {
                    true => Source::Settlement,
                    false => source(history, (&states[k + 1], step + k + 1), unit.held[row]),
                };
            }
        }
        Ok(unit)
    }

    /// Steps after the margin date.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.reporting.ncols()
    }

    /// P&L of a portfolio from the margin date to step `k + 1` after it, in reporting currency.
    #[must_use]
    pub fn portfolio(&self, portfolio: &Portfolio, k: usize) -> Pnl {
        let rows = self.rows(portfolio);
        Pnl(rows.map(|(row, quantity)| quantity * self.reporting[[row, k]]).sum())
    }

    /// Loss of a portfolio by both conventions and what it was valued by.
    #[must_use]
    pub fn loss(&self, portfolio: &Portfolio) -> AccountLoss {
        self.loss_over(portfolio, &mut Vec::new())
    }

    /// The same, with the memory of an earlier portfolio: its P&L at each step is left in `path`.
    pub(crate) fn loss_over(&self, portfolio: &Portfolio, path: &mut Vec<f64>) -> AccountLoss {
        let mut loss = AccountLoss::default();
        path.clear();
        // What the empty sum is, so that each step is the sum of `portfolio` to the bit.
        path.resize(self.steps(), std::iter::empty::<f64>().sum());
        for (row, quantity) in self.rows(portfolio) {
            for (sum, unit) in path.iter_mut().zip(self.reporting.row(row)) {
                *sum += quantity * unit;
            }
            loss.sources.count(self.sources.row(row).last());
        }
        for at in path.iter().map(|pnl| Pnl(*pnl).loss().0) {
            loss.horizon = Some(at);
            loss.worst = Some(loss.worst.map_or(at, |worst| worst.max(at)));
        }
        loss
    }

    /// The step, counted from 1, at which a portfolio's loss is worst; the first of equals.
    #[must_use]
    pub fn worst_step(&self, portfolio: &Portfolio) -> usize {
        let mut worst = (1, f64::NEG_INFINITY);
        for k in 0..self.steps() {
            let loss = self.portfolio(portfolio, k).loss().0;
            if loss > worst.1 {
                worst = (k + 1, loss);
            }
        }
        worst.0
    }

    /// Row and quantity of each position; the rows were made from the portfolios, so none is missing.
    pub(crate) fn rows<'a>(
        &'a self,
        portfolio: &'a Portfolio,
    ) -> impl Iterator<Item = (usize, f64)> + 'a {
        portfolio
            .positions()
            .iter()
            .filter_map(|position| Some((self.rows.find(position.instrument)?, position.quantity)))
    }
}

/// Gross notional of a portfolio: contracts times their size at spot, coin futures at their size in quote currency.
#[must_use]
pub fn gross_notional(history: &History, state: &MarketState, portfolio: &Portfolio) -> f64 {
    let notional = |ix: InstrumentIx| {
        let instrument = history.universe.instrument(ix);
        match instrument.contract {
            Contract::Future { settlement: Settlement::Coin, .. }
            | Contract::Perpetual { settlement: Settlement::Coin } => instrument.contract_size,
            _ => instrument.contract_size * state.underlying(instrument.underlying).spot,
        }
    };
    let positions = portfolio.positions().iter();
    positions.map(|position| position.quantity.abs() * notional(position.instrument)).sum()
}

impl SourceCounts {
    fn count(&mut self, source: Option<&Source>) {
        match source {
            Some(Source::Mark) => self.marks += 1,
            Some(Source::Surface) => self.surface += 1,
            Some(Source::Settlement) => self.settlements += 1,
            None => {}
        }
    }
}

struct Outcome {
    reporting: f64,
    settlement: f64,
    settled: bool,
}

/// P&L of one long contract between two instants of one step, in reporting currency, without funding.
pub(crate) fn pnl_between(
    history: &History,
    from: &MarketState,
    to: &MarketState,
    ix: InstrumentIx,
) -> Result<f64, BacktestError> {
    outcome(history, from, to, ix).map(|outcome| outcome.reporting)
}

fn outcome(
    history: &History,
    from: &MarketState,
    to: &MarketState,
    ix: InstrumentIx,
) -> Result<Outcome, BacktestError> {
    let instrument = history.universe.instrument(ix);
    let fail = |source| BacktestError::Realised {
        instrument: instrument.name.clone(),
        from: from.time,
        to: to.time,
        source: Box::new(source),
    };
    match instrument.contract.expiry().filter(|&expiry| expiry <= to.time) {
        None => moved(history, from, to, ix).map_err(fail),
        Some(expiry) => {
            let index =
                history.settlement_price(instrument.underlying, expiry).ok_or_else(|| {
                    BacktestError::NoSettlement { instrument: instrument.name.clone(), expiry }
                })?;
            settled(history, from, to, ix, index).map_err(fail)
        }
    }
}

fn moved(
    history: &History,
    from: &MarketState,
    to: &MarketState,
    ix: InstrumentIx,
) -> Result<Outcome, PricingError> {
    let universe = &history.universe;
    Ok(Outcome {
        reporting: pnl(from, to, universe, ix)?,
        settlement: settlement_pnl(from, to, universe, ix)?,
        settled: false,
    })
}

fn settled(
    history: &History,
    from: &MarketState,
    to: &MarketState,
    ix: InstrumentIx,
    index: f64,
) -> Result<Outcome, PricingError> {
    let (universe, instrument) = (&history.universe, history.universe.instrument(ix));
    let spot = |state: &MarketState| state.underlying(instrument.underlying).spot;
    let reporting = expiry_pnl(from, universe, ix, index, spot(to))?;
    let settlement = match instrument.contract {
        Contract::Option { settlement: Settlement::Coin, .. } => {
            payoff(instrument, index)? - value(from, universe, ix)?.amount / spot(from)
        }
        Contract::Future { settlement: Settlement::Coin, .. } => {
            expiry_pnl(from, universe, ix, index, 1.0)?
        }
        _ => reporting,
    };
    Ok(Outcome { reporting, settlement, settled: true })
}

fn source(history: &History, (to, step): (&MarketState, usize), ix: InstrumentIx) -> Source {
    let instrument = history.universe.instrument(ix);
    let underlying = instrument.underlying;
    let origin = match instrument.contract {
        Contract::Spot => Origin::Quoted,
        Contract::Perpetual { .. } => history.perpetual_origin(underlying, step),
        Contract::Future { expiry, .. } => {
            match to.underlying(underlying).forwards.price_of(expiry) {
                Some(FuturePrice::Own) => Origin::Quoted,
                Some(FuturePrice::Carried) => Origin::Modelled,
                None => history.underlyings[underlying.0].carry_origin,
            }
        }
        Contract::Option { .. } if to.marks.contains_key(&ix) => Origin::Quoted,
        Contract::Option { .. } => Origin::Modelled,
    };
    if origin == Origin::Quoted { Source::Mark } else { Source::Surface }
}

#[derive(Clone, Copy, Default)]
struct Paid {
    reporting: f64,
    settlement: f64,
}

/// Funding of one long perpetual, step by step; nothing for other contracts or without funding history.
struct Funding<'a> {
    history: &'a History,
    ix: InstrumentIx,
    settlement: Option<Settlement>,
    paid: f64,
}

impl<'a> Funding<'a> {
    fn of(history: &'a History, ix: InstrumentIx) -> Self {
        let settlement = match history.universe.instrument(ix).contract {
            Contract::Perpetual { settlement } => Some(settlement),
            _ => None,
        };
        Funding { history, ix, settlement, paid: 0.0 }
    }

    /// What has been received (negative = paid) by the end of `step`, in settlement currency and at its spot.
    fn accrue(&mut self, step: usize, state: &MarketState) -> Paid {
        let Some(settlement) = self.settlement else { return Paid::default() };
        let instrument = self.history.universe.instrument(self.ix);
        let rate = self.history.panel.value(Factor::Funding(instrument.underlying), step);
        let market = state.underlying(instrument.underlying);
        let (notional, worth) = match settlement {
            Settlement::Cash => (instrument.contract_size * market.perpetual, 1.0),
            Settlement::Coin => (instrument.contract_size / market.perpetual, market.spot),
        };
        self.paid -= rate.unwrap_or(0.0) * notional;
        Paid { reporting: self.paid * worth, settlement: self.paid }
    }
}
