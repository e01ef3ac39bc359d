//! The wealth of a bettor against a risk forecast, and the day on which it is too large for chance.
//!
//! ```text
//! e_var = hit / p,    e_es = max(loss - var, 0) / (p (es - var)),    wealth_t = prod_{s<=t} (1 - l_s + l_s e_s)
//! ```
//!
//! Under a right forecast each e-value has mean at most 1 given the past, so the wealth is a supermartingale from 1, and it ever reaches `x`
//! with probability at most `1/x` (Ville). Detection at 20 is a 5 % test valid on every day; `1 / max wealth` is a p-value that may be read at
//! any time. Source: Wang, Wang and Ziegel (2022), "E-backtesting", theorems 1 to 3. One-sided: only understated risk is detected. Needs
//! losses that do not overlap.

use super::betting::{Strategy, best_stake};
use crate::coverage::{CoverageError, Forecasts, Law, TestOutcome};

/// A wealth process, day by day.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    /// The stake of each day, fixed before it.
    pub stake: Vec<f64>,
    /// Log of the wealth at the end of each day.
    pub log_wealth: Vec<f64>,
    /// Log of the largest wealth up to each day, the start included: never below 0.
    pub log_max: Vec<f64>,
}

impl Monitor {
    /// First day, counted from 1, at the end of which the wealth is at least `threshold`.
    #[must_use]
    pub fn detected(&self, threshold: f64) -> Option<usize> {
        let log = libm::log(threshold);
        self.log_wealth.iter().position(|wealth| *wealth >= log).map(|at| at + 1)
    }

    /// The largest log wealth, with the p-value that holds whenever it is read.
    #[must_use]
    pub fn outcome(&self) -> TestOutcome {
        let statistic = self.log_max.last().copied().unwrap_or(0.0);
        TestOutcome { statistic, law: Law::AnytimeValid, p_value: libm::exp(-statistic) }
    }
}

/// Monitors value at risk.
///
/// # Errors
/// [`CoverageError::Bet`] for a stake outside [0, 1).
pub fn value_at_risk(
    forecasts: &Forecasts<'_>,
    strategy: Strategy,
) -> Result<Monitor, CoverageError> {
    let (loss, var, tail) = (forecasts.loss(), forecasts.var(), forecasts.tail());
    let value = |day: usize, past: usize| if loss[past] > var[day] { 1.0 / tail } else { 0.0 };
    run(loss.len(), strategy, value)
}

/// Monitors expected shortfall, value at risk given.
///
/// # Errors
/// [`CoverageError`] for a stake outside [0, 1), without expected shortfall, or where it is not above value at risk.
pub fn expected_shortfall(
    forecasts: &Forecasts<'_>,
    strategy: Strategy,
) -> Result<Monitor, CoverageError> {
    let es = forecasts.positive_es("e-process")?;
    let (loss, var, tail) = (forecasts.loss(), forecasts.var(), forecasts.tail());
    if let Some(at) = es.iter().zip(var).position(|(es, var)| es <= var) {
        let expected = "it must be above value at risk";
        let what = "expected shortfall";
        return Err(CoverageError::Value { what, at: at + 1, value: es[at], expected });
    }
    let value =
        |day: usize, past: usize| (loss[past] - var[day]).max(0.0) / (tail * (es[day] - var[day]));
    run(loss.len(), strategy, value)
}

/// Runs the wealth, where `value(day, past)` is the e-value of the loss of `past` under the forecast of `day`.
fn run(
    days: usize,
    strategy: Strategy,
    value: impl Fn(usize, usize) -> f64,
) -> Result<Monitor, CoverageError> {
    strategy.check()?;
    let empty = || Vec::with_capacity(days);
    let mut monitor = Monitor { stake: empty(), log_wealth: empty(), log_max: empty() };
    let (mut wealth, mut most) = (0.0, 0.0_f64);
    // Zeros are counted, not kept: at most the hits are gone through each day. The stake changes only when they do.
    let (mut zeros, mut others): (usize, Vec<f64>) = (0, Vec::new());
    for day in 0..days {
        let stake = match strategy {
            Strategy::Constant(stake) => stake,
            Strategy::Gree(cap) => best_stake(zeros, &others, cap),
            Strategy::Grel { cap, window } => {
                let past = day.saturating_sub(window)..day;
                let all = past.len();
                let above: Vec<f64> =
                    past.map(|past| value(day, past)).filter(|e| *e > 0.0).collect();
                best_stake(all - above.len(), &above, cap)
            }
        };
        let e = value(day, day);
        if e > 0.0 {
            others.push(e);
        } else {
            zeros += 1;
        }
        wealth += libm::log1p(stake * (e - 1.0));
        most = most.max(wealth);
        monitor.stake.push(stake);
        monitor.log_wealth.push(wealth);
        monitor.log_max.push(most);
    }
    Ok(monitor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::e_values;
    use mpor_core::Level;
    use mpor_stats::random::Streams;

    fn losses(path: u64, n: usize) -> Vec<f64> {
        let mut stream = Streams::new(6, "monitor", 0).path(path);
        (0..n).map(|_| stream.normal()).collect()
    }

    const STRATEGIES: [Strategy; 3] =
        [Strategy::Constant(0.02), Strategy::Gree(0.5), Strategy::Grel { cap: 0.5, window: 250 }];

    #[test]
    fn a_constant_stake_is_the_constant_process() {
        let (loss, var, es) = (losses(1, 400), vec![1.5; 400], vec![1.9; 400]);
        let forecasts = Forecasts::new(&loss, &var, Level::new(0.95).unwrap()).unwrap();
        let forecasts = forecasts.with_shortfall(&es).unwrap();
        let strategy = Strategy::Constant(0.02);
        let pairs = [
            (value_at_risk(&forecasts, strategy), e_values::value_at_risk(&forecasts, 0.02)),
            (
                expected_shortfall(&forecasts, strategy),
                e_values::expected_shortfall(&forecasts, 0.02),
            ),
        ];
        for (found, expected) in pairs {
            let (found, expected) = (found.unwrap(), expected.unwrap());
            assert_eq!(found.log_wealth.last().copied(), Some(expected.log_final));
            assert_eq!(found.outcome().statistic, expected.log_max);
            assert_eq!(found.detected(20.0), expected.first_crossing);
        }
    }

    /// What happens later changes no stake and no wealth before it.
    #[test]
    fn stakes_do_not_see_the_day() {
        let (mut loss, var, es) = (losses(2, 300), vec![1.6; 300], vec![2.0; 300]);
        for strategy in STRATEGIES {
            let of = |loss: &[f64]| {
                let forecasts = Forecasts::new(loss, &var, Level::new(0.95).unwrap()).unwrap();
                expected_shortfall(&forecasts.with_shortfall(&es).unwrap(), strategy).unwrap()
            };
            let before = of(&loss);
            let last = loss[200];
            loss[200] = 9.0;
            let after = of(&loss);
            loss[200] = last;
            assert_eq!(before.stake[..=200], after.stake[..=200]);
            assert_eq!(before.log_wealth[..200], after.log_wealth[..200]);
        }
    }

    #[test]
    fn understated_risk_is_detected_and_nothing_is_no_evidence() {
        let (loss, var, es) = (losses(3, 1000), vec![1.2; 1000], vec![1.5; 1000]);
        let forecasts = Forecasts::new(&loss, &var, Level::new(0.95).unwrap()).unwrap();
        let forecasts = forecasts.with_shortfall(&es).unwrap();
        for strategy in STRATEGIES {
            assert!(value_at_risk(&forecasts, strategy).unwrap().detected(20.0).is_some());
            assert!(expected_shortfall(&forecasts, strategy).unwrap().detected(20.0).is_some());
        }
        let none = Forecasts::new(&[], &[], Level::P99).unwrap();
        assert_eq!(value_at_risk(&none, STRATEGIES[0]).unwrap().outcome().p_value, 1.0);
        assert!(value_at_risk(&none, Strategy::Constant(1.0)).is_err());
    }
}
