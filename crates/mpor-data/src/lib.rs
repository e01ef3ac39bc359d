//! Market history and positions, from files to the market panel; result tables, back to files.
//!
//! This crate alone knows Parquet, CSV, Arrow and polars. What goes out are plain vectors, [`mpor_core::Panel`] and
//! [`mpor_core::Table`], always together with the findings of the data checks.

pub mod align;
pub mod cadence;
pub mod calendar;
pub mod calls;
pub mod chains;
pub mod checks;
mod csv;
mod declared;
pub mod dense;
pub mod describe;
pub mod embedded;
mod era;
pub mod error;
pub mod frame;
mod guard;
pub mod hive;
pub mod import;
pub mod index;
pub mod metadata;
pub mod panel;
mod part;
pub mod payments;
pub mod policy;
pub mod positions;
mod prefer;
pub mod raw;
pub mod scan;
pub mod schema;
pub mod series;
pub mod source;
pub mod tables;
mod thrift;

pub use error::DataError;
pub use frame::Frame;
pub use policy::{Policies, Policy};
pub use scan::Query;
