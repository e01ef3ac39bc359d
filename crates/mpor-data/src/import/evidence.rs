//! What the first rows of a file speak for: the grid of its times, the hours of its payments, the month in its name.

use std::collections::BTreeMap;

use mpor_core::{Span, Timestamp};

use crate::import::cell::Cell;
use crate::import::probe::Probe;
use crate::import::time::{TimeForm, Written};
use crate::import::zone::Zone;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// Perpetuals pay every eight hours from midnight UTC on nearly every venue.
const FUNDING_HOURS: i64 = 8;

/// Times of a column as civil microseconds, whatever their clock, each with the series that it belongs to.
pub(crate) struct Stamps {
    pub civil: Vec<(String, i64)>,
    /// Some have no offset.
    pub without_offset: bool,
    /// Some have no time of day.
    pub dates: bool,
    /// Some could not be read.
    pub unread: Option<String>,
    /// The last stamp of the file.
    pub last: Option<i64>,
}

impl Stamps {
    pub fn of(probe: &Probe, time: usize, series: Option<usize>, form: &TimeForm) -> Self {
        let mut stamps = Stamps {
            civil: Vec::new(),
            without_offset: false,
            dates: false,
            unread: None,
            last: None,
        };
        for row in &probe.rows {
            let Some(cell) = row.get(time).filter(|cell| **cell != Cell::Empty) else { continue };
            let Some(written) = form.read(cell) else {
                stamps.unread.get_or_insert_with(|| cell.shown());
                continue;
            };
            stamps.without_offset |= matches!(written, Written::Civil(_));
            stamps.dates |= matches!(written, Written::Day(_));
            let name = series.and_then(|series| row.get(series)).map(Cell::shown);
            stamps.civil.push((name.unwrap_or_default(), civil(written)));
        }
        let last = probe.last.as_ref().and_then(|row| form.read(row.get(time)?));
        stamps.last = last.map(civil);
        stamps
    }

    /// The first and the last stamp of the file, whichever way it runs.
    fn ends(&self) -> Option<(i64, i64)> {
        let (first, last) = (self.civil.first()?.1, self.last?);
        Some((first.min(last), first.max(last)))
    }
}

fn civil(written: Written) -> i64 {
    match written {
        Written::Utc(micros) | Written::Civil(micros) => micros,
        Written::Day(days) => days * DAY,
    }
}

/// The usual distance between neighbours of a series, how many have it, and of how many.
pub(crate) fn grid(stamps: &Stamps) -> Option<(Span, usize, usize)> {
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    let mut steps = Vec::new();
    for (series, time) in &stamps.civil {
        if let Some(before) = last.insert(series, *time) {
            steps.push((time - before).abs());
        }
    }
    // Payments are stamped some milliseconds late; that is no other grid.
    let second = 1_000_000;
    let mut steps: Vec<i64> = steps
        .iter()
        .filter(|step| **step > 0)
        .map(|s| (s + second / 2) / second * second)
        .collect();
    steps.sort_unstable();
    let usual = steps.chunk_by(|a, b| a == b).max_by_key(|run| run.len())?;
    (usual[0] > 0).then_some((Span(usual[0]), usual.len(), steps.len()))
}

/// The grid in words.
pub(crate) fn grid_in_words(stamps: &Stamps) -> Option<String> {
    let (step, count, of) = grid(stamps)?;
    Some(format!("{count} of {of} neighbours are {step} apart"))
}

/// First and last stamp in words.
pub(crate) fn range_in_words(stamps: &Stamps) -> Option<String> {
    let (first, last) = stamps.ends()?;
    let shown = |micros: i64| Timestamp(micros).to_string().trim_end_matches('Z').to_owned();
    Some(format!("the stamps run from {} to {}", shown(first), shown(last)))
}

/// A comment line or column name that says UTC.
pub(crate) fn says_utc(probe: &Probe, column: &str) -> Option<String> {
    let utc = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.map(str::to_lowercase).any(|word| word == "utc" || word == "gmt")
    };
    if utc(column) {
        return Some(format!("the column is called `{column}`"));
    }
    let line = probe.comments.iter().find(|line| utc(line))?;
    Some(format!("a line before the header says `{line}`"))
}

/// The zone in which payments fall on 00:00, 08:00 and 16:00 UTC, with the hours seen.
pub(crate) fn funding_zone(stamps: &Stamps) -> Option<(Zone, String)> {
    let mut hours = [0_usize; 24];
    for (_, time) in &stamps.civil {
        let hour = (time + HOUR / 120).rem_euclid(DAY) / HOUR;
        if let Some(count) = usize::try_from(hour).ok().and_then(|hour| hours.get_mut(hour)) {
            *count += 1;
        }
    }
    let total: usize = hours.iter().sum();
    let seen: Vec<usize> = (0..24).filter(|&hour| 10 * hours[hour] > total).collect();
    let rest = i64::try_from(*seen.first()?).ok()? % FUNDING_HOURS;
    let eight_hourly = seen.len() == 3
        && seen.iter().all(|&hour| i64::try_from(hour).is_ok_and(|h| h % FUNDING_HOURS == rest));
    if !eight_hourly {
        return None;
    }
    let clock = seen.iter().map(|hour| format!("{hour:02}:00")).collect::<Vec<_>>().join(", ");
    // East of Greenwich up to half the interval, west beyond: the nearest of the zones that fit.
    let offset = if rest > FUNDING_HOURS / 2 { rest - FUNDING_HOURS } else { rest };
    let zone = Zone::hours(i32::try_from(offset).ok()?);
    let others: Vec<String> = [offset - FUNDING_HOURS, offset + FUNDING_HOURS]
        .iter()
        .filter(|hours| (-12..=14).contains(*hours))
        .filter_map(|hours| Some(Zone::hours(i32::try_from(*hours).ok()?).to_string()))
        .collect();
    Some((
        zone,
        format!(
            "payments are at {clock}; venues pay at 00:00, 08:00, 16:00 UTC, so the clock is {zone} (or {})",
            others.join(" or ")
        ),
    ))
}

/// What the month or day in the file's name says of its stamps.
pub(crate) enum Fit {
    /// The first stamp is its start: bars are stamped at their open.
    Open,
    /// The first stamp is a step after its start and the last is its end: at their close.
    Close,
}

/// Whether the stamps fill the month or day that the file is named for.
pub(crate) fn period_fit(probe: &Probe, stamps: &Stamps) -> Option<(Fit, String)> {
    let (start, end) = probe.name.period?;
    let (first, last) = stamps.ends()?;
    let (step, ..) = grid(stamps)?;
    let told = |which: &str| {
        let (start, end) = (start.to_string(), end.to_string());
        let (start, end) = (start.trim_end_matches('Z'), end.trim_end_matches('Z'));
        format!("the file is named for {start} to {end}, and {which}")
    };
    if first == start.0 && last == end.0 - step.0 {
        return Some((
            Fit::Open,
            told(&format!("its stamps begin with it and end {step} before its end")),
        ));
    }
    if first == start.0 + step.0 && last == end.0 {
        return Some((
            Fit::Close,
            told(&format!("its stamps begin {step} into it and end with it")),
        ));
    }
    None
}

/// How the dates lie in the week, in words.
pub(crate) fn week_in_words(stamps: &Stamps) -> Option<String> {
    let weekend =
        stamps.civil.iter().filter(|(_, t)| crate::cadence::is_weekend(Timestamp(*t))).count();
    let count = stamps.civil.len();
    match (count, weekend) {
        (0..10, _) => None,
        (_, 0) => Some(
            "no date is a Saturday or Sunday: trading sessions, known when they close".to_owned(),
        ),
        _ => Some(format!("{weekend} of {count} dates are Saturdays or Sundays: around the clock")),
    }
}

/// The median of the numbers of a column, in order of size.
pub(crate) fn median(probe: &Probe, column: usize, comma: bool) -> Option<f64> {
    let mut values: Vec<f64> =
        probe.cells(column).filter_map(|cell| cell.number(comma)).filter(|v| *v != 0.0).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The median ratio of two columns where both are above zero.
pub(crate) fn median_ratio(probe: &Probe, of: usize, by: usize, comma: bool) -> Option<f64> {
    let positive = |row: &Vec<Cell<'static>>, column: usize| {
        row.get(column).and_then(|cell| cell.number(comma)).filter(|value| *value > 0.0)
    };
    let ratio = |row: &Vec<Cell<'static>>| Some(positive(row, of)? / positive(row, by)?);
    let mut ratios: Vec<f64> = probe.rows.iter().filter_map(ratio).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}
