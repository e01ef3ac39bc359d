//! One account through time: what it holds now, and when that must be renewed.

use mpor_core::{InstrumentIx, MarketState, Portfolio, Position, Span, Timestamp, Universe};

use super::desk::{Desk, Leg};
use super::error::Problem;
use super::listing::Grid;
use super::rules::{DeltaHedged, NamedRule, Opens, Rule, offsetting};

/// One account that follows a rule.
pub(super) struct Account<'a> {
    pub name: String,
    /// The portfolio in the study that it belongs to.
    pub rule: &'a str,
    pub portfolio: Portfolio,
    opens: Box<dyn Opens + 'a>,
    hedge: Option<&'a DeltaHedged>,
    held: Held,
    hedged: Held,
}

/// A position to hold: accounts look their contracts up while they open in parallel, and only new ones wait for their turn.
pub(super) enum Opened {
    /// In a contract of the universe, with its expiry.
    Listed(Position, Option<Timestamp>),
    /// In a contract that is to be entered.
    New(Leg),
}

/// A position in a contract of the universe, with its expiry.
pub(super) type Entered = (Position, Option<Timestamp>);

/// Positions, and the first instant at which they are no longer to be held. Nothing is held from the beginning of time.
#[derive(Default)]
struct Held {
    positions: Vec<Position>,
    until: Option<Timestamp>,
}

impl Held {
    fn is_due(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now >= until)
    }
}

impl<'a> Account<'a> {
    /// The accounts of one portfolio of the study.
    pub(super) fn of(named: &'a NamedRule, seed: u64) -> Result<Vec<Account<'a>>, Problem> {
        let (name, rule) = (named.name.as_str(), &named.rule);
        match rule {
            Rule::RandomBook(book) => {
                book.check()?;
                let account = |index| {
                    let opens = Box::new(book.account(name, seed, index));
                    Account::new(format!("{name}-{:05}", index + 1), name, opens, None)
                };
                Ok((0..book.accounts).map(account).collect())
            }
            Rule::DeltaHedged(hedge) => {
                let opens = Box::new(hedge.rule.opens()?);
                Ok(vec![Account::new(name.to_owned(), name, opens, Some(hedge))])
            }
            rule => Ok(vec![Account::new(name.to_owned(), name, Box::new(rule.opens()?), None)]),
        }
    }

    fn new(
        name: String,
        rule: &'a str,
        opens: Box<dyn Opens + 'a>,
        hedge: Option<&'a DeltaHedged>,
    ) -> Self {
        let (held, hedged) = (Held::default(), Held::default());
        Account { name, rule, portfolio: Portfolio::default(), opens, hedge, held, hedged }
    }

    /// Whether something must be renewed at `now`.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.held.is_due(now) || (self.hedge.is_some() && self.hedged.is_due(now))
    }

    /// The positions that follow the ones held, where those are due.
    pub(super) fn open(&self, desk: &Desk<'_>) -> Result<Option<Vec<Opened>>, Problem> {
        if !self.held.is_due(desk.now()) {
            return Ok(None);
        }
        let opened = |leg: Leg| match desk.listed(&leg.instrument) {
            Some(instrument) => Opened::Listed(
                Position { instrument, quantity: leg.quantity },
                leg.instrument.contract.expiry(),
            ),
            None => Opened::New(leg),
        };
        Ok(Some(self.opens.open(desk)?.into_iter().map(opened).collect()))
    }

    /// Takes the positions just opened in place of the ones held.
    pub(super) fn hold(
        &mut self,
        opened: Option<Vec<Entered>>,
        now: Timestamp,
        grid: Grid<'_>,
    ) -> Result<(), Problem> {
        let Some(legs) = opened else { return Ok(()) };
        let renewal = Renewal {
            key: "roll",
            period: self.opens.roll(),
            before_expiry: self.opens.before_expiry(),
        };
        self.held = hold(legs, now, renewal, grid)?;
        if self.hedge.is_none() {
            self.portfolio = Portfolio::new(self.held.positions.clone());
        }
        Ok(())
    }

    /// Hedges what is held, where the rule hedges.
    pub(super) fn hedge(
        &mut self,
        universe: &mut Universe,
        state: &MarketState,
        grid: Grid<'_>,
    ) -> Result<(), Problem> {
        let Some(hedge) = self.hedge else { return Ok(()) };
        let mut all = self.held.positions.clone();
        let legs = hedge.contracts(&Desk::new(universe, state, grid), &all)?;
        let legs = enter(universe, legs.into_iter().map(Opened::New).collect())?;
        let renewal = Renewal { key: "every", period: hedge.every, before_expiry: Span(0) };
        self.hedged = hold(legs, state.time, renewal, grid)?;
        let contracts: Vec<InstrumentIx> =
            self.hedged.positions.iter().map(|position| position.instrument).collect();
        self.hedged.positions = offsetting(universe, state, &all, &contracts)?;
        all.extend(&self.hedged.positions);
        self.portfolio = Portfolio::new(all);
        Ok(())
    }
}

/// Enters the contracts that are new into the universe.
pub(super) fn enter(universe: &mut Universe, legs: Vec<Opened>) -> Result<Vec<Entered>, Problem> {
    let enter = |leg| match leg {
        Opened::Listed(position, expiry) => Ok((position, expiry)),
        Opened::New(Leg { instrument, quantity }) => {
            let expiry = instrument.contract.expiry();
            Ok((Position { instrument: universe.add(instrument)?, quantity }, expiry))
        }
    };
    legs.into_iter().map(enter).collect()
}

/// When positions are renewed.
#[derive(Clone, Copy)]
struct Renewal {
    /// Key of the period in the study.
    key: &'static str,
    /// How long they are held at most.
    period: Span,
    /// How long before the first expiry among them they are given up.
    before_expiry: Span,
}

/// Holds positions until the first expiry, or some time before it, or the end of the period.
fn hold(
    legs: Vec<Entered>,
    now: Timestamp,
    Renewal { key, period, before_expiry }: Renewal,
    grid: Grid<'_>,
) -> Result<Held, Problem> {
    let step = grid.step();
    if period < step {
        return Err(Problem::TooShort { key, tenor: period, step });
    }
    let expiries = legs.iter().filter_map(|(_, expiry)| *expiry);
    let until = expiries.fold(now + period, |until, expiry| until.min(expiry - before_expiry));
    let positions = legs.into_iter().map(|(position, _)| position).collect();
    Ok(Held { positions, until: Some(until) })
}
