//! Dated rules: what a rule file says of itself, and which of several versions holds when.
//!
//! ```toml
//! [meta]
//! venue = "derive"
//! model = "pmrm2"               # the study writes "derive/pmrm2"
//! version = "2025-12-08"
//! engine = "derive-pmrm2"       # what reads the parameters
//! valid_from = "2025-12-08"     # or "unknown": in force until a dated version replaces it
//! valid_until = "2026-03-01"    # optional: the first instant at which it no longer holds
//! source = "where the numbers were read"
//! status = "primary"            # primary, secondary, memory, or convention (chosen here, not a venue's)
//!
//! [meta.notes]                  # what is uncertain, by parameter
//! ```
//!
//! The parameters beside it are a matter of whoever reads them: margin models and index prices have their own. Reading
//! files is not done here.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::time::Timestamp;

/// How far the numbers of a rule file can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// The venue's own documents or contracts.
    Primary,
    /// Someone else's account of them.
    Secondary,
    /// Not checked against anything.
    Memory,
    /// Chosen by this project as a yardstick; no venue's rule.
    Convention,
}

/// The `[meta]` table of a rule file, as written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleHead {
    venue: String,
    model: String,
    version: String,
    engine: String,
    valid_from: String,
    valid_until: Option<Timestamp>,
    source: String,
    status: RuleStatus,
    #[serde(default)]
    notes: BTreeMap<String, String>,
}

/// One version of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleVersion<P> {
    /// `venue/model`, as the study writes it.
    pub name: String,
    /// Version within the name.
    pub version: String,
    /// What reads the parameters: the kind of a margin model, or `index`.
    pub engine: String,
    /// First instant at which it holds; `None` when the start is not known, which counts as always.
    pub valid_from: Option<Timestamp>,
    /// First instant at which it no longer holds, where one is stated.
    pub valid_until: Option<Timestamp>,
    /// Where the numbers were read.
    pub source: String,
    /// How far they can be trusted.
    pub status: RuleStatus,
    /// What is uncertain, by parameter.
    pub notes: BTreeMap<String, String>,
    /// The file it was read from.
    pub file: String,
    /// What the rule says.
    pub parameters: P,
}

/// Rules by name, the versions of each in the order of their validity.
#[derive(Clone, Debug)]
pub struct RuleVersions<P> {
    by_name: BTreeMap<String, Vec<RuleVersion<P>>>,
}

impl RuleHead {
    /// What reads the parameters.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The version that this is the head of. `file` is where it was read.
    ///
    /// # Errors
    /// A sentence that begins with the key: a start that is no time, or an end that is not after it.
    pub fn of<P>(self, file: &str, parameters: P) -> Result<RuleVersion<P>, String> {
        let valid_from = match self.valid_from.as_str() {
            "unknown" => None,
            text => {
                let time: Result<Timestamp, _> = text.parse();
                Some(time.map_err(|error| format!("`meta.valid_from`: {error}, or unknown"))?)
            }
        };
        if let (Some(from), Some(until)) = (valid_from, self.valid_until)
            && until <= from
        {
            return Err(format!("`meta.valid_until` {until} is not after valid_from {from}"));
        }
        Ok(RuleVersion {
            name: format!("{}/{}", self.venue, self.model),
            version: self.version,
            engine: self.engine,
            valid_from,
            valid_until: self.valid_until,
            source: self.source,
            status: self.status,
            notes: self.notes,
            file: file.to_owned(),
            parameters,
        })
    }
}

impl<P> RuleVersion<P> {
    /// Whether it holds at an instant.
    #[must_use]
    pub fn holds_at(&self, time: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= time)
            && self.valid_until.is_none_or(|until| time < until)
    }

    /// The same version of other parameters.
    #[must_use]
    pub fn with_parameters<Q>(self, parameters: impl FnOnce(P) -> Q) -> RuleVersion<Q> {
        RuleVersion {
            parameters: parameters(self.parameters),
            name: self.name,
            version: self.version,
            engine: self.engine,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            source: self.source,
            status: self.status,
            notes: self.notes,
            file: self.file,
        }
    }

    /// When it holds, in words.
    fn period(&self) -> String {
        let from = self.valid_from.map(|from| format!(" from {from}")).unwrap_or_default();
        let until = self.valid_until.map(|until| format!(" until {until}")).unwrap_or_default();
        format!("version {} holds{from}{until}", self.version)
    }
}

impl<P> Default for RuleVersions<P> {
    fn default() -> Self {
        RuleVersions { by_name: BTreeMap::new() }
    }
}

impl<P> RuleVersions<P> {
    /// These and one more version.
    ///
    /// # Errors
    /// A sentence, when the version is already there or begins when another begins.
    pub fn with(mut self, set: RuleVersion<P>) -> Result<Self, String> {
        let versions = self.by_name.entry(set.name.clone()).or_default();
        let clash = versions
            .iter()
            .find(|known| known.version == set.version || known.valid_from == set.valid_from);
        if let Some(known) = clash {
            return Err(format!(
                "{set} and {known} of {} have the same version or the same start; each version needs its own",
                known.file
            ));
        }
        let at = versions.partition_point(|known| known.valid_from < set.valid_from);
        versions.insert(at, set);
        Ok(self)
    }

    /// The names of all rules, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The versions of a rule, oldest first; none for an unknown name.
    #[must_use]
    pub fn versions(&self, name: &str) -> &[RuleVersion<P>] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The version that holds at an instant: the last to have started, if it has not ended.
#[must_use]
pub fn in_force<P>(versions: &[RuleVersion<P>], time: Timestamp) -> Option<&RuleVersion<P>> {
    let started = versions.iter().rev().find(|set| set.valid_from.is_none_or(|from| from <= time));
    started.filter(|set| set.holds_at(time))
}

/// When the versions of a rule hold, in words.
#[must_use]
pub fn coverage<P>(versions: &[RuleVersion<P>]) -> String {
    versions.iter().map(RuleVersion::period).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for RuleStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RuleStatus::Primary => "primary",
            RuleStatus::Secondary => "secondary",
            RuleStatus::Memory => "memory",
            RuleStatus::Convention => "convention",
        })
    }
}

/// Name, version, validity and status: `derive/pmrm2 2025-12-08 (from 2025-12-08T00:00:00Z, primary)`.
impl<P> fmt::Display for RuleVersion<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (", self.name, self.version)?;
        match self.valid_from {
            Some(from) => write!(f, "from {from}")?,
            None => f.write_str("start not known")?,
        }
        if let Some(until) = self.valid_until {
            write!(f, " until {until}")?;
        }
        write!(f, ", {})", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(version: &str, from: &str, until: Option<&str>) -> RuleHead {
        RuleHead {
            venue: "desk".to_owned(),
            model: "rule".to_owned(),
            version: version.to_owned(),
            engine: "index".to_owned(),
            valid_from: from.to_owned(),
            valid_until: until.map(time),
            source: "made up".to_owned(),
            status: RuleStatus::Convention,
            notes: BTreeMap::new(),
        }
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn of(version: &str, from: &str, until: Option<&str>) -> RuleVersion<u32> {
        head(version, from, until).of("x.toml", 7).unwrap()
    }

    #[test]
    fn the_last_to_have_started_holds_unless_it_has_ended() {
        let all = RuleVersions::default()
            .with(of("b", "2021-01-01", Some("2021-06-01")))
            .and_then(|all| all.with(of("a", "unknown", None)))
            .unwrap();
        let versions = all.versions("desk/rule");
        assert_eq!([&*versions[0].version, &*versions[1].version], ["a", "b"]);
        let found = |at: &str| in_force(versions, time(at)).map(|set| set.version.as_str());
        // The first version does not come back when the second has ended: someone would have to say so.
        assert_eq!(found("2020-12-31T23:59:59"), Some("a"));
        assert_eq!(found("2021-01-01"), Some("b"));
        assert_eq!(found("2021-06-01"), None);
        let told =
            "version a holds, version b holds from 2021-01-01T00:00:00Z until 2021-06-01T00:00:00Z";
        assert_eq!(coverage(versions), told);
        assert_eq!(all.versions("desk/other"), &[]);
    }

    #[test]
    fn two_versions_of_one_name_or_one_start_are_refused() {
        let all = RuleVersions::default().with(of("a", "2021-01-01", None)).unwrap();
        for clash in [of("a", "2022-01-01", None), of("b", "2021-01-01", None)] {
            let told = all.clone().with(clash).unwrap_err();
            assert!(told.contains("of x.toml have the same version or the same start"), "{told}");
        }
    }

    #[test]
    fn periods_that_cannot_be_are_refused_by_key() {
        let told = head("a", "soon", None).of("x.toml", 0).unwrap_err();
        assert!(told.starts_with("`meta.valid_from`: `soon` is not a time"), "{told}");
        let told = head("a", "2021-01-01", Some("2021-01-01")).of("x.toml", 0).unwrap_err();
        assert!(told.starts_with("`meta.valid_until` 2021-01-01T00:00:00Z is not after"), "{told}");
    }

    #[test]
    fn other_parameters_change_nothing_else() {
        let set = of("a", "2021-01-01", None).with_parameters(|seven| seven.to_string());
        assert_eq!(set.parameters, "7");
        assert_eq!(set.to_string(), "desk/rule a (from 2021-01-01T00:00:00Z, convention)");
    }
}
