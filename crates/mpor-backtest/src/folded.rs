//! What the paths of all accounts come to, taken account by account: what is left of them once they are written and gone.
//!
//! A result that keeps every path has no use for this and says the same from its paths; sums run in the same order, so
//! both give the same bits.

use crate::cost::{CostRow, CostTally};
use crate::result::{BacktestResult, LossPath, ModelInfo, RequirementPath, SourceCounts};

/// The figures of all accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// Cost by model: each account, then the sum over accounts.
    pub costs: Vec<CostRow>,
    /// By model: sum of the initial margin over accounts and margin dates, reporting currency.
    pub required: Vec<f64>,
    /// By model: account and margin date of the largest initial margin; the last of equal ones.
    pub largest: Vec<Option<(usize, usize)>>,
    /// By account: largest realised loss by the result's convention; negative infinity where no MPOR is over.
    pub largest_loss: Vec<f64>,
    /// What all positions were valued by at the end of their MPOR.
    pub sources: SourceCounts,
}

/// A [`Folded`] under construction.
#[derive(Clone, Debug)]
pub(crate) struct Folding {
    costs: CostTally,
    required: Vec<f64>,
    largest: Vec<Option<(usize, usize, f64)>>,
    largest_loss: Vec<f64>,
    sources: SourceCounts,
}

impl Folding {
    pub fn new(models: usize, steps: usize) -> Self {
        Folding {
            costs: CostTally::new(models, steps),
            required: vec![0.0; models],
            largest: vec![None; models],
            largest_loss: Vec::new(),
            sources: SourceCounts::default(),
        }
    }

    /// Takes the paths of the next accounts, `requirements` by model and account; `largest_loss` is one figure an account.
    pub fn take(
        &mut self,
        requirements: &[Vec<RequirementPath>],
        losses: &[LossPath],
        largest_loss: &[f64],
    ) {
        let first = self.largest_loss.len();
        self.costs.take(requirements, losses);
        for (model, paths) in requirements.iter().enumerate() {
            for (account, path) in paths.iter().enumerate() {
                for (step, &amount) in path.initial.iter().enumerate() {
                    self.required[model] += amount;
                    let largest = &mut self.largest[model];
                    if largest.is_none_or(|(.., most)| amount.total_cmp(&most).is_ge()) {
                        *largest = Some((first + account, step, amount));
                    }
                }
            }
        }
        for sources in losses.iter().flat_map(|path| &path.sources) {
            self.sources.add(*sources);
        }
        self.largest_loss.extend(largest_loss);
    }

    pub fn finish(self, models: &[ModelInfo]) -> Folded {
        let place = |largest: Option<(usize, usize, f64)>| largest.map(|(a, step, _)| (a, step));
        Folded {
            costs: self.costs.rows(models),
            required: self.required,
            largest: self.largest.into_iter().map(place).collect(),
            largest_loss: self.largest_loss,
            sources: self.sources,
        }
    }
}

impl BacktestResult {
    /// Whether the paths of an account are kept: those of all, unless the result was [folded](BacktestResult::folded).
    #[must_use]
    pub fn has_paths(&self, account: usize) -> bool {
        self.losses.get(account).is_some_and(|path| !path.gross_notional.is_empty())
    }

    /// Sum of a model's initial margin over accounts and margin dates, reporting currency.
    #[must_use]
    pub fn required(&self, model: usize) -> f64 {
        match &self.folded {
            Some(folded) => folded.required[model],
            None => self.requirements[model].iter().flat_map(|path| &path.initial).sum(),
        }
    }

    /// Account and margin date of a model's largest initial margin; the last of equal ones.
    #[must_use]
    pub fn largest(&self, model: usize) -> Option<(usize, usize)> {
        if let Some(folded) = &self.folded {
            return folded.largest[model];
        }
        let paths = self.requirements[model].iter().enumerate();
        let amounts = paths.flat_map(|(account, path)| {
            path.initial.iter().enumerate().map(move |(at, &amount)| (account, at, amount))
        });
        amounts.max_by(|a, b| a.2.total_cmp(&b.2)).map(|(account, at, _)| (account, at))
    }

    /// Largest realised loss of an account by the result's convention; negative infinity where no MPOR is over.
    #[must_use]
    pub fn largest_loss(&self, account: usize) -> f64 {
        match &self.folded {
            Some(folded) => folded.largest_loss[account],
            None => self.losses[account].largest(self.convention),
        }
    }

    /// What all positions were valued by at the end of their MPOR.
    #[must_use]
    pub fn sources(&self) -> SourceCounts {
        match &self.folded {
            Some(folded) => folded.sources,
            None => {
                let mut all = SourceCounts::default();
                let every = self.losses.iter().flat_map(|path| &path.sources);
                every.for_each(|sources| all.add(*sources));
                all
            }
        }
    }

    /// Accounts by their largest shortfall under any model; those without one by their largest loss.
    #[must_use]
    pub fn ranked_accounts(&self) -> Vec<usize> {
        let mut shortfall = vec![0.0_f64; self.accounts.len()];
        for breach in &self.breaches {
            shortfall[breach.account] = shortfall[breach.account].max(breach.shortfall());
        }
        let concern = |account: usize| Concern {
            shortfall: shortfall[account],
            loss: self.largest_loss(account),
            account,
        };
        let mut order: Vec<Concern> = (0..self.accounts.len()).map(concern).collect();
        order.sort_by(Concern::order);
        order.into_iter().map(|concern| concern.account).collect()
    }
}

/// How much an account is to be looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Concern {
    pub shortfall: f64,
    pub loss: f64,
    pub account: usize,
}

impl Concern {
    /// The larger shortfall first, then the larger loss, then the earlier account.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_shortfall = other.shortfall.total_cmp(&self.shortfall);
        by_shortfall.then(other.loss.total_cmp(&self.loss)).then(self.account.cmp(&other.account))
    }
}
