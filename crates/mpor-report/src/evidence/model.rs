//! One model in one row: was it enough, at what cost, and how calmly?
//!
//! The verdict compares the target level with the 95 % Clopper-Pearson bounds of the coverage that the backtest
//! computed over all accounts. It is a statement about this sample: overlapping days and accounts that move together
//! make the true uncertainty wider than those bounds.

use mpor_backtest::{BacktestResult, coverage::CoverageRow, coverage::Light};

/// One model's row of the verdict table. Amounts in reporting currency.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSummary {
    /// Margin dates with a finished MPOR, over all accounts.
    pub observations: usize,
    /// Breaches over all accounts.
    pub breaches: usize,
    /// Pooled coverage; `None` without observations.
    pub coverage: Option<f64>,
    /// Its 95 % bounds.
    pub bounds: Option<(f64, f64)>,
    /// What the bounds say about the target.
    pub verdict: Verdict,
    /// Index of the breach with the largest shortfall.
    pub worst: Option<usize>,
    /// Initial margin of all accounts together, mean over the margin dates.
    pub mean_requirement: f64,
    /// The mean requirement over the baseline's; `None` without a baseline or when it asks for nothing.
    pub cost: Option<f64>,
    /// Largest peak-to-trough ratio of any account, and the account.
    pub peak_to_trough: Option<(f64, usize)>,
    /// Accounts by traffic light.
    pub zones: ZoneCounts,
}

/// What the bounds of the coverage say about the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies below the target.
    Below,
    /// The target lies inside the interval.
    Consistent,
    /// The whole interval lies above the target.
    Above,
    /// Nothing was observed.
    Unknown,
}

/// How many accounts fall into which zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZoneCounts {
    /// Green.
    pub green: usize,
    /// Yellow.
    pub yellow: usize,
    /// Red.
    pub red: usize,
}

impl Verdict {
    /// As printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Below => "below target",
            Verdict::Consistent => "consistent",
            Verdict::Above => "above target",
            Verdict::Unknown => "not observed",
        }
    }
}

impl ZoneCounts {
    /// All accounts with a zone.
    #[must_use]
    pub fn total(self) -> usize {
        self.green + self.yellow + self.red
    }

    fn add(&mut self, light: Light) {
        match light {
            Light::Green => self.green += 1,
            Light::Yellow => self.yellow += 1,
            Light::Red => self.red += 1,
        }
    }
}

pub(super) fn summaries(result: &BacktestResult) -> Vec<ModelSummary> {
    let means: Vec<f64> =
        (0..result.models.len()).map(|model| mean_requirement(result, model)).collect();
    let baseline = result.models.iter().position(|model| model.baseline).map(|model| means[model]);
    (0..means.len()).map(|model| summary(result, model, means[model], baseline)).collect()
}

fn summary(result: &BacktestResult, model: usize, mean: f64, base: Option<f64>) -> ModelSummary {
    let pooled = pooled_row(result, model);
    let coverage = pooled.and_then(|row| row.coverage);
    let bounds = pooled.and_then(|row| row.bounds);
    ModelSummary {
        observations: pooled.map_or(0, |row| row.observations),
        breaches: pooled.map_or(0, |row| row.breaches),
        coverage,
        bounds,
        verdict: verdict(bounds, result.level.value()),
        worst: worst(result, model),
        mean_requirement: mean,
        cost: base.filter(|&base| base > 0.0).map(|base| mean / base),
        peak_to_trough: peak_to_trough(result, model),
        zones: zones(result, model),
    }
}

/// The pooled row, or the only account's row where nothing was pooled.
fn pooled_row(result: &BacktestResult, model: usize) -> Option<&CoverageRow> {
    let mut rows = result.coverage.iter().filter(|row| row.model == model);
    rows.clone()
        .find(|row| row.account.is_none())
        .or_else(|| if result.accounts.len() == 1 { rows.next() } else { None })
}

fn verdict(bounds: Option<(f64, f64)>, target: f64) -> Verdict {
    match bounds {
        None => Verdict::Unknown,
        Some((_, high)) if high < target => Verdict::Below,
        Some((low, _)) if low > target => Verdict::Above,
        Some(_) => Verdict::Consistent,
    }
}

fn worst(result: &BacktestResult, model: usize) -> Option<usize> {
    let of_model = result.breaches.iter().enumerate().filter(|(_, breach)| breach.model == model);
    let larger = |best: Option<usize>, (index, _): (usize, _)| {
        let size = |index: usize| result.breaches[index].shortfall();
        Some(best.filter(|&best| size(best) >= size(index)).unwrap_or(index))
    };
    of_model.fold(None, larger)
}

fn mean_requirement(result: &BacktestResult, model: usize) -> f64 {
    let accounts = &result.requirements[model];
    let total: f64 = accounts.iter().map(|path| path.initial.iter().sum::<f64>()).sum();
    total / result.times.len() as f64
}

fn peak_to_trough(result: &BacktestResult, model: usize) -> Option<(f64, usize)> {
    let rows = result.procyclicality.iter().filter(|row| row.model == model);
    rows.filter_map(|row| Some((row.metrics.as_ref()?.peak_to_trough, row.account)))
        .fold(None, |best, row| best.filter(|best: &(f64, usize)| best.0 >= row.0).or(Some(row)))
}

fn zones(result: &BacktestResult, model: usize) -> ZoneCounts {
    let mut zones = ZoneCounts::default();
    for row in result.coverage.iter().filter(|row| row.model == model && row.account.is_some()) {
        if let Some(zone) = row.zone {
            zones.add(zone.light);
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        assert_eq!(verdict(Some((0.95, 0.98)), 0.99), Verdict::Below);
        assert_eq!(verdict(Some((0.95, 0.99)), 0.99), Verdict::Consistent);
        assert_eq!(verdict(Some((0.992, 0.999)), 0.99), Verdict::Above);
        assert_eq!(verdict(None, 0.99), Verdict::Unknown);
    }
}
