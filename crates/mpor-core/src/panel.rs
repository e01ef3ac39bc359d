//! Market history as one dense matrix, and the part of it that is known at a time.

use ndarray::{Array2, ArrayView1, s};

use crate::error::CoreError;
use crate::factor::Factor;
use crate::time::Timestamp;

/// Factors by time on the study's grid: `values[[factor, step]]`, each factor contiguous in time.
///
/// Every value is finite and known at its time. Built once; everything else borrows it.
#[derive(Clone, Debug)]
pub struct Panel {
    times: Vec<Timestamp>,
    factors: Vec<Factor>,
    values: Array2<f64>,
}

/// The history up to and including one step. No method reaches past it.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    panel: &'a Panel,
    last: usize,
}

impl Panel {
    /// Checks shapes, order and finiteness.
    ///
    /// # Errors
    /// [`CoreError::PanelShape`], [`CoreError::TimeOrder`] or [`CoreError::NotFinite`], naming the place.
    pub fn new(
        times: Vec<Timestamp>,
        factors: Vec<Factor>,
        values: Array2<f64>,
    ) -> Result<Self, CoreError> {
        if values.dim() != (factors.len(), times.len()) {
            return Err(CoreError::PanelShape {
                factors: factors.len(),
                times: times.len(),
                rows: values.nrows(),
                columns: values.ncols(),
            });
        }
        if let Some(pair) = times.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(CoreError::TimeOrder { earlier: pair[0], later: pair[1] });
        }
        for ((row, column), &value) in values.indexed_iter() {
            if !value.is_finite() {
                let (factor, time) = (factors[row], times[column]);
                return Err(CoreError::NotFinite { factor, time, value });
            }
        }
        Ok(Panel { times, factors, values })
    }

    /// The grid of margin dates.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// The factors, in row order.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// The row of a factor.
    #[must_use]
    pub fn row(&self, factor: Factor) -> Option<usize> {
        self.factors.iter().position(|&known| known == factor)
    }

    /// A factor's whole history. For realised outcomes; models see [`Past`] instead.
    ///
    /// # Errors
    /// [`CoreError::NoSuchFactor`].
    pub fn series(&self, factor: Factor) -> Result<ArrayView1<'_, f64>, CoreError> {
        let row = self.row(factor).ok_or(CoreError::NoSuchFactor(factor))?;
        Ok(self.values.row(row))
    }

    /// A factor's value at a step, `None` when the panel does not have the factor.
    #[must_use]
    pub fn value(&self, factor: Factor, step: usize) -> Option<f64> {
        Some(self.values[[self.row(factor)?, step]])
    }

    /// What is known at `step`.
    #[must_use]
    pub fn until(&self, step: usize) -> Past<'_> {
        assert!(step < self.times.len(), "Invariant: a past ends inside its panel");
        Past { panel: self, last: step.min(self.times.len().saturating_sub(1)) }
    }
}

impl<'a> Past<'a> {
    /// The last known time: the margin date.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.panel.times[self.last]
    }

    /// Number of known steps, the present one included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.last + 1
    }

    /// Whether nothing is known; never true, since the margin date itself is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The known times, oldest first.
    #[must_use]
    pub fn times(&self) -> &'a [Timestamp] {
        &self.panel.times[..=self.last]
    }

    /// The factors of the history.
    #[must_use]
    pub fn factors(&self) -> &'a [Factor] {
        &self.panel.factors
    }

    /// A factor's known values, oldest first, `len()` of them.
    ///
    /// # Errors
    /// [`CoreError::NoSuchFactor`].
    pub fn series(&self, factor: Factor) -> Result<ArrayView1<'a, f64>, CoreError> {
        let row = self.panel.row(factor).ok_or(CoreError::NoSuchFactor(factor))?;
        Ok(self.panel.values.slice(s![row, ..=self.last]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::UnderlyingIx;
    use ndarray::array;

    #[test]
    fn the_past_ends_at_its_step() {
        let spot = Factor::Spot(UnderlyingIx(0));
        let times = vec![Timestamp(1), Timestamp(2), Timestamp(3)];
        let panel = Panel::new(times, vec![spot], array![[1.0, 2.0, 3.0]]).unwrap();
        let past = panel.until(1);
        assert_eq!(past.series(spot).unwrap().to_vec(), [1.0, 2.0]);
        assert_eq!(past.now(), Timestamp(2));
        assert_eq!(past.len(), 2);
    }

    #[test]
    fn a_hole_is_refused_with_its_place() {
        let spot = Factor::Spot(UnderlyingIx(0));
        let times = vec![Timestamp(1), Timestamp(2)];
        let error = Panel::new(times, vec![spot], array![[1.0, f64::NAN]]).unwrap_err();
        assert!(matches!(error, CoreError::NotFinite { time: Timestamp(2), .. }));
    }
}
