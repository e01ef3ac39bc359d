//! The simple conditional calibration test: are value at risk and expected shortfall right together?
//!
//! ```text
//! V_t = ( hit_t - p,   hit_t (loss_t - var_t) / p + var_t - es_t ),   m = mean V,   Omega = (1/n) sum V V'
//! two-sided  n m' Omega^-1 m ~ chi2(2)
//! one-sided  Hommel's p-value of  sqrt(n) m_i / sqrt(Omega_ii)  by the upper tail of a normal law
//! ```
//!
//! Positive means understate risk; the one-sided test rejects only those. Source: Nolde and Ziegel (2017), "Elicitability and
//! backtesting: Perspectives for banking regulation", Annals of Applied Statistics 11(4), 1833-1874, sections 2.2 and 2.3
//! (traditional backtests, test function 1; Hommel 1983 for the combination), as `cc_backtest` of the R package esback.
//! With the 6 hits expected in 250 periods at 97.5 % the two-sided form rejects a quarter of right models (`tests/size.rs`), and 8 % at 5,000.

use mpor_stats::hac::{LagWindow, long_run_moments};
use mpor_stats::regression::quadratic_form;

use super::ShortfallTest;
use crate::coverage::{CoverageError, Forecasts, Law, TestOutcome};

/// Understated risk only.
#[derive(Clone, Copy, Debug)]
pub struct OneSided;

/// Either way.
#[derive(Clone, Copy, Debug)]
pub struct TwoSided;

const ONE: &str = "conditional-calibration-one-sided";
const TWO: &str = "conditional-calibration-two-sided";

struct Moments {
    n: f64,
    mean: [f64; 2],
    second: Vec<Vec<f64>>,
}

fn moments(test: &'static str, forecasts: &Forecasts<'_>) -> Result<Moments, CoverageError> {
    let es = forecasts.positive_es(test)?;
    if forecasts.len() < 2 {
        return Err(CoverageError::TooShort { test, needed: 2, found: forecasts.len() });
    }
    let p = forecasts.tail();
    let hit: Vec<f64> = forecasts.hits().map(|hit| f64::from(u8::from(hit)) - p).collect();
    let size: Vec<f64> = forecasts
        .rows(es)
        .map(|(loss, var, es)| if loss > var { (loss - var) / p } else { 0.0 } + var - es)
        .collect();
    let n = hit.len() as f64;
    let mean = [hit.iter().sum::<f64>() / n, size.iter().sum::<f64>() / n];
    let second = long_run_moments(&[hit, size], 0, LagWindow::Bartlett)?;
    Ok(Moments { n, mean, second })
}

impl ShortfallTest for TwoSided {
    fn id(&self) -> &'static str {
        TWO
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        let found = moments(TWO, forecasts)?;
        let reason = "the two errors vary together or not at all";
        let form = quadratic_form(&found.second, &found.mean)
            .ok_or(CoverageError::NotDefined { test: TWO, reason })?;
        Ok(TestOutcome::chi_squared(found.n * form, 2))
    }
}

impl ShortfallTest for OneSided {
    fn id(&self) -> &'static str {
        ONE
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        let found = moments(ONE, forecasts)?;
        let mut outcomes = Vec::with_capacity(2);
        for at in 0..2 {
            if found.second[at][at] <= 0.0 {
                let reason = "the errors have no variance";
                return Err(CoverageError::NotDefined { test: ONE, reason });
            }
            let t = found.n.sqrt() * found.mean[at] / found.second[at][at].sqrt();
            outcomes.push(TestOutcome::normal_upper(t));
        }
        outcomes.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
        // Hommel: (1 + 1/2) min_i (2 p_(i) / i).
        let least = (2.0 * outcomes[0].p_value).min(outcomes[1].p_value);
        let p_value = (1.5 * least).min(1.0);
        Ok(TestOutcome { statistic: outcomes[0].statistic, law: Law::NormalUpper, p_value })
    }
}
