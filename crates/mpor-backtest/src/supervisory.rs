//! The tables that a validator or supervisor expects beside those of [`tables`](crate::tables).
//!
//! | table | row | in |
//! | --- | --- | --- |
//! | `calls` | model, account, lag | [`calls`] |
//! | `margin_to_volatility` | model, account | [`margin_to_volatility`] |
//! | `severity` | model, account (empty = pooled) | [`severity`] |
//! | `adequacy` | model, account (empty = pooled) | [`adequacy`] |
//! | `pqd_disclosures`, `pqd_6_5`, `pqd_6_8` | see there | [`pqd`] |
//!
//! `attribution` needs the history besides, and `offsets` the groupings: see [`attribution`](crate::attribution) and
//! [`offset`](crate::offset).

use mpor_core::Table;

use crate::adequacy::{self, AddOns};
use crate::error::BacktestError;
use crate::result::BacktestResult;
use crate::{calls, margin_to_volatility, pqd, severity};

/// All of them; `add_ons` names the parts of each model that are not its core.
///
/// # Errors
/// None for a result of [`assemble`](crate::assemble::assemble).
pub fn tables(result: &BacktestResult, add_ons: &AddOns) -> Result<Vec<Table>, BacktestError> {
    let mut tables = vec![
        calls::table(result)?,
        margin_to_volatility::table(result)?,
        severity::table(result)?,
        adequacy::table(result, add_ons)?,
    ];
    tables.extend(pqd::tables(result)?);
    Ok(tables)
}
