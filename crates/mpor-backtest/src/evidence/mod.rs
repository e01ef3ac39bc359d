//! What do forecasts and requirements say of themselves when they are put to more than a count of breaches?
//!
//! | rows | question | of what |
//! | --- | --- | --- |
//! | [`shortfall`] | were the losses beyond value at risk as large as forecast? | forecasts, by account |
//! | [`transforms`] | did the losses fall into the forecast law as they should? | forecasts with a law, by account |
//! | [`contest`] | which model is the better one, and by more than chance? | requirements and forecasts, accounts pooled by date |
//! | [`watch`] | on which day would one who looks every day have known? | requirements and forecasts, by account and pooled |
//! | [`discoveries`] | of many accounts that fail, how many are false alarms, and does one account hide among them? | all p-values |
//!
//! Where the margin period is longer than a step, losses overlap, and nothing here takes overlapping losses for independent ones: the
//! tests run on every `m`-th margin date from each of `m` starts and the smallest p-value counts `m` times (Bonferroni), comparisons
//! take a long-run variance over the overlap, monitors are `m` processes. What a test cannot answer is a row with its reason.
//!
//! All of it is made of the result: account by account, and pooled sums over accounts in their order.

pub mod contest;
pub mod discoveries;
mod judged;
pub mod shortfall;
pub mod tables;
pub mod transforms;
pub mod watch;

use rayon::prelude::*;

use crate::coverage::{CoverageError, TestRow, Wanted};
use crate::result::BacktestResult;
use contest::Contest;
use discoveries::{Discovery, Pooled};
use judged::Judged;
use watch::Watched;

/// A family of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Tests of expected shortfall.
    Shortfall,
    /// Tests of the whole forecast law.
    Transforms,
    /// Scores and tests of one model against another.
    Comparison,
    /// Processes that may be read every day.
    Monitoring,
    /// Many accounts at once.
    Accounts,
}

/// One thing that a study can name under `tests` beside the coverage tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As the study writes it.
    pub id: &'static str,
    /// Where it belongs.
    pub family: Family,
    /// Whether it can be had without forecasts.
    pub needs_forecasts: bool,
}

/// Everything there is, sorted by id.
#[must_use]
pub fn catalog() -> Vec<Entry> {
    let entry = |id, family, needs_forecasts| Entry { id, family, needs_forecasts };
    let mut entries: Vec<Entry> =
        shortfall::ids().map(|id| entry(id, Family::Shortfall, true)).collect();
    entries.extend(transforms::TESTS.iter().map(|test| entry(test.0, Family::Transforms, true)));
    let contests = contest::IDS.iter();
    entries.extend(contests.map(|&id| entry(id, Family::Comparison, id == contest::FZ0)));
    entries.extend(watch::IDS.iter().map(|&id| entry(id, Family::Monitoring, id == watch::ES)));
    entries.push(entry(discoveries::ID, Family::Accounts, false));
    entries.sort_by_key(|entry| entry.id);
    entries
}

/// Whether any of it is asked for.
#[must_use]
pub fn is_asked(wanted: Wanted<'_>) -> bool {
    catalog().iter().any(|entry| wanted.has(entry.id))
}

/// Whether something is asked for by name, or by `all`, that needs forecasts of every model.
#[must_use]
pub fn needs_forecasts(wanted: Wanted<'_>) -> bool {
    wanted != Wanted::Standard
        && catalog().iter().any(|entry| entry.needs_forecasts && wanted.has(entry.id))
}

/// One test of one account under one model.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts.
    pub account: usize,
    /// Forecasts that were judged.
    pub observations: usize,
    /// What the test says, or why it does not.
    pub test: TestRow,
}

/// All evidence of one result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Tests of expected shortfall.
    pub shortfall: Vec<EvidenceRow>,
    /// Tests of the whole law.
    pub transforms: Vec<EvidenceRow>,
    /// Scores and comparisons, one contest a score and level.
    pub contests: Vec<Contest>,
    /// Monitors.
    pub watched: Watched,
    /// p-values adjusted for the number of accounts.
    pub discoveries: Vec<Discovery>,
    /// All accounts of a model beside each other.
    pub pooled: Vec<Pooled>,
}

/// The evidence that is asked for.
///
/// # Errors
/// [`CoverageError`] for a loss or requirement that is not finite.
pub fn gather(result: &BacktestResult, wanted: Wanted<'_>) -> Result<Evidence, CoverageError> {
    let (shortfall, transforms) = by_account(result, wanted);
    let contests = contest::all(result, wanted)?;
    let watched = watch::all(result, wanted)?;
    let (mut discoveries, mut pooled) = (Vec::new(), Vec::new());
    if wanted.has(discoveries::ID) {
        discoveries = discoveries::all(result, [&shortfall, &transforms])?;
        pooled = discoveries::pooled(result)?;
    }
    Ok(Evidence { shortfall, transforms, contests, watched, discoveries, pooled })
}

type Rows = Vec<EvidenceRow>;

/// Both families of tests of forecasts, in order of model, account and test.
fn by_account(result: &BacktestResult, wanted: Wanted<'_>) -> (Rows, Rows) {
    let cells = result.forecasts.iter().enumerate().flat_map(|(model, paths)| {
        let forecast = move |account: &usize| !paths[*account].points.is_empty();
        (0..paths.len()).filter(forecast).map(move |account| (model, account))
    });
    let cells: Vec<(usize, usize)> = cells.collect();
    let of_cell = |&(model, account): &(usize, usize)| {
        let Some(judged) = Judged::of(result, model, account) else { return <_>::default() };
        let row = |test| EvidenceRow { model, account, observations: judged.len(), test };
        let shortfall = shortfall::rows(&judged, wanted).into_iter().map(row);
        let transforms = transforms::rows(&judged, wanted).into_iter().map(row);
        (shortfall.collect(), transforms.collect())
    };
    let found: Vec<(Rows, Rows)> = cells.par_iter().map(of_cell).collect();
    let (shortfall, transforms): (Vec<Rows>, Vec<Rows>) = found.into_iter().unzip();
    (shortfall.concat(), transforms.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{TESTS, assess::OTHER_ROWS};

    #[test]
    fn ids_differ_from_each_other_and_from_coverage_tests() {
        let catalog = catalog();
        assert!(catalog.windows(2).all(|pair| pair[0].id < pair[1].id));
        for entry in &catalog {
            assert!(TESTS.iter().all(|test| test.id() != entry.id), "{}", entry.id);
            assert!(!OTHER_ROWS.contains(&entry.id), "{}", entry.id);
        }
        let family = |family| catalog.iter().filter(|entry| entry.family == family).count();
        assert_eq!(family(Family::Shortfall), crate::es_tests::TESTS.len() + 4);
        assert_eq!(family(Family::Transforms), 5);
    }

    #[test]
    fn forecasts_are_kept_when_a_test_by_name_or_all_need_them() {
        let names =
            |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(!needs_forecasts(Wanted::Standard));
        assert!(needs_forecasts(Wanted::All));
        assert!(!needs_forecasts(Wanted::Named(&names(&["kupiec", "pinball", "monitor-var"]))));
        assert!(needs_forecasts(Wanted::Named(&names(&["kupiec", "esr-strict"]))));
        assert!(needs_forecasts(Wanted::Named(&names(&["fz0"]))));
    }
}
