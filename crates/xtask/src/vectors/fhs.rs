//! `fhs`: historical simulation of one series, plain, age-weighted, volatility-weighted, bucketed and stressed, and the
//! operators that calm a margin path, against an independent double-precision implementation.

use std::path::Path;

use mpor_core::Level;
use mpor_margin::overlays::path;
use mpor_risk::scenario::{Rescale, VolatilityFloor};
use mpor_risk::series::{self, Bucketed, Filter, Holding, SigmaFloor, Steps};
use mpor_risk::{Measure, RiskError, RiskMeasure};
use mpor_stats::ewma::{BURN_IN, Decay};
use mpor_stats::{QuantileRule, Side, quantile};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::read_json;
use super::report::{Case, FileReport};

/// Relative tolerance of the folder.
const RELATIVE: f64 = 1e-10;
/// Below this a relative tolerance means nothing.
const FLOOR: f64 = 1e-300;

const HOLDINGS: [(&str, Holding); 2] = [("long", Holding::Long), ("short", Holding::Short)];

/// Runs the files of the folder that are there.
///
/// # Errors
/// When a file cannot be read or is not in the format.
pub fn run(dir: &Path) -> Result<Vec<FileReport>, String> {
    let files: [(&str, Check); 6] = [
        ("apc.json", apc),
        ("brw.json", brw),
        ("bucketed.json", bucketed),
        ("hull_white.json", hull_white),
        ("plain.json", plain),
        ("stress_blend.json", stress_blend),
    ];
    let history = dir.join("history.json");
    let history = if history.exists() { parse(&history)? } else { History::default() };
    let mut reports = Vec::new();
    for (file, check) in files {
        let path = dir.join(file);
        if path.exists() {
            let mut report = FileReport::new(file);
            check(&path, &history, &mut report)?;
            reports.push(report);
        }
    }
    Ok(reports)
}

type Check = fn(&Path, &History, &mut FileReport) -> Result<(), String>;

#[derive(Default, Deserialize)]
struct History {
    returns: Vec<f64>,
    stress_days: Vec<usize>,
}

impl History {
    /// Returns up to and including index `t`.
    fn until(&self, t: usize) -> Result<&[f64], String> {
        self.returns.get(..=t).ok_or_else(|| format!("date {t} is outside history.json"))
    }

    /// Returns of the stress list.
    fn stressed(&self) -> Result<Vec<f64>, String> {
        let of = |&day: &usize| self.returns.get(day).copied();
        let found: Option<Vec<f64>> = self.stress_days.iter().map(of).collect();
        found.ok_or_else(|| "a stress day is outside history.json".to_owned())
    }
}

fn parse<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, String> {
    serde_json::from_value(read_json(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

/// Compares a figure with an expected value; a code error fails the case.
fn check(case: &mut Case<'_>, field: &str, actual: Result<f64, RiskError>, expected: &Value) {
    match (actual, expected.as_f64()) {
        (Ok(actual), Some(expected)) => case.relative(field, actual, expected, RELATIVE, FLOOR),
        (Ok(actual), None) => case.fail(field, format!("expected {expected}, got {actual}")),
        (Err(error), _) => case.fail(field, error),
    }
}

/// A level written as `0.975`, or as the digits after the point.
fn level(text: &str) -> Result<Level, String> {
    let text = if text.contains('.') { text.to_owned() } else { format!("0.{text}") };
    text.parse().map_err(|error| format!("{error}"))
}

fn decay(lambda: f64) -> Result<Decay, String> {
    Decay::new(lambda).map_err(|error| error.to_string())
}

fn var(level: Level) -> RiskMeasure {
    RiskMeasure::new(Measure::Var, level)
}

fn es(level: Level) -> RiskMeasure {
    RiskMeasure::new(Measure::Es, level)
}

#[derive(Deserialize)]
struct Plain {
    window: usize,
    vectors: Vec<Dated<Sides>>,
}

#[derive(Deserialize)]
struct Dated<T> {
    t: usize,
    expected: T,
}

type Sides = std::collections::BTreeMap<String, Map<String, Value>>;

fn holding(name: &str) -> Result<Holding, String> {
    let found = HOLDINGS.iter().find(|(known, _)| *known == name);
    found.map(|(_, holding)| *holding).ok_or_else(|| format!("`{name}` is neither long nor short"))
}

fn plain(path: &Path, history: &History, report: &mut FileReport) -> Result<(), String> {
    let file: Plain = parse(path)?;
    for vector in &file.vectors {
        let returns = history.until(vector.t)?;
        for (side, expected) in &vector.expected {
            let sampled = series::plain(returns, file.window, holding(side)?)
                .map_err(|error| error.to_string())?;
            let mut case = report.case(format!("t {} {side}", vector.t));
            for (key, expected) in expected {
                match (key.strip_prefix("worst_"), expected.as_object()) {
                    (Some(count), _) => {
                        let count = count.trim_end_matches("_mean").parse::<usize>();
                        let count = count.map_err(|_| format!("unknown field `{key}`"))?;
                        check(&mut case, "worst_mean", sampled.worst_mean(count), expected);
                    }
                    (None, Some(figures)) => {
                        plain_level(&mut case, &sampled, level(key)?, figures)?;
                    }
                    (None, None) => return Err(format!("unknown field `{key}`")),
                }
            }
        }
    }
    Ok(())
}

/// All figures of one sample at one level.
fn plain_level(
    case: &mut Case<'_>,
    sampled: &series::Sampled,
    level: Level,
    figures: &Map<String, Value>,
) -> Result<(), String> {
    let losses: Vec<f64> = sampled.samples[0].iter().map(|gain| -gain).collect();
    let threshold = sampled.figure(var(level)).map_err(|error| error.to_string())?;
    for (field, expected) in figures {
        match field.as_str() {
            "hs_ceil" => check(case, field, Ok(threshold), expected),
            "es_exact" => check(case, field, sampled.figure(es(level)), expected),
            "es_tail_mean" => {
                optional(case, field, quantile::mean_from(&losses, threshold), expected)
            }
            "es_tail_mean_strict" => {
                optional(case, field, quantile::mean_above(&losses, threshold), expected);
            }
            "var_loss_side" => quantiles(case, field, sampled, level, Side::Loss, expected),
            "var_pnl_side" => quantiles(case, field, sampled, level, Side::Pnl, expected),
            _ => return Err(format!("unknown field `{field}`")),
        }
    }
    Ok(())
}

fn optional(case: &mut Case<'_>, field: &str, actual: Option<f64>, expected: &Value) {
    let expected = expected.as_f64();
    let tolerance = expected.map_or(FLOOR, |value| (RELATIVE * value.abs()).max(FLOOR));
    case.optional(field, actual, expected, tolerance);
}

/// The nine Hyndman-Fan quantiles, in order.
fn quantiles(
    case: &mut Case<'_>,
    field: &str,
    sampled: &series::Sampled,
    level: Level,
    side: Side,
    expected: &Value,
) {
    let expected: &[Value] = expected.as_array().map_or(&[], Vec::as_slice);
    case.same(&format!("{field} count"), &expected.len(), &9);
    for (rule, expected) in QuantileRule::ALL.iter().skip(1).zip(expected) {
        let measure = RiskMeasure { measure: Measure::Var, level, rule: *rule, side };
        check(case, field, sampled.figure(measure), expected);
    }
}

#[derive(Deserialize)]
struct Brw {
    window: usize,
    vectors: Vec<BrwVector>,
}

#[derive(Deserialize)]
struct BrwVector {
    t: usize,
    lam: f64,
    expected: Sides,
}

fn brw(path: &Path, history: &History, report: &mut FileReport) -> Result<(), String> {
    let file: Brw = parse(path)?;
    for vector in &file.vectors {
        let returns = history.until(vector.t)?;
        let mut case = report.case(format!("t {} lam {}", vector.t, vector.lam));
        for (key, figures) in &vector.expected {
            let (side, tail) =
                key.split_once('_').ok_or_else(|| format!("unknown field `{key}`"))?;
            let (holding, level) = (holding(side)?, level(tail)?);
            let weighted = series::age_weighted(returns, file.window, decay(vector.lam)?, holding)
                .map_err(|error| error.to_string())?;
            for (field, expected) in figures {
                let measure = match field.as_str() {
                    "var" => var(level),
                    "es" => es(level),
                    _ => return Err(format!("unknown field `{field}`")),
                };
                check(&mut case, field, weighted.figure(measure), expected);
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct HullWhite {
    window: usize,
    vectors: Vec<HullWhiteVector>,
}

#[derive(Deserialize)]
struct HullWhiteVector {
    t: usize,
    lam: f64,
    horizon: usize,
    expected: Map<String, Value>,
}

fn hull_white(path: &Path, history: &History, report: &mut FileReport) -> Result<(), String> {
    let file: HullWhite = parse(path)?;
    for vector in &file.vectors {
        let returns = history.until(vector.t)?;
        let name = format!("t {} lam {} horizon {}", vector.t, vector.lam, vector.horizon);
        let mut case = report.case(name);
        for (key, expected) in &vector.expected {
            let mut filter = full_filter(vector.lam)?;
            match key.as_str() {
                "sigma_forecast" => {
                    let forecast = series::filtered_returns(returns, file.window, filter);
                    check(&mut case, key, forecast.map(|(_, sigma)| sigma), expected);
                    continue;
                }
                "full" => {}
                "floored" => filter.floor = Some(VolatilityFloor::Median),
                "mid" => filter.rescale = Rescale::Mid,
                _ => return Err(format!("unknown field `{key}`")),
            }
            for (side, figures) in expected.as_object().into_iter().flatten() {
                let holding = holding(side)?;
                for (field, expected) in figures.as_object().into_iter().flatten() {
                    let (steps, figure) = steps_of(field, vector.horizon)?;
                    let sampled = series::hull_white(returns, file.window, filter, steps, holding)
                        .map_err(|error| error.to_string())?;
                    let actual = match figure {
                        TailFigure::Measure(measure) => sampled.figure(measure),
                        TailFigure::Worst(count) => sampled.worst_mean(count),
                    };
                    check(&mut case, &format!("{key} {field}"), actual, expected);
                }
            }
        }
    }
    Ok(())
}

fn full_filter(lambda: f64) -> Result<Filter, String> {
    Ok(Filter { decay: decay(lambda)?, burn_in: BURN_IN, floor: None, rescale: Rescale::Full })
}

enum TailFigure {
    Measure(RiskMeasure),
    Worst(usize),
}

/// Reads names like `overlapping_es_975` and `one_day_worst_6`.
fn steps_of(field: &str, horizon: usize) -> Result<(Steps, TailFigure), String> {
    let unknown = || format!("unknown field `{field}`");
    let names = [
        ("one_day_", Steps::One),
        ("sqrt_time_", Steps::SqrtTime(horizon)),
        ("overlapping_", Steps::Overlapping(horizon)),
        ("interleaved_mean_", Steps::Interleaved(horizon)),
    ];
    let found = names.iter().find_map(|(name, steps)| Some((steps, field.strip_prefix(name)?)));
    let (steps, rest) = found.ok_or_else(unknown)?;
    let (figure, number) = rest.split_once('_').ok_or_else(unknown)?;
    let figure = match figure {
        "var" => TailFigure::Measure(var(level(number)?)),
        "es" => TailFigure::Measure(es(level(number)?)),
        "worst" => TailFigure::Worst(number.parse().map_err(|_| unknown())?),
        _ => return Err(unknown()),
    };
    Ok((*steps, figure))
}

#[derive(Deserialize)]
struct StressBlend {
    window: usize,
    lam: f64,
    vectors: Vec<Dated<Sides>>,
}

/// The folder's weight of stress; its field names spell it.
const STRESS_WEIGHT: f64 = 0.25;

fn stress_blend(path: &Path, history: &History, report: &mut FileReport) -> Result<(), String> {
    let file: StressBlend = parse(path)?;
    let (filter, level) = (full_filter(file.lam)?, Level::P99);
    let stressed = history.stressed()?;
    for vector in &file.vectors {
        let returns = history.until(vector.t)?;
        for (side, figures) in &vector.expected {
            let holding = holding(side)?;
            let mut case = report.case(format!("t {} {side}", vector.t));
            let blend = || -> Result<_, RiskError> {
                let now = series::hull_white(returns, file.window, filter, Steps::One, holding)?;
                let stress = series::plain(&stressed, stressed.len(), holding)?;
                let pool = series::pooled(&now, &stress, STRESS_WEIGHT)?;
                Ok((now.figure(var(level))?, stress.figure(var(level))?, pool))
            };
            let (margin, stress, pool) = blend().map_err(|error| error.to_string())?;
            for (field, expected) in figures {
                let actual = match field.as_str() {
                    "margin" => Ok(margin),
                    "stress_margin" => Ok(stress),
                    "amounts_75_25" => Ok(series::blend_amounts(margin, stress, STRESS_WEIGHT)),
                    "pooled_scenarios_var" => pool.figure(var(level)),
                    "pooled_scenarios_es" => pool.figure(es(level)),
                    _ => return Err(format!("unknown field `{field}`")),
                };
                check(&mut case, field, actual, expected);
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct BucketedFile {
    vectors: Vec<BucketedVector>,
}

#[derive(Deserialize)]
struct BucketedVector {
    config: BucketedConfig,
    stress: Map<String, Value>,
    rows: Vec<BucketedRow>,
}

#[derive(Deserialize)]
struct BucketedConfig {
    m: usize,
    n: usize,
    window: usize,
    anchor_level: String,
    scale: f64,
    stress_level: String,
    lambda: f64,
}

#[derive(Deserialize)]
struct BucketedRow {
    t: usize,
    sigma_now: Value,
    #[serde(flatten)]
    sides: Sides,
}

impl BucketedConfig {
    fn model(&self) -> Result<Bucketed, String> {
        Ok(Bucketed {
            steps: self.m,
            look_back: self.n,
            window: self.window,
            anchor: level(&self.anchor_level)?,
            scale: self.scale,
            stress: level(&self.stress_level)?,
            decay: decay(self.lambda)?,
        })
    }
}

fn bucketed(path: &Path, history: &History, report: &mut FileReport) -> Result<(), String> {
    let file: BucketedFile = parse(path)?;
    for vector in &file.vectors {
        let (model, config) = (vector.config.model()?, &vector.config);
        let name = format!("m {} n {} window {}", config.m, config.n, config.window);
        let stressed = |holding| model.stressed(&history.returns, &history.stress_days, holding);
        let mut case = report.case(format!("{name} stress"));
        for (side, expected) in &vector.stress {
            check(&mut case, "stress", stressed(holding(side)?), expected);
        }
        for row in &vector.rows {
            let returns = history.until(row.t)?;
            let mut case = report.case(format!("{name} t {}", row.t));
            let buckets = model.buckets(returns).map_err(|error| error.to_string())?;
            check(&mut case, "sigma_now", Ok(buckets.sigma), &row.sigma_now);
            for (side, figures) in &row.sides {
                let holding = holding(side)?;
                let filtered = |floor| model.filtered(&buckets, floor, holding);
                let margin = |floor| Ok(filtered(floor)?.max(stressed(holding)?));
                for (field, expected) in figures {
                    let actual = match field.as_str() {
                        "filtered" => filtered(SigmaFloor::None),
                        "filtered_floored" => filtered(SigmaFloor::Median),
                        "margin" => margin(SigmaFloor::None),
                        "margin_floored" => margin(SigmaFloor::Median),
                        _ => return Err(format!("unknown field `{field}`")),
                    };
                    check(&mut case, field, actual, expected);
                }
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Apc {
    path: Vec<f64>,
    #[serde(default)]
    stress_path: Vec<f64>,
    #[serde(default)]
    floor_path: Vec<f64>,
    vectors: Vec<Operator>,
}

#[derive(Deserialize)]
struct Operator {
    #[serde(flatten)]
    rule: Rule,
    expected: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(tag = "operator", rename_all = "snake_case")]
enum Rule {
    Buffer { share: f64, release: Option<f64> },
    StressBlend { weight: f64 },
    Floor,
    Cap { cap: f64 },
    SpeedLimit { n: usize, limit: f64 },
}

fn apc(path: &Path, _history: &History, report: &mut FileReport) -> Result<(), String> {
    let file: Apc = parse(path)?;
    for (number, vector) in file.vectors.iter().enumerate() {
        let (field, actual) = match vector.rule {
            Rule::Buffer { share, release } => ("buffer", path::buffer(&file.path, share, release)),
            Rule::StressBlend { weight } => {
                ("stress_blend", path::stress_blend(&file.path, &file.stress_path, weight))
            }
            Rule::Floor => ("floor", path::floor(&file.path, &file.floor_path)),
            Rule::Cap { cap } => ("cap", path::cap(&file.path, cap)),
            Rule::SpeedLimit { n, limit } => {
                ("speed_limit", path::speed_limit(&file.path, n, limit))
            }
        };
        let mut case = report.case(format!("{} {field}", number + 1));
        case.same(&format!("{field} length"), &actual.len(), &vector.expected.len());
        for (actual, expected) in actual.iter().zip(&vector.expected) {
            case.relative(field, *actual, *expected, RELATIVE, FLOOR);
        }
    }
    Ok(())
}
