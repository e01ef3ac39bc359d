//! Hansen's skewed Student t: quantile and density of the law with mean zero and variance 1.
//!
//! ```text
//! c = Gamma((nu+1)/2) / (sqrt(pi (nu-2)) Gamma(nu/2)),   a = 4 lambda c (nu-2)/(nu-1),   b^2 = 1 + 3 lambda^2 - a^2
//! f(z) = b c (1 + ((b z + a) / (1 -+ lambda))^2 / (nu - 2))^(-(nu+1)/2),        - below -a/b, + above
//! ```
//!
//! Source: Hansen (1994), "Autoregressive conditional density estimation", International Economic Review 35(3),
//! 705-730, equations 10 to 13.

use mpor_stats::StatsError;
use mpor_stats::special::{student_quantile, student_unit_scale};

use crate::parametric::multiplier::gamma_ratio;

/// A law with so many degrees of freedom and this skewness parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SkewT {
    freedom: f64,
    skew: f64,
    a: f64,
    b: f64,
    c: f64,
}

impl SkewT {
    /// `freedom > 2`, `-1 < skew < 1`; other values give a law of NaN, which the caller refuses first.
    pub(super) fn new(freedom: f64, skew: f64) -> Self {
        let c = gamma_ratio(0.5 * freedom) / (std::f64::consts::PI * (freedom - 2.0)).sqrt();
        let a = 4.0 * skew * c * (freedom - 2.0) / (freedom - 1.0);
        let b = (1.0 + 3.0 * skew * skew - a * a).sqrt();
        SkewT { freedom, skew, a, b, c }
    }

    /// The value exceeded downwards with probability `p`: the lower tail, in which small `p` keep their digits.
    pub(super) fn lower(&self, p: f64) -> Result<f64, StatsError> {
        let scale = student_unit_scale(self.freedom)?;
        let split = 0.5 * (1.0 - self.skew);
        let z = if p < split {
            (1.0 - self.skew) * scale * student_quantile(p / (1.0 - self.skew), self.freedom)?
        } else {
            let upper = (1.0 - p) / (1.0 + self.skew);
            -(1.0 + self.skew) * scale * student_quantile(upper, self.freedom)?
        };
        Ok((z - self.a) / self.b)
    }

    pub(super) fn log_density(&self, z: f64) -> f64 {
        let y = self.b * z + self.a;
        let side = if y < 0.0 { 1.0 - self.skew } else { 1.0 + self.skew };
        let square = (y / side) * (y / side) / (self.freedom - 2.0);
        libm::log(self.b * self.c) - 0.5 * (self.freedom + 1.0) * libm::log1p(square)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath at 40 digits.
    #[test]
    fn quantiles_meet_their_reference() {
        let text = include_str!("../../../../tests/reference/hansen_skew_t.csv");
        let mut rows = 0;
        for line in text.lines().filter(|line| line.starts_with("hansen_skewt_ppf")) {
            let fields: Vec<&str> = line.split(',').collect();
            let (freedom, skew) = fields[2].split_once(';').unwrap();
            let law = SkewT::new(freedom.parse().unwrap(), skew.parse().unwrap());
            let expected: f64 = fields[3].parse().unwrap();
            let found = law.lower(fields[1].parse().unwrap()).unwrap();
            assert!((found - expected).abs() < 1e-11 * (1.0 + expected.abs()), "{line}: {found}");
            rows += 1;
        }
        assert_eq!(rows, 56);
    }

    #[test]
    fn without_skewness_the_two_tails_mirror_each_other() {
        let law = SkewT::new(5.0, 0.0);
        assert!((law.lower(0.01).unwrap() + law.lower(0.99).unwrap()).abs() < 1e-12);
        // The density of the t of variance 1 at zero with five degrees: 8 / (3 pi sqrt 3).
        let expected = 8.0 / (3.0 * std::f64::consts::PI * 3_f64.sqrt());
        assert!((libm::exp(law.log_density(0.0)) - expected).abs() < 1e-14);
    }
}
