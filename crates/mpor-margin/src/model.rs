//! What a margin model is: it prepares a day once, then answers for each portfolio.

use mpor_core::Portfolio;
use mpor_risk::Day;

use crate::component::Component;
use crate::error::MarginError;

/// The requirement of one portfolio at one margin date, with its arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginReport {
    /// Initial margin: money needed at `t` on top of the mark-to-market value of the positions.
    pub initial: Component,
    /// Maintenance margin, same base, never above the initial margin.
    pub maintenance: Component,
    /// The scenario or rule that decided the initial margin, where one did.
    pub binding: Option<String>,
    /// Sum of the absolute notionals of the positions (options: of what they are written on), reporting currency.
    pub gross_notional: f64,
}

/// A rule that turns a portfolio on a day into a requirement. Holds parameters and no state.
pub trait MarginModel: Send + Sync {
    /// The name under which the study knows it.
    fn id(&self) -> &str;

    /// Steps of history that the model needs before it can answer, the margin date included.
    fn history_steps(&self) -> usize;

    /// Does everything that does not depend on the account: scenarios, unit P&L, factor volatilities.
    ///
    /// # Errors
    /// [`MarginError`] naming what is missing. A model that cannot answer says so; it never guesses.
    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError>;
}

/// A day prepared by one model.
pub trait Prepared: Send + Sync {
    /// The requirement of one portfolio: a weighted sum over what was prepared, never a repricing.
    ///
    /// An empty portfolio needs nothing.
    ///
    /// # Errors
    /// [`MarginError::NotCovered`] for a position without a rule.
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError>;
}
