//! Margin dates: around the clock with a daily cut, or the trading days of a series.
//!
//! Around the clock, the grid is every instant that is a whole number of steps from the cut. Trading days are not
//! known in advance: they are the stamps of a reference series, one a session, so that an exchange's holidays need no
//! table. An MPOR of `2d` is two calendar days on the first and two sessions on the second.

use mpor_core::{Horizon, Span, Timestamp};

use crate::error::DataError;
use crate::series::Series;

/// The margin dates of a study.
#[derive(Clone, Debug, PartialEq)]
pub enum Calendar {
    /// Every `step` around the clock.
    AroundTheClock {
        /// Distance of two margin dates; divides a day.
        step: Span,
        /// A time of day that is on the grid.
        cut: Span,
    },
    /// One margin date a trading session.
    TradingDays {
        /// The stamps of the sessions, increasing.
        sessions: Vec<Timestamp>,
    },
}

impl Calendar {
    /// Margin dates every `step`, one of them at `cut` after midnight UTC.
    ///
    /// # Errors
    /// [`DataError::Calendar`] for a step that does not divide a day or a cut that is not a time of day.
    pub fn around_the_clock(step: Span, cut: Span) -> Result<Self, DataError> {
        let day = Span::days(1);
        if step.0 <= 0 || day.0 % step.0 != 0 {
            let problem =
                format!("a step of {step} does not divide a day; use 1d, 12h, 8h, 6h, 4h or 1h");
            return Err(DataError::Calendar { problem });
        }
        if !(0..day.0).contains(&cut.0) {
            let problem = format!("a cut {cut} after midnight is not a time of day");
            return Err(DataError::Calendar { problem });
        }
        Ok(Calendar::AroundTheClock { step, cut })
    }

    /// The trading days of a reference series: its last stamp of each UTC date.
    ///
    /// # Errors
    /// [`DataError::Calendar`] for an empty series.
    pub fn trading_days(reference: &Series) -> Result<Self, DataError> {
        let mut sessions: Vec<Timestamp> = Vec::new();
        for &time in &reference.times {
            match sessions.last_mut().filter(|last| last.date() == time.date()) {
                Some(last) => *last = time,
                None => sessions.push(time),
            }
        }
        if sessions.is_empty() {
            let problem = format!("`{}` has no row to read trading days off", reference.symbol);
            return Err(DataError::Calendar { problem });
        }
        Ok(Calendar::TradingDays { sessions })
    }

    /// The margin dates within `from..=to`, both included, and `warm_up` dates before them.
    ///
    /// # Errors
    /// [`DataError::Calendar`] when no date lies in the range, or trading days begin too late for the warm-up.
    pub fn grid(
        &self,
        from: Timestamp,
        to: Timestamp,
        warm_up: usize,
    ) -> Result<Vec<Timestamp>, DataError> {
        let grid = match self {
            Calendar::AroundTheClock { step, cut } => clock(*step, *cut, from, to, warm_up)?,
            Calendar::TradingDays { sessions } => days(sessions, from, to, warm_up)?,
        };
        if grid.len() <= warm_up {
            let problem = format!("no margin date between {from} and {to}");
            return Err(DataError::Calendar { problem });
        }
        Ok(grid)
    }

    /// A margin period of risk in steps of this calendar.
    ///
    /// # Errors
    /// [`DataError::Calendar`] when it is not a whole number of steps, or, on trading days, of days.
    pub fn horizon(&self, span: Span) -> Result<Horizon, DataError> {
        let step = match self {
            Calendar::AroundTheClock { step, .. } => *step,
            Calendar::TradingDays { .. } => Span::days(1),
        };
        let steps = usize::try_from(span.0 / step.0).unwrap_or_default();
        Horizon::new(span, steps).filter(|_| span.0 % step.0 == 0).ok_or_else(|| {
            let problem = format!("an MPOR of {span} is not a whole number of steps of {step}");
            DataError::Calendar { problem }
        })
    }
}

fn clock(
    step: Span,
    cut: Span,
    from: Timestamp,
    to: Timestamp,
    warm_up: usize,
) -> Result<Vec<Timestamp>, DataError> {
    let first = from + Span((cut.0 - from.0).rem_euclid(step.0));
    let before = i64::try_from(warm_up).ok().and_then(|count| count.checked_mul(step.0));
    let start = before.and_then(|before| first.0.checked_sub(before)).map(Timestamp);
    let start = start.ok_or_else(|| DataError::Calendar {
        problem: format!("a warm-up of {warm_up} steps of {step} reaches before all time"),
    })?;
    let count = (to - start).0.div_euclid(step.0) + 1;
    Ok((0..count.max(0)).map(|index| start + Span(index * step.0)).collect())
}

fn days(
    sessions: &[Timestamp],
    from: Timestamp,
    to: Timestamp,
    warm_up: usize,
) -> Result<Vec<Timestamp>, DataError> {
    let first = sessions.partition_point(|&session| session < from);
    let end = sessions.partition_point(|&session| session <= to);
    let start = first.checked_sub(warm_up).ok_or_else(|| DataError::Calendar {
        problem: format!(
            "a warm-up of {warm_up} trading days before {from} needs more history than the {first} days there are"
        ),
    })?;
    Ok(sessions.get(start..end.max(start)).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::Cadence;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_cut_is_on_the_grid_whatever_the_step() {
        let grid = |step: &str, from: &str, to: &str, warm_up| {
            let calendar =
                Calendar::around_the_clock(step.parse().unwrap(), Span::hours(8)).unwrap();
            calendar.grid(time(from), time(to), warm_up).unwrap()
        };
        let daily = grid("1d", "2021-01-01", "2021-01-03", 0);
        assert_eq!(daily, [time("2021-01-01T08:00"), time("2021-01-02T08:00")]);
        let eight = grid("8h", "2021-01-01T01:00", "2021-01-02", 0);
        assert_eq!(eight[0], time("2021-01-01T08:00"));
        assert_eq!(eight.last(), Some(&time("2021-01-02T00:00")));
        let six = grid("6h", "2021-01-01T08:00", "2021-01-01T08:00", 2);
        assert_eq!(six[0], time("2020-12-31T20:00"));
        assert_eq!(six.len(), 3);
        // The same holds before the epoch.
        assert_eq!(grid("1d", "1960-01-01", "1960-01-01T12:00", 0), [time("1960-01-01T08:00")]);
    }

    #[test]
    fn impossible_steps_are_refused() {
        for step in ["5h", "7h", "2d", "0h"] {
            assert!(Calendar::around_the_clock(step.parse().unwrap(), Span(0)).is_err(), "{step}");
        }
        assert!(Calendar::around_the_clock(Span::days(1), Span::hours(24)).is_err());
    }

    fn sessions(stamps: &[&str]) -> Calendar {
        let times: Vec<Timestamp> = stamps.iter().map(|stamp| time(stamp)).collect();
        let series = Series {
            symbol: "SPX".to_owned(),
            source: String::new(),
            place: String::new(),
            cadence: Cadence::Irregular,
            values: vec![1.0; times.len()],
            times,
        };
        Calendar::trading_days(&series).unwrap()
    }

    #[test]
    fn trading_days_skip_holidays_and_take_the_last_stamp_of_a_date() {
        let calendar = sessions(&[
            "2018-02-02T15:00",
            "2018-02-02T21:00",
            "2018-02-05T21:00",
            "2018-02-06T21:00",
        ]);
        let grid = calendar.grid(time("2018-02-05"), time("2018-02-07"), 1).unwrap();
        assert_eq!(grid[0], time("2018-02-02T21:00"));
        assert_eq!(grid.len(), 3);
        assert!(calendar.grid(time("2018-02-05"), time("2018-02-07"), 2).is_err());
        assert!(calendar.grid(time("2019-02-05"), time("2019-02-07"), 0).is_err());
    }

    #[test]
    fn an_mpor_counts_in_steps() {
        let hours = Calendar::around_the_clock(Span::hours(8), Span(0)).unwrap();
        assert_eq!(hours.horizon(Span::hours(48)).unwrap().steps(), 6);
        assert!(hours.horizon(Span::hours(12)).is_err());
        let days = sessions(&["2018-02-02T21:00"]);
        assert_eq!(days.horizon(Span::days(2)).unwrap().steps(), 2);
        assert!(days.horizon(Span::hours(36)).is_err());
        assert!(days.horizon(Span(0)).is_err());
    }
}
