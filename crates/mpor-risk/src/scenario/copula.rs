//! Monte Carlo with a Student t copula: how factors move together, and how far each moves, are drawn from different laws.
//!
//! ```text
//! x = Moves of the last `window` steps, each rescaled to today's volatility as in [`super::filtered`]
//! R = correlations of x;   A A' = R;   z standard normal, w chi-squared with nu_c degrees, one a path
//! T = A z / sqrt(w / nu_c),   u = F_t(T; nu_c)                                       the copula
//! move = sigma sqrt(m) sqrt((nu_m - 2) / nu_m) F_t^-1(u; nu_m)                       the margins
//! ```
//!
//! with `sigma` each factor's volatility of today, floored where a floor is asked for. Extremes come together the more, the
//! smaller `nu_c`; each factor has fat tails the more, the smaller `nu_m`. With equal degrees of freedom the moves are a
//! multivariate Student t.
//!
//! Source: Demarta and McNeil (2005), "The t copula and related copulas", International Statistical Review 73(1), 111-129,
//! sections 2 and 3. `R` is the linear correlation of the rescaled moves and not the one implied by Kendall's tau, so that it
//! has a root; means are zero, steps independent (`sqrt(m)`). A factor that does not move in the window does not move.

use mpor_core::Horizon;
use mpor_stats::covariance::{cholesky, sample_covariance};
use mpor_stats::ewma::{BURN_IN, Decay};
use mpor_stats::random::Streams;
use mpor_stats::special::{student_cdf, student_quantile, student_unit_scale};
use ndarray::{Array2, ArrayView1};
use rand_distr::{ChiSquared, Distribution};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::filtered::{Rescale, VolatilityFloor};
use super::historical::{Passage, moving_smile};
use super::moves::{Moves, last_moves};
use super::{check_decay, check_window, refuse};
use crate::day::Day;
use crate::error::RiskError;
use crate::series::filter::{Filter, filtered_returns};
use crate::set::{ScenarioSet, SmileDynamics};

/// What the random streams are for.
const PURPOSE: &str = "copula scenarios";

/// More would only fill the memory: the error of a tail figure falls with the root of their number.
const MOST_PATHS: usize = 10_000_000;

/// Draws from a Student t copula with Student t margins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copula {
    /// Number of scenarios.
    pub paths: usize,
    /// Degrees of freedom of the copula, above zero.
    pub copula_freedom: f64,
    /// Degrees of freedom of each factor's moves, above 2.
    pub margin_freedom: f64,
    /// One-step moves that correlations are estimated on.
    pub window: usize,
    /// Decay of each factor's volatility.
    pub decay: f64,
    /// A lower bound of today's volatility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<VolatilityFloor>,
    /// Returns, from the start of the history, whose mean square starts the volatility estimate.
    #[serde(default = "burn_in")]
    pub burn_in: usize,
    /// What happens to the smile when spot moves.
    #[serde(default = "moving_smile")]
    pub smile: SmileDynamics,
    /// Whether the margin period passes in the scenarios.
    #[serde(default)]
    pub time: Passage,
}

/// What a day's draws are made from.
struct Law {
    /// Root of the correlations.
    root: Array2<f64>,
    /// By factor, over the margin period.
    sigma: Vec<f64>,
    copula: f64,
    margin: f64,
    /// Makes the margins' variance one.
    unit: f64,
    mixing: ChiSquared<f64>,
}

fn burn_in() -> usize {
    BURN_IN
}

impl Copula {
    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`].
    pub fn check(&self) -> Result<(), RiskError> {
        check_window(self.window)?;
        check_decay("decay", self.decay)?;
        if self.burn_in == 0 {
            return refuse("burn_in", 0, "at least 1 return");
        }
        let (copula, margin) = (self.copula_freedom, self.margin_freedom);
        if !(1..=MOST_PATHS).contains(&self.paths) {
            return refuse("paths", self.paths, "1 to 10,000,000 paths");
        }
        if !(copula > 0.0 && copula.is_finite()) {
            return refuse("copula_freedom", copula, "above 0");
        }
        if !(margin > 2.0 && margin.is_finite()) {
            return refuse("margin_freedom", margin, "above 2, so that a variance exists");
        }
        Ok(())
    }

    /// Steps of history needed, the margin date included: the start of the volatility comes before the window.
    #[must_use]
    pub fn history_steps(&self, _horizon: Horizon) -> usize {
        self.window + self.burn_in + 1
    }

    /// The scenarios of a day.
    ///
    /// # Errors
    /// As [`last_moves`].
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        let returns = day.past.len() - 1;
        let all = last_moves(&day.past, day.universe.underlyings().len(), 1, returns)?;
        let law = self.law(&all.values, day.horizon)?;
        let streams = Streams::new(day.seed, PURPOSE, day.time().0);
        let columns: Vec<Vec<f64>> = (0..self.paths)
            .into_par_iter()
            .map(|path| law.draw(streams, path))
            .collect::<Result<_, _>>()?;
        let dim = (law.sigma.len(), self.paths);
        let values = Array2::from_shape_fn(dim, |(factor, path)| columns[path][factor]);
        let names = (1..=self.paths).map(|path| format!("path {path}")).collect();
        let mut set = Moves { factors: all.factors, values }.into_set(day, names, self.smile);
        set.years_forward = self.time.years(day.horizon);
        Ok(set)
    }

    /// Volatilities and correlations of all known moves, `[factor, move]`.
    fn law(&self, all: &Array2<f64>, horizon: Horizon) -> Result<Law, RiskError> {
        let decay = Decay::new(self.decay)?;
        let (burn_in, floor, rescale) = (self.burn_in, self.floor, Rescale::Full);
        let filter = Filter { decay, burn_in, floor, rescale };
        let (copula, margin) = (self.copula_freedom, self.margin_freedom);
        let (mut sigma, steps) = (Vec::with_capacity(all.nrows()), horizon.steps() as f64);
        let mut scaled = Array2::zeros((all.nrows(), self.window));
        for (history, mut row) in all.rows().into_iter().zip(scaled.rows_mut()) {
            let (moves, today) = filtered_returns(&history.to_vec(), self.window, filter)?;
            row.assign(&ArrayView1::from(&moves));
            sigma.push(today * steps.sqrt());
        }
        let covariance = sample_covariance(scaled.t(), 1)?;
        let root = cholesky(correlations(&covariance).view())?;
        let mixing = ChiSquared::new(copula).map_err(|_| RiskError::Parameter {
            name: "copula_freedom",
            found: copula.to_string(),
            expected: "above 0",
        })?;
        Ok(Law { root, sigma, copula, margin, unit: student_unit_scale(margin)?, mixing })
    }
}

/// Correlations; a factor that never moved is alone, and its volatility of zero keeps it still.
fn correlations(covariance: &Array2<f64>) -> Array2<f64> {
    let deviation: Vec<f64> = covariance.diag().iter().map(|variance| variance.sqrt()).collect();
    Array2::from_shape_fn(covariance.dim(), |(i, j)| {
        let scale = deviation[i] * deviation[j];
        match (i == j, scale > 0.0) {
            (true, _) => 1.0,
            (false, false) => 0.0,
            (false, true) => (covariance[[i, j]] / scale).clamp(-1.0, 1.0),
        }
    })
}

impl Law {
    /// The moves of one path.
    fn draw(&self, streams: Streams, path: usize) -> Result<Vec<f64>, RiskError> {
        let mut stream = streams.path(path as u64);
        let mut normals = vec![0.0; self.sigma.len()];
        stream.fill_normal(&mut normals);
        let mix = (self.copula / self.mixing.sample(&mut stream)).sqrt();
        let of = |(row, &sigma): (ArrayView1<'_, f64>, &f64)| {
            if sigma == 0.0 {
                return Ok(0.0);
            }
            let t = mix * row.iter().zip(&normals).map(|(a, z)| a * z).sum::<f64>();
            Ok(sigma * self.unit * self.margin_of(t)?)
        };
        self.root.rows().into_iter().zip(&self.sigma).map(of).collect()
    }

    /// The value of the margin's Student t that is as probable as `t` is in the copula's.
    fn margin_of(&self, t: f64) -> Result<f64, RiskError> {
        if self.copula == self.margin {
            return Ok(t);
        }
        // By the lower tail, which keeps its digits; the law is symmetric.
        let tail = student_cdf(-t.abs(), self.copula)?;
        if tail <= 0.0 || tail >= 0.5 {
            return Ok(t);
        }
        Ok(-student_quantile(tail, self.margin)? * t.signum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_as_far_out_as_the_copula_is() {
        let law = Law {
            root: Array2::eye(1),
            sigma: vec![1.0],
            copula: 8.0,
            margin: 4.0,
            unit: 1.0,
            mixing: ChiSquared::new(8.0).unwrap(),
        };
        // scipy 1.17: -t.ppf(t.sf(x, 8), 4)
        for (x, expected) in [
            (0.1, 0.103_154_830_106_675_35),
            (1.0, 1.065_746_669_818_287),
            (2.0, 2.327_000_962_233_315),
            (-3.5, -4.893_945_076_691_411),
            (12.0, 40.860_655_477_565_46),
        ] {
            let actual = law.margin_of(x).unwrap();
            assert!((actual - expected).abs() < 1e-10 * expected.abs(), "{x}: {actual}");
        }
        assert_eq!(law.margin_of(0.0), Ok(0.0));
        let same = Law { margin: 8.0, ..law };
        assert_eq!(same.margin_of(0.7), Ok(0.7));
    }

    #[test]
    fn a_factor_that_never_moved_is_alone() {
        let covariance = ndarray::array![[4.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]];
        let expected = ndarray::array![[1.0, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 1.0]];
        assert_eq!(correlations(&covariance), expected);
    }
}
