//! What the numbers cannot say.

use super::{Material, Section};
use crate::document::{Block, Kind};
use crate::story;
use crate::text::breakable;

pub(super) const SECTION: Section = Section {
    id: "limitations",
    title: "Limitations",
    kinds: &[Kind::Report, Kind::Summary, Kind::Validation],
    new_page: false,
    blocks,
};

/// Most points of a summary.
const FEW: usize = 5;

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let mut all: Vec<String> =
        story::limitations(material.evidence).iter().map(|text| breakable(text)).collect();
    if material.kind == Kind::Summary && all.len() > FEW {
        let more = all.len() - FEW;
        all.truncate(FEW);
        all.push(format!("{more} more are in the report and in the validation."));
    }
    vec![Block::List { items: all }]
}
