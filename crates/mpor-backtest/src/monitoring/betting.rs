//! How much to stake against the forecast each day, knowing only the days before?
//!
//! A stake `l` turns the day's e-value `e` into the factor `1 - l + l e`. The best stake in hindsight maximises the mean log factor:
//!
//! ```text
//! constant   l_t = l
//! GREE       l_t = argmax over [0, cap] of sum_{s<t} ln(1 - l + l e_s)                   past e-values
//! GREL       l_t = argmax over [0, cap] of sum_{s<t} ln(1 - l + l e(loss_s; today's forecast))    past losses, today's forecast
//! ```
//!
//! Any stake that does not see the day keeps the guarantee; the strategies differ in power only. GREE suits forecasts that are wrong in a
//! steady way, GREL losses of a steady law under changing forecasts. Source: Wang, Wang and Ziegel (2022), "E-backtesting", section 5
//! (growth-rate for empirical e-statistics, and for empirical losses; cap 1/2).

use crate::coverage::CoverageError;

/// A betting strategy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strategy {
    /// The same stake every day, in [0, 1).
    Constant(f64),
    /// Best stake for the e-values so far, at most this one, in (0, 1).
    Gree(f64),
    /// Best stake for the losses so far under today's forecast, at most `cap`, over at most `window` days.
    Grel {
        /// Largest stake, in (0, 1).
        cap: f64,
        /// Days looked back.
        window: usize,
    },
}

impl Strategy {
    /// Refuses stakes that may lose everything in one day.
    pub(super) fn check(self) -> Result<(), CoverageError> {
        let largest = match self {
            Strategy::Constant(stake) => stake,
            Strategy::Gree(cap) | Strategy::Grel { cap, .. } => cap,
        };
        if (0.0..1.0).contains(&largest) { Ok(()) } else { Err(CoverageError::Bet(largest)) }
    }
}

/// The stake in `[0, cap]` with the largest mean log factor, for e-values of which `zeros` are 0 and the others given.
///
/// The sum is concave, so its slope `sum (e - 1)/(1 + l (e - 1))` is bisected.
#[must_use]
pub fn best_stake(zeros: usize, others: &[f64], cap: f64) -> f64 {
    let slope = |stake: f64| -> f64 {
        let lost = -(zeros as f64) / (1.0 - stake);
        let gained = others.iter().map(|e| (e - 1.0) / (1.0 + stake * (e - 1.0)));
        lost + gained.sum::<f64>()
    };
    if slope(0.0) <= 0.0 {
        return 0.0;
    }
    if slope(cap) >= 0.0 {
        return cap;
    }
    let (mut low, mut high) = (0.0, cap);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if slope(middle) > 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stake_of_a_binary_value_by_closed_form() {
        // 3 hits of 100 at p = 0.01: (0.03 - 0.01) / 0.99.
        let found = best_stake(97, &[100.0; 3], 0.5);
        assert!((found - 0.02 / 0.99).abs() < 1e-11);
    }

    #[test]
    fn no_evidence_no_stake_and_much_evidence_the_cap() {
        assert_eq!(best_stake(100, &[], 0.5), 0.0);
        assert_eq!(best_stake(0, &[], 0.5), 0.0);
        assert_eq!(best_stake(1, &[100.0; 9], 0.5), 0.5);
    }

    #[test]
    fn a_stake_of_everything_is_refused() {
        assert!(Strategy::Constant(1.0).check().is_err());
        assert!(Strategy::Gree(f64::NAN).check().is_err());
        assert!(Strategy::Grel { cap: 0.5, window: 250 }.check().is_ok());
    }
}
