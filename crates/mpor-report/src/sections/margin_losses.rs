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

/// Room that a summary has for a figure, in points.
const SUMMARY_ROOM: f64 = 390.0;

fn blocks(material: &Material<'_>) -> Vec<Block> {
    if material.kind != Kind::Summary {
        return material.figures(&["margin-loss"]);
    }
    // The second page of a summary holds one figure: of those that say most, the first that fits.
    let fits = |id: &&str| material.height(id).is_some_and(|height| height <= SUMMARY_ROOM);
    let chosen =
        ["margin-loss", "shortfalls", "coverage", "margin-loss-grid"].into_iter().find(fits);
    let figure = chosen.map(|id| material.figures(&[id])).unwrap_or_default();
    figure.into_iter().chain(material.picture("frontier").map(Block::ElseHere)).collect()
}
