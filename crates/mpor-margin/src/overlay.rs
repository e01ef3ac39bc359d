//! Rules on top of a model's requirement, in the order the study writes them.
//!
//! The replay computes every model's own requirement for all dates in parallel, then walks each account through time and
//! applies the overlays: so an overlay may use the account's own past, and cannot see its future.

use mpor_core::Timestamp;

use crate::error::MarginError;
use crate::model::MarginReport;

/// What one account has lived through under one model, before the margin date.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountPast<'a> {
    /// Margin dates before this one, oldest first.
    pub times: &'a [Timestamp],
    /// The model's own initial margin on those dates, before any overlay.
    pub unmitigated: &'a [f64],
    /// The initial margin after all overlays on those dates.
    pub required: &'a [f64],
}

/// A rule over any model's requirement. Adds its own node to the breakdown. Holds parameters and no state.
pub trait Overlay: Send + Sync {
    /// Short name, as in the study.
    fn id(&self) -> &'static str;

    /// The report with this rule applied to both levels.
    ///
    /// # Errors
    /// [`MarginError`] when the rule cannot be applied.
    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
    ) -> Result<MarginReport, MarginError>;
}
