//! How calm is a requirement through time?
//!
//! For a path `M[0], ..., M[n-1]` of requirements, all above zero, of a portfolio that does not change:
//!
//! | metric | definition |
//! | --- | --- |
//! | peak to trough, ordered | largest `M[t] / min(M[0..=t])`: the trough comes first |
//! | peak to trough, unordered | `max M / min M` |
//! | log-change volatility | standard deviation of `ln(M[t] / M[t-1])`, divisor one less than the count |
//! | `n`-step call, ratio and amount | largest `M[t] / M[t-n]`, and largest `M[t] - M[t-n]`, negative when it only fell |
//! | within `n` steps | the same over every lag from 1 to `n` |
//! | responsiveness | `ln(M[t]/M[t-n]) / ln(v[t]/v[t-n])` at the `t` of the largest `n`-step ratio; `v` = market volatility |
//!
//! Source: Murphy, Vasios and Vause (2014), "An investigation into the procyclicality of risk-based initial margin models",
//! Bank of England Financial Stability Paper 29 (the two families: across the cycle, and short-term calls). When positions
//! change through time the metrics mix what the model did with what the account did.

use crate::error::BacktestError;

/// Metrics of one margin path.
#[derive(Clone, Debug, PartialEq)]
pub struct Procyclicality {
    /// Mean requirement.
    pub mean: f64,
    /// Largest requirement.
    pub maximum: f64,
    /// Largest ratio of a requirement to an earlier (or the same day's) one.
    pub peak_to_trough: f64,
    /// Standard deviation of daily log changes; `None` below two changes.
    pub log_change_volatility: Option<f64>,
    /// Largest rise over 1, 5 and 20 steps: (steps, ratio, amount); shorter paths have fewer.
    pub calls: Vec<(usize, f64, f64)>,
}

/// The lags of [`Procyclicality::calls`], in steps.
pub const CALL_LAGS: [usize; 3] = [1, 5, 20];

/// A rise above which a call counts as large: 25 %.
const LARGE_RISE: f64 = 1.25;

/// A path of requirements, each above zero, in time order.
#[derive(Clone, Copy, Debug)]
pub struct MarginPath<'a>(&'a [f64]);

/// Largest rise from a requirement to a later one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakToTrough {
    /// The ratio, at least 1.
    pub ratio: f64,
    /// Step of the peak.
    pub peak: usize,
    /// Step of the trough, not after the peak.
    pub trough: usize,
}

/// Mean and spread of the levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Mean.
    pub mean: f64,
    /// Largest.
    pub maximum: f64,
    /// Smallest.
    pub minimum: f64,
    /// Standard deviation, divisor `n - 1`; `None` below two steps.
    pub standard_deviation: Option<f64>,
}

/// Rises over `n` steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// Largest `M[t] / M[t-n]`.
    pub ratio: f64,
    /// First `t` of the largest ratio.
    pub ratio_at: usize,
    /// Largest `M[t] - M[t-n]`.
    pub amount: f64,
    /// Largest ratio over every lag from 1 to `n`.
    pub within_ratio: f64,
    /// Largest amount over every lag from 1 to `n`.
    pub within_amount: f64,
    /// Number of `t` with `M[t] / M[t-n]` strictly above 1.25.
    pub over_25_percent: usize,
}

impl<'a> MarginPath<'a> {
    /// A path of at least one requirement.
    ///
    /// # Errors
    /// [`BacktestError::Path`] for a requirement that is not finite and above zero, [`BacktestError::Nothing`] for none.
    pub fn new(requirements: &'a [f64]) -> Result<Self, BacktestError> {
        if requirements.is_empty() {
            return Err(BacktestError::Nothing("requirements"));
        }
        match requirements.iter().position(|&value| !(value.is_finite() && value > 0.0)) {
            None => Ok(MarginPath(requirements)),
            Some(at) => Err(BacktestError::Path { at: at + 1, value: requirements[at] }),
        }
    }

    /// The summary of a report.
    #[must_use]
    pub fn summary(&self) -> Procyclicality {
        let levels = self.levels();
        let call = |lag| {
            let rise = (lag < self.0.len()).then(|| self.rise(lag))?;
            Some((lag, rise.ratio, rise.amount))
        };
        Procyclicality {
            mean: levels.mean,
            maximum: levels.maximum,
            peak_to_trough: self.peak_to_trough().ratio,
            log_change_volatility: self.log_change_volatility(),
            calls: CALL_LAGS.into_iter().filter_map(call).collect(),
        }
    }

    /// Mean and spread.
    #[must_use]
    pub fn levels(&self) -> Levels {
        Levels {
            mean: mean(self.0),
            maximum: self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            minimum: self.0.iter().copied().fold(f64::INFINITY, f64::min),
            standard_deviation: standard_deviation(self.0),
        }
    }

    /// The first pair that reaches the largest ratio of a requirement to an earlier or equal one.
    #[must_use]
    pub fn peak_to_trough(&self) -> PeakToTrough {
        let mut best = PeakToTrough { ratio: 1.0, peak: 0, trough: 0 };
        let mut lowest = 0;
        for (at, &value) in self.0.iter().enumerate() {
            if value < self.0[lowest] {
                lowest = at;
            }
            let ratio = value / self.0[lowest];
            if ratio > best.ratio {
                best = PeakToTrough { ratio, peak: at, trough: lowest };
            }
        }
        best
    }

    /// Standard deviation of log changes; `None` below two changes.
    #[must_use]
    pub fn log_change_volatility(&self) -> Option<f64> {
        let changes: Vec<f64> =
            self.0.windows(2).map(|pair| libm::log(pair[1] / pair[0])).collect();
        standard_deviation(&changes)
    }

    /// Rises over `lag` steps, at least 1; `None` when the path is not longer than that.
    #[must_use]
    pub fn call(&self, lag: usize) -> Option<Call> {
        if lag == 0 || self.0.len() <= lag {
            return None;
        }
        let exact = self.rise(lag);
        let (mut within_ratio, mut within_amount) = (exact.ratio, exact.amount);
        for shorter in 1..lag {
            let rise = self.rise(shorter);
            within_ratio = within_ratio.max(rise.ratio);
            within_amount = within_amount.max(rise.amount);
        }
        Some(Call {
            ratio: exact.ratio,
            ratio_at: exact.at,
            amount: exact.amount,
            within_ratio,
            within_amount,
            over_25_percent: self.pairs(lag).filter(|(then, now)| now / then > LARGE_RISE).count(),
        })
    }

    /// Log rise of the margin over that of a market volatility of the same steps, at the largest rise over `lag` steps.
    /// `None` when there is no such rise or the volatility did not change.
    #[must_use]
    pub fn responsiveness(&self, volatility: &[f64], lag: usize) -> Option<f64> {
        let at = self.call(lag)?.ratio_at;
        let change = libm::log(volatility.get(at)? / volatility[at - lag]);
        let defined = change != 0.0 && change.is_finite();
        defined.then(|| libm::log(self.0[at] / self.0[at - lag]) / change)
    }

    /// Requirements `lag` steps apart, the earlier first; `lag` is at most the length of the path.
    pub(crate) fn pairs(&self, lag: usize) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.0.iter().copied().zip(self.0[lag..].iter().copied())
    }

    fn rise(&self, lag: usize) -> Rise {
        let mut rise = Rise { ratio: f64::NEG_INFINITY, at: lag, amount: f64::NEG_INFINITY };
        for (start, (then, now)) in self.pairs(lag).enumerate() {
            if now / then > rise.ratio {
                rise = Rise { ratio: now / then, at: start + lag, ..rise };
            }
            rise.amount = rise.amount.max(now - then);
        }
        rise
    }
}

struct Rise {
    ratio: f64,
    at: usize,
    amount: f64,
}

impl Levels {
    /// Standard deviation over mean.
    #[must_use]
    pub fn coefficient_of_variation(&self) -> Option<f64> {
        Some(self.standard_deviation? / self.mean)
    }

    /// Largest over smallest, in any order.
    #[must_use]
    pub fn unordered_ratio(&self) -> f64 {
        self.maximum / self.minimum
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// In two passes; `None` below two values.
fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_day_toy_by_hand() {
        let path = [100.0, 100.0, 110.0, 130.0, 180.0, 240.0, 200.0, 150.0, 120.0, 100.0];
        let path = MarginPath::new(&path).unwrap();
        let peak = path.peak_to_trough();
        assert_eq!((peak.ratio, peak.peak, peak.trough), (2.4, 5, 0));
        let call = path.call(5).unwrap();
        assert_eq!((call.ratio, call.amount), (2.4, 140.0));
        assert!((path.call(1).unwrap().ratio - 18.0 / 13.0).abs() < 1e-15);
        assert_eq!(path.summary().mean, 143.0);
    }

    #[test]
    fn a_requirement_of_zero_is_refused() {
        assert_eq!(
            MarginPath::new(&[1.0, 0.0]).unwrap_err(),
            BacktestError::Path { at: 2, value: 0.0 }
        );
    }
}
