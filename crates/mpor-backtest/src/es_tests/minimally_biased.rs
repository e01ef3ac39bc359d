//! The minimally biased test: is expected shortfall right, with as little as possible resting on value at risk?
//!
//! ```text
//! Z_abs = (1/n) sum ( es_t - var_t - max(loss_t - var_t, 0) / p ),      Z_rel = the same with each term divided by es_t
//! ```
//!
//! Both are zero on average when both forecasts are right and **negative when risk is understated**. An error in value at risk enters
//! only in second order, and always makes the test stricter. Source: Acerbi and Szekely (2017), "General properties of
//! backtestable statistics"; (2019), "The minimally biased backtest for ES", Risk, September. The p-value is that of `n`
//! independent losses drawn from the implied tail, lower side; the absolute form is drawn with the forecasts' own scales.

use mpor_core::Level;
use mpor_stats::random::Streams;

use super::acerbi_szekely::lower_tail;
use super::{DRAWS, SEED, ShortfallTest, TailLaw};
use crate::coverage::simulated::Draws;
use crate::coverage::{CoverageError, Forecasts, TestOutcome};

/// In the unit of the losses.
#[derive(Clone, Copy, Debug)]
pub struct Absolute;

/// In units of expected shortfall, so that calm and wild periods count alike.
#[derive(Clone, Copy, Debug)]
pub struct Relative;

const ABSOLUTE: &str = "minimally-biased-absolute";
const RELATIVE: &str = "minimally-biased-relative";

/// Both statistics, absolute then relative.
///
/// # Errors
/// [`CoverageError`] without periods or expected shortfall.
pub fn statistics(forecasts: &Forecasts<'_>) -> Result<(f64, f64), CoverageError> {
    if forecasts.is_empty() {
        return Err(CoverageError::TooShort { test: RELATIVE, needed: 1, found: 0 });
    }
    let es = forecasts.positive_es(RELATIVE)?;
    let (mut absolute, mut relative) = (0.0, 0.0);
    for (loss, var, es) in forecasts.rows(es) {
        let term = es - var - (loss - var).max(0.0) / forecasts.tail();
        absolute += term;
        relative += term / es;
    }
    let n = forecasts.len() as f64;
    Ok((absolute / n, relative / n))
}

/// The relative statistic of series drawn under the null, sorted: one for all series of a length and tail.
///
/// # Errors
/// [`CoverageError`] for a law without expected shortfall.
pub fn relative_null(
    law: TailLaw,
    n: usize,
    level: Level,
    draws: Draws,
) -> Result<Vec<f64>, CoverageError> {
    let (var, es) = law.var_es(level)?;
    let streams = Streams::new(draws.seed, RELATIVE, 0);
    let mut null = Vec::with_capacity(draws.count);
    for path in 0..draws.count as u64 {
        let hits = law.draw_hits(&mut streams.path(path), n, level)?;
        let beyond: f64 = hits.iter().map(|loss| loss - var).sum();
        null.push((es - var - beyond / (level.tail() * n as f64)) / es);
    }
    null.sort_by(f64::total_cmp);
    Ok(null)
}

/// The absolute statistic of series drawn with the scale of each period, sorted.
fn absolute_null(
    forecasts: &Forecasts<'_>,
    law: TailLaw,
    draws: Draws,
) -> Result<Vec<f64>, CoverageError> {
    let (_, unit_es) = law.var_es(forecasts.level())?;
    let es = forecasts.positive_es(ABSOLUTE)?;
    let (n, tail) = (forecasts.len() as f64, forecasts.tail());
    let expected: f64 = es.iter().zip(forecasts.var()).map(|(es, var)| es - var).sum::<f64>() / n;
    let streams = Streams::new(draws.seed, ABSOLUTE, 0);
    let mut null = Vec::with_capacity(draws.count);
    for path in 0..draws.count as u64 {
        let mut stream = streams.path(path);
        let mut beyond = 0.0;
        for loss in law.draw_hits(&mut stream, es.len(), forecasts.level())? {
            // Which periods the hits fall on is as random as their sizes.
            let at = ((stream.uniform() * n) as usize).min(es.len() - 1);
            beyond += (loss * es[at] / unit_es - forecasts.var()[at]).max(0.0);
        }
        null.push(expected - beyond / (tail * n));
    }
    null.sort_by(f64::total_cmp);
    Ok(null)
}

impl ShortfallTest for Absolute {
    fn id(&self) -> &'static str {
        ABSOLUTE
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        let (absolute, _) = statistics(forecasts)?;
        let draws = Draws { seed: SEED, count: DRAWS };
        let null = absolute_null(forecasts, TailLaw::implied(forecasts)?, draws)?;
        Ok(lower_tail(absolute, &null))
    }
}

impl ShortfallTest for Relative {
    fn id(&self) -> &'static str {
        RELATIVE
    }

    fn test(&self, forecasts: &Forecasts<'_>) -> Result<TestOutcome, CoverageError> {
        let (_, relative) = statistics(forecasts)?;
        let (n, level) = (forecasts.len(), forecasts.level());
        let law = TailLaw::implied(forecasts)?;
        let null = relative_null(law, n, level, Draws { seed: SEED, count: DRAWS })?;
        Ok(lower_tail(relative, &null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_periods_by_hand() {
        let (loss, var, es) = ([3.0, 0.0], [1.0, 1.0], [2.0, 4.0]);
        let level = Level::new(0.75).unwrap();
        let forecasts = Forecasts::new(&loss, &var, level).unwrap().with_shortfall(&es).unwrap();
        // Terms 2 - 1 - 2/0.25 = -7 and 4 - 1 = 3.
        let (absolute, relative) = statistics(&forecasts).unwrap();
        assert_eq!((absolute, relative), (-2.0, 0.5 * (-3.5 + 0.75)));
    }

    #[test]
    fn understated_shortfall_is_rejected() {
        let loss: Vec<f64> = (0..250).map(|at| if at % 25 == 0 { 9.0 } else { 0.0 }).collect();
        let (var, es) = (vec![2.0; 250], vec![2.4; 250]);
        let level = Level::new(0.975).unwrap();
        let forecasts = Forecasts::new(&loss, &var, level).unwrap().with_shortfall(&es).unwrap();
        assert!(Relative.test(&forecasts).unwrap().p_value < 0.01);
        assert!(Absolute.test(&forecasts).unwrap().p_value < 0.01);
    }
}
