//! The answer of a run in a sentence and a table, for the terminal.

use mpor_backtest::{BacktestResult, CoverageRow, Light};

/// The answer in a sentence: which model broke most and which held.
#[must_use]
pub fn sentence(result: &BacktestResult) -> String {
    let count = |model: usize| pooled(result, model).map_or(0, |row| row.breaches);
    let models = 0..result.models.len();
    let (Some(most), Some(least)) = (
        models.clone().max_by_key(|&model| count(model)),
        models.min_by_key(|&model| count(model)),
    ) else {
        return String::new();
    };
    let name = |model: usize| &result.models[model].id;
    format!(
        "Over {} margin dates and {} accounts, {} was breached most ({} times) and {} least ({}).",
        result.times.len(),
        result.accounts.len(),
        name(most),
        count(most),
        name(least),
        count(least)
    )
}

/// One row a model: name, coverage, breaches, worst shortfall, mean margin, share of the baseline's, peak to trough, zone.
#[must_use]
pub fn rows(result: &BacktestResult) -> Vec<Vec<String>> {
    (0..result.models.len()).map(|model| row(result, model)).collect()
}

fn row(result: &BacktestResult, model: usize) -> Vec<String> {
    let pooled = pooled(result, model);
    let coverage = pooled.and_then(|row| row.coverage);
    let baseline = result.models.iter().position(|model| model.baseline);
    let mean = mean_margin(result, model);
    let ratio = baseline.map(|baseline| mean / mean_margin(result, baseline));
    let calmness = result.procyclicality.iter().filter(|row| row.model == model);
    let peak = calmness
        .filter_map(|row| row.metrics.as_ref().map(|metrics| metrics.peak_to_trough))
        .reduce(f64::max);
    vec![
        result.models[model].id.clone(),
        coverage.map_or("-".to_owned(), |value| format!("{:.2} %", 100.0 * value)),
        pooled.map_or(0, |row| row.breaches).to_string(),
        format!("{:.0}", pooled.map_or(0.0, |row| row.worst_shortfall)),
        format!("{mean:.0}"),
        ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
        peak.map_or("-".to_owned(), |peak| format!("{peak:.1}")),
        worst_zone(result, model).to_owned(),
    ]
}

fn pooled(result: &BacktestResult, model: usize) -> Option<&CoverageRow> {
    result.coverage.iter().find(|row| row.model == model && row.account.is_none())
}

/// Mean over accounts and dates.
fn mean_margin(result: &BacktestResult, model: usize) -> f64 {
    let count = (result.accounts.len() * result.times.len()).max(1);
    result.required(model) / count as f64
}

fn worst_zone(result: &BacktestResult, model: usize) -> &'static str {
    let rows = result.coverage.iter().filter(|row| row.model == model);
    let worst = rows.filter_map(|row| row.zone.map(|zone| zone.light)).max();
    worst.map_or("-", Light::name)
}
