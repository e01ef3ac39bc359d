//! McNeil and Frey's exceedance residuals: are losses beyond value at risk larger than expected shortfall on average?
//!
//! ```text
//! r_i = (loss - es) / scale over hits,    t = mean(r) / (sd(r) / sqrt(x)),   sd with x - 1
//! ```
//!
//! [`Normal`] judges `t` by the upper tail of a normal law, as `ESTest` of the R package rugarch; [`Bootstrap`] by resampling `r` around
//! its mean, each resample with its own deviation, because exceedances are skewed. One-sided: only understated shortfall fails. The scale
//! is 1 in the catalog; [`residuals`] takes another, such as the volatility forecast. Source: McNeil and Frey (2000), Journal of
//! Empirical Finance 7(3-4), 271-300, section 5 (bootstrap of Efron and Tibshirani 1993, p. 224). Looks at sizes only, so a model with too
//! many hits may pass.

use mpor_stats::random::Streams;

use super::{DRAWS, SEED, ShortfallTest};
use crate::coverage::simulated::Draws;
use crate::coverage::{CoverageError, Forecasts, TestOutcome};

/// Judged by the normal law.
#[derive(Clone, Copy, Debug)]
pub struct Normal;

/// Judged by resampling.
#[derive(Clone, Copy, Debug)]
pub struct Bootstrap;

const NORMAL: &str = "mcneil-frey-normal";
const BOOTSTRAP: &str = "mcneil-frey-bootstrap";
const NEEDED: usize = 2;

/// Residuals over hits, in units of `scale` where given.
///
/// # Errors
/// [`CoverageError`] without expected shortfall, or for scales of another number or not above zero.
pub fn residuals(
    forecasts: &Forecasts<'_>,
    scale: Option<&[f64]>,
) -> Result<Vec<f64>, CoverageError> {
    let es = forecasts.positive_es(NORMAL)?;
    if let Some(scale) = scale {
        if scale.len() != es.len() {
            let (found, expected) = (scale.len(), es.len());
            return Err(CoverageError::Lengths { what: "scale", found, expected });
        }
        if let Some(at) = scale.iter().position(|scale| !(*scale > 0.0 && scale.is_finite())) {
            let (value, expected) = (scale[at], "a scale must be a finite number above zero");
            return Err(CoverageError::Value { what: "scale", at: at + 1, value, expected });
        }
    }
    let unit = |at: usize| scale.map_or(1.0, |scale| scale[at]);
    let rows = forecasts.rows(es).enumerate().filter(|(_, (loss, var, _))| loss > var);
    Ok(rows.map(|(at, (loss, _, es))| (loss - es) / unit(at)).collect())
}

/// `t` by the upper tail of a normal law.
///
/// # Errors
/// [`CoverageError`] below two hits, or where all residuals are equal.
pub fn normal(residuals: &[f64]) -> Result<TestOutcome, CoverageError> {
    Ok(TestOutcome::normal_upper(studentised(NORMAL, residuals)?))
}

/// `t` by resampling the centred residuals.
///
/// # Errors
/// [`CoverageError`] below two hits, or where all residuals are equal.
pub fn bootstrap(residuals: &[f64], draws: Draws) -> Result<TestOutcome, CoverageError> {
    let observed = studentised(BOOTSTRAP, residuals)?;
    let n = residuals.len();
    let mean = residuals.iter().sum::<f64>() / n as f64;
    let streams = Streams::new(draws.seed, BOOTSTRAP, 0);
    let mut resample = vec![0.0; n];
    let above = (0..draws.count as u64).filter(|&path| {
        let mut stream = streams.path(path);
        for value in &mut resample {
            let at = ((stream.uniform() * n as f64) as usize).min(n - 1);
            *value = residuals[at] - mean;
        }
        // All residuals equal: beyond any bound on the side of their mean.
        studentised(BOOTSTRAP, &resample).unwrap_or(resample[0] * f64::INFINITY) >= observed
    });
    Ok(TestOutcome::bootstrap(observed, above.count(), draws.count))
}

fn studentised(test: &'static str, values: &[f64]) -> Result<f64, CoverageError> {
    let found = values.len();
    if found < NEEDED {
        return Err(CoverageError::TooFewBreaches { test, needed: NEEDED, found });
    }
    let n = found as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (squares / (n - 1.0)).sqrt();
    if deviation <= 1e-14 * mean.abs() || deviation == 0.0 {
        return Err(CoverageError::NotDefined { test, reason: "all exceedances are equal" });
    }
    Ok(mean / (deviation / n.sqrt()))
}

impl ShortfallTest for Normal {
    fn id(&self) -> &'static str {
        NORMAL
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        normal(&residuals(forecasts, None)?)
    }
}

impl ShortfallTest for Bootstrap {
    fn id(&self) -> &'static str {
        BOOTSTRAP
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        bootstrap(&residuals(forecasts, None)?, Draws { seed: SEED, count: DRAWS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_residuals_by_hand() {
        // Mean 1, deviation 1: t = sqrt(3).
        let found = normal(&[0.0, 1.0, 2.0]).unwrap();
        assert!((found.statistic - 3.0_f64.sqrt()).abs() < 1e-14);
    }

    #[test]
    fn equal_or_single_residuals_have_a_reason() {
        assert!(normal(&[1.0]).is_err());
        assert!(normal(&[1.0, 1.0]).is_err());
        assert!(bootstrap(&[], Draws { seed: 1, count: 9 }).is_err());
        let two = bootstrap(&[1.0, 2.0], Draws { seed: 1, count: 99 }).unwrap();
        assert!(two.p_value.is_finite());
    }
}
