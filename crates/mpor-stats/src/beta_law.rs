//! The beta distribution function, through the regularised incomplete beta function of `statrs`.

use statrs::function::beta;

use crate::error::StatsError;

/// `P(X <= x)` of a beta variable with shapes `a` and `b`; 0 below 0 and 1 above 1.
///
/// # Errors
/// [`StatsError::Domain`] unless both shapes are finite and above zero and `x` is a number.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> Result<f64, StatsError> {
    let refuse = |argument, found, expected| {
        Err(StatsError::Domain { function: "the beta law", argument, found, expected })
    };
    for (argument, shape) in [("the first shape", a), ("the second shape", b)] {
        if !(shape > 0.0 && shape.is_finite()) {
            return refuse(argument, shape, "finite and above zero");
        }
    }
    if x.is_nan() {
        return refuse("x", x, "a number");
    }
    Ok(match x {
        x if x <= 0.0 => 0.0,
        x if x >= 1.0 => 1.0,
        x => beta::beta_reg(a, b, x),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        // Shapes 1 and b: 1 - (1 - x)^b; shapes 2 and 2: 3 x^2 - 2 x^3.
        for x in [0.01, 0.3, 0.9] {
            assert!((beta_cdf(x, 1.0, 3.0).unwrap() - (1.0 - (1.0_f64 - x).powi(3))).abs() < 1e-14);
            assert!((beta_cdf(x, 2.0, 2.0).unwrap() - x * x * (3.0 - 2.0 * x)).abs() < 1e-14);
        }
        assert_eq!(
            (beta_cdf(-1.0, 2.0, 2.0).unwrap(), beta_cdf(1.5, 2.0, 2.0).unwrap()),
            (0.0, 1.0)
        );
        assert!(beta_cdf(0.5, 0.0, 1.0).is_err());
        assert!(beta_cdf(f64::NAN, 1.0, 1.0).is_err());
    }
}
