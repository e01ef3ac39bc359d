//! What happened, in sentences, and the models on one map of coverage and cost.

use super::{Material, Section};
use crate::document::{Block, Kind};
use crate::story;
use crate::text::breakable;

pub(super) const SECTION: Section = Section {
    id: "happened",
    title: "What happened",
    kinds: &[Kind::Report, Kind::Summary, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let told = story::story(material.evidence);
    let items: Vec<String> = told.iter().map(|text| breakable(text)).collect();
    let told = (!items.is_empty()).then_some(Block::List { items });
    let map = material.picture("frontier").map(Block::FirstPage);
    told.into_iter().chain(map).collect()
}
