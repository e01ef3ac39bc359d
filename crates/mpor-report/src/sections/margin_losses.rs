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

/// Room that a summary has for a figure, and how high one may be for the map of models to stand beside it, in points.
const SUMMARY_ROOM: f64 = 490.0;
const WITH_MAP: f64 = 260.0;

fn blocks(material: &Material<'_>) -> Vec<Block> {
    if material.kind != Kind::Summary {
        return material.figures(&["margin-loss"]);
    }
    // The second page of a summary holds one figure: of those that say most, the first that fits.
    let height = |id: &str| material.height(id).unwrap_or(f64::INFINITY);
    let candidates = ["margin-loss", "shortfalls", "coverage", "margin-loss-grid"];
    let Some(chosen) = candidates.into_iter().find(|id| height(id) <= SUMMARY_ROOM) else {
        return Vec::new();
    };
    let map = material.picture("frontier").filter(|_| height(chosen) <= WITH_MAP);
    material.figures(&[chosen]).into_iter().chain(map.map(Block::ElseHere)).collect()
}
