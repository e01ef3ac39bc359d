//! An assembly block of accounts by block of accounts, so that the paths of all accounts never stand in memory together.
//!
//! ```text
//! for each block, in order of accounts:
//!     days of the block --walk--> Block: its paths, overlays applied       (a) work of one account: tables are written here
//!     Block --take--> rows of its accounts; sums over all accounts          (b) what is folded over blocks
//! finish: breaches explained date by date over all accounts, rows in order  (c) what needs all accounts of one date
//! ```
//!
//! [`Keep::All`] keeps every path in the result; [`Keep::Featured`] those of the accounts that figures show, and
//! [`Folded`](crate::folded::Folded) has what the others come to. Everything else of the result is the same to the bit, for
//! blocks of any size.

use std::ops::Range;

use mpor_core::Timestamp;
use rayon::prelude::*;

use crate::assemble::{Assembly, check_accounts, forecasts, losses, requirements, same_count};
use crate::breaches::{explain, find_breaches};
use crate::coverage::CoverageRow;
use crate::coverage::assess::{self, Observed, Pool};
use crate::coverage::yardsticks::Yardsticks;
use crate::day::DayResult;
use crate::error::BacktestError;
use crate::evidence::{self, Evidence};
use crate::folded::{Concern, Folding};
use crate::forecast_paths::ForecastPath;
use crate::procyclicality::MarginPath;
use crate::result::{BacktestResult, Breach, LossPath, ProcyclicalityRow, RequirementPath};

/// Most accounts whose paths figures look at, in order of concern.
pub const FEATURED: usize = 100;

/// Whose paths the result keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Everybody's.
    All,
    /// Those of the [`FEATURED`] accounts of most concern, and of the one named.
    Featured {
        /// Position of an account that figures show whatever its rank.
        named: Option<usize>,
    },
}

/// A block of accounts with its paths.
#[derive(Clone, Debug)]
pub struct Block {
    /// The accounts, by their position among all.
    pub accounts: Range<usize>,
    /// Their names and paths, for [`tables`](crate::tables): breaches and rows come when the block is taken.
    pub result: BacktestResult,
}

/// The assembly under way.
pub struct Blocks<'a> {
    assembly: Assembly<'a>,
    steps: Vec<usize>,
    times: Vec<Timestamp>,
    keep: Keep,
    /// How many accounts were taken.
    taken: usize,
    yardsticks: Yardsticks,
    models: Vec<OfModel>,
    folding: Folding,
    kept: Vec<Kept>,
}

/// What accounts under one model leave behind.
#[derive(Default)]
struct OfModel {
    breaches: Vec<Breach>,
    coverage: Vec<CoverageRow>,
    pool: Pool,
    procyclicality: Vec<ProcyclicalityRow>,
}

/// An account whose paths are kept.
struct Kept {
    concern: Concern,
    losses: LossPath,
    requirements: Vec<RequirementPath>,
    forecasts: Vec<ForecastPath>,
}

impl<'a> Blocks<'a> {
    /// Begins an assembly of consecutive margin dates: their steps of the panel and times.
    ///
    /// # Errors
    /// [`BacktestError`] without dates or where they do not follow each other.
    pub fn new(
        assembly: Assembly<'a>,
        steps: Vec<usize>,
        times: Vec<Timestamp>,
        keep: Keep,
    ) -> Result<Self, BacktestError> {
        if steps.is_empty() {
            return Err(BacktestError::Nothing("margin dates"));
        }
        if let Some(pair) = steps.windows(2).find(|pair| pair[1] != pair[0] + 1) {
            return Err(BacktestError::DayOrder { earlier: pair[0], later: pair[1] });
        }
        same_count("times of margin dates", times.len(), steps.len())?;
        let models = assembly.models.len();
        let folding = Folding::new(models, steps.len());
        let yardsticks = Yardsticks::new(assembly.horizon.steps(), assembly.level);
        let models = (0..models).map(|_| OfModel::default()).collect();
        let kept = Vec::new();
        Ok(Blocks { assembly, steps, times, keep, taken: 0, yardsticks, models, folding, kept })
    }

    /// Walks a block of accounts through time: `days` are all margin dates with these accounts and no others.
    ///
    /// # Errors
    /// [`BacktestError`] when days, models and accounts do not fit together, or an overlay cannot be applied.
    pub fn walk(
        &self,
        accounts: Range<usize>,
        days: Vec<DayResult>,
    ) -> Result<Block, BacktestError> {
        check_accounts(&days, &self.assembly, &accounts)?;
        same_count("days of a block", days.len(), self.steps.len())?;
        let losses = losses(&days, accounts.len());
        let requirements = requirements(&days, &self.times, &self.assembly, &accounts)?;
        let forecasts = forecasts(&days, self.assembly.models.len(), accounts.len());
        let names = self.assembly.books.accounts[accounts.clone()].to_vec();
        let result = BacktestResult { requirements, losses, forecasts, ..self.blank(names) };
        Ok(Block { accounts, result })
    }

    /// Takes the next block: finds its breaches and assesses its accounts.
    ///
    /// # Errors
    /// [`BacktestError::Counts`] for a block out of order, and what a test cannot do.
    pub fn take(&mut self, block: Block) -> Result<(), BacktestError> {
        let Block { accounts, result } = block;
        same_count("accounts before the block", accounts.start, self.taken)?;
        let BacktestResult { requirements, losses, forecasts, .. } = result;
        let convention = self.assembly.convention;
        let mut concerns: Vec<Concern> = losses
            .iter()
            .zip(accounts.clone())
            .map(|(path, account)| Concern {
                shortfall: 0.0,
                loss: path.largest(convention),
                account,
            })
            .collect();
        for (model, paths) in requirements.iter().enumerate() {
            let found = find_breaches((&self.times, convention), model, &accounts, paths, &losses);
            for breach in &found {
                let concern = &mut concerns[breach.account - accounts.start];
                concern.shortfall = concern.shortfall.max(breach.shortfall());
            }
            self.models[model].breaches.extend(found);
            self.assess(model, &accounts, paths, &losses)?;
        }
        if let Keep::Featured { .. } = self.keep {
            let largest: Vec<f64> = concerns.iter().map(|concern| concern.loss).collect();
            self.folding.take(&requirements, &losses, &largest);
        }
        self.keep(concerns, requirements, losses, forecasts);
        self.taken = accounts.end;
        Ok(())
    }

    /// The result, once all accounts were taken.
    ///
    /// # Errors
    /// [`BacktestError::Counts`] where some were not, or as the revaluation of a breach.
    pub fn finish(mut self) -> Result<BacktestResult, BacktestError> {
        let accounts = self.assembly.books.accounts.len();
        same_count("accounts of all blocks", self.taken, accounts)?;
        let mut result = self.blank(self.assembly.books.accounts.clone());
        for (model, of) in std::mem::take(&mut self.models).into_iter().enumerate() {
            result.breaches.extend(of.breaches);
            result.coverage.extend(of.coverage);
            result.coverage.push(of.pool.row(model));
            result.procyclicality.extend(of.procyclicality);
        }
        explain(&mut result.breaches, &self.steps, &self.assembly)?;
        if let Keep::Featured { .. } = self.keep {
            result.folded = Some(self.folding.finish(&self.assembly.models));
        }
        result.losses = vec![LossPath::default(); accounts];
        result.requirements =
            vec![vec![RequirementPath::default(); accounts]; self.assembly.models.len()];
        result.forecasts =
            vec![vec![ForecastPath::default(); accounts]; self.assembly.models.len()];
        for kept in self.kept {
            let account = kept.concern.account;
            result.losses[account] = kept.losses;
            for (paths, path) in result.requirements.iter_mut().zip(kept.requirements) {
                paths[account] = path;
            }
            for (paths, path) in result.forecasts.iter_mut().zip(kept.forecasts) {
                paths[account] = path;
            }
        }
        // Accounts are beside each other in this evidence, so it is made of everybody's paths or not at all.
        if self.keep == Keep::All {
            result.evidence = evidence::gather(&result, self.assembly.tests)?;
        }
        Ok(result)
    }

    fn assess(
        &mut self,
        model: usize,
        accounts: &Range<usize>,
        paths: &[RequirementPath],
        losses: &[LossPath],
    ) -> Result<(), BacktestError> {
        let assembly = &self.assembly;
        let observed: Vec<Observed> = paths
            .par_iter()
            .zip(losses)
            .map(|(path, losses)| {
                let gross = &losses.gross_notional;
                Observed::new(losses.by(assembly.convention), gross, &path.initial)
            })
            .collect();
        // Made before the parallel part: a simulation uses all threads itself.
        self.yardsticks.learn(&observed);
        let (level, horizon) = (assembly.level, assembly.horizon.steps());
        let row = |(account, observed): (usize, &Observed)| {
            let by = self.yardsticks.of(observed);
            let account = accounts.start + account;
            assess::account(model, account, observed, level, horizon, &by, assembly.tests)
        };
        let rows: Vec<_> = observed.par_iter().enumerate().map(row).collect();
        let of = &mut self.models[model];
        for row in rows {
            of.coverage.push(row?);
        }
        of.pool.take(&observed);
        let row = |(account, path): (usize, &RequirementPath)| {
            let metrics = MarginPath::new(&path.initial).ok().map(|path| path.summary());
            ProcyclicalityRow { model, account: accounts.start + account, metrics }
        };
        of.procyclicality.par_extend(paths.par_iter().enumerate().map(row));
        Ok(())
    }

    /// Keeps the paths that the result is to have, and drops the others.
    fn keep(
        &mut self,
        concerns: Vec<Concern>,
        requirements: Vec<Vec<RequirementPath>>,
        losses: Vec<LossPath>,
        forecasts: Vec<Vec<ForecastPath>>,
    ) {
        let mut by_model: Vec<_> = requirements.into_iter().map(Vec::into_iter).collect();
        let mut forecasts: Vec<_> = forecasts.into_iter().map(Vec::into_iter).collect();
        for (concern, losses) in concerns.into_iter().zip(losses) {
            let requirements = by_model.iter_mut().filter_map(Iterator::next).collect();
            let forecasts = forecasts.iter_mut().filter_map(Iterator::next).collect();
            self.kept.push(Kept { concern, losses, requirements, forecasts });
        }
        if let Keep::Featured { named } = self.keep {
            self.kept.sort_by(|a, b| a.concern.order(&b.concern));
            let mut rank = 0..;
            self.kept.retain(|kept| {
                rank.next().is_some_and(|rank| rank < FEATURED)
                    || named == Some(kept.concern.account)
            });
        }
    }

    /// The result of some accounts before anything is found about them.
    fn blank(&self, accounts: Vec<String>) -> BacktestResult {
        BacktestResult {
            currency: self.assembly.currency.clone(),
            times: self.times.clone(),
            horizon: self.assembly.horizon,
            convention: self.assembly.convention,
            level: self.assembly.level,
            accounts,
            models: self.assembly.models.clone(),
            requirements: Vec::new(),
            losses: Vec::new(),
            breaches: Vec::new(),
            coverage: Vec::new(),
            procyclicality: Vec::new(),
            folded: None,
            forecasts: Vec::new(),
            evidence: Evidence::default(),
        }
    }
}
