//! Rules on top of a model's requirement, in the order the study writes them.
//!
//! The replay computes every model's own requirement for all dates in parallel, then walks each account through time
//! ([`Walk`](crate::walk::Walk)) and applies the overlays: so an overlay may use the account's own past, and cannot see its
//! future. What it must know of the book itself (margin by product group, size, the loss of a jump) it asks while the day
//! is replayed, as a [`BookRule`], and finds again among the [`AccountPast::figures`].

use mpor_core::{Portfolio, Timestamp};
use mpor_risk::Day;

use crate::error::MarginError;
use crate::model::{MarginReport, Prepared};

/// What one account has lived through under one model, before the margin date.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountPast<'a> {
    /// The account's name.
    pub account: &'a str,
    /// The margin date itself.
    pub time: Timestamp,
    /// Margin dates before this one, oldest first.
    pub times: &'a [Timestamp],
    /// The model's own initial margin on those dates, before any overlay.
    pub unmitigated: &'a [f64],
    /// The initial margin after all overlays on those dates.
    pub required: &'a [f64],
    /// The initial margin as it came to this overlay on those dates.
    pub entering: &'a [f64],
    /// The initial margin as this overlay left it on those dates.
    pub leaving: &'a [f64],
    /// Realised losses, positive = loss, by the study's convention, of the dates whose margin period of risk is over at the
    /// margin date: `losses[s]` belongs to `times[s]`, and there are fewer of them than dates.
    pub losses: &'a [Option<f64>],
    /// Gross notional of the positions on those dates.
    pub notional: &'a [f64],
    /// Notional traded up to each of those dates since the date before; empty unless an overlay asks for it.
    pub traded: &'a [f64],
    /// Calls met late up to each of those dates since the date before.
    pub late: &'a [f64],
    /// What this overlay asked about the book of this margin date.
    pub figures: &'a [BookFigure],
}

/// What an overlay carries from one date of an account to the next, so that it need not read the whole past each time.
///
/// It is a cache: an overlay that finds it empty reads the past from its start and comes to the same bits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Dates, or outcomes, already taken into `values`.
    pub seen: usize,
    /// The overlay's own numbers; empty at the start.
    pub values: Vec<f64>,
}

/// A rule over any model's requirement. Adds its own node to the breakdown. Holds parameters and no state.
pub trait Overlay: Send + Sync {
    /// Short name, as in the study.
    fn id(&self) -> &'static str;

    /// The report with this rule applied to both levels.
    ///
    /// # Errors
    /// [`MarginError`] when the rule cannot be applied.
    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        memory: &mut Memory,
    ) -> Result<MarginReport, MarginError>;

    /// What it must know of the book; `None` for a rule that looks at the requirement and the past only.
    fn book(&self) -> Option<&dyn BookRule> {
        None
    }

    /// Whether it looks at [`AccountPast::traded`].
    fn looks_at_turnover(&self) -> bool {
        false
    }
}

/// One thing that an overlay must know of a book on a margin date.
#[derive(Clone, Debug, PartialEq)]
pub struct BookFigure {
    /// Position of the overlay in the study's list.
    pub overlay: usize,
    /// What it is, in the overlay's own words.
    pub name: String,
    /// Its amount.
    pub amount: f64,
}

/// Asks about books while a day is replayed, when instruments and scenarios are at hand. Holds parameters and no state.
pub trait BookRule: Send + Sync {
    /// Steps of history that it needs, the margin date included.
    fn history_steps(&self) -> usize {
        1
    }

    /// Does everything that does not depend on the account.
    ///
    /// # Errors
    /// [`MarginError`] naming what is missing.
    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn PreparedBook + 'd>, MarginError>;
}

/// A day prepared by one [`BookRule`].
pub trait PreparedBook: Send + Sync {
    /// Names and amounts; `own` is the model below the overlays.
    ///
    /// # Errors
    /// [`MarginError`] for a position without a rule.
    fn figures(
        &self,
        own: &dyn Prepared,
        portfolio: &Portfolio,
    ) -> Result<Vec<(String, f64)>, MarginError>;
}

impl AccountPast<'_> {
    /// The amount that was asked for under a name; zero where the book has nothing of it.
    #[must_use]
    pub fn figure(&self, name: &str) -> f64 {
        self.figures.iter().find(|figure| figure.name == name).map_or(0.0, |figure| figure.amount)
    }
}
