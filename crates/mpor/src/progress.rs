//! How long work tells whoever waits for it.

use crate::error::MporError;

/// Receives the stages of a run. The library prints nothing itself.
pub trait Progress: Sync {
    /// A stage of `total` units begins.
    fn begin(&self, stage: &str, total: usize);
    /// Units of the current stage are done.
    fn advance(&self, units: usize);
    /// The current stage is over.
    fn end(&self);
    /// Whether whoever waits wants no more. Asked between pieces of work, after which all that is complete has been written.
    fn stopped(&self) -> bool {
        false
    }
}

/// Goes on unless whoever waits wants no more.
///
/// # Errors
/// [`MporError::Stopped`].
pub(crate) fn go_on(progress: &dyn Progress) -> Result<(), MporError> {
    if progress.stopped() { Err(MporError::Stopped) } else { Ok(()) }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &str, _total: usize) {}
    fn advance(&self, _units: usize) {}
    fn end(&self) {}
}
