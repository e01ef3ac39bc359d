//! What went in, and what the data checks found in it.

use super::{Material, Section, inputs};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "data",
    title: "Data",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let evidence = material.evidence;
    let (history, findings) = (inputs::history(evidence), inputs::findings(evidence));
    let mut blocks = material.figures(&["data-coverage"]);
    if !history.rows.is_empty() {
        blocks.extend(Block::small_table(history));
    }
    blocks.extend(material.figures(&["vol-surface", "surface-fit", "basis", "mark-gap"]));
    if !findings.rows.is_empty() {
        blocks.push(Block::heading("What the data checks found, and what was done"));
        blocks.extend(Block::small_table(findings));
    } else if !blocks.is_empty() {
        blocks.push(Block::note("The data checks found nothing."));
    }
    blocks
}
