//! One margin date of a study, ready to be asked about.

use mpor_backtest::replay::held;
use mpor_core::{InstrumentIx, MarketState, Portfolio, Timestamp};
use mpor_risk::Day;

use crate::error::MporError;
use crate::loaded::Loaded;

/// A margin date with what is held on it.
pub(crate) struct Moment<'l> {
    loaded: &'l Loaded,
    /// Step of the panel.
    pub step: usize,
    state: MarketState,
    held: Vec<InstrumentIx>,
}

impl<'l> Moment<'l> {
    /// The margin date `time`, which must be one.
    pub fn at(loaded: &'l Loaded, time: Timestamp) -> Result<Self, MporError> {
        let times = loaded.history().panel.times();
        match times[loaded.steps.clone()].binary_search(&time) {
            Ok(at) => Moment::at_step(loaded, loaded.steps.start + at),
            Err(after) => {
                let dates = &times[loaded.steps.clone()];
                let before = after.checked_sub(1).map(|at| dates[at]);
                let near: Vec<String> = [before, dates.get(after).copied()]
                    .into_iter()
                    .flatten()
                    .map(|time| time.to_string())
                    .collect();
                let verb = if near.len() == 1 { "is" } else { "are" };
                Err(MporError::Question(format!(
                    "{time} is not a margin date of the study; the nearest {verb} {}",
                    near.join(" and ")
                )))
            }
        }
    }

    /// The margin date at a step of the panel.
    pub fn at_step(loaded: &'l Loaded, step: usize) -> Result<Self, MporError> {
        let history = loaded.history();
        let state = history.state(step)?;
        let held = held(history.universe.instruments().len(), &loaded.books.portfolios[step]);
        Ok(Moment { loaded, step, state, held })
    }

    /// The day as models see it.
    pub fn day<'m>(&'m self, seed: u64) -> Day<'m> {
        let history = self.loaded.history();
        Day::new(
            history.panel.until(self.step),
            &self.state,
            &history.universe,
            &self.held,
            self.loaded.horizon,
            seed,
        )
    }

    /// The portfolio of an account.
    pub fn portfolio(&self, account: usize) -> &'l Portfolio {
        &self.loaded.books.portfolios[self.step][account]
    }
}

/// The position of an account by name.
pub(crate) fn account(loaded: &Loaded, name: &str) -> Result<usize, MporError> {
    let accounts = &loaded.books.accounts;
    let known = accounts.iter().position(|known| known == name);
    known.ok_or_else(|| MporError::Question(no_account(accounts, name)))
}

/// Which accounts there are, at most twenty of them.
pub(crate) fn no_account(accounts: &[String], name: &str) -> String {
    let shown: Vec<&str> = accounts.iter().take(20).map(String::as_str).collect();
    let more = if accounts.len() > shown.len() { ", ..." } else { "" };
    format!("no account `{name}`; the study has: {}{more}", shown.join(", "))
}
