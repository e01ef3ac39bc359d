//! A fault scenario as the report shows it: the prices that it changes, and what that did to each account.

use mpor_backtest::BacktestResult;
use mpor_core::Timestamp;
use mpor_data::series::Series;
use mpor_report::{FaultPrices, FaultRow, FaultScenario};

use crate::loaded::Loaded;
use crate::oracle::{Comparison, Row, Under, liquidated_note, shown};
use crate::study::{StudyFile, ValuedOn};

/// Most liquidations told one by one.
const MOST_LIQUIDATIONS: usize = 6;

/// What a scenario did. `compared` is one row an account and model, `recorded` the liquidations without the faults.
pub(crate) fn scenario(
    file: &StudyFile,
    loaded: &Loaded,
    result: &BacktestResult,
    name: &str,
    under: &Under,
    (compared, recorded): (&[Comparison], &[Row]),
) -> FaultScenario {
    let faults = || file.study.fault.iter().filter(|fault| fault.name == name);
    let told: Vec<String> = faults().map(shown).collect();
    let largest = compared.iter().max_by(|a, b| a.rise.max(a.fall).total_cmp(&b.rise.max(b.fall)));
    let largest = largest.filter(|row| row.rise.max(row.fall) > 0.0).map(|row| {
        let initial = under.result.requirements[row.model][row.account].initial.clone();
        (row.account, row.model, initial)
    });
    let liquidated = under.rows.iter().filter_map(|row| liquidated_note(row, result));
    FaultScenario {
        name: name.to_owned(),
        faults: told.join("; "),
        from: faults().map(|fault| fault.from).min().unwrap_or_default(),
        to: faults().map(|fault| fault.to).max().unwrap_or_default(),
        remarks: liquidated.take(MOST_LIQUIDATIONS).collect(),
        prices: prices(file, loaded, under),
        rows: compared.iter().map(|row| row_of(row, recorded, &under.rows)).collect(),
        largest,
    }
}

/// The indices, then the books that collateral is valued on, that differ from the recorded ones.
fn prices(file: &StudyFile, loaded: &Loaded, under: &Under) -> Vec<FaultPrices> {
    let (before, after) = (&loaded.market.read.indices, &under.read.indices);
    let mut all = Vec::new();
    for spec in &file.study.index {
        let pair = before.index(&spec.name).zip(after.index(&spec.name));
        let Some((recorded, faulted)) = pair.filter(|(a, b)| a.index != b.index) else { continue };
        let sources = after.sources_of(spec).into_iter();
        all.push(FaultPrices {
            name: spec.name.clone(),
            recorded: path(&recorded.index.series),
            faulted: path(&faulted.index.series),
            sources: sources.map(|(name, series)| (name.to_owned(), path(series))).collect(),
        });
    }
    for held in &file.study.collateral {
        let Some(ValuedOn::Book(book)) = &held.valued_on else { continue };
        let (Ok(recorded), Ok(faulted)) = (before.book(book), after.book(book)) else { continue };
        let name = format!("{} of {} alone", book.prices, book.source);
        if recorded == faulted || all.iter().any(|known: &FaultPrices| known.name == name) {
            continue;
        }
        let (recorded, faulted) = (path(recorded), path(faulted));
        // An index of this one source is the same line.
        if all.iter().any(|known| (&known.recorded, &known.faulted) == (&recorded, &faulted)) {
            continue;
        }
        all.push(FaultPrices { name, recorded, faulted, sources: Vec::new() });
    }
    all
}

fn path(series: &Series) -> Vec<(Timestamp, f64)> {
    series.times.iter().copied().zip(series.values.iter().copied()).collect()
}

fn row_of(row: &Comparison, recorded: &[Row], under: &[Row]) -> FaultRow {
    let when = |rows: &[Row]| {
        let own = rows.iter().find(|one| one.account == row.account && one.model == row.model);
        own.and_then(|one| one.found).map(|found| found.time)
    };
    FaultRow {
        account: row.account,
        model: row.model,
        margin: (row.mean_without, row.mean_with),
        rise: row.rise,
        fall: row.fall,
        breaches: (row.without.breaches, row.with.breaches),
        shortfall: (row.without.shortfall, row.with.shortfall),
        has_collateral: row.liquidated.is_some(),
        liquidated: (when(recorded), when(under)),
    }
}
