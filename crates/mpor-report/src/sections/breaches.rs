//! Every loss event above a requirement, how large, when and why.

use super::{Material, Section, tables};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "breaches",
    title: "Breaches",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let ledger = tables::ledger(material.evidence, most_events(material.kind));
    if ledger.rows.is_empty() {
        let text = "No loss exceeded the requirement of any model.".to_owned();
        return vec![Block::Text { text }];
    }
    let mut blocks =
        material.figures(&["shortfalls", "breach-timeline", "pnl-distribution", "explanation"]);
    blocks.push(Block::heading("Largest loss events"));
    blocks.extend(Block::small_table(ledger));
    blocks
}

/// Most rows of the ledger: a validator gets more of it.
fn most_events(kind: Kind) -> usize {
    if kind == Kind::Validation { 120 } else { 30 }
}
