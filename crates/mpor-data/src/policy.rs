//! What a study wants done about each kind of fault in its data.
//!
//! ```toml
//! [data.policy]
//! D001 = "fail"
//! D005 = "mark"
//! D007 = { carry = { limit = "6h" } }
//! ```
//!
//! `fail` stops before anything is computed. `mark` keeps the data as it is and lists the finding. `carry` drops the
//! faulty rows, so that the last good value before them stands, and lists the finding; the limit is the longest that
//! a value may stand for others. A check's default is written in its file.

use std::collections::BTreeMap;

use mpor_core::{Action, Span};
use serde::{Deserialize, Serialize};

use crate::checks;
use crate::error::DataError;

/// What to do about one kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Policy {
    /// What to do.
    pub action: Action,
    /// With [`Action::Carry`]: the longest that a value may be carried; `None` = for ever.
    pub limit: Option<Span>,
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
    expecting = "a policy is \"fail\", \"mark\", \"carry\" or { carry = { limit = \"6h\" } }"
)]
enum Written {
    Plain(Action),
    Limited(Limited),
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

impl Policy {
    /// Stop.
    pub const FAIL: Policy = Policy { action: Action::Fail, limit: None };
    /// Keep and list.
    pub const MARK: Policy = Policy { action: Action::Mark, limit: None };
    /// Drop the faulty rows and let the last good value stand for ever.
    pub const CARRY: Policy = Policy { action: Action::Carry, limit: None };

    /// Carry, but no longer than `limit`.
    #[must_use]
    pub const fn carry(limit: Span) -> Policy {
        Policy { action: Action::Carry, limit: Some(limit) }
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
        self.by_code.get(check.code).copied().unwrap_or(check.default)
    }
}

impl From<Written> for Policy {
    fn from(written: Written) -> Policy {
        match written {
            Written::Plain(action) => Policy { action, limit: None },
            Written::Limited(limited) => Policy::carry(limited.carry.limit),
        }
    }
}

impl From<Policy> for Written {
    fn from(policy: Policy) -> Written {
        match policy.limit {
            Some(limit) => Written::Limited(Limited { carry: Limit { limit } }),
            None => Written::Plain(policy.action),
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
    fn a_study_writes_policies_in_three_ways() {
        let text = "D001 = \"fail\"\nD005 = \"carry\"\nD007 = { carry = { limit = \"6h\" } }\n";
        let policies: Policies = toml::from_str(text).unwrap();
        let of = |code| policies.of(checks::named(code).unwrap());
        assert_eq!(of("D001"), Policy::FAIL);
        assert_eq!(of("D005"), Policy::CARRY);
        assert_eq!(of("D007"), Policy::carry(Span::hours(6)));
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
    }
}
