//! The tail that a test of expected shortfall draws from: losses of scale 1 with known value at risk and expected shortfall.
//!
//! ```text
//! normal:     VaR = z_a,        ES = phi(z_a) / p
//! Student t:  VaR = t_a(nu),    ES = f(t_a) / p (nu + t_a^2) / (nu - 1)
//! ```
//!
//! Only ratios of losses, value at risk and expected shortfall enter, so the scale does not matter. The tail **implied** by forecasts
//! is the one whose ES / VaR is the mean ratio that was forecast. Source: McNeil, Frey and Embrechts (2015), "Quantitative Risk
//! Management", examples 2.14 and 2.15.

use mpor_core::Level;
use mpor_stats::random::Stream;
use mpor_stats::special::{normal_pdf, normal_quantile, student_quantile};

use crate::coverage::{CoverageError, Forecasts};

/// A law of losses with scale 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TailLaw {
    /// Standard normal.
    Normal,
    /// Student t with these degrees of freedom, above 1 (below, expected shortfall is infinite).
    Student(f64),
}

/// Degrees of freedom that an implied tail may have; above the last it is normal.
const FREEDOM: (f64, f64) = (1.5, 200.0);

impl TailLaw {
    /// The loss that is exceeded with this probability.
    ///
    /// # Errors
    /// [`CoverageError::Stats`] unless the probability is inside (0, 1) and the degrees of freedom above zero.
    pub fn loss(self, depth: f64) -> Result<f64, CoverageError> {
        Ok(match self {
            TailLaw::Normal => -normal_quantile(depth)?,
            TailLaw::Student(freedom) => -student_quantile(depth, freedom)?,
        })
    }

    /// Value at risk and expected shortfall at a level.
    ///
    /// # Errors
    /// [`CoverageError`] for degrees of freedom not above 1.
    pub fn var_es(self, level: Level) -> Result<(f64, f64), CoverageError> {
        let tail = level.tail();
        let var = self.loss(tail)?;
        let es = match self {
            TailLaw::Normal => normal_pdf(var) / tail,
            TailLaw::Student(freedom) if freedom > 1.0 => {
                student_density(var, freedom) / tail * (freedom + var * var) / (freedom - 1.0)
            }
            TailLaw::Student(freedom) => {
                return Err(CoverageError::Setting {
                    test: "expected shortfall of a Student t law",
                    what: "the degrees of freedom",
                    found: freedom,
                    expected: "above 1, below which it is infinite",
                });
            }
        };
        Ok((var, es))
    }

    /// The law whose ratio of expected shortfall to value at risk is the mean ratio of the forecasts.
    ///
    /// # Errors
    /// [`CoverageError`] without expected shortfall above value at risk above zero on some period.
    pub fn implied(forecasts: &Forecasts<'_>) -> Result<Self, CoverageError> {
        const ID: &str = "the tail implied by forecasts";
        let es = forecasts.positive_es(ID)?;
        let ratios = es.iter().zip(forecasts.var()).filter(|(_, var)| **var > 0.0);
        let (sum, count) = ratios.fold((0.0, 0.0), |(sum, n), (es, var)| (sum + es / var, n + 1.0));
        if sum <= count {
            let reason = "expected shortfall is not above value at risk above zero";
            return Err(CoverageError::NotDefined { test: ID, reason });
        }
        let ratio_of = |freedom| -> Result<f64, CoverageError> {
            let (var, es) = TailLaw::Student(freedom).var_es(forecasts.level())?;
            Ok(es / var)
        };
        let (mut low, mut high) = FREEDOM;
        if sum / count <= ratio_of(high)? {
            return Ok(TailLaw::Normal);
        }
        // The ratio falls in the degrees of freedom; four digits of them are plenty.
        for _ in 0..24 {
            let middle = 0.5 * (low + high);
            if ratio_of(middle)? > sum / count { low = middle } else { high = middle }
        }
        Ok(TailLaw::Student(0.5 * (low + high)))
    }

    /// The hits of `n` independent losses at a level, as losses: how many there are is part of the draw.
    ///
    /// # Errors
    /// As [`loss`](Self::loss).
    pub fn draw_hits(
        self,
        stream: &mut Stream,
        n: usize,
        level: Level,
    ) -> Result<Vec<f64>, CoverageError> {
        let (tail, miss) = (level.tail(), libm::log1p(-level.tail()));
        let (mut at, mut hits) = (0.0, Vec::new());
        loop {
            // Periods until the next hit are geometric: no draw is spent on the periods between.
            at += (libm::log(1.0 - stream.uniform()) / miss).floor() + 1.0;
            if at > n as f64 {
                return Ok(hits);
            }
            hits.push(self.loss(tail * (1.0 - stream.uniform()))?);
        }
    }
}

fn student_density(x: f64, freedom: f64) -> f64 {
    let half = 0.5 * (freedom + 1.0);
    let log_constant = libm::lgamma(half)
        - libm::lgamma(0.5 * freedom)
        - 0.5 * libm::log(freedom * std::f64::consts::PI);
    libm::exp(log_constant - half * libm::log1p(x * x / freedom))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_stats::random::Streams;

    /// SciPy 1.17.1: `norm.pdf(norm.ppf(.975))/.025`; `t.pdf(t.ppf(.975,5),5)/.025*(5+t.ppf(.975,5)**2)/4`.
    #[test]
    fn shortfalls_of_two_laws() {
        let level = Level::new(0.975).unwrap();
        let (var, es) = TailLaw::Normal.var_es(level).unwrap();
        assert!((var - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((es - 2.337_802_792_201_413).abs() < 1e-12);
        let (_, es) = TailLaw::Student(5.0).var_es(level).unwrap();
        assert!((es - 3.521_577_331_739_429).abs() < 1e-12, "{es}");
        assert!(TailLaw::Student(1.0).var_es(level).is_err());
    }

    #[test]
    fn the_implied_tail_is_the_one_that_was_forecast() {
        let level = Level::new(0.975).unwrap();
        let (var, es) = TailLaw::Student(4.0).var_es(level).unwrap();
        let (loss, var, es) = ([0.0; 3], [var, 2.0 * var, var], [es, 2.0 * es, es]);
        let forecasts = Forecasts::new(&loss, &var, level).unwrap().with_shortfall(&es).unwrap();
        let TailLaw::Student(freedom) = TailLaw::implied(&forecasts).unwrap() else {
            unreachable!("a heavy tail is not normal")
        };
        assert!((freedom - 4.0).abs() < 1e-3);
    }

    #[test]
    fn hits_are_as_many_and_as_large_as_promised() {
        let (mut count, mut sum) = (0, 0.0);
        for path in 0..2000 {
            let mut stream = Streams::new(9, "hits", 0).path(path);
            let hits = TailLaw::Normal.draw_hits(&mut stream, 250, Level::P99).unwrap();
            count += hits.len();
            sum += hits.iter().sum::<f64>();
        }
        // 5,000 expected with deviation 70; mean 2.6652 with deviation 0.31 / sqrt(5000).
        assert!(count.abs_diff(5000) < 280, "{count}");
        assert!((sum / count as f64 - 2.665_214).abs() < 0.02);
    }
}
