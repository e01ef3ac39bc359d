//! Whether the default fund would have sufficed.

use super::{Material, Section};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "default-fund",
    title: "Default fund",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    material.figures(&["default-fund"])
}
