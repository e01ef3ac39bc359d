//! P&L along one factor: where does a book bend?

use mpor_core::{Column, Table};

use super::axes;
use super::stress::{StressView, left_out};
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Scale, Shared, Size,
};
use crate::error::ReportError;

/// Most accounts that have a curve: one a colour.
const MOST_CURVES: usize = 9;

/// P&L of every account along one factor.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// What moves.
    pub factor: String,
    /// Moves: shares, or days where `days`.
    pub steps: Vec<f64>,
    /// Whether the steps are days that pass.
    pub days: bool,
    /// By account, then step; gain positive.
    pub pnl: Vec<Vec<f64>>,
}

/// The curves; nothing without a ladder of two steps.
pub(super) fn drawing(view: &StressView) -> Result<Option<Drawing>, ReportError> {
    let ladders: Vec<&Ladder> = view.ladders.iter().filter(|one| one.steps.len() > 1).collect();
    if ladders.is_empty() {
        return Ok(None);
    }
    let curves = view.accounts.len().min(MOST_CURVES);
    let names: Vec<&str> = ladders.iter().map(|ladder| ladder.factor.as_str()).collect();
    Ok(Some(Drawing {
        id: "stress-ladders".to_owned(),
        title: "P&L along one factor".to_owned(),
        caption: format!(
            "Full revaluation at each step, all other factors at rest; losses are negative.{}",
            left_out("account", "accounts", curves, view.accounts.len())
        ),
        reading: "A straight line is delta alone. A curve that bends down on both sides is short gamma: it loses whichever way \
                  the market goes."
            .to_owned(),
        alt: format!("Curves of profit and loss over {}, one an account.", names.join(", ")),
        size: Size::page(130.0),
        columns: ladders.len().min(2),
        panels: ladders.iter().map(|ladder| panel(view, ladder, curves)).collect(),
        shared: Shared::Nothing,
        row_titles: Vec::new(),
        key: (0..curves)
            .map(|account| KeyEntry {
                ink: Ink::Series(account),
                mark: KeyMark::Line,
                text: view.accounts[account].clone(),
            })
            .collect(),
        source: source(view, &ladders)?,
    }))
}

fn panel(view: &StressView, ladder: &Ladder, curves: usize) -> Panel {
    let amounts = ladder.pnl[..curves].iter().flatten().copied();
    let place = |at: usize| if ladder.days { at as f64 } else { ladder.steps[at] };
    let curve = |(account, pnl): (usize, &Vec<f64>)| Layer::Line {
        points: pnl.iter().enumerate().map(|(at, &gain)| (place(at), gain)).collect(),
        ink: Ink::Series(account),
        width: 1.3,
    };
    let mut layers: Vec<Layer> =
        vec![Layer::Rule { vertical: false, at: 0.0, label: String::new() }];
    layers.extend(ladder.pnl[..curves].iter().enumerate().map(curve));
    Panel {
        title: ladder.factor.clone(),
        x: x_axis(ladder),
        y: axes::money(&view.currency, amounts),
        layers,
    }
}

fn x_axis(ladder: &Ladder) -> Axis {
    if ladder.days {
        return Axis::names(ladder.steps.iter().map(|days| format!("{days}d")).collect());
    }
    let low = ladder.steps.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ladder.steps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Axis {
        title: String::new(),
        kind: AxisKind::Share,
        scale: Scale::Linear,
        range: (low, if high > low { high } else { low + 0.01 }),
    }
}

fn source(view: &StressView, ladders: &[&Ladder]) -> Result<Table, ReportError> {
    let rows = || {
        ladders.iter().flat_map(|ladder| {
            ladder.pnl.iter().enumerate().flat_map(move |(account, pnl)| {
                pnl.iter()
                    .zip(&ladder.steps)
                    .map(move |(gain, step)| (*ladder, account, *step, *gain))
            })
        })
    };
    Ok(Table::new(
        "stress-ladders",
        [
            ("factor", Column::texts(rows().map(|row| row.0.factor.as_str()))),
            ("account", Column::texts(rows().map(|row| view.accounts[row.1].as_str()))),
            ("step", Column::numbers(rows().map(|row| row.2))),
            ("pnl", Column::numbers(rows().map(|row| row.3))),
        ],
    )?)
}
