//! How likely is a return whose tails are fat and of unequal weight? Hansen's skewed Student t law with mean 0 and variance 1.
//!
//! ```text
//! f(z) = b c (1 + y^2 / (eta - 2))^(-(eta + 1)/2),   y = (b z + a) / (1 - lambda)   for b z + a < 0
//!                                                    y = (b z + a) / (1 + lambda)   otherwise
//! a = 4 lambda c (eta - 2)/(eta - 1),   b^2 = 1 + 3 lambda^2 - a^2
//! c = Gamma((eta + 1)/2) / (sqrt(pi (eta - 2)) Gamma(eta/2))
//! F(z) = (1 - lambda) T(y s)               below,   T the Student t distribution function, s = sqrt(eta / (eta - 2))
//! 1 - F(z) = (1 + lambda) T(-y s)          above
//! ```
//!
//! `eta` > 2 are the degrees of freedom; `lambda` in (-1, 1) is the asymmetry, below zero for a heavier lower tail; 0 gives the
//! Student t law of variance 1. Source: Hansen (1994), "Autoregressive conditional density estimation", International Economic
//! Review 35(3), 705-730, eq. 10 to 13.

use crate::error::StatsError;
use crate::special::{ln_gamma, student_cdf, student_quantile, student_unit_scale};

/// Hansen's law with its constants worked out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkewT {
    freedom: f64,
    asymmetry: f64,
    /// Location `a` of the mode, in units of `1 / b`.
    shift: f64,
    /// Scale `b`.
    scale: f64,
    /// `sqrt((eta - 2) / eta)`.
    unit: f64,
    /// Constant `c` of the density.
    peak: f64,
}

impl SkewT {
    /// The law with `freedom` degrees of freedom and this asymmetry.
    ///
    /// # Errors
    /// [`StatsError::Domain`] unless `freedom > 2` and `-1 < asymmetry < 1`.
    pub fn new(freedom: f64, asymmetry: f64) -> Result<Self, StatsError> {
        let unit = student_unit_scale(freedom)?;
        if !(asymmetry > -1.0 && asymmetry < 1.0) {
            return Err(StatsError::Domain {
                function: "the skewed Student t law",
                argument: "the asymmetry",
                found: asymmetry,
                expected: "strictly between -1 and 1",
            });
        }
        let peak = student_unit_peak(freedom);
        let shift = 4.0 * asymmetry * peak * (freedom - 2.0) / (freedom - 1.0);
        let scale = (1.0 + 3.0 * asymmetry * asymmetry - shift * shift).sqrt();
        Ok(SkewT { freedom, asymmetry, shift, scale, unit, peak })
    }

    /// Probability of a value of at most `z`, relatively accurate in the lower tail.
    ///
    /// # Errors
    /// None for a law that exists; the signature follows [`student_cdf`].
    pub fn cdf(&self, z: f64) -> Result<f64, StatsError> {
        let centred = self.scale * z + self.shift;
        if centred < 0.0 {
            let below = 1.0 - self.asymmetry;
            return Ok(below * student_cdf(centred / below / self.unit, self.freedom)?);
        }
        Ok(1.0 - self.upper(centred)?)
    }

    /// Probability of a value above `z`, relatively accurate in the upper tail.
    ///
    /// # Errors
    /// As [`SkewT::cdf`].
    pub fn sf(&self, z: f64) -> Result<f64, StatsError> {
        let centred = self.scale * z + self.shift;
        if centred < 0.0 { Ok(1.0 - self.cdf(z)?) } else { self.upper(centred) }
    }

    /// The value below which a share `p` of the law lies.
    ///
    /// # Errors
    /// [`StatsError::Domain`] unless `0 < p < 1`.
    pub fn quantile(&self, p: f64) -> Result<f64, StatsError> {
        let (below, above) = (1.0 - self.asymmetry, 1.0 + self.asymmetry);
        let centred = if p < 0.5 * below {
            below * self.unit * student_quantile(p / below, self.freedom)?
        } else {
            // By the upper tail, which keeps its digits.
            -above * self.unit * student_quantile((1.0 - p) / above, self.freedom)?
        };
        Ok((centred - self.shift) / self.scale)
    }

    /// Logarithm of the density.
    #[must_use]
    pub fn ln_pdf(&self, z: f64) -> f64 {
        let centred = self.scale * z + self.shift;
        let side = if centred < 0.0 { 1.0 - self.asymmetry } else { 1.0 + self.asymmetry };
        let square = (centred / side) * (centred / side) / (self.freedom - 2.0);
        libm::log(self.scale * self.peak) - 0.5 * (self.freedom + 1.0) * libm::log1p(square)
    }

    fn upper(&self, centred: f64) -> Result<f64, StatsError> {
        let above = 1.0 + self.asymmetry;
        Ok(above * student_cdf(-centred / above / self.unit, self.freedom)?)
    }
}

/// Density at zero of the Student t law of variance 1: the `c` of the module's header. `freedom` must be above 2.
#[must_use]
pub fn student_unit_peak(freedom: f64) -> f64 {
    let ratio = ln_gamma(0.5 * (freedom + 1.0)) - ln_gamma(0.5 * freedom);
    libm::exp(ratio) / (std::f64::consts::PI * (freedom - 2.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::special::student_unit_quantile;

    #[test]
    fn without_asymmetry_it_is_the_student_law() {
        let law = SkewT::new(5.0, 0.0).unwrap();
        for p in [0.001, 0.01, 0.3, 0.7, 0.99] {
            let (ours, theirs) = (law.quantile(p).unwrap(), student_unit_quantile(p, 5.0).unwrap());
            assert!((ours / theirs - 1.0).abs() < 1e-13, "{p}: {ours} {theirs}");
        }
    }

    #[test]
    fn the_density_is_the_slope_of_the_distribution() {
        // By hand, the t of variance 1 at zero with five degrees: 8 / (3 pi sqrt 3).
        let expected = 8.0 / (3.0 * std::f64::consts::PI * 3_f64.sqrt());
        let middle = libm::exp(SkewT::new(5.0, 0.0).unwrap().ln_pdf(0.0));
        assert!((middle - expected).abs() < 1e-14, "{middle}");
        let law = SkewT::new(4.0, -0.4).unwrap();
        for z in [-5.0, -1.0, 0.3, 2.0] {
            let step = 1e-4;
            let slope = (law.cdf(z + step).unwrap() - law.cdf(z - step).unwrap()) / (2.0 * step);
            assert!((libm::exp(law.ln_pdf(z)) / slope - 1.0).abs() < 1e-6, "{z}: {slope}");
        }
    }

    #[test]
    fn its_mirror_image_has_the_other_asymmetry() {
        let (left, right) = (SkewT::new(4.0, -0.4).unwrap(), SkewT::new(4.0, 0.4).unwrap());
        for z in [-8.0, -1.0, -0.2, 0.0, 0.3, 2.0, 9.0] {
            assert!((left.cdf(z).unwrap() / right.sf(-z).unwrap() - 1.0).abs() < 1e-13, "{z}");
        }
    }

    #[test]
    fn the_quantile_inverts_the_distribution() {
        let law = SkewT::new(2.5, 0.6).unwrap();
        for p in [1e-12, 1e-4, 0.05, 0.199, 0.2, 0.201, 0.5, 0.9, 0.999] {
            let back = law.cdf(law.quantile(p).unwrap()).unwrap();
            assert!((back / p - 1.0).abs() < 1e-11, "{p}: {back}");
        }
    }

    #[test]
    fn what_is_no_law_is_refused() {
        assert!(SkewT::new(2.0, 0.0).is_err());
        assert!(SkewT::new(5.0, 1.0).is_err());
        assert!(SkewT::new(5.0, f64::NAN).is_err());
        assert!(SkewT::new(5.0, 0.1).unwrap().quantile(1.0).is_err());
    }
}
