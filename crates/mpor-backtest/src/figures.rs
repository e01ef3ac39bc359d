//! What overlays asked about the books of one day: by overlay and name, then account.
//!
//! They are asked for while the day is replayed and used when the account is walked through time, so they travel with the
//! day and its shard.

use std::ops::Range;

use mpor_core::{Column, Table};
use mpor_margin::{BookFigure, MarginError};

use crate::day::DayResult;
use crate::error::BacktestError;
use crate::shard::{FIGURES, Reader, day_of};

/// The figures of one model's overlays on one day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Overlay, name, and the amounts by account; `None` where the account has none.
    columns: Vec<(usize, String, Vec<Option<f64>>)>,
}

impl Figures {
    /// Takes the figures of one account.
    ///
    /// # Errors
    /// [`MarginError::Parameter`] for a figure that is not finite: naming the overlay's figure.
    pub fn take(&mut self, account: usize, figures: Vec<BookFigure>) -> Result<(), MarginError> {
        for figure in figures {
            if !figure.amount.is_finite() {
                return Err(MarginError::Parameter {
                    model: format!("overlay {}", figure.overlay + 1),
                    key: figure.name,
                    problem: format!("comes to {}, which is not a finite number", figure.amount),
                });
            }
            self.push(figure.overlay, &figure.name, account, figure.amount);
        }
        Ok(())
    }

    /// The figures of one account, those of each overlay next to each other.
    #[must_use]
    pub fn of(&self, account: usize) -> Vec<BookFigure> {
        let mut figures: Vec<BookFigure> = self
            .columns
            .iter()
            .filter_map(|(overlay, name, amounts)| {
                let amount = (*amounts.get(account)?)?;
                Some(BookFigure { overlay: *overlay, name: name.clone(), amount })
            })
            .collect();
        figures.sort_by(|a, b| (a.overlay, &a.name).cmp(&(b.overlay, &b.name)));
        figures
    }

    fn push(&mut self, overlay: usize, name: &str, account: usize, amount: f64) {
        let same = |(known, known_name, _): &(usize, String, Vec<Option<f64>>)| {
            *known == overlay && known_name == name
        };
        let at = self.columns.iter().position(same).unwrap_or_else(|| {
            self.columns.push((overlay, name.to_owned(), Vec::new()));
            self.columns.len() - 1
        });
        let amounts = &mut self.columns[at].2;
        amounts.resize(amounts.len().max(account + 1), None);
        amounts[account] = Some(amount);
    }
}

/// The table of a shard: a block of the accounts, numbered from its first.
pub(crate) fn to_table(days: &[DayResult], block: &Range<usize>) -> Result<Table, BacktestError> {
    let (mut steps, mut models, mut overlays) = (Vec::new(), Vec::new(), Vec::new());
    let (mut names, mut accounts, mut amounts) = (Vec::new(), Vec::new(), Vec::new());
    for day in days {
        for (model, of) in day.models.iter().enumerate() {
            for (overlay, name, by_account) in &of.figures.columns {
                for (account, amount) in
                    by_account.iter().skip(block.start).take(block.len()).enumerate()
                {
                    let Some(amount) = amount else { continue };
                    steps.push(day.step);
                    models.push(model);
                    overlays.push(*overlay);
                    names.push(name.as_str());
                    accounts.push(account);
                    amounts.push(*amount);
                }
            }
        }
    }
    Ok(Table::new(
        FIGURES,
        [
            ("step", Column::counts(steps)),
            ("model", Column::counts(models)),
            ("overlay", Column::counts(overlays)),
            ("figure", Column::labels(names)),
            ("account", Column::counts(accounts)),
            ("amount", Column::numbers(amounts)),
        ],
    )?)
}

/// Puts the figures of a shard back into its days.
pub(crate) fn read(reader: &Reader<'_>, days: &mut [DayResult]) -> Result<(), BacktestError> {
    let (steps, models) = (reader.counts("step")?, reader.counts("model")?);
    let (overlays, accounts) = (reader.counts("overlay")?, reader.counts("account")?);
    let (names, amounts) = (reader.texts("figure")?, reader.numbers("amount")?);
    for row in 0..steps.len() {
        let day = day_of(days, steps[row]).ok_or_else(|| reader.broken("step"))?;
        let of = day.models.get_mut(models[row]).ok_or_else(|| reader.broken("model"))?;
        let name = names[row].ok_or_else(|| reader.broken("figure"))?;
        of.figures.push(overlays[row], name, accounts[row], amounts[row]);
    }
    Ok(())
}
