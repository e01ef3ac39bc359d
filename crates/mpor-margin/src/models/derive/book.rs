//! What one account holds in one market of Derive.

/// Amounts in coins, short negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeriveBook {
    /// Perpetual.
    pub perp: f64,
    /// Unrealised P&L of the perpetual, USD.
    pub perp_unrealised: f64,
    /// The market's coin, posted; not below zero.
    pub base: f64,
    /// Positions in the market's options: which, and how many.
    pub options: Vec<(usize, f64)>,
}

/// Positions of a market's contracts in the slots of a day: the perpetual, the coin posted, then the options.
pub(crate) const PERPETUAL: usize = 0;
pub(crate) const BASE: usize = 1;
pub(crate) const OPTIONS: usize = 2;

impl DeriveBook {
    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.perp == 0.0 && self.base == 0.0 && self.options.is_empty()
    }

    /// The book of contracts as the slots number them, without unrealised P&L: a requirement comes on top of it.
    pub(crate) fn of_slots(book: &[(usize, f64)]) -> Self {
        let mut own =
            DeriveBook { options: Vec::with_capacity(book.len()), ..DeriveBook::default() };
        for &(contract, coins) in book {
            match contract {
                PERPETUAL => own.perp += coins,
                BASE => own.base += coins,
                option => own.options.push((option - OPTIONS, coins)),
            }
        }
        own
    }
}
