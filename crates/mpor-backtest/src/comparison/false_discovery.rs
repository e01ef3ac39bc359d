//! Of many accounts that fail a test, how many may be false alarms?
//!
//! With the p-values in rising order `p_(1) <= ... <= p_(m)`, the adjusted ones
//!
//! ```text
//! q_(i) = min over j >= i of  c m p_(j) / j, at most 1;    c = 1 (Benjamini-Hochberg),  1 + 1/2 + ... + 1/m (Benjamini-Yekutieli)
//! ```
//!
//! bound the expected share of false alarms among all accounts with `q <= rate` by `rate`: under independence or positive dependence for the
//! first, whatever the dependence for the second, which accounts in one market call for. Source: Benjamini and Hochberg (1995), Journal
//! of the Royal Statistical Society B 57(1), 289-300; Benjamini and Yekutieli (2001), Annals of Statistics 29(4), 1165-1188.

use crate::coverage::CoverageError;

/// What is assumed about the p-values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// Independent or positively dependent.
    Positive,
    /// Anything.
    Any,
}

/// Adjusted p-values, in the order given.
///
/// # Errors
/// [`CoverageError::Value`] for a p-value outside [0, 1] or NaN.
pub fn adjusted(p_values: &[f64], dependence: Dependence) -> Result<Vec<f64>, CoverageError> {
    if let Some(at) = p_values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        let (value, expected) = (p_values[at], "a probability between 0 and 1");
        return Err(CoverageError::Value { what: "p-value", at: at + 1, value, expected });
    }
    let m = p_values.len() as f64;
    let cost = match dependence {
        Dependence::Positive => 1.0,
        Dependence::Any => (1..=p_values.len()).map(|rank| 1.0 / rank as f64).sum(),
    };
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]).then(a.cmp(&b)));
    let (mut adjusted, mut least) = (vec![1.0; p_values.len()], 1.0_f64);
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(cost * m * p_values[at] / (rank + 1) as f64);
        adjusted[at] = least;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R 4.2.2: `p.adjust(c(.01,.02,.03,.04,.05), "BH")` = .05 each, `"BY"` = .1141667 each; and by hand for the mixed case.
    #[test]
    fn adjusted_values_of_r() {
        let p = [0.01, 0.02, 0.03, 0.04, 0.05];
        for q in adjusted(&p, Dependence::Positive).unwrap() {
            assert!((q - 0.05).abs() < 1e-15);
        }
        for q in adjusted(&p, Dependence::Any).unwrap() {
            assert!((q - 0.05 * 137.0 / 60.0).abs() < 1e-15);
        }
        let mixed = adjusted(&[0.5, 0.001, 0.04], Dependence::Positive).unwrap();
        assert!((mixed[1] - 0.003).abs() < 1e-15 && (mixed[2] - 0.06).abs() < 1e-15);
        assert_eq!(mixed[0], 0.5);
    }

    #[test]
    fn none_is_none_and_nan_is_refused() {
        assert!(adjusted(&[], Dependence::Any).unwrap().is_empty());
        assert!(adjusted(&[f64::NAN], Dependence::Any).is_err());
        assert!(adjusted(&[1.5], Dependence::Any).is_err());
    }
}
