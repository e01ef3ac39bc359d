//! Why a margin model gives no requirement.

use mpor_core::Timestamp;
use mpor_pricing::PricingError;
use mpor_risk::RiskError;

/// A requirement that cannot be computed, or a rule set that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MarginError {
    /// A position that the model does not cover. No partial requirement is returned.
    #[error("`{model}` has no rule for `{instrument}`: {reason}")]
    NotCovered {
        /// The model, as the study names it.
        model: String,
        /// The instrument.
        instrument: String,
        /// What is missing, and what to do.
        reason: String,
    },
    /// A kind of model that is not known.
    #[error("unknown kind of model `{kind}`; {hint}")]
    UnknownKind {
        /// What the study asked for.
        kind: String,
        /// The nearest known name, and all of them.
        hint: String,
    },
    /// An overlay that is not known.
    #[error("model `{model}`: unknown overlay `{overlay}`; {hint}")]
    UnknownOverlay {
        /// The model, as the study names it.
        model: String,
        /// What the study asked for.
        overlay: String,
        /// The nearest known name, and all of them.
        hint: String,
    },
    /// A rule set name that is not known.
    #[error("unknown rules `{name}`; {hint}")]
    UnknownRules {
        /// What the study asked for.
        name: String,
        /// The nearest known name, and all of them.
        hint: String,
    },
    /// No version of the rule set was in force.
    #[error(
        "rules `{name}` have no version in force at {time}: {coverage}. Pin one with `as_of`, such as as_of = \"{nearest}\""
    )]
    NotInForce {
        /// The rule set.
        name: String,
        /// The margin date.
        time: Timestamp,
        /// Which versions there are, and when they hold.
        coverage: String,
        /// A date at which a version is in force.
        nearest: String,
    },
    /// A rule file that cannot be read, does not parse, or states something impossible.
    #[error("rule file {file}: {problem}")]
    RuleFile {
        /// Which file.
        file: String,
        /// The key, what is wrong and what would be right.
        problem: String,
    },
    /// A key that the model or overlay does not have.
    #[error("model `{model}`: unknown key `{key}`; {hint}")]
    UnknownKey {
        /// The model, as the study names it.
        model: String,
        /// The key, with its table before it: `buffer.shar`.
        key: String,
        /// The nearest known key, and all of them.
        hint: String,
    },
    /// A parameter that is missing, of the wrong type or impossible.
    #[error("model `{model}`: `{key}` {problem}")]
    Parameter {
        /// The model, as the study names it.
        model: String,
        /// The key, with its table before it: `buffer.share`.
        key: String,
        /// What was found and what would be right.
        problem: String,
    },
    /// A rule given as code that failed, or answered what no requirement can be.
    #[error("the code of `{model}`: {problem}")]
    Code {
        /// The model, as the study names it.
        model: String,
        /// What it said.
        problem: String,
    },
    /// A value that the market state cannot give.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// The risk engine could not answer.
    #[error(transparent)]
    Risk(#[from] RiskError),
}
