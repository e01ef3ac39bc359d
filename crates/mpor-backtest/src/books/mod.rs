//! Who holds what, and when: portfolios from a study's rules, or from tables of positions and trades.
//!
//! A rule opens positions at the first margin date, holds them, and opens new ones when `roll` has passed or something expired,
//! whichever comes first. What it chooses depends on the market state of that date and on nothing later.

mod account;
mod desk;
mod error;
mod listing;
mod name;
mod quoted;
mod rules;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;

use mpor_core::{Books, History};
use rayon::prelude::*;

pub use desk::DeltaOne;
pub use error::{BookError, Problem};
pub use listing::Listing;
pub use name::contract_name;
pub use rules::{
    Butterfly, Calendar, CalendarOf, CoveredCall, DeltaHedged, Futures, Mix, NamedRule, Outright,
    RandomBook, RiskReversal, Rule, Spread, Straddle, Strangle,
};
pub use table::{TableBooks, from_rows, from_trades};

use account::{Account, enter};
use desk::Desk;
use listing::Grid;

/// Portfolios of the study's rules: `portfolios[i]` belongs to step `steps.start + i`. Adds the contracts they hold to the
/// history's universe. Accounts come in the order of the rules.
///
/// # Errors
/// [`BookError::Rule`] naming the portfolio and what to change, [`BookError::SameName`], [`BookError::Steps`], and
/// [`BookError::Market`] where the history has no market state.
pub fn build(
    rules: &[NamedRule],
    history: &mut History,
    steps: Range<usize>,
    seed: u64,
) -> Result<Books, BookError> {
    check_steps(history, &steps)?;
    let mut accounts = Vec::new();
    for named in rules {
        accounts.extend(Account::of(named, seed).map_err(|problem| in_rule(&named.name, problem))?);
    }
    check_names(&accounts)?;
    let mut portfolios = Vec::with_capacity(steps.len());
    for step in steps.clone() {
        renew_due(&mut accounts, history, step, steps.start)?;
        portfolios.push(accounts.par_iter().map(|account| account.portfolio.clone()).collect());
    }
    Ok(Books { accounts: accounts.into_iter().map(|account| account.name).collect(), portfolios })
}

/// Renews the accounts that are due at a step: they choose and take their positions in parallel, and enter new contracts
/// in the order of accounts.
fn renew_due(
    accounts: &mut [Account<'_>],
    history: &mut History,
    step: usize,
    first: usize,
) -> Result<(), BookError> {
    let now = history.panel.times()[step];
    let mut due: Vec<&mut Account<'_>> =
        accounts.iter_mut().filter(|account| account.is_due(now)).collect();
    if due.is_empty() {
        return Ok(());
    }
    let state = history.state(step)?;
    let History { universe, panel, .. } = history;
    let grid = Grid::new(panel.times(), first);
    let desk = || Desk::new(universe, &state, grid);
    let open = |desk: &mut Desk<'_>, account: &&mut Account<'_>| account.open(desk);
    let opened: Vec<_> = due.par_iter().map_init(desk, open).collect();
    let mut entered = Vec::with_capacity(due.len());
    for (account, opened) in due.iter().zip(opened) {
        let legs = opened.and_then(|legs| legs.map(|legs| enter(universe, legs)).transpose());
        entered.push(legs.map_err(|problem| in_rule(account.rule, problem))?);
    }
    let hold = |(account, legs): (&mut &mut Account<'_>, _)| account.hold(legs, now, grid);
    let held: Vec<_> = due.par_iter_mut().zip(entered).map(hold).collect();
    for (account, held) in due.iter_mut().zip(held) {
        let hedged = held.and_then(|()| account.hedge(universe, &state, grid));
        hedged.map_err(|problem| in_rule(account.rule, problem))?;
    }
    Ok(())
}

fn check_steps(history: &History, steps: &Range<usize>) -> Result<(), BookError> {
    let len = history.panel.times().len();
    if steps.start <= steps.end && steps.end <= len {
        return Ok(());
    }
    Err(BookError::Steps { from: steps.start, to: steps.end, len })
}

fn check_names(accounts: &[Account<'_>]) -> Result<(), BookError> {
    let mut names = BTreeSet::new();
    match accounts.iter().find(|account| !names.insert(account.name.as_str())) {
        None => Ok(()),
        Some(account) => Err(BookError::SameName { name: account.name.clone() }),
    }
}

fn in_rule(rule: &str, problem: Problem) -> BookError {
    BookError::Rule { rule: rule.to_owned(), problem }
}
