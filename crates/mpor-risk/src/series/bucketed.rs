//! Filtered historical simulation in interleaved buckets of non-overlapping moves, with a stressed floor: the form of a
//! clearing house's index futures.
//!
//! `R[t]` is the log return over the `m` steps that end at `t`. Bucket `b` holds the dates `T - b, T - b - m, ..`; inside
//! it, with `N = window / m` and weights `w_j` proportional to `lambda^j` that add up to one,
//!
//! ```text
//! mu[t]      = sum over j < N of w_j R[t-jm]
//! sigma[t]^2 = sum over j < N of w_j (R[t-jm] - mu[t-jm])^2            each deviation against its own date's mean
//! z[t]       = (R[t] - mu[t-m]) / sigma[t-m]                           known before the move
//! sigma*     = mean of sigma[T], .., sigma[T-m+1];  floored: at least the median of sigma over the bucket's n/m dates
//! scenario   = K (exp(z sigma*) - 1)  over the bucket's n/m dates
//! filtered   = | mean over buckets of the type-2 quantile at 1 - anchor (long) or anchor (short) |
//! stress     = the same of the plain exp(R) - 1 over the listed days, at the stress level
//! margin     = max(filtered, stress)
//! ```
//!
//! The quantile is taken well inside the sample and stretched by `K`, because a 99 % quantile of a few hundred
//! non-overlapping moves is noise. A move before which nothing had moved stays as it was. Says nothing about positions in
//! several products: [`crate::scenario::Bucketed`] makes scenarios of all factors by it.

use mpor_stats::ewma::Decay;
use mpor_stats::{Level, QuantileRule, Side, descriptive};

use super::hull_white::overlapping_sums;
use super::{Holding, last};
use crate::error::RiskError;

/// Parameters of the bucketed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucketed {
    /// Steps of the margin period, and number of buckets.
    pub steps: usize,
    /// Dates that scenarios are taken from.
    pub look_back: usize,
    /// Dates that each mean and volatility is estimated on.
    pub window: usize,
    /// Level of the quantile that is stretched.
    pub anchor: Level,
    /// What it is stretched by.
    pub scale: f64,
    /// Level of the stressed quantile.
    pub stress: Level,
    /// Decay from one move to the previous of the same bucket.
    pub decay: Decay,
}

/// Filtered scenarios of one date, by bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    /// Current volatility of a move over `steps`, the mean of the last `steps` daily estimates.
    pub sigma: f64,
    /// By bucket: standardised moves and the volatilities of their dates.
    buckets: Vec<Bucket>,
}

/// Moves of one bucket, newest first, and the median volatility of its dates.
#[derive(Clone, Debug, PartialEq)]
struct Bucket {
    moves: Vec<Move>,
    median: f64,
}

/// One move over the margin period.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Move {
    plain: f64,
    /// Against the mean and volatility known before it; `None` where nothing had moved.
    standard: Option<f64>,
}

/// The dates that a bucketed form looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Windows {
    pub steps: usize,
    pub look_back: usize,
    pub window: usize,
    pub decay: Decay,
}

/// Whether today's volatility is floored by the bucket's median.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigmaFloor {
    /// As estimated.
    None,
    /// At least the median over the bucket's dates.
    Median,
}

impl Bucketed {
    /// Standardises the moves of the look-back.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] when the returns do not reach back `look_back + 2 window` or so;
    /// [`RiskError::Parameter`] for windows shorter than the margin period.
    pub fn buckets(&self, returns: &[f64]) -> Result<Buckets, RiskError> {
        let Bucketed { steps, look_back, window, decay, .. } = *self;
        Windows { steps, look_back, window, decay }.buckets(returns)
    }

    /// Filtered margin of one unit as a fraction of notional, not below zero.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for returns that are not finite.
    pub fn filtered(
        &self,
        buckets: &Buckets,
        floor: SigmaFloor,
        holding: Holding,
    ) -> Result<f64, RiskError> {
        let samples = buckets.buckets.iter().map(|bucket| {
            let sigma = buckets.today(bucket, floor);
            let pnl = |x: &Move| holding.sign() * self.scale * libm::expm1(x.rescaled(sigma));
            bucket.moves.iter().map(pnl).collect()
        });
        mean_quantile(samples, self.anchor)
    }

    /// Stressed margin of one unit: over the days of `returns` whose whole margin period is in the list of indices
    /// `stress_days`, in buckets by position.
    ///
    /// # Errors
    /// [`RiskError::NoScenarios`] when no day qualifies.
    pub fn stressed(
        &self,
        returns: &[f64],
        stress_days: &[usize],
        holding: Holding,
    ) -> Result<f64, RiskError> {
        let listed = |day: usize| stress_days.contains(&day);
        let sums = overlapping_sums(returns, self.steps)?;
        let moves: Vec<f64> = sums
            .iter()
            .enumerate()
            .filter(|&(first, _)| (first..first + self.steps).all(listed))
            .map(|(_, sum)| holding.sign() * libm::expm1(*sum))
            .collect();
        if moves.is_empty() {
            return Err(RiskError::NoScenarios);
        }
        let bucket = |b: usize| moves.iter().skip(b).step_by(self.steps).copied().collect();
        mean_quantile((0..self.steps.min(moves.len())).map(bucket), self.stress)
    }
}

impl Windows {
    /// Dates of one bucket that give scenarios, and dates of it that each mean and volatility is estimated on.
    fn dates(&self) -> Result<(usize, usize), RiskError> {
        let (dates, history) =
            (self.look_back / self.steps.max(1), self.window / self.steps.max(1));
        if self.steps == 0 || dates == 0 || history == 0 {
            let found =
                format!("{} steps, {} and {} dates", self.steps, self.look_back, self.window);
            let expected = "at least 1 step, look-back and window at least as long";
            return Err(RiskError::Parameter { name: "bucketed form", found, expected });
        }
        Ok((dates, history))
    }

    /// One-step returns that [`buckets`](Self::buckets) looks at: back to the earliest return of the earliest mean of the
    /// earliest volatility of the earliest standardised move.
    pub fn returns(&self) -> Result<usize, RiskError> {
        let (dates, history) = self.dates()?;
        let m = self.steps;
        Ok(dates * m + m + 2 * (history - 1) * m + m - 1)
    }

    /// Standardises the moves of the look-back.
    pub fn buckets(&self, returns: &[f64]) -> Result<Buckets, RiskError> {
        let (dates, history) = self.dates()?;
        let m = self.steps;
        let sums = overlapping_sums(last(returns, self.returns()?, "a bucketed window")?, m)?;
        let weights = self.weights(history);
        let means = trailing(&sums, m, &weights);
        let squares: Vec<f64> =
            tail(&sums, means.len()).zip(&means).map(|(r, mu)| (r - mu) * (r - mu)).collect();
        let sigmas: Vec<f64> = trailing(&squares, m, &weights).into_iter().map(f64::sqrt).collect();
        let sigma = tail(&sigmas, m).sum::<f64>() / m as f64;
        let buckets = (0..m)
            .map(|b| bucket(&sums, &means, &sigmas, m, b, dates))
            .collect::<Result<_, _>>()?;
        Ok(Buckets { sigma, buckets })
    }

    fn weights(&self, count: usize) -> Vec<f64> {
        let mut weights: Vec<f64> = Vec::with_capacity(count);
        let mut power = 1.0;
        for _ in 0..count {
            weights.push(power);
            power *= self.decay.value();
        }
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    }
}

impl Buckets {
    /// The rescaled moves of all buckets, oldest first: every `m`-th from the last belongs to one bucket.
    pub(crate) fn rescaled(&self, floor: SigmaFloor) -> Vec<f64> {
        let (m, dates) = (self.buckets.len(), self.buckets[0].moves.len());
        let of_age = |age: usize| {
            let bucket = &self.buckets[age % m];
            bucket.moves[age / m].rescaled(self.today(bucket, floor))
        };
        (0..m * dates).rev().map(of_age).collect()
    }

    fn today(&self, bucket: &Bucket, floor: SigmaFloor) -> f64 {
        match floor {
            SigmaFloor::None => self.sigma,
            SigmaFloor::Median => self.sigma.max(bucket.median),
        }
    }
}

impl Move {
    /// The move at a volatility; one before which nothing had moved stays as it was.
    fn rescaled(self, sigma: f64) -> f64 {
        self.standard.map_or(self.plain, |z| z * sigma)
    }
}

/// `sum_j weights[j] values[t - j stride]` for every `t` that has all its terms.
fn trailing(values: &[f64], stride: usize, weights: &[f64]) -> Vec<f64> {
    let reach = (weights.len() - 1) * stride;
    (reach..values.len())
        .map(|t| weights.iter().enumerate().map(|(j, w)| w * values[t - j * stride]).sum())
        .collect()
}

/// The last `count` values.
fn tail(values: &[f64], count: usize) -> std::iter::Copied<std::slice::Iter<'_, f64>> {
    values[values.len() - count..].iter().copied()
}

/// Bucket `b`: the `dates` dates that end `b` steps before the last, `m` apart.
fn bucket(
    sums: &[f64],
    means: &[f64],
    sigmas: &[f64],
    m: usize,
    b: usize,
    dates: usize,
) -> Result<Bucket, RiskError> {
    // All three series end on the same date.
    let back = |values: &[f64], steps: usize| values[values.len() - 1 - steps];
    let ages = (0..dates).map(|k| b + k * m);
    let of_age = |age: usize| {
        let (plain, before) = (back(sums, age), back(sigmas, age + m));
        let standard = (before > 0.0).then(|| (plain - back(means, age + m)) / before);
        Move { plain, standard }
    };
    let moves = ages.clone().map(of_age).collect();
    let dated: Vec<f64> = ages.map(|age| back(sigmas, age)).collect();
    Ok(Bucket { moves, median: descriptive::median(&dated, &mut Vec::new())? })
}

/// Absolute mean over samples of P&L of their type-2 quantile at one minus the level.
fn mean_quantile(samples: impl Iterator<Item = Vec<f64>>, level: Level) -> Result<f64, RiskError> {
    let (mut sum, mut count, mut scratch) = (0.0, 0, Vec::new());
    for pnl in samples {
        let losses: Vec<f64> = pnl.iter().map(|gain| -gain).collect();
        sum += QuantileRule::HyndmanFan2.var(&losses, level, Side::Pnl, &mut scratch)?;
        count += 1;
    }
    Ok((sum / f64::from(count)).abs())
}
