//! How far is the P&L of the fitted surface from the P&L of the marks, by tenor and moneyness?
//!
//! For every listed option with a mark at a margin date and at the end of its margin period, its P&L over that period from
//! the marks less the P&L from the surface and forwards of the same dates, as a share of the underlying's price. Small
//! numbers mean that a loss valued on the surface, where a mark is missing, can be trusted as much as one that is not.

use mpor_core::{Contract, MarketState, OptionMark, Timestamp};
use mpor_pricing::pnl;
use mpor_report::{MARK_GAP_DAYS, MARK_GAP_DEVIATIONS, MarkGap};
use rayon::prelude::*;

use crate::error::MporError;
use crate::loaded::Loaded;

/// Count, sum of squares and largest size of the differences of one cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    count: usize,
    squares: f64,
    worst: f64,
}

type Cells = [[Cell; MARK_GAP_DEVIATIONS.len() + 1]; MARK_GAP_DAYS.len() + 1];

/// The differences of a study with marks and surfaces; `None` without either.
pub(crate) fn mark_gap(loaded: &Loaded) -> Result<Option<MarkGap>, MporError> {
    let history = loaded.history();
    let ahead = loaded.horizon.steps();
    let last = loaded.steps.end.saturating_sub(ahead);
    if history.marks.iter().all(std::collections::BTreeMap::is_empty) {
        return Ok(None);
    }
    let steps: Vec<usize> = (loaded.steps.start..last).collect();
    let of_step = |&step: &usize| -> Result<Cells, MporError> {
        let problem = |error: mpor_core::CoreError| MporError::History(error.to_string());
        let from = history.state(step).map_err(problem)?;
        let to = history.state(step + ahead).map_err(problem)?;
        Ok(differences(loaded, &from, &to))
    };
    let by_step: Vec<Result<Cells, MporError>> = steps.par_iter().map(of_step).collect();
    let mut all = Cells::default();
    for cells in by_step {
        add(&mut all, &cells?);
    }
    if all.iter().flatten().all(|cell| cell.count == 0) {
        return Ok(None);
    }
    let cells = |of: &dyn Fn(&Cell) -> f64| -> Vec<Vec<f64>> {
        all.iter().map(|row| row.iter().map(of).collect()).collect()
    };
    Ok(Some(MarkGap {
        counts: all.iter().map(|row| row.iter().map(|cell| cell.count).collect()).collect(),
        rms: cells(&|cell| (cell.squares / (cell.count.max(1) as f64)).sqrt()),
        worst: cells(&|cell| cell.worst),
    }))
}

fn differences(loaded: &Loaded, from: &MarketState, to: &MarketState) -> Cells {
    let universe = &loaded.history().universe;
    let without = |state: &MarketState| MarketState { marks: Default::default(), ..state.clone() };
    let (plain_from, plain_to) = (without(from), without(to));
    let mut cells = Cells::default();
    for (&ix, mark) in &from.marks {
        let instrument = universe.instrument(ix);
        let Contract::Option { expiry, strike, .. } = instrument.contract else { continue };
        if expiry <= to.time || !to.marks.contains_key(&ix) {
            continue;
        }
        let marked = pnl(from, to, universe, ix);
        let modelled = pnl(&plain_from, &plain_to, universe, ix);
        // An option that one of the two cannot value has no difference to show.
        let (Ok(marked), Ok(modelled)) = (marked, modelled) else { continue };
        let unit = instrument.contract_size * from.underlying(instrument.underlying).spot;
        let difference = (marked - modelled) / unit;
        let (row, column) = place(from.time, expiry, strike, mark);
        let cell = &mut cells[row][column];
        cell.count += 1;
        cell.squares += difference * difference;
        cell.worst = if difference.abs() > cell.worst.abs() { difference } else { cell.worst };
    }
    cells
}

/// Row by days to expiry, column by log-moneyness in standard deviations of the mark's own volatility.
fn place(now: Timestamp, expiry: Timestamp, strike: f64, mark: &OptionMark) -> (usize, usize) {
    let years = now.years_to(expiry);
    let deviations = libm::log(strike / mark.forward) / (mark.vol * years.sqrt());
    let row = MARK_GAP_DAYS.iter().filter(|&&days| 365.0 * years > days).count();
    let column = MARK_GAP_DEVIATIONS.iter().filter(|&&bound| deviations > bound).count();
    (row, column)
}

fn add(all: &mut Cells, more: &Cells) {
    for (cell, other) in all.iter_mut().flatten().zip(more.iter().flatten()) {
        cell.count += other.count;
        cell.squares += other.squares;
        if other.worst.abs() > cell.worst.abs() {
            cell.worst = other.worst;
        }
    }
}
