//! One model in one row: was it enough, at what cost, and how calmly?
//!
//! The standing of a model is counted over accounts: in how many does the 95 % interval of the coverage that the
//! backtest computed lie wholly below, around or wholly above the target? Accounts that hold the same markets breach
//! together, so no interval is given for all of them at once, and with many accounts about one in forty falls below by
//! chance alone.

use mpor_backtest::cost::{self, CostRow};
use mpor_backtest::{BacktestResult, CoverageRow, Light};

/// One model's row of the verdict table. Amounts in reporting currency.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSummary {
    /// Margin dates with a finished MPOR and something held, over all accounts.
    pub observations: usize,
    /// Breaches over all accounts.
    pub breaches: usize,
    /// Coverage over all accounts; `None` without observations.
    pub coverage: Option<f64>,
    /// The 95 % bounds of the coverage where there is a single account, else the lowest and highest coverage of any.
    pub span: Option<(f64, f64)>,
    /// Where the accounts' intervals stand relative to the target.
    pub standing: Standing,
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

/// In how many accounts the 95 % interval of the coverage lies where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Wholly below the target.
    pub below: usize,
    /// Around the target.
    pub around: usize,
    /// Wholly above the target.
    pub above: usize,
}

/// A standing in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Below the target in at least one account.
    Below,
    /// Not below in any account, and not above in all.
    Consistent,
    /// Above in every account.
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

impl ModelSummary {
    /// The standing in a word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.standing.verdict()
    }
}

impl Standing {
    /// The standing in a word.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Standing { below: 0, around: 0, above: 0 } => Verdict::Unknown,
            Standing { below: 0, around: 0, .. } => Verdict::Above,
            Standing { below: 0, .. } => Verdict::Consistent,
            _ => Verdict::Below,
        }
    }

    /// Accounts with an interval.
    #[must_use]
    pub fn total(self) -> usize {
        self.below + self.around + self.above
    }

    /// As printed: `below in 2 of 6`.
    #[must_use]
    pub fn text(self) -> String {
        match (self.verdict(), self.total()) {
            (Verdict::Unknown, _) => "not observed".to_owned(),
            (Verdict::Below, 1) => "below".to_owned(),
            (Verdict::Below, all) => format!("below in {} of {all}", self.below),
            (Verdict::Consistent, _) => "consistent".to_owned(),
            (Verdict::Above, _) => "above".to_owned(),
        }
    }

    fn add(&mut self, (low, high): (f64, f64), target: f64) {
        if high < target {
            self.below += 1;
        } else if low > target {
            self.above += 1;
        } else {
            self.around += 1;
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
    let costs = cost::costs(result);
    let total = |model| costs.iter().find(|row| row.model == model && row.account.is_none());
    (0..result.models.len()).map(|model| summary(result, model, total(model))).collect()
}

fn summary(result: &BacktestResult, model: usize, cost: Option<&CostRow>) -> ModelSummary {
    let rows: Vec<&CoverageRow> = result.coverage.iter().filter(|row| row.model == model).collect();
    let single: Vec<&CoverageRow> =
        rows.iter().copied().filter(|row| row.account.is_some()).collect();
    let observations = single.iter().map(|row| row.observations).sum();
    let breaches = single.iter().map(|row| row.breaches).sum();
    let pooled = rows.iter().find(|row| row.account.is_none()).or(single.first());
    ModelSummary {
        observations,
        breaches,
        coverage: pooled.and_then(|row| row.coverage),
        span: span(&single),
        standing: standing(&single, result.level.value()),
        worst: worst(result, model),
        mean_requirement: cost.map_or(0.0, |cost| cost.mean),
        cost: cost.and_then(|cost| cost.ratio_to_baseline),
        peak_to_trough: peak_to_trough(result, model),
        zones: zones(&single),
    }
}

fn span(single: &[&CoverageRow]) -> Option<(f64, f64)> {
    if let [only] = single {
        return only.bounds;
    }
    let coverages = single.iter().filter_map(|row| row.coverage);
    coverages.fold(None, |span: Option<(f64, f64)>, one| {
        Some(span.map_or((one, one), |(low, high)| (low.min(one), high.max(one))))
    })
}

fn standing(single: &[&CoverageRow], target: f64) -> Standing {
    let mut standing = Standing::default();
    for bounds in single.iter().filter_map(|row| row.bounds) {
        standing.add(bounds, target);
    }
    standing
}

fn zones(single: &[&CoverageRow]) -> ZoneCounts {
    let mut zones = ZoneCounts::default();
    for zone in single.iter().filter_map(|row| row.zone) {
        zones.add(zone.light);
    }
    zones
}

fn worst(result: &BacktestResult, model: usize) -> Option<usize> {
    let of_model = result.breaches.iter().enumerate().filter(|(_, breach)| breach.model == model);
    let larger = |best: Option<usize>, (index, _): (usize, _)| {
        let size = |index: usize| result.breaches[index].shortfall();
        Some(best.filter(|&best| size(best) >= size(index)).unwrap_or(index))
    };
    of_model.fold(None, larger)
}

fn peak_to_trough(result: &BacktestResult, model: usize) -> Option<(f64, usize)> {
    let rows = result.procyclicality.iter().filter(|row| row.model == model);
    rows.filter_map(|row| Some((row.metrics.as_ref()?.peak_to_trough, row.account)))
        .fold(None, |best, row| best.filter(|best: &(f64, usize)| best.0 >= row.0).or(Some(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_needs_to_be_wholly_on_one_side() {
        let mut standing = Standing::default();
        for bounds in [(0.95, 0.98), (0.95, 0.99), (0.98, 0.995), (0.992, 0.999)] {
            standing.add(bounds, 0.99);
        }
        assert_eq!(standing, Standing { below: 1, around: 2, above: 1 });
        assert_eq!(standing.text(), "below in 1 of 4");
    }

    #[test]
    fn one_account_below_is_enough_for_the_word() {
        let standing = |below, around, above| Standing { below, around, above }.verdict();
        assert_eq!(standing(1, 5, 3), Verdict::Below);
        assert_eq!(standing(0, 1, 3), Verdict::Consistent);
        assert_eq!(standing(0, 0, 3), Verdict::Above);
        assert_eq!(standing(0, 0, 0), Verdict::Unknown);
    }
}
