//! What accounts have put up, in reporting currency at each step: by an index, by one source's own book, or by the
//! underlying's price.
//!
//! ```text
//! value(t) = amount * price(t),   price = last known by t of whatever `valued_on` names
//! ```

use mpor_core::{Factor, Finding, UnderlyingIx};
use mpor_data::align::{as_of, freshness};
use mpor_data::calendar::Calendar;
use mpor_data::panel::PanelBuilder;
use mpor_data::series::Series;

use super::AllSeries;
use crate::error::MporError;
use crate::study::{CollateralSpec, StudyFile, ValuedOn};

/// One asset that one account has put up.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The account.
    pub account: String,
    /// The asset.
    pub asset: String,
    /// Whose price it is valued at, as the report says it.
    pub valued_on: String,
    /// Its value in reporting currency, one a step of the panel.
    pub values: Vec<f64>,
}

/// Values the study's collateral on the panel's grid.
pub(super) fn value(
    file: &StudyFile,
    all: &AllSeries,
    calendar: &Calendar,
    builder: &PanelBuilder,
) -> Result<(Vec<Held>, Vec<Finding>), MporError> {
    let mut findings = Vec::new();
    let mut on_grid = |series: &Series| -> Result<Vec<f64>, MporError> {
        let fresh = freshness(series.cadence, calendar);
        let known = as_of(series, builder.times(), fresh, &file.study.data.policy)?;
        findings.extend(known.findings);
        Ok(known.value)
    };
    let mut held = Vec::new();
    for spec in &file.study.collateral {
        let (valued_on, prices) = match &spec.valued_on {
            Some(ValuedOn::Index(name)) => (format!("index {name}"), on_grid(all.price(name)?)?),
            Some(ValuedOn::Book(book)) => {
                let name = format!("{} of {} alone", book.prices, book.source);
                (name, on_grid(all.indices.book(book)?)?)
            }
            None => by_name(file, spec, builder),
        };
        let values = prices.into_iter().map(|price| spec.amount * price).collect();
        let (account, asset) = (spec.account.clone(), spec.asset.clone());
        held.push(Held { account, asset, valued_on, values });
    }
    Ok((held, findings))
}

/// The reporting currency at one, an underlying at its spot; the study's check has seen to it that it is one of them.
fn by_name(file: &StudyFile, spec: &CollateralSpec, builder: &PanelBuilder) -> (String, Vec<f64>) {
    let underlyings = &file.study.underlying;
    let spot = underlyings
        .iter()
        .position(|underlying| underlying.name == spec.asset)
        .filter(|_| spec.asset != file.study.currency)
        .and_then(|at| Some((at, builder.row(Factor::Spot(UnderlyingIx(at)))?)));
    match spot {
        Some((at, prices)) => (underlyings[at].prices.clone(), prices.to_vec()),
        None => ("at par".to_owned(), vec![1.0; builder.times().len()]),
    }
}
