//! What a study asks beyond its backtest: oracle faults, offsets between product groups, the default fund.

use mpor_backtest::BacktestResult;
use mpor_backtest::default_fund::FundPath;

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::oracle::{self, Oracle};
use crate::progress::Progress;
use crate::study::StudyFile;
use crate::{default_fund, offsets};

/// What was found of it.
#[derive(Debug)]
pub(crate) struct Further {
    /// Oracle faults; also the tables and remarks of the others.
    pub oracle: Oracle,
    /// The default fund under each model.
    pub fund: Vec<FundPath>,
    /// Verdicts on offsets and the fund, a sentence or two each; they are remarks too.
    pub verdicts: Vec<String>,
}

/// Finds it, from the result of all accounts.
pub(crate) fn tell(
    file: &StudyFile,
    loaded: &Loaded,
    result: &BacktestResult,
    progress: &dyn Progress,
) -> Result<Further, MporError> {
    let mut oracle = oracle::tell(file, loaded, result, progress)?;
    let (offsets, said) = offsets::tell(file, result)?;
    let fund = default_fund::tell(file, loaded, result)?;
    oracle.tables.extend(offsets.into_iter().chain(fund.tables));
    let verdicts: Vec<String> = said.into_iter().chain(fund.notes).collect();
    oracle.notes.extend(verdicts.iter().cloned());
    Ok(Further { oracle, fund: fund.paths, verdicts })
}
