//! The requirement of one account under every model, against what it lost.

use super::{Material, Section};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "margin-losses",
    title: "Margin and losses",
    kinds: &[Kind::Report, Kind::Summary, Kind::Validation],
    new_page: true,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    material.figures(&["margin-loss"])
}
