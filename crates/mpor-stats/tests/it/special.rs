//! `tests/reference/special_functions.csv`: values of mpmath to 20 digits (closed forms).

use mpor_stats::special::{
    beta_quantile, binomial_cdf, binomial_sf, chi_square_sf, clopper_pearson, normal_cdf,
    normal_pdf, normal_quantile, student_cdf, student_quantile, student_unit_quantile,
};

const REFERENCE: &str = include_str!("../../../../tests/reference/special_functions.csv");

fn ours(function: &str, first: f64, second: f64) -> f64 {
    match function {
        "norm_pdf" => normal_pdf(first),
        "norm_cdf" => normal_cdf(first),
        "norm_ppf" => normal_quantile(first).unwrap(),
        "chi2_sf" => chi_square_sf(first, second).unwrap(),
        "t_cdf" => student_cdf(first, second).unwrap(),
        "t_ppf" => student_quantile(first, second).unwrap(),
        other => panic!("no function {other}"),
    }
}

/// Relative tolerance: our own normal law is held tighter than what `statrs` computes.
fn tolerance(function: &str) -> f64 {
    match function {
        "norm_pdf" | "norm_cdf" => 1e-15,
        "norm_ppf" => 1e-14,
        _ => 1e-12,
    }
}

#[test]
fn every_reference_value_is_met() {
    let mut rows = 0;
    for line in REFERENCE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        let (first, second, expected) = (number(fields[1]), number(fields[2]), number(fields[3]));
        let found = ours(fields[0], first, second);
        let error = (found - expected).abs();
        // The smallest normal number has no relative accuracy below it.
        let allowed = tolerance(fields[0]) * expected.abs();
        assert!(error <= allowed.max(1e-320), "{line}: {found}, off by {:e}", error / expected);
        rows += 1;
    }
    assert!(rows > 300);
}

#[test]
fn the_normal_law_is_symmetric() {
    for step in 0..400 {
        let x = f64::from(step) * 0.02;
        assert!((normal_cdf(x) + normal_cdf(-x) - 1.0).abs() < 3e-16, "{x}");
    }
    assert_eq!(normal_cdf(f64::INFINITY), 1.0);
    assert_eq!(normal_cdf(f64::NEG_INFINITY), 0.0);
    assert_eq!(normal_pdf(f64::INFINITY), 0.0);
    assert_eq!(normal_pdf(1e200), 0.0);
}

#[test]
fn the_normal_quantile_inverts_the_distribution() {
    for step in 1..400 {
        let p = f64::from(step) / 400.0;
        assert!((normal_cdf(normal_quantile(p).unwrap()) - p).abs() < 1e-15);
    }
}

#[test]
fn binomial_sums_by_hand() {
    // Closed form: 1 - 0.99^250 and its complement; ten fair coins, P(X <= 5) = 638 / 1024.
    let none = 0.99_f64.powi(250);
    assert!((binomial_cdf(0, 250, 0.01).unwrap() / none - 1.0).abs() < 1e-12);
    assert!((binomial_sf(0, 250, 0.01).unwrap() / (1.0 - none) - 1.0).abs() < 1e-12);
    assert!((binomial_cdf(5, 10, 0.5).unwrap() - 638.0 / 1024.0).abs() < 1e-14);
    assert_eq!(binomial_cdf(10, 10, 0.5).unwrap(), 1.0);
    assert_eq!(binomial_sf(3, 10, 0.0).unwrap(), 0.0);
}

#[test]
fn beta_quantiles_of_closed_forms() {
    // Beta(1, b): 1 - (1 - p)^(1/b); Beta(a, 1): p^(1/a).
    for p in [1e-12, 0.025, 0.5, 0.975] {
        let found = beta_quantile(p, 1.0, 250.0).unwrap();
        let expected = -(((-p).ln_1p()) / 250.0).exp_m1();
        assert!((found / expected - 1.0).abs() < 1e-10, "{p}: {found} {expected}");
        let found = beta_quantile(p, 7.0, 1.0).unwrap();
        assert!((found / p.powf(1.0 / 7.0) - 1.0).abs() < 1e-12, "{p}");
    }
    assert_eq!(beta_quantile(0.0, 2.0, 3.0).unwrap(), 0.0);
    assert_eq!(beta_quantile(1.0, 2.0, 3.0).unwrap(), 1.0);
}

#[test]
fn clopper_pearson_meets_its_closed_forms() {
    // No success in n: high = 1 - (alpha/2)^(1/n). By the definition the bounds put alpha/2 in each tail.
    let (low, high) = clopper_pearson(0, 250, 0.95).unwrap();
    assert_eq!(low, 0.0);
    assert!((high - (1.0 - 0.025_f64.powf(1.0 / 250.0))).abs() < 1e-13);
    let (low, high) = clopper_pearson(7, 250, 0.95).unwrap();
    assert!((binomial_sf(6, 250, low).unwrap() - 0.025).abs() < 1e-12);
    assert!((binomial_cdf(7, 250, high).unwrap() - 0.025).abs() < 1e-12);
    assert_eq!(clopper_pearson(5, 5, 0.9).unwrap().1, 1.0);
    assert!(clopper_pearson(3, 2, 0.95).is_err());
    assert!(clopper_pearson(0, 0, 0.95).is_err());
}

#[test]
fn the_scaled_student_has_variance_one() {
    // Closed form: four degrees of freedom scale by sqrt(1/2).
    let (plain, unit) = (student_quantile(0.01, 4.0), student_unit_quantile(0.01, 4.0));
    assert!((unit.unwrap() / plain.unwrap() - 0.5_f64.sqrt()).abs() < 1e-15);
    assert!(student_unit_quantile(0.01, 2.0).is_err());
}

#[test]
fn outside_their_domain_functions_refuse() {
    for p in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(normal_quantile(p).is_err());
        assert!(student_quantile(p, 5.0).is_err());
    }
    assert!(chi_square_sf(1.0, 0.0).is_err());
    assert!(chi_square_sf(f64::NAN, 1.0).is_err());
    assert!(binomial_cdf(1, 2, 1.5).is_err());
    assert!(beta_quantile(0.5, 0.0, 1.0).is_err());
    let text = normal_quantile(1.0).unwrap_err().to_string();
    assert_eq!(
        text,
        "the probability of the normal quantile is 1, and must be strictly between 0 and 1"
    );
}
