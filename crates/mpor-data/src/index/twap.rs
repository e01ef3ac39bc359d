//! The settlement price of an index: its mean over the samples of a window that ends at the expiry.
//!
//! ```text
//! samples at T - window + every, ..., T - every, T;   price = mean of the values known at them
//! ```
//!
//! A sample is the last value known by then. Source: settlement articles of Deribit (30 minutes, a sample each 4 seconds,
//! 6 earlier) and of Derive (30 minutes).

use mpor_core::{Span, Timestamp};

use super::rule::Settlement;
use crate::error::DataError;
use crate::series::Series;

/// A settlement price and how it came about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Twap {
    /// The mean.
    pub price: f64,
    /// Samples taken.
    pub samples: usize,
    /// The oldest that a sampled value was at its sample.
    pub oldest: Span,
}

/// The mean of an index over a settlement window.
///
/// # Errors
/// [`DataError::Index`] when the index is not known at the first sample, or the sampling is not possible.
pub fn twap(index: &Series, expiry: Timestamp, rule: Settlement) -> Result<Twap, DataError> {
    let Settlement { window, every } = rule;
    let refuse = |problem: String| DataError::Index { name: index.symbol.clone(), problem };
    if every.0 <= 0 || window.0 < every.0 || window.0 % every.0 != 0 {
        return Err(refuse(format!("samples {every} apart do not fill a window of {window}")));
    }
    let samples = window.0 / every.0;
    let (mut sum, mut oldest) = (0.0, Span(0));
    for back in (0..samples).rev() {
        let at = expiry - Span(back * every.0);
        let after = index.times.partition_point(|&known| known <= at);
        let Some(entry) = after.checked_sub(1) else {
            return Err(refuse(format!("not known at {at}, in the window of the expiry {expiry}")));
        };
        sum += index.values[entry];
        oldest = oldest.max(at - index.times[entry]);
    }
    let samples = usize::try_from(samples).unwrap_or_default();
    Ok(Twap { price: sum / samples as f64, samples, oldest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::Cadence;

    fn seconds(count: i64) -> Span {
        Span(count * 1_000_000)
    }

    fn index(times: &[i64], values: &[f64]) -> Series {
        Series {
            symbol: "BTC index".to_owned(),
            source: String::new(),
            place: String::new(),
            cadence: Cadence::Irregular,
            times: times.iter().map(|&at| Timestamp(0) + seconds(at)).collect(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn four_samples_by_hand() {
        // Window (0, 16] each 4 s: samples at 4, 8, 12, 16 see 100 (of 2), 100, 106 (of 9), 110.
        let index = index(&[2, 9, 16, 17], &[100.0, 106.0, 110.0, 1e9]);
        let rule = Settlement { window: seconds(16), every: seconds(4) };
        let found = twap(&index, Timestamp(0) + seconds(16), rule).unwrap();
        assert_eq!(found, Twap { price: 104.0, samples: 4, oldest: seconds(6) });
    }

    #[test]
    fn a_window_before_the_index_is_refused() {
        let index = index(&[5, 9], &[100.0, 106.0]);
        let rule = Settlement { window: seconds(16), every: seconds(4) };
        let error = twap(&index, Timestamp(0) + seconds(16), rule).unwrap_err().to_string();
        assert!(error.contains("not known at 1970-01-01T00:00:04Z"), "{error}");
        let odd = Settlement { window: seconds(16), every: seconds(5) };
        assert!(twap(&index, Timestamp(0) + seconds(16), odd).is_err());
    }
}
