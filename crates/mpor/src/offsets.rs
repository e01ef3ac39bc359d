//! The study's `[[offset]]` and add-ons: what offsets between product groups save, and remarks on both.

use std::collections::BTreeMap;
use std::ops::Range;

use mpor_backtest::BacktestResult;
use mpor_backtest::offset::{self, Grouping, OffsetRow};
use mpor_core::{Books, History, Table};

use crate::error::MporError;
use crate::study::{OffsetSpec, StudyFile, nearest};

/// Accounts in a message.
const SHOWN: usize = 20;

/// That every `[[offset]]` names accounts of the study, and that the groups hold what the whole holds.
pub(crate) fn check(
    file: &StudyFile,
    history: &History,
    books: &Books,
    steps: Range<usize>,
) -> Result<(), MporError> {
    for (at, spec) in file.study.offset.iter().enumerate() {
        let refuse = |problem: String| MporError::from(file.list_error("offset", at, &problem));
        let find = |name: &String| {
            let known = books.accounts.iter().position(|known| known == name);
            known.ok_or_else(|| {
                let names = books.accounts.iter().map(String::as_str).take(SHOWN);
                refuse(format!("no account `{name}`; {}", nearest(name, names)))
            })
        };
        let whole = find(&spec.whole)?;
        let groups: Vec<usize> = spec.groups.iter().map(find).collect::<Result<_, _>>()?;
        if let Some(problem) = apart(spec, history, books, steps.clone(), (whole, &groups)) {
            return Err(refuse(problem));
        }
    }
    Ok(())
}

/// Relative difference of positions that is rounding.
const ROUNDING: f64 = 1e-9;

/// The first margin date and instrument of which the groups hold something else than the whole.
fn apart(
    spec: &OffsetSpec,
    history: &History,
    books: &Books,
    steps: Range<usize>,
    (whole, groups): (usize, &[usize]),
) -> Option<String> {
    for step in steps {
        let mut held = BTreeMap::new();
        let portfolios = &books.portfolios[step];
        for position in portfolios[whole].positions() {
            held.entry(position.instrument).or_insert((0.0, 0.0)).0 += position.quantity;
        }
        for position in groups.iter().flat_map(|&group| portfolios[group].positions()) {
            held.entry(position.instrument).or_insert((0.0, 0.0)).1 += position.quantity;
        }
        let differs =
            |(whole, parts): (f64, f64)| (whole - parts).abs() > ROUNDING * whole.abs().max(1.0);
        if let Some((&ix, &(all, parts))) = held.iter().find(|(_, both)| differs(**both)) {
            return Some(format!(
                "on {} `{}` holds {all} of `{}` and its groups hold {parts} together; groups are parts of the whole",
                history.panel.times()[step],
                spec.whole,
                history.universe.instrument(ix).name
            ));
        }
    }
    None
}

/// The table `offsets` and a remark for each model and whole; nothing without `[[offset]]`.
pub(crate) fn tell(
    file: &StudyFile,
    result: &BacktestResult,
) -> Result<(Vec<Table>, Vec<String>), MporError> {
    let mut notes = unknown_add_ons(file, result);
    let mut rows = Vec::new();
    for spec in &file.study.offset {
        let grouping = Grouping { whole: spec.whole.clone(), groups: spec.groups.clone() };
        let own = offset::from_accounts(result, &[grouping], spec.share)?;
        notes.extend(own.iter().map(|row| note(spec, row, result)));
        rows.extend(own);
    }
    if rows.is_empty() {
        return Ok((Vec::new(), notes));
    }
    Ok((vec![offset::table(result, &rows)?], notes))
}

fn note(spec: &OffsetSpec, row: &OffsetRow, result: &BacktestResult) -> String {
    let model = &result.models[row.model].id;
    let most = row.offsets.iter().filter_map(|own| own.reduction).reduce(f64::max);
    let reduction = most.map_or("nothing is asked of its groups".to_owned(), |most| {
        format!("at most {:.1} % less than its groups alone", 100.0 * most)
    });
    let failed = || row.offsets.iter().zip(&result.times).filter(|(own, _)| !own.passes);
    let verdict = match failed().next() {
        None => format!("never more than {:.0} % of the saving", 100.0 * spec.share),
        Some((_, first)) => format!(
            "more than {:.0} % of the saving on {} of {} margin dates, first on {}",
            100.0 * spec.share,
            failed().count(),
            result.times.len(),
            first.date()
        ),
    };
    format!("Offsets of {} under {model}: {reduction}; {verdict}.", spec.whole)
}

/// Names of add-ons that no part of the model's requirement has: they take nothing away, and the reader is told.
fn unknown_add_ons(file: &StudyFile, result: &BacktestResult) -> Vec<String> {
    let mut notes = Vec::new();
    for (model, names) in &file.study.backtest.add_ons {
        let Some(at) = result.models.iter().position(|known| known.id == *model) else { continue };
        let parts = result.requirements[at]
            .iter()
            .flat_map(|path| path.own.as_ref().map_or(&path.components, |own| &own.components));
        let parts: std::collections::BTreeSet<&str> =
            parts.map(|(name, _)| name.as_str()).collect();
        for name in names.iter().filter(|name| !parts.contains(name.as_str())) {
            notes.push(format!(
                "Add-on `{name}` of model {model} takes nothing away: no requirement of it has such a part; {}.",
                nearest(name, parts.iter().copied().take(SHOWN))
            ));
        }
    }
    notes
}
