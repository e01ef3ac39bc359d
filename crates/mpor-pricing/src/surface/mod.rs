//! Volatility surfaces from quotes, and models of them for history without quotes.
//!
//! A chain of quotes is cleaned ([`chain`]), one smile shape is fitted to it ([`shape`]) and the speed at which its
//! at-the-money volatilities revert ([`term_structure`]). With those two, a history of one volatility level (realised, or an
//! index) becomes a history of surfaces without arbitrage, [`mpor_core::Origin::Modelled`].

pub mod chain;
mod nelder_mead;
pub mod shape;
pub mod svi;
pub mod term_structure;

pub use chain::{ChainQuote, ChainRules, Quoted, clean};
pub use shape::{FittedShape, FittedSlice, SmileQuote, fit_shape};
pub use svi::RawSvi;
pub use term_structure::TermStructure;
