//! What must be said of models that fit something to each book: how many fits there were, and how many did not find an optimum.

use std::collections::BTreeMap;

use mpor_backtest::BacktestResult;
use mpor_backtest::evidence::tables::fit_counts;
use mpor_margin::FitOutcome;

/// One remark a model with fits.
pub(crate) fn remarks(result: &BacktestResult) -> Vec<String> {
    let mut models: BTreeMap<usize, BTreeMap<FitOutcome, usize>> = BTreeMap::new();
    for ((model, outcome, _), count) in fit_counts(result) {
        *models.entry(model).or_default().entry(outcome).or_insert(0) += count;
    }
    let remark = |(model, counts): (usize, BTreeMap<FitOutcome, usize>)| {
        let of = |outcome: FitOutcome| counts.get(&outcome).copied().unwrap_or(0);
        let name = &result.models[model].id;
        let (failed, replaced) = (of(FitOutcome::Failed), of(FitOutcome::Replaced));
        let all: usize = counts.values().sum();
        format!(
            "`{name}` was fitted to {all} books: {failed} fits failed and were used as found, {replaced} failed and were \
             replaced by its fallback; the table `fits` says how each ended."
        )
    };
    models.into_iter().map(remark).collect()
}
