//! How long work tells whoever waits for it.

/// Receives the stages of a run. The library prints nothing itself.
pub trait Progress: Sync {
    /// A stage of `total` units begins.
    fn begin(&self, stage: &str, total: usize);
    /// Units of the current stage are done.
    fn advance(&self, units: usize);
    /// The current stage is over.
    fn end(&self);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &str, _total: usize) {}
    fn advance(&self, _units: usize) {}
    fn end(&self) {}
}
