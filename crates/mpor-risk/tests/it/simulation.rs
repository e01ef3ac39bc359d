//! Draws: marginal laws, dependence, jumps, points, blocks, precision; against scipy, arch and closed forms.

use mpor_core::{Factor, UnderlyingIx};
use mpor_risk::parametric::{Law, VarEs};
use mpor_risk::simulation::sobol::Sobol;
use mpor_risk::simulation::{
    Copula, Joint, Jumps, Marginal, MarginalLaw, Points, StopRule, automatic_block_length,
    replicated, standard_errors, stationary_bootstrap, until_precise,
};
use mpor_risk::status::Status;
use mpor_stats::Level;
use mpor_stats::random::Streams;
use mpor_stats::special::{normal_cdf, student_cdf};
use ndarray::{Array2, array};
use proptest::prelude::*;

use crate::market::{Market, NOW};
use crate::spec::parse;

fn streams(seed: u64) -> Streams {
    Streams::new(seed, "simulation tests", 0)
}

fn normal(deviation: f64) -> Marginal {
    Marginal::Normal { deviation }
}

/// `scipy.stats.qmc.Sobol(128, scramble=False)` 1.17, in the same order.
#[test]
fn plain_points_are_those_of_scipy() {
    let sobol = Sobol::plain(128).unwrap();
    for (point, dimension, expected) in [
        (1, 0, 0.5),
        (5, 1, 0.875),
        (100, 3, 0.7265625),
        (777, 20, 0.2373046875),
        (1000, 127, 0.5439453125),
        (513, 64, 0.0458984375),
    ] {
        assert_eq!(sobol.at(point, dimension), expected, "{point} {dimension}");
    }
    assert!(Sobol::plain(0).is_err() && Sobol::plain(129).is_err());
}

/// The first 2^m points of every dimension fall one into each of 2^m equal cells, scrambled or not.
#[test]
fn points_are_stratified_in_every_dimension() {
    for sobol in [Sobol::plain(128).unwrap(), Sobol::scrambled(128, streams(3)).unwrap()] {
        for d in 0..128 {
            let mut seen = [false; 256];
            (0..256).for_each(|i| seen[(sobol.at(i, d) * 256.0) as usize] = true);
            assert!(seen.iter().all(|cell| *cell), "{d}");
        }
    }
    assert_ne!(Sobol::scrambled(4, streams(3)).unwrap(), Sobol::scrambled(4, streams(4)).unwrap());
}

/// Kolmogorov's distance of a sample from a law: 1.95 / sqrt(n) is exceeded once in a thousand.
fn distance(sample: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let gap = |(k, x): (usize, &f64)| {
        (cdf(*x) - k as f64 / n).abs().max((cdf(*x) - (k + 1) as f64 / n).abs())
    };
    sorted.iter().enumerate().map(gap).fold(0.0, f64::max)
}

const PATHS: usize = 40_000;

#[test]
fn marginals_have_their_laws_under_every_copula() {
    let correlation = array![[1.0, 0.6, 0.3], [0.6, 1.0, -0.2], [0.3, -0.2, 1.0]];
    let knots: Vec<f64> = (0..101).map(|k| (f64::from(k) / 50.0 - 1.0).powi(3)).collect();
    let marginals = [
        Marginal::Student { deviation: 2.0, freedom: 4.0 },
        normal(0.5),
        Marginal::Empirical { knots: knots.clone() },
    ];
    for copula in [Copula::Normal, Copula::Student(5.0)] {
        for points in [Points::Independent, Points::Antithetic, Points::Sobol] {
            let joint = Joint::new(copula, correlation.view(), &marginals, points).unwrap();
            let moves = joint.moves(PATHS, streams(1)).unwrap();
            let bound = 1.95 / (PATHS as f64).sqrt() * 1.5;
            let student = |x: f64| student_cdf(x / 2.0 * 2_f64.sqrt(), 4.0).unwrap();
            let found = [
                distance(&moves.row(0).to_vec(), student),
                distance(&moves.row(1).to_vec(), |x| normal_cdf(x / 0.5)),
                distance(&moves.row(2).to_vec(), |x| 0.5 * (1.0 + x.cbrt())),
            ];
            // The empirical law is linear between knots: off by less than a cell where the cube is flat.
            assert!(
                found[0] < bound && found[1] < bound && found[2] < bound + 0.006,
                "{copula:?} {points:?} {found:?}"
            );
        }
    }
}

#[test]
fn dependence_is_that_of_the_copula() {
    let correlation = array![[1.0, 0.6], [0.6, 1.0]];
    for copula in [Copula::Normal, Copula::Student(4.0)] {
        let joint = Joint::new(
            copula,
            correlation.view(),
            &[normal(1.0), normal(1.0)],
            Points::Independent,
        )
        .unwrap();
        let moves = joint.moves(PATHS, streams(2)).unwrap();
        let (a, b) = (moves.row(0).to_vec(), moves.row(1).to_vec());
        // Elliptical copulas: tau = 2 / pi asin(rho).
        let tau = mpor_risk::correlation::kendall(&a, &b).unwrap();
        assert!(
            (tau - 2.0 / std::f64::consts::PI * 0.6_f64.asin()).abs() < 0.015,
            "{copula:?} {tau}"
        );
        // Joint crashes, both below their 1 % points: scipy's multivariate_normal and multivariate_t at rho 0.6.
        let both = a.iter().zip(&b).filter(|(x, y)| **x < -2.326348 && **y < -2.326348).count();
        let (share, expected) = match copula {
            Copula::Normal => (both as f64 / PATHS as f64, 0.001876464636203945_f64),
            Copula::Student(_) => (both as f64 / PATHS as f64, 0.003448864880874217_f64),
        };
        assert!(
            (share - expected).abs() < 4.0 * (expected / PATHS as f64).sqrt(),
            "{copula:?} {share}"
        );
    }
}

/// A linear book under a multivariate Student t: the closed form.
#[test]
fn a_linear_book_meets_its_closed_form() {
    let correlation = array![[1.0, 0.5], [0.5, 1.0]];
    let marginals = [2.0, 1.0].map(|deviation| Marginal::Student { deviation, freedom: 6.0 });
    let covariance = array![[4.0, 1.0], [1.0, 1.0]];
    let level: Level = "0.975".parse().unwrap();
    let VarEs { var, es } =
        Law::Student(6.0).linear_book(&[1.0, -3.0], covariance.view(), level).unwrap();
    let losses = |points: Points, paths: usize, seed: u64| -> Vec<f64> {
        let joint =
            Joint::new(Copula::Student(6.0), correlation.view(), &marginals, points).unwrap();
        joint
            .linear_pnl(0..paths, streams(seed), &[1.0, -3.0])
            .unwrap()
            .iter()
            .map(|x| -x)
            .collect()
    };
    let plain = standard_errors(&losses(Points::Independent, 100_000, 1), level).unwrap();
    assert!((plain.var - var).abs() < 4.0 * plain.var_error, "{plain:?} {var}");
    assert!((plain.es - es).abs() < 4.0 * plain.es_error, "{plain:?} {es}");
    assert!(plain.var_error < 0.02 * var && plain.es_error < 0.02 * es);
    // Sobol points: the spread of repetitions is smaller than that of independent paths, and holds the closed form.
    let draw = |points: Points| {
        replicated(16, level, &mut |seed| Ok(losses(points, 4096, seed as u64))).unwrap()
    };
    let (even, random) = (draw(Points::Sobol), draw(Points::Independent));
    assert!((even.es - es).abs() < 4.0 * even.es_error + 1e-3 * es, "{even:?} {es}");
    assert!(even.es_error < 0.6 * random.es_error, "{even:?} {random:?}");
}

/// The stated standard errors are the spread over repetitions.
#[test]
fn standard_errors_are_the_spread_of_repetitions() {
    let level: Level = "0.95".parse().unwrap();
    let joint =
        Joint::new(Copula::Normal, array![[1.0]].view(), &[normal(1.0)], Points::Independent)
            .unwrap();
    let draw = |seed| joint.linear_pnl(0..2000, streams(seed), &[1.0]).unwrap();
    let all: Vec<_> = (0..200).map(|seed| standard_errors(&draw(seed), level).unwrap()).collect();
    let spread = |of: fn(&mpor_risk::simulation::Estimate) -> f64| {
        mpor_stats::descriptive::sample_std(&all.iter().map(of).collect::<Vec<_>>()).unwrap()
    };
    let stated =
        |of: fn(&mpor_risk::simulation::Estimate) -> f64| all.iter().map(of).sum::<f64>() / 200.0;
    assert!((stated(|e| e.var_error) / spread(|e| e.var) - 1.0).abs() < 0.2);
    assert!((stated(|e| e.es_error) / spread(|e| e.es) - 1.0).abs() < 0.2);
}

#[test]
fn drawing_stops_when_the_figure_is_precise() {
    let joint =
        Joint::new(Copula::Normal, array![[1.0]].view(), &[normal(1.0)], Points::Independent)
            .unwrap();
    let mut draw = |range| joint.linear_pnl(range, streams(5), &[1.0]);
    let rule = StopRule { relative: 0.02, first: 256, most: 1 << 20 };
    let enough = until_precise(rule, Level::P99, &mut draw).unwrap();
    assert!(
        enough.precise && enough.paths < 1 << 18 && enough.es_error < 0.02 * enough.es,
        "{enough:?}"
    );
    assert!((enough.var - 2.3263).abs() < 4.0 * enough.var_error);
    let short = until_precise(StopRule { most: 512, ..rule }, Level::P99, &mut draw).unwrap();
    assert!(!short.precise && short.paths == 512);
    assert!(until_precise(StopRule { relative: 0.0, ..rule }, Level::P99, &mut draw).is_err());
    assert!(until_precise(StopRule { most: 1, ..rule }, Level::P99, &mut draw).is_err());
}

/// Merton's mixture: the 1 % quantile of sums over the number of jumps, by scipy.
#[test]
fn jumps_have_mertons_law() {
    let joint = Joint::new(
        Copula::Normal,
        Array2::eye(2).view(),
        &[normal(0.03), normal(0.03)],
        Points::Independent,
    )
    .unwrap();
    let jumps = Jumps { intensity: 0.2, mean: vec![-0.1, -0.1], root: array![[0.08], [0.08]] };
    let moves = joint.with_jumps(jumps).unwrap().moves(100_000, streams(4)).unwrap();
    let first = moves.row(0).to_vec();
    let share = |x: f64| first.iter().filter(|m| **m <= x).count() as f64 / 100_000.0;
    for (x, p) in
        [(-0.24390337183427027, 0.01), (-0.1, 0.08010830009273825), (0.0, 0.35836762836625813)]
    {
        assert!(
            (share(x) - p).abs() < 4.0 * (p * (1.0 - p) / 1e5_f64).sqrt(),
            "{x}: {} {p}",
            share(x)
        );
    }
    // Compensated: mean zero. Common: jumps correlate what the diffusion does not.
    assert!((first.iter().sum::<f64>() / 1e5).abs() < 4.0 * 0.07 / 1e5_f64.sqrt());
    let tau = mpor_risk::correlation::spearman(&first, &moves.row(1).to_vec()).unwrap();
    assert!(tau > 0.1, "{tau}");
}

#[test]
fn fits_find_the_law_that_was_drawn() {
    let truth = Marginal::SkewT { deviation: 0.02, freedom: 5.0, skew: -0.2 };
    let draw = |law: &Marginal, seed| {
        let joint = Joint::new(
            Copula::Normal,
            array![[1.0]].view(),
            std::slice::from_ref(law),
            Points::Independent,
        );
        joint.unwrap().moves(4000, streams(seed)).unwrap().row(0).to_vec()
    };
    let (fitted, status) = Marginal::fit(MarginalLaw::SkewT, &draw(&truth, 1)).unwrap();
    let Marginal::SkewT { deviation, freedom, skew } = fitted else { panic!("{fitted:?}") };
    assert_eq!(status, Status::Converged);
    assert!(
        (deviation - 0.02).abs() < 0.002
            && (freedom - 5.0).abs() < 1.5
            && (skew + 0.2).abs() < 0.08,
        "{fitted:?}"
    );
    // Normal moves have no finite degrees of freedom to find: the edge, said so.
    let (fitted, status) = Marginal::fit(MarginalLaw::Student, &draw(&normal(1.0), 2)).unwrap();
    let Marginal::Student { freedom, .. } = fitted else { panic!("{fitted:?}") };
    assert!(matches!(status, Status::Boundary(_)) || freedom > 20.0, "{freedom} {status:?}");
    assert!(Marginal::fit(MarginalLaw::Student, &[1.0; 50]).is_err());
    assert!(Marginal::fit(MarginalLaw::SkewT, &[1.0, 2.0, 3.0]).is_err());
    assert!(Marginal::fit(MarginalLaw::Normal, &[1.0, f64::NAN]).is_err());
}

#[test]
fn bits_depend_on_neither_threads_nor_paths() {
    let correlation = array![[1.0, 0.4], [0.4, 1.0]];
    let marginals = [Marginal::SkewT { deviation: 1.0, freedom: 5.0, skew: 0.1 }, normal(1.0)];
    for points in [Points::Independent, Points::Antithetic, Points::Sobol] {
        let joint =
            Joint::new(Copula::Student(5.0), correlation.view(), &marginals, points).unwrap();
        let all = joint.moves(1500, streams(9)).unwrap();
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| joint.moves(1500, streams(9)).unwrap()), all);
        }
        assert_eq!(joint.moves(300, streams(9)).unwrap(), all.slice(ndarray::s![.., ..300]));
        let later = joint.linear_pnl(512..1500, streams(9), &[1.0, 0.0]).unwrap();
        assert_eq!(later, all.slice(ndarray::s![0, 512..]).to_vec());
    }
    let joint = Joint::new(
        Copula::Normal,
        correlation.view(),
        &[normal(1.0), normal(1.0)],
        Points::Antithetic,
    )
    .unwrap();
    let moves = joint.moves(700, streams(1)).unwrap();
    assert!((0..350).all(|k| moves[[1, 2 * k]] == -moves[[1, 2 * k + 1]]));
    assert!(joint.linear_pnl(100..200, streams(1), &[1.0, 1.0]).is_err());
}

#[test]
fn models_without_sense_are_refused() {
    let two = [normal(1.0), normal(1.0)];
    let new = |copula, correlation: Array2<f64>, marginals: &[Marginal]| {
        Joint::new(copula, correlation.view(), marginals, Points::Independent).is_err()
    };
    let good = array![[1.0, 0.5], [0.5, 1.0]];
    assert!(new(Copula::Student(2.0), good.clone(), &two));
    assert!(new(Copula::Normal, array![[1.0, 1.5], [1.5, 1.0]], &two));
    assert!(new(Copula::Normal, array![[2.0, 0.5], [0.5, 1.0]], &two));
    assert!(new(Copula::Normal, good.clone(), &two[..1]));
    assert!(new(Copula::Normal, good.clone(), &[normal(f64::NAN), normal(1.0)]));
    assert!(new(
        Copula::Normal,
        good.clone(),
        &[Marginal::Student { deviation: 1.0, freedom: 2.0 }, normal(1.0)]
    ));
    assert!(new(
        Copula::Normal,
        good.clone(),
        &[Marginal::Empirical { knots: vec![2.0, 1.0] }, normal(1.0)]
    ));
    // A singular correlation is one: the second factor is the first.
    let twice = Joint::new(
        Copula::Normal,
        array![[1.0, 1.0], [1.0, 1.0]].view(),
        &two,
        Points::Independent,
    )
    .unwrap();
    let moves = twice.moves(50, streams(1)).unwrap();
    assert_eq!(moves.row(0), moves.row(1));
    let jumps = Jumps { intensity: 51.0, mean: vec![0.0; 2], root: Array2::zeros((2, 1)) };
    assert!(twice.clone().with_jumps(jumps.clone()).is_err());
    assert!(twice.with_jumps(Jumps { intensity: 1.0, mean: vec![0.0; 1], ..jumps }).is_err());
}

/// `arch.bootstrap.optimal_block_length` 8.0 of autoregressions, noise by a 64-bit congruential generator and sums of twelve uniforms.
#[test]
fn block_lengths_are_those_of_arch() {
    for (n, phi, expected) in [
        (400, 0.6, 9.218461335258839),
        (1000, 0.2, 5.720962048349428),
        (250, 0.0, 0.49595721096016626),
        (600, -0.5, 9.555625180040519),
    ] {
        let mut word: u64 = 7;
        let mut uniform = || {
            word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (word >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut last = 0.0;
        let series: Vec<f64> = (0..n)
            .map(|_| {
                last = phi * last + (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                last
            })
            .collect();
        let found = automatic_block_length(&series).unwrap();
        assert!((found / expected - 1.0).abs() < 1e-9, "{n} {phi}: {found} {expected}");
    }
    assert!(automatic_block_length(&[1.0; 100]).is_err());
    assert!(automatic_block_length(&[1.0, 2.0]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn blocks_have_their_mean_length(block in 1.0..20.0_f64, seed in 0_u64..1000) {
        let at = stationary_bootstrap(50, 20_000, block, &mut streams(seed).path(0)).unwrap();
        prop_assert!(at.iter().all(|i| *i < 50));
        // A step continues with probability 1 - 1/b, or by chance: 1/b of the time the new place is the next one with probability 1/50.
        let continued = at.windows(2).filter(|w| w[1] == (w[0] + 1) % 50).count() as f64 / 19_999.0;
        let expected = 1.0 - 1.0 / block + 1.0 / block / 50.0;
        prop_assert!((continued - expected).abs() < 0.02, "{continued} {expected}");
    }
}

const WINDOW: usize = 250;

#[test]
fn a_study_may_ask_for_marginals_jumps_points_and_blocks() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(2);
    let spot = market.history.panel.series(Factor::Spot(UnderlyingIx(0))).unwrap();
    let logs: Vec<f64> = (NOW - WINDOW + 1..=NOW).map(|t| (spot[t] / spot[t - 1]).ln()).collect();
    let deviation = mpor_stats::descriptive::sample_std(&logs).unwrap() * 2_f64.sqrt();
    for options in [
        "marginals = \"student\"",
        "marginals = \"skew_t\", degrees_of_freedom = 5",
        "marginals = \"empirical\", draws = \"antithetic\"",
        "marginals = \"normal\", draws = \"sobol\", decay = 0.9999",
        "draws = \"sobol\", degrees_of_freedom = 6",
        "bootstrap = { length = 1 }",
        "bootstrap = {}",
    ] {
        let set =
            parse(&format!("{{ monte_carlo = {{ paths = 8192, window = {WINDOW}, {options} }} }}"))
                .scenarios(&day)
                .unwrap();
        let moves: Vec<f64> = set.spot.row(0).iter().map(|x| x.ln_1p()).collect();
        let found = mpor_stats::descriptive::sample_std(&moves).unwrap();
        let mean = mpor_stats::descriptive::mean(&moves).unwrap();
        assert!((found / deviation - 1.0).abs() < 0.12, "{options}: {found} {deviation}");
        assert!(mean.abs() < 5.0 * deviation / 8192_f64.sqrt(), "{options}: {mean}");
        assert_eq!(set.len(), 8192);
    }
    // Jumps add their variance: 2 steps x 0.05 x (0.1^2 + 0.05^2).
    let text = format!(
        "{{ monte_carlo = {{ paths = 20000, window = {WINDOW}, jumps = {{ intensity = 0.05, mean = -0.1, deviation = 0.05 }} }} }}"
    );
    let set = parse(&text).scenarios(&day).unwrap();
    let moves: Vec<f64> = set.spot.row(0).iter().map(|x| x.ln_1p()).collect();
    let variance = mpor_stats::descriptive::sample_variance(&moves).unwrap();
    let expected = deviation * deviation + 0.1 * (0.01 + 0.0025);
    assert!((variance / expected - 1.0).abs() < 0.1, "{variance} {expected}");
    for bad in [
        "bootstrap = { length = 0.5 }",
        "bootstrap = {}, decay = 0.97",
        "bootstrap = {}, marginals = \"normal\"",
        "jumps = { intensity = 2, mean = 0, deviation = 0.1 }",
        "jumps = { intensity = 0.1, mean = 0, deviation = -0.1 }",
    ] {
        let spec =
            parse(&format!("{{ monte_carlo = {{ paths = 100, window = {WINDOW}, {bad} }} }}"));
        assert!(spec.check().is_err(), "{bad}");
    }
}
