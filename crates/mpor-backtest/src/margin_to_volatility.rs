//! How many realised volatilities of the account does the requirement hold, and does that number stay the same?
//!
//! ```text
//! s[t] = sqrt( ( L[t-m]^2 + L[t-m-1]^2 + ... + L[t-m-w+1]^2 ) / w ),        k[t] = M[t] / s[t]
//! ```
//!
//! with `L[u]` the loss over the MPOR of `m` steps after margin date `u` by the study's convention: `s[t]` is the root mean
//! square of the last `w` losses that were known at `t`, in the same money and over the same horizon as the requirement. A
//! requirement that follows volatility exactly has a constant `k` (for a normal law at 99 % and a right model, 2.33): a high
//! `k` in calm and a low one in turmoil is a requirement that is buffered, or late.
//!
//! Where positions change, the losses are those of the positions held then. Losses overlap for `m > 1`, which makes `s[t]`
//! smoother and not smaller. Own definition.

use mpor_core::{Column, Table};

use crate::error::BacktestError;
use crate::result::BacktestResult;

/// Losses that the realised volatility is taken from: about three months of daily dates.
pub const WINDOW: usize = 60;

/// How the requirement stood to the realised volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Multiple {
    /// Margin dates with a requirement and a realised volatility, both above zero.
    pub dates: usize,
    /// Margin dates without: the first ones, and those without positions or movement.
    pub left_out: usize,
    /// Mean of `k[t]`.
    pub mean: f64,
    /// Smallest `k[t]`.
    pub lowest: f64,
    /// Largest `k[t]`.
    pub highest: f64,
}

/// The multiple of one account under one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultipleRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts.
    pub account: usize,
    /// `None` where no date has both a requirement and a realised volatility.
    pub multiple: Option<Multiple>,
}

/// The realised volatility known at each margin date; `None` where fewer than `window` losses are, or one is missing.
#[must_use]
pub fn realised_volatility(
    losses: &[Option<f64>],
    horizon: usize,
    window: usize,
) -> Vec<Option<f64>> {
    let at = |step: usize| {
        let end = (step + 1).checked_sub(horizon)?;
        let start = end.checked_sub(window).filter(|_| window > 0)?;
        let squares = losses.get(start..end)?.iter().map(|loss| loss.map(|loss| loss * loss));
        let sum: f64 = squares.sum::<Option<f64>>()?;
        Some((sum / window as f64).sqrt())
    };
    (0..losses.len()).map(at).collect()
}

impl Multiple {
    /// Requirements over volatilities of the same dates; `None` where no date has both above zero.
    #[must_use]
    pub fn new(requirements: &[f64], volatility: &[Option<f64>]) -> Option<Self> {
        let pairs = requirements.iter().zip(volatility);
        let ratio = |(&requirement, volatility): (&f64, &Option<f64>)| {
            let volatility = volatility.filter(|volatility| *volatility > 0.0)?;
            (requirement > 0.0).then(|| requirement / volatility)
        };
        let ratios: Vec<f64> = pairs.filter_map(ratio).collect();
        (!ratios.is_empty()).then(|| Multiple {
            dates: ratios.len(),
            left_out: requirements.len() - ratios.len(),
            mean: ratios.iter().sum::<f64>() / ratios.len() as f64,
            lowest: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            highest: ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
    }

    /// Highest over lowest: 1 for a requirement proportional to volatility.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.highest / self.lowest
    }
}

/// The multiples by model and account, over `window` losses.
#[must_use]
pub fn rows(result: &BacktestResult, window: usize) -> Vec<MultipleRow> {
    let volatility = |account: usize| {
        let losses = result.losses[account].by(result.convention);
        realised_volatility(losses, result.horizon.steps(), window)
    };
    let volatilities: Vec<_> = (0..result.accounts.len()).map(volatility).collect();
    let of_model = |(model, paths): (usize, &Vec<_>)| {
        let row = |account: usize| {
            let path: &crate::result::RequirementPath = &paths[account];
            let multiple = Multiple::new(&path.initial, &volatilities[account]);
            MultipleRow { model, account, multiple }
        };
        (0..volatilities.len()).map(row).collect::<Vec<_>>()
    };
    result.requirements.iter().enumerate().flat_map(of_model).collect()
}

/// Table `margin_to_volatility`: a row a model and account, over [`WINDOW`] losses.
///
/// # Errors
/// None for a result of [`assemble`](crate::assemble::assemble).
pub fn table(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = rows(result, WINDOW);
    let number = |of: fn(&Multiple) -> f64| {
        Column::Number(rows.iter().map(|row| row.multiple.as_ref().map(of)).collect())
    };
    let count = |of: fn(&Multiple) -> usize| {
        Column::Count(rows.iter().map(|row| Some(of(row.multiple.as_ref()?) as i64)).collect())
    };
    let model = |row: &MultipleRow| result.models[row.model].id.as_str();
    let account = |row: &MultipleRow| result.accounts[row.account].as_str();
    Ok(Table::new(
        "margin_to_volatility",
        [
            ("model", Column::labels(rows.iter().map(model))),
            ("account", Column::labels(rows.iter().map(account))),
            ("window", Column::counts(rows.iter().map(|_| WINDOW))),
            ("dates", count(|of| of.dates)),
            ("left_out", count(|of| of.left_out)),
            ("mean", number(|of| of.mean)),
            ("lowest", number(|of| of.lowest)),
            ("highest", number(|of| of.highest)),
            ("spread", number(Multiple::spread)),
        ],
    )?)
}
