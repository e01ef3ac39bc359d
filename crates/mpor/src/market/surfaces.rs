//! The result table `surfaces`: how each expiry of each snapshot was fitted, and what was left out of it.

use mpor_core::{Column, Table, Timestamp};
use mpor_pricing::surface::{ForwardSource, SliceQuality};

use crate::error::MporError;

/// The expiries of every snapshot that a margin date stands on.
#[derive(Clone, Debug, Default)]
pub struct SurfaceRows {
    rows: Vec<(Timestamp, String, SliceQuality)>,
}

fn said(source: ForwardSource) -> &'static str {
    match source {
        ForwardSource::Stated => "stated",
        ForwardSource::Parity => "parity",
        ForwardSource::ParityAndDiscount => "parity, with discount",
    }
}

impl SurfaceRows {
    /// Whether no underlying has chains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn add(&mut self, underlying: &str, time: Timestamp, slices: &[SliceQuality]) {
        let rows = slices.iter().map(|slice| (time, underlying.to_owned(), slice.clone()));
        self.rows.extend(rows);
    }

    /// One row an expiry: `days` to expiry, its forward and where that comes from, how many quotes were used and why others
    /// were not, at-the-money volatility, errors in volatility, share of quotes met between bid and offer, Durrleman's
    /// condition where it is lowest, and which conditions against arbitrage held the fit back.
    ///
    /// # Errors
    /// [`MporError::Table`]: never for the columns made here.
    pub fn table(&self) -> Result<Table, MporError> {
        let slices = || self.rows.iter().map(|(_, _, slice)| slice);
        let number = |of: &dyn Fn(&SliceQuality) -> Option<f64>| {
            let finite = |slice| of(slice).filter(|value| value.is_finite());
            Column::Number(slices().map(finite).collect())
        };
        let dropped = |slice: &SliceQuality| {
            let each = slice.dropped.iter().map(|(why, count)| format!("{} {count}", why.name()));
            each.collect::<Vec<_>>().join("; ")
        };
        let held_by = |slice: &SliceQuality| {
            let bounds = slice.fit.iter().flat_map(|fit| &fit.held_by);
            bounds.map(|bound| bound.name()).collect::<Vec<_>>().join("; ")
        };
        let source = |slice: &SliceQuality| slice.forward.map(|fit| said(fit.source));
        let columns = [
            ("time", Column::times(self.rows.iter().map(|row| row.0))),
            ("underlying", Column::labels(self.rows.iter().map(|row| row.1.as_str()))),
            ("days", number(&|slice| Some(365.0 * slice.years))),
            ("forward", number(&|slice| Some(slice.forward?.forward))),
            ("forward_source", Column::Label(slices().map(source).collect())),
            ("quotes", Column::counts(slices().map(|slice| slice.used))),
            ("dropped", Column::labels(slices().map(dropped))),
            ("atm_vol", number(&|slice| Some(slice.fit.as_ref()?.atm_vol))),
            ("rms_error", number(&|slice| Some(slice.fit.as_ref()?.rms_error))),
            ("worst_error", number(&|slice| Some(slice.fit.as_ref()?.worst_error))),
            ("within_spread", number(&|slice| slice.fit.as_ref()?.within_spread)),
            ("lowest_density", number(&|slice| Some(slice.fit.as_ref()?.lowest_density.value))),
            ("held_by", Column::labels(slices().map(held_by))),
        ];
        Ok(Table::new("surfaces", columns)?)
    }
}
