//! What accounts have put up: valued by an index, by one source's own book, or by the underlying's price.
//!
//! ```text
//! value(t) = amount * price(t),   price = last known by t of whatever `valued_on` names
//! ```

use mpor_core::{Finding, PriceSeries};
use mpor_data::align::{as_of, freshness};
use mpor_data::calendar::Calendar;
use mpor_data::series::Series;

use super::{AllSeries, price_series};
use crate::error::MporError;
use crate::study::{CollateralSpec, StudyFile, ValuedOn};

/// One asset that one account has put up.
#[derive(Clone, Debug)]
pub struct Held {
    /// The account.
    pub account: String,
    /// The asset.
    pub asset: String,
    /// Whose price it is valued at, as the report says it.
    pub valued_on: String,
    /// How much of it.
    pub amount: f64,
    /// What one is worth in reporting currency, at the prices' own resolution; `None` = 1.
    pub prices: Option<PriceSeries>,
}

/// The study's collateral with its prices, which must be known on the margin dates `times` as the policies ask.
pub(super) fn value(
    file: &StudyFile,
    all: &AllSeries,
    calendar: &Calendar,
    times: &[mpor_core::Timestamp],
) -> Result<(Vec<Held>, Vec<Finding>), MporError> {
    let mut findings = Vec::new();
    let mut held = Vec::new();
    for spec in &file.study.collateral {
        let (valued_on, series): (String, Option<&Series>) = match &spec.valued_on {
            Some(ValuedOn::Index(name)) => (format!("index {name}"), Some(all.price(name)?)),
            Some(ValuedOn::Book(book)) => {
                let name = format!("{} of {} alone", book.prices, book.source);
                (name, Some(all.indices.book(book)?))
            }
            None => by_name(file, spec, all)?,
        };
        if let Some(series) = series {
            let fresh = freshness(series.cadence, calendar);
            findings.extend(as_of(series, times, fresh, &file.study.data.policy)?.findings);
        }
        let (account, asset) = (spec.account.clone(), spec.asset.clone());
        let prices = series.map(price_series);
        held.push(Held { account, asset, valued_on, amount: spec.amount, prices });
    }
    Ok((held, findings))
}

/// The reporting currency at one, an underlying at its spot; the study's check has seen to it that it is one of them.
fn by_name<'a>(
    file: &StudyFile,
    spec: &CollateralSpec,
    all: &'a AllSeries,
) -> Result<(String, Option<&'a Series>), MporError> {
    let mut named = file.study.underlying.iter().filter(|_| spec.asset != file.study.currency);
    match named.find(|underlying| underlying.name == spec.asset) {
        Some(underlying) => Ok((underlying.prices.clone(), Some(all.price(&underlying.prices)?))),
        None => Ok(("at par".to_owned(), None)),
    }
}
