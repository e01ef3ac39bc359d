//! Why a backtest stops. It stops: no day and no account is left out.

use mpor_core::{CoreError, Timestamp};
use mpor_margin::MarginError;
use mpor_pricing::PricingError;
use mpor_risk::RiskError;
use mpor_stats::StatsError;

use crate::coverage::CoverageError;

/// A backtest that cannot go on, with the place where it stopped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BacktestError {
    /// A model could not prepare a day.
    #[error("model `{model}` at {time}: {source}")]
    Prepare {
        /// The model.
        model: String,
        /// Margin date.
        time: Timestamp,
        /// Why.
        source: Box<MarginError>,
    },
    /// A model or overlay gave no requirement.
    #[error("model `{model}`, account `{account}` at {time}: {source}")]
    Requirement {
        /// The model.
        model: String,
        /// The account.
        account: String,
        /// Margin date.
        time: Timestamp,
        /// Why.
        source: Box<MarginError>,
    },
    /// A requirement that is not a number.
    #[error(
        "model `{model}`, account `{account}` at {time}: the requirement is {amount}, which is not a finite number"
    )]
    NotFinite {
        /// The model.
        model: String,
        /// The account.
        account: String,
        /// Margin date.
        time: Timestamp,
        /// What it gave.
        amount: f64,
    },
    /// A realised loss that cannot be computed.
    #[error("realised P&L of `{instrument}` from {from} to {to}: {source}")]
    Realised {
        /// The instrument.
        instrument: String,
        /// Margin date.
        from: Timestamp,
        /// End of the step.
        to: Timestamp,
        /// Why.
        source: Box<PricingError>,
    },
    /// No index price to settle an expiry on.
    #[error(
        "`{instrument}` expires at {expiry} and the index has no price at or before that time to settle on"
    )]
    NoSettlement {
        /// The instrument.
        instrument: String,
        /// Its expiry.
        expiry: Timestamp,
    },
    /// Margin dates outside the history.
    #[error(
        "margin dates from step {from} to step {to} reach outside the history, which has {steps} steps"
    )]
    Steps {
        /// First step asked for.
        from: usize,
        /// Step after the last asked for.
        to: usize,
        /// Steps there are.
        steps: usize,
    },
    /// The history is too short for any margin date.
    #[error(
        "model `{model}` needs {needed} steps of history and there are {found}; start the data earlier or shorten its window"
    )]
    NoMarginDate {
        /// The model that needs most.
        model: String,
        /// Steps it needs.
        needed: usize,
        /// Steps there are.
        found: usize,
    },
    /// No portfolios for a margin date, or not one for each account.
    #[error("at {time} there are portfolios for {found} accounts, and the study has {expected}")]
    Books {
        /// Margin date.
        time: Timestamp,
        /// Portfolios found.
        found: usize,
        /// Accounts.
        expected: usize,
    },
    /// Nothing to backtest.
    #[error("there are no {0} to backtest; the study needs at least one")]
    Nothing(&'static str),
    /// Days, models and accounts that do not fit together.
    #[error("{what} number {found}, and {expected} were expected")]
    Counts {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// Days out of order.
    #[error("margin dates must follow each other: step {later} comes after step {earlier}")]
    DayOrder {
        /// The step before.
        earlier: usize,
        /// The step that should have been later by one.
        later: usize,
    },
    /// A shard without a table or column, or with a hole in it.
    #[error(
        "the shard's table `{table}` has no complete column `{column}` of the right type; delete the shard and run again"
    )]
    Shard {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A procyclicality metric of an impossible path.
    #[error(
        "requirement {at} of the path is {value}; procyclicality needs every one above zero and finite"
    )]
    Path {
        /// Position, counted from 1.
        at: usize,
        /// The value.
        value: f64,
    },
    /// A figure that is not a number.
    #[error("{what} number {at} is {value}, which is not a finite number")]
    Figure {
        /// What it is.
        what: &'static str,
        /// Position, counted from 1.
        at: usize,
        /// The value.
        value: f64,
    },
    /// A share that is none.
    #[error(
        "the share of the saving that may be granted is {found}; give one from 0 to 1, such as 0.8"
    )]
    Share {
        /// What was given.
        found: f64,
    },
    /// An account that the result does not have.
    #[error("there is no account `{name}` in the result; name one of its accounts")]
    NoAccount {
        /// What was asked for.
        name: String,
    },
    /// Stress scenarios of a default fund that cannot be made.
    #[error("the stress scenarios of the default fund at {time}: {source}")]
    Stress {
        /// Margin date.
        time: Timestamp,
        /// Why.
        source: Box<RiskError>,
    },
    /// A coverage test that was asked for the impossible.
    #[error(transparent)]
    Coverage(#[from] CoverageError),
    /// A statistic outside its domain.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// A market history that cannot give a state.
    #[error(transparent)]
    Market(#[from] CoreError),
}
