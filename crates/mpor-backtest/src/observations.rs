//! Which margin dates count? Those whose MPOR is over and on which something was held, as the coverage table counts them.

use mpor_core::LossConvention;

use crate::error::BacktestError;
use crate::result::{BacktestResult, LossPath};

/// One account on one margin date that counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Observation {
    /// Index into the result's times.
    pub step: usize,
    /// Realised loss by the study's convention, positive = loss.
    pub loss: f64,
    /// Initial margin, overlays included.
    pub requirement: f64,
}

/// Step and loss of the margin dates that count: the MPOR is over, and something was held.
pub(crate) fn counted<'a>(
    losses: &'a [Option<f64>],
    gross_notional: &'a [f64],
) -> impl Iterator<Item = (usize, f64)> + 'a {
    let both = losses.iter().zip(gross_notional).enumerate();
    both.filter_map(|(step, (loss, gross))| Some((step, (*loss)?)).filter(|_| *gross > 0.0))
}

impl LossPath {
    /// Step and loss, by a convention, of the margin dates that count as observations: the MPOR is over, and something was
    /// held.
    pub fn observed(&self, convention: LossConvention) -> impl Iterator<Item = (usize, f64)> + '_ {
        counted(self.by(convention), &self.gross_notional)
    }
}

/// Every account, then `None` for all of them pooled.
pub(crate) fn pooled_and_accounts(
    result: &BacktestResult,
) -> impl Iterator<Item = Option<usize>> + use<> {
    (0..result.accounts.len()).map(Some).chain([None])
}

/// The observations of an account under a model by time; of all accounts, one after the other, for `None`.
pub(crate) fn observed(
    result: &BacktestResult,
    model: usize,
    account: Option<usize>,
) -> impl Iterator<Item = Observation> + '_ {
    let accounts = account.map_or(0..result.accounts.len(), |account| account..account + 1);
    accounts.flat_map(move |account| {
        let initial = &result.requirements[model][account].initial;
        let seen = result.losses[account].observed(result.convention);
        seen.map(|(step, loss)| Observation { step, loss, requirement: initial[step] })
    })
}

/// A pair of loss and requirement, if both are finite: a shortfall of none would pass for a covered loss.
pub(crate) fn finite(at: usize, pair: (f64, f64)) -> Result<(f64, f64), BacktestError> {
    let at = at + 1;
    for (what, value) in [("loss", pair.0), ("requirement", pair.1)] {
        if !value.is_finite() {
            return Err(BacktestError::Figure { what, at, value });
        }
    }
    Ok(pair)
}
