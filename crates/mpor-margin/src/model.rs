//! What a margin model is: it prepares a day once, then answers for each portfolio.

use std::borrow::Cow;

use mpor_core::{Portfolio, Span};
use mpor_risk::{Day, RiskMeasure};

use crate::component::Component;
use crate::error::MarginError;
use crate::forecast::BookForecast;
use crate::overlay::BookFigure;

/// The requirement of one portfolio at one margin date, with its arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginReport {
    /// Initial margin: money needed at `t` on top of the mark-to-market value of the positions.
    pub initial: Component,
    /// Maintenance margin, same base, never above the initial margin.
    pub maintenance: Component,
    /// The scenario or rule that decided the initial margin, where one did.
    pub binding: Option<String>,
    /// Sum of the absolute notionals of the positions (options: of what they are written on), reporting currency.
    pub gross_notional: f64,
}

/// What [`Prepared::requirement`] comes to, without its arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct Amounts<'p> {
    /// Initial margin.
    pub initial: f64,
    /// Maintenance margin.
    pub maintenance: f64,
    /// The scenario or rule that decided the initial margin, where one did.
    pub binding: Option<Cow<'p, str>>,
}

/// The scenarios behind a requirement that is a tail figure of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// P&L of the book by scenario, gain positive, reporting currency.
    pub pnl: Vec<f64>,
    /// Relative weight of each scenario; `None` when all weigh the same.
    pub weights: Option<Vec<f64>>,
    /// How the initial margin is read off them.
    pub measure: RiskMeasure,
    /// Maintenance margin as a share of initial.
    pub maintenance: f64,
}

/// Memory that models reuse from one portfolio to the next.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// P&L by scenario, and where a model nets by underlying, by underlying before that.
    pub(crate) pnl: Vec<f64>,
    /// A minimum by underlying; `None` where nothing is held on it.
    pub(crate) minimum: Vec<Option<f64>>,
    /// Contracts and amounts by group: a market, a commodity, a class.
    pub(crate) books: Vec<Vec<(usize, f64)>>,
    /// P&L by scenario of underlyings that offset, together.
    pub(crate) together: Vec<f64>,
    /// The part of it that is one sub-sample.
    pub(crate) sample: Vec<f64>,
    pub(crate) tail: mpor_risk::Scratch,
}

/// What becomes of the requirements of two books when they are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merging {
    /// The model is sub-additive: one account of both never needs more than two accounts.
    NeverMore,
    /// One account of both may need more; the model's page names a test with books that do.
    MayBeMore,
    /// Nobody has looked.
    NotStated,
}

/// A rule that turns a portfolio on a day into a requirement. Holds parameters and no state.
pub trait MarginModel: Send + Sync {
    /// The name under which the study knows it.
    fn id(&self) -> &str;

    /// Steps of history that the model needs before it can answer, the margin date included.
    fn history_steps(&self) -> usize;

    /// Whether it is sub-additive, with the parameters that it has. Both levels.
    fn merging(&self) -> Merging {
        Merging::NotStated
    }

    /// Whether something is fitted to each book, so that every answer comes with the status of a fit.
    fn fits(&self) -> bool {
        false
    }

    /// The margin period that the rules state for themselves, where they do. The requirement is over the day's all the same: who
    /// compares the two says where they differ.
    fn margin_period(&self) -> Option<Span> {
        None
    }

    /// Does everything that does not depend on the account: scenarios, unit P&L, factor volatilities.
    ///
    /// # Errors
    /// [`MarginError`] naming what is missing. A model that cannot answer says so; it never guesses.
    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError>;
}

/// A day prepared by one model.
pub trait Prepared: Send + Sync {
    /// The requirement of one portfolio: a weighted sum over what was prepared, never a repricing.
    ///
    /// An empty portfolio needs nothing.
    ///
    /// # Errors
    /// [`MarginError::NotCovered`] for a position without a rule.
    fn requirement(&self, portfolio: &Portfolio) -> Result<MarginReport, MarginError>;

    /// The amounts of [`requirement`](Prepared::requirement), equal to the bit, for replays of very many accounts: a model
    /// writes it where building the arithmetic costs more than the amounts do.
    ///
    /// # Errors
    /// As [`requirement`](Prepared::requirement).
    fn amounts<'p>(
        &'p self,
        portfolio: &Portfolio,
        _scratch: &mut Scratch,
    ) -> Result<Amounts<'p>, MarginError> {
        self.requirement(portfolio).map(Amounts::from)
    }

    /// Told before a day's accounts are asked about one by one. A model that answers many at once for less than each alone does so
    /// here; the answers are the same without.
    ///
    /// # Errors
    /// As [`requirement`](Prepared::requirement).
    fn announce(&self, _portfolios: &[Portfolio]) -> Result<(), MarginError> {
        Ok(())
    }

    /// What the model's overlays ask about the book, in their order; nothing for a model without such overlays.
    ///
    /// # Errors
    /// As [`requirement`](Prepared::requirement).
    fn figures(&self, _portfolio: &Portfolio) -> Result<Vec<BookFigure>, MarginError> {
        Ok(Vec::new())
    }

    /// The scenarios that the requirement is a tail figure of; `None` for a model that is no such figure.
    ///
    /// # Errors
    /// As [`requirement`](Prepared::requirement).
    fn sample(&self, _portfolio: &Portfolio) -> Result<Option<Sample>, MarginError> {
        Ok(None)
    }

    /// What the model forecasts of the book's P&L over the margin period; `None` for a rule that is no forecast, and for an empty book.
    ///
    /// # Errors
    /// As [`requirement`](Prepared::requirement).
    fn forecast(&self, portfolio: &Portfolio) -> Result<Option<BookForecast>, MarginError> {
        if portfolio.is_empty() {
            return Ok(None);
        }
        self.sample(portfolio)?.map(BookForecast::of_sample).transpose()
    }
}

impl From<MarginReport> for Amounts<'_> {
    fn from(report: MarginReport) -> Self {
        Amounts {
            initial: report.initial.amount(),
            maintenance: report.maintenance.amount(),
            binding: report.binding.map(Cow::Owned),
        }
    }
}
