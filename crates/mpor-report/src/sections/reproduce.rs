//! What makes the result reproducible.

use super::{Material, Section, inputs};
use crate::document::{Block, Kind};
use crate::evidence::Evidence;

pub(super) const SECTION: Section = Section {
    id: "reproduce",
    title: "How to make this report again",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let facts = Block::Facts { rows: manifest(material.evidence), code: true };
    let hashes = Block::table(inputs::hashes(material.evidence));
    [facts].into_iter().chain(hashes).collect()
}

fn manifest(evidence: &Evidence<'_>) -> Vec<(String, String)> {
    let manifest = &evidence.input.manifest;
    let seed =
        evidence.input.study.seed.map_or("none: nothing was drawn".to_owned(), |s| s.to_string());
    [
        ("mpor version", manifest.version.clone()),
        ("Command", manifest.command.clone()),
        ("Study (BLAKE3)", manifest.study_hash.clone()),
        ("Seed", seed),
        ("Commit", manifest.git.clone().unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(label, value)| (label.to_owned(), value))
    .collect()
}
