//! What do supervisors ask for? Every threshold of a supervisor's text that this crate compares with, in one place.
//!
//! | constant | source |
//! | --- | --- |
//! | [`OFFSET_SHARE`] | Delegated Regulation (EU) 153/2013, Art. 27 (4) |
//! | [`FRTB`] | Basel Framework MAR32, P&L attribution test; same limits in Delegated Regulation (EU) 2022/2059, Art. 9 |
//! | [`DISCLOSURE_MONTHS`] | CPMI-IOSCO, "Public quantitative disclosure standards for central counterparties" (2015), item 6.5 |
//!
//! They are definitions of a test with a name, not parameters of a model: a user who wants other ones passes them in.

/// Share of the saving from offsets between products that may be granted where the clearing house bears any risk from it.
pub const OFFSET_SHARE: f64 = 0.8;

/// Months of results that item 6.5 of the public quantitative disclosures looks back over.
pub const DISCLOSURE_MONTHS: u32 = 12;

/// Limits of the P&L attribution test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttributionLimits {
    /// Green needs a rank correlation strictly above this.
    pub green_correlation: f64,
    /// Red when the rank correlation is strictly below this.
    pub red_correlation: f64,
    /// Green needs a distance of the distributions strictly below this.
    pub green_distance: f64,
    /// Red when the distance of the distributions is strictly above this.
    pub red_distance: f64,
    /// Observations that the limits are made for.
    pub observations: usize,
}

/// The limits of the fundamental review of the trading book.
pub const FRTB: AttributionLimits = AttributionLimits {
    green_correlation: 0.8,
    red_correlation: 0.7,
    green_distance: 0.09,
    red_distance: 0.12,
    observations: 250,
};
