//! Ticks of a time axis: at the start of years, quarters, months, days or hours, whichever leaves few of them.

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// A spacing of ticks.
#[derive(Clone, Copy)]
enum Every {
    Hours(u32),
    Days(u32),
    Months(u32),
    Years(i32),
}

const SPACINGS: [Every; 15] = [
    Every::Hours(1),
    Every::Hours(6),
    Every::Days(1),
    Every::Days(2),
    Every::Days(7),
    Every::Days(14),
    Every::Months(1),
    Every::Months(2),
    Every::Months(3),
    Every::Months(6),
    Every::Years(1),
    Every::Years(2),
    Every::Years(5),
    Every::Years(10),
    Every::Years(20),
];

/// At most `most` ticks between two instants in microseconds since the epoch.
pub(super) fn ticks((low, high): (f64, f64), most: usize) -> Vec<(f64, String)> {
    let (Some(start), Some(end)) = (civil(low), civil(high)) else { return Vec::new() };
    let days = (high - low) / 86_400e6;
    let spacing = SPACINGS.into_iter().find(|spacing| days / spacing.days() <= most.max(1) as f64);
    let spacing = spacing.unwrap_or(Every::Years(50));
    let mut at = spacing.floor(start);
    let mut found = Vec::new();
    while at <= end && found.len() <= 2 * most {
        if at >= start {
            found.push((at.and_utc().timestamp_micros() as f64, spacing.show(at)));
        }
        match spacing.next(at) {
            Some(next) => at = next,
            None => break,
        }
    }
    found
}

fn civil(micros: f64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros as i64).map(|instant| instant.naive_utc())
}

impl Every {
    fn days(self) -> f64 {
        match self {
            Every::Hours(hours) => f64::from(hours) / 24.0,
            Every::Days(days) => f64::from(days),
            Every::Months(months) => f64::from(months) * 30.4,
            Every::Years(years) => f64::from(years) * 365.25,
        }
    }

    /// The last tick at or before an instant.
    fn floor(self, at: NaiveDateTime) -> NaiveDateTime {
        let midnight = at.date().and_time(NaiveTime::MIN);
        let month = |month0: u32| first_of(at.year(), month0 + 1).unwrap_or(midnight);
        match self {
            Every::Hours(hours) => midnight + Duration::hours(i64::from(at.hour() / hours * hours)),
            Every::Days(days) => {
                let since = i64::from(at.date().num_days_from_ce() - 1) % i64::from(days);
                midnight - Duration::days(since)
            }
            Every::Months(months) => month(at.month0() / months * months),
            Every::Years(years) => {
                first_of(at.year().div_euclid(years) * years, 1).unwrap_or(midnight)
            }
        }
    }

    fn next(self, at: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Every::Hours(hours) => at.checked_add_signed(Duration::hours(i64::from(hours))),
            Every::Days(days) => at.checked_add_signed(Duration::days(i64::from(days))),
            Every::Months(months) => at.checked_add_months(Months::new(months)),
            Every::Years(years) => at.checked_add_months(Months::new(years.unsigned_abs() * 12)),
        }
    }

    fn show(self, at: NaiveDateTime) -> String {
        let form = match self {
            Every::Hours(_) => "%-d\u{A0}%b\u{A0}%H:%M",
            Every::Days(_) => "%-d\u{A0}%b\u{A0}%Y",
            Every::Months(_) => "%b\u{A0}%Y",
            Every::Years(_) => "%Y",
        };
        at.format(form).to_string()
    }
}

fn first_of(year: i32, month: u32) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(year, month, 1).map(|date| date.and_time(NaiveTime::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Timestamp;

    fn shown(from: &str, to: &str, most: usize) -> Vec<String> {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().0 as f64;
        ticks((at(from), at(to)), most)
            .into_iter()
            .map(|(_, text)| text.replace('\u{A0}', " "))
            .collect()
    }

    #[test]
    fn years_for_years_and_days_for_days() {
        assert_eq!(shown("2018-06-01", "2021-06-01", 8)[..3], ["Jul 2018", "Jan 2019", "Jul 2019"]);
        assert_eq!(shown("2017-02-01", "2024-12-31", 8).len(), 7);
        assert_eq!(shown("2020-03-10", "2020-03-13", 5)[0], "10 Mar 2020");
        assert_eq!(shown("2020-03-12T06:00", "2020-03-12T18:00", 4)[0], "12 Mar 06:00");
    }
}
