//! What can be wrong with the nouns.

use crate::factor::Factor;
use crate::time::Timestamp;

/// A noun that cannot be built, or a question that has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// An instrument names an underlying that the study does not have.
    #[error("instrument `{name}` is written on an underlying that is not in the study")]
    NoSuchUnderlying {
        /// The instrument.
        name: String,
    },
    /// Two instruments share a name and differ in terms.
    #[error(
        "instrument `{name}` appears twice with different terms; give each contract its own name"
    )]
    InstrumentDiffers {
        /// The instrument.
        name: String,
    },
    /// Forwards that are no curve.
    #[error(
        "forward {forward} over spot {spot} for delivery in {years} years, after one in {before}: prices are above zero and deliveries increase"
    )]
    Forwards {
        /// Years to delivery.
        years: f64,
        /// The forward.
        forward: f64,
        /// The spot price.
        spot: f64,
        /// Years to the delivery before it.
        before: f64,
    },
    /// A factor is not in the panel.
    #[error("the market history has no {0}")]
    NoSuchFactor(Factor),
    /// A panel's dimensions disagree.
    #[error("a panel of {factors} factors and {times} times cannot hold {rows} x {columns} values")]
    PanelShape {
        /// Number of factors.
        factors: usize,
        /// Number of times.
        times: usize,
        /// Rows given.
        rows: usize,
        /// Columns given.
        columns: usize,
    },
    /// Times do not increase.
    #[error("times must increase: {later} comes after {earlier} in the panel but not in time")]
    TimeOrder {
        /// The first of the two.
        earlier: Timestamp,
        /// The one that should have been later.
        later: Timestamp,
    },
    /// A value is not finite.
    #[error("{factor} at {time} is {value}, which is not a finite number")]
    NotFinite {
        /// The factor.
        factor: Factor,
        /// When.
        time: Timestamp,
        /// The value found.
        value: f64,
    },
    /// A surface's total variance falls with time.
    #[error(
        "total variance falls from {before} to {after} between tenors {from_years} and {to_years} years: calendar arbitrage"
    )]
    CalendarArbitrage {
        /// Shorter tenor in years.
        from_years: f64,
        /// Longer tenor in years.
        to_years: f64,
        /// Total variance at the shorter tenor.
        before: f64,
        /// Total variance at the longer tenor.
        after: f64,
    },
    /// A smile shape admits negative densities.
    #[error(
        "smile shape rho {rho}, eta {eta}, gamma {gamma} admits butterfly arbitrage: needs |rho| < 1, 0 < gamma <= 1/2, 0 < eta (1 + |rho|) <= 2"
    )]
    ButterflyArbitrage {
        /// Skew.
        rho: f64,
        /// Curvature level.
        eta: f64,
        /// Curvature decay.
        gamma: f64,
    },
    /// A slice of an extended SSVI surface admits negative densities, or is none.
    #[error(
        "the slice at {years} years with theta {theta}, rho {rho}, psi {psi} admits butterfly arbitrage: needs theta > 0, |rho| < 1, 0 <= psi (1 + |rho|) <= 4 and psi^2 (1 + |rho|) <= 4 theta"
    )]
    SliceButterfly {
        /// Tenor in years.
        years: f64,
        /// At-the-money total variance.
        theta: f64,
        /// Skew.
        rho: f64,
        /// Slope of both wings together.
        psi: f64,
    },
    /// Two slices of an extended SSVI surface are out of order.
    #[error(
        "{broken} between tenors {from_years} and {to_years} years, which admits calendar arbitrage; fit them together"
    )]
    SliceOrder {
        /// Shorter tenor in years.
        from_years: f64,
        /// Longer tenor in years.
        to_years: f64,
        /// The condition that does not hold.
        broken: &'static str,
    },
    /// A raw SVI slice that is none.
    #[error(
        "raw SVI a {a}, b {b}, rho {rho}, m {m}, sigma {sigma} is not a slice: needs b >= 0, |rho| < 1, sigma > 0 and a + b sigma sqrt(1 - rho^2) > 0"
    )]
    SviSlice {
        /// Level.
        a: f64,
        /// Slope.
        b: f64,
        /// Skew.
        rho: f64,
        /// Centre.
        m: f64,
        /// Width.
        sigma: f64,
    },
    /// A smile with a negative density.
    #[error(
        "the smile at {years} years admits butterfly arbitrage: its density is negative at log-moneyness {log_moneyness} (Durrleman's g is {density}, and must not be below zero)"
    )]
    NegativeDensity {
        /// Tenor in years.
        years: f64,
        /// Where it is lowest; infinite in a wing.
        log_moneyness: f64,
        /// Durrleman's function there.
        density: f64,
    },
    /// Two smiles cross.
    #[error(
        "the smiles at {from_years} and {to_years} years cross: at log-moneyness {log_moneyness} total variance falls by {by}, which is calendar arbitrage"
    )]
    SlicesCross {
        /// Shorter tenor in years.
        from_years: f64,
        /// Longer tenor in years.
        to_years: f64,
        /// Where it falls most; infinite in a wing.
        log_moneyness: f64,
        /// By how much.
        by: f64,
    },
    /// Clamped wings without strikes to clamp at.
    #[error(
        "clamped wings need the lowest and highest quoted log-moneyness of each of the {pillars} pillars, in this order, found {found} pairs"
    )]
    QuotedStrikes {
        /// Pairs given.
        found: usize,
        /// Pillars of the surface.
        pillars: usize,
    },
    /// A surface without pillars, or with pillars out of order.
    #[error("a volatility surface needs tenors that increase from above zero, found {0:?}")]
    SurfaceTenors(Vec<f64>),
    /// Columns of a table differ in length.
    #[error(
        "column `{column}` of table `{table}` has {found} rows, the first column has {expected}"
    )]
    RaggedTable {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its length.
        found: usize,
        /// The length of the first column.
        expected: usize,
    },
}
