//! Margin models: a portfolio on a day becomes a requirement with its breakdown.
//!
//! A study's `[[model]]` is a [`ModelSpec`]; [`build`] makes a [`MarginModel`] and its [`Overlay`]s of it, from a kind of the
//! [`catalog`] or from a venue's dated rules in a [`RuleLibrary`].
//!
//! Requirements are money needed at `t` **on top of the mark-to-market value of the positions**, in reporting currency,
//! positive. So a long option that may lose its premium needs its premium, and a short one does not need its premium twice.

pub mod catalog;
pub mod code;
pub mod component;
pub mod error;
pub mod forecast;
pub mod model;
pub mod models;
pub mod overlay;
pub mod overlays;
pub mod rules;
pub mod spec;
pub mod walk;

mod arithmetic;
mod dated;
mod held;
mod nearest;
mod parse;
mod watched;

pub use catalog::{KindInfo, Parameter, Size, kinds, overlay_kinds};
pub use code::{Code, CodeAnswer, CodeRule, CodeScenarios, Shown};
pub use component::{Component, Rule};
pub use error::MarginError;
pub use forecast::{BookForecast, FitOutcome, FitReport};
pub use model::{Amounts, MarginModel, MarginReport, Merging, Prepared, Sample, Scratch};
pub use mpor_core::RuleStatus as Status;
pub use overlay::{AccountPast, BookFigure, BookRule, Memory, Overlay, PreparedBook};
pub use overlays::OverlayInfo;
pub use rules::{RuleLibrary, RuleSet, read as read_rules};
pub use spec::{BuiltModel, ModelKind, ModelSpec, build, put_over};
pub use walk::{Now, Walk};
