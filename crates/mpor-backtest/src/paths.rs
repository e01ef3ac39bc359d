//! What was each account asked for through time, overlays included, and what did it lose? The part of an assembly that a
//! search needs for very many models: no breach is explained and nothing is tested.
//!
//! The days need not follow each other: every tenth margin date will do. Overlays then see the account's past on those days
//! only, and learn an outcome no earlier than its margin period of risk is over.

use crate::assemble::{Assembly, check_counts, losses, requirements};
use crate::day::DayResult;
use crate::error::BacktestError;
use crate::result::{LossPath, RequirementPath};

/// Requirements and losses of replayed days, date by date.
#[derive(Clone, Debug)]
pub struct Paths {
    /// By model, then account: money needed, positive, reporting currency.
    pub requirements: Vec<Vec<RequirementPath>>,
    /// By account; positive = loss.
    pub losses: Vec<LossPath>,
}

/// The paths of days in ascending order.
///
/// # Errors
/// [`BacktestError`] when days, models and accounts do not fit together or are out of order, or an overlay cannot be applied.
pub fn paths(days: &[DayResult], assembly: &Assembly<'_>) -> Result<Paths, BacktestError> {
    for pair in days.windows(2) {
        let (earlier, later) = (pair[0].step, pair[1].step);
        if later <= earlier {
            return Err(BacktestError::DayOrder { earlier, later });
        }
    }
    check_counts(days, assembly)?;
    let times: Vec<_> = days.iter().map(|day| day.time).collect();
    let accounts = assembly.books.accounts.len();
    Ok(Paths {
        requirements: requirements(days, &times, assembly, &(0..accounts))?,
        losses: losses(days, accounts),
    })
}
