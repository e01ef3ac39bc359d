//! From loaded series to the rows of a [`Panel`]: one factor at a time, each value as it was known at its grid time.
//!
//! ```text
//! spot, perpetual, rate, volatility index : last value known at t
//! funding                                 : sum of the payments in (t[i-1], t[i]]
//! ```
//!
//! The matrix is filled once: the rows are appended to one buffer that becomes the panel's storage.

use mpor_core::{Factor, Finding, Panel, Timestamp};
use ndarray::Array2;

use crate::align::{as_of, freshness, paid_over};
use crate::calendar::Calendar;
use crate::error::DataError;
use crate::payments::Payments;
use crate::policy::Policies;
use crate::series::Series;

/// Collects the rows of a panel.
#[derive(Clone, Debug)]
pub struct PanelBuilder {
    times: Vec<Timestamp>,
    factors: Vec<Factor>,
    values: Vec<f64>,
    findings: Vec<Finding>,
}

impl PanelBuilder {
    /// A panel on a grid, without rows yet.
    #[must_use]
    pub fn new(times: Vec<Timestamp>) -> Self {
        PanelBuilder { times, factors: Vec::new(), values: Vec::new(), findings: Vec::new() }
    }

    /// The grid.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// Adds a row that was computed elsewhere, such as a modelled volatility; one value a grid time.
    pub fn push(&mut self, factor: Factor, values: &[f64]) {
        self.factors.push(factor);
        self.values.extend_from_slice(values);
    }

    /// Adds the value known at each grid time.
    ///
    /// # Errors
    /// As [`as_of`].
    pub fn push_known(
        &mut self,
        factor: Factor,
        series: &Series,
        calendar: &Calendar,
        policies: &Policies,
    ) -> Result<(), DataError> {
        let fresh = freshness(series.cadence, calendar);
        let on_grid = as_of(series, &self.times, fresh, policies)?;
        self.findings.extend(on_grid.findings);
        self.push(factor, &on_grid.value);
        Ok(())
    }

    /// Adds what was paid over the step that ends at each grid time.
    ///
    /// # Errors
    /// As [`paid_over`].
    pub fn push_paid(
        &mut self,
        factor: Factor,
        payments: &Payments,
        policies: &Policies,
    ) -> Result<(), DataError> {
        let paid = paid_over(payments, &self.times, policies)?;
        self.findings.extend(paid.findings);
        self.push(factor, &paid.value);
        Ok(())
    }

    /// A row as it stands so far.
    #[must_use]
    pub fn row(&self, factor: Factor) -> Option<&[f64]> {
        let row = self.factors.iter().position(|&known| known == factor)?;
        let start = row * self.times.len();
        self.values.get(start..start + self.times.len())
    }

    /// The panel, and what was found on the way. The values are moved, not copied.
    ///
    /// # Errors
    /// [`DataError::Core`] when a row is not as long as the grid or holds what is not finite.
    pub fn build(self) -> Result<(Panel, Vec<Finding>), DataError> {
        let (rows, columns) = (self.factors.len(), self.times.len());
        let found = self.values.len();
        let values = Array2::from_shape_vec((rows, columns), self.values).map_err(|_| {
            mpor_core::CoreError::PanelShape {
                factors: rows,
                times: columns,
                rows: found.checked_div(columns).unwrap_or_default(),
                columns,
            }
        })?;
        Ok((Panel::new(self.times, self.factors, values)?, self.findings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::Cadence;
    use mpor_core::{Span, UnderlyingIx};

    #[test]
    fn rows_become_a_panel() {
        let at = |hour: i64| Timestamp(0) + Span::hours(hour);
        let calendar = Calendar::around_the_clock(Span::hours(1), Span(0)).unwrap();
        let grid = calendar.grid(at(1), at(3), 0).unwrap();
        let series = Series {
            symbol: "X".to_owned(),
            source: String::new(),
            place: String::new(),
            cadence: Cadence::Every { step: Span::hours(1), anchor: Span(0) },
            times: vec![at(0), at(1), at(3)],
            values: vec![10.0, 11.0, 13.0],
        };
        let (spot, vol) = (Factor::Spot(UnderlyingIx(0)), Factor::Vol(UnderlyingIx(0), 30));
        let mut builder = PanelBuilder::new(grid);
        builder.push_known(spot, &series, &calendar, &Policies::default()).unwrap();
        builder.push(vol, &[0.5, 0.6, 0.7]);
        assert_eq!(builder.row(spot), Some(&[11.0, 11.0, 13.0][..]));
        let (panel, findings) = builder.build().unwrap();
        assert_eq!(panel.series(vol).unwrap().to_vec(), [0.5, 0.6, 0.7]);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn a_short_row_is_refused() {
        let mut builder = PanelBuilder::new(vec![Timestamp(0), Timestamp(1)]);
        builder.push(Factor::Spot(UnderlyingIx(0)), &[1.0]);
        assert!(matches!(builder.build(), Err(DataError::Core(_))));
    }
}
