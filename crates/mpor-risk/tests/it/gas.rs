//! Score-driven models against an independent implementation and against their laws.
//!
//! Reference values: the recursions written again in Python from the papers, on the 1000 S&P 500 returns from the 2001st on, in per cent;
//! likelihoods checked against `scipy.stats.t`, fits by `scipy.optimize.minimize` (scipy 1.17.1, Nelder-Mead): three starts for the
//! Student model, whose ends agreed to 1e-12 of log-likelihood, and the best eight of 600 random starts for the factor model.

use mpor_risk::gas::factor::joint_score;
use mpor_risk::gas::{FactorGas, StudentGas};
use mpor_risk::parametric::VarEs;
use mpor_risk::volatility::{Model, Parameters, Presample};
use mpor_risk::{RiskError, SearchOptions, Status};
use mpor_stats::Level;
use mpor_stats::random::Streams;

use crate::volatility::sp500;

fn level(text: &str) -> Level {
    text.parse().unwrap()
}

fn returns() -> Vec<f64> {
    sp500()[2000..3000].to_vec()
}

fn close(found: f64, expected: f64, relative: f64) {
    assert!((found / expected - 1.0).abs() < relative, "{found}, expected {expected}");
}

#[test]
fn given_parameters_give_the_likelihood_and_variances_of_the_reference() {
    let model = StudentGas { mu: 0.05, omega: 0.01, reaction: 0.06, memory: 0.985, freedom: 7.0 };
    close(model.log_likelihood(&returns()).unwrap(), -1695.378396708676, 1e-12);
    let path = model.path(&returns()).unwrap();
    close(path.sigma[500].powi(2), 16.609816746316813, 1e-12);
    close(path.forecast().powi(2), 0.8917367814126291, 1e-12);
}

#[test]
fn a_student_fit_meets_an_independent_optimiser() {
    let fit = StudentGas::fit(&returns(), None).unwrap();
    assert_eq!(fit.status, Status::Converged);
    assert!(fit.log_likelihood >= -1689.4429336583503 - 1e-9, "{fit:?}");
    let StudentGas { mu, omega, reaction, memory, freedom } = fit.model;
    for (found, expected) in [
        (mu, 0.08849933124126919),
        (omega, 0.02571169469682566),
        (reaction, 0.08321226414438754),
        (memory, 0.9843283273361465),
        (freedom, 5.661544116724473),
    ] {
        close(found, expected, 1e-5);
    }
    let tail = fit.model.forecast(&returns(), level("0.99")).unwrap();
    close(tail.var, 2.660102190412779, 1e-6);
    close(tail.es, 3.4698383679320886, 1e-6);
    let warm = StudentGas::fit(&returns(), Some(&fit.model)).unwrap();
    assert!((warm.log_likelihood - fit.log_likelihood).abs() < 1e-8);
}

/// Creal, Koopman and Lucas: as the tails thin out, the model is GARCH(1,1) with alpha = A, beta = B - A.
#[test]
fn with_normal_tails_it_is_garch() {
    let model = StudentGas { mu: 0.03, omega: 0.02, reaction: 0.08, memory: 0.97, freedom: 1e9 };
    let rules = Model { presample: Presample::Unconditional, ..Model::default() };
    let p = Parameters { mu: 0.03, omega: 0.02, alpha: 0.08, beta: 0.89, ..Parameters::default() };
    let (ours, theirs) = (model.path(&returns()).unwrap(), rules.path(&returns(), &p).unwrap());
    for (ours, theirs) in ours.sigma.iter().zip(&theirs.sigma) {
        close(*ours, *theirs, 1e-6);
    }
}

#[test]
fn given_factors_give_the_score_of_the_reference() {
    let model = FactorGas { var: 1.5, es: 2.1, memory: 0.98, reaction: 0.01 };
    close(model.mean_score(&returns(), level("0.95")), 1.2505397523549366, 1e-12);
    let path = model.path(&returns(), level("0.95")).unwrap();
    close((path[500].var / 1.5).ln(), 1.2088840507040481, 1e-11);
    close((path[1000].es / 2.1).ln(), -0.0931388928222353, 1e-11);
    // By hand, at 95 %: no breach leaves V/E + ln E - 1, a breach adds (L - V) / (0.05 E).
    let tail = VarEs { var: 1.0, es: 2.0 };
    close(joint_score(0.5, tail, level("0.95")), 2.0_f64.ln() - 0.5, 1e-14);
    close(joint_score(1.2, tail, level("0.95")), 2.0_f64.ln() - 0.5 + 2.0, 1e-12);
}

#[test]
fn no_search_of_the_reference_ends_lower() {
    let options = SearchOptions::default();
    let fit = FactorGas::fit(&returns(), level("0.95"), &options, None).unwrap();
    assert!(fit.score <= 1.1726514980766707 + 1e-9, "{fit:?}");
    // And not by much: the same criterion.
    assert!(fit.score > 1.16, "{fit:?}");
    assert!(fit.status.is_usable(), "{fit:?}");
    close(fit.model.mean_score(&returns(), level("0.95")), fit.score, 1e-12);
    // The score of the path that forecasts are read off, loss by loss.
    let path = fit.model.path(&returns(), level("0.95")).unwrap();
    let scores = path.iter().zip(returns()).map(|(tail, r)| joint_score(-r, *tail, level("0.95")));
    close(scores.sum::<f64>() / 1000.0, fit.score, 1e-12);
    // Better than the figures that do not move: those of the same law without reaction.
    let still = FactorGas { reaction: 0.0, ..fit.model };
    assert!(fit.score < still.mean_score(&returns(), level("0.95")));
    let warm = FactorGas::fit(&returns(), level("0.95"), &options, Some(&fit.model)).unwrap();
    assert!(warm.score <= fit.score + 1e-12);
}

/// A model in which nothing moves has the score-optimal figures of the sample: value at risk and expected shortfall of a normal law.
#[test]
fn a_law_that_does_not_move_is_found() {
    let mut stream = Streams::new(5, "gas test", 0).path(0);
    let returns: Vec<f64> = (0..4000).map(|_| stream.normal()).collect();
    let fit = FactorGas::fit(&returns, level("0.95"), &SearchOptions::default(), None).unwrap();
    let path = fit.model.path(&returns, level("0.95")).unwrap();
    let mean = |of: fn(&VarEs) -> f64| path.iter().map(of).sum::<f64>() / path.len() as f64;
    close(mean(|tail| tail.var), 1.6449, 0.05);
    close(mean(|tail| tail.es), 2.0627, 0.05);
    let fit = StudentGas::fit(&returns, None).unwrap();
    close(fit.model.path(&returns).unwrap().forecast(), 1.0, 0.1);
    assert!(fit.status.is_usable() && fit.model.freedom > 15.0, "{fit:?}");
}

#[test]
fn what_is_no_model_is_refused() {
    let good = StudentGas { mu: 0.0, omega: 0.01, reaction: 0.05, memory: 0.98, freedom: 6.0 };
    for bad in [
        StudentGas { omega: 0.0, ..good },
        StudentGas { reaction: -0.1, ..good },
        StudentGas { reaction: 0.9, ..good },
        StudentGas { memory: 1.0, ..good },
        StudentGas { freedom: 2.0, ..good },
        StudentGas { mu: f64::NAN, ..good },
    ] {
        assert!(bad.path(&returns()).is_err(), "{bad:?}");
    }
    let good = FactorGas { var: 1.0, es: 1.2, memory: 0.9, reaction: 0.01 };
    for bad in [
        FactorGas { var: 0.0, ..good },
        FactorGas { es: 0.9, ..good },
        FactorGas { memory: 1.1, ..good },
        FactorGas { reaction: -0.1, ..good },
    ] {
        assert!(bad.path(&returns(), level("0.95")).is_err(), "{bad:?}");
    }
    let options = SearchOptions::default();
    let short = FactorGas::fit(&returns()[..99], level("0.99"), &options, None).unwrap_err();
    assert!(matches!(short, RiskError::ShortSeries { needed: 100, .. }), "{short}");
    assert!(FactorGas::fit(&[0.1; 100], level("0.95"), &options, None).is_err());
    assert!(StudentGas::fit(&[0.1; 100], None).is_err());
    assert!(StudentGas::fit(&returns()[..49], None).is_err());
}
