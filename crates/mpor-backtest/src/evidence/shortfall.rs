//! The tests of expected shortfall, put to a study's forecasts.
//!
//! Those of [`es_tests::TESTS`] need the two figures; four need the place of each loss in the forecast law. Losses are those at the end
//! of the margin period, which is what was forecast.

use mpor_core::Level;

use super::judged::{Judged, Part};
use crate::coverage::simulated::Draws;
use crate::coverage::{CoverageError, TestOutcome, TestRow, Wanted};
use crate::es_tests::{self, DRAWS, SEED, TailLaw, costanzino_curran, du_escanciano, z3};

/// Autocorrelations in the conditional test of Du and Escanciano, as in their paper.
const LAGS: usize = 5;

type OfLaw = fn(&Part, Level) -> Result<TestOutcome, CoverageError>;

/// Tests that look at the place of each loss, in the order of their rows.
const OF_LAW: [(&str, OfLaw); 4] = [
    ("acerbi-szekely-z3", |part, level| {
        let law = TailLaw::implied(&part.forecasts(level)?)?;
        let draws = Draws { seed: SEED, count: DRAWS };
        z3::test(&part.pits("acerbi-szekely-z3")?, law, level, draws)
    }),
    ("costanzino-curran", |part, level| {
        costanzino_curran::z(&part.pits("costanzino-curran")?, level)
    }),
    ("du-escanciano-conditional", |part, level| {
        du_escanciano::conditional(&part.pits("du-escanciano-conditional")?, level, LAGS)
    }),
    ("du-escanciano-unconditional", |part, level| {
        du_escanciano::unconditional(&part.pits("du-escanciano-unconditional")?, level)
    }),
];

/// Names of all of them.
pub fn ids() -> impl Iterator<Item = &'static str> {
    es_tests::TESTS.iter().map(|test| test.id()).chain(OF_LAW.iter().map(|test| test.0))
}

/// The rows that are asked for.
pub(super) fn rows(judged: &Judged, wanted: Wanted<'_>) -> Vec<TestRow> {
    let level = judged.level;
    let tests = es_tests::TESTS.iter().filter(|test| wanted.has(test.id()));
    let mut rows: Vec<TestRow> = tests
        .map(|test| judged.row(test.id(), |part| test.test(&part.forecasts(level)?)))
        .collect();
    let of_law = OF_LAW.iter().filter(|(id, _)| wanted.has(id));
    rows.extend(of_law.map(|(id, test)| judged.row(id, |part| test(part, level))));
    rows
}
