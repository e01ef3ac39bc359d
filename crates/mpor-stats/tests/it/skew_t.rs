//! `tests/reference/hansen_skew_t.csv`: values of mpmath to 20 digits, from numerical quadrature and root finding.

use mpor_stats::SkewT;

const REFERENCE: &str = include_str!("../reference/hansen_skew_t.csv");

#[test]
fn every_reference_value_is_met() {
    let mut rows = 0;
    for line in REFERENCE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (freedom, asymmetry) = fields[2].split_once(';').unwrap();
        let law = SkewT::new(freedom.parse().unwrap(), asymmetry.parse().unwrap()).unwrap();
        let (first, expected): (f64, f64) =
            (fields[1].parse().unwrap(), fields[3].parse().unwrap());
        let found = match fields[0] {
            "hansen_skewt_cdf" => law.cdf(first).unwrap(),
            "hansen_skewt_ppf" => law.quantile(first).unwrap(),
            other => panic!("no function {other}"),
        };
        let error = (found - expected).abs();
        assert!(error <= 1e-12 * expected.abs(), "{line}: {found}, off by {:e}", error / expected);
        rows += 1;
    }
    assert_eq!(rows, 126);
}
