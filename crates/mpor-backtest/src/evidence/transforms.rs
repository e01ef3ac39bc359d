//! The tests of where losses fell in the law that was forecast for them, put to a study's forecasts.

use mpor_core::Level;

use super::judged::Judged;
use crate::coverage::multinomial::TailCells;
use crate::coverage::{CoverageError, Pits, TestOutcome, TestRow, Wanted, berkowitz};

/// Lags in the test of the whole law.
const LAGS: usize = 1;

/// Levels of the multinomial tests, from the forecast's own up: four are as many as their authors recommend.
const LEVELS: usize = 4;

/// A test of transforms at a level.
type OfPits = fn(&Pits, Level) -> Result<TestOutcome, CoverageError>;

/// The tests by name, in the order of their rows.
pub const TESTS: [(&str, OfPits); 5] = [
    ("berkowitz", |pits, _| Ok(berkowitz::full(pits, LAGS)?.outcome)),
    ("berkowitz-tail", |pits, level| Ok(berkowitz::tail(pits, level)?.outcome)),
    ("multinomial-nass", |pits, level| Ok(TailCells::of(pits, level, LEVELS)?.nass())),
    ("multinomial-pearson", |pits, level| Ok(TailCells::of(pits, level, LEVELS)?.pearson())),
    ("multinomial-ratio", |pits, level| TailCells::of(pits, level, LEVELS)?.ratio()),
];

/// The rows that are asked for.
pub(super) fn rows(judged: &Judged, wanted: Wanted<'_>) -> Vec<TestRow> {
    let tests = TESTS.iter().filter(|(id, _)| wanted.has(id));
    tests.map(|(id, test)| judged.row(id, |part| test(&part.pits(id)?, judged.level))).collect()
}
