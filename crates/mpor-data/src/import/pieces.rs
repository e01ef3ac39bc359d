//! A long series checked in pieces that overlap, as if it had been checked whole.
//!
//! ```text
//! piece 1   |-------- rows --------|  overlap |
//! piece 2                          |  overlap |-------- rows --------|  overlap |
//!                                       ^ line: what begins before it is piece 1's, what begins at or after it piece 2's
//! ```
//!
//! Both pieces see the rows of the overlap. A check that looks at its surroundings has half the overlap of them on either
//! side of the line, more than any looks at. What begins on one side is taken from that piece alone, so it is neither
//! missed nor found twice. A run that reaches the end of a piece is held back and goes on with what the next piece finds of
//! the same check from there.

use std::collections::BTreeMap;

use mpor_core::{Finding, Timestamp};

use crate::checks;
use crate::policy::Policies;
use crate::raw::{BarColumns, RawSeries, RawSeriesBySymbol};

/// Rows of a series that two pieces share. Checks look at 200 rows around at most.
pub(crate) const OVERLAP: usize = 4_096;

/// Series checked together, each with the instant from which on its findings are the next piece's.
#[derive(Default)]
pub(crate) struct Piece {
    series: RawSeriesBySymbol,
    lines: BTreeMap<(String, String), Timestamp>,
}

/// Where a series is cut.
pub(crate) enum Cut {
    /// Behind its last row.
    End,
    /// So that its last rows begin the next piece.
    Before { rest: Box<RawSeries>, line: Timestamp },
}

/// Cuts a series that goes on; `None` where it is too short for it and waits for the next piece as it is.
pub(crate) fn cut(series: &mut RawSeries) -> Option<Cut> {
    // Less than twice would leave a piece of nothing but overlaps.
    if series.len() < 2 * OVERLAP {
        return None;
    }
    let rest = Box::new(last_rows(series, OVERLAP));
    let line = rest.times[OVERLAP / 2];
    Some(Cut::Before { rest, line })
}

fn last_rows(series: &RawSeries, rows: usize) -> RawSeries {
    let from = series.len() - rows;
    let of = |column: &[Option<f64>]| column.get(from..).unwrap_or_default().to_vec();
    RawSeries {
        symbol: series.symbol.clone(),
        source: series.source.clone(),
        kind: series.kind,
        times: series.times[from..].to_vec(),
        values: of(&series.values),
        bars: series.bars.as_ref().map(|bars| BarColumns {
            open: of(&bars.open),
            high: of(&bars.high),
            low: of(&bars.low),
            volume: of(&bars.volume),
        }),
        intervals: of(&series.intervals),
        rows: series.rows[from..].to_vec(),
        files: Vec::new(),
    }
}

impl Piece {
    /// Adds a series; what begins at or after `line` is the next piece's.
    pub fn add(&mut self, key: &(String, String), series: RawSeries, line: Option<Timestamp>) {
        self.lines.extend(line.map(|line| (key.clone(), line)));
        self.series.insert(key.clone(), series);
    }

    /// States the file that all rows lie in.
    pub fn of_file(&mut self, file: &str) {
        for series in self.series.values_mut() {
            series.files = vec![(file.to_owned(), 0..series.len())];
        }
    }
}

/// Where the next piece takes over, and the last instant of the piece before.
type Border = (Timestamp, Timestamp);

/// Puts the findings of pieces together.
#[derive(Default)]
pub(crate) struct Stitcher {
    /// By series that goes on: the line, the end of the last piece, and what reached it.
    open: BTreeMap<(String, String), (Border, Vec<Finding>)>,
}

impl Stitcher {
    /// Checks a piece and gives every finding that is over.
    pub fn take(&mut self, piece: &Piece, give: &mut dyn FnMut(Finding)) {
        let policies = Policies::default();
        let reports = checks::run_all(&piece.series, &policies);
        for ((key, series), reports) in piece.series.iter().zip(reports) {
            let found = reports.iter().flat_map(|report| report.findings(series)).collect();
            let (from, before) = match self.open.remove(key) {
                Some((border, open)) => (Some(border), open),
                None => (None, Vec::new()),
            };
            let until = piece.lines.get(key).copied();
            let own = joined(before, found, series, (from, until));
            let Some(line) = until else {
                own.into_iter().for_each(&mut *give);
                continue;
            };
            let last = series.times.iter().max().copied().unwrap_or_default();
            let (reaching, over): (Vec<_>, Vec<_>) =
                own.into_iter().partition(|one| one.to >= last);
            over.into_iter().for_each(&mut *give);
            self.open.insert(key.clone(), ((line, last), reaching));
        }
    }

    /// Gives what reached the end of the last piece of its series.
    pub fn finish(self, give: &mut dyn FnMut(Finding)) {
        self.open.into_values().flat_map(|(_, open)| open).for_each(give);
    }
}

/// What was held back, gone on with where the piece does, and what of the piece's own findings begins between its lines.
fn joined(
    mut open: Vec<Finding>,
    found: Vec<Finding>,
    series: &RawSeries,
    (from, until): (Option<Border>, Option<Timestamp>),
) -> Vec<Finding> {
    let mut own = Vec::new();
    for finding in found {
        let before = |line: Timestamp| finding.from < line;
        if let Some((_, last)) = from.filter(|(line, _)| before(*line)) {
            let same = |other: &&mut Finding| {
                other.code == finding.code
                    && other.check == finding.check
                    && finding.from <= other.to
            };
            if let Some(earlier) = open.iter_mut().find(same) {
                go_on(earlier, &finding, series);
                continue;
            }
            // The piece before sees all of it and has it.
            if finding.to <= last {
                continue;
            }
        }
        if until.is_none_or(before) {
            own.push(finding);
        }
    }
    open.extend(own);
    open
}

/// Lengthens a finding by the rows of another that lie behind it.
fn go_on(finding: &mut Finding, by: &Finding, series: &RawSeries) {
    if by.to <= finding.to {
        return;
    }
    let further = series.times.iter().filter(|&&time| finding.to < time && time <= by.to).count();
    finding.count += further;
    finding.to = by.to;
    finding.detail = format!("{}; {further} rows more up to {}", finding.detail, by.to);
}

#[cfg(test)]
mod tests {
    use mpor_core::Span;

    use super::*;
    use crate::checks::made_up::{start, walk};

    const ROWS: usize = 30_000;

    fn key() -> (String, String) {
        ("X".to_owned(), "made up".to_owned())
    }

    /// Findings of a series that arrives in pieces of so many rows, as code, row, first and last instant, and count.
    fn in_pieces(
        raw: &RawSeries,
        rows: usize,
    ) -> Vec<(String, Option<usize>, Timestamp, Timestamp, usize)> {
        let mut found = Vec::new();
        let mut stitcher = Stitcher::default();
        let mut pending = last_rows(raw, 0);
        for at in (0..raw.len()).step_by(rows) {
            let end = (at + rows).min(raw.len());
            append(&mut pending, raw, at..end);
            let mut piece = Piece::default();
            match cut(&mut pending).filter(|_| end < raw.len()) {
                _ if end == raw.len() => piece.add(&key(), pending.clone(), None),
                Some(Cut::Before { rest, line }) => {
                    piece.add(&key(), std::mem::replace(&mut pending, *rest), Some(line));
                }
                _ => continue,
            }
            piece.of_file("x.parquet");
            stitcher.take(&piece, &mut |finding| found.push(finding));
        }
        stitcher.finish(&mut |finding| found.push(finding));
        let mut all: Vec<_> = found
            .into_iter()
            .map(|one| (one.code.to_owned(), one.row, one.from, one.to, one.count))
            .collect();
        all.sort();
        all
    }

    fn append(to: &mut RawSeries, from: &RawSeries, range: std::ops::Range<usize>) {
        to.times.extend_from_slice(&from.times[range.clone()]);
        to.values.extend_from_slice(&from.values[range.clone()]);
        to.rows.extend_from_slice(&from.rows[range.clone()]);
        let (to, from) = (to.bars.as_mut().unwrap(), from.bars.as_ref().unwrap());
        to.open.extend_from_slice(&from.open[range.clone()]);
        to.high.extend_from_slice(&from.high[range.clone()]);
        to.low.extend_from_slice(&from.low[range.clone()]);
        to.volume.extend_from_slice(&from.volume[range]);
    }

    fn whole(raw: &RawSeries) -> Vec<(String, Option<usize>, Timestamp, Timestamp, usize)> {
        in_pieces(raw, raw.len())
    }

    fn hours(raw: &mut RawSeries, from: usize, by: i64) {
        raw.times[from..].iter_mut().for_each(|time| *time = *time + Span::hours(by));
    }

    /// Every kind of fault that has a place, at a row.
    fn faults_at(row: usize) -> Vec<(&'static str, RawSeries)> {
        let mut all = Vec::new();
        let mut with = |code, change: &dyn Fn(&mut RawSeries)| {
            let mut raw = walk(ROWS, 7);
            change(&mut raw);
            all.push((code, raw));
        };
        with("D001", &|raw| hours(raw, row, 5));
        with("D006", &|raw| raw.values[row] = Some(-1.0));
        with("D007", &|raw| raw.bars.as_mut().unwrap().high[row] = Some(1.0));
        with("D008", &|raw| raw.values[row] = None);
        with("D010", &|raw| {
            let bars = raw.bars.as_mut().unwrap();
            for column in [&mut raw.values, &mut bars.open, &mut bars.high, &mut bars.low] {
                column[row] = column[row].map(|value| 3.0 * value);
            }
        });
        with("D005", &|raw| {
            let bars = raw.bars.as_mut().unwrap();
            let still = raw.values[row - 30];
            for column in [&mut raw.values, &mut bars.open, &mut bars.high, &mut bars.low] {
                column[row - 30..row + 30].fill(still);
            }
        });
        all
    }

    #[test]
    fn a_fault_on_any_boundary_is_found_once_as_if_there_were_none() {
        // Pieces of 10,000 rows are cut behind row 10,000: the overlap begins at row 10,000 - 4,096, the line is in its middle.
        let boundaries = [10_000, 10_000 - OVERLAP, 10_000 - OVERLAP / 2, 20_000 - OVERLAP / 2];
        for boundary in boundaries {
            for row in [boundary - 1, boundary, boundary + 1] {
                for (code, raw) in faults_at(row) {
                    let expected = whole(&raw);
                    assert!(
                        expected.iter().any(|one| one.0 == code),
                        "{code} at {row}: {expected:?}"
                    );
                    assert_eq!(in_pieces(&raw, 10_000), expected, "{code} at {row}");
                }
            }
        }
    }

    #[test]
    fn a_run_over_several_pieces_is_one_finding() {
        let mut raw = walk(ROWS, 7);
        let still = raw.values[7_000];
        let bars = raw.bars.as_mut().unwrap();
        for column in [&mut raw.values, &mut bars.open, &mut bars.high, &mut bars.low] {
            column[7_000..27_000].fill(still);
        }
        let of = |found: Vec<(String, Option<usize>, Timestamp, Timestamp, usize)>| {
            found.into_iter().filter(|one| one.0 == "D005").collect::<Vec<_>>()
        };
        let expected = of(whole(&raw));
        assert_eq!(expected.len(), 1, "{expected:?}");
        let (_, row, from, to, count) = &expected[0];
        assert!(
            (*row, *count) == (Some(7_001), 20_000) || (*row, *count) == (Some(7_002), 19_999),
            "{expected:?}"
        );
        assert!(start() < *from && from < to);
        for rows in [9_000, 10_000, 12_345] {
            assert_eq!(of(in_pieces(&raw, rows)), expected, "pieces of {rows}");
        }
    }

    #[test]
    fn a_clean_series_is_clean_in_pieces() {
        assert_eq!(in_pieces(&walk(ROWS, 3), 9_000), []);
    }
}
