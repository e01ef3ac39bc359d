//! What was validated, by which evidence, and what was not looked at.

use super::{Material, Section};
use crate::document::{Block, Kind};
use crate::evidence::Evidence;
use crate::format::{counted, duration, short_percent};
use crate::story;
use crate::text::{breakable, name};

pub(super) const SECTION: Section =
    Section { id: "scope", title: "Scope", kinds: &[Kind::Validation], new_page: false, blocks };

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let evidence = material.evidence;
    let result = evidence.result();
    let target = short_percent(result.level.value());
    let models: Vec<String> = result
        .models
        .iter()
        .map(|model| format!("{} ({})", name(&model.id), name(&model.kind)))
        .collect();
    let items = [
        format!("Models: {}.", models.join(", ")),
        format!(
            "Evidence: {} of replay over {}; on each margin date every model sees only what was known by then, and its \
             initial margin is compared with the loss of the same positions over the following {}.",
            counted(result.times.len(), "margin date", "margin dates"),
            story::period(evidence),
            duration(result.horizon)
        ),
        format!(
            "Standard: coverage of {target} a model and account, judged by its interval and by tests of the number, the \
             independence and the size of breaches; then severity, procyclicality and cost."
        ),
        rules(evidence),
        "Not in scope: legal enforceability, default management, liquidity of the close-out, wrong-way risk of collateral, \
         and the operation of the model in production."
            .to_owned(),
    ];
    vec![Block::List { items: items.iter().map(|item| breakable(item)).collect() }]
}

/// Which models follow published rules, and which are styled on a method.
fn rules(evidence: &Evidence<'_>) -> String {
    let models = &evidence.result().models;
    let published = models.iter().filter(|model| model.rules.is_some()).count();
    format!(
        "Rules: {published} of {} follow a rule set with source and validity, named on their cards under “Models”; a rule set \
         that is not the official text of a venue says so there, and its results are of that style and not the venue's own. \
         The others are methods with the parameters that the study states.",
        counted(models.len(), "model", "models")
    )
}
