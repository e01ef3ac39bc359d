//! What is the smallest plausible move that exhausts each requirement, in terms of factors?
//!
//! Plausibility is the Mahalanobis distance under the covariance of the last one-step moves, times the steps of the margin
//! period; see [`mpor_risk::stress::reverse`]. Where no move does it the reason is kept.

use mpor_core::Factor;
use mpor_risk::Day;
use mpor_risk::scenario::moves::last_moves;
use mpor_risk::stress::{Outcome, Reverse, ReverseStress};
use mpor_stats::descriptive::sample_std;
use rayon::prelude::*;

use super::scene::Scene;
use crate::error::MporError;

/// Directions that are turned once the nearest crossings are known.
const REFINED: usize = 4;

/// One account under one model.
#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    pub account: usize,
    pub model: usize,
    pub requirement: f64,
    pub outcome: Exhausts,
}

/// Whether any move exhausts the requirement.
#[derive(Clone, Debug)]
pub(crate) enum Exhausts {
    /// This one, in terms of factors.
    By(Reverse, Vec<Moved>),
    /// None, and why.
    Never(String),
}

/// One factor's part in a move.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    pub factor: String,
    /// Relative; absolute per year for carry.
    pub by: f64,
    /// In the factor's own standard deviations over the margin period.
    pub deviations: f64,
}

/// One-step moves behind the covariance.
pub(super) fn window(scene: &Scene<'_>) -> usize {
    scene.spec.reverse.window.unwrap_or_else(|| scene.window.min(scene.moment.step))
}

pub(super) fn run(scene: &Scene<'_>, day: &Day<'_>) -> Result<Vec<Nearest>, MporError> {
    let path = ["reverse", "window"];
    let failed = |error| scene.failed(&path, error);
    let underlyings = day.universe.underlyings().len();
    let past = last_moves(&day.past, underlyings, 1, window(scene)).map_err(failed)?;
    let root = (day.horizon.steps() as f64).sqrt();
    let deviations: Vec<f64> = past
        .values
        .rows()
        .into_iter()
        .map(|row| sample_std(&row.to_vec()).map(|deviation| deviation * root))
        .collect::<Result<_, _>>()
        .map_err(|error| failed(error.into()))?;
    let pairs: Vec<(usize, usize)> = (0..scene.requirements.len())
        .flat_map(|model| (0..scene.accounts.len()).map(move |account| (model, account)))
        .collect();
    let search = |&(model, account): &(usize, usize)| {
        let requirement = scene.requirements[model][account];
        let outcome = nearest(scene, day, account, requirement, &deviations)?;
        Ok(Nearest { account, model, requirement, outcome })
    };
    let all: Vec<Result<Nearest, MporError>> = pairs.par_iter().map(search).collect();
    all.into_iter().collect()
}

fn nearest(
    scene: &Scene<'_>,
    day: &Day<'_>,
    account: usize,
    requirement: f64,
    deviations: &[f64],
) -> Result<Exhausts, MporError> {
    let portfolio = scene.portfolio(account);
    if portfolio.is_empty() {
        return Ok(Exhausts::Never("nothing is held".to_owned()));
    }
    if requirement <= 0.0 {
        let reason = "nothing is asked for: any loss at all exhausts it";
        return Ok(Exhausts::Never(reason.to_owned()));
    }
    let spec = scene.spec.reverse;
    let search = ReverseStress {
        directions: spec.directions,
        rings: spec.rings,
        farthest: spec.farthest,
        refined: REFINED,
        seed: scene.file.study.seed,
    };
    // Only what the account holds is revalued.
    let held: Vec<_> = portfolio.positions().iter().map(|held| held.instrument).collect();
    let own = Day::new(day.past, day.state, day.universe, &held, day.horizon, day.seed);
    let (factors, outcome) = search
        .on_day(&own, portfolio, requirement, window(scene))
        .map_err(|error| scene.failed(&["reverse"], error))?;
    Ok(match outcome {
        Outcome::Exhausted(found) => {
            // A factor that never moved has no part in a plausible move.
            let parts = factors.iter().zip(&found.moves).zip(deviations);
            let parts = parts.filter(|(_, deviation)| **deviation > 0.0);
            let moved = parts.map(|((&factor, &by), &deviation)| Moved {
                factor: factor_name(scene, factor),
                by: natural(factor, by),
                deviations: by / deviation,
            });
            let moved = moved.collect();
            Exhausts::By(found, moved)
        }
        Outcome::Withstood { largest_loss, farthest, .. } => Exhausts::Never(format!(
            "within {farthest} joint standard deviations no move that was tried loses more than {:.0} % of it",
            100.0 * largest_loss.max(0.0) / requirement
        )),
    })
}

/// A move in the units that people speak in.
fn natural(factor: Factor, by: f64) -> f64 {
    if matches!(factor, Factor::Carry(_)) { by } else { libm::expm1(by) }
}

/// `BTC spot`, `BTC vol 30d`.
pub(super) fn factor_name(scene: &Scene<'_>, factor: Factor) -> String {
    let name = scene.underlying(factor.underlying().0);
    match factor {
        Factor::Spot(_) => format!("{name} spot"),
        Factor::Perpetual(_) => format!("{name} perpetual premium"),
        Factor::Carry(_) => format!("{name} carry"),
        Factor::Funding(_) => format!("{name} funding"),
        Factor::Vol(_, days) => format!("{name} vol {days}d"),
        Factor::Rate(_) => format!("{name} rate"),
    }
}
