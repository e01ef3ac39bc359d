//! How often a series is observed, read off its own times.
//!
//! The step is the most frequent distance between neighbours. A daily series that has next to no Saturday and Sunday is
//! one of trading sessions: its holidays are not known here, so only a long silence counts as a gap.

use chrono::{Datelike, Weekday};
use mpor_core::{Span, Timestamp};

/// How often a series is observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// Around the clock, every `step`, at `anchor` after a multiple of the step since the epoch.
    Every {
        /// Distance between neighbours.
        step: Span,
        /// Offset of the stamps within the step.
        anchor: Span,
    },
    /// Once a trading session, about `anchor` after midnight UTC.
    Sessions {
        /// Time of day of the stamps.
        anchor: Span,
    },
    /// No step that more than half of the neighbours share, or too few rows to tell.
    Irregular,
}

/// The longest silence between sessions that is not a gap: the exchanges' closure of September 2001 lasted 7 days.
pub const LONGEST_CLOSURE: Span = Span::days(7);
/// Largest share of weekend stamps in a series of trading sessions.
const WEEKEND_SHARE: f64 = 0.01;

impl Cadence {
    /// The cadence of distinct times in order.
    #[must_use]
    pub fn infer(times: &[Timestamp]) -> Self {
        if times.len() < 3 {
            return Cadence::Irregular;
        }
        let steps: Vec<i64> = times.windows(2).map(|pair| (pair[1] - pair[0]).0).collect();
        let (step, count) = most_frequent(steps.clone());
        if 2 * count <= steps.len() {
            return Cadence::Irregular;
        }
        let (anchor, _) = most_frequent(times.iter().map(|time| time.0.rem_euclid(step)).collect());
        let weekend = times.iter().filter(|time| is_weekend(**time)).count();
        let day = Span::days(1);
        // Ten rows hold a weekend of any series that trades on it.
        let sessions = times.len() >= 10 && weekend as f64 <= WEEKEND_SHARE * times.len() as f64;
        if step == day.0 && sessions {
            return Cadence::Sessions { anchor: Span(anchor) };
        }
        Cadence::Every { step: Span(step), anchor: Span(anchor) }
    }

    /// The distance between neighbours; a day for sessions.
    #[must_use]
    pub fn step(&self) -> Option<Span> {
        match self {
            Cadence::Every { step, .. } => Some(*step),
            Cadence::Sessions { .. } => Some(Span::days(1)),
            Cadence::Irregular => None,
        }
    }
}

impl std::fmt::Display for Cadence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cadence::Every { step, .. } => write!(f, "{step}"),
            Cadence::Sessions { .. } => f.write_str("trading days"),
            Cadence::Irregular => f.write_str("irregular"),
        }
    }
}

/// Whether an instant is on a Saturday or Sunday in UTC.
#[must_use]
pub fn is_weekend(time: Timestamp) -> bool {
    matches!(time.date().weekday(), Weekday::Sat | Weekday::Sun)
}

/// The most frequent value and how often it comes; the smaller one of equals.
fn most_frequent(mut values: Vec<i64>) -> (i64, usize) {
    values.sort_unstable();
    let mut best = (0, 0);
    for run in values.chunk_by(|a, b| a == b) {
        if run.len() > best.1 {
            best = (run[0], run.len());
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(first: &str, steps: &[i64], unit: Span) -> Vec<Timestamp> {
        let first: Timestamp = first.parse().unwrap();
        steps.iter().map(|&step| first + Span(step * unit.0)).collect()
    }

    #[test]
    fn hours_with_a_hole_are_hours() {
        let hours = times("2020-01-01T00:30", &[0, 1, 2, 3, 7, 8, 9], Span::hours(1));
        let anchor = Span(30 * 60 * 1_000_000);
        assert_eq!(Cadence::infer(&hours), Cadence::Every { step: Span::hours(1), anchor });
    }

    #[test]
    fn weekdays_are_sessions_and_all_days_are_not() {
        // 2020-01-06 is a Monday.
        let weekdays: Vec<i64> = (0..28).filter(|day| day % 7 < 5).collect();
        let sessions = times("2020-01-06T21:00", &weekdays, Span::days(1));
        assert_eq!(Cadence::infer(&sessions), Cadence::Sessions { anchor: Span::hours(21) });
        let all = times("2020-01-06T21:00", &(0..28).collect::<Vec<_>>(), Span::days(1));
        assert!(matches!(Cadence::infer(&all), Cadence::Every { .. }));
    }

    #[test]
    fn a_few_or_scattered_times_have_no_cadence() {
        assert_eq!(
            Cadence::infer(&times("2020-01-01", &[0, 1], Span::hours(1))),
            Cadence::Irregular
        );
        let odd = times("2020-01-01", &[0, 1, 3, 7, 15], Span::hours(1));
        assert_eq!(Cadence::infer(&odd), Cadence::Irregular);
    }
}
