//! A model whose overlays ask about the books: the same requirement, and their figures beside it.

use mpor_core::{Portfolio, Span};
use mpor_risk::Day;

use crate::error::MarginError;
use crate::forecast::BookForecast;
use crate::model::{Amounts, MarginModel, MarginReport, Merging, Prepared, Sample, Scratch};
use crate::overlay::{BookFigure, Overlay, PreparedBook};

/// The model, and its overlays for what they ask.
pub(crate) struct Watched {
    model: Box<dyn MarginModel>,
    overlays: Vec<Box<dyn Overlay>>,
}

struct PreparedWatched<'d> {
    own: Box<dyn Prepared + 'd>,
    /// Position of the overlay, and what it asks.
    books: Vec<(usize, Box<dyn PreparedBook + 'd>)>,
}

impl Watched {
    /// The model itself where no overlay asks about books.
    pub fn over(
        model: Box<dyn MarginModel>,
        overlays: Vec<Box<dyn Overlay>>,
    ) -> Box<dyn MarginModel> {
        if overlays.iter().all(|overlay| overlay.book().is_none()) {
            return model;
        }
        Box::new(Watched { model, overlays })
    }
}

impl MarginModel for Watched {
    fn id(&self) -> &str {
        self.model.id()
    }

    fn history_steps(&self) -> usize {
        let books = self.overlays.iter().filter_map(|overlay| overlay.book());
        books.map(|book| book.history_steps()).fold(self.model.history_steps(), usize::max)
    }

    fn merging(&self) -> Merging {
        self.model.merging()
    }

    fn fits(&self) -> bool {
        self.model.fits()
    }

    fn margin_period(&self) -> Option<Span> {
        self.model.margin_period()
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        let own = self.model.prepare(day)?;
        let mut books = Vec::new();
        for (at, overlay) in self.overlays.iter().enumerate() {
            if let Some(book) = overlay.book() {
                books.push((at, book.prepare(day)?));
            }
        }
        Ok(Box::new(PreparedWatched { own, books }))
    }
}

impl Prepared for PreparedWatched<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError> {
        self.own.requirement(portfolio)
    }

    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        self.own.amounts(portfolio, scratch)
    }

    fn announce(&self, portfolios: &[Portfolio]) -> Result<(), MarginError> {
        self.own.announce(portfolios)
    }

    fn figures(&self, portfolio: &Portfolio) -> Result<Vec<BookFigure>, MarginError> {
        let mut all = Vec::new();
        for (overlay, book) in &self.books {
            let figures = book.figures(self.own.as_ref(), portfolio)?.into_iter();
            all.extend(figures.map(|(name, amount)| BookFigure {
                overlay: *overlay,
                name,
                amount,
            }));
        }
        Ok(all)
    }

    fn sample(&self, portfolio: &Portfolio) -> Result<Option<Sample>, MarginError> {
        self.own.sample(portfolio)
    }

    fn forecast(&self, portfolio: &Portfolio) -> Result<Option<BookForecast>, MarginError> {
        self.own.forecast(portfolio)
    }
}
