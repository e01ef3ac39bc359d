//! How much does a portfolio save by offsets between products, and is that more than may be granted?
//!
//! ```text
//! S = sum of the requirements of the product groups, each alone        saving  = S - C
//! C = requirement of the whole, all offsets recognised                 granted = S - R
//! R = requirement that was asked
//! reduction ratio = 1 - R / S,    floor = S - share max(0, S - C),     the test passes when R >= floor
//! ```
//!
//! Source of the test: Delegated Regulation (EU) 153/2013, Art. 27 (4), share 0.8: the reduction is at most 80 % of the
//! difference between the sum of the margins of each product and the margin of the portfolio; a share of 1 where the
//! clearing house bears no risk from it. A model that simply asks the combined figure (`R = C < S`) grants all of the saving
//! and fails. Where the combined figure is the larger one there is nothing to grant, and the requirement has to be the sum.
//! The test needs correlation that is reliable in stress besides, which this figure does not show.
//!
//! A replay gives the three figures when the study holds the whole as one account and each product group as one account
//! ([`from_accounts`]); figures from elsewhere come as [`Standalone`].

use mpor_core::{Column, Table};

use crate::error::BacktestError;
use crate::result::{BacktestResult, RequirementPath};

/// The figures of one portfolio at one time, reporting currency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standalone {
    /// Product groups and what each would need alone.
    pub groups: Vec<(String, f64)>,
    /// What the whole needs with all offsets recognised.
    pub combined: f64,
    /// What was asked.
    pub required: f64,
}

/// What offsets saved and whether the share is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offset {
    /// Sum of the groups alone.
    pub standalone: f64,
    /// The whole with all offsets.
    pub combined: f64,
    /// What was asked.
    pub required: f64,
    /// `1 - required / standalone`; `None` where the groups need nothing.
    pub reduction: Option<f64>,
    /// Share of the saving that was granted; `None` where there is no saving.
    pub granted_share: Option<f64>,
    /// The least that the share allows.
    pub floor: f64,
    /// Whether the requirement is at or above the floor, but for rounding (1e-12 of the sum).
    pub passes: bool,
}

/// A portfolio of a replay whose product groups were replayed as accounts of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    /// Account of the whole.
    pub whole: String,
    /// Accounts of the groups, which together hold what the whole holds.
    pub groups: Vec<String>,
}

/// The offsets of one whole under one model over all margin dates.
#[derive(Clone, Debug, PartialEq)]
pub struct OffsetRow {
    /// Index into the result's models.
    pub model: usize,
    /// Index into the result's accounts: the whole.
    pub account: usize,
    /// One a margin date.
    pub offsets: Vec<Offset>,
}

impl Standalone {
    /// The offset at a share of the saving that may be granted, 0 to 1.
    ///
    /// # Errors
    /// [`BacktestError::Figure`] for a figure that is not finite, [`BacktestError::Share`] for a share outside [0, 1].
    pub fn offset(&self, share: f64) -> Result<Offset, BacktestError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(BacktestError::Share { found: share });
        }
        let groups = self.groups.iter().map(|group| group.1);
        for (at, value) in groups.clone().chain([self.combined, self.required]).enumerate() {
            if !value.is_finite() {
                let what = "the offset figures (groups, combined, required):";
                return Err(BacktestError::Figure { what, at: at + 1, value });
            }
        }
        Ok(Offset::new(groups.sum(), self.combined, self.required, share))
    }
}

impl Offset {
    fn new(standalone: f64, combined: f64, required: f64, share: f64) -> Self {
        let saving = standalone - combined;
        let floor = standalone - share * saving.max(0.0);
        Offset {
            standalone,
            combined,
            required,
            reduction: (standalone > 0.0).then(|| 1.0 - required / standalone),
            granted_share: (saving > 0.0).then(|| (standalone - required) / saving),
            floor,
            passes: required >= floor - 1e-12 * standalone.abs(),
        }
    }
}

/// The offsets of every model for each grouping, in the order of models, then groupings.
///
/// Groups and whole are the model's own figures before overlays; what was asked is with them.
///
/// # Errors
/// [`BacktestError::NoAccount`] for an account that the result does not have, [`BacktestError::Share`] for a share outside
/// [0, 1].
pub fn from_accounts(
    result: &BacktestResult,
    groupings: &[Grouping],
    share: f64,
) -> Result<Vec<OffsetRow>, BacktestError> {
    if !(0.0..=1.0).contains(&share) {
        return Err(BacktestError::Share { found: share });
    }
    let find = |name: &String| {
        let at = result.accounts.iter().position(|known| known == name);
        at.ok_or_else(|| BacktestError::NoAccount { name: name.clone() })
    };
    let mut rows = Vec::new();
    for (model, paths) in result.requirements.iter().enumerate() {
        for grouping in groupings {
            let account = find(&grouping.whole)?;
            let groups: Vec<usize> = grouping.groups.iter().map(find).collect::<Result<_, _>>()?;
            let combined = own(&paths[account]);
            let at = |step: usize| {
                let standalone = groups.iter().map(|&group| own(&paths[group])[step]).sum();
                Offset::new(standalone, combined[step], paths[account].initial[step], share)
            };
            let offsets = (0..result.times.len()).map(at).collect();
            rows.push(OffsetRow { model, account, offsets });
        }
    }
    Ok(rows)
}

fn own(path: &RequirementPath) -> &[f64] {
    path.own.as_ref().map_or(&path.initial, |own| &own.initial)
}

/// Table `offsets`: a row a model, whole and margin date.
///
/// # Errors
/// None for rows of [`from_accounts`] of the same result.
pub fn table(result: &BacktestResult, rows: &[OffsetRow]) -> Result<Table, BacktestError> {
    let all = || {
        rows.iter().flat_map(|row| {
            row.offsets.iter().zip(&result.times).map(move |(offset, time)| (row, *time, offset))
        })
    };
    let number =
        |of: fn(&Offset) -> Option<f64>| Column::Number(all().map(|at| of(at.2)).collect());
    Ok(Table::new(
        "offsets",
        [
            ("time", Column::times(all().map(|at| at.1))),
            ("model", Column::labels(all().map(|at| result.models[at.0.model].id.as_str()))),
            ("account", Column::labels(all().map(|at| result.accounts[at.0.account].as_str()))),
            ("standalone", number(|offset| Some(offset.standalone))),
            ("combined", number(|offset| Some(offset.combined))),
            ("required", number(|offset| Some(offset.required))),
            ("reduction", number(|offset| offset.reduction)),
            ("granted_share", number(|offset| offset.granted_share)),
            ("floor", number(|offset| Some(offset.floor))),
            ("passes", Column::Flag(all().map(|at| Some(at.2.passes)).collect())),
        ],
    )?)
}
