//! Portfolios from tables: snapshots of positions, or trades added up.
//!
//! A snapshot is all that an account holds from its time until its next one; a row of quantity zero makes an empty one. Trades
//! add up from nothing. Either way a portfolio at `t` comes from rows at or before `t`, and a position ends at the expiry of
//! its instrument: it is dropped, and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use mpor_core::{
    Books, History, InstrumentIx, Portfolio, Position, PositionRow, Timestamp, TradeRow, Universe,
};

use super::check_steps;
use super::error::BookError;

/// Portfolios from a table, and what was left out.
#[derive(Clone, Debug, Default)]
pub struct TableBooks {
    /// The portfolios, accounts in order of name.
    pub books: Books,
    /// Positions dropped because their instrument had expired.
    pub expired: usize,
}

/// A row whose instrument is known.
struct Entry {
    row: usize,
    time: Timestamp,
    position: Position,
}

/// Rows by account, in order of time.
type Ledger<'a> = BTreeMap<&'a str, Vec<Entry>>;

/// Portfolios from snapshots: `portfolios[i]` belongs to step `steps.start + i`.
///
/// # Errors
/// [`BookError::UnknownInstrument`], [`BookError::HeldTwice`] and [`BookError::NotFinite`], naming the row; [`BookError::Steps`].
pub fn from_rows(
    rows: &[PositionRow],
    history: &History,
    steps: Range<usize>,
) -> Result<TableBooks, BookError> {
    check_finite("quantity", rows.iter().map(|row| row.quantity))?;
    let fields = rows
        .iter()
        .map(|row| (row.time, row.account.as_str(), row.instrument.as_str(), row.quantity));
    let ledger = ledger(fields, &history.universe)?;
    check_snapshots(&ledger, &history.universe)?;
    replay(&ledger, history, steps, |held, entry, earlier| {
        if earlier != Some(entry.time) {
            held.clear();
        }
        held.insert(entry.position.instrument, (entry.position.quantity, 0.0));
    })
}

/// Portfolios from trades added up: `portfolios[i]` belongs to step `steps.start + i`.
///
/// # Errors
/// [`BookError::UnknownInstrument`] and [`BookError::NotFinite`], naming the row; [`BookError::Steps`].
pub fn from_trades(
    rows: &[TradeRow],
    history: &History,
    steps: Range<usize>,
) -> Result<TableBooks, BookError> {
    check_finite("quantity", rows.iter().map(|row| row.quantity))?;
    check_finite("price", rows.iter().map(|row| row.price))?;
    check_finite("fee", rows.iter().map(|row| row.fee))?;
    let fields = rows
        .iter()
        .map(|row| (row.time, row.account.as_str(), row.instrument.as_str(), row.quantity));
    let ledger = ledger(fields, &history.universe)?;
    replay(&ledger, history, steps, |held, entry, _| {
        let (quantity, traded) = held.entry(entry.position.instrument).or_default();
        *quantity += entry.position.quantity;
        *traded += entry.position.quantity.abs();
        // 0.1 + 0.2 - 0.3 is flat, not 5.6e-17 contracts.
        if quantity.abs() <= 1e-12 * *traded {
            *quantity = 0.0;
        }
    })
}

/// Positions of one account: contracts, and contracts traded so far.
type Held = BTreeMap<InstrumentIx, (f64, f64)>;

/// Plays each account's rows forward to each step; `enter` enters a row, given the time of the account's row before it.
fn replay(
    ledger: &Ledger<'_>,
    history: &History,
    steps: Range<usize>,
    enter: impl Fn(&mut Held, &Entry, Option<Timestamp>),
) -> Result<TableBooks, BookError> {
    check_steps(history, &steps)?;
    let times = &history.panel.times()[steps];
    let mut books = Books {
        accounts: ledger.keys().map(|account| (*account).to_owned()).collect(),
        portfolios: vec![Vec::with_capacity(ledger.len()); times.len()],
    };
    let mut expired = 0;
    for entries in ledger.values() {
        let (mut held, mut next) = (Held::new(), 0);
        for (portfolios, &time) in books.portfolios.iter_mut().zip(times) {
            while let Some(entry) = entries.get(next).filter(|entry| entry.time <= time) {
                let earlier = next.checked_sub(1).map(|before| entries[before].time);
                enter(&mut held, entry, earlier);
                next += 1;
            }
            expired += drop_expired(&mut held, &history.universe, time);
            portfolios.push(portfolio(&held));
        }
    }
    Ok(TableBooks { books, expired })
}

fn portfolio(held: &Held) -> Portfolio {
    let position = |(&instrument, &(quantity, _)): (&InstrumentIx, &(f64, f64))| Position {
        instrument,
        quantity,
    };
    Portfolio::new(held.iter().map(position).collect())
}

/// Drops what has expired by `time`, and says how many positions that were.
fn drop_expired(held: &mut Held, universe: &Universe, time: Timestamp) -> usize {
    let mut dropped = 0;
    held.retain(|&instrument, &mut (quantity, _)| {
        let expiry = universe.instrument(instrument).contract.expiry();
        let live = expiry.is_none_or(|expiry| expiry > time);
        dropped += usize::from(!live && quantity != 0.0);
        live
    });
    dropped
}

fn ledger<'a>(
    rows: impl Iterator<Item = (Timestamp, &'a str, &'a str, f64)>,
    universe: &Universe,
) -> Result<Ledger<'a>, BookError> {
    let mut ledger = Ledger::new();
    for (index, (time, account, instrument, quantity)) in rows.enumerate() {
        let row = index + 1;
        let instrument = universe.find(instrument).ok_or_else(|| BookError::UnknownInstrument {
            row,
            instrument: instrument.to_owned(),
        })?;
        let entry = Entry { row, time, position: Position { instrument, quantity } };
        ledger.entry(account).or_default().push(entry);
    }
    ledger.values_mut().for_each(|entries| entries.sort_by_key(|entry| entry.time));
    Ok(ledger)
}

fn check_finite(column: &'static str, values: impl Iterator<Item = f64>) -> Result<(), BookError> {
    match values.enumerate().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((index, found)) => Err(BookError::NotFinite { row: index + 1, column, found }),
    }
}

/// Refuses a snapshot that holds one instrument twice: a repeated row would double the position.
fn check_snapshots(ledger: &Ledger<'_>, universe: &Universe) -> Result<(), BookError> {
    for (account, entries) in ledger {
        let mut seen = BTreeSet::new();
        for entry in entries {
            if !seen.insert((entry.time, entry.position.instrument)) {
                return Err(BookError::HeldTwice {
                    row: entry.row,
                    account: (*account).to_owned(),
                    instrument: universe.instrument(entry.position.instrument).name.clone(),
                    time: entry.time,
                });
            }
        }
    }
    Ok(())
}
