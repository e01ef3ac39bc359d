//! The front: what was asked of what, and the answer.

use super::{Material, Section};
use crate::document::{Block, Kind};
use crate::evidence::Evidence;
use crate::format::{count, counted, duration, short_percent};
use crate::story;
use crate::text::{breakable, elide, name};

pub(super) const SECTION: Section = Section {
    id: "answer",
    title: "",
    kinds: &[Kind::Report, Kind::Summary, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let evidence = material.evidence;
    let study = &evidence.input.study;
    let title = if study.name.trim().is_empty() { "Unnamed study" } else { &study.name };
    let asked = study.question.trim();
    let question = if asked.is_empty() { "Was the margin enough?" } else { asked };
    vec![
        Block::Title {
            title: breakable(&elide(title, 160)),
            description: breakable(&study.description),
        },
        Block::Facts { rows: facts(evidence), code: false },
        Block::Answer {
            question: breakable(question),
            answer: breakable(&story::answer(evidence)),
        },
    ]
}

fn facts(evidence: &Evidence<'_>) -> Vec<(String, String)> {
    let (result, study) = (evidence.result(), &evidence.input.study);
    let step = if study.step.is_empty() { String::new() } else { format!(", step {}", study.step) };
    let steps = counted(result.horizon.steps(), "step", "steps");
    let loss = match result.convention {
        mpor_core::LossConvention::Horizon => "at the end of the period",
        mpor_core::LossConvention::Worst => "worst mark within the period",
    };
    [
        ("Period", story::period(evidence)),
        ("Margin dates", format!("{}{step}", count(result.times.len()))),
        ("Calendar", study.calendar.clone()),
        ("Margin period of risk", format!("{} ({steps})", duration(result.horizon))),
        ("Loss", loss.to_owned()),
        ("Target coverage", short_percent(result.level.value())),
        (
            "Accounts and models",
            format!(
                "{}, {}",
                counted(result.accounts.len(), "account", "accounts"),
                counted(result.models.len(), "model", "models")
            ),
        ),
        ("Reporting currency", name(&result.currency)),
    ]
    .into_iter()
    .filter(|(_, value)| !value.trim().is_empty())
    .map(|(label, value)| (label.to_owned(), value))
    .collect()
}
