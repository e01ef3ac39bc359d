//! Monte Carlo: draws of all factors from one multivariate Student t whose covariance is estimated on a window.
//!
//! ```text
//! Sigma  = covariance of the last `window` one-step moves: about their means, divided by window - 1; or with `decay`
//!          exponentially weighted about zero, started from the first 50 of them
//! move   = sqrt(m) sqrt((nu - 2) / nu) sqrt(nu / chi2_nu) A z,   A A' = Sigma,   z standard normal
//! ```
//!
//! so that moves over `m` steps have covariance `m Sigma` whatever the degrees of freedom `nu`: the scale is
//! `sqrt((nu - 2) / chi2_nu)`; without `degrees_of_freedom` the draws are normal. All factors of a path share one
//! chi-squared variable: extremes come together. Means are zero.
//!
//! With `marginals`, `jumps` or Sobol draws the moves come from [`crate::simulation::Joint`] instead: a normal or (with
//! `degrees_of_freedom`) Student copula with the correlation of `Sigma`, a marginal law a factor with the variance of
//! `Sigma` and shapes fitted to the window, and jumps of all spot prices together, compensated to mean zero:
//!
//! ```toml
//! scenarios = { monte_carlo = { paths = 8192, window = 500, degrees_of_freedom = 5, marginals = "skew_t", draws = "sobol" } }
//! scenarios = { monte_carlo = { paths = 10000, window = 500, jumps = { intensity = 0.01, mean = -0.1, deviation = 0.1 } } }
//! scenarios = { monte_carlo = { paths = 10000, window = 1000, bootstrap = { length = 10 } } }
//! ```
//!
//! With `bootstrap` a path is the sum of `m` one-step moves of the window, drawn in blocks
//! ([`crate::simulation::bootstrap`]), less the window's mean; without a `length` it is the mean of the automatic
//! lengths of the spot prices. A constant factor stays where it is.
//!
//! Source: Demarta and McNeil (2005), "The t copula and related copulas", International Statistical Review 73(1),
//! 111-129, section 2, for the mixture form.
//! The stream of a path, or of its block of 256, is keyed by (study seed, purpose, time, path or block), so the same
//! path has the same numbers whatever the number of paths or threads. Assumes independent steps (`sqrt(m)`) and elliptical dependence.

use mpor_core::Factor;
use mpor_stats::covariance::{cholesky, ewma_covariance, sample_covariance};
use mpor_stats::ewma::{BURN_IN, Decay};
use mpor_stats::random::Streams;
use ndarray::{Array2, ArrayView1, ArrayView2};
use rand_distr::{ChiSquared, Distribution};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::historical::{Passage, moving_smile};
use super::moves::{Moves, last_moves};
use super::{check_decay, check_window, refuse};
use crate::day::Day;
use crate::error::RiskError;
use crate::set::{ScenarioSet, SmileDynamics};
use crate::simulation::{
    Copula, Joint, Jumps, Marginal, MarginalLaw, Points, automatic_block_length,
    stationary_bootstrap,
};
use crate::status::Status;

/// What the random streams are for.
const PURPOSE: &str = "monte carlo scenarios";

/// Draws from an estimated multivariate Student t.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonteCarlo {
    /// Number of scenarios.
    pub paths: usize,
    /// Degrees of freedom, above 2; normal draws when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degrees_of_freedom: Option<f64>,
    /// One-step returns that the covariance is estimated on.
    pub window: usize,
    /// Exponential decay of the weights of older returns; equal weights when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay: Option<f64>,
    /// How paths are drawn.
    #[serde(default)]
    pub draws: Draws,
    /// Marginal laws under the copula; one multivariate normal or Student t when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marginals: Option<MarginalLaw>,
    /// Common jumps of all spot prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jumps: Option<SpotJumps>,
    /// Draws history itself, in blocks, instead of a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Blocks>,
    /// What happens to the smile when spot moves.
    #[serde(default = "moving_smile")]
    pub smile: SmileDynamics,
    /// Whether the margin period passes in the scenarios.
    #[serde(default)]
    pub time: Passage,
}

/// More would only fill the memory: the error of a tail figure falls with the root of their number.
const MOST_PATHS: usize = 10_000_000;

/// How paths are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draws {
    /// Every path on its own.
    #[default]
    Independent,
    /// In pairs of a path and its mirror image; the mean of linear P&L is then exactly zero.
    Antithetic,
    /// Scrambled Sobol points; best with a power of two of them.
    Sobol,
}

/// Jumps that hit the logarithm of every spot price at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpotJumps {
    /// Expected jumps a step.
    pub intensity: f64,
    /// Mean move of the logarithm in a jump.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

/// Blocks of history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blocks {
    /// Mean length in steps, at least 1; chosen by Politis and White's rule when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<f64>,
}

impl MonteCarlo {
    /// Whether the parameters are inside their domains.
    ///
    /// # Errors
    /// [`RiskError::Parameter`].
    pub fn check(&self) -> Result<(), RiskError> {
        check_window(self.window)?;
        if !(1..=MOST_PATHS).contains(&self.paths) {
            return refuse("paths", self.paths, "1 to 10,000,000 paths");
        }
        if let Some(decay) = self.decay {
            check_decay("decay", decay)?;
        }
        self.check_parts()?;
        match self.degrees_of_freedom {
            Some(nu) if !(nu > 2.0 && nu.is_finite()) => {
                refuse("degrees_of_freedom", nu, "above 2, so that a variance exists")
            }
            _ => Ok(()),
        }
    }

    fn check_parts(&self) -> Result<(), RiskError> {
        if let Some(jumps) = self.jumps {
            let sound = (0.0..=1.0).contains(&jumps.intensity)
                && jumps.mean.is_finite()
                && jumps.deviation >= 0.0
                && jumps.deviation.is_finite();
            if !sound {
                let expected =
                    "an intensity of 0 to 1 a step, a finite mean and a deviation of zero or more";
                return refuse("jumps", format!("{jumps:?}"), expected);
            }
        }
        let Some(blocks) = self.bootstrap else { return Ok(()) };
        if blocks.length.is_some_and(|length| !(length >= 1.0 && length.is_finite())) {
            return refuse("bootstrap.length", format!("{blocks:?}"), "at least 1 step");
        }
        let modelled = self.marginals.is_some()
            || self.jumps.is_some()
            || self.degrees_of_freedom.is_some()
            || self.decay.is_some()
            || self.draws != Draws::Independent;
        if modelled {
            let expected =
                "alone: it takes no marginals, jumps, degrees_of_freedom, decay or draws";
            return refuse("bootstrap", "other options beside it", expected);
        }
        Ok(())
    }

    /// Steps of history needed, the margin date included.
    #[must_use]
    pub fn history_steps(&self) -> usize {
        self.window + 1
    }

    /// The scenarios of a day.
    ///
    /// # Errors
    /// As [`last_moves`].
    pub fn scenarios(&self, day: &Day<'_>) -> Result<ScenarioSet, RiskError> {
        let past = last_moves(&day.past, day.universe.underlyings().len(), 1, self.window)?;
        let streams = Streams::new(day.seed, PURPOSE, day.time().0);
        let steps = day.horizon.steps();
        let elliptical = self.marginals.is_none() && self.jumps.is_none();
        let values = if let Some(blocks) = self.bootstrap {
            self.resampled(blocks, &past, steps, streams)?
        } else if elliptical && self.draws != Draws::Sobol {
            let root = cholesky(self.covariance(past.values.view())?.view())?;
            self.draws(&root, (steps as f64).sqrt(), streams)?
        } else {
            self.joint(&past, steps)?.moves(self.paths, streams)?
        };
        let names = (1..=self.paths).map(|path| format!("path {path}")).collect();
        let mut set = Moves { factors: past.factors, values }.into_set(day, names, self.smile);
        set.years_forward = self.time.years(day.horizon);
        Ok(set)
    }

    /// Covariance of one-step moves given as `[factor, step]`.
    fn covariance(&self, moves: ArrayView2<'_, f64>) -> Result<Array2<f64>, RiskError> {
        Ok(match self.decay {
            None => sample_covariance(moves.t(), 1)?,
            Some(decay) => ewma_covariance(moves.t(), Decay::new(decay)?, BURN_IN)?,
        })
    }

    /// `[factor, path]`: one column a path, each from its own stream.
    fn draws(
        &self,
        root: &Array2<f64>,
        scale: f64,
        streams: Streams,
    ) -> Result<Array2<f64>, RiskError> {
        let mixing = self.degrees_of_freedom.map(Mixing::new).transpose()?;
        let columns: Vec<Vec<f64>> = (0..self.paths)
            .into_par_iter()
            .map(|path| {
                let (stream, sign) = match self.draws {
                    Draws::Independent | Draws::Sobol => (path, 1.0),
                    Draws::Antithetic => (path / 2, if path % 2 == 0 { 1.0 } else { -1.0 }),
                };
                path_moves(root, sign * scale, mixing, streams, stream)
            })
            .collect();
        Ok(Array2::from_shape_fn((root.nrows(), self.paths), |(factor, path)| {
            columns[path][factor]
        }))
    }
}

impl MonteCarlo {
    /// The model of joint moves over a horizon.
    fn joint(&self, past: &Moves, steps: usize) -> Result<Joint, RiskError> {
        let covariance = self.covariance(past.values.view())?;
        let deviations: Vec<f64> = covariance.diag().iter().map(|v| v.max(0.0).sqrt()).collect();
        let correlation = Array2::from_shape_fn(covariance.dim(), |(i, j)| {
            let scale = deviations[i] * deviations[j];
            match i == j {
                true => 1.0,
                false if scale > 0.0 => (covariance[[i, j]] / scale).clamp(-1.0, 1.0),
                false => 0.0,
            }
        });
        let marginals = past
            .values
            .rows()
            .into_iter()
            .zip(&deviations)
            .zip(&past.factors)
            .map(|((moves, deviation), factor)| self.marginal(moves, *deviation, *factor))
            .collect::<Result<Vec<_>, _>>()?;
        let copula = self.degrees_of_freedom.map_or(Copula::Normal, Copula::Student);
        let points = match self.draws {
            Draws::Independent => Points::Independent,
            Draws::Antithetic => Points::Antithetic,
            Draws::Sobol => Points::Sobol,
        };
        let joint = Joint::new(copula, correlation.view(), &marginals, points)?;
        let joint = joint.scaled((steps as f64).sqrt());
        let Some(jumps) = self.jumps else { return Ok(joint) };
        let of_spot = |value: f64| {
            let one =
                move |factor: &Factor| if matches!(factor, Factor::Spot(_)) { value } else { 0.0 };
            past.factors.iter().map(one).collect::<Vec<f64>>()
        };
        let deviation = of_spot(jumps.deviation);
        joint.with_jumps(Jumps {
            intensity: jumps.intensity * steps as f64,
            mean: of_spot(jumps.mean),
            root: Array2::from_shape_fn((deviation.len(), 1), |(row, _)| deviation[row]),
        })
    }

    /// The law of one factor: its shape from the window, its deviation from the covariance.
    fn marginal(
        &self,
        moves: ArrayView1<'_, f64>,
        deviation: f64,
        factor: Factor,
    ) -> Result<Marginal, RiskError> {
        let Some(law) = self.marginals else {
            return Ok(match self.degrees_of_freedom {
                None => Marginal::Normal { deviation },
                Some(freedom) => Marginal::Student { deviation, freedom },
            });
        };
        let moves = moves.to_vec();
        if deviation == 0.0 || moves.iter().all(|x| *x == moves[0]) {
            return Ok(Marginal::Normal { deviation: 0.0 });
        }
        let (fitted, status) = Marginal::fit(law, &moves)?;
        if let Status::Failed(_) = status {
            refuse(
                "marginals",
                format!("a {law:?} that does not fit {factor}"),
                "another marginal law or window",
            )?;
        }
        let sample = mpor_stats::descriptive::sample_std(&moves)?;
        Ok(match fitted {
            Marginal::Normal { .. } => Marginal::Normal { deviation },
            Marginal::Student { freedom, .. } => Marginal::Student { deviation, freedom },
            Marginal::SkewT { freedom, skew, .. } => Marginal::SkewT { deviation, freedom, skew },
            Marginal::Empirical { knots } => {
                let scale = deviation / sample;
                Marginal::Empirical { knots: knots.iter().map(|x| scale * x).collect() }
            }
        })
    }

    /// `[factor, path]`: sums of moves of the window about their mean, in blocks.
    fn resampled(
        &self,
        blocks: Blocks,
        past: &Moves,
        steps: usize,
        streams: Streams,
    ) -> Result<Array2<f64>, RiskError> {
        let length = match blocks.length {
            Some(length) => length,
            None => automatic_length(past)?,
        };
        let mut values = past.values.clone();
        for mut row in values.rows_mut() {
            let mean = row.sum() / row.len() as f64;
            row -= mean;
        }
        let columns: Vec<Result<Vec<f64>, RiskError>> = (0..self.paths)
            .into_par_iter()
            .map(|path| {
                let mut stream = streams.path(path as u64);
                let at = stationary_bootstrap(self.window, steps, length, &mut stream)?;
                Ok(values.rows().into_iter().map(|row| at.iter().map(|&t| row[t]).sum()).collect())
            })
            .collect();
        let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Array2::from_shape_fn((values.nrows(), self.paths), |(factor, path)| {
            columns[path][factor]
        }))
    }
}

/// Mean of the automatic block lengths of the spot prices, at least 1.
fn automatic_length(past: &Moves) -> Result<f64, RiskError> {
    let (mut sum, mut spots) = (0.0, 0);
    for (factor, moves) in past.factors.iter().zip(past.values.rows()) {
        if matches!(factor, Factor::Spot(_)) {
            sum += automatic_block_length(&moves.to_vec())?;
            spots += 1;
        }
    }
    Ok(if spots == 0 { 1.0 } else { f64::max(sum / f64::from(spots), 1.0) })
}

/// The chi-squared mixing variable of a Student t with unit variance.
#[derive(Clone, Copy)]
struct Mixing {
    freedom: f64,
    chi_squared: ChiSquared<f64>,
}

impl Mixing {
    fn new(freedom: f64) -> Result<Self, RiskError> {
        let expected = "above 2, so that a variance exists";
        let chi_squared = ChiSquared::new(freedom).map_err(|_| RiskError::Parameter {
            name: "degrees_of_freedom",
            found: freedom.to_string(),
            expected,
        })?;
        Ok(Mixing { freedom, chi_squared })
    }
}

/// One draw of all factors: `scale * mixing * root z`.
fn path_moves(
    root: &Array2<f64>,
    scale: f64,
    mixing: Option<Mixing>,
    streams: Streams,
    path: usize,
) -> Vec<f64> {
    let mut stream = streams.path(path as u64);
    let mut normals = vec![0.0; root.ncols()];
    stream.fill_normal(&mut normals);
    let mix = mixing.map_or(1.0, |mixing| {
        ((mixing.freedom - 2.0) / mixing.chi_squared.sample(&mut stream)).sqrt()
    });
    let row = |row: ndarray::ArrayView1<'_, f64>| {
        scale * mix * row.iter().zip(&normals).map(|(a, z)| a * z).sum::<f64>()
    };
    root.rows().into_iter().map(row).collect()
}
