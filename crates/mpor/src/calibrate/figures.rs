//! The figures of a calibration, from what it found to what the report crate draws.

use std::path::Path;

use mpor_report::{
    CalibrationMap, CalibrationPoint, CalibrationRegion, CalibrationView, Format,
    render_calibration,
};

use super::candidate::label;
use super::lattice::Point;
use super::outcome::Outcome;
use super::pages;
use super::record::Score;
use crate::error::MporError;
use crate::report::{rendering, write_rendered};
use crate::run::Written;
use crate::study::StudyFile;
use crate::study::calibrate::Search;

/// Draws, typesets and writes; nothing for a study whose report has no format.
pub(crate) fn write(
    folder: &Path,
    file: &StudyFile,
    outcome: &Outcome,
) -> Result<Vec<Written>, MporError> {
    let formats: Vec<Format> =
        file.study.report.formats.iter().map(|&format| rendering(format)).collect();
    if formats.is_empty() {
        return Ok(Vec::new());
    }
    let spec = file.calibrate_spec()?;
    let view = CalibrationView {
        model: spec.model.clone(),
        level: outcome.terms.level.value(),
        points: outcome.scores.iter().filter_map(|one| point(outcome, one)).collect(),
        written: outcome.written.coverage.zip(outcome.written.cost),
        map: if spec.search == Search::Grid { map(outcome) } else { None },
        pages: pages::pages(file, spec, outcome),
    };
    write_rendered(folder, &render_calibration(&view, &formats)?)
}

fn point(outcome: &Outcome, (point, score): (&Point, &Score)) -> Option<CalibrationPoint> {
    let region = outcome.frontier.get(point).copied().flatten();
    Some(CalibrationPoint {
        label: label(&outcome.axes, point),
        coverage: score.coverage?,
        cost: score.cost?,
        calm: score.calm,
        feasible: score.feasible,
        chosen: point == outcome.point(),
        region: region
            .map(|region| CalibrationRegion { coverage: region.coverage, cost: region.cost }),
    })
}

/// Most values of a parameter that a map has room for.
const MOST_CELLS: usize = 24;

/// The first two parameters with several values, all others as chosen.
fn map(outcome: &Outcome) -> Option<CalibrationMap> {
    let axes = &outcome.axes;
    let mut several = (0..axes.len()).filter(|&at| axes[at].values.len() > 1);
    let (x, y) = (several.next()?, several.next()?);
    let names = |at: usize| axes[at].values.iter().map(ToString::to_string).collect::<Vec<_>>();
    if axes[x].values.len() > MOST_CELLS || axes[y].values.len() > MOST_CELLS {
        return None;
    }
    let at = |column: usize, row: usize| {
        let mut point = outcome.point().clone();
        (point[x], point[y]) = (column, row);
        outcome.scores.get(&point)
    };
    // The largest value stands on top.
    let rows: Vec<usize> = (0..axes[y].values.len()).rev().collect();
    let columns = || 0..axes[x].values.len();
    let objective = |&row: &usize| {
        let cell = |column| at(column, row).map(|s| s.objective).filter(|o| o.is_finite());
        columns().map(cell).collect()
    };
    let feasible =
        |&row: &usize| columns().map(|c| at(c, row).is_some_and(|s| s.feasible)).collect();
    let mut titles = names(y);
    titles.reverse();
    Some(CalibrationMap {
        columns: (axes[x].key.clone(), names(x)),
        rows: (axes[y].key.clone(), titles),
        objective: rows.iter().map(objective).collect(),
        feasible: rows.iter().map(feasible).collect(),
        chosen: (axes[y].values.len() - 1 - outcome.point()[y], outcome.point()[x]),
    })
}
