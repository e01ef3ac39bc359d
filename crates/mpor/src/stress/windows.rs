//! Which window of the known history is the worst for the book of today, and how far is the recent one from it?
//!
//! The book is revalued under every overlapping move over the margin period from the first known step to the margin date; all
//! windows of one length are compared by [`worst_window`]. Which window it is is found, for VaR and for ES, for each account
//! by itself.

use mpor_core::Timestamp;
use mpor_risk::scenario::{Historical, Passage, Scaling};
use mpor_risk::stress::worst_window;
use mpor_risk::{Day, Measure, RiskMeasure, ScenarioSpec, Scratch, SmileDynamics};
use rayon::prelude::*;

use super::scene::Scene;
use crate::error::MporError;

/// One figure of one account: recent window against the worst.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    pub account: usize,
    /// `var` or `es`.
    pub measure: &'static str,
    /// Moves of a window.
    pub window: usize,
    pub recent: f64,
    pub worst: f64,
    /// Start of the first move of the worst window, and end of its last.
    pub from: Timestamp,
    pub to: Timestamp,
    /// The move behind the figure.
    pub binding: String,
    /// Windows compared.
    pub windows: usize,
}

/// All known moves over the margin period, oldest first.
pub(super) fn history(scene: &Scene<'_>) -> ScenarioSpec {
    moves(scene.known_moves(), scene)
}

/// The last `count` moves over the margin period.
pub(super) fn moves(count: usize, scene: &Scene<'_>) -> ScenarioSpec {
    ScenarioSpec::Historical(Historical {
        window: count + scene.horizon().steps() - 1,
        scaling: Scaling::Overlapping,
        smile: SmileDynamics::StickyMoneyness,
        time: Passage::Horizon,
    })
}

pub(super) fn run(
    scene: &Scene<'_>,
    day: &Day<'_>,
) -> Result<(Vec<Compared>, Vec<String>), MporError> {
    let failed = |error| scene.failed(&["window"], error);
    let revaluation = day.revaluation(&history(scene)).map_err(failed)?;
    let (times, lag) = (day.past.times(), scene.horizon().steps());
    let of = |pnl: &Vec<f64>, account, (measure, name)| {
        let found = worst_window(pnl, scene.window, measure, scene.level).map_err(failed)?;
        let last = &pnl[pnl.len() - scene.window..];
        let recent = RiskMeasure::new(measure, scene.level)
            .of(last, None, &mut Scratch::default())
            .map_err(failed)?;
        Ok(Compared {
            account,
            measure: name,
            window: scene.window,
            recent: recent.amount,
            worst: found.figure,
            from: times[found.start],
            to: times[found.start + scene.window - 1 + lag],
            binding: revaluation.scenarios[found.binding].clone(),
            windows: found.figures.len(),
        })
    };
    let pnl = scene.pnl(&revaluation);
    let all: Vec<Result<Vec<Compared>, MporError>> = pnl
        .par_iter()
        .enumerate()
        .map(|(account, pnl)| {
            [(Measure::Var, "var"), (Measure::Es, "es")]
                .map(|measure| of(pnl, account, measure))
                .into_iter()
                .collect()
        })
        .collect();
    let all: Result<Vec<Vec<Compared>>, MporError> = all.into_iter().collect();
    let notes = match scene.window == scene.known_moves() {
        true => vec![format!(
            "A window of {} moves is the whole known history: there is no other to be worse.",
            scene.window
        )],
        false => Vec::new(),
    };
    Ok((all?.concat(), notes))
}
