//! Parameters of OMS II: valuation intervals by underlying, and the tree of windows.

use std::collections::{BTreeMap, BTreeSet};

use mpor_risk::SmileDynamics;
use serde::Deserialize;

use super::window::VOLS;

/// The entry for underlyings without their own.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    pub intervals: BTreeMap<String, Interval>,
    #[serde(default = "thirty_one")]
    pub points: usize,
    #[serde(default)]
    pub windows: BTreeMap<String, WindowParameters>,
    #[serde(default)]
    pub smile: SmileDynamics,
    #[serde(default)]
    pub gaps: Vec<String>,
    #[serde(default = "one")]
    pub maintenance: f64,
}

/// How far an underlying is valued, either way.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Interval {
    /// Share of spot.
    pub price: f64,
    /// Share of volatility.
    #[serde(default)]
    pub vol: f64,
}

/// Underlyings, or windows of them, that are never further apart than the window is wide.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowParameters {
    pub members: Vec<String>,
    /// Price points.
    pub points: usize,
    /// Volatility states.
    #[serde(default = "all_vols")]
    pub vols: usize,
}

fn thirty_one() -> usize {
    31
}

fn one() -> f64 {
    1.0
}

fn all_vols() -> usize {
    VOLS
}

/// A key and what is wrong with it.
type Fault = (String, String);

/// More say nothing new, and do not fit any memory at some point.
const MOST_POINTS: usize = 1001;

impl Parameters {
    /// The first parameter that is impossible, as key and sentence.
    pub fn check(&self) -> Result<(), Fault> {
        if !(3..=MOST_POINTS).contains(&self.points) || self.points.is_multiple_of(2) {
            let problem = format!(
                "is {}: an odd number, 3 to {MOST_POINTS}, so that one point is unmoved",
                self.points
            );
            return Err(("points".to_owned(), problem));
        }
        for (name, own) in &self.intervals {
            if !(own.price > 0.0 && own.price < 1.0) {
                let problem = format!("is {}: a share of spot above 0 and below 1", own.price);
                return Err((format!("intervals.{name}.price"), problem));
            }
            if !(0.0..1.0).contains(&own.vol) {
                let problem = format!("is {}: a share of volatility from 0, below 1", own.vol);
                return Err((format!("intervals.{name}.vol"), problem));
            }
        }
        if !(0.0..=1.0).contains(&self.maintenance) {
            let problem = format!("is {}: a share between 0 and 1", self.maintenance);
            return Err(("maintenance".to_owned(), problem));
        }
        self.check_windows()
    }

    fn check_windows(&self) -> Result<(), Fault> {
        let mut placed = BTreeSet::new();
        for (name, own) in &self.windows {
            let key = |key: &str| format!("windows.{name}.{key}");
            if !(1..=self.points).contains(&own.points) {
                return Err((
                    key("points"),
                    format!("is {}: 1 to {} points", own.points, self.points),
                ));
            }
            if !(1..=VOLS).contains(&own.vols) {
                return Err((key("vols"), format!("is {}: 1 to {VOLS} states", own.vols)));
            }
            for member in &own.members {
                if !placed.insert(member) {
                    let problem = format!(
                        "has `{member}`, which is in a window already; each belongs to one"
                    );
                    return Err((key("members"), problem));
                }
                let inner = self.windows.get(member);
                if inner.is_some_and(|inner| inner.points > own.points || inner.vols > own.vols) {
                    let problem = format!(
                        "has the window `{member}`, which is wider than this one; the outer one is at least as wide"
                    );
                    return Err((key("members"), problem));
                }
            }
        }
        // Each is in one window at most, so a window from which no outermost one is reached is in a ring.
        for name in self.windows.keys() {
            let mut at = name;
            for _ in 0..self.windows.len() {
                match self.windows.iter().find(|(_, own)| own.members.contains(at)) {
                    Some((outer, _)) => at = outer,
                    None => break,
                }
            }
            if placed.contains(at) {
                return Err((
                    format!("windows.{name}.members"),
                    "holds itself; write a tree".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// The interval of an underlying; `None` where no rule says.
    pub fn interval_of(&self, underlying: &str) -> Option<Interval> {
        self.intervals.get(underlying).or_else(|| self.intervals.get(DEFAULT)).copied()
    }

    /// The names of the intervals, for errors.
    pub fn known(&self) -> String {
        self.intervals.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}
