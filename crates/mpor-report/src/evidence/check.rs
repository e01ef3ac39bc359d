//! Does the input fit together? After this, indices into the result and lengths of its paths can be relied on.

use mpor_backtest::blocks::FEATURED;
use mpor_backtest::{BacktestResult, LossPath, RequirementPath};

use crate::error::ReportError;
use crate::input::{ReportInput, ScanMap};

pub(super) fn check(input: &ReportInput<'_>) -> Result<(), ReportError> {
    let result = input.result;
    not_empty("models", result.models.len())?;
    not_empty("accounts", result.accounts.len())?;
    not_empty("margin dates", result.times.len())?;
    same("loss paths", result.losses.len(), result.accounts.len())?;
    requirements(result)?;
    for account in (0..result.accounts.len()).filter(|&account| !left_out(result, account)) {
        losses(&result.losses[account], &result.accounts[account], result.times.len())?;
    }
    breaches(result)?;
    rows(result)?;
    input.scan.as_ref().map_or(Ok(()), scan)
}

fn requirements(result: &BacktestResult) -> Result<(), ReportError> {
    same("models with requirements", result.requirements.len(), result.models.len())?;
    for (paths, model) in result.requirements.iter().zip(&result.models) {
        let what = || format!("accounts with requirements under `{}`", model.id);
        same(what(), paths.len(), result.accounts.len())?;
        for (account, path) in paths.iter().enumerate() {
            if left_out(result, account) {
                continue;
            }
            let name = &result.accounts[account];
            let place = || format!("requirement of `{name}` under `{}`", model.id);
            requirement(path, place, result.times.len())?;
        }
    }
    Ok(())
}

/// Whether the result has no path of an account, because it is one of very many: what they come to is in the result.
fn left_out(result: &BacktestResult, account: usize) -> bool {
    let no_loss = result.losses.get(account).is_some_and(|path| path.gross_notional.is_empty());
    let of_model = |paths: &Vec<RequirementPath>| {
        paths.get(account).is_some_and(|path| path.initial.is_empty())
    };
    result.folded.is_some() && no_loss && result.requirements.iter().all(of_model)
}

/// That the result has the paths of the accounts that figures show.
pub(super) fn shown(
    result: &BacktestResult,
    ranked: &[usize],
    focus: usize,
) -> Result<(), ReportError> {
    for &account in ranked.iter().take(FEATURED).chain([&focus]) {
        let found = if result.has_paths(account) { result.times.len() } else { 0 };
        let what = || format!("steps in the paths of `{}`", result.accounts[account]);
        same_at(what, found, result.times.len())?;
    }
    Ok(())
}

fn requirement(
    path: &RequirementPath,
    place: impl Fn() -> String,
    steps: usize,
) -> Result<(), ReportError> {
    same_at(|| format!("steps in the {}", place()), path.initial.len(), steps)?;
    finite(&place, &path.initial)?;
    for (part, amounts) in &path.components {
        same_at(|| format!("steps of `{part}` in the {}", place()), amounts.len(), steps)?;
        finite(&place, amounts)?;
    }
    Ok(())
}

fn losses(path: &LossPath, account: &str, steps: usize) -> Result<(), ReportError> {
    same_at(|| format!("notionals of `{account}`"), path.gross_notional.len(), steps)?;
    finite(|| format!("notional of `{account}`"), &path.gross_notional)?;
    for amounts in [&path.horizon, &path.worst] {
        same_at(|| format!("losses of `{account}`"), amounts.len(), steps)?;
        for &amount in amounts.iter().flatten() {
            finite(|| format!("loss of `{account}`"), &[amount])?;
        }
    }
    Ok(())
}

fn breaches(result: &BacktestResult) -> Result<(), ReportError> {
    for breach in &result.breaches {
        index("model", breach.model, result.models.len())?;
        index("account", breach.account, result.accounts.len())?;
        index("margin date", breach.step, result.times.len())?;
        let place = || format!("breach of `{}`", result.accounts[breach.account]);
        finite(place, &[breach.requirement, breach.loss])?;
        for &(_, amount) in &breach.causes {
            finite(place, &[amount])?;
        }
    }
    Ok(())
}

fn rows(result: &BacktestResult) -> Result<(), ReportError> {
    for row in &result.coverage {
        index("model", row.model, result.models.len())?;
        index("account", row.account.unwrap_or(0), result.accounts.len())?;
    }
    for row in &result.procyclicality {
        index("model", row.model, result.models.len())?;
        index("account", row.account, result.accounts.len())?;
    }
    Ok(())
}

fn scan(scan: &ScanMap) -> Result<(), ReportError> {
    same("rows in the scan map", scan.pnl.len(), scan.vol_moves.len())?;
    finite(|| "the scan map's spot moves".to_owned(), &scan.spot_moves)?;
    finite(|| "the scan map's volatility moves".to_owned(), &scan.vol_moves)?;
    for row in &scan.pnl {
        same("columns in a row of the scan map", row.len(), scan.spot_moves.len())?;
        finite(|| "the scan map".to_owned(), row)?;
    }
    scan.binding.map_or(Ok(()), |(vol, spot)| {
        index("scan row", vol, scan.vol_moves.len())?;
        index("scan column", spot, scan.spot_moves.len())
    })
}

fn not_empty(what: &'static str, count: usize) -> Result<(), ReportError> {
    if count == 0 { Err(ReportError::Empty { what }) } else { Ok(()) }
}

fn same(what: impl Into<String>, found: usize, expected: usize) -> Result<(), ReportError> {
    same_at(|| what.into(), found, expected)
}

fn same_at(
    what: impl FnOnce() -> String,
    found: usize,
    expected: usize,
) -> Result<(), ReportError> {
    if found == expected {
        Ok(())
    } else {
        Err(ReportError::Misaligned { what: what(), found, expected })
    }
}

fn index(what: &'static str, index: usize, count: usize) -> Result<(), ReportError> {
    if index < count { Ok(()) } else { Err(ReportError::NoSuchIndex { what, index, count }) }
}

fn finite(what: impl Fn() -> String, values: &[f64]) -> Result<(), ReportError> {
    match values.iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(&value) => Err(ReportError::NotFinite { what: what(), value }),
    }
}
