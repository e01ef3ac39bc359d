//! Margin models: a portfolio on a day becomes a requirement with its breakdown.

pub mod component;
pub mod error;
pub mod model;
pub mod overlay;

pub use component::{Component, Rule};
pub use error::MarginError;
pub use model::{MarginModel, MarginReport, Prepared};
pub use overlay::{AccountPast, Overlay};
