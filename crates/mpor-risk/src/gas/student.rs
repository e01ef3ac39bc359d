//! How volatile will the next return be, if a large return says less the fatter the tail? Score-driven Student t volatility.
//!
//! ```text
//! r[t] = mu + sqrt(f[t]) z[t],    z Student t of variance 1 with nu degrees of freedom,   e = r[t] - mu
//! s[t]   = (1 + 3/nu) ( w e^2 - f[t] ),    w = (nu + 1) / (nu - 2 + e^2 / f[t])
//! f[t+1] = omega + A s[t] + B f[t],        f[0] = omega / (1 - B)
//! domain:  omega > 0,  A >= 0,  A (1 + 3/nu) <= B < 1,  which keeps f above zero
//! ```
//!
//! The score of the likelihood by the variance, scaled by the inverse of its information: as `nu` grows, GARCH(1,1) with
//! `alpha = A`, `beta = B - A`. Fitted by maximum likelihood without derivatives.
//!
//! Source: Creal, Koopman and Lucas (2013), Journal of Applied Econometrics 28(5), 777-795, eq. 13 and 14.

use mpor_stats::Level;
use mpor_stats::special::ln_gamma;
use serde::Serialize;

use super::{log_odds, share};
use crate::checks::{finite, parameter, unit};
use crate::descent::least_of;
use crate::error::RiskError;
use crate::parametric::VarEs;
use crate::parametric::multiplier::student_unit_variance;
use crate::status::{Edge, Status};
use crate::volatility::VolatilityPath;

/// Fewest returns of a fit.
const FEWEST: usize = 50;
/// Degrees of freedom that are tried.
const FREEDOM: (f64, f64) = (2.05, 200.0);
/// Shares closer to 0 or 1 than this are on the edge.
const EDGE: f64 = 1e-5;
/// Starting points `(B, A (1 + 3/nu) / B, nu)`, of which the two likeliest are searched from.
const STARTS: [(f64, f64, f64); 8] = [
    (0.97, 0.05, 5.0),
    (0.97, 0.05, 10.0),
    (0.97, 0.15, 5.0),
    (0.97, 0.15, 10.0),
    (0.9, 0.05, 5.0),
    (0.9, 0.05, 10.0),
    (0.9, 0.15, 5.0),
    (0.9, 0.15, 10.0),
];

/// Parameters in the unit of the returns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StudentGas {
    /// Mean return.
    pub mu: f64,
    /// Constant of the variance.
    pub omega: f64,
    /// Weight of the score, `A`.
    pub reaction: f64,
    /// Weight of the last variance, `B`.
    pub memory: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

/// A fitted model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StudentFit {
    /// Parameters.
    pub model: StudentGas,
    /// Log-likelihood there, constants included.
    pub log_likelihood: f64,
    /// How the search ended: without derivatives, converged means that the simplices shrank to nothing at one point.
    pub status: Status,
}

impl StudentGas {
    /// The parameters that make returns likeliest, from a list of points and from earlier parameters where they are given.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] for fewer than 50 returns, [`RiskError::Stats`] for returns that are not finite,
    /// [`RiskError::Parameter`] for returns that do not vary. A search that fails is no error: [`StudentFit::status`] says so.
    pub fn fit(returns: &[f64], warm: Option<&StudentGas>) -> Result<StudentFit, RiskError> {
        let unit = unit(returns, FEWEST, "a score-driven Student t volatility")?;
        let scaled: Vec<f64> = returns.iter().map(|r| r / unit).collect();
        let n = scaled.len() as f64;
        let mean = scaled.iter().sum::<f64>() / n;
        let variance = scaled.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / n;
        let start = |&(memory, news, freedom): &(f64, f64, f64)| {
            let reaction = news * memory / (1.0 + 3.0 / freedom);
            let omega = (1.0 - memory) * variance;
            StudentGas { mu: mean, omega, reaction, memory, freedom }.coordinates()
        };
        let known = warm.map(|p| p.times(1.0 / unit).coordinates());
        let mut lost = |x: &[f64]| {
            let model = StudentGas::at(x);
            let inside = (FREEDOM.0..=FREEDOM.1).contains(&model.freedom);
            if inside { -model.evaluate(&scaled, |_| ()) } else { f64::INFINITY }
        };
        let least = least_of(known, STARTS.iter().map(start), 2, 0.2, &mut lost);
        let model = StudentGas::at(&least.at);
        let (news, nu) = (model.news() / model.memory, model.freedom);
        let edges = [
            (news < EDGE, Edge::NoNews),
            (model.memory < EDGE || news > 1.0 - EDGE, Edge::NoMemory),
            (model.memory > 1.0 - EDGE, Edge::UnitPersistence),
            (nu < FREEDOM.0 + 1e-3, Edge::FatTails),
            (nu > 0.99 * FREEDOM.1, Edge::ThinTails),
        ];
        Ok(StudentFit {
            model: model.times(unit),
            log_likelihood: -least.value - n * libm::log(unit),
            status: Status::of_search(least.value, least.converged, Edge::first(&edges)),
        })
    }

    /// Log-likelihood of returns, constants included.
    ///
    /// # Errors
    /// As [`StudentGas::path`].
    pub fn log_likelihood(&self, returns: &[f64]) -> Result<f64, RiskError> {
        self.check(returns)?;
        Ok(self.evaluate(returns, |_| ()))
    }

    /// Volatility of each return as known before it, and one more: the forecast after the last.
    ///
    /// # Errors
    /// [`RiskError::Stats`] for returns or parameters that are not finite, [`RiskError::Parameter`] for parameters outside the domain.
    pub fn path(&self, returns: &[f64]) -> Result<VolatilityPath, RiskError> {
        self.check(returns)?;
        let mut sigma = Vec::with_capacity(returns.len() + 1);
        self.evaluate(returns, |f| sigma.push(f.sqrt()));
        Ok(VolatilityPath { mean: self.mu, sigma })
    }

    /// Value at risk and expected shortfall of the return after the last.
    ///
    /// # Errors
    /// As [`StudentGas::path`].
    pub fn forecast(&self, returns: &[f64], level: Level) -> Result<VarEs, RiskError> {
        let path = self.path(returns)?;
        Ok(student_unit_variance(level, self.freedom)?.affine(path.forecast(), -self.mu))
    }

    /// Log-likelihood, each variance and the one after the last being shown on the way.
    fn evaluate(&self, returns: &[f64], mut show: impl FnMut(f64)) -> f64 {
        let (nu, news) = (self.freedom, self.news());
        let mut f = self.omega / (1.0 - self.memory);
        let (mut logs, mut tails) = (0.0, 0.0);
        for r in returns {
            show(f);
            let square = (r - self.mu) * (r - self.mu);
            let ratio = square / f;
            logs += libm::log(f);
            tails += libm::log1p(ratio / (nu - 2.0));
            let weighted = (nu + 1.0) / (nu - 2.0 + ratio) * square;
            f = self.omega + news * weighted + (self.memory - news) * f;
        }
        show(f);
        let peak = ln_gamma(0.5 * (nu + 1.0))
            - ln_gamma(0.5 * nu)
            - 0.5 * libm::log(std::f64::consts::PI * (nu - 2.0));
        returns.len() as f64 * peak - 0.5 * (logs + (nu + 1.0) * tails)
    }

    fn check(&self, returns: &[f64]) -> Result<(), RiskError> {
        let StudentGas { mu, omega, reaction, memory, freedom } = *self;
        finite(returns.iter().chain(&[mu, omega, reaction, memory, freedom]))?;
        let inside = omega > 0.0
            && freedom > 2.0
            && reaction >= 0.0
            // The two sides are computed apart, and may be equal.
            && self.news() <= memory * (1.0 + 1e-12)
            && memory < 1.0;
        if inside {
            return Ok(());
        }
        let expected = "omega > 0, nu > 2, A >= 0 and A (1 + 3/nu) <= B < 1";
        Err(parameter("score-driven volatility", format!("{self:?}"), expected))
    }

    /// Weight of a weighted square, `A (1 + 3/nu)`.
    fn news(&self) -> f64 {
        self.reaction * (1.0 + 3.0 / self.freedom)
    }

    /// Parameters of returns that are `unit` times larger.
    fn times(mut self, unit: f64) -> Self {
        self.mu *= unit;
        self.omega *= unit * unit;
        self
    }

    /// Free numbers: mean, logarithm of the long-run variance, log-odds of `B` and of the news in it, logarithm of `nu - 2`.
    fn coordinates(&self) -> Vec<f64> {
        let news = (self.news() / self.memory).clamp(EDGE, 1.0 - EDGE);
        let memory = self.memory.clamp(EDGE, 1.0 - EDGE);
        let long_run = libm::log(self.omega / (1.0 - memory));
        vec![self.mu, long_run, log_odds(memory), log_odds(news), libm::log(self.freedom - 2.0)]
    }

    fn at(x: &[f64]) -> Self {
        let &[mu, long_run, memory, news, freedom] = x else {
            let none = f64::NAN;
            return StudentGas {
                mu: none,
                omega: none,
                reaction: none,
                memory: none,
                freedom: none,
            };
        };
        let (memory, freedom) = (share(memory), 2.0 + libm::exp(freedom));
        let reaction = share(news) * memory / (1.0 + 3.0 / freedom);
        StudentGas { mu, omega: (1.0 - memory) * libm::exp(long_run), reaction, memory, freedom }
    }
}
