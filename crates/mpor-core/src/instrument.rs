//! What can be held: spot, futures, perpetuals and European options, in cash- and coin-settled form.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Position of an underlying in its [`Universe`](crate::Universe).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnderlyingIx(pub usize);

/// Position of an instrument in its [`Universe`](crate::Universe).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentIx(pub usize);

/// What a contract pays in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// The quote currency (linear).
    Cash,
    /// The underlying coin (inverse): the payoff in quote currency divided by the settlement price.
    Coin,
}

/// Call or put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// The right to buy.
    Call,
    /// The right to sell.
    Put,
}

/// The part of an instrument that depends on its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Contract {
    /// The underlying itself.
    Spot,
    /// A dated future. A coin-settled one is sized in quote currency (`contract_size` = quote units a contract).
    Future {
        /// Instant of final settlement.
        expiry: Timestamp,
        /// Cash or coin.
        settlement: Settlement,
    },
    /// A perpetual future, kept near the index by funding. Sized like a future.
    Perpetual {
        /// Cash or coin.
        settlement: Settlement,
    },
    /// A European option, sized in units of the underlying whatever it settles in.
    Option {
        /// Instant of expiry; settles at the index of this instant.
        expiry: Timestamp,
        /// Strike in quote currency.
        strike: f64,
        /// Call or put.
        right: Right,
        /// Cash or coin.
        settlement: Settlement,
    },
}

/// One listed contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument {
    /// Name as the venue or the study writes it, unique in a universe.
    pub name: String,
    /// What it is written on.
    pub underlying: UnderlyingIx,
    /// Units of the underlying a contract (of quote currency for coin-settled futures and perpetuals).
    pub contract_size: f64,
    /// Kind and terms.
    pub contract: Contract,
}

impl Right {
    /// `+1` for a call, `-1` for a put.
    #[must_use]
    pub fn sign(self) -> f64 {
        match self {
            Right::Call => 1.0,
            Right::Put => -1.0,
        }
    }

    /// What the right pays for one unit at settlement price `index`, in quote currency.
    #[must_use]
    pub fn payoff(self, index: f64, strike: f64) -> f64 {
        (self.sign() * (index - strike)).max(0.0)
    }
}

impl Contract {
    /// The instant the contract ends, if it ends.
    #[must_use]
    pub fn expiry(&self) -> Option<Timestamp> {
        match self {
            Contract::Future { expiry, .. } | Contract::Option { expiry, .. } => Some(*expiry),
            Contract::Spot | Contract::Perpetual { .. } => None,
        }
    }

    /// `spot`, `future`, `perpetual` or `option`, as in the `instruments` table.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Contract::Spot => "spot",
            Contract::Future { .. } => "future",
            Contract::Perpetual { .. } => "perpetual",
            Contract::Option { .. } => "option",
        }
    }

    /// Whether the contract settles in the coin.
    #[must_use]
    pub fn is_inverse(&self) -> bool {
        matches!(
            self,
            Contract::Future { settlement: Settlement::Coin, .. }
                | Contract::Perpetual { settlement: Settlement::Coin }
                | Contract::Option { settlement: Settlement::Coin, .. }
        )
    }
}
