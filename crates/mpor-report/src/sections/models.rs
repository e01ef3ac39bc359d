//! What each model assumes: method, rule set and its vintages, parameters, what is modelled.

use super::{Material, Section, inputs};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "models",
    title: "Models",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    vec![Block::Cards { cards: inputs::cards(material.evidence) }]
}
