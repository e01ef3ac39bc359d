//! How times are written, on which clock, and what the stamp of a row is.

use mpor_core::Span;

use super::{Examination, column_of};
use crate::import::aliases::folded;
use crate::import::cell::Cell;
use crate::import::error::ImportError;
use crate::import::evidence::{self, Fit, Stamps};
use crate::import::format::Origin;
use crate::import::plan::Known;
use crate::import::question::Question;
use crate::import::spec::Stamp;
use crate::import::time::{self, Order, TimeForm};
use crate::import::zone::Zone;

/// Tables whose rows are bars, which can be stamped at either end.
const BARS: &[&str] = &["prices", "vol_index"];

impl Examination<'_> {
    /// How times are written.
    pub(super) fn form(&mut self, time: Option<&Origin>) -> Result<TimeForm, ImportError> {
        if let Some(format) = &self.spec.time_format {
            return TimeForm::custom(format);
        }
        let Some(column) = time.and_then(column_of) else {
            return Ok(TimeForm::Shape(Order::Unknown));
        };
        let texts = self.probe.cells(column).filter_map(|cell| match cell {
            Cell::Text(text) => time::ambiguous_pair(text),
            _ => None,
        });
        let pairs: Vec<(i64, i64)> = texts.collect();
        let order =
            match (pairs.iter().any(|pair| pair.0 > 12), pairs.iter().any(|pair| pair.1 > 12)) {
                _ if pairs.is_empty() => Order::Unknown,
                (true, false) => Order::Day,
                (false, true) => Order::Month,
                _ => {
                    let example =
                        self.probe.cells(column).next().map(Cell::shown).unwrap_or_default();
                    let question = Question::new(
                        "day and month",
                        format!("in {example} either could come first"),
                        "--time-format %d/%m/%Y or %m/%d/%Y, with the clock if there is one",
                    );
                    self.ask(question);
                    Order::Day
                }
            };
        let form = TimeForm::Shape(order);
        let read = self.probe.cells(column).any(|cell| form.read(cell).is_some());
        let example = self.probe.cells(column).find(|cell| **cell != Cell::Empty).map(Cell::shown);
        if !read && let Some(example) = example {
            let question = Question::new(
                "time format",
                format!(
                    "{example} in column `{}` is not a time of a known shape",
                    self.probe.columns[column]
                ),
                "--time-format, such as \"%d %b %Y %H:%M\", or --map time=COLUMN for another column",
            );
            self.ask(question);
        }
        Ok(form)
    }

    /// Zone and meaning of the stamps.
    pub(super) fn clock(&mut self, time: usize, stamps: &Stamps) -> (Option<Zone>, Known) {
        let stamp = match BARS.contains(&self.table.table) {
            true => self.stamp(time, stamps),
            false => Some(self.spec.stamp.unwrap_or(Stamp::Close)),
        };
        let known = match stamp {
            Some(Stamp::Open) => Known::After(self.interval(stamps).unwrap_or(Span(0))),
            Some(Stamp::Close) | None => Known::AtStamp,
            Some(Stamp::At(clock)) => Known::On(clock),
        };
        if stamp == Some(Stamp::Close) && stamps.dates {
            let question = Question::new(
                "time of day",
                "the dates have no clock, so they are no instants",
                "--stamp open --interval 1d where a day is over at midnight, or --stamp 16:00 where it is known then",
            );
            self.ask(question.seen(evidence::week_in_words(stamps)));
        }
        (self.zone(time, stamps), known)
    }

    fn stamp(&mut self, time: usize, stamps: &Stamps) -> Option<Stamp> {
        if let Some(stamp) = self.spec.stamp.or(self.layout.stamp) {
            return Some(stamp);
        }
        let column = self.probe.columns[time].clone();
        let name = folded(&column);
        let mut seen: Vec<String> = Vec::new();
        let mut guess = None;
        if let Some((fit, text)) = evidence::period_fit(self.probe, stamps) {
            guess = Some(if matches!(fit, Fit::Open) { "open" } else { "close" });
            seen.push(text);
        }
        for word in ["open", "close"] {
            if name.contains(word) {
                guess = Some(word);
                seen.push(format!("the column is called `{column}`"));
            }
        }
        seen.extend(evidence::grid_in_words(stamps));
        seen.extend(evidence::range_in_words(stamps));
        let mut pass =
            "--stamp open (the bar is known one interval later) or --stamp close".to_owned();
        if stamps.dates {
            seen.extend(evidence::week_in_words(stamps));
            pass = "--stamp open --interval 1d (a day is known at its end) or --stamp 16:00 (at that time of the day, on the clock of --time-zone)".to_owned();
        }
        let because = format!("whether `{column}` is the open or the close of a bar is not said");
        let question = Question::new("stamp of a bar", because, pass).seen(seen);
        self.ask(question.guessing(guess.map(str::to_owned)))?.parse().ok()
    }

    fn interval(&mut self, stamps: &Stamps) -> Option<Span> {
        if let Some(interval) = self.spec.interval.or(self.layout.interval) {
            return Some(interval);
        }
        let guess = evidence::grid(stamps).map(|(step, ..)| step);
        let mut seen: Vec<String> = evidence::grid_in_words(stamps).into_iter().collect();
        if let Some(named) = self.probe.name.interval {
            seen.push(format!("the name of the file says {named}"));
        }
        let question = Question::new(
            "length of a bar",
            "bars stamped at their open are known one interval later",
            "--interval 1h, 5m, 1d",
        );
        let guess = guess.map(|step| step.to_string());
        self.ask(question.seen(seen).guessing(guess))?.parse().ok()
    }

    fn zone(&mut self, time: usize, stamps: &Stamps) -> Option<Zone> {
        let stated = self.spec.time_zone;
        // A time of day, stated for dates, needs a clock even where the dates are instants.
        let at_a_clock = matches!(self.spec.stamp, Some(Stamp::At(_)));
        if stated.is_some() || !(stamps.without_offset || stamps.dates || at_a_clock) {
            return stated;
        }
        if let Some(zone) = self.layout.zone {
            return Some(zone);
        }
        let column = self.probe.columns[time].clone();
        let mut seen: Vec<String> = Vec::new();
        let mut guess = None;
        if let Some(text) = evidence::says_utc(self.probe, &column) {
            (guess, seen) = (Some(Zone::UTC), vec![text]);
        } else if self.table.table == "funding"
            && let Some((zone, text)) = evidence::funding_zone(stamps)
        {
            (guess, seen) = (Some(zone), vec![text]);
        } else if self.layout.stamp.is_some() && !self.layout.by_name {
            guess = Some(Zone::UTC);
            seen.push(
                "the venue writes UTC, but as a number: another tool has written these times"
                    .to_owned(),
            );
        } else if let Some((_, text)) = evidence::period_fit(self.probe, stamps) {
            guess = Some(Zone::UTC);
            seen.push(format!("{text}: the clock of its name, which archives keep in UTC"));
        }
        seen.extend(evidence::grid_in_words(stamps));
        seen.extend(evidence::range_in_words(stamps));
        let because = match self.spec.stamp {
            Some(Stamp::At(clock)) => format!("on which clock it is {clock} is not said"),
            _ => format!("the times in `{column}` carry no offset"),
        };
        let question = Question::new(
            "time zone",
            because,
            "--time-zone UTC, an offset such as +03:00, or a place such as America/New_York",
        );
        self.ask(question.seen(seen).guessing(guess.map(|zone| zone.to_string())))?.parse().ok()
    }

    /// Expiries that are dates need a time of day.
    pub(super) fn expiry(&mut self, origins: &[Origin], form: &TimeForm) {
        let expiry = self.column_at("expiry").and_then(|at| column_of(origins.get(at)?));
        let Some(column) = expiry.filter(|_| self.spec.expiry_time.is_none()) else { return };
        let dates = self.probe.cells(column).filter_map(|cell| form.read(cell));
        if dates.into_iter().any(|written| matches!(written, time::Written::Day(_))) {
            let because = format!(
                "`{}` is a date, and contracts expire at a time",
                self.probe.columns[column]
            );
            let pass = "--expiry-time 08:00 (UTC)";
            self.ask(Question::new("time of expiry", because, pass));
        }
    }
}
