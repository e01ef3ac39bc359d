//! Index prices: several sources of one price become one price by a venue's rule.
//!
//! ```text
//! at each instant t at which a source observes:
//!   last known value of each source -> drop what is stale -> combine what is left -> index(t)
//! ```
//!
//! The rule is a dated file (see [`library`]): how old a source may be, how many there must be, what happens when there
//! are fewer, and how those left are combined, by their number. Nothing later than `t` is looked at. What was left out,
//! clamped or carried is counted at every instant.
//!
//! [`Fault`]s change a source before the rule sees it, so that a study can show what an oracle's fault does.

mod build;
mod combine;
mod embedded;
mod fault;
pub mod library;
mod rule;
mod twap;

pub use build::{Index, IndexSource, Interval, StepCounts, Tally, Validity, build};
pub use combine::{Combined, Quote, combine};
pub use fault::{Fault, FaultKind};
pub use library::{IndexLibrary, IndexParameters, IndexRuleSet, validity};
pub use rule::{How, IndexRule, Settlement, Stage};
pub use twap::{Twap, twap};
