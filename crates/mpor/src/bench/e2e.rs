//! End to end: from Parquet to margin and tests, in one go.
//!
//! 1. daily P&L of every account by revaluation of the listed universe; an option that was listed anew settles at what its right paid
//! 2. GARCH(1,1)-filtered VaR and ES at 99 % of P&L over its standard deviation in the first 1,000 days, refitted every 20 days
//! 3. the margin of W5 on every later day
//! 4. the coverage tests of W6
//!
//! Report and tear sheets of the scripts are not part of it.

use std::path::Path;

use mpor_pricing::{ForwardMoves, OptionKernel, PricingError};
use mpor_stats::quantile::worst_mean;
use rayon::prelude::*;

use super::w5::World;
use super::{Answer, Job, check, failed, w3, w6};
use crate::error::MporError;

const WORST: usize = 10;

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let folder = data.join("e2e");
    let world = World::read(&folder)?;
    let first = w3::WINDOWS.length;
    let (accounts, days) = (world.accounts(), world.days);
    let what = format!("{accounts} accounts x {} days", days.saturating_sub(first));
    let note = "load, P&L, filtered VaR and ES, margin, tests; without report and tear sheets";
    let units = accounts * days.saturating_sub(first);
    let run = move || whole(&folder);
    Ok(vec![Job { what, units, unit: "account-day", note: note.to_owned(), run: Box::new(run) }])
}

fn whole(folder: &Path) -> Result<Answer, MporError> {
    let world = World::read(folder)?;
    let first = w3::WINDOWS.length;
    if world.days <= first {
        return Err(failed(format!("{} days; more than {first} are needed", world.days)));
    }
    let pnl = pnl(&world).map_err(failed)?;
    let tails = tails(&pnl)?;
    let margin = world.margin(first).map_err(failed)?;
    let tests: Vec<_> = pnl
        .iter()
        .zip(&tails)
        .map(|(pnl, (var, es))| {
            let loss: Vec<f64> = pnl[first..].iter().map(|x| -x).collect();
            w6::one(&loss, var, es)
        })
        .collect::<Result<_, MporError>>()?;
    Ok(Box::new(move || {
        check(
            10,
            [
                ("pnl_sum", pnl.iter().flatten().sum()),
                ("var_sum", tails.iter().flat_map(|(var, _)| var).sum()),
                ("margin_sum", margin.iter().sum()),
                ("kupiec_sum", tests.iter().map(|found| found.kupiec.statistic).sum()),
            ],
        )
    }))
}

/// `[account][day]`; nothing on the first day.
fn pnl(world: &World) -> Result<Vec<Vec<f64>>, PricingError> {
    let listed = world.instruments.len();
    let still = ForwardMoves::new(&[1.0]);
    let mut price = vec![0.0; world.days * listed];
    for (cell, price) in price.iter_mut().enumerate() {
        let instrument = &world.instruments[cell % listed];
        let forward = world.forward[cell / listed * world.underlyings + instrument.underlying];
        let (strike, years) = (world.strike[cell], world.years[cell]);
        *price = match instrument.right {
            None => forward,
            Some(right) if years == 0.0 => right.payoff(forward, strike),
            Some(right) => {
                let (kernel, mut out) = (OptionKernel::new(strike, years, 0.0, right)?, [0.0]);
                kernel.price_moved(forward, &still, &[world.vol[cell]], &mut out)?;
                out[0]
            }
        };
    }
    let mut unit = vec![0.0; world.days * listed];
    for (cell, unit) in unit.iter_mut().enumerate().skip(listed) {
        let (instrument, before) = (&world.instruments[cell % listed], cell - listed);
        let anew = instrument.right.filter(|_| world.years[cell] > world.years[before]);
        let now = match anew {
            None => price[cell],
            Some(right) => {
                let day = cell / listed;
                let forward = world.forward[day * world.underlyings + instrument.underlying];
                right.payoff(forward, world.strike[before])
            }
        };
        *unit = now - price[before];
    }
    let mut pnl = vec![vec![0.0; world.days]; world.accounts()];
    world.replay(|day, books| {
        let Some(units) = unit.get((day + 1) * listed..(day + 2) * listed) else { return };
        for (account, book) in books.iter().enumerate() {
            let gain = book.iter().map(|(instrument, q)| q * units[*instrument as usize]).sum();
            pnl[account][day + 1] = gain;
        }
    });
    Ok(pnl)
}

/// VaR and ES of an account by day.
type Tails = (Vec<f64>, Vec<f64>);

/// VaR and ES of each account after the first window.
fn tails(pnl: &[Vec<f64>]) -> Result<Vec<Tails>, MporError> {
    let rolling = w3::rolling();
    let (windows, n) = (rolling.windows, rolling.windows.length);
    let scales: Vec<f64> = pnl.iter().map(|pnl| spread(&pnl[1..n])).collect();
    let scaled: Vec<Vec<f64>> = pnl
        .iter()
        .zip(&scales)
        .map(|(pnl, scale)| pnl.iter().map(|x| x / scale).collect())
        .collect();
    let slices: Vec<&[f64]> = scaled.iter().map(Vec::as_slice).collect();
    let refits = rolling.model.refit_all(&slices, windows, &rolling.options).map_err(failed)?;
    let one = |((returns, refits), scale): ((&Vec<f64>, Vec<_>), &f64)| {
        let (mut var, mut es, mut scratch) = (Vec::new(), Vec::new(), Vec::new());
        for day in n..returns.len() {
            let refit: &mpor_risk::volatility::Refit = &refits[(day - n) / windows.every];
            let path = rolling.model.window_path(returns, day, n, &refit.fit).map_err(failed)?;
            let window = returns[day - n..day].iter().zip(&path.sigma);
            let losses: Vec<f64> = window.map(|(r, sigma)| -r / sigma).collect();
            let today = path.forecast() * scale;
            let measure = rolling.measure;
            let tail = measure.rule.var(&losses, measure.level, measure.side, &mut scratch);
            var.push(today * tail.map_err(failed)?);
            es.push(today * worst_mean(&losses, WORST, &mut scratch).map_err(failed)?);
        }
        Ok((var, es))
    };
    let done: Vec<Result<_, MporError>> =
        scaled.par_iter().zip(refits).zip(&scales).map(one).collect();
    done.into_iter().collect()
}

/// Standard deviation of the values themselves.
fn spread(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / values.len() as f64).sqrt()
}
