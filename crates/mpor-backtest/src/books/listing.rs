//! Which expiries and strikes are listed?
//!
//! Expiries follow a schedule of dates at the study's cut, the time of day of its first margin date. On a calendar of trading
//! days an expiry is the last time of the grid on or before its date: the dates of trading days count as known ahead, as
//! exchange calendars are, while no price later than the roll is used. Past the end of the history the schedule's own
//! date stands.
//!
//! Strikes are whole multiples of an increment: the smallest of 1, 2, 2.5 and 5 times a power of ten that is at least 1 % of
//! spot, hence between 1 % and 2 % of it.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use mpor_core::time::DAY_MICROS;
use mpor_core::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The dates on which options and futures expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing {
    /// Every day.
    Daily,
    /// Every Friday.
    #[default]
    Weekly,
    /// The last Friday of each month.
    Monthly,
    /// The third Friday of each month, as equity index options.
    MonthlyThirdFriday,
    /// What trades at the step: futures with prices of their own, else the expiries and strikes that the option chain marks.
    Listed,
}

/// The times of the study's grid, and the time of day at which contracts expire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid<'a> {
    pub times: &'a [Timestamp],
    pub cut: Span,
}

impl Listing {
    /// The listed expiry nearest to `target`, of those after `now`; the earlier of two equally near ones.
    pub(super) fn nearest(self, grid: Grid<'_>, now: Timestamp, target: Timestamp) -> Timestamp {
        let date = target.max(now).date();
        let after_now = |days: i64| {
            let date = shifted(date, days).filter(|date| self.lists(*date))?;
            Some(grid.expiry(date)).filter(|expiry| *expiry > now)
        };
        // 35 days hold a date of every schedule; twice as many hold one after `now` whatever the grid moves.
        let before = (0..=35).find_map(|days| after_now(-days));
        let after = (1..=70).find_map(after_now);
        match (before, after) {
            (Some(before), Some(after)) if target - before <= after - target => before,
            (before, after) => after.or(before).unwrap_or(target),
        }
    }

    /// The first listed expiry after `time`; at most 70 days further on.
    pub(super) fn first_after(self, grid: Grid<'_>, time: Timestamp) -> Option<Timestamp> {
        let expiry = |days: i64| {
            let date = shifted(time.date(), days).filter(|date| self.lists(*date))?;
            Some(grid.expiry(date)).filter(|expiry| *expiry > time)
        };
        (0..=70).find_map(expiry)
    }

    fn lists(self, date: NaiveDate) -> bool {
        let friday = date.weekday() == Weekday::Fri;
        match self {
            Listing::Daily => true,
            Listing::Weekly => friday,
            Listing::Monthly => {
                friday && shifted(date, 7).is_some_and(|n| n.month() != date.month())
            }
            Listing::MonthlyThirdFriday => friday && (15..=21).contains(&date.day()),
            // Not a schedule: the desk asks the chain.
            Listing::Listed => false,
        }
    }
}

impl<'a> Grid<'a> {
    /// The grid of these times, cut at the time of day of the step `first`.
    pub(super) fn new(times: &'a [Timestamp], first: usize) -> Self {
        let cut = times.get(first).map_or(0, |time| time.0.rem_euclid(DAY_MICROS));
        Grid { times, cut: Span(cut) }
    }

    /// The instant at which a contract dated `date` expires.
    fn expiry(self, date: NaiveDate) -> Timestamp {
        let nominal = Timestamp::from_date(date) + self.cut;
        let inside = self.times.last().is_some_and(|last| nominal <= *last);
        if !inside || self.times.binary_search(&nominal).is_ok() {
            return nominal;
        }
        let next_day = Timestamp::from_date(date) + Span::days(1);
        let after = self.times.partition_point(|time| *time < next_day);
        after.checked_sub(1).map_or(nominal, |last| self.times[last])
    }

    /// The shortest distance between two margin dates, as seen in the first few: weekends are longer.
    pub(super) fn step(self) -> Span {
        let apart = self.times.windows(2).take(10).map(|pair| pair[1] - pair[0]).min();
        apart.unwrap_or(Span::days(1))
    }
}

/// No strike is further out: a forward or a volatility that wants one comes from a faulty price.
const MOST_STRIKES: i64 = 1 << 50;

/// The listed strikes of one underlying at one time, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Strikes {
    /// Whole multiples of an increment.
    Schedule(Increment),
    /// Those that the chain marks, increasing; at least one.
    Quoted(Arc<[f64]>),
}

/// The increment is `doubled * 10^exponent / 2`: doubled, because 2.5 is one of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Increment {
    doubled: i64,
    exponent: i32,
}

impl Strikes {
    /// Strikes around a spot price, which must be above zero.
    pub(super) fn around(spot: f64) -> Self {
        let least = 0.01 * spot;
        let mut exponent = least.log10().floor() as i32;
        loop {
            for doubled in [2, 4, 5, 10] {
                let increment = Increment { doubled, exponent };
                if increment.times(1) >= least {
                    return Strikes::Schedule(increment);
                }
            }
            exponent += 1;
        }
    }

    /// The `count`-th strike; the outermost quoted one beyond them.
    pub(super) fn at(&self, count: i64) -> f64 {
        match self {
            Strikes::Schedule(increment) => increment.times(count),
            Strikes::Quoted(strikes) => {
                strikes[(count - 1).clamp(0, strikes.len() as i64 - 1) as usize]
            }
        }
    }

    /// The number of the strike nearest to `price`, at least 1.
    pub(super) fn nearest(&self, price: f64) -> i64 {
        match self {
            Strikes::Schedule(increment) => {
                ((price / increment.times(1)).round() as i64).clamp(1, MOST_STRIKES)
            }
            Strikes::Quoted(strikes) => {
                let above = strikes.partition_point(|strike| *strike < price);
                let last = strikes.len() - 1;
                let (low, high) = (above.saturating_sub(1), above.min(last));
                let nearer_low = price - strikes[low] <= strikes[high] - price;
                (if nearer_low { low } else { high }) as i64 + 1
            }
        }
    }

    /// The number of the highest strike below `price`, at least 1, with another strike above it where there are two.
    pub(super) fn below(&self, price: f64) -> i64 {
        match self {
            Strikes::Schedule(increment) => {
                ((price / increment.times(1)).ceil() as i64).clamp(2, MOST_STRIKES) - 1
            }
            Strikes::Quoted(strikes) => {
                let below = strikes.partition_point(|strike| *strike < price) as i64;
                below.clamp(1, (strikes.len() as i64 - 1).max(1))
            }
        }
    }

    /// The strikes a share `width` of `forward` below and above the strike `body`; `None` where one is not listed.
    pub(super) fn wings(&self, body: i64, forward: f64, width: f64) -> Option<(i64, i64)> {
        let (low, high) = match self {
            Strikes::Schedule(_) => {
                let wing = self.nearest(width * forward);
                (body - wing, body + wing)
            }
            Strikes::Quoted(_) => {
                let middle = self.at(body);
                (self.nearest(middle - width * forward), self.nearest(middle + width * forward))
            }
        };
        (1 <= low && low < body && body < high).then_some((low, high))
    }
}

impl Increment {
    /// So many increments. One rounding at most, so that it prints as it is quoted.
    fn times(self, count: i64) -> f64 {
        let halves = (count * self.doubled) as f64;
        if self.exponent >= 0 {
            halves * 10_f64.powi(self.exponent) / 2.0
        } else {
            halves / (2.0 * 10_f64.powi(-self.exponent))
        }
    }
}

fn shifted(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 { date.checked_sub_days(count) } else { date.checked_add_days(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn nearest(listing: Listing, now: &str, tenor: Span) -> String {
        let times = [at("2020-01-01T08:00")];
        let grid = Grid::new(&times, 0);
        listing.nearest(grid, at(now), at(now) + tenor).to_string()
    }

    /// By the calendar: 12 March 2020 was a Thursday.
    #[test]
    fn expiries_are_the_venues_dates() {
        let now = "2020-03-12T08:00";
        assert_eq!(nearest(Listing::Daily, now, Span::days(2)), "2020-03-14T08:00:00Z");
        assert_eq!(nearest(Listing::Weekly, now, Span::days(7)), "2020-03-20T08:00:00Z");
        assert_eq!(nearest(Listing::Weekly, now, Span::days(30)), "2020-04-10T08:00:00Z");
        assert_eq!(nearest(Listing::Monthly, now, Span::days(30)), "2020-04-24T08:00:00Z");
        assert_eq!(nearest(Listing::Monthly, now, Span::days(10)), "2020-03-27T08:00:00Z");
        let third = Listing::MonthlyThirdFriday;
        assert_eq!(nearest(third, now, Span::days(30)), "2020-04-17T08:00:00Z");
    }

    #[test]
    fn an_expiry_is_always_still_to_come() {
        assert_eq!(
            nearest(Listing::Weekly, "2020-03-13T08:00", Span::days(1)),
            "2020-03-20T08:00:00Z"
        );
        assert_eq!(
            nearest(Listing::Monthly, "2020-03-27T08:00", Span::days(1)),
            "2020-04-24T08:00:00Z"
        );
    }

    /// By the calendar: 28 February and 27 March 2020 were the last Fridays of their months.
    #[test]
    fn the_first_expiry_after_a_time_is_never_at_it() {
        let times = [at("2020-01-01T08:00")];
        let grid = Grid::new(&times, 0);
        let first = |listing: Listing, after| listing.first_after(grid, at(after)).unwrap();
        assert_eq!(first(Listing::Monthly, "2020-02-28T07:59"), at("2020-02-28T08:00"));
        assert_eq!(first(Listing::Monthly, "2020-02-28T08:00"), at("2020-03-27T08:00"));
        assert_eq!(first(Listing::Weekly, "2020-03-13T08:00"), at("2020-03-20T08:00"));
        assert_eq!(Listing::Listed.first_after(grid, times[0]), None);
    }

    #[test]
    fn a_missing_friday_moves_to_the_trading_day_before() {
        // Good Friday: 10 April 2020.
        let days = ["2020-04-07", "2020-04-08", "2020-04-09", "2020-04-13", "2020-04-14"];
        let times: Vec<Timestamp> = days.iter().map(|day| at(day) + Span::hours(20)).collect();
        let grid = Grid::new(&times, 0);
        let expiry = Listing::Weekly.nearest(grid, times[0], times[0] + Span::days(3));
        assert_eq!(expiry, times[2]);
        assert_eq!(Grid::new(&times[2..], 0).step(), Span::days(1));
        let later = Listing::Weekly.nearest(grid, times[0], times[0] + Span::days(10));
        assert_eq!(later.to_string(), "2020-04-17T20:00:00Z");
    }

    #[test]
    fn strikes_are_one_to_two_percent_apart() {
        let increment = |spot| Strikes::around(spot).at(1);
        let found = [7_937.0, 60_000.0, 3_000.0, 250.0, 0.35, 20_000.0, 100.0].map(increment);
        assert_eq!(found, [100.0, 1000.0, 50.0, 2.5, 0.005, 200.0, 1.0]);
        let mut spot = 0.0017;
        while spot < 1e6 {
            let share = increment(spot) / spot;
            assert!((0.01..=0.02 + 1e-12).contains(&share), "{spot}: {share}");
            spot *= 1.013;
        }
        assert_eq!(Strikes::around(0.35).at(3).to_string(), "0.015");
        assert_eq!(Strikes::around(250.0).at(99), 247.5);
    }

    #[test]
    fn a_price_out_of_all_bounds_still_has_a_strike() {
        let strikes = Strikes::around(100.0);
        for price in [1e300, f64::INFINITY] {
            assert_eq!(strikes.at(strikes.nearest(price)), MOST_STRIKES as f64);
            assert_eq!(strikes.below(price) + 1, MOST_STRIKES);
        }
        assert_eq!((strikes.nearest(1e-300), strikes.below(1e-300)), (1, 1));
    }
}
