//! Where each instrument that anyone holds belongs, and a portfolio taken apart by that.
//!
//! A model sorts the rows of the day into groups (a market, an underlying, a commodity, a class) once; the book of an account
//! is then a list of contracts and amounts for each group, in the order of its positions.

use mpor_core::Portfolio;

use crate::error::MarginError;
use crate::held::Held;

/// Where a row of the day's instruments belongs.
pub(crate) enum Slot {
    /// A contract of a group, by their positions.
    Covered {
        group: usize,
        contract: usize,
        /// Units of the contract in one listed contract: coins, or one.
        units: f64,
        /// Why a short position is refused, where it is.
        refused_short: Option<&'static str>,
    },
    /// No rule, and why.
    NotCovered(String),
}

/// What one account holds of a group: contracts and signed amounts.
pub(crate) type Book = Vec<(usize, f64)>;

/// The slots of a day.
pub(crate) struct Slots {
    groups: usize,
    by_row: Vec<Slot>,
}

impl Slot {
    /// A contract that counts as it is listed, long and short.
    pub fn covered(group: usize, contract: usize) -> Self {
        Slot::Covered { group, contract, units: 1.0, refused_short: None }
    }
}

impl Slots {
    /// Slots by row of the day, into so many groups.
    pub fn new(groups: usize, by_row: Vec<Slot>) -> Self {
        Slots { groups, by_row }
    }

    /// Takes a portfolio apart into one book a group, in memory that may have served before.
    pub fn fill(
        &self,
        held: &Held<'_>,
        portfolio: &Portfolio,
        books: &mut Vec<Book>,
    ) -> Result<(), MarginError> {
        books.iter_mut().for_each(Vec::clear);
        books.resize_with(self.groups, Vec::new);
        for position in portfolio.positions() {
            let (ix, quantity) = (position.instrument, position.quantity);
            match &self.by_row[held.row(ix)?] {
                Slot::Covered { refused_short: Some(reason), .. } if quantity < 0.0 => {
                    return Err(held.not_covered(ix, *reason));
                }
                Slot::Covered { group, contract, units, .. } => {
                    books[*group].push((*contract, quantity * units));
                }
                Slot::NotCovered(reason) => return Err(held.not_covered(ix, reason.as_str())),
            }
        }
        Ok(())
    }
}
