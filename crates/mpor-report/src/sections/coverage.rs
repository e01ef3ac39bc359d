//! Did the requirement hold as often as it should, and can chance explain what is missing?

use super::{Material, Section, coverage_tests};
use crate::document::{Block, Kind};
use crate::text::breakable;

pub(super) const SECTION: Section = Section {
    id: "coverage",
    title: "Coverage",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

const HOW_TO_READ: &str = "A p-value is the chance of a result at least this far from the target if the model were right. \
    Below 0.05 the result is hard to explain by chance (coloured where there were too many breaches rather than too few); \
    with many rows, one in twenty falls there by chance alone. A high p-value does not show that a model is right: short \
    samples rarely reject. Zones are the traffic light of bank supervision, with limits that allow for overlapping margin \
    periods. A dash: not defined or not applicable.";

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let tests = coverage_tests::tests(material.evidence);
    let figures = material.figures(&["coverage"]);
    if figures.is_empty() && tests.rows.is_empty() {
        return Vec::new();
    }
    let mut blocks = figures;
    blocks.extend(material.picture("frontier").map(Block::ElseHere));
    if !tests.rows.is_empty() {
        blocks.push(Block::heading("Coverage tests"));
        blocks.extend(Block::small_table(tests));
        blocks.push(Block::note(HOW_TO_READ));
        let remarks = coverage_tests::test_remarks(material.evidence);
        blocks.extend(remarks.iter().map(|text| Block::note(breakable(text))));
    }
    blocks
}
