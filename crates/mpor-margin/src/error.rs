//! Why a margin model gives no requirement.

use mpor_core::Timestamp;
use mpor_risk::RiskError;

/// A requirement that cannot be computed, or a rule set that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MarginError {
    /// A position that the model does not cover. No partial requirement is returned.
    #[error("`{model}` has no rule for `{instrument}`: {reason}")]
    NotCovered {
        /// The model.
        model: String,
        /// The instrument.
        instrument: String,
        /// What is missing.
        reason: String,
    },
    /// A rule set name that is not known.
    #[error("unknown rules `{name}`; known: {known}")]
    UnknownRules {
        /// What the study asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// No version of the rule set was in force.
    #[error(
        "rules `{name}` have no version in force at {time}; the first is valid from {first}. Pin one with `as_of`"
    )]
    NotInForce {
        /// The rule set.
        name: String,
        /// The margin date.
        time: Timestamp,
        /// Start of the first version.
        first: Timestamp,
    },
    /// A rule file that does not parse, or states something impossible.
    #[error("rule file {file}: {problem}")]
    RuleFile {
        /// Which file.
        file: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A model's parameters are impossible.
    #[error("model `{model}`: {problem}")]
    Parameter {
        /// The model.
        model: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// The risk engine could not answer.
    #[error(transparent)]
    Risk(#[from] RiskError),
}
