//! A day prepared by a model that takes each market on its own and adds the markets.
//!
//! ```text
//! requirement = sum over the markets that the book holds something of
//! ```
//!
//! What a model says of one book in one market is its assessment; the tree and the amounts are both made of the assessments, so
//! they cannot disagree about anything but the order of sums, which they share too.

use mpor_core::Portfolio;

use super::slots::{Book, Slots};
use crate::error::MarginError;
use crate::held::Held;
use crate::model::{Amounts, MarginReport, Prepared, Scratch};

/// One market on one day, valued for everyone.
pub(super) trait Market: Send + Sync + Sized {
    /// Everything that the model says about one book in one market.
    type Assessment;

    /// Assesses a book: sums over what was valued, never a repricing.
    fn assess(&self, book: &[(usize, f64)]) -> Result<Self::Assessment, NotTaken>;

    /// The markets added, with their arithmetic.
    fn report(parts: &[(&Self, Self::Assessment)], gross_notional: f64) -> MarginReport;

    /// The amounts of [`report`](Market::report), to the bit.
    fn amounts<'p>(parts: &[(&'p Self, Self::Assessment)]) -> Amounts<'p>;
}

/// A position that a market does not take after all.
pub(super) struct NotTaken {
    pub instrument: String,
    pub reason: String,
}

/// A day prepared market by market.
pub(super) struct ByMarket<'d, M> {
    pub held: Held<'d>,
    pub slots: Slots,
    pub markets: Vec<M>,
}

impl<M: Market> Prepared for ByMarket<'_, M> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        let gross_notional = self.held.gross_notional(portfolio)?;
        Ok(M::report(&self.assess(portfolio, &mut Vec::new())?, gross_notional))
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        Ok(M::amounts(&self.assess(portfolio, &mut scratch.books)?))
    }
}

impl<M: Market> ByMarket<'_, M> {
    /// The markets that the book holds something of.
    fn assess(
        &self,
        portfolio: &Portfolio,
        books: &mut Vec<Book>,
    ) -> Result<Vec<(&M, M::Assessment)>, MarginError> {
        self.slots.fill(&self.held, portfolio, books)?;
        // Room for all at once: assessments are large, and growing would move them several times an account.
        let mut parts = Vec::with_capacity(self.markets.len());
        for (market, book) in self.markets.iter().zip(books.iter()) {
            if book.is_empty() {
                continue;
            }
            let assessment = market.assess(book).map_err(|refused| MarginError::NotCovered {
                model: self.held.model().to_owned(),
                instrument: refused.instrument,
                reason: refused.reason,
            })?;
            parts.push((market, assessment));
        }
        Ok(parts)
    }
}
