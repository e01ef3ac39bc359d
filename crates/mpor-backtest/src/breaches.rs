//! Losses strictly above the requirement, in order of model, account and time, each with its causes.

use std::ops::Range;

use mpor_core::{Loss, LossConvention, MarketState, Money, Timestamp};
use rayon::prelude::*;

use crate::assemble::Assembly;
use crate::error::BacktestError;
use crate::explain::UnitCauses;
use crate::realised::UnitPnl;
use crate::replay::held;
use crate::result::{Breach, LossPath, RequirementPath};

/// Finds the breaches of the final requirements of a block of accounts under one model, in order of account and time; what
/// caused them is found later, for all accounts together.
pub(crate) fn find_breaches(
    (times, convention): (&[Timestamp], LossConvention),
    model: usize,
    accounts: &Range<usize>,
    paths: &[RequirementPath],
    losses: &[LossPath],
) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for ((account, path), losses) in accounts.clone().zip(paths).zip(losses) {
        for (step, loss) in losses.by(convention).iter().enumerate() {
            let (Some(loss), requirement) = (*loss, path.initial[step]) else { continue };
            if Loss(loss).breaches(Money(requirement)) {
                let binding = path.binding.get(step).unwrap_or_default().to_owned();
                let (time, causes) = (times[step], Vec::new());
                breaches.push(Breach {
                    time,
                    step,
                    model,
                    account,
                    requirement,
                    loss,
                    binding,
                    causes,
                });
            }
        }
    }
    breaches
}

/// Fills in the causes, one margin date at a time: all breaches of a date share its revaluations; `steps` are the panel steps
/// of the margin dates.
pub(crate) fn explain(
    breaches: &mut [Breach],
    steps: &[usize],
    assembly: &Assembly<'_>,
) -> Result<(), BacktestError> {
    let mut by_step: Vec<Vec<&mut Breach>> = steps.iter().map(|_| Vec::new()).collect();
    for breach in breaches {
        by_step[breach.step].push(breach);
    }
    let results: Vec<Result<(), BacktestError>> = by_step
        .into_par_iter()
        .zip(steps)
        .filter(|(breaches, _)| !breaches.is_empty())
        .map(|(breaches, &step)| explain_date(breaches, step, assembly))
        .collect();
    results.into_iter().collect()
}

fn explain_date(
    breaches: Vec<&mut Breach>,
    step: usize,
    assembly: &Assembly<'_>,
) -> Result<(), BacktestError> {
    let (history, m) = (assembly.history, assembly.horizon.steps());
    let portfolios = &assembly.books.portfolios[step];
    let mut accounts: Vec<usize> = breaches.iter().map(|breach| breach.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let involved: Vec<_> = accounts.iter().map(|&account| portfolios[account].clone()).collect();
    let states: Vec<MarketState> =
        (step..=step + m).map(|step| history.state(step)).collect::<Result<_, _>>()?;
    let held = held(history.universe.instruments().len(), &involved);
    let unit = UnitPnl::realise(history, step, &states, held)?;
    let mut by_end: Vec<Option<UnitCauses>> = vec![None; m + 1];
    for breach in breaches {
        let portfolio = &portfolios[breach.account];
        let k = match assembly.convention {
            LossConvention::Horizon => m,
            LossConvention::Worst => unit.worst_step(portfolio),
        };
        let causes = match &by_end[k] {
            Some(known) => known,
            None => by_end[k].insert(UnitCauses::explain(history, &states, k, &unit)?),
        };
        breach.causes = causes.portfolio(&unit, portfolio, -breach.loss);
    }
    Ok(())
}
