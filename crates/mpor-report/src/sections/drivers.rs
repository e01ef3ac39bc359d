//! What the requirement is made of.

use super::{Material, Section};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "drivers",
    title: "What drives the margin",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    material.figures(&["components", "offset-benefit", "scan-map"])
}
