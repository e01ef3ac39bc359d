//! Monte Carlo: draws of all factors from one multivariate Student t whose covariance is estimated on a window.
//!
//! ```text
//! Sigma  = covariance of the last `window` one-step moves: about their means, divided by window - 1; or with `decay`
//!          exponentially weighted about zero, started from the first 50 of them
//! move   = sqrt(m) sqrt((nu - 2) / nu) sqrt(nu / chi2_nu) A z,   A A' = Sigma,   z standard normal
//! ```
//!
//! so that moves over `m` steps have covariance `m Sigma` whatever the degrees of freedom `nu`: the scale is `sqrt((nu - 2) / chi2_nu)`; without
//! `degrees_of_freedom` the draws are normal. All factors of a path share one chi-squared variable: extremes come
//! together. Means are zero.
//!
//! Source: Demarta and McNeil (2005), "The t copula and related copulas", International Statistical Review 73(1),
//! 111-129, section 2, for the mixture form.
//! The stream of a path is keyed by (study seed, purpose, time, path), so the same path has the same numbers whatever
//! the number of paths or threads. Assumes independent steps (`sqrt(m)`) and elliptical dependence.

use mpor_stats::covariance::{cholesky, ewma_covariance, sample_covariance};
use mpor_stats::ewma::{BURN_IN, Decay};
use mpor_stats::random::Streams;
use ndarray::{Array2, ArrayView2};
use rand_distr::{ChiSquared, Distribution};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::historical::{Passage, moving_smile};
use super::moves::{Moves, last_moves};
use super::{check_decay, check_window, refuse};
use crate::day::Day;
use crate::error::RiskError;
use crate::set::{ScenarioSet, SmileDynamics};

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
        match self.degrees_of_freedom {
            Some(nu) if !(nu > 2.0 && nu.is_finite()) => {
                refuse("degrees_of_freedom", nu, "above 2, so that a variance exists")
            }
            _ => Ok(()),
        }
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
        let root = cholesky(self.covariance(past.values.view())?.view())?;
        let streams = Streams::new(day.seed, PURPOSE, day.time().0);
        let scale = (day.horizon.steps() as f64).sqrt();
        let values = self.draws(&root, scale, streams)?;
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
                    Draws::Independent => (path, 1.0),
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
