//! Multinomial tests: do the losses fall into the parts of the tail as often as promised, several levels at once?
//!
//! The levels `a_j = level + (j - 1)/N (1 - level)`, `j = 1..N`, cut the line into `N + 1` cells with `O_j` observed and `E_j = n w_j`
//! expected losses:
//!
//! ```text
//! Pearson    S = sum (O_j - E_j)^2 / E_j                               ~ chi2(N)
//! Nass       c S,  c = 2 E[S] / var S,  E[S] = N,
//!            var S = 2N - (N^2 + 4N + 1)/n + (1/n) sum 1/w_j           ~ chi2(c N)
//! ratio      2 sum O_j ln( w_j(mu, s) / w_j ),  w_j(mu, s) from a normal law fitted to the cells   ~ chi2(2)
//! saturated  2 sum O_j ln(O_j / E_j),  0 ln 0 = 0                      ~ chi2(N)
//! ```
//!
//! Source: Kratz, Lok and McNeil (2018), "Multinomial VaR backtests: A simple implicit approach to backtesting expected shortfall",
//! Journal of Banking and Finance 88, 393-407, section 2 (Nass 1959 for the correction). Nass keeps its level in small samples; the
//! ratio has the most power for four levels or more. Assumes losses that do not overlap.

use mpor_core::Level;
use mpor_stats::special::{chi_square_sf, normal_cdf, normal_pdf, normal_quantile};

use super::pits::Pits;
use super::{CoverageError, Law, TestOutcome};

/// Losses by part of the tail.
#[derive(Clone, Debug, PartialEq)]
pub struct TailCells {
    /// Observed losses: below the first level, then between levels, then beyond the last.
    pub observed: Vec<usize>,
    /// Promised shares, which add up to 1.
    pub weight: Vec<f64>,
}

const PEARSON: &str = "multinomial-pearson";
const RATIO: &str = "multinomial-ratio";

impl TailCells {
    /// Cells of `levels` levels from `level` up, as deep as each loss fell.
    ///
    /// # Errors
    /// [`CoverageError`] without periods or levels.
    pub fn of(pits: &Pits, level: Level, levels: usize) -> Result<Self, CoverageError> {
        pits.at_least(PEARSON, 1)?;
        if levels == 0 {
            return Err(CoverageError::Setting {
                test: PEARSON,
                what: "the number of levels",
                found: 0.0,
                expected: "at least one",
            });
        }
        let part = level.tail() / levels as f64;
        let mut observed = vec![0; levels + 1];
        for depth in pits.depth() {
            let inner = (0..levels).filter(|j| *depth < level.tail() - part * *j as f64).count();
            observed[inner] += 1;
        }
        let mut weight = vec![part; levels + 1];
        weight[0] = level.value();
        Ok(TailCells { observed, weight })
    }

    /// Number of losses.
    #[must_use]
    pub fn total(&self) -> usize {
        self.observed.iter().sum()
    }

    fn levels(&self) -> f64 {
        (self.observed.len() - 1) as f64
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let n = self.total() as f64;
        self.observed.iter().zip(&self.weight).map(move |(o, w)| (*o as f64, n * w))
    }

    /// Pearson's test.
    #[must_use]
    pub fn pearson(&self) -> TestOutcome {
        TestOutcome::chi_squared(self.chi_squared(), self.observed.len() - 1)
    }

    /// Pearson's statistic with Nass's correction; the degrees of freedom of the law are rounded in print, not in the p-value.
    #[must_use]
    pub fn nass(&self) -> TestOutcome {
        let (n, levels) = (self.total() as f64, self.levels());
        let inverse: f64 = self.weight.iter().map(|w| 1.0 / w).sum();
        let variance = 2.0 * levels - (levels * levels + 4.0 * levels + 1.0) / n + inverse / n;
        let scale = 2.0 * levels / variance;
        let (statistic, df) = (scale * self.chi_squared(), scale * levels);
        let p_value = chi_square_sf(statistic, df).unwrap_or(1.0);
        TestOutcome { statistic, law: Law::ChiSquared(df.round() as usize), p_value }
    }

    /// The ratio against any other shares.
    #[must_use]
    pub fn saturated(&self) -> TestOutcome {
        let term = |(o, e): (f64, f64)| if o > 0.0 { o * libm::log(o / e) } else { 0.0 };
        let ratio = 2.0 * self.pairs().map(term).sum::<f64>();
        TestOutcome::chi_squared(ratio.max(0.0), self.observed.len() - 1)
    }

    /// The ratio against a normal law of another mean and deviation.
    ///
    /// # Errors
    /// [`CoverageError`] below two levels, or where all losses lie in one cell, which no normal law explains best.
    pub fn ratio(&self) -> Result<TestOutcome, CoverageError> {
        let filled = self.observed.iter().filter(|count| **count > 0).count();
        if self.observed.len() < 3 || filled < 2 {
            let reason = "a mean and a deviation need two levels, and losses in two cells";
            return Err(CoverageError::NotDefined { test: RATIO, reason });
        }
        let mut cuts = Vec::with_capacity(self.weight.len() - 1);
        let mut beyond = 1.0;
        for weight in &self.weight[..self.weight.len() - 1] {
            beyond -= weight;
            cuts.push(-normal_quantile(beyond)?);
        }
        let (g, h) = self.climb(&cuts);
        let ratio = 2.0 * (self.log_likelihood(&cuts, g, h) - self.log_likelihood(&cuts, 0.0, 1.0));
        Ok(TestOutcome::chi_squared(ratio.max(0.0), 2))
    }

    fn chi_squared(&self) -> f64 {
        self.pairs().map(|(o, e)| (o - e) * (o - e) / e).sum()
    }

    /// Of a law with `P(Z > cut) = Phi(g - h cut)`, up to a constant.
    fn log_likelihood(&self, cuts: &[f64], g: f64, h: f64) -> f64 {
        let shares = shares(cuts, g, h);
        let term = |(&count, share): (&usize, [f64; 3])| {
            if count == 0 { 0.0 } else { count as f64 * libm::log(share[0].max(1e-300)) }
        };
        self.observed.iter().zip(shares).map(term).sum()
    }

    /// The maximum over `g` and `h > 0` from `(0, 1)`: the likelihood of an ordered probit is concave in them (Pratt 1981). Fisher's
    /// scoring, each step halved until it gains.
    fn climb(&self, cuts: &[f64]) -> (f64, f64) {
        let n = self.total() as f64;
        let (mut g, mut h) = (0.0, 1.0);
        let mut best = self.log_likelihood(cuts, g, h);
        for _ in 0..200 {
            let (mut slope, mut information) = ([0.0; 2], [0.0; 3]);
            for (&count, [share, dg, dh]) in self.observed.iter().zip(shares(cuts, g, h)) {
                let share = share.max(1e-300);
                slope[0] += count as f64 * dg / share;
                slope[1] += count as f64 * dh / share;
                information[0] += n * dg * dg / share;
                information[1] += n * dg * dh / share;
                information[2] += n * dh * dh / share;
            }
            let [a, b, c] = information;
            let det = a * c - b * b;
            let (sg, sh) =
                ((c * slope[0] - b * slope[1]) / det, (a * slope[1] - b * slope[0]) / det);
            let mut part = 1.0;
            let gained = loop {
                // A deviation beyond all bounds (h = 0) makes every cut equal.
                let next = (g + part * sg, (h + part * sh).max(1e-6));
                let value = self.log_likelihood(cuts, next.0, next.1);
                if value > best {
                    (g, h) = next;
                    let gained = value - best;
                    best = value;
                    break gained;
                }
                part *= 0.5;
                if part < 1e-9 {
                    break 0.0;
                }
            };
            if gained <= 1e-13 * best.abs() {
                break;
            }
        }
        (g, h)
    }
}

/// Share of each cell, with its slopes in `g` and in `h`.
fn shares(cuts: &[f64], g: f64, h: f64) -> impl Iterator<Item = [f64; 3]> + '_ {
    // Beyond a cut: probability and slopes; nothing changes at the ends.
    let beyond = move |cut: f64| {
        let (t, density) = (g - h * cut, normal_pdf(g - h * cut));
        [normal_cdf(t), density, -cut * density]
    };
    (0..=cuts.len()).map(move |cell| {
        if cell == 0 {
            let [_, dg, dh] = beyond(cuts[0]);
            return [normal_cdf(h * cuts[0] - g), -dg, -dh];
        }
        let upper = if cell == cuts.len() { [0.0; 3] } else { beyond(cuts[cell]) };
        let lower = beyond(cuts[cell - 1]);
        [lower[0] - upper[0], lower[1] - upper[1], lower[2] - upper[2]]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(observed: &[usize]) -> TailCells {
        let levels = observed.len() - 1;
        let mut weight = vec![0.05 / levels as f64; levels + 1];
        weight[0] = 0.95;
        TailCells { observed: observed.to_vec(), weight }
    }

    #[test]
    fn expected_counts_score_zero() {
        let found = cells(&[950, 25, 25]);
        assert!(found.pearson().statistic.abs() < 1e-20);
        assert!(found.saturated().statistic.abs() < 1e-9);
        assert!(found.ratio().unwrap().statistic < 1e-9);
    }

    #[test]
    fn pearson_by_hand() {
        // Expected 950, 25, 25: 100/950 + 25/25 + 25/25 with 940, 30, 30.
        let found = cells(&[940, 30, 30]).pearson();
        assert!((found.statistic - (100.0 / 950.0 + 2.0)).abs() < 1e-12);
        assert_eq!(found.law, Law::ChiSquared(2));
    }

    #[test]
    fn with_two_levels_the_normal_law_is_saturated() {
        let found = cells(&[930, 30, 40]);
        let (ratio, saturated) = (found.ratio().unwrap().statistic, found.saturated().statistic);
        assert!((ratio - saturated).abs() < 1e-6, "{ratio} {saturated}");
    }

    #[test]
    fn losses_in_one_cell_or_none_have_a_reason() {
        assert!(cells(&[1000, 0, 0]).ratio().is_err());
        assert!(cells(&[1000, 0, 0]).pearson().p_value.is_finite());
        let none = Pits::of_gains(&[]).unwrap();
        assert!(TailCells::of(&none, Level::P99, 4).is_err());
    }
}
