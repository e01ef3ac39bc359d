//! On which day would one who looks every day have known that the risk is understated?
//!
//! ```text
//! account   W(t) = wealth against its requirement, or its forecast shortfall ([`monitoring`]), GREE stakes of at most 1/2
//! pooled    mean of W(t) over accounts: a wealth too, however accounts depend on each other, if what is known of one is known of all
//! overlap   every m-th date is a process of its own, W_1 .. W_m; shown is  max_k W_k / m
//! alarm     the first date at which the shown wealth is at least 20 (5 %) and 100 (1 %) is known: the end of that margin period
//! ```
//!
//! By Ville's inequality each process of a right model ever reaches `m x` with probability at most `1/(m x)`, so the largest of them
//! over `m` ever reaches `x` with probability at most `1/x`, whatever their dependence: the price of overlap is a start at `1/m`.
//! One-sided, only understated risk is detected. The shortfall monitor takes the forecast value at risk as right. Wealth in the pooled
//! mean counts up to `e^600`.

use mpor_core::Level;
use rayon::prelude::*;

use crate::coverage::{CoverageError, Forecasts, Wanted};
use crate::monitoring::{self, Strategy};
use crate::result::BacktestResult;

/// The monitor of requirements.
pub const VAR: &str = "monitor-var";
/// The monitor of forecast expected shortfall.
pub const ES: &str = "monitor-es";
/// Monitors that a study can name.
pub const IDS: [&str; 2] = [ES, VAR];

/// The wealths that are alarms: 5 % and 1 %.
pub const ALARMS: [f64; 2] = [20.0, 100.0];

/// Largest stake, as its authors use.
const CAP: f64 = 0.5;

/// Log wealth beyond which a pooled mean does not count.
const MOST: f64 = 600.0;

/// Accounts whose processes stand in memory together.
const BLOCK: usize = 256;

/// What the monitors say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// By monitor, model and account, the pooled one last.
    pub rows: Vec<WatchRow>,
    /// Pooled log wealth by date; of the account where there is one only.
    pub paths: Vec<WatchPath>,
}

/// One process.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchRow {
    /// Name of the monitor.
    pub monitor: &'static str,
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts; `None` = pooled.
    pub account: Option<usize>,
    /// The level that is monitored.
    pub level: Level,
    /// Losses seen.
    pub observations: usize,
    /// Natural logarithm of the last wealth; `None` where there is no process.
    pub log_wealth: Option<f64>,
    /// Of the largest, and never below that of the start.
    pub log_most: Option<f64>,
    /// For each of [`ALARMS`] the step of the result at whose date it is known; `None` without one.
    pub alarms: [Option<usize>; 2],
    /// Why there is no process.
    pub note: String,
}

/// Pooled log wealth of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchPath {
    /// Name of the monitor.
    pub monitor: &'static str,
    /// Index into the result's models.
    pub model: usize,
    /// Natural logarithm of the wealth after the loss of each margin date.
    pub log_wealth: Vec<f64>,
}

/// One account's losses and figures, by step.
struct Series {
    level: Level,
    steps: Vec<usize>,
    loss: Vec<f64>,
    var: Vec<f64>,
    es: Option<Vec<f64>>,
}

/// Log wealth by part and step: `parts[k][t]` after the loss of step `t`, which moves only where `t % m = k`.
type Parts = Vec<Vec<f64>>;

/// The monitors that are asked for.
pub(super) fn all(result: &BacktestResult, wanted: Wanted<'_>) -> Result<Watched, CoverageError> {
    let mut watched = Watched::default();
    for model in 0..result.models.len() {
        if wanted.has(VAR) {
            model_rows(
                result,
                VAR,
                model,
                |account| Some(required(result, model, account)),
                &mut watched,
            )?;
        }
        if wanted.has(ES) {
            model_rows(
                result,
                ES,
                model,
                |account| forecast(result, model, account),
                &mut watched,
            )?;
        }
    }
    Ok(watched)
}

/// What was required of an account, beside the study's loss.
fn required(result: &BacktestResult, model: usize, account: usize) -> Series {
    let initial = &result.requirements[model][account].initial;
    let (steps, loss): (Vec<usize>, Vec<f64>) =
        result.losses[account].observed(result.convention).unzip();
    let var = steps.iter().map(|&step| initial[step]).collect();
    Series { level: result.level, steps, loss, var, es: None }
}

/// What was forecast for an account, beside the loss at the end of the margin period.
fn forecast(result: &BacktestResult, model: usize, account: usize) -> Option<Series> {
    let points = &result.forecasts.get(model)?.get(account)?.points;
    let level = points.iter().flatten().next()?.level;
    let losses = &result.losses[account].horizon;
    let both = points.iter().zip(losses).enumerate();
    let seen = both.filter_map(|(step, (point, loss))| Some((step, (*point)?, (*loss)?)));
    let (mut series, mut es) =
        (Series { level, steps: vec![], loss: vec![], var: vec![], es: None }, Vec::new());
    for (step, point, loss) in seen {
        series.steps.push(step);
        series.loss.push(loss);
        series.var.push(point.var);
        es.push(point.es);
    }
    Some(Series { es: Some(es), ..series })
}

/// The rows of one model, account by account, and its pooled row and path.
fn model_rows(
    result: &BacktestResult,
    monitor: &'static str,
    model: usize,
    series: impl Fn(usize) -> Option<Series> + Sync,
    watched: &mut Watched,
) -> Result<(), CoverageError> {
    let (steps, horizon) = (result.times.len(), result.horizon.steps());
    let accounts: Vec<usize> = (0..result.accounts.len()).collect();
    let mut sums = vec![vec![0.0; steps]; horizon];
    let (mut pooled, mut observations, mut level) = (0_usize, 0, None);
    for block in accounts.chunks(BLOCK) {
        let found: Vec<Option<(Series, Result<Parts, CoverageError>)>> = block
            .par_iter()
            .map(|&account| {
                let series = series(account).filter(|series| !series.steps.is_empty())?;
                let parts = parts(&series, steps, horizon);
                Some((series, parts))
            })
            .collect();
        for (&account, found) in block.iter().zip(found) {
            let Some((series, parts)) = found else { continue };
            let n = series.steps.len();
            let row =
                |parts| row(monitor, (model, Some(account)), (series.level, n), parts, horizon);
            watched.rows.push(match &parts {
                Ok(parts) => row(Ok(&shown(parts))),
                Err(error) => row(Err(error.to_string())),
            });
            let Ok(parts) = parts else { continue };
            (pooled, observations, level) = (pooled + 1, observations + n, Some(series.level));
            add(&mut sums, &parts);
        }
    }
    let Some(level) = level else { return Ok(()) };
    let mean = |sum: &f64| libm::log(sum / pooled as f64);
    let parts: Parts = sums.iter().map(|sums| sums.iter().map(mean).collect()).collect();
    let log_wealth = shown(&parts);
    if pooled > 1 {
        let of = ((model, None), (level, observations));
        watched.rows.push(row(monitor, of.0, of.1, Ok(&log_wealth), horizon));
    }
    watched.paths.push(WatchPath { monitor, model, log_wealth });
    Ok(())
}

/// The processes of one account, each step holding what the last loss left.
fn parts(series: &Series, steps: usize, horizon: usize) -> Result<Parts, CoverageError> {
    let of_part = |part: usize| {
        let at: Vec<usize> =
            (0..series.steps.len()).filter(|&at| series.steps[at] % horizon == part).collect();
        let take = |values: &[f64]| at.iter().map(|&at| values[at]).collect::<Vec<f64>>();
        let (loss, var) = (take(&series.loss), take(&series.var));
        let es = series.es.as_deref().map(take);
        let forecasts = Forecasts::new(&loss, &var, series.level)?;
        let found = match &es {
            None => monitoring::value_at_risk(&forecasts, Strategy::Gree(CAP))?,
            Some(es) => {
                monitoring::expected_shortfall(&forecasts.with_shortfall(es)?, Strategy::Gree(CAP))?
            }
        };
        let mut path = vec![0.0; steps];
        for (&at, wealth) in at.iter().zip(&found.log_wealth) {
            path[series.steps[at]..].fill(*wealth);
        }
        Ok(path)
    };
    (0..horizon).map(of_part).collect()
}

/// Adds the wealth of one account; most wealths are 1 for long.
fn add(sums: &mut [Vec<f64>], parts: &Parts) {
    for (sums, part) in sums.iter_mut().zip(parts) {
        let (mut last, mut wealth) = (0.0, 1.0);
        for (sum, &log) in sums.iter_mut().zip(part) {
            if log != last {
                (last, wealth) = (log, libm::exp(log.min(MOST)));
            }
            *sum += wealth;
        }
    }
}

/// The largest of the processes over their number, in logarithms.
fn shown(parts: &Parts) -> Vec<f64> {
    let price = libm::log(parts.len() as f64);
    let steps = parts.first().map_or(0, Vec::len);
    let most = |step: usize| parts.iter().map(|part| part[step]).fold(f64::NEG_INFINITY, f64::max);
    (0..steps).map(|step| most(step) - price).collect()
}

fn row(
    monitor: &'static str,
    (model, account): (usize, Option<usize>),
    (level, observations): (Level, usize),
    path: Result<&Vec<f64>, String>,
    horizon: usize,
) -> WatchRow {
    let path = match path {
        Ok(path) => path,
        Err(note) => {
            let (log_wealth, log_most, alarms) = (None, None, [None; 2]);
            return WatchRow {
                monitor,
                model,
                account,
                level,
                observations,
                log_wealth,
                log_most,
                alarms,
                note,
            };
        }
    };
    let start = -libm::log(horizon as f64);
    let alarm = |wealth: f64| {
        let first = path.iter().position(|log| *log >= libm::log(wealth))?;
        Some((first + horizon).min(path.len() - 1))
    };
    WatchRow {
        monitor,
        model,
        account,
        level,
        observations,
        log_wealth: path.last().copied(),
        log_most: Some(path.iter().copied().fold(start, f64::max)),
        alarms: ALARMS.map(alarm),
        note: String::new(),
    }
}
