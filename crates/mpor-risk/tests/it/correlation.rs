//! Correlations against scikit-learn, scipy, Higham's examples and laws.

use mpor_risk::correlation::{
    Dcc, Rank, Stressed, Target, correlation_break, ewma_standardised, kendall, ledoit_wolf,
    nearest_correlation, rank_correlation, smallest_eigenvalue, spearman,
};
use mpor_risk::status::Status;
use mpor_stats::ewma::Decay;
use mpor_stats::random::Streams;
use ndarray::{Array2, array};
use proptest::prelude::*;

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected}");
}

/// Forty rows of three series, rebuilt in Python for the constants below.
fn sample() -> Array2<f64> {
    Array2::from_shape_fn((40, 3), |(i, j)| {
        let (x, y) = (i as f64, j as f64);
        (1.3 * x + 0.7 * y * y).sin()
            + 0.4 * (0.9 * x).cos() * (y + 1.0)
            + 0.05 * ((i * 7 + j * 11) % 13) as f64
    })
}

/// `sklearn.covariance.ledoit_wolf` 1.8, and the formulas of "Honey" in plain numpy loops.
#[test]
fn shrinkage_meets_its_references() {
    let identity = ledoit_wolf(sample().view(), Target::Identity).unwrap();
    close(identity.intensity, 0.15428138689424806, 1e-13);
    close(identity.covariance[[0, 1]], 0.5173621724678643, 1e-13);
    close(identity.covariance[[2, 2]], 1.056922896356323, 1e-13);
    let constant = ledoit_wolf(sample().view(), Target::ConstantCorrelation).unwrap();
    close(constant.intensity, 0.10595313760675454, 1e-13);
    close(constant.covariance[[0, 1]], 0.5697352181318419, 1e-13);
    close(constant.covariance[[2, 0]], -0.14930523770051612, 1e-13);
    let fixed = Array2::from_elem((30, 2), 1.0);
    assert!(ledoit_wolf(fixed.view(), Target::ConstantCorrelation).is_err());
    assert!(ledoit_wolf(sample().slice(ndarray::s![..1, ..]), Target::Identity).is_err());
}

/// `scipy.stats.spearmanr` and `kendalltau` 1.17.
#[test]
fn rank_correlations_meet_scipy() {
    let rho = rank_correlation(sample().view(), Rank::Spearman).unwrap();
    let tau = rank_correlation(sample().view(), Rank::Kendall).unwrap();
    for ((i, j), spearman, kendall) in [
        ((0, 1), 0.7632270168855536, 0.5794871794871795),
        ((0, 2), -0.21163227016885558, -0.16410256410256413),
        ((1, 2), 0.21350844277673547, 0.13846153846153847),
    ] {
        close(rho[[j, i]], spearman, 1e-14);
        close(tau[[i, j]], kendall, 1e-14);
    }
    let a: Vec<f64> = (0..25).map(|i| f64::from(i * 7 % 5)).collect();
    let b: Vec<f64> =
        (0..25).map(|i| (f64::from(i * 3 % 4) + a[i as usize] / 3.0).floor()).collect();
    close(spearman(&a, &b).unwrap(), 0.4075198719969936, 1e-14);
    close(kendall(&a, &b).unwrap(), 0.3340683459279513, 1e-14);
    // By hand: 2 sin(pi/12) at rho = 1/2 and sin(pi/6) at tau = 1/3 are about 0.5176 and 1/2.
    let copula = rank_correlation(sample().view(), Rank::EllipticalCopula).unwrap();
    close(copula[[0, 1]], (0.5794871794871795 * std::f64::consts::FRAC_PI_2).sin(), 1e-14);
    assert!(spearman(&[1.0, 1.0], &[1.0, 2.0]).is_err());
    assert!(kendall(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
    assert!(kendall(&[1.0], &[1.0, 2.0]).is_err());
}

/// Higham (2002), section 5: both examples, entries as printed with four decimals.
#[test]
fn nearest_correlations_of_higham() {
    let three = array![[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]];
    let nearest = nearest_correlation(three.view(), 0.0).unwrap();
    close(nearest.matrix[[0, 1]], 0.7607, 5e-5);
    close(nearest.matrix[[0, 2]], 0.1573, 5e-5);
    close(nearest.distance, 0.5278, 5e-5);
    let four = array![
        [2.0, -1.0, 0.0, 0.0],
        [-1.0, 2.0, -1.0, 0.0],
        [0.0, -1.0, 2.0, -1.0],
        [0.0, 0.0, -1.0, 2.0]
    ];
    let nearest = nearest_correlation(four.view(), 0.0).unwrap();
    for ((i, j), expected) in
        [((0, 1), -0.8084), ((0, 2), 0.1916), ((0, 3), 0.1068), ((1, 2), -0.6562)]
    {
        close(nearest.matrix[[i, j]], expected, 5e-5);
    }
    let floored = nearest_correlation(three.view(), 0.05).unwrap();
    assert!(smallest_eigenvalue(floored.matrix.view()).unwrap() > 0.05 - 1e-9);
    // What is valid stays, bit for bit.
    let valid = array![[1.0, 0.3], [0.3, 1.0]];
    assert_eq!(nearest_correlation(valid.view(), 0.0).unwrap().matrix, valid);
    assert!(nearest_correlation(array![[1.0, 0.2], [0.3, 1.0]].view(), 0.0).is_err());
    assert!(nearest_correlation(array![[1.0, f64::NAN], [f64::NAN, 1.0]].view(), 0.0).is_err());
}

#[test]
fn breaks_move_correlations_and_repair_what_cannot_be() {
    let today = array![[1.0, 0.8, 0.6], [0.8, 1.0, 0.7], [0.6, 0.7, 1.0]];
    let one = correlation_break(today.view(), &Stressed::All(1.0), 0.5).unwrap();
    close(one.matrix[[0, 2]], 0.8, 1e-15);
    assert_eq!(one.repaired, 0.0);
    // Three at -1 cannot be; the nearest has -1/2 everywhere, by symmetry and its eigenvalue 1 + 2 r = 0.
    let against = correlation_break(today.view(), &Stressed::All(-1.0), 1.0).unwrap();
    for entry in [against.matrix[[0, 1]], against.matrix[[0, 2]], against.matrix[[1, 2]]] {
        close(entry, -0.5, 1e-9);
    }
    close(against.repaired, 1.5_f64.sqrt(), 1e-9);
    let pair = Stressed::Among { factors: vec![0, 1], correlation: 0.0 };
    let kept = correlation_break(today.view(), &pair, 1.0).unwrap();
    assert_eq!((kept.matrix[[0, 1]], kept.matrix[[0, 2]], kept.matrix[[1, 2]]), (0.0, 0.6, 0.7));
    let same = correlation_break(today.view(), &Stressed::Matrix(Array2::eye(3)), 0.0).unwrap();
    assert_eq!(same.matrix, today);
    for (towards, strength) in [
        (Stressed::All(1.5), 1.0),
        (Stressed::All(1.0), 1.5),
        (Stressed::Matrix(Array2::eye(2)), 1.0),
        (Stressed::Among { factors: vec![3], correlation: 0.0 }, 1.0),
    ] {
        assert!(correlation_break(today.view(), &towards, strength).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn what_comes_out_is_a_correlation_matrix(entries in prop::collection::vec(-1.0..1.0_f64, 10), strength in 0.0..1.0_f64) {
        let mut matrix = Array2::eye(5);
        let mut next = entries.iter();
        for i in 0..5 {
            for j in 0..i {
                matrix[[i, j]] = *next.next().unwrap();
                matrix[[j, i]] = matrix[[i, j]];
            }
        }
        let nearest = nearest_correlation(matrix.view(), 0.0).unwrap();
        prop_assert!(smallest_eigenvalue(nearest.matrix.view()).unwrap() > -1e-12);
        prop_assert!(nearest.matrix.diag().iter().all(|entry| *entry == 1.0));
        // No valid matrix is nearer: the identity and all mixtures with it are farther.
        for w in [0.01, 0.1, 1.0] {
            let other = &nearest.matrix * (1.0 - w) + Array2::<f64>::eye(5) * w;
            let distance = (&other - &matrix).iter().map(|x| x * x).sum::<f64>().sqrt();
            prop_assert!(distance >= nearest.distance - 1e-9);
        }
        let broken = correlation_break(nearest.matrix.view(), &Stressed::All(-0.9), strength).unwrap();
        prop_assert!(smallest_eigenvalue(broken.matrix.view()).unwrap() > -1e-12);
    }

    #[test]
    fn ranks_do_not_see_the_scale(values in prop::collection::vec((-5.0..5.0_f64, -5.0..5.0_f64), 5..60)) {
        let (a, b): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
        let bent: Vec<f64> = a.iter().map(|x| x.exp()).collect();
        prop_assert!((kendall(&a, &b).unwrap() - kendall(&bent, &b).unwrap()).abs() < 1e-12);
        prop_assert!((spearman(&a, &b).unwrap() - spearman(&bent, &b).unwrap()).abs() < 1e-12);
        // The definition, pair by pair.
        let n = a.len();
        let mut sum = 0.0;
        for i in 0..n {
            for j in 0..i {
                sum += (a[i] - a[j]).signum() * (b[i] - b[j]).signum();
            }
        }
        prop_assert!((kendall(&a, &b).unwrap() - sum / (n * (n - 1) / 2) as f64).abs() < 1e-12);
    }
}

/// Six hundred steps of a DCC with news 0.06 and memory 0.90, drawn by a 64-bit congruential generator and sums of twelve uniforms.
fn dcc_sample() -> Array2<f64> {
    let mut word: u64 = 2024;
    let mut uniform = || {
        word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (word >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut q = [1.0_f64, 0.5, 1.0];
    Array2::from_shape_vec(
        (600, 2),
        (0..600)
            .flat_map(|_| {
                let mut normal = || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                let (e0, e1) = (normal(), normal());
                let r = q[1] / (q[0] * q[2]).sqrt();
                let z = [e0, r * e0 + (1.0 - r * r).sqrt() * e1];
                let target = [1.0, 0.5, 1.0];
                let products = [z[0] * z[0], z[0] * z[1], z[1] * z[1]];
                for k in 0..3 {
                    q[k] = 0.04 * target[k] + 0.06 * products[k] + 0.90 * q[k];
                }
                z
            })
            .collect(),
    )
    .unwrap()
}

/// The same likelihood in plain numpy, maximised by scipy's Nelder-Mead at 1e-9.
#[test]
fn dynamic_correlations_meet_an_independent_fit() {
    let sample = dcc_sample();
    let fit = Dcc::fit(sample.view()).unwrap();
    close(fit.model.news, 0.024195862818533795, 2e-6);
    close(fit.model.memory, 0.9558314946669391, 2e-5);
    close(fit.log_likelihood, 74.07748697077453, 1e-9);
    assert_eq!(fit.status, Status::Converged);
    assert!(fit.gradient < 1e-4, "{}", fit.gradient);
    let given = Dcc { news: 0.05, memory: 0.9, target: fit.model.target.clone() };
    close(given.log_likelihood(sample.view()), 73.64175979834758, 1e-10);
    let path = fit.model.path(sample.view());
    assert_eq!(path.len(), 601);
    assert!(path.iter().all(|r| smallest_eigenvalue(r.view()).unwrap() > 0.0 && r[[0, 0]] == 1.0));
    assert_eq!(path[600], fit.forecast);
}

#[test]
fn constant_correlation_is_an_edge_and_singular_series_are_refused() {
    let mut stream = Streams::new(8, "independent", 0).path(0);
    let calm = Array2::from_shape_fn((400, 2), |_| stream.normal());
    // Independent draws hold no dynamics: news ends at or near zero, and the status says what the optimiser saw.
    let fit = Dcc::fit(calm.view()).unwrap();
    assert!(fit.model.news < 0.05 && fit.status.is_usable(), "{fit:?}");
    let twice = Array2::from_shape_fn((100, 2), |(t, _)| calm[[t, 0]]);
    assert!(Dcc::fit(twice.view()).unwrap_err().to_string().contains("singular"));
    assert!(Dcc::fit(Array2::zeros((100, 2)).view()).is_err());
    assert!(Dcc::fit(calm.slice(ndarray::s![..10, ..])).is_err());
    let decay = Decay::new(0.94).unwrap();
    let standardised = ewma_standardised(calm.view(), decay, 50).unwrap();
    assert_eq!(standardised.dim(), (350, 2));
    assert!(ewma_standardised(Array2::zeros((100, 2)).view(), decay, 50).is_err());
}
