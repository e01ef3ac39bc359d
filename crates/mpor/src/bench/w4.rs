//! W4: every option, future and perpetual revalued in every scenario of price and volatility; P&L by account and scenario.
//!
//! `F' = F exp(s)`, `vol' = vol exp(v)`, one day less to expiry, discounted at the underlying's rate. Scenarios are taken 1,024 at a time,
//! so that what all options of an underlying share stays in the cache.

use std::path::Path;
use std::sync::Arc;

use mpor_core::Right;
use mpor_pricing::{ForwardMoves, OptionKernel, PricingError};
use mpor_risk::add_pnl;
use mpor_stats::{Level, QuantileRule, Side};
use serde_json::Value;

use super::inputs::Numbers;
use super::{Answer, Check, Job, check, failed};
use crate::error::MporError;

const DAY: f64 = 1.0 / 365.0;
const BLOCK: usize = 1_024;

struct World {
    forward: Vec<f64>,
    rate: Vec<f64>,
    positions: Vec<Position>,
    accounts: usize,
    /// By underlying, by scenario: log moves of price and volatility.
    moves: Vec<(Vec<f64>, Vec<f64>)>,
}

struct Position {
    account: usize,
    underlying: usize,
    /// `None` for what is worth its forward.
    right: Option<Right>,
    strike: f64,
    years: f64,
    vol: f64,
    quantity: f64,
}

/// What the options of one underlying share in a block of scenarios.
struct Shared {
    forwards: ForwardMoves,
    vols: Vec<f64>,
}

pub(super) fn jobs(data: &Path) -> Result<Vec<Job>, MporError> {
    let world = Arc::new(World::read(&data.join("w4"))?);
    let options = world.positions.iter().filter(|position| position.right.is_some()).count();
    let scenarios = world.moves.first().map_or(0, |moves| moves.0.len());
    let what = format!("{}pos x {scenarios}scen", world.positions.len());
    let run = move || -> Result<Answer, MporError> {
        let pnl = world.revalue(scenarios).map_err(failed)?;
        Ok(Box::new(move || figures(&pnl, scenarios)))
    };
    let (units, note) = (options * scenarios, String::new());
    Ok(vec![Job { what, units, unit: "option revaluation", note, run: Box::new(run) }])
}

impl World {
    fn read(folder: &Path) -> Result<Self, MporError> {
        let underlyings = Numbers::read(&folder.join("underlyings.parquet"), &[])?;
        let table = Numbers::read(&folder.join("positions.parquet"), &[])?;
        let scenarios = Numbers::read(&folder.join("scenarios.parquet"), &[])?;
        let forward = underlyings.column("forward")?.to_vec();
        let moves = (0..forward.len()).map(|u| {
            let column = |letter: char| scenarios.column(&format!("{letter}{u:02}"));
            Ok((column('s')?.to_vec(), column('v')?.to_vec()))
        });
        let (account, underlying) = (table.whole("account")?, table.whole("underlying")?);
        let (kind, strike) = (table.whole("kind")?, table.column("strike")?);
        let (tau, iv) = (table.column("tau")?, table.column("iv")?);
        let (qty, multiplier) = (table.column("qty")?, table.column("multiplier")?);
        let position = |at: usize| Position {
            account: account[at],
            underlying: underlying[at],
            right: match kind[at] {
                2 => Some(Right::Call),
                3 => Some(Right::Put),
                _ => None,
            },
            strike: strike[at],
            years: tau[at],
            vol: iv[at],
            quantity: qty[at] * multiplier[at],
        };
        Ok(World {
            rate: underlyings.column("rate")?.to_vec(),
            positions: (0..account.len()).map(position).collect(),
            accounts: account.iter().max().map_or(0, |last| last + 1),
            moves: moves.collect::<Result<_, MporError>>()?,
            forward,
        })
    }

    /// `[account][scenario]`.
    fn revalue(&self, scenarios: usize) -> Result<Vec<f64>, PricingError> {
        let still = ForwardMoves::new(&[1.0]);
        let today: Vec<f64> = self
            .positions
            .iter()
            .map(|position| {
                let mut value = [0.0];
                self.values(position, position.years, &still, &[1.0], &mut [0.0], &mut value)?;
                Ok(value[0])
            })
            .collect::<Result<_, PricingError>>()?;
        let mut pnl = vec![0.0; self.accounts * scenarios];
        let (mut vols, mut values) = ([0.0; BLOCK], [0.0; BLOCK]);
        for start in (0..scenarios).step_by(BLOCK) {
            let end = scenarios.min(start + BLOCK);
            let shared: Vec<Shared> =
                self.moves.iter().map(|moves| Shared::of(moves, start..end)).collect();
            let (vols, values) = (&mut vols[..end - start], &mut values[..end - start]);
            for (position, base) in self.positions.iter().zip(&today) {
                let Shared { forwards, vols: ratios } = &shared[position.underlying];
                let years = (position.years - DAY).max(0.0);
                self.values(position, years, forwards, ratios, vols, values)?;
                let row = &mut pnl[position.account * scenarios..][start..end];
                add_pnl(row, position.quantity, values, *base);
            }
        }
        Ok(pnl)
    }

    /// Values of one contract under moves of its forward and ratios of its volatility.
    fn values(
        &self,
        position: &Position,
        years: f64,
        moves: &ForwardMoves,
        ratios: &[f64],
        vols: &mut [f64],
        out: &mut [f64],
    ) -> Result<(), PricingError> {
        let forward = self.forward[position.underlying];
        match position.right {
            Some(right) if years > 0.0 => {
                vols.iter_mut().zip(ratios).for_each(|(vol, ratio)| *vol = position.vol * ratio);
                let rate = self.rate[position.underlying];
                let kernel = OptionKernel::new(position.strike, years, rate, right)?;
                kernel.price_moved(forward, moves, vols, out)
            }
            right => {
                let moved = moves.multiples().iter().map(|multiple| forward * multiple);
                let value = |f: f64| right.map_or(f, |right| right.payoff(f, position.strike));
                out.iter_mut().zip(moved).for_each(|(out, f)| *out = value(f));
                Ok(())
            }
        }
    }
}

impl Shared {
    fn of(moves: &(Vec<f64>, Vec<f64>), scenarios: std::ops::Range<usize>) -> Self {
        let exp = |logs: &[f64]| -> Vec<f64> { logs.iter().map(|log| libm::exp(*log)).collect() };
        Shared {
            forwards: ForwardMoves::new(&exp(&moves.0[scenarios.clone()])),
            vols: exp(&moves.1[scenarios]),
        }
    }
}

fn figures(pnl: &[f64], scenarios: usize) -> Check {
    let mut total = vec![0.0; scenarios];
    for row in pnl.chunks(scenarios.max(1)) {
        total.iter_mut().zip(row).for_each(|(sum, pnl)| *sum -= pnl);
    }
    let rule = QuantileRule::HyndmanFan7;
    let q01 = rule.var(&total, Level::P99, Side::Pnl, &mut Vec::new()).map_or(f64::NAN, |var| -var);
    let (sum, square) = (pnl.iter().sum(), pnl.iter().map(|pnl| pnl * pnl).sum());
    let mut figures = check(9, [("sum", sum), ("sumsq", square), ("q01_total", q01)]);
    let shape = vec![pnl.len().checked_div(scenarios).unwrap_or(0), scenarios];
    figures.insert("shape".to_owned(), Value::from(shape));
    figures
}
