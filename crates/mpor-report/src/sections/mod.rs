//! The sections of a report: one file each, each a function from the evidence to blocks.
//!
//! To add one: write `sections/<name>.rs` with a `SECTION`, add its `mod` line and its entry in [`CATALOG`], whose order is
//! that of the pages. It says itself in which kinds of report it stands.

mod accounts;
mod answer;
mod breaches;
mod coverage;
mod coverage_tests;
mod data;
mod default_fund;
mod disclosures;
mod drivers;
mod evidence;
mod happened;
mod inputs;
mod limitations;
mod margin_losses;
mod models;
mod oracle;
mod procyclicality;
mod reproduce;
mod scope;
mod sensitivity;
mod tables;
mod verdicts;

use crate::document::{Block, Chapter, Document, Kind, Picture};
use crate::drawing::Drawing;
use crate::evidence::Evidence;
use crate::story;
use crate::text::elide;

/// One section.
pub(crate) struct Section {
    /// Its name in the catalog, and its anchor in the page for browsers.
    pub id: &'static str,
    /// Its heading; empty for none.
    pub title: &'static str,
    /// The kinds of report that it stands in.
    pub kinds: &'static [Kind],
    /// Whether it begins a page.
    pub new_page: bool,
    /// Its content; nothing where the evidence lacks what it shows, and the section is then left out.
    pub blocks: fn(&Material<'_>) -> Vec<Block>,
}

/// Every section, in the order of the pages.
pub(crate) const CATALOG: &[Section] = &[
    answer::SECTION,
    scope::SECTION,
    verdicts::SECTION,
    happened::SECTION,
    margin_losses::SECTION,
    coverage::SECTION,
    disclosures::SECTION,
    evidence::SECTION,
    accounts::SECTION,
    breaches::SECTION,
    default_fund::SECTION,
    oracle::SECTION,
    drivers::SECTION,
    procyclicality::SECTION,
    sensitivity::SECTION,
    data::SECTION,
    models::SECTION,
    limitations::SECTION,
    reproduce::SECTION,
];

/// What sections are made of.
pub(crate) struct Material<'a> {
    pub evidence: &'a Evidence<'a>,
    pub kind: Kind,
    drawings: &'a [Drawing],
}

impl Material<'_> {
    /// The figure of this name, where there is one.
    pub fn picture(&self, id: &str) -> Option<Picture> {
        let mut numbered = self.drawings.iter().enumerate();
        numbered.find(|(_, drawing)| drawing.id == id).map(Picture::of)
    }

    /// About how high a figure is on a page, with what stands around it, in points; `None` where there is none.
    pub fn height(&self, id: &str) -> Option<f64> {
        let drawing = self.drawings.iter().find(|drawing| drawing.id == id)?;
        let rows = drawing.panels.len().div_ceil(drawing.columns.max(1)) as f64;
        Some(rows * (drawing.size.plot_height + 24.0) + 70.0)
    }

    /// Those of the figures that there are, in the order asked for.
    pub fn figures(&self, ids: &[&str]) -> Vec<Block> {
        ids.iter().filter_map(|id| self.picture(id)).map(Block::Figure).collect()
    }
}

/// The document of a kind.
pub(crate) fn document(evidence: &Evidence<'_>, drawings: &[Drawing], kind: Kind) -> Document {
    let study = &evidence.input.study;
    let title = if study.name.trim().is_empty() { "Unnamed study" } else { &study.name };
    let material = Material { evidence, kind, drawings };
    let chapter = |section: &Section| Chapter {
        id: section.id,
        title: section.title.to_owned(),
        new_page: section.new_page,
        blocks: (section.blocks)(&material),
    };
    let sections = CATALOG.iter().filter(|section| section.kinds.contains(&kind));
    Document {
        kicker: kind.kicker().to_owned(),
        plain_title: elide(title, 160),
        plain_answer: story::answer(evidence),
        short_title: elide(title, 60),
        version: evidence.input.manifest.version.clone(),
        chapters: sections.map(chapter).filter(|chapter| !chapter.blocks.is_empty()).collect(),
        time: evidence.result().times.last().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_names_of_their_own_and_a_kind() {
        let mut ids: Vec<&str> = CATALOG.iter().map(|section| section.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CATALOG.len());
        assert!(CATALOG.iter().all(|section| !section.kinds.is_empty()));
    }
}
