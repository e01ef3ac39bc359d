//! What does a count of breaches cost a bank in capital? The multiplier of the traffic light.
//!
//! The multipliers are data: [`EMBEDDED`] holds them by framework, with source and validity. They are defined for 250 periods at
//! 99 %; for other samples a framework may only be asked for by the zone, which [`basel`](super::basel) gives.

use mpor_core::Level;
use serde::Deserialize;

use super::{CoverageError, HitSequence};

/// The multipliers that are part of mpor.
pub const EMBEDDED: &str = include_str!("basel_multipliers.toml");

/// The multipliers of one framework.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Name, such as `basel-1996`.
    pub id: String,
    /// Version of these figures.
    pub version: String,
    /// First day on which they hold, as a date.
    pub valid_from: String,
    /// Where they are from.
    pub source: String,
    /// Periods that the counts refer to.
    pub observations: usize,
    /// Level that the counts refer to.
    pub level: Level,
    /// Multiplier without an addition.
    pub base: f64,
    /// What 0, 1, 2, ... breaches add; the last entry holds for more.
    pub plus: Vec<f64>,
}

#[derive(Deserialize)]
struct File {
    framework: Vec<Framework>,
}

/// All embedded frameworks, oldest first.
///
/// # Errors
/// [`CoverageError::Multipliers`] where the embedded text cannot be read.
pub fn frameworks() -> Result<Vec<Framework>, CoverageError> {
    let file: File =
        toml::from_str(EMBEDDED).map_err(|error| CoverageError::Multipliers(error.to_string()))?;
    Ok(file.framework)
}

impl Framework {
    /// The multiplier after a series of hits.
    ///
    /// # Errors
    /// [`CoverageError`] where the series has another length or level than the table.
    pub fn multiplier(&self, hits: &HitSequence) -> Result<f64, CoverageError> {
        let refuse = |what, found, expected| {
            Err(CoverageError::Setting { test: "basel-multiplier", what, found, expected })
        };
        if hits.len() != self.observations {
            return refuse("the number of periods", hits.len() as f64, "250, as in the table");
        }
        if hits.level() != self.level {
            return refuse("the level", hits.level().value(), "0.99, as in the table");
        }
        let last = self.plus.len().saturating_sub(1);
        Ok(self.base + self.plus.get(hits.count().min(last)).copied().unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn multiplier(framework: &Framework, count: usize) -> f64 {
        let hits = (0..250).map(|at| at < count).collect();
        framework.multiplier(&HitSequence::daily(hits, Level::P99)).unwrap()
    }

    #[test]
    fn the_printed_multipliers() {
        let all = frameworks().unwrap();
        let old = all.iter().find(|framework| framework.id == "basel-1996").unwrap();
        assert_eq!(multiplier(old, 4), 3.0);
        assert_eq!(multiplier(old, 7), 3.65);
        assert_eq!(multiplier(old, 10), 4.0);
        assert_eq!(multiplier(old, 250), 4.0);
        let new = all.iter().find(|framework| framework.id == "basel-2019").unwrap();
        assert_eq!(multiplier(new, 5), 1.7);
        assert_eq!(multiplier(new, 30), 2.0);
    }

    #[test]
    fn other_samples_have_no_multiplier() {
        let all = frameworks().unwrap();
        let hits = HitSequence::daily(vec![false; 500], Level::P99);
        assert!(all[0].multiplier(&hits).is_err());
        let other = HitSequence::daily(vec![false; 250], Level::new(0.975).unwrap());
        assert!(all[0].multiplier(&other).is_err());
    }
}
