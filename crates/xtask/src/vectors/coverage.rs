//! `coverage`: coverage tests, scores and e-values of loss series, and zones of overlapping losses.

use std::path::Path;

use mpor_backtest::coverage::basel::{ZoneBounds, traffic_light};
use mpor_backtest::coverage::christoffersen::{
    ConditionalCoverage, ConditionalCoverageFirstDropped, Independence, Transitions,
};
use mpor_backtest::coverage::e_values::{EProcess, expected_shortfall, value_at_risk};
use mpor_backtest::coverage::haas::{TimeBetweenFailures, TimeBetweenFailuresIndependence};
use mpor_backtest::coverage::overlap_zones::zone_bounds;
use mpor_backtest::coverage::{
    CoverageTest, Forecasts, HitSequence, Law, TestOutcome, acerbi_szekely, assess, binomial,
    clopper_pearson, dq, duration_weibull, fz0, hac, kupiec, pinball, tuff,
};
use mpor_core::Level;
use serde::Deserialize;
use serde_json::Value;

use super::{Case, FileReport, read_json};

#[derive(Deserialize)]
struct Series {
    id: String,
    level: Level,
    loss: Vec<f64>,
    var: Vec<f64>,
    es: Vec<f64>,
    expected: Value,
}

/// Runs `series.json` and `overlap_zones.json`, those that are there.
///
/// # Errors
/// A file that cannot be read, in a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let mut reports = Vec::new();
    let (series, zones) = (folder.join("series.json"), folder.join("overlap_zones.json"));
    if series.exists() {
        reports.push(run_series(&series)?);
    }
    if zones.exists() {
        reports.push(run_zones(&zones)?);
    }
    Ok(reports)
}

fn run_series(path: &Path) -> Result<FileReport, String> {
    let mut report = FileReport::new("series.json");
    for value in array(&read_json(path)?, "series", path)? {
        let series: Series = serde_json::from_value(value.clone())
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let mut case = report.case(series.id.as_str());
        if let Err(problem) = check(&series, &mut case) {
            case.fail("series", problem);
        }
    }
    Ok(report)
}

fn array<'v>(file: &'v Value, key: &str, path: &Path) -> Result<&'v Vec<Value>, String> {
    let found = file.get(key).and_then(Value::as_array);
    found.ok_or_else(|| format!("{}: no list `{key}`", path.display()))
}

fn check(series: &Series, case: &mut Case<'_>) -> Result<(), String> {
    let say = |error: &dyn std::fmt::Display| error.to_string();
    let forecasts = Forecasts::new(&series.loss, &series.var, series.level)
        .and_then(|forecasts| forecasts.with_shortfall(&series.es))
        .map_err(|error| say(&error))?;
    let hits = forecasts.hit_sequence();
    let expected = &series.expected;
    check_counts(&forecasts, &hits, expected, case)?;
    check_tests(&hits, expected, case);
    check_weibull(&hits, &expected["duration_weibull"], case);
    outcome("dq", dq::test(&forecasts).ok(), &expected["dq"], case);
    check_basel(&hits, &expected["basel"], case);
    check_hac(&hits, &expected["hac"], case);
    check_scores(&forecasts, expected, case)?;
    check_shortfall(series, &expected["shortfall"], case);
    check_e_values("e_var", |bet| value_at_risk(&forecasts, bet).ok(), &expected["e_var"], case);
    check_e_values("e_es", |bet| expected_shortfall(&forecasts, bet).ok(), &expected["e_es"], case);
    Ok(())
}

fn check_counts(
    forecasts: &Forecasts<'_>,
    hits: &HitSequence,
    expected: &Value,
    case: &mut Case<'_>,
) -> Result<(), String> {
    let (n, x) = (hits.len() as f64, hits.count() as f64);
    count("observations", hits.len(), &expected["observations"], case);
    count("hits", hits.count(), &expected["hits"], case);
    number("hit_rate", Some(x / n), &expected["hit_rate"], case);
    number("coverage", Some(1.0 - x / n), &expected["coverage"], case);
    let confidence = Level::new(0.95).map_err(|error| error.to_string())?;
    let bounds = clopper_pearson::bounds(n, x, confidence).ok();
    for (at, bound) in
        [bounds.map(|bounds| bounds.0), bounds.map(|bounds| bounds.1)].into_iter().enumerate()
    {
        number("clopper_pearson_95", bound, &expected["clopper_pearson_95"][at], case);
    }
    let upper = binomial::Binomial.test(&forecasts.hit_sequence()).ok();
    let p_value = upper.map(|outcome| outcome.p_value);
    number("binomial_upper_p", p_value, &expected["binomial_upper_p"], case);
    Ok(())
}

fn check_tests(hits: &HitSequence, expected: &Value, case: &mut Case<'_>) {
    let run = |test: &dyn CoverageTest| test.test(hits).ok();
    let pairs = &expected["christoffersen"];
    let tests: [(&str, Option<TestOutcome>, &Value); 7] = [
        ("kupiec", run(&kupiec::Kupiec), &expected["kupiec"]),
        ("tuff", run(&tuff::TimeUntilFirstFailure), &expected["tuff"]),
        ("christoffersen.independence", run(&Independence), &pairs["independence"]),
        (
            "christoffersen.conditional_coverage",
            run(&ConditionalCoverage),
            &pairs["conditional_coverage"],
        ),
        (
            "christoffersen.conditional_coverage_first_dropped",
            run(&ConditionalCoverageFirstDropped),
            &pairs["conditional_coverage_first_dropped"],
        ),
        ("haas.tbfi", run(&TimeBetweenFailuresIndependence), &expected["haas"]["tbfi"]),
        ("haas.tbf", run(&TimeBetweenFailures), &expected["haas"]["tbf"]),
    ];
    for (field, found, expected) in tests {
        outcome(field, found, expected, case);
    }
    if let Some(first) = expected["tuff"].get("first_hit") {
        count("tuff.first_hit", hits.hit_times().next().unwrap_or(0), first, case);
    }
    if !pairs.is_null() {
        let Transitions { n00, n01, n10, n11 } = Transitions::of(hits);
        for (field, found) in [("n00", n00), ("n01", n01), ("n10", n10), ("n11", n11)] {
            count(&format!("christoffersen.{field}"), found, &pairs[field], case);
        }
    }
}

fn check_weibull(hits: &HitSequence, expected: &Value, case: &mut Case<'_>) {
    let fit = duration_weibull::fit(hits).ok();
    case.same("duration_weibull", &fit.is_some(), &!expected.is_null());
    let (Some(fit), false) = (fit, expected.is_null()) else { return };
    let relative = |field: &str, found: f64, case: &mut Case<'_>| match expected[field].as_f64() {
        Some(value) => {
            case.relative(&format!("duration_weibull.{field}"), found, value, 1e-7, 1e-300);
        }
        None => case.fail(field, "no expected value"),
    };
    relative("shape", fit.shape, case);
    relative("rate", fit.rate, case);
    count("duration_weibull.uncensored", fit.uncensored, &expected["uncensored"], case);
    count("duration_weibull.censored", fit.censored, &expected["censored"], case);
    let outcome = fit.outcome();
    let fields = [
        ("log_likelihood", fit.log_likelihood),
        ("log_likelihood_exponential", fit.log_likelihood_exponential),
        ("statistic", outcome.statistic),
    ];
    for (field, found) in fields {
        let field_name = format!("duration_weibull.{field}");
        case.optional(&field_name, Some(found), expected[field].as_f64(), 1e-7);
    }
    let p_value = expected["p_value"].as_f64();
    case.optional("duration_weibull.p_value", Some(outcome.p_value), p_value, 1e-8);
}

fn check_basel(hits: &HitSequence, expected: &Value, case: &mut Case<'_>) {
    let Ok(found) = traffic_light(hits) else {
        case.same("basel", &None::<f64>, &expected["cumulative"].as_f64());
        return;
    };
    number("basel.cumulative", Some(found.cumulative), &expected["cumulative"], case);
    case.same("basel.zone", &Some(found.light.name()), &expected["zone"].as_str());
    bounds("basel", &found.bounds, expected, case);
}

fn bounds(area: &str, found: &ZoneBounds, expected: &Value, case: &mut Case<'_>) {
    for (field, bound) in [("green_max", found.green_max), ("yellow_max", found.yellow_max)] {
        // A zone that no count reaches is written as null or as -1.
        let expected = expected[field].as_u64().map(|bound| bound as usize);
        case.same(&format!("{area}.{field}"), &bound, &expected);
    }
}

fn check_hac(hits: &HitSequence, expected: &Value, case: &mut Case<'_>) {
    for (at, lag) in [0, 4, 9].into_iter().enumerate() {
        let expected = &expected[at];
        let lag = expected["lag"].as_u64().map_or(lag, |lag| lag as usize);
        let found = hac::test(hits.hits(), hits.tail(), lag).ok();
        case.same("hac", &found.is_some(), &!expected.is_null());
        let (Some(found), false) = (found, expected.is_null()) else { continue };
        let variance = Some(found.long_run_variance);
        number("hac.long_run_variance", variance, &expected["long_run_variance"], case);
        number("hac.t", Some(found.outcome.statistic), &expected["t"], case);
        let p_value = expected["p_value_one_sided"].as_f64();
        case.optional("hac.p_value_one_sided", Some(found.outcome.p_value), p_value, 1e-8);
    }
}

fn check_scores(
    forecasts: &Forecasts<'_>,
    expected: &Value,
    case: &mut Case<'_>,
) -> Result<(), String> {
    let found = acerbi_szekely::statistics(forecasts).map_err(|error| error.to_string())?;
    number("acerbi_szekely.z1", found.z1, &expected["acerbi_szekely"]["z1"], case);
    number("acerbi_szekely.z2", Some(found.z2), &expected["acerbi_szekely"]["z2"], case);
    number("pinball_mean", pinball::mean(forecasts).ok(), &expected["pinball_mean"], case);
    number("fz0_mean", fz0::mean(forecasts).ok(), &expected["fz0_mean"], case);
    Ok(())
}

fn check_shortfall(series: &Series, expected: &Value, case: &mut Case<'_>) {
    let observed = assess::Observed { loss: series.loss.clone(), requirement: series.var.clone() };
    let row = assess::pooled(0, std::slice::from_ref(&observed));
    number("shortfall.peak", Some(row.worst_shortfall), &expected["peak"], case);
    let mean = (row.breaches > 0).then_some(row.mean_shortfall);
    number("shortfall.mean_over_hits", mean, &expected["mean_over_hits"], case);
}

fn check_e_values(
    area: &str,
    process: impl Fn(f64) -> Option<EProcess>,
    expected: &Value,
    case: &mut Case<'_>,
) {
    for expected in expected.as_array().into_iter().flatten() {
        let found = expected["lam"].as_f64().and_then(&process);
        let field = |name: &str| format!("{area}.{name}");
        number(&field("log_final"), found.map(|f| f.log_final), &expected["log_final"], case);
        number(&field("log_max"), found.map(|f| f.log_max), &expected["log_max"], case);
        let crossing = found.and_then(|f| f.first_crossing);
        let wanted = expected["first_crossing"].as_u64().map(|day| day as usize);
        case.same(&field("first_crossing"), &crossing, &wanted);
    }
}

fn outcome(field: &str, found: Option<TestOutcome>, expected: &Value, case: &mut Case<'_>) {
    case.same(field, &found.is_some(), &!expected.is_null());
    let (Some(found), false) = (found, expected.is_null()) else { return };
    number(&format!("{field}.statistic"), Some(found.statistic), &expected["statistic"], case);
    let p_value = expected["p_value"].as_f64();
    case.optional(&format!("{field}.p_value"), Some(found.p_value), p_value, 1e-8);
    if let Law::ChiSquared(df) = found.law {
        count(&format!("{field}.df"), df, &expected["df"], case);
    }
}

fn number(field: &str, found: Option<f64>, expected: &Value, case: &mut Case<'_>) {
    let expected = expected.as_f64();
    let tolerance = 1e-8 * expected.map_or(1.0, |value| value.abs().max(1.0));
    case.optional(field, found, expected, tolerance);
}

fn count(field: &str, found: usize, expected: &Value, case: &mut Case<'_>) {
    case.same(field, &Some(found as u64), &expected.as_u64());
}

#[derive(Deserialize)]
struct ZoneCase {
    horizon_days: usize,
    observations: usize,
    level: Level,
    green_max: usize,
    yellow_max: usize,
    #[serde(default)]
    exact: bool,
    cdf_at_green_max: Option<f64>,
    cdf_at_green_max_plus_1: Option<f64>,
}

/// Cumulative probabilities closer than this to 95 % leave the green bound to the noise of the simulation.
const UNDECIDED: f64 = 0.001;

fn run_zones(path: &Path) -> Result<FileReport, String> {
    let mut report = FileReport::new("overlap_zones.json");
    for value in array(&read_json(path)?, "vectors", path)? {
        let zone: ZoneCase = serde_json::from_value(value.clone())
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let name = format!("m{} n{} {}", zone.horizon_days, zone.observations, zone.level);
        let found = zone_bounds(zone.horizon_days, zone.observations, zone.level);
        let mut case = report.case(name);
        let exact = zone.exact || zone.horizon_days == 1;
        let near = |cdf: Option<f64>| cdf.is_some_and(|cdf| (cdf - 0.95).abs() <= UNDECIDED);
        let undecided = near(zone.cdf_at_green_max) || near(zone.cdf_at_green_max_plus_1);
        let slack = |loose: bool| if loose && !exact { 1.0 } else { 1e-9 };
        let as_number = |bound: Option<usize>| bound.map(|bound| bound as f64);
        let (green, yellow) = (zone.green_max as f64, zone.yellow_max as f64);
        case.optional("green_max", as_number(found.green_max), Some(green), slack(undecided));
        case.optional("yellow_max", as_number(found.yellow_max), Some(yellow), slack(true));
    }
    Ok(report)
}
