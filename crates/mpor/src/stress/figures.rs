//! The figures of a stress test, from what it found to what the report crate draws.

use std::path::Path;

use mpor_report::{Format, Heat, Heats, Ladder, StressView, Waterfall, render_stress};

use super::correlations::State;
use super::{Evidence, pages};
use crate::error::MporError;
use crate::report::{rendering, write_rendered};
use crate::run::Written;
use crate::study::StudyFile;

/// Draws, typesets and writes; nothing for a study whose report has no format.
pub(super) fn write(
    folder: &Path,
    file: &StudyFile,
    evidence: &Evidence,
) -> Result<Vec<Written>, MporError> {
    let formats: Vec<Format> =
        file.study.report.formats.iter().map(|&format| rendering(format)).collect();
    if formats.is_empty() {
        return Ok(Vec::new());
    }
    let order = order(evidence, file.study.report.account.as_deref());
    let view = StressView {
        currency: evidence.currency.clone(),
        accounts: order.iter().map(|&account| evidence.accounts[account].clone()).collect(),
        models: evidence.models.clone(),
        requirements: order
            .iter()
            .map(|&account| evidence.requirements.iter().map(|of| of[account]).collect())
            .collect(),
        scenarios: scenarios(evidence),
        losses: order.iter().map(|&account| losses(evidence, account)).collect(),
        ladders: ladders(evidence, &order),
        correlations: heats(evidence),
        contributions: order.first().and_then(|&account| waterfall(evidence, account)),
        pages: pages::pages(file, evidence),
    };
    write_rendered(folder, &render_stress(&view, &formats)?)
}

/// Accounts by the largest loss against a requirement, the one that the study's report is about first.
fn order(evidence: &Evidence, wanted: Option<&str>) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    let by_pairs = evidence.found.pairs.iter().map(|pair| pair.account.as_str());
    let names = evidence.accounts.iter().map(String::as_str);
    for name in wanted.into_iter().chain(by_pairs).chain(names) {
        let at = evidence.accounts.iter().position(|known| known == name);
        if let Some(at) = at.filter(|at| !order.contains(at)) {
            order.push(at);
        }
    }
    order
}

fn scenarios(evidence: &Evidence) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for hit in &evidence.hits {
        if !names.contains(&hit.scenario) {
            names.push(hit.scenario.clone());
        }
    }
    names
}

/// By scenario, in the order in which they were tried.
fn losses(evidence: &Evidence, account: usize) -> Vec<f64> {
    let own = |name: &String| {
        let mut hits = evidence.hits.iter();
        let hit = hits.find(|hit| hit.account == account && hit.scenario == *name);
        hit.map_or(0.0, |hit| -hit.pnl)
    };
    scenarios(evidence).iter().map(own).collect()
}

fn ladders(evidence: &Evidence, order: &[usize]) -> Vec<Ladder> {
    let titles =
        [("spot", "Spot"), ("vol", "Volatility"), ("carry", "Carry, a year"), ("time", "Time")];
    let mut all = Vec::new();
    for (factor, title) in titles {
        let of = |account: usize| {
            evidence.curves.iter().filter(move |step| {
                step.factor == factor && step.underlying.is_none() && step.account == account
            })
        };
        let Some(&first) = order.first() else { continue };
        let mut steps: Vec<(f64, usize)> =
            of(first).enumerate().map(|(at, step)| (step.step, at)).collect();
        steps.sort_by(|a, b| a.0.total_cmp(&b.0));
        let pnl = |&account: &usize| {
            let gains: Vec<f64> = of(account).map(|step| step.pnl).collect();
            steps.iter().map(|&(_, at)| gains[at]).collect()
        };
        all.push(Ladder {
            factor: title.to_owned(),
            steps: steps.iter().map(|step| step.0).collect(),
            days: factor == "time",
            pnl: order.iter().map(pnl).collect(),
        });
    }
    all
}

fn heats(evidence: &Evidence) -> Option<Heats> {
    let all = &evidence.correlations;
    let (calm, stressed) = (all.states.get(1)?, all.states.get(2)?);
    let heat = |state: &State| Heat {
        title: format!("{}: {} to {}", state.name, state.from.date(), state.to.date()),
        values: state.matrix.rows().into_iter().map(|row| row.to_vec()).collect(),
    };
    Some(Heats {
        factors: all.factors.clone(),
        maps: vec![heat(calm), heat(stressed)],
        estimator: all.estimator.to_owned(),
    })
}

fn waterfall(evidence: &Evidence, account: usize) -> Option<Waterfall> {
    let own = evidence
        .contributions
        .iter()
        .filter(|part| part.account == account && part.measure == "es" && part.by == "position");
    let parts: Vec<(String, f64)> = own.map(|part| (part.name.clone(), part.component)).collect();
    (!parts.is_empty()).then(|| Waterfall {
        account: evidence.accounts[account].clone(),
        figure: "Expected shortfall".to_owned(),
        parts,
    })
}
