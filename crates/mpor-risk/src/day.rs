//! One margin date as a model sees it: the past, the present, and what is held by anyone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use mpor_core::{Horizon, InstrumentIx, MarketState, Past, Rows, Timestamp, Universe};

use crate::error::RiskError;
use crate::revaluation::Revaluation;

/// Everything that a margin model may use at one margin date. It holds nothing of the future.
#[derive(Debug)]
pub struct Day<'a> {
    /// History up to and including the margin date.
    pub past: Past<'a>,
    /// The market at the margin date.
    pub state: &'a MarketState,
    /// Underlyings and instruments.
    pub universe: &'a Universe,
    /// Instruments that any account holds, ascending: the rows of every unit matrix of the day.
    pub held: &'a [InstrumentIx],
    /// The margin period of risk.
    pub horizon: Horizon,
    /// The study's seed; random streams are keyed by it, the purpose, the time and the path.
    pub seed: u64,
    rows: Rows,
    shared: Shared,
}

/// Revaluations by the description of their scenarios, so that models with equal scenarios share one.
#[derive(Debug, Default)]
struct Shared(Mutex<BTreeMap<String, Arc<Revaluation>>>);

impl<'a> Day<'a> {
    /// A day with nothing revalued yet.
    #[must_use]
    pub fn new(
        past: Past<'a>,
        state: &'a MarketState,
        universe: &'a Universe,
        held: &'a [InstrumentIx],
        horizon: Horizon,
        seed: u64,
    ) -> Self {
        let (rows, shared) = (Rows::of(held), Shared::default());
        Day { past, state, universe, held, horizon, seed, rows, shared }
    }

    /// The margin date.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.state.time
    }

    /// The row of an instrument in the day's unit matrices; `None` when nobody holds it.
    #[must_use]
    pub fn row(&self, instrument: InstrumentIx) -> Option<usize> {
        self.rows.find(instrument)
    }

    /// The revaluation known as `key`, made by `make` the first time it is asked for.
    ///
    /// Equal keys must mean equal scenarios: the key is the printed scenario specification.
    ///
    /// # Errors
    /// Whatever `make` returns.
    pub fn shared(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<Revaluation, RiskError>,
    ) -> Result<Arc<Revaluation>, RiskError> {
        let known = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        let mut cache = self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert(key.to_owned(), Arc::clone(&made));
        Ok(made)
    }
}
