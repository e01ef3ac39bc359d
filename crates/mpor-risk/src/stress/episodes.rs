//! Named stretches of history: which moves happened in them, if the study's history reaches that far?
//!
//! The list is dated data with its sources, `data/episodes.toml`. An episode gives every move over the margin period
//! that ends inside it; a history that holds none of them is an error, never an empty stress.

use std::ops::Range;

use mpor_core::{Span, Timestamp};
use ndarray::Axis;
use serde::{Deserialize, Serialize};

use crate::checks::parameter;
use crate::day::Day;
use crate::error::RiskError;
use crate::scenario::moves::{Moves, last_moves};
use crate::set::{ScenarioSet, SmileDynamics};

const SHIPPED: &str = include_str!("../../data/episodes.toml");

/// A stretch of history.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Episode {
    /// Short name, as a study writes it.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, inclusive.
    pub to: String,
    /// Where the dates come from.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    episode: Vec<Episode>,
}

/// The episodes shipped with this version, in order of time.
///
/// # Errors
/// As [`read_episodes`].
pub fn episodes() -> Result<Vec<Episode>, RiskError> {
    read_episodes(SHIPPED)
}

/// The episodes of a TOML text: a `version` and `[[episode]]` entries with `id`, `name`, `from`, `to` and `source`.
///
/// # Errors
/// [`RiskError::Parameter`] for a text that is not such a list, two entries with one id, an entry without source, or
/// dates out of order.
pub fn read_episodes(text: &str) -> Result<Vec<Episode>, RiskError> {
    let expected = "a version and [[episode]] entries with id, name, from, to and source";
    let file: File =
        toml::from_str(text).map_err(|error| parameter("episodes", error, expected))?;
    if file.version.is_empty() {
        return Err(parameter("version", "nothing", "the date of the list"));
    }
    for (index, episode) in file.episode.iter().enumerate() {
        episode.span()?;
        if episode.source.is_empty() {
            return Err(parameter(
                "source",
                &episode.id,
                "where the dates of the episode come from",
            ));
        }
        if file.episode[..index].iter().any(|other| other.id == episode.id) {
            return Err(parameter("id", &episode.id, "an id that no other episode has"));
        }
    }
    Ok(file.episode)
}

/// The episode with an id.
///
/// # Errors
/// [`RiskError::Parameter`] for an id that no shipped episode has.
pub fn episode(id: &str) -> Result<Episode, RiskError> {
    let known = episodes()?.into_iter().find(|episode| episode.id == id);
    known.ok_or_else(|| parameter("episode", id, "the id of a shipped episode, such as luna-2022"))
}

impl Episode {
    /// The first instant, and the first after the last day.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for what is no date, and dates out of order.
    pub fn span(&self) -> Result<(Timestamp, Timestamp), RiskError> {
        let read = |text: &str| {
            let found = format!("{text} in episode `{}`", self.id);
            text.parse::<Timestamp>()
                .map_err(|_| parameter("date", found, "a date such as 2022-05-07"))
        };
        let (from, last) = (read(&self.from)?, read(&self.to)?);
        if last < from {
            let found = format!("{} to {} in episode `{}`", self.from, self.to, self.id);
            return Err(parameter("dates", found, "the earlier one first"));
        }
        Ok((from, last + Span::days(1)))
    }

    /// The observations, among ascending times, that are dated inside the episode; a bar carries the end of its
    /// interval, so midnight after the last day belongs to it and midnight before the first does not.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] where there are none.
    pub fn steps(&self, times: &[Timestamp]) -> Result<Range<usize>, RiskError> {
        let (from, end) = self.span()?;
        let first = times.partition_point(|time| *time <= from);
        let past = times.partition_point(|time| *time <= end);
        if first >= past || first == 0 {
            let reach = match (times.first(), times.last()) {
                (Some(first), Some(last)) => format!("{first} to {last}"),
                _ => "nothing".to_owned(),
            };
            let found =
                format!("{} ({} to {}) with a history from {reach}", self.id, self.from, self.to);
            return Err(parameter(
                "episode",
                found,
                "one that lies inside the history of the study",
            ));
        }
        Ok(first..past)
    }

    /// Every move over the margin period that ends inside the episode, as scenarios of a day.
    ///
    /// # Errors
    /// As [`Episode::steps`] on what is known on the day, and [`last_moves`].
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        let times = day.past.times();
        let steps = self.steps(times)?;
        let lag = day.horizon.steps();
        let Range { start, end } = steps.start.max(lag)..steps.end.max(lag);
        if start >= end {
            let found = format!("{} within {lag} steps of the start of the history", self.id);
            return Err(parameter(
                "episode",
                found,
                "one that lies inside the history of the study",
            ));
        }
        let all = last_moves(&day.past, day.universe.underlyings().len(), lag, times.len() - lag)?;
        let columns: Vec<usize> = (start - lag..end - lag).collect();
        let values = all.values.select(Axis(1), &columns);
        let name = |step: usize| format!("{}: {} to {}", self.id, times[step - lag], times[step]);
        let names = (start..end).map(name).collect();
        let moves = Moves { factors: all.factors, values };
        Ok(moves.into_set(day, names, SmileDynamics::StickyMoneyness))
    }
}
