//! Margin and losses of the accounts of most concern under each model.

use super::{Material, Section};
use crate::document::{Block, Kind};

pub(super) const SECTION: Section = Section {
    id: "accounts",
    title: "Accounts and models",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    material.figures(&["margin-loss-grid"])
}
