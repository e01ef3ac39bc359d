//! Volatility surfaces from quotes, and models of them for history without quotes.
//!
//! A snapshot of a chain becomes a surface by [`build_surface`]: rows ([`row`]) get their forward ([`forward`]), are screened
//! with reasons ([`mod@screen`]) and fitted by one model (`ssvi`, `essvi` or `svi`, see [`build`]) that is free of arbitrage; how
//! well is in [`quality`].
//!
//! For history without quotes a chain is cleaned ([`chain`]), one smile shape is fitted to it ([`shape`]) and the speed at
//! which its at-the-money volatilities revert ([`term_structure`]). With those two, a history of one volatility level
//! (realised, or an index) becomes a history of surfaces without arbitrage, [`mpor_core::Origin::Modelled`].

pub mod build;
pub mod chain;
pub mod essvi;
pub mod forward;
mod least_squares;
mod nelder_mead;
pub mod quality;
pub mod raw_svi;
pub mod row;
pub mod screen;
pub mod shape;
mod ssvi;
pub mod svi;
pub mod term_structure;

pub use build::{ChainSurface, SurfaceModel, SurfaceRules, build_surface};
pub use chain::{ChainQuote, ChainRules, Quoted, clean};
pub use essvi::Bound;
pub use forward::{ForwardFit, ForwardSource, forward_of};
pub use quality::{SliceFit, SliceQuality, quality_table};
pub use raw_svi::repair_butterfly;
pub use row::{ForwardChoice, OptionRow, PriceChoice, PriceFrom, QuoteUnit};
pub use screen::{
    DropReason, DroppedRow, KeptQuote, ScreenRules, ScreenedExpiry, Weighting, screen,
};
pub use shape::{FittedShape, FittedSlice, SmileQuote, fit_shape};
pub use svi::RawSvi;
pub use term_structure::TermStructure;
