//! What a study wants done about each kind of fault in its data.
//!
//! ```toml
//! [data.policy]
//! D001 = "fail"
//! D005 = "mark"
//! D007 = { carry = { limit = "6h" } }
//! D009 = { prefer = "coinbase" }
//! ```
//!
//! `fail` stops before anything is computed. `mark` keeps the data as it is and lists the finding. `carry` drops the
//! faulty rows, so that the last good value before them stands, and lists the finding; the limit is the longest that
//! a value may stand for others. `prefer` takes the faulty rows, or the absent ones, from the same symbol of another
//! `source` in the same files, and counts them in the finding; it stops where that source has no value. A check's
//! default is written in its file.

use std::collections::{BTreeMap, BTreeSet};

use mpor_core::{Action, Span};
use serde::{Deserialize, Serialize};

use crate::checks;
use crate::error::DataError;

/// What to do about one kind of fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Policy {
    /// What to do.
    pub action: Action,
    /// With [`Action::Carry`]: the longest that a value may be carried; `None` = for ever.
    pub limit: Option<Span>,
    /// With [`Action::Prefer`]: the source that the rows are taken from.
    pub source: Option<String>,
}

/// The study's policies by code of the check; checks not named keep their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Policy>", into = "BTreeMap<String, Policy>")]
pub struct Policies {
    by_code: BTreeMap<String, Policy>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a policy is \"fail\", \"mark\", \"carry\", { carry = { limit = \"6h\" } } or { prefer = \"name of a source\" }"
)]
enum Written {
    Plain(Action),
    Limited(Limited),
    Other(OtherSource),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limited {
    carry: Limit,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    limit: Span,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherSource {
    prefer: String,
}

impl Policy {
    /// Stop.
    pub const FAIL: Policy = Policy { action: Action::Fail, limit: None, source: None };
    /// Keep and list.
    pub const MARK: Policy = Policy { action: Action::Mark, limit: None, source: None };
    /// Drop the faulty rows and let the last good value stand for ever.
    pub const CARRY: Policy = Policy { action: Action::Carry, limit: None, source: None };

    /// Carry, but no longer than `limit`.
    #[must_use]
    pub const fn carry(limit: Span) -> Policy {
        Policy { action: Action::Carry, limit: Some(limit), source: None }
    }

    /// Take the faulty rows from another source.
    #[must_use]
    pub fn prefer(source: &str) -> Policy {
        Policy { action: Action::Prefer, limit: None, source: Some(source.to_owned()) }
    }
}

impl Policies {
    /// Policies of some checks.
    ///
    /// # Errors
    /// [`DataError::Policy`] for a code that no check has.
    pub fn new(by_code: BTreeMap<String, Policy>) -> Result<Self, DataError> {
        match by_code.keys().find(|code| checks::named(code).is_none()) {
            None => Ok(Policies { by_code }),
            Some(code) => Err(DataError::Policy {
                problem: format!("unknown check `{code}`; known: {}", checks::codes().join(", ")),
            }),
        }
    }

    /// The policy of a check: the study's, or the check's default.
    #[must_use]
    pub fn of(&self, check: &checks::Check) -> Policy {
        self.by_code.get(check.code).unwrap_or(&check.default).clone()
    }

    /// The sources that faulty rows are taken from, by name.
    #[must_use]
    pub fn preferred(&self) -> BTreeSet<&str> {
        self.by_code.values().filter_map(|policy| policy.source.as_deref()).collect()
    }
}

impl TryFrom<Written> for Policy {
    type Error = DataError;
    fn try_from(written: Written) -> Result<Policy, DataError> {
        match written {
            Written::Plain(Action::Prefer) => {
                let problem = "`prefer` names a source: write { prefer = \"coinbase\" }".to_owned();
                Err(DataError::Policy { problem })
            }
            Written::Plain(action) => Ok(Policy { action, limit: None, source: None }),
            Written::Limited(limited) => Ok(Policy::carry(limited.carry.limit)),
            Written::Other(other) if other.prefer.trim().is_empty() => {
                let problem = "`prefer` names no source: write what the `source` column says, such as { prefer = \"coinbase\" }";
                Err(DataError::Policy { problem: problem.to_owned() })
            }
            Written::Other(other) => Ok(Policy::prefer(&other.prefer)),
        }
    }
}

impl From<Policy> for Written {
    fn from(policy: Policy) -> Written {
        match (policy.limit, policy.source) {
            (_, Some(prefer)) => Written::Other(OtherSource { prefer }),
            (Some(limit), None) => Written::Limited(Limited { carry: Limit { limit } }),
            (None, None) => Written::Plain(policy.action),
        }
    }
}

impl TryFrom<BTreeMap<String, Policy>> for Policies {
    type Error = DataError;
    fn try_from(by_code: BTreeMap<String, Policy>) -> Result<Self, DataError> {
        Policies::new(by_code)
    }
}

impl From<Policies> for BTreeMap<String, Policy> {
    fn from(policies: Policies) -> Self {
        policies.by_code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_writes_policies_in_four_ways() {
        let text = "D001 = \"fail\"\nD005 = \"carry\"\nD007 = { carry = { limit = \"6h\" } }\nD009 = { prefer = \"coinbase\" }\n";
        let policies: Policies = toml::from_str(text).unwrap();
        let of = |code| policies.of(checks::named(code).unwrap());
        assert_eq!(of("D001"), Policy::FAIL);
        assert_eq!(of("D005"), Policy::CARRY);
        assert_eq!(of("D007"), Policy::carry(Span::hours(6)));
        assert_eq!(of("D009"), Policy::prefer("coinbase"));
        assert_eq!(policies.preferred().into_iter().collect::<Vec<_>>(), ["coinbase"]);
        assert_eq!(of("D006"), checks::named("D006").unwrap().default);
        let written = toml::to_string(&policies).unwrap();
        assert_eq!(toml::from_str::<Policies>(&written).unwrap(), policies);
    }

    #[test]
    fn what_is_not_a_policy_is_refused_with_what_would_be() {
        let unknown = toml::from_str::<Policies>("D999 = \"fail\"").unwrap_err().to_string();
        assert!(unknown.contains("unknown check `D999`; known: D001, D002"), "{unknown}");
        let odd = toml::from_str::<Policies>("D001 = \"drop\"").unwrap_err().to_string();
        assert!(odd.contains("a policy is \"fail\", \"mark\", \"carry\""), "{odd}");
        let zero = toml::from_str::<Policies>("D001 = { carry = { until = \"6h\" } }");
        assert!(zero.is_err());
        let refused = |text: &str| toml::from_str::<Policies>(text).unwrap_err().to_string();
        let nameless = refused("D009 = { prefer = \" \" }");
        assert!(nameless.contains("`prefer` names no source"), "{nameless}");
        let bare = refused("D009 = \"prefer\"");
        assert!(bare.contains("write { prefer = \"coinbase\" }"), "{bare}");
        let number = refused("D009 = { prefer = 3 }");
        assert!(number.contains("{ prefer = \"name of a source\" }"), "{number}");
    }
}
