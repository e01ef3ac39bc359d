//! What was last known of many series, step by step: gaps are filled for a limited number of steps, then nothing is known.
//!
//! ```text
//! known[t] = value[t], or known[t-1] where it is missing and the last value is at most `limit` steps old, or nothing
//! change[t] = known[t] - known[t-1]
//! ```
//!
//! Missing is NaN here, inside one loop over contiguous numbers; whoever hands the result on says so.

/// The last known value of each series.
#[derive(Clone, Debug)]
pub struct Carried {
    known: Vec<f64>,
    /// Steps since the value came.
    age: Vec<f64>,
    limit: f64,
    filled: u64,
}

impl Carried {
    /// Nothing known of `series` series; a value is carried over at most `limit` steps.
    #[must_use]
    pub fn new(series: usize, limit: usize) -> Self {
        Carried {
            known: vec![f64::NAN; series],
            age: vec![0.0; series],
            limit: limit as f64,
            filled: 0,
        }
    }

    /// Takes the values of the next step, NaN where missing, and writes the changes, NaN where one end is unknown. Slices of one length.
    pub fn advance(&mut self, values: &[f64], change: &mut [f64]) {
        let Carried { known, age, limit, .. } = self;
        let filled =
            pulp::Arch::new().dispatch(Advance { known, age, limit: *limit, values, change });
        self.filled += filled as u64;
    }

    /// Missing values that were filled so far.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.filled
    }
}

/// One step, compiled by `pulp` once for each instruction set; selections and one difference give the same bits in all of them.
struct Advance<'a> {
    known: &'a mut [f64],
    age: &'a mut [f64],
    limit: f64,
    values: &'a [f64],
    change: &'a mut [f64],
}

impl pulp::WithSimd for Advance<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> f64 {
        let mut filled = [0.0; 8];
        let Advance { known, age, limit, values, change } = self;
        let all = known.iter_mut().zip(age).zip(values.iter().zip(change));
        for (at, ((known, age), (value, change))) in all.enumerate() {
            let missing = value.is_nan();
            let older = if missing { *age + 1.0 } else { 0.0 };
            let carried = if older <= limit { *known } else { f64::NAN };
            let now = if missing { carried } else { *value };
            filled[at % 8] += if missing & !now.is_nan() { 1.0 } else { 0.0 };
            *change = now - *known;
            (*known, *age) = (now, older);
        }
        filled.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: carried two steps, lost in the third, back in the fifth; the second series begins late.
    #[test]
    fn values_are_carried_up_to_the_limit() {
        let missing = f64::NAN;
        let rows = [
            [1.0, missing],
            [missing, missing],
            [missing, 5.0],
            [missing, 7.0],
            [4.0, missing],
            [6.0, 8.0],
        ];
        let (mut carried, mut change) = (Carried::new(2, 2), [0.0; 2]);
        let mut changes = Vec::new();
        for row in &rows {
            carried.advance(row, &mut change);
            changes.push(change.map(|x| if x.is_nan() { None } else { Some(x) }));
        }
        let first = [None, Some(0.0), Some(0.0), None, None, Some(2.0)];
        let second = [None, None, None, Some(2.0), Some(0.0), Some(1.0)];
        assert!(changes.iter().map(|c| c[0]).eq(first), "{changes:?}");
        assert!(changes.iter().map(|c| c[1]).eq(second), "{changes:?}");
        assert_eq!(carried.filled(), 3);
    }
}
