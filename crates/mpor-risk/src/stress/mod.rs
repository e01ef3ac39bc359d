//! What would it take, and what has it been?
//!
//! | file | question |
//! | --- | --- |
//! | [`window`] | the worst stretch of history for the book of today, found and not given |
//! | [`episodes()`] | named stretches of history, as dated data |
//! | [`hypothetical`] | moves that somebody wrote down, and ladders of one factor |
//! | [`reverse`] | the smallest plausible move that exhausts the margin |
//!
//! Sets made here are [`ScenarioSet`](crate::ScenarioSet)s like any other: they are revalued in full.

pub mod episodes;
pub mod hypothetical;
pub mod reverse;
pub mod window;

pub use episodes::{Episode, episodes};
pub use hypothetical::{Hypothetical, Shock, Sweep};
pub use reverse::{Outcome, Reverse, ReverseStress};
pub use window::{WorstWindow, rolling, worst_window};
