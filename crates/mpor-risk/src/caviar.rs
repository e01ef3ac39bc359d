//! What is the value at risk of the next return, if it moves by itself? Conditional autoregressive value at risk.
//!
//! ```text
//! L[t] = -r[t],  V[t] > 0 the value at risk of L[t] as known before it
//! symmetric        V[t+1] = b0 + b1 V[t] + b2 |r[t]|
//! asymmetric       V[t+1] = b0 + b1 V[t] + b2 max(r[t], 0) + b3 max(-r[t], 0)
//! indirect GARCH   V[t+1] = sqrt( b0 + b1 V[t]^2 + b2 r[t]^2 )
//! V[0]             the ceil(n tail)-th largest loss of the first n = 300 returns (of all, where there are fewer)
//!
//! pinball          mean of  tail (V - L) + max(L - V, 0)                                     least at the fit
//! shortfall        E[t] = m V[t],  m = 1 + mean of max(L/V - 1, 0) / tail
//! joint            mean of  max(L - V, 0) / (tail E) + V/E + ln E - 1  =  mean of ln V + ln m   least at the fit
//! ```
//!
//! No law is assumed: only where the quantile lies. The multiple `m` is the one that makes the joint score of value at risk and expected
//! shortfall least for a given path of `V`, which has this closed form, so that the joint criterion costs no further parameter and
//! `E >= V` always. Parameters at which `V` falls to zero or below anywhere in the sample do not count.
//!
//! Coefficients are searched for where `0 <= b1 <= 1` and the reactions do not add up to less than zero. Without these bounds, which the
//! paper does not have, a calm sample is often fitted best by a value at risk that grows by itself and falls after moves, and is then far
//! off out of sample. A fit on a bound says so in its status.
//!
//! The criterion has kinks and several minima: the best of many random points are polished by simplices without derivatives. The
//! fit is of one level; figures of two levels may cross.
//!
//! Sources: Engle and Manganelli (2004), "CAViaR: conditional autoregressive value at risk by regression quantiles", Journal of Business
//! & Economic Statistics 22(4), 367-381, section 3, and section 4 for the search; Taylor (2019), "Forecasting value at risk and expected
//! shortfall using a semiparametric approach based on the asymmetric Laplace distribution", same journal 37(1), 121-133, eq. 6, for the
//! constant multiple; Patton, Ziegel and Chen (2019), Journal of Econometrics 211(2), 388-413, eq. 6, for the joint score.

use mpor_stats::random::Streams;
use mpor_stats::{Level, QuantileRule, Side};

use crate::checks::{finite, one_in_the_tail, parameter, unit};
use crate::descent::{SearchOptions, least_of};
use crate::error::RiskError;
use crate::parametric::VarEs;
use crate::status::{Edge, Status};

/// Returns whose quantile starts the recursion.
const FIRST: usize = 300;
/// Fewest returns of a fit.
const FEWEST: usize = 50;
/// Coefficients nearer to a bound than this are on it.
const EDGE: f64 = 1e-6;
/// Size of the first simplex, in coefficients of returns of variance near 1.
const STEP: f64 = 0.05;

/// How value at risk follows from the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By the size of the last return.
    Symmetric,
    /// Rises and falls count apart.
    Asymmetric,
    /// As the quantile of a GARCH(1,1) of mean zero would.
    IndirectGarch,
}

/// What is least at the fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// The pinball loss of value at risk; the shortfall multiple follows.
    Pinball,
    /// The joint score of value at risk and expected shortfall.
    Joint,
}

/// A conditional autoregressive value at risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caviar {
    /// How value at risk follows from the past.
    pub form: Form,
    /// What is least at the fit.
    pub criterion: Criterion,
}

/// `b0 .. b3` in the unit of the returns; the last is zero where the form has three.
pub type Coefficients = [f64; 4];

/// A fitted recursion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CaviarFit {
    /// Coefficients.
    pub coefficients: Coefficients,
    /// Expected shortfall over value at risk, at least 1.
    pub multiple: f64,
    /// The criterion at the fit, in the unit of the returns.
    pub criterion: f64,
    /// Mean pinball loss at the fit, in the unit of the returns.
    pub pinball: f64,
    /// Losses of the sample strictly beyond their value at risk.
    pub breaches: usize,
    /// How the search ended: without derivatives, converged means that the simplices shrank to nothing at one point.
    pub status: Status,
}

/// Sums along a path.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    pinball: f64,
    logs: f64,
    beyond: f64,
    breaches: usize,
}

impl Form {
    fn count(self) -> usize {
        if self == Form::Asymmetric { 4 } else { 3 }
    }

    fn next(self, b: &Coefficients, v: f64, r: f64) -> f64 {
        match self {
            Form::Symmetric => b[0] + b[1] * v + b[2] * r.abs(),
            Form::Asymmetric => b[0] + b[1] * v + if r > 0.0 { b[2] * r } else { -b[3] * r },
            Form::IndirectGarch => (b[0] + b[1] * v * v + b[2] * r * r).sqrt(),
        }
    }

    /// Coefficients of returns that are `unit` times larger.
    fn times(self, mut b: Coefficients, unit: f64) -> Coefficients {
        b[0] *= if self == Form::IndirectGarch { unit * unit } else { unit };
        b
    }

    /// A random point whose long-run value at risk is `level` for returns of this mean size and mean square.
    fn draw(self, level: f64, (size, square): (f64, f64), uniform: [f64; 3]) -> Vec<f64> {
        // Most memories that matter lie near 1.
        let room = uniform[0] * uniform[0];
        let (long_run, news) = match self {
            Form::IndirectGarch => (level * level, level * level / square),
            Form::Symmetric | Form::Asymmetric => (level, level / size),
        };
        let (constant, weight) = (room * long_run * (1.0 - uniform[1]), room * news * uniform[1]);
        match self {
            Form::Asymmetric => {
                let falls = 2.0 * weight * uniform[2];
                vec![constant, 1.0 - room, 2.0 * weight - falls, falls]
            }
            Form::Symmetric | Form::IndirectGarch => vec![constant, 1.0 - room, weight],
        }
    }
}

impl Caviar {
    /// The coefficients that make the criterion least, from random points and from earlier coefficients where they are given.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] for fewer than 50 returns or too few for one in the tail, [`RiskError::Stats`] for returns that are not
    /// finite, [`RiskError::Parameter`] for returns that do not vary or gain even in the tail. A search that fails is no error:
    /// [`CaviarFit::status`] says so.
    pub fn fit(
        &self,
        returns: &[f64],
        level: Level,
        options: &SearchOptions,
        warm: Option<&Coefficients>,
    ) -> Result<CaviarFit, RiskError> {
        let needed = FEWEST.max(one_in_the_tail(level));
        let unit = unit(returns, needed, "a conditional autoregressive value at risk")?;
        let scaled: Vec<f64> = returns.iter().map(|r| r / unit).collect();
        let start = first(&scaled, level)?;
        let long_run = quantile(&scaled, level)?;
        if start <= 0.0 || long_run <= 0.0 {
            let found = format!("{} at level {level}", unit * start.min(long_run));
            return Err(parameter("value at risk of the returns", found, "above zero"));
        }
        let known = warm.map(|b| self.form.times(*b, 1.0 / unit)[..self.form.count()].to_vec());
        let mut value = |x: &[f64]| self.value(&scaled, start, level.tail(), &padded(x));
        let drawn = self.draws(&scaled, long_run, options);
        let least = least_of(known, drawn, options.polished, STEP, &mut value);
        let b = padded(&least.at);
        let sums = self.sums(&scaled, start, level.tail(), &b).unwrap_or_default();
        let n = scaled.len() as f64;
        let edges = [
            (sums.breaches == 0, Edge::NoBreach),
            (b[1] < EDGE, Edge::NoMemory),
            (b[1] > 1.0 - EDGE, Edge::UnitPersistence),
            (b[2] + b[3] < EDGE, Edge::NoNews),
        ];
        Ok(CaviarFit {
            coefficients: self.form.times(b, unit),
            multiple: 1.0 + sums.beyond / (n * level.tail()),
            criterion: match self.criterion {
                Criterion::Pinball => unit * least.value,
                Criterion::Joint => least.value + libm::log(unit),
            },
            pinball: unit * sums.pinball / n,
            breaches: sums.breaches,
            status: Status::of_search(least.value, least.converged, Edge::first(&edges)),
        })
    }

    /// Value at risk of each return as known before it, and one more: the forecast after the last.
    ///
    /// # Errors
    /// [`RiskError::ShortSeries`] without returns, [`RiskError::Stats`] for returns or coefficients that are not finite,
    /// [`RiskError::Parameter`] for coefficients under which an indirect GARCH has no root.
    pub fn path(
        &self,
        returns: &[f64],
        level: Level,
        b: &Coefficients,
    ) -> Result<Vec<f64>, RiskError> {
        finite(returns.iter().chain(b))?;
        let mut v = first(returns, level)?;
        let mut path = Vec::with_capacity(returns.len() + 1);
        path.push(v);
        for &r in returns {
            v = self.form.next(b, v, r);
            path.push(v);
        }
        if path.iter().any(|v| !v.is_finite()) {
            return Err(parameter("caviar", format!("{b:?}"), "coefficients with a finite path"));
        }
        Ok(path)
    }

    /// Value at risk and expected shortfall of the return after the last. Where coefficients of another sample forecast a value at risk
    /// below zero, the shortfall is as far above it as the multiple says of its size.
    ///
    /// # Errors
    /// As [`Caviar::path`].
    pub fn forecast(
        &self,
        returns: &[f64],
        level: Level,
        (b, multiple): (&Coefficients, f64),
    ) -> Result<VarEs, RiskError> {
        let path = self.path(returns, level, b)?;
        let var = path[returns.len()];
        Ok(VarEs { var, es: var + (multiple - 1.0) * var.abs() })
    }

    /// The criterion, infinite where value at risk is not above zero throughout.
    fn value(&self, returns: &[f64], start: f64, tail: f64, b: &Coefficients) -> f64 {
        let n = returns.len() as f64;
        if !(0.0..=1.0).contains(&b[1]) || b[2] + b[3] < 0.0 {
            return f64::INFINITY;
        }
        self.sums(returns, start, tail, b).map_or(f64::INFINITY, |sums| match self.criterion {
            Criterion::Pinball => sums.pinball / n,
            Criterion::Joint => sums.logs / n + libm::log1p(sums.beyond / (n * tail)),
        })
    }

    fn sums(&self, returns: &[f64], start: f64, tail: f64, b: &Coefficients) -> Option<Sums> {
        let joint = self.criterion == Criterion::Joint;
        let (mut v, mut sums) = (start, Sums::default());
        for &r in returns {
            let above = -r - v;
            sums.pinball -= tail * above;
            if above > 0.0 {
                sums.pinball += above;
                sums.beyond += above / v;
                sums.breaches += 1;
            }
            if joint {
                sums.logs += libm::log(v);
            }
            v = self.form.next(b, v, r);
            if v.is_nan() || v <= 0.0 {
                return None;
            }
        }
        v.is_finite().then_some(sums)
    }

    fn draws(
        &self,
        returns: &[f64],
        long_run: f64,
        options: &SearchOptions,
    ) -> impl Iterator<Item = Vec<f64>> + use<> {
        let n = returns.len() as f64;
        let size = returns.iter().map(|r| r.abs()).sum::<f64>() / n;
        let square = returns.iter().map(|r| r * r).sum::<f64>() / n;
        let (form, draws) = (self.form, options.draws);
        let mut stream = Streams::new(options.seed, "caviar", 0).path(0);
        (0..draws).map(move |_| {
            let uniform = [stream.uniform(), stream.uniform(), stream.uniform()];
            form.draw(long_run, (size, square), uniform)
        })
    }
}

fn padded(x: &[f64]) -> Coefficients {
    let mut b = [0.0; 4];
    b.iter_mut().zip(x).for_each(|(b, x)| *b = *x);
    b
}

/// The value at risk that the recursion starts from.
fn first(returns: &[f64], level: Level) -> Result<f64, RiskError> {
    quantile(&returns[..returns.len().min(FIRST)], level)
}

fn quantile(returns: &[f64], level: Level) -> Result<f64, RiskError> {
    let losses: Vec<f64> = returns.iter().map(|r| -r).collect();
    Ok(QuantileRule::HsCeil.var(&losses, level, Side::Loss, &mut Vec::new())?)
}
