//! Why portfolios cannot be built.

use mpor_core::{CoreError, Span, Timestamp};
use mpor_pricing::PricingError;

/// Portfolios that cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// A rule that cannot be followed.
    #[error("portfolio `{rule}`: {problem}")]
    Rule {
        /// The portfolio's name in the study.
        rule: String,
        /// What is wrong, and what to change.
        problem: Problem,
    },
    /// Two portfolios of one name.
    #[error("two portfolios are called `{name}`; give each its own name")]
    SameName {
        /// The name.
        name: String,
    },
    /// Steps outside the market history.
    #[error("steps {from} to {to} are asked for, and the market history has {len}")]
    Steps {
        /// First step.
        from: usize,
        /// One past the last step.
        to: usize,
        /// Steps in the history.
        len: usize,
    },
    /// A row in an instrument that the study does not know.
    #[error(
        "row {row} holds `{instrument}`, which is not in the `instruments` table; add it there or correct the name"
    )]
    UnknownInstrument {
        /// Row, counted from 1.
        row: usize,
        /// The name found.
        instrument: String,
    },
    /// A snapshot that holds one instrument twice.
    #[error(
        "row {row}: account `{account}` holds `{instrument}` twice at {time}; a snapshot has one row an instrument"
    )]
    HeldTwice {
        /// The second row, counted from 1.
        row: usize,
        /// The account.
        account: String,
        /// The instrument.
        instrument: String,
        /// The snapshot's time.
        time: Timestamp,
    },
    /// A number that is none.
    #[error("row {row}: {column} is {found}, which is not a finite number")]
    NotFinite {
        /// Row, counted from 1.
        row: usize,
        /// Column of the table.
        column: &'static str,
        /// The value found.
        found: f64,
    },
    /// A market state that is not one.
    #[error(transparent)]
    Market(#[from] CoreError),
}

/// What is wrong with a portfolio rule.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// An underlying that the study does not have.
    #[error("underlying `{found}` is not in the study, which has {known}")]
    NoUnderlying {
        /// The name found.
        found: String,
        /// The study's underlyings.
        known: String,
    },
    /// Options on an underlying without volatilities.
    #[error(
        "options on `{underlying}` need volatilities; give the underlying a volatility source in the study, or hold futures instead"
    )]
    NoVolatility {
        /// The underlying.
        underlying: String,
    },
    /// Neither or both sizes.
    #[error("give exactly one of `quantity` (contracts) and `notional` (reporting currency)")]
    OneSize,
    /// A parameter outside its range.
    #[error("`{key}` is {found}, and must be {expected}")]
    OutOfRange {
        /// Its key in the study.
        key: &'static str,
        /// The value found.
        found: f64,
        /// The range, in words.
        expected: &'static str,
    },
    /// A future without tenor.
    #[error("a future needs a `tenor`, such as tenor = \"90d\"")]
    NoTenor,
    /// A contract that would expire before the next margin date.
    #[error(
        "`{key}` is {tenor}, shorter than the {step} between margin dates; make it longer, or the step finer"
    )]
    TooShort {
        /// Its key in the study.
        key: &'static str,
        /// The tenor or roll found.
        tenor: Span,
        /// The study's step.
        step: Span,
    },
    /// A calendar spread within one expiry.
    #[error(
        "`near` {near} and `far` {far} both fall on the expiry {expiry}; move them apart, or list expiries more often"
    )]
    OneExpiry {
        /// The near tenor.
        near: Span,
        /// The far tenor.
        far: Span,
        /// The expiry of both.
        expiry: Timestamp,
    },
    /// No strike has the delta asked for.
    #[error("no strike expiring {expiry} has a delta of {delta}; ask for one nearer to 0.5")]
    NoStrike {
        /// Absolute delta.
        delta: f64,
        /// The expiry.
        expiry: Timestamp,
    },
    /// A rule that holds what is listed, where the market marks nothing.
    #[error(
        "`listing = \"listed\"` holds options that the chain marks, and at {time} it marks none on `{underlying}`; give the underlying `[underlying.chains]`, or name a schedule such as \"weekly\""
    )]
    NothingListed {
        /// The underlying.
        underlying: String,
        /// When.
        time: Timestamp,
    },
    /// A future that is due for its roll with none to roll into.
    #[error(
        "at {time} no future on `{underlying}` is listed that expires after {after}; roll closer to expiry, give prices of more futures under `[underlying.futures]`, or name a schedule such as listing = \"monthly\""
    )]
    NoNextFuture {
        /// The underlying.
        underlying: String,
        /// The expiry wanted is later than this.
        after: Timestamp,
        /// When.
        time: Timestamp,
    },
    /// A rule that cannot be delta-hedged as one book.
    #[error(
        "`delta_hedged` cannot wrap `{inner}`; wrap a rule of listed positions, such as a strangle"
    )]
    NotHedgeable {
        /// The rule inside.
        inner: &'static str,
    },
    /// No market state, or an instrument with other terms of the same name.
    #[error(transparent)]
    Market(#[from] CoreError),
    /// An option without a delta.
    #[error(transparent)]
    Pricing(#[from] PricingError),
}
