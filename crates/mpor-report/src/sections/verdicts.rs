//! The models in one table: was each enough, at what cost, how calmly?

use super::{Material, Section, tables};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "verdicts",
    title: "The models",
    kinds: &[Kind::Report, Kind::Summary, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    Block::table(tables::verdicts(material.evidence)).into_iter().collect()
}
