//! What the pages and figures say about a result, computed once: a summary of each model, the account to look at,
//! the breaches in order of size. Charts and pages take their numbers from here and from the result.

mod check;
mod components;
mod model;
mod ranking;

use mpor_backtest::BacktestResult;

use crate::error::ReportError;
use crate::format::Dates;
use crate::input::ReportInput;

pub use components::{Component, Components, components};
pub use model::{ModelSummary, Standing, Verdict, ZoneCounts};
pub use ranking::{Focus, PeakMonth, events};

/// A checked input with its summaries.
pub struct Evidence<'a> {
    /// What was given.
    pub input: &'a ReportInput<'a>,
    /// A summary of each model, in the result's order.
    pub models: Vec<ModelSummary>,
    /// The account that figures of one account show.
    pub focus: Focus,
    /// Accounts in order of concern, the focus first.
    pub ranked_accounts: Vec<usize>,
    /// Indices of the breaches, largest shortfall first.
    pub ranked_breaches: Vec<usize>,
    /// The month with the most breaches of all models; `None` without breaches.
    pub peak_month: Option<PeakMonth>,
    /// How dates are written.
    pub dates: Dates,
}

impl<'a> Evidence<'a> {
    /// Checks the input and summarises it. Figures of one account show `account`, or the one with the largest shortfall.
    ///
    /// # Errors
    /// [`ReportError`] when the result is empty, its parts do not fit together, it holds a number that is not finite, or it
    /// has no such account.
    pub fn gather(input: &'a ReportInput<'a>, account: Option<&str>) -> Result<Self, ReportError> {
        check::check(input)?;
        let result = input.result;
        let ranked_accounts = result.ranked_accounts();
        let focus = ranking::focus(result, &ranked_accounts, account)?;
        check::shown(result, &ranked_accounts, focus.account)?;
        Ok(Evidence {
            input,
            models: model::summaries(result),
            focus,
            ranked_breaches: ranking::breaches(result),
            peak_month: ranking::peak_month(result),
            dates: Dates::for_times(&result.times),
            ranked_accounts,
        })
    }

    /// The backtest's result.
    #[must_use]
    pub fn result(&self) -> &'a BacktestResult {
        self.input.result
    }

    /// The name of a model.
    #[must_use]
    pub fn model_name(&self, model: usize) -> &'a str {
        self.result().models.get(model).map_or("", |model| &model.id)
    }

    /// The name of an account.
    #[must_use]
    pub fn account_name(&self, account: usize) -> &'a str {
        self.result().accounts.get(account).map_or("", |name| name)
    }
}
