//! Another model's requirement for the same book on the same day: what a floor or a stress weight compares with.

use std::sync::Arc;

use mpor_core::Portfolio;
use mpor_risk::Day;

use crate::error::MarginError;
use crate::model::{MarginModel, Prepared, Scratch};
use crate::overlay::{BookRule, PreparedBook};

/// Figure of the initial margin.
pub(super) const INITIAL: &str = "initial";
/// Figure of the maintenance margin.
pub(super) const MAINTENANCE: &str = "maintenance";

/// A model inside an overlay.
#[derive(Clone)]
pub(super) struct OtherModel(pub Arc<dyn MarginModel>);

struct PreparedOther<'d>(Box<dyn Prepared + 'd>);

impl BookRule for OtherModel {
    fn history_steps(&self) -> usize {
        self.0.history_steps()
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn PreparedBook + 'd>, MarginError> {
        Ok(Box::new(PreparedOther(self.0.prepare(day)?)))
    }
}

impl PreparedBook for PreparedOther<'_> {
    fn figures(
        &self,
        _own: &dyn Prepared,
        portfolio: &Portfolio,
    ) -> Result<Vec<(String, f64)>, MarginError> {
        let amounts = self.0.amounts(portfolio, &mut Scratch::default())?;
        Ok(vec![
            (INITIAL.to_owned(), amounts.initial),
            (MAINTENANCE.to_owned(), amounts.maintenance),
        ])
    }
}
