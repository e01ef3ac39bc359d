//! The fund as tables: `default_fund`, a row a model and margin date, and `default_losses`, a row a default.

use mpor_core::{Column, Table};

use super::{FundDay, FundPath, FundRules, MemberDefault, Waterfall};
use crate::error::BacktestError;
use crate::result::BacktestResult;

/// Both tables.
///
/// # Errors
/// None for paths of [`fund_path`](super::fund_path) of the same result.
pub fn tables(
    result: &BacktestResult,
    paths: &[FundPath],
    rules: &FundRules,
) -> Result<Vec<Table>, BacktestError> {
    Ok(vec![funds(result, paths, rules)?, losses(result, paths)?])
}

fn funds(
    result: &BacktestResult,
    paths: &[FundPath],
    rules: &FundRules,
) -> Result<Table, BacktestError> {
    let all = || {
        paths.iter().flat_map(|path| {
            path.days.iter().zip(&result.times).map(move |(day, time)| (path, day, *time))
        })
    };
    let number = |of: fn(&FundDay) -> f64| Column::numbers(all().map(|(_, day, _)| of(day)));
    let after = |of: fn(&Waterfall) -> f64| {
        Column::Number(all().map(|(_, day, _)| day.after.as_ref().map(of)).collect())
    };
    let count = |after: &Waterfall| i64::try_from(after.defaults.len()).unwrap_or(i64::MAX);
    let skin = rules.skin_in_the_game;
    Ok(Table::new(
        "default_fund",
        [
            ("time", Column::times(all().map(|row| row.2))),
            ("model", Column::labels(all().map(|row| result.models[row.0.model].id.as_str()))),
            ("reviewed_at", Column::times(all().map(|row| result.times[row.1.reviewed]))),
            ("cover", number(|day| day.stress.cover)),
            (
                "scenario",
                Column::labels(all().map(|row| row.1.stress.scenario.as_deref().unwrap_or(""))),
            ),
            ("scenarios", Column::counts(all().map(|row| row.1.stress.scenarios))),
            ("fund", number(|day| day.fund)),
            ("skin_in_the_game", Column::numbers(all().map(|_| skin))),
            ("defaults", Column::Count(all().map(|row| row.1.after.as_ref().map(count)).collect())),
            ("beyond_margin", after(|after| after.beyond)),
            ("from_defaulters", after(|after| after.own)),
            ("from_skin", after(|after| after.skin)),
            ("from_others", after(|after| after.others)),
            ("uncovered", after(|after| after.uncovered)),
            ("drawdown", Column::Number(all().map(|row| row.1.drawdown()).collect())),
            (
                "sufficed",
                Column::Flag(
                    all().map(|row| row.1.after.as_ref().map(|own| own.uncovered == 0.0)).collect(),
                ),
            ),
        ],
    )?)
}

fn losses(result: &BacktestResult, paths: &[FundPath]) -> Result<Table, BacktestError> {
    let all = || {
        paths.iter().flat_map(|path| {
            path.days.iter().zip(&result.times).flat_map(move |(day, time)| {
                let defaults = day.after.iter().flat_map(|after| &after.defaults);
                defaults.map(move |own| (path.model, *time, own))
            })
        })
    };
    let number = |of: fn(&MemberDefault) -> f64| Column::numbers(all().map(|row| of(row.2)));
    Ok(Table::new(
        "default_losses",
        [
            ("time", Column::times(all().map(|row| row.1))),
            ("model", Column::labels(all().map(|row| result.models[row.0].id.as_str()))),
            ("account", Column::labels(all().map(|row| result.accounts[row.2.account].as_str()))),
            ("margin", number(|own| own.margin)),
            ("loss", number(|own| own.loss)),
            ("beyond_margin", number(|own| own.beyond)),
            ("share_of_fund", number(|own| own.share)),
            ("from_own_share", number(|own| own.own)),
            ("from_others", number(|own| own.beyond - own.own)),
        ],
    )?)
}
