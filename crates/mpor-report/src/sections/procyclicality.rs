//! How calmly did the requirement move?

use super::{Material, Section, tables};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "procyclicality",
    title: "Procyclicality",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let table = tables::procyclicality(material.evidence);
    let mut blocks = material.figures(&["procyclicality"]);
    if !table.rows.is_empty() {
        blocks.extend(Block::table(table));
    }
    blocks
}
