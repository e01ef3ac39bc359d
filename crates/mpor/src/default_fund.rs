//! The study's `[default_fund]`: tables, a verdict on each model, and what the figure shows.

use mpor_backtest::BacktestResult;
use mpor_backtest::default_fund::{Cover, FundPath, Stress, fund_path, tables};
use mpor_core::Table;

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::study::{DefaultFundSpec, StudyFile};

/// The fund under each model, and what is written and said of it. Empty without `[default_fund]`.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub tables: Vec<Table>,
    pub notes: Vec<String>,
    pub paths: Vec<FundPath>,
}

/// Puts the books under stress on every margin date, sizes the fund at its reviews, and asks it to pay.
pub(crate) fn tell(
    file: &StudyFile,
    loaded: &Loaded,
    result: &BacktestResult,
) -> Result<Told, MporError> {
    let Some(spec) = &file.study.default_fund else { return Ok(Told::default()) };
    let rules = spec.rules();
    let wanted =
        |&model: &usize| spec.models.is_empty() || spec.models.contains(&result.models[model].id);
    let models: Vec<usize> = (0..result.models.len()).filter(wanted).collect();
    let stress = Stress {
        history: loaded.history(),
        books: &loaded.books,
        steps: loaded.steps.clone(),
        horizon: loaded.horizon,
        seed: file.study.seed,
        sets: &spec.scenarios,
    };
    let days = stress
        .days(result, &models, &rules)
        .map_err(|error| file.error_at(&["default_fund", "scenarios"], error.to_string()))?;
    let paths: Vec<FundPath> = models
        .iter()
        .zip(days)
        .map(|(&model, days)| fund_path(result, model, days, &rules))
        .collect::<Result<_, _>>()?;
    let mut notes: Vec<String> = paths.iter().map(|path| verdict(spec, path, result)).collect();
    notes.extend(unknown_stress(&paths));
    Ok(Told { tables: tables(result, &paths, &rules)?, notes, paths })
}

/// Whether the fund would have sufficed, in two sentences.
fn verdict(spec: &DefaultFundSpec, path: &FundPath, result: &BacktestResult) -> String {
    let (summary, currency) = (path.summary(), &result.currency);
    let cover = match spec.cover {
        Cover::One => "the largest stress loss beyond margin",
        Cover::Two => "the two largest stress losses beyond margin",
        Cover::Emir => "the stress losses beyond margin that EMIR asks it to bear",
    };
    let model = &result.models[path.model].id;
    let begin = format!(
        "Default fund under {model}, sized to {cover}, {:.0} {currency} on average:",
        summary.mean_fund
    );
    let Some(at) = summary.worst else {
        return format!(
            "{begin} on none of {} margin dates did an account lose more than its margin.",
            summary.dates
        );
    };
    let sufficed = match summary.insufficient {
        0 => "it sufficed on every margin date".to_owned(),
        dates => format!("it would not have sufficed on {dates} of {} margin dates", summary.dates),
    };
    let day = &path.days[at];
    let after = day.after.clone().unwrap_or_default();
    let count = after.defaults.len();
    let accounts = if count == 1 { "account" } else { "accounts" };
    let used = day.drawdown().map_or("there was no fund".to_owned(), |share| {
        format!("{:.0} % of the fund is used", 100.0 * share)
    });
    let left = match after.uncovered > 0.0 {
        true => format!(" and {:.0} {currency} are covered by nobody", after.uncovered),
        false => String::new(),
    };
    format!(
        "{begin} {sufficed}, of which {} had losses beyond margin. The worst is {}: {count} {accounts} lose {:.0} {currency} beyond margin, {used}{left}.",
        summary.with_defaults,
        result.times[at].date(),
        after.beyond
    )
}

/// Dates on which no stress scenario was known: the fund is not sized on any there.
fn unknown_stress(paths: &[FundPath]) -> Option<String> {
    let days = &paths.first()?.days;
    let count = days.iter().filter(|day| day.stress.scenarios == 0).count();
    (count > 0).then(|| {
        format!(
            "Default fund: on {count} of {} margin dates no stress scenario was known yet, and no stress loss counts for them.",
            days.len()
        )
    })
}
