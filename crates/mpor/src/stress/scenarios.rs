//! What do the books lose in named stretches of history and in moves that somebody wrote down?
//!
//! An episode is every move over the margin period that ends inside it and at or before the margin date; each account is
//! judged by its own worst of them. Written-down moves are instantaneous.

use mpor_core::Timestamp;
use mpor_risk::stress::hypothetical::hypothetical_set;
use mpor_risk::stress::{Episode, episodes};
use mpor_risk::{Day, ScenarioSet, revalue};

use super::scene::Scene;
use crate::error::MporError;
use crate::study::nearest;

/// One account in one scenario.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// Among the stressed accounts.
    pub account: usize,
    /// `episode` or `hypothetical`.
    pub kind: &'static str,
    /// Id of the episode, or name of the scenario.
    pub scenario: String,
    /// What it is called, and whose words that are.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// Moves that were tried.
    pub moves: usize,
    /// The worst of them.
    pub worst: String,
    /// P&L there, gain positive.
    pub pnl: f64,
}

struct Named {
    kind: &'static str,
    id: String,
    title: String,
    source: String,
    set: ScenarioSet,
}

/// One row an account and scenario, in the order of scenarios; and what must be said.
pub(super) fn run(scene: &Scene<'_>, day: &Day<'_>) -> Result<(Vec<Hit>, Vec<String>), MporError> {
    let (mut named, notes) = of_history(scene, day)?;
    if !scene.spec.scenario.is_empty() {
        let written = &scene.spec.scenario;
        let set = hypothetical_set(day, written, scene.spec.smile)
            .map_err(|error| scene.failed(&["scenario"], error))?;
        named.push(Named {
            kind: "hypothetical",
            id: String::new(),
            title: String::new(),
            source: "the study".to_owned(),
            set,
        });
    }
    let mut hits = Vec::new();
    for one in named {
        let revaluation =
            revalue(day, &one.set).map_err(|error| scene.failed(&["scenario"], error))?;
        let pnl = scene.pnl(&revaluation);
        if one.kind == "episode" {
            hits.extend(pnl.iter().enumerate().filter_map(|(account, pnl)| {
                let least = pnl.iter().copied().fold(f64::INFINITY, f64::min);
                let at = pnl.iter().position(|gain| *gain == least)?;
                Some(hit(&one, account, at, pnl))
            }));
        } else {
            let each = (0..one.set.len()).flat_map(|at| {
                let accounts = pnl.iter().enumerate();
                accounts.map(move |(account, pnl)| (account, at, pnl))
            });
            hits.extend(each.map(|(account, at, pnl)| {
                let name = one.set.names[at].clone();
                Hit { scenario: name.clone(), title: name, moves: 1, ..hit(&one, account, at, pnl) }
            }));
        }
    }
    Ok((hits, notes))
}

fn hit(one: &Named, account: usize, at: usize, pnl: &[f64]) -> Hit {
    let name = &one.set.names[at];
    let worst = name.strip_prefix(&format!("{}: ", one.id)).unwrap_or(name);
    Hit {
        account,
        kind: one.kind,
        scenario: one.id.clone(),
        title: one.title.clone(),
        source: one.source.clone(),
        moves: pnl.len(),
        worst: worst.to_owned(),
        pnl: pnl[at],
    }
}

/// Every episode that the study knows, shipped ones first.
pub(super) fn known(scene: &Scene<'_>) -> Result<Vec<Episode>, MporError> {
    let mut all = episodes().map_err(|error| scene.failed(&["episode"], error))?;
    for own in &scene.spec.episode {
        own.span().map_err(|error| scene.failed(&["episode"], error))?;
        if all.iter().any(|episode| episode.id == own.id) {
            let problem = format!("the id `{}` is taken by another episode; choose one", own.id);
            return Err(scene.file.error_at(&["stress", "episode"], problem).into());
        }
        all.push(own.clone());
    }
    Ok(all)
}

/// The episode with an id, or an error at a key of `[stress]`.
pub(super) fn find(scene: &Scene<'_>, path: &[&str], id: &str) -> Result<Episode, MporError> {
    let all = known(scene)?;
    all.iter().find(|episode| episode.id == id).cloned().ok_or_else(|| {
        let ids: Vec<&str> = all.iter().map(|episode| episode.id.as_str()).collect();
        let hint = nearest(id, ids.iter().copied());
        let problem = format!("no episode `{id}`; {hint}");
        scene.file.error_at(&[&["stress"], path].concat(), problem).into()
    })
}

fn of_history(scene: &Scene<'_>, day: &Day<'_>) -> Result<(Vec<Named>, Vec<String>), MporError> {
    let path = ["episodes"];
    let wanted = match &scene.spec.episodes {
        Some(ids) => ids.iter().map(|id| find(scene, &path, id)).collect::<Result<_, _>>()?,
        None => known(scene)?,
    };
    let (mut named, mut absent) = (Vec::new(), Vec::new());
    for episode in wanted {
        if scene.spec.episodes.is_none() && !reaches(&episode, day) {
            absent.push(episode.id);
            continue;
        }
        let set = episode.scenarios(day).map_err(|error| scene.failed(&path, error))?;
        named.push(Named {
            kind: "episode",
            id: episode.id,
            title: episode.name,
            source: episode.source,
            set,
        });
    }
    let mut notes = Vec::new();
    if !absent.is_empty() {
        let times = day.past.times();
        let first = times.first().copied().unwrap_or(Timestamp(0));
        notes.push(format!(
            "Episodes outside the known history, {} to {}: {}.",
            first.date(),
            day.time().date(),
            absent.join(", ")
        ));
    }
    Ok((named, notes))
}

/// Whether a move over the margin period that ends inside the episode is known.
fn reaches(episode: &Episode, day: &Day<'_>) -> bool {
    episode.steps(day.past.times()).is_ok_and(|steps| steps.end > day.horizon.steps())
}
