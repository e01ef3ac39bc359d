//! E-values: evidence against a risk forecast that may be read every day without a correction for looking.
//!
//! ```text
//! e_var = hit / p,    e_es = max(loss - var, 0) / (p (es - var)),    process = product of (1 - lam + lam e)
//! ```
//!
//! Each e-value has mean at most 1 when the forecast is right, so the process starts at 1, bets the fraction `lam`, and
//! ever reaches 20 with probability at most 5 %. Source: Wang, Wang and Ziegel (2022), "E-backtesting", eq. 5 and
//! section 5 (constant bet); Ville's inequality. The bet must be fixed before the data. The e-value of expected shortfall
//! holds for losses in any law, given that value at risk is the quantile.

use super::{CoverageError, Forecasts};

/// The wealth at which a 5 % test rejects.
const REJECT_AT: f64 = 20.0;

/// What one bet came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EProcess {
    /// Log of the final wealth.
    pub log_final: f64,
    /// Log of the largest wealth, the start included: at least 0.
    pub log_max: f64,
    /// First period, counted from 1, at the end of which the wealth is at least 20.
    pub first_crossing: Option<usize>,
}

/// The process of value-at-risk e-values with a constant bet.
///
/// # Errors
/// [`CoverageError::Bet`] for a bet outside `[0, 1)`.
pub fn value_at_risk(forecasts: &Forecasts<'_>, bet: f64) -> Result<EProcess, CoverageError> {
    let tail = forecasts.tail();
    process(forecasts.hits().map(|hit| if hit { 1.0 / tail } else { 0.0 }), bet)
}

/// The process of expected-shortfall e-values with a constant bet.
///
/// # Errors
/// [`CoverageError`] for a bet outside `[0, 1)`, without expected shortfall, or where it is not above value at risk.
pub fn expected_shortfall(forecasts: &Forecasts<'_>, bet: f64) -> Result<EProcess, CoverageError> {
    let es = forecasts.positive_es("e-es")?;
    if let Some(at) = es.iter().zip(forecasts.var()).position(|(es, var)| es <= var) {
        return Err(CoverageError::Value {
            what: "expected shortfall",
            at: at + 1,
            value: es[at],
            expected: "it must be above value at risk",
        });
    }
    let tail = forecasts.tail();
    let value = |(loss, var, es): (f64, f64, f64)| (loss - var).max(0.0) / (tail * (es - var));
    process(forecasts.rows(es).map(value), bet)
}

fn process(values: impl Iterator<Item = f64>, bet: f64) -> Result<EProcess, CoverageError> {
    if !(0.0..1.0).contains(&bet) {
        return Err(CoverageError::Bet(bet));
    }
    let mut found = EProcess { log_final: 0.0, log_max: 0.0, first_crossing: None };
    for (at, value) in values.enumerate() {
        found.log_final += libm::log1p(bet * (value - 1.0));
        found.log_max = found.log_max.max(found.log_final);
        if found.first_crossing.is_none() && found.log_final >= libm::log(REJECT_AT) {
            found.first_crossing = Some(at + 1);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_e_values_by_hand() {
        let found = process([100.0, 0.0].into_iter(), 0.1).unwrap();
        // Wealth 0.9 + 10 = 10.9, then 10.9 * 0.9.
        assert!((found.log_final - (10.9_f64 * 0.9).ln()).abs() < 1e-14);
        assert!((found.log_max - 10.9_f64.ln()).abs() < 1e-14);
        assert_eq!(found.first_crossing, None);
        assert_eq!(process([300.0].into_iter(), 0.1).unwrap().first_crossing, Some(1));
    }

    #[test]
    fn betting_everything_is_refused() {
        assert_eq!(process([0.0].into_iter(), 1.0), Err(CoverageError::Bet(1.0)));
    }
}
