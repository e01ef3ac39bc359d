//! Faults of a source, injected before the index rule sees it.
//!
//! A fault acts on the instants `from <= t < to`:
//!
//! | kind | what the source does | what a staleness limit sees |
//! | --- | --- | --- |
//! | `stale` | publishes nothing; its last value stands and ages | its age, once it passes the limit |
//! | `missing` | is not there: its last value does not stand either | nothing: it does not count from `from` on |
//! | `frozen` | goes on publishing, always the value before `from` | nothing |
//! | `spiked` | every value times `1 + move` | nothing |
//! | `depegged` | the same, the move building up in proportion to time over the first `ramp` | nothing |
//! | `lagged` | publishes at `t` what it knew at `t - lag` | nothing |
//!
//! Values after `to` are untouched. No fault looks at a later value than the one it replaces.

use mpor_core::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::build::{IndexSource, Interval};

/// What is wrong with a source for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// No news; the last value ages.
    Stale,
    /// The same value, again and again.
    Frozen,
    /// Far off at once.
    Spiked,
    /// Late.
    Lagged,
    /// Drifting off.
    Depegged,
    /// Not there.
    Missing,
}

/// One fault of one source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// When.
    pub during: Interval,
    /// For `lagged`: how late, above zero.
    pub lag: Option<Span>,
    /// For `spiked` and `depegged`: the move as a fraction, above -1: -0.35 is a third lost.
    pub shift: Option<f64>,
    /// For `depegged`: how long the move takes to build up; at once where absent.
    pub ramp: Option<Span>,
}

impl Fault {
    /// What is wrong with the fault's own terms, by key.
    ///
    /// # Errors
    /// A sentence that names the key and what would be right.
    pub fn check(&self) -> Result<(), String> {
        let Interval { from, to } = self.during;
        if to <= from {
            return Err(format!("`to` {to} is not after `from` {from}"));
        }
        let moves = matches!(self.kind, FaultKind::Spiked | FaultKind::Depegged);
        match self.shift {
            None if moves => return Err("`move` is missing, such as -0.35".to_owned()),
            Some(_) if !moves => {
                return Err("`move` belongs to the kinds spiked and depegged".to_owned());
            }
            Some(shift) if !(shift > -1.0 && shift.is_finite()) => {
                return Err(format!("`move` is {shift}; a fraction above -1, such as -0.35"));
            }
            _ => {}
        }
        let lagged = self.kind == FaultKind::Lagged;
        match self.lag {
            None if lagged => return Err("`lag` is missing, such as 30m".to_owned()),
            Some(_) if !lagged => return Err("`lag` belongs to the kind lagged".to_owned()),
            Some(lag) if lag.0 <= 0 => return Err("`lag` is zero; write 30m".to_owned()),
            _ => {}
        }
        if self.ramp.is_some() && self.kind != FaultKind::Depegged {
            return Err("`ramp` belongs to the kind depegged".to_owned());
        }
        Ok(())
    }

    /// Puts the fault into a source; the number of its rows that it changes or takes away.
    pub fn apply(&self, source: &mut IndexSource) -> usize {
        let series = &source.series;
        let hit = series.times.partition_point(|&time| time < self.during.from)
            ..series.times.partition_point(|&time| time < self.during.to);
        let count = hit.len();
        match self.kind {
            FaultKind::Missing => source.absent.push(self.during),
            FaultKind::Stale => {
                source.series.times.drain(hit.clone());
                source.series.values.drain(hit);
            }
            FaultKind::Frozen => {
                let stuck = hit.start.saturating_sub(1);
                if let Some(&value) = source.series.values.get(stuck) {
                    source.series.values[hit].fill(value);
                }
            }
            FaultKind::Spiked | FaultKind::Depegged => {
                for entry in hit {
                    let share = self.built_up(source.series.times[entry]);
                    source.series.values[entry] *= 1.0 + share * self.shift.unwrap_or(0.0);
                }
            }
            FaultKind::Lagged => self.lag(source, hit),
        }
        count
    }

    /// Share of the move that has built up at an instant of the fault.
    fn built_up(&self, time: Timestamp) -> f64 {
        match self.ramp.filter(|ramp| ramp.0 > 0) {
            None => 1.0,
            Some(ramp) => ((time - self.during.from).0 as f64 / ramp.0 as f64).min(1.0),
        }
    }

    /// Values as they were known earlier; the first known one where the lag reaches before the series.
    fn lag(&self, source: &mut IndexSource, hit: std::ops::Range<usize>) {
        let lag = self.lag.unwrap_or_default();
        let series = &mut source.series;
        let before = series.values.clone();
        for entry in hit {
            let then = series.times[entry] - lag;
            let after = series.times.partition_point(|&time| time <= then);
            series.values[entry] = before[after.saturating_sub(1)];
        }
    }
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FaultKind::Stale => "stale",
            FaultKind::Frozen => "frozen",
            FaultKind::Spiked => "spiked",
            FaultKind::Lagged => "lagged",
            FaultKind::Depegged => "depegged",
            FaultKind::Missing => "missing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::Cadence;
    use crate::series::Series;

    fn at(hour: i64) -> Timestamp {
        Timestamp(0) + Span::hours(hour)
    }

    fn source() -> IndexSource {
        let series = Series {
            symbol: "BTC/USDT".to_owned(),
            source: "binance".to_owned(),
            place: String::new(),
            cadence: Cadence::Irregular,
            times: (0..6).map(at).collect(),
            values: vec![10.0, 11.0, 12.0, 13.0, 14.0, 15.0],
        };
        IndexSource { series, weight: None, absent: Vec::new() }
    }

    fn fault(kind: FaultKind) -> Fault {
        let during = Interval { from: at(2), to: at(4) };
        Fault { kind, during, lag: None, shift: None, ramp: None }
    }

    fn after(fault: Fault) -> IndexSource {
        let mut source = source();
        fault.check().unwrap();
        assert_eq!(fault.apply(&mut source), 2, "hours 2 and 3");
        source
    }

    #[test]
    fn each_kind_by_hand() {
        let values = |fault| after(fault).series.values;
        assert_eq!(values(fault(FaultKind::Stale)), [10.0, 11.0, 14.0, 15.0]);
        assert_eq!(values(fault(FaultKind::Frozen)), [10.0, 11.0, 11.0, 11.0, 14.0, 15.0]);
        let spiked = Fault { shift: Some(-0.5), ..fault(FaultKind::Spiked) };
        assert_eq!(values(spiked), [10.0, 11.0, 6.0, 6.5, 14.0, 15.0]);
        // Half of the move is there one hour into a ramp of two; nothing at its start.
        let ramp = Some(Span::hours(2));
        let depegged = Fault { shift: Some(-0.5), ramp, ..fault(FaultKind::Depegged) };
        assert_eq!(values(depegged), [10.0, 11.0, 12.0, 13.0 * 0.75, 14.0, 15.0]);
        let lagged = Fault { lag: Some(Span::hours(1)), ..fault(FaultKind::Lagged) };
        assert_eq!(values(lagged), [10.0, 11.0, 11.0, 12.0, 14.0, 15.0]);
        let missing = after(fault(FaultKind::Missing));
        assert_eq!(missing.absent, [Interval { from: at(2), to: at(4) }]);
    }

    #[test]
    fn a_fault_says_what_it_lacks() {
        let told = |fault: Fault| fault.check().unwrap_err();
        assert!(told(fault(FaultKind::Spiked)).starts_with("`move` is missing"));
        assert!(told(fault(FaultKind::Lagged)).starts_with("`lag` is missing"));
        let odd = Fault { shift: Some(-1.0), ..fault(FaultKind::Depegged) };
        assert!(told(odd).starts_with("`move` is -1"));
        let odd = Fault { shift: Some(0.1), ..fault(FaultKind::Stale) };
        assert!(told(odd).starts_with("`move` belongs to"));
        let odd = Fault { ramp: Some(Span::hours(1)), ..fault(FaultKind::Frozen) };
        assert!(told(odd).starts_with("`ramp` belongs to"));
        let odd = Fault { during: Interval { from: at(2), to: at(2) }, ..fault(FaultKind::Stale) };
        assert!(told(odd).contains("is not after"));
    }
}
