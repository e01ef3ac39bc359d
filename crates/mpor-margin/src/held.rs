//! The day's instruments as the models need them: row, notional, and the position without a row.

use mpor_core::{Contract, InstrumentIx, Portfolio, Settlement};
use mpor_risk::Day;

use crate::error::MarginError;

/// The instruments that anyone holds on a day, by row.
pub(crate) struct Held<'d> {
    model: String,
    day: &'d Day<'d>,
    /// Absolute notional of one contract, reporting currency.
    notional: Vec<f64>,
}

impl<'d> Held<'d> {
    pub fn new(model: &str, day: &'d Day<'_>) -> Self {
        let notional = day.held.iter().map(|&ix| unit_notional(day, ix)).collect();
        Held { model: model.to_owned(), day, notional }
    }

    /// The study's name for the model.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The row of an instrument.
    pub fn row(&self, ix: InstrumentIx) -> Result<usize, MarginError> {
        let reason = "it is not among the instruments that the day was prepared for";
        self.day.row(ix).ok_or_else(|| self.not_covered(ix, reason))
    }

    /// Absolute notional of one contract in a row.
    pub fn notional(&self, row: usize) -> f64 {
        self.notional[row]
    }

    /// Sum of absolute notionals; positions without a row are refused.
    pub fn gross_notional(&self, portfolio: &Portfolio) -> Result<f64, MarginError> {
        portfolio.positions().iter().try_fold(0.0, |sum, position| {
            let row = self.row(position.instrument)?;
            Ok(sum + position.quantity.abs() * self.notional[row])
        })
    }

    /// The error for a position that the model has no rule for.
    pub fn not_covered(&self, ix: InstrumentIx, reason: impl Into<String>) -> MarginError {
        MarginError::NotCovered {
            model: self.model.clone(),
            instrument: self.day.universe.instrument(ix).name.clone(),
            reason: reason.into(),
        }
    }
}

/// What one contract stands for: its size at spot; of coin-settled futures and perpetuals, their size in quote currency.
fn unit_notional(day: &Day<'_>, ix: InstrumentIx) -> f64 {
    let instrument = day.universe.instrument(ix);
    match instrument.contract {
        Contract::Future { settlement: Settlement::Coin, .. }
        | Contract::Perpetual { settlement: Settlement::Coin } => instrument.contract_size,
        _ => instrument.contract_size * day.state.underlying(instrument.underlying).spot,
    }
}
