//! The table of coverage tests, and what the tests say about themselves.

use mpor_backtest::{CoverageRow, Light};

use crate::document::grid::{Cell, Grid, figures, short, words};
use crate::evidence::Evidence;
use crate::format::{self, count};
use crate::text::name;

/// Most rows, and most columns of tests.
const MOST_TEST_ROWS: usize = 24;
const MOST_TESTS: usize = 5;

/// Coverage tests of each model and account.
pub(super) fn tests(evidence: &Evidence<'_>) -> Grid {
    let names = test_names(evidence);
    let rows = test_rows(evidence);
    let mut columns = vec![
        words("Model", 0.8),
        words("Account", 1.0),
        figures("Breaches"),
        figures("Green up to,\nyellow up to"),
        short("Zone"),
    ];
    let wrapped = |test: &str| figures(format!("p,\n{}", test.replacen('-', "\n", 1)));
    columns.extend(names.iter().map(|test| wrapped(test)));
    let mut grid = Grid { columns, rows: Vec::new(), note: tests_note(evidence, rows.len()) };
    for row in rows {
        let limits =
            row.zone.map_or("–".to_owned(), |z| format!("{}, {}", z.green_max, z.yellow_max));
        let mut cells = vec![
            Cell::toned(name(evidence.model_name(row.model)), "strong"),
            name(evidence.account_name(row.account.unwrap_or(0))).into(),
            format!("{} of {}", count(row.breaches), count(row.observations)).into(),
            limits.into(),
            light_cell(row),
        ];
        cells.extend(names.iter().map(|test| p_cell(evidence, row, test)));
        grid.rows.push(cells);
    }
    grid
}

fn tests_note(evidence: &Evidence<'_>, shown: usize) -> String {
    let rows = evidence.result().coverage.iter();
    let mut note = String::new();
    if shown < rows.clone().filter(|row| row.account.is_some()).count() {
        note.push_str("Shown are the two accounts with the lowest coverage under each model. ");
    }
    let mut tests: Vec<&str> = rows.flat_map(|row| &row.tests).map(|test| test.test).collect();
    tests.sort_unstable();
    tests.dedup();
    if tests.len() > MOST_TESTS {
        note.push_str(&format!("Shown are {MOST_TESTS} of {} tests. ", tests.len()));
    }
    if !note.is_empty() {
        note.push_str("All are in the results table “coverage_tests”.");
    }
    note
}

/// The tests of a page, in this order where the result has them, then others by first appearance.
const PREFERRED: [&str; 5] =
    ["kupiec", "hac", "christoffersen-independence", "christoffersen-conditional", "dq"];

fn test_names<'a>(evidence: &Evidence<'a>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for test in evidence.result().coverage.iter().flat_map(|row| &row.tests) {
        if !names.contains(&test.test) {
            names.push(test.test);
        }
    }
    let rank = |name: &str| PREFERRED.iter().position(|known| *known == name).unwrap_or(usize::MAX);
    names.sort_by_key(|name| rank(name));
    names.truncate(MOST_TESTS);
    names
}

/// Rows of single accounts, all or the two with the lowest coverage of each model.
fn test_rows<'a>(evidence: &Evidence<'a>) -> Vec<&'a CoverageRow> {
    let all = || evidence.result().coverage.iter().filter(|row| row.account.is_some());
    if all().count() <= MOST_TEST_ROWS {
        return all().collect();
    }
    let mut shown = Vec::new();
    for model in 0..evidence.models.len() {
        let mut single: Vec<&CoverageRow> = all().filter(|row| row.model == model).collect();
        let coverage = |row: &CoverageRow| row.coverage.unwrap_or(1.0);
        single.sort_by(|a, b| coverage(a).total_cmp(&coverage(b)));
        shown.extend(single.into_iter().take(2));
    }
    shown
}

fn light_cell(row: &CoverageRow) -> Cell {
    let Some(light) = row.zone.map(|zone| zone.light) else { return Cell::toned("–", "quiet") };
    let tone = match light {
        Light::Green => "good",
        Light::Yellow => "warn",
        Light::Red => "bad",
    };
    Cell::toned(light.name(), tone)
}

/// Coloured where the test rejects a model that was breached too often; one breached too seldom is merely expensive.
fn p_cell(evidence: &Evidence<'_>, row: &CoverageRow, test: &str) -> Cell {
    let short = row.coverage.is_some_and(|coverage| coverage < evidence.result().level.value());
    let p = row.tests.iter().find(|found| found.test == test).and_then(|found| found.p_value);
    match p {
        None => Cell::toned("–", "quiet"),
        Some(p) if p < 0.05 && short => Cell::toned(format::p_value(p), "bad"),
        Some(p) => format::p_value(p).into(),
    }
}

/// What the tests of the page say about themselves: each distinct remark once with its tests, at most six.
pub(super) fn test_remarks(evidence: &Evidence<'_>) -> Vec<String> {
    let shown = test_names(evidence);
    let mut remarks: Vec<(&str, Vec<&str>)> = Vec::new();
    for test in evidence.result().coverage.iter().flat_map(|row| &row.tests) {
        let (name, note) = (test.test, test.note.as_str());
        if note.is_empty() || !shown.contains(&name) {
            continue;
        }
        match remarks.iter_mut().find(|(known, _)| *known == note) {
            Some((_, tests)) if tests.contains(&name) => {}
            Some((_, tests)) => tests.push(name),
            None => remarks.push((note, vec![name])),
        }
    }
    remarks.iter().take(6).map(|(note, tests)| format!("{}: {note}.", tests.join(", "))).collect()
}
