//! Risk factors: the numbers that a market state is made of.

use std::fmt;

use crate::instrument::UnderlyingIx;

/// One column of market history that instruments are valued from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// Spot or index price, in quote currency.
    Spot(UnderlyingIx),
    /// Mark price of the perpetual, in quote currency.
    Perpetual(UnderlyingIx),
    /// Carry: continuously compounded growth of the forward over spot, per year.
    Carry(UnderlyingIx),
    /// Funding paid by longs over the step that ends at the row's time, as a fraction of notional.
    Funding(UnderlyingIx),
    /// At-the-money volatility at a tenor in whole days, per year as a decimal.
    Vol(UnderlyingIx, u16),
    /// Discount rate, continuously compounded per year, of the quote currency.
    Rate(UnderlyingIx),
}

impl Factor {
    /// The underlying it belongs to.
    #[must_use]
    pub fn underlying(self) -> UnderlyingIx {
        match self {
            Factor::Spot(u)
            | Factor::Perpetual(u)
            | Factor::Carry(u)
            | Factor::Funding(u)
            | Factor::Vol(u, _)
            | Factor::Rate(u) => u,
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let underlying = self.underlying().0;
        match self {
            Factor::Spot(_) => write!(f, "spot price of underlying {underlying}"),
            Factor::Perpetual(_) => write!(f, "perpetual mark of underlying {underlying}"),
            Factor::Carry(_) => write!(f, "carry of underlying {underlying}"),
            Factor::Funding(_) => write!(f, "funding of underlying {underlying}"),
            Factor::Vol(_, days) => write!(f, "{days}-day volatility of underlying {underlying}"),
            Factor::Rate(_) => write!(f, "discount rate of underlying {underlying}"),
        }
    }
}
