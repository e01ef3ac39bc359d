//! Reads an exchange's own SPAN risk parameter file in XML (`.spn`): a file in, risk arrays and spreads out.
//!
//! ```text
//! spanFile / pointInTime / clearingOrg
//!   exchange / phyPf, futPf, oopPf, oofPf, ooePf     portfolios: contracts with risk arrays, series of options
//!   ccDef                                            combined commodities: portfolios linked, tiers, spreads, minimums, spot rates
//!   interSpreads / dSpread                           credits between commodities
//! ```
//!
//! [`SpnFile::read`] streams over the bytes and keeps what the requirement needs; [`SpnFile::margins`] makes of it the terms and
//! units that [`SpanAssessment`](super::SpanAssessment) computes from. What was passed over is counted in [`SpnFile::skipped`], what could
//! not be applied in [`SpnMargins::not_applied`].
//!
//! Source: names of the elements as in CME's public schema of the format, version 4.00.
//! The file may come from anywhere, so nothing in it is trusted: no document type and no entity of its own is accepted, markup
//! and text are limited in length, elements in depth and number, and a file that ends early is an error that says where.
//! Of several risk arrays or rates of one thing the first is taken. Combinations, swaps, debt and per-point spreads are passed over.

mod contracts;
mod convert;
mod frame;
mod reader;

use std::collections::BTreeMap;

use mpor_core::Right;

use super::array::RiskArray;
use super::assessment::Side;

pub use convert::{SpnMargins, SpnUnitKey};

/// Why a risk parameter file cannot be read or used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpnError {
    /// The bytes could not be had.
    #[error("byte {at}: the file cannot be read: {problem}")]
    Io {
        /// How far it was read.
        at: u64,
        /// What the source said.
        problem: String,
    },
    /// The file ends inside an element.
    #[error("byte {at}: the file ends inside <{open}>; it is cut short, fetch it again")]
    Truncated {
        /// Where it ends.
        at: u64,
        /// The elements that are open, outermost first.
        open: String,
    },
    /// The bytes are not well-formed XML.
    #[error("byte {at}: not well-formed XML inside <{open}>: {problem}")]
    Malformed {
        /// Where.
        at: u64,
        /// The elements that are open, outermost first.
        open: String,
        /// What is wrong.
        problem: String,
    },
    /// Something that a risk parameter file has no need of.
    #[error("byte {at}: {what} inside <{open}> is refused: {expected}")]
    Refused {
        /// Where.
        at: u64,
        /// The elements that are open, outermost first.
        open: String,
        /// What was found.
        what: String,
        /// What would be accepted.
        expected: String,
    },
    /// An element without what it must have, or with something impossible.
    #[error("byte {at}: <{element}> {problem}")]
    Element {
        /// Where it begins.
        at: u64,
        /// The element, with those around it, outermost first.
        element: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// A combined commodity whose rules cannot be applied. No partial requirement is returned.
    #[error("combined commodity `{code}`: {problem}")]
    Commodity {
        /// Its code in the file.
        code: String,
        /// What cannot be applied.
        problem: String,
    },
    /// A contract that is not in the file.
    #[error("{contract} is not in the file: {problem}")]
    NoContract {
        /// What was asked for.
        contract: String,
        /// What is there.
        problem: String,
    },
}

/// What a risk parameter file says, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpnFile {
    /// Version of the format.
    pub format: String,
    /// When it was made, as the file has it.
    pub created: String,
    /// Business date, `YYYYMMDD`.
    pub date: String,
    /// Whether the prices are settlements; `None` where the file does not say.
    pub is_settlement: Option<bool>,
    /// Clearing organisations.
    pub organisations: Vec<SpnOrganisation>,
    /// Elements passed over, by name.
    pub skipped: BTreeMap<String, usize>,
}

/// One clearing organisation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpnOrganisation {
    /// Its code.
    pub code: String,
    /// Time that the arrays look ahead, years.
    pub look_ahead_years: Option<f64>,
    /// Portfolios: products with their contracts.
    pub portfolios: Vec<SpnPortfolio>,
    /// Combined commodities.
    pub commodities: Vec<SpnCommodity>,
    /// Spreads between commodities, in the order of their priority.
    pub inter_spreads: Vec<SpnSpread>,
}

/// One product with its contracts.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnPortfolio {
    /// The exchange.
    pub exchange: String,
    /// Identifier, unique in an exchange.
    pub id: String,
    /// Product code.
    pub code: String,
    /// What is traded.
    pub kind: SpnKind,
    /// Currency of prices and arrays.
    pub currency: String,
    /// How it is valued: `FUT` marked to market, `EQTY` paid for.
    pub value_method: String,
    /// The contracts.
    pub contracts: Vec<SpnContract>,
}

/// Kind of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpnKind {
    /// Physicals, equities and indices.
    Physical,
    /// Futures.
    Future,
    /// Options on physicals, on futures or on equities.
    Option,
}

/// One contract.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnContract {
    /// Identifier, unique in its product.
    pub id: String,
    /// Contract period, `YYYYMM` or longer; zeros for physicals.
    pub period: String,
    /// Strike and right, of options.
    pub option: Option<(f64, Right)>,
    /// Price.
    pub price: Option<f64>,
    /// Currency a price unit.
    pub value_factor: f64,
    /// Scaling of its delta.
    pub scaling: f64,
    /// Price scan range, price units.
    pub price_scan: Option<f64>,
    /// Volatility scan range.
    pub vol_scan: Option<f64>,
    /// Loss of one long contract in each scenario, currency; some physicals have none.
    pub array: Option<RiskArray>,
    /// Composite delta.
    pub delta: f64,
}

/// One combined commodity.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnCommodity {
    /// Its code.
    pub code: String,
    /// Currency of its charges.
    pub currency: String,
    /// Method of the weighted futures price risk.
    pub price_risk_method: String,
    /// Method of the short option minimum.
    pub short_option_method: String,
    /// Products in it.
    pub links: Vec<SpnLink>,
    /// Tiers of intra-commodity spreads.
    pub intra_tiers: Vec<SpnTier>,
    /// Tiers of inter-commodity spreads.
    pub inter_tiers: Vec<SpnTier>,
    /// Rates of the short option minimum.
    pub short_option_rates: Vec<f64>,
    /// Intra-commodity spreads in the order of their priority.
    pub spreads: Vec<SpnSpread>,
    /// Charges in the spot month.
    pub spot_rates: Vec<SpnSpotRate>,
}

/// A product that belongs to a combined commodity.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnLink {
    /// The exchange.
    pub exchange: String,
    /// Identifier of the product.
    pub id: String,
    /// Scaling of its arrays and deltas.
    pub scaling: f64,
}

/// A range of contract periods.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnTier {
    /// Its number.
    pub number: String,
    /// First period; empty for the first there is.
    pub from: String,
    /// Last period; empty for the last there is.
    pub to: String,
    /// Rate of the tier, where it has one.
    pub rate: Option<f64>,
}

/// A delta spread.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnSpread {
    /// Priority.
    pub number: String,
    /// `F` flat, `P` per month, `W` weighted price risk.
    pub method: String,
    /// Charge in currency, or credit as a share.
    pub rate: Option<f64>,
    /// Its legs.
    pub legs: Vec<SpnLeg>,
}

/// One leg of a spread.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnLeg {
    /// Combined commodity; empty for the one that the spread is in.
    pub commodity: String,
    /// Which deltas.
    pub of: SpnLegOf,
    /// Side.
    pub side: Side,
    /// Delta a spread.
    pub ratio: f64,
}

/// What a leg takes its delta from.
#[derive(Clone, Debug, PartialEq)]
pub enum SpnLegOf {
    /// A tier by its number.
    Tier(String),
    /// A contract period.
    Period(String),
}

/// Charge of a contract that is about to be delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct SpnSpotRate {
    /// Contract period.
    pub period: String,
    /// Money a delta in spreads.
    pub spread: f64,
    /// Money a delta outright.
    pub outright: f64,
}
