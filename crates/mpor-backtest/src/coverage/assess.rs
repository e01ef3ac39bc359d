//! From a requirement path and a loss path to a row of the coverage table.
//!
//! Observations are the margin dates whose MPOR is over and on which something was held. Where the MPOR is longer than a
//! step, losses overlap: each test is run on every non-overlapping sub-sample, and the row shows the sub-sample with the
//! smallest p-value, multiplied by their number (Bonferroni); tests of all observations are added (HAC, block bootstrap, the count
//! under the law of the zones, Kupiec's of whitened losses); the zone is the one for overlapping losses; and the bounds are those of a
//! sub-sample's share of observations and breaches. The row of the e-process holds the largest log wealth of a bettor against the
//! requirement, and a p-value that may be read every day.

use mpor_core::{Level, Loss, Money};
use rayon::prelude::*;

use super::basel::ZoneBounds;
use super::row::{CoverageRow, TestRow};
use super::simulated::Draws;
use super::{
    CoverageError, CoverageTest, Forecasts, HitSequence, Law, OverlappingHits, TESTS, TestOutcome,
    Wanted, block_bootstrap, clopper_pearson, dq, hac, kupiec, overlap_zones, subsamples,
    whitening,
};
use crate::monitoring::{self, Strategy};
use crate::observations::counted;

/// Confidence of the bounds of the coverage.
const CONFIDENCE: f64 = 0.95;

/// Resamples of the block bootstrap: the same for every account, so that equal hits have equal p-values.
const RESAMPLES: Draws = Draws { seed: 0x6d70_6f72, count: 999 };

/// Largest stake of the e-process.
const CAP: f64 = 0.5;

/// A test of losses beside requirements that do not overlap.
type Paired = fn(&Forecasts<'_>) -> Result<TestOutcome, CoverageError>;

/// Tests that take requirements as well as hits, in the order of their rows.
const PAIRED: &[(&str, Paired)] = &[
    ("dq", |forecasts| dq::test(forecasts)),
    ("dq-gas", |forecasts| dq::test_variant(forecasts, dq::Variant::Gas)),
    ("dq-hits", |forecasts| dq::test_variant(forecasts, dq::Variant::Hits)),
    ("e-process", |forecasts| {
        if forecasts.is_empty() {
            return Err(CoverageError::TooShort { test: "e-process", needed: 1, found: 0 });
        }
        Ok(monitoring::value_at_risk(forecasts, Strategy::Gree(CAP))?.outcome())
    }),
];

/// A test that takes all overlapping observations as they are.
type OfOverlapping = fn(&Observed, &OverlappingHits) -> TestRow;

/// Tests of overlapping observations, in the order of their rows.
const OVERLAPPING: &[(&str, OfOverlapping)] = &[
    ("hac", |_, hits| rate_row(hits)),
    ("block-bootstrap", |_, hits| resampled_row(hits)),
    ("kupiec-whitened", whitened_row),
    ("overlap-count", |_, hits| count_row(hits)),
];

/// Names of the rows that are not in [`TESTS`], sorted.
pub const OTHER_ROWS: &[&str] = &[
    "block-bootstrap",
    "dq",
    "dq-gas",
    "dq-hits",
    "e-process",
    "hac",
    "kupiec-whitened",
    "overlap-count",
];

/// Losses and requirements of the observed margin dates of one account under one model, in time order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Realised losses.
    pub loss: Vec<f64>,
    /// Initial margins.
    pub requirement: Vec<f64>,
}

impl Observed {
    /// The dates with a loss and something held.
    #[must_use]
    pub fn new(losses: &[Option<f64>], gross_notional: &[f64], requirements: &[f64]) -> Self {
        let mut observed = Observed::default();
        for (step, loss) in counted(losses, gross_notional) {
            observed.loss.push(loss);
            observed.requirement.push(requirements[step]);
        }
        observed
    }

    /// Number of observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.loss.len()
    }

    /// Whether nothing was observed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.loss.is_empty()
    }

    /// Which losses were strictly above their requirement.
    #[must_use]
    pub fn hits(&self) -> Vec<bool> {
        self.pairs().map(|(loss, requirement)| loss.breaches(requirement)).collect()
    }

    /// How many losses were strictly above their requirement.
    #[must_use]
    pub fn breaches(&self) -> usize {
        self.pairs().filter(|(loss, requirement)| loss.breaches(*requirement)).count()
    }

    fn pairs(&self) -> impl Iterator<Item = (Loss, Money)> + '_ {
        let requirements = self.requirement.iter().copied().map(Money);
        self.loss.iter().copied().map(Loss).zip(requirements)
    }

    /// Largest and summed shortfall.
    fn shortfalls(&self) -> (f64, f64) {
        let shortfalls = self.pairs().map(|(loss, requirement)| loss.shortfall(requirement).0);
        shortfalls.fold((0.0, 0.0), |(most, sum), one| (most.max(one), sum + one))
    }
}

/// What the coverage of so many observations with so many breaches is judged by: found once for all accounts with both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Yardstick {
    /// Zone bounds of as many observations.
    pub zone: ZoneBounds,
    /// Confidence bounds of the coverage, low then high; `None` without observations.
    pub bounds: Option<(f64, f64)>,
}

impl Yardstick {
    /// Of `observations` whose zone bounds are `zone`, with `breaches` among them.
    #[must_use]
    pub fn new(observations: usize, breaches: usize, horizon: usize, zone: ZoneBounds) -> Self {
        Yardstick { zone, bounds: coverage_bounds(observations, breaches, horizon) }
    }
}

/// The coverage of one model for one account, judged by the yardstick of its observations and breaches.
///
/// # Errors
/// [`CoverageError`] for a horizon of no step.
pub fn account(
    model: usize,
    account: usize,
    observed: &Observed,
    level: Level,
    horizon: usize,
    by: &Yardstick,
    wanted: Wanted<'_>,
) -> Result<CoverageRow, CoverageError> {
    let hits = OverlappingHits::new(observed.hits(), level, horizon)?;
    let tests = if horizon == 1 {
        independent_tests(observed, level, wanted)
    } else {
        overlapping_tests(observed, &hits, wanted)
    };
    Ok(CoverageRow {
        account: Some(account),
        bounds: by.bounds,
        zone: if hits.is_empty() { None } else { by.zone.zone(hits.count()) },
        tests,
        ..Pool::of(observed).row(model)
    })
}

/// The coverage of one model over all accounts.
///
/// It has neither bounds, zone nor tests: accounts live through the same market, so their breaches are not independent.
#[must_use]
pub fn pooled(model: usize, observed: &[Observed]) -> CoverageRow {
    let mut pool = Pool::default();
    pool.take(observed);
    pool.row(model)
}

/// Observations of many accounts, counted together, account by account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pool {
    observations: usize,
    breaches: usize,
    worst: f64,
    sum: f64,
}

impl Pool {
    /// Counts the next accounts.
    pub fn take(&mut self, observed: &[Observed]) {
        let counted: Vec<Pool> = observed.par_iter().map(Pool::of).collect();
        for one in counted {
            self.worst = self.worst.max(one.worst);
            self.sum += one.sum;
            self.observations += one.observations;
            self.breaches += one.breaches;
        }
    }

    /// What they come to for one model: without bounds, zone and tests.
    #[must_use]
    pub fn row(&self, model: usize) -> CoverageRow {
        let Pool { observations, breaches, worst, sum } = *self;
        CoverageRow {
            model,
            account: None,
            observations,
            breaches,
            coverage: (observations > 0).then(|| 1.0 - breaches as f64 / observations as f64),
            bounds: None,
            worst_shortfall: worst,
            mean_shortfall: if breaches > 0 { sum / breaches as f64 } else { 0.0 },
            zone: None,
            tests: Vec::new(),
        }
    }

    fn of(observed: &Observed) -> Self {
        let (worst, sum) = observed.shortfalls();
        Pool { observations: observed.len(), breaches: observed.breaches(), worst, sum }
    }
}

fn coverage_bounds(observations: usize, breaches: usize, horizon: usize) -> Option<(f64, f64)> {
    let share = |count: usize| count as f64 / horizon as f64;
    let confidence = Level::new(CONFIDENCE).ok()?;
    let (low, high) =
        clopper_pearson::bounds(share(observations), share(breaches), confidence).ok()?;
    Some((1.0 - high, 1.0 - low))
}

fn independent_tests(observed: &Observed, level: Level, wanted: Wanted<'_>) -> Vec<TestRow> {
    let hits = HitSequence::daily(observed.hits(), level);
    let tests = TESTS.iter().filter(|test| wanted.has(test.id()));
    let mut rows: Vec<TestRow> = tests.map(|test| test_row(test.id(), test.test(&hits))).collect();
    rows.extend(PAIRED.iter().filter(|(id, _)| wanted.has(id)).map(|(id, test)| {
        test_row(id, paired(*test, &observed.loss, &observed.requirement, level))
    }));
    rows
}

fn paired(
    test: Paired,
    loss: &[f64],
    requirement: &[f64],
    level: Level,
) -> Result<TestOutcome, CoverageError> {
    test(&Forecasts::new(loss, requirement, level)?)
}

fn overlapping_tests(
    observed: &Observed,
    hits: &OverlappingHits,
    wanted: Wanted<'_>,
) -> Vec<TestRow> {
    let (parts, level, horizon) = (hits.non_overlapping_subsamples(), hits.level(), hits.horizon());
    let mut rows: Vec<TestRow> = TESTS
        .iter()
        .filter(|test| wanted.has(test.id()))
        .map(|test| bonferroni(test.id(), parts.iter().map(|part| test.test(part)).collect()))
        .collect();
    let every = |values: &[f64], start: usize| -> Vec<f64> {
        values.iter().skip(start).step_by(horizon).copied().collect()
    };
    let pairs: Vec<(Vec<f64>, Vec<f64>)> = (0..horizon)
        .map(|start| (every(&observed.loss, start), every(&observed.requirement, start)))
        .collect();
    for (id, test) in PAIRED.iter().filter(|(id, _)| wanted.has(id)) {
        let outcomes = pairs.iter().map(|(loss, var)| paired(*test, loss, var, level)).collect();
        rows.push(bonferroni(id, outcomes));
    }
    let rest = OVERLAPPING.iter().filter(|(id, _)| wanted.has(id));
    rows.extend(rest.map(|(_, row)| row(observed, hits)));
    rows
}

fn resampled_row(hits: &OverlappingHits) -> TestRow {
    let length = block_bootstrap::BLOCK * hits.horizon();
    let found = block_bootstrap::test(hits, length, RESAMPLES);
    let note = format!("{} resamples of blocks of {length} observations", RESAMPLES.count);
    with_note(test_row("block-bootstrap", found), note)
}

fn whitened_row(observed: &Observed, hits: &OverlappingHits) -> TestRow {
    let (loss, requirement) = (&observed.loss, &observed.requirement);
    let white = whitening::whitened_hits(loss, requirement, hits.level(), hits.horizon());
    let note = "losses in units of the requirement, decorrelated as sums of equal steps".to_owned();
    with_note(test_row("kupiec-whitened", white.and_then(|hits| kupiec::Kupiec.test(&hits))), note)
}

fn count_row(hits: &OverlappingHits) -> TestRow {
    let note = "the count under independent Gaussian steps, as the zone".to_owned();
    with_note(test_row("overlap-count", overlap_count(hits)), note)
}

fn overlap_count(hits: &OverlappingHits) -> Result<TestOutcome, CoverageError> {
    if hits.is_empty() {
        return Err(CoverageError::TooShort { test: "overlap-count", needed: 1, found: 0 });
    }
    let (n, x) = (hits.len(), hits.count());
    let p_value = overlap_zones::upper_p(hits.horizon(), n, x, hits.level());
    Ok(TestOutcome { statistic: x as f64, law: Law::Exact, p_value })
}

fn with_note(row: TestRow, note: String) -> TestRow {
    if row.p_value.is_some() { TestRow { note, ..row } } else { row }
}

/// Autocovariances of hits of `m`-step losses end at lag `m - 1`; twice as many, because Bartlett weights fade the far ones.
fn rate_row(hits: &OverlappingHits) -> TestRow {
    let lag = 2 * (hits.horizon() - 1);
    let found = hac::test(hits.hits(), hits.level().tail(), lag).map(|found| found.outcome);
    with_note(test_row("hac", found), format!("all overlapping observations, {lag} lags"))
}

/// The smallest p-value of the sub-samples without overlap, corrected for their number.
pub(crate) fn bonferroni(
    test: &'static str,
    outcomes: Vec<Result<TestOutcome, CoverageError>>,
) -> TestRow {
    match subsamples::combine(outcomes) {
        Ok(found) => TestRow {
            test,
            statistic: Some(found.worst.statistic),
            p_value: Some(found.bonferroni),
            note: format!("worst of {} sub-samples without overlap, Bonferroni", found.defined),
        },
        Err(error) => test_row(test, Err(error)),
    }
}

/// The row of an outcome, or of the reason why there is none.
pub(crate) fn test_row(test: &'static str, outcome: Result<TestOutcome, CoverageError>) -> TestRow {
    let (statistic, p_value, note) = match outcome {
        Ok(outcome) => (Some(outcome.statistic), Some(outcome.p_value), String::new()),
        Err(error) => (None, None, error.to_string()),
    };
    TestRow { test, statistic, p_value, note }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::overlap_zones::zone_bounds;

    #[test]
    fn the_pooled_row_by_hand() {
        // The ten-day toy of the reference: 4 breaches, peak 20, mean 13.75 (PQD 6.5).
        let requirement = [100.0, 100.0, 110.0, 130.0, 180.0, 240.0, 200.0, 150.0, 120.0, 100.0];
        let loss = [50.0, -20.0, 115.0, 90.0, 200.0, 260.0, 40.0, -60.0, 130.0, 80.0];
        let observed = Observed::new(&loss.map(Some), &[1.0; 10], &requirement);
        let row = pooled(0, &[observed]);
        assert_eq!((row.observations, row.breaches), (10, 4));
        assert_eq!((row.worst_shortfall, row.mean_shortfall), (20.0, 13.75));
        assert!((row.coverage.unwrap() - 0.6).abs() < 1e-15);
    }

    #[test]
    fn dates_without_positions_or_outcome_are_not_observed() {
        let observed =
            Observed::new(&[Some(1.0), Some(2.0), None], &[0.0, 1.0, 1.0], &[0.5, 3.0, 0.0]);
        assert_eq!(observed, Observed { loss: vec![2.0], requirement: vec![3.0] });
    }

    #[test]
    fn overlapping_losses_get_the_wider_zone_and_bounds() {
        let loss: Vec<f64> = (0..250).map(|at| if at < 5 { 2.0 } else { 0.0 }).collect();
        let observed = Observed { loss, requirement: vec![1.0; 250] };
        let of = |horizon| {
            let by = Yardstick::new(250, 5, horizon, zone_bounds(horizon, 250, Level::P99));
            account(0, 0, &observed, Level::P99, horizon, &by, Wanted::All).unwrap()
        };
        let (one, two) = (of(1), of(2));
        assert_eq!(one.zone.unwrap().green_max, 4);
        assert_eq!(two.zone.unwrap().green_max, 5);
        assert!(two.bounds.unwrap().0 < one.bounds.unwrap().0);
        assert!(two.tests.iter().any(|row| row.test == "hac"));
        // Every row is either in the catalog or in the list of others.
        for row in one.tests.iter().chain(&two.tests) {
            let known = crate::coverage::find(row.test).is_some();
            assert!(known || OTHER_ROWS.contains(&row.test), "{}", row.test);
        }
        for other in OTHER_ROWS {
            assert!(two.tests.iter().any(|row| row.test == *other), "{other}");
        }
    }

    /// Nothing, one observation, all breaches, none, ties: numbers or reasons, never NaN.
    #[test]
    fn degenerate_accounts_have_numbers_or_reasons() {
        let series: [(Vec<f64>, f64); 6] = [
            (vec![], 1.0),
            (vec![2.0], 1.0),
            (vec![2.0; 40], 1.0),
            (vec![0.0; 40], 1.0),
            (vec![1.0; 40], 1.0),
            (vec![1.0; 40], 0.0),
        ];
        for (loss, requirement) in series {
            for horizon in [1, 2, 5] {
                let requirement = vec![requirement; loss.len()];
                let observed = Observed { loss: loss.clone(), requirement };
                let (n, x) = (observed.len(), observed.breaches());
                let by = Yardstick::new(n, x, horizon, zone_bounds(horizon, n, Level::P99));
                let found =
                    account(0, 0, &observed, Level::P99, horizon, &by, Wanted::All).unwrap();
                for row in &found.tests {
                    let sound = row.p_value.is_some_and(|p| (0.0..=1.0).contains(&p));
                    assert!(sound || (row.p_value.is_none() && !row.note.is_empty()), "{row:?}");
                    assert!(row.statistic.is_none_or(f64::is_finite), "{row:?}");
                }
            }
        }
    }
}
