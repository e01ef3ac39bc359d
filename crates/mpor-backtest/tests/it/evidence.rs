//! The evidence library against numbers of others: R's rugarch, GAS and esback, and SciPy, arch and statsmodels.
//!
//! Peers were run on 2,500 days of the S&P 500 under two fixed models (`tests/reference/coverage/README.md`) and on their probability
//! integral transforms (`tests/data/README.md`).

use mpor_backtest::comparison::confidence_set::{self, Statistic};
use mpor_backtest::comparison::diebold_mariano::{self, Terms};
use mpor_backtest::comparison::false_discovery::{Dependence, adjusted};
use mpor_backtest::comparison::{giacomini_white, scores};
use mpor_backtest::coverage::multinomial::TailCells;
use mpor_backtest::coverage::simulated::Draws;
use mpor_backtest::coverage::{
    CoverageTest, Forecasts, Pits, TestOutcome, berkowitz, dq, duration_geometric, whitening,
};
use mpor_backtest::es_tests::{costanzino_curran, du_escanciano, find, mcneil_frey};
use mpor_backtest::monitoring::{self, Strategy};
use mpor_core::Level;
use mpor_stats::hac::LagWindow;
use serde_json::Value;

use crate::reference::rows;

/// Losses, and value at risk and expected shortfall at 99 % of historical simulation and GARCH-t.
struct Series {
    loss: Vec<f64>,
    hs: (Vec<f64>, Vec<f64>),
    garch: (Vec<f64>, Vec<f64>),
}

fn series() -> Series {
    let table = rows("backtest_series.csv");
    let column =
        |at: usize| -> Vec<f64> { table.iter().map(|row| row[at].parse().unwrap()).collect() };
    Series {
        loss: column(0).into_iter().map(|pnl| -pnl).collect(),
        hs: (column(1), column(2)),
        garch: (column(3), column(4)),
    }
}

impl Series {
    fn forecasts<'a>(&'a self, model: &'a (Vec<f64>, Vec<f64>)) -> Forecasts<'a> {
        let forecasts = Forecasts::new(&self.loss, &model.0, Level::P99).unwrap();
        forecasts.with_shortfall(&model.1).unwrap()
    }
}

/// Transforms of the P&L: EWMA, then GARCH-t.
fn pits() -> [Pits; 2] {
    let text = include_str!("../data/pits.csv");
    let column = |at: usize| -> Vec<f64> {
        let field = |line: &str| line.split(',').nth(at).unwrap().parse().unwrap();
        text.lines().skip(1).map(field).collect()
    };
    [0, 1].map(|at| Pits::of_gains(&column(at)).unwrap())
}

fn near(found: f64, expected: f64, relative: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= relative * expected.abs(), "{what}: found {found}, expected {expected}");
}

fn outcome(found: TestOutcome, statistic: f64, p_value: f64, what: &str) {
    near(found.statistic, statistic, 1e-8, what);
    near(found.p_value, p_value, 1e-6, what);
}

/// GAS 0.3.4, `BacktestVaR`.
#[test]
fn the_gas_variant_of_the_dynamic_quantile_test() {
    let series = series();
    for (model, statistic) in
        [(&series.hs, 103.117_325_414_806), (&series.garch, 48.900_504_118_125_1)]
    {
        let found = dq::test_variant(&series.forecasts(model), dq::Variant::Gas).unwrap();
        near(found.statistic, statistic, 1e-10, "DQ of GAS");
        assert_eq!(found.law, mpor_backtest::coverage::Law::ChiSquared(7));
    }
}

/// rugarch 1.5-3, `BerkowitzTest`. Its likelihood of three lags is a little below that of least squares, so that ours is the larger ratio.
#[test]
fn berkowitz_of_rugarch() {
    let [ewma, garch] = pits();
    let level = Level::new(0.95).unwrap();
    let cases = [
        (&ewma, 23.230_605_691_759_2, 23.234_476_129_200_6, 189.268_274_859_758),
        (&garch, 5.205_559_632_406_22, 5.588_492_584_337_47, 17.102_982_537_628_3),
    ];
    for (pits, one, three, tail) in cases {
        let found = berkowitz::full(pits, 1).unwrap();
        near(found.outcome.statistic, one, 3e-6, "one lag");
        let found = berkowitz::full(pits, 3).unwrap();
        near(found.outcome.statistic, three, 1e-3, "three lags");
        assert!(found.outcome.statistic > three);
        let found = berkowitz::tail(pits, level).unwrap();
        near(found.outcome.statistic, tail, 1e-8, "tail");
    }
    let found = berkowitz::tail(&ewma, level).unwrap();
    near(found.mean, 1.820_694_940_188_569, 1e-6, "tail mean");
    near(found.sigma, 2.171_726_101_069_079, 1e-6, "tail deviation");
}

/// SciPy 1.17.1: counts by numpy, `chi2.sf`, and Nelder-Mead over mean and log deviation of the normal law.
#[test]
fn multinomial_tests_of_scipy() {
    let level = Level::new(0.975).unwrap();
    let [ewma, garch] = pits();
    let cells = TailCells::of(&ewma, level, 4).unwrap();
    assert_eq!(cells.observed, [2403, 14, 19, 19, 45]);
    outcome(cells.pearson(), 57.340_307_692_307_7, 1.049_615_384_210_208e-11, "Pearson");
    outcome(cells.nass(), 55.648_521_300_514, 1.995_371_606_554_634e-11, "Nass");
    near(cells.saturated().statistic, 38.480_013_721_073_92, 1e-8, "saturated");
    outcome(cells.ratio().unwrap(), 38.008_480_190_313_55, 5.579_090_341_066_968e-9, "ratio");
    let cells = TailCells::of(&garch, level, 4).unwrap();
    assert_eq!(cells.observed, [2408, 15, 22, 25, 30]);
    outcome(cells.pearson(), 21.833_025_641_025_642, 2.163_554_825_953_303e-4, "Pearson");
    outcome(cells.nass(), 21.188_857_216_444_18, 2.573_969_749_169_485e-4, "Nass");
    outcome(cells.ratio().unwrap(), 16.491_240_289_683_674, 2.624_053_415_148_244e-4, "ratio");
}

/// numpy 2.4.6 and `scipy.stats`, from the formulas of both papers.
#[test]
fn tail_violations_of_scipy() {
    let level = Level::new(0.975).unwrap();
    let [ewma, garch] = pits();
    for (pits, u, p_u, c, p_c) in [
        (
            &ewma,
            7.059_458_757_730_027,
            1.671_523_770_859_599e-12,
            33.631_215_261_995_69,
            2.819_312_267_352_72e-6,
        ),
        (
            &garch,
            4.607_906_645_212_539,
            4.067_431_953_074_555e-6,
            17.463_629_338_820_62,
            3.699_486_226_901_947e-3,
        ),
    ] {
        outcome(du_escanciano::unconditional(pits, level).unwrap(), u, p_u, "U");
        outcome(du_escanciano::conditional(pits, level, 5).unwrap(), c, p_c, "C");
        outcome(costanzino_curran::z(pits, level).unwrap(), u, 0.5 * p_u, "Z");
    }
}

/// The Irwin-Hall mixture in exact fractions (Python's `fractions`, `scipy.stats.binom`).
#[test]
fn the_law_of_violated_tails_in_fractions() {
    for (s, n, expected, error) in [
        (3.0, 250, 0.499_293_034_705_761_8, 1e-9),
        (7.25, 250, 0.993_463_838_592_063_6, 1e-8),
        (12.5, 250, 0.999_999_445_686_166_6, 1e-7),
        (20.0, 1000, 0.992_342_270_509_834_5, 1e-5),
    ] {
        let found = costanzino_curran::cumulative(s, n, 0.025).unwrap();
        assert!((found - expected).abs() < error, "{s} of {n}: {found}");
    }
}

/// rugarch 1.5-3, `ESTest`.
#[test]
fn exceedance_residuals_of_rugarch() {
    let series = series();
    for (model, mean, p_value) in [
        (&series.hs, 0.399_384_470_937_414, 0.028_726_529_180_120_5),
        (&series.garch, 0.036_340_921_684_665_6, 0.345_798_167_662_69),
    ] {
        let residuals = mcneil_frey::residuals(&series.forecasts(model), None).unwrap();
        near(residuals.iter().sum::<f64>() / residuals.len() as f64, mean, 1e-10, "mean residual");
        near(mcneil_frey::normal(&residuals).unwrap().p_value, p_value, 1e-9, "p");
        // esback 0.3.1 with 1,000 resamples: 0.012 for the first.
        let draws = Draws { seed: 1, count: 1999 };
        let found = mcneil_frey::bootstrap(&residuals, draws).unwrap().p_value;
        assert!((found - p_value).abs() < 0.03, "{found} {p_value}");
    }
}

/// esback 0.3.1: `cc_backtest`, to nine digits, and `esr_backtest`, which estimates the covariance of the regressions with a density and
/// ours without one: its p-values are **not** reproduced. Both reject historical simulation (2.7e-8 and 2.2e-5 there), and neither does by
/// the intercept; of GARCH-t at 99 % the strict form is 0.0087 here and 0.0773 there, another decision at 5 %. That the lines and the
/// Wald statistic of the covariance in the module are right is checked against SciPy below.
#[test]
fn calibration_and_regression_of_esback() {
    let series = series();
    let run = |id: &str, model| find(id).unwrap().test(&series.forecasts(model)).unwrap();
    let two = run("conditional-calibration-two-sided", &series.hs);
    near(two.p_value, 0.279_936_923_820_63, 1e-9, "simple calibration, two-sided");
    let two = run("conditional-calibration-two-sided", &series.garch);
    near(two.p_value, 0.014_190_042_047_715_8, 1e-9, "simple calibration, two-sided");
    assert!(run("esr-strict", &series.hs).p_value < 1e-7);
    assert!(run("esr-auxiliary", &series.hs).p_value < 1e-4);
    for (id, model, peer) in [
        ("esr-intercept", &series.hs, 0.917_050_883_735_019),
        ("esr-intercept", &series.garch, 0.297_565_434_405_828),
    ] {
        let found = run(id, model).p_value;
        assert!((found - peer).abs() < 0.16, "{id}: {found} {peer}");
    }
    // The difference that the comment states.
    let strict = run("esr-strict", &series.garch).p_value;
    assert!((strict - 0.0087).abs() < 5e-5, "{strict}");
}

/// The joint lines of SciPy 1.17.1: `linprog` (HiGHS) for the quantile line and reweighted `numpy.linalg.lstsq`, alternating.
#[test]
fn joint_lines_of_scipy() {
    use mpor_backtest::es_tests::esr;
    let series = series();
    let (var, es) = &series.garch;
    let found = esr::fit("t", &series.loss, var, es, 0.01).unwrap();
    near(found.shortfall.0, 1.172_567_64, 1e-7, "intercept of the shortfall");
    near(found.shortfall.1, 0.667_461_67, 1e-7, "slope of the shortfall");
    near(found.quantile.1, 0.748_285_83, 1e-7, "slope of the quantile");
    let wald = found.wald("t").unwrap();
    near(wald.statistic, 9.482_282_307_866_114, 1e-6, "Wald");
    let found = esr::fit("t", &series.loss, es, es, 0.01).unwrap();
    near(found.wald("t").unwrap().statistic, 9.482_282_307_865_123, 1e-6, "Wald, strict");
}

/// SciPy 1.17.1: Nelder-Mead over both parameters of the hazard.
#[test]
fn geometric_durations_of_scipy() {
    let series = series();
    for (model, shape, full, constant, both) in [
        (
            &series.hs,
            0.286_204_199,
            -99.452_282_556_654_24,
            -116.478_026_770_228_92,
            35.131_807_487_875_136,
        ),
        (
            &series.garch,
            0.973_990_844,
            -217.295_299_214_386_63,
            -217.313_081_741_889_6,
            10.821_287_278_601_744,
        ),
    ] {
        let hits = series.forecasts(model).hit_sequence();
        let found = duration_geometric::fit("t", &hits).unwrap();
        near(found.shape, shape, 1e-6, "shape");
        near(found.log_likelihood, full, 1e-10, "log likelihood");
        near(found.log_likelihood_constant, constant, 1e-10, "constant hazard");
        let found = duration_geometric::GeometricConditional.test(&hits).unwrap();
        near(found.statistic, both, 1e-8, "conditional coverage");
    }
}

/// numpy 2.4.6 and `scipy.stats.t` on the pinball scores of historical simulation less those of GARCH-t.
#[test]
fn comparisons_of_scipy() {
    let series = series();
    let hs = scores::pinball(&series.forecasts(&series.hs));
    let garch = scores::pinball(&series.forecasts(&series.garch));
    let original = diebold_mariano::test(&hs, &garch, Terms::of_horizon(1)).unwrap();
    outcome(original, 5.754_489_716_360_944, 9.751_863_001_391_37e-9, "one step");
    let five = diebold_mariano::test(&hs, &garch, Terms::of_horizon(5)).unwrap();
    outcome(five, 5.452_265_102_211_859, 5.460_899_470_210_52e-8, "five steps");
    let terms = Terms { horizon: 5, lag: 12, window: LagWindow::Bartlett };
    let bartlett = diebold_mariano::test(&hs, &garch, terms).unwrap();
    outcome(bartlett, 5.133_152_896_860_067, 3.068_555_184_343_81e-7, "Bartlett");
    let one = giacomini_white::test(&hs, &garch, 1).unwrap();
    outcome(one, 32.824_657_688_552_53, 7.451_027_182_076_3e-8, "GW");
    let three = giacomini_white::test(&hs, &garch, 3).unwrap();
    outcome(three, 32.605_591_618_415_104, 8.313_535_209_796_47e-8, "GW of three steps");
}

/// arch 8.0.0, `MCS(size=0.1, reps=20000, block_size=10, bootstrap="stationary")` on pinball scores of both models: the set is GARCH-t alone.
#[test]
fn the_confidence_set_of_arch() {
    let series = series();
    let hs = scores::pinball(&series.forecasts(&series.hs));
    let garch = scores::pinball(&series.forecasts(&series.garch));
    for statistic in [Statistic::Max, Statistic::Range] {
        let draws = Draws { seed: 1, count: 2000 };
        let found = confidence_set::test(&[hs.clone(), garch.clone()], statistic, 10.0, draws);
        let found = found.unwrap();
        assert_eq!(found.included(0.1), [1]);
        assert!(found.removals[0].p_value < 0.005, "{found:?}");
    }
}

/// statsmodels 0.15.0, `multipletests(method="fdr_bh")` and `"fdr_by"`; the p-values are those of Benjamini and Hochberg's example.
#[test]
fn adjusted_p_values_of_statsmodels() {
    let p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216];
    let bh = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.105_714_285_714_285_72, 0.216, 0.216, 0.216];
    let by = [
        0.029_289_682_539_682_536,
        0.117_158_730_158_730_15,
        0.246_033_333_333_333_33,
        0.246_033_333_333_333_33,
        0.246_033_333_333_333_33,
        0.292_896_825_396_825_4,
        0.309_633_786_848_072_5,
        0.632_657_142_857_142_8,
        0.632_657_142_857_142_8,
        0.632_657_142_857_142_8,
    ];
    for (dependence, expected) in [(Dependence::Positive, bh), (Dependence::Any, by)] {
        for (found, expected) in adjusted(&p, dependence).unwrap().iter().zip(expected) {
            near(*found, expected, 1e-14, "adjusted");
        }
    }
}

/// SciPy 1.17.1: stakes by `brentq` on the slope, day by day.
#[test]
fn wealth_of_adaptive_bets_of_scipy() {
    let series = series();
    let forecasts = series.forecasts(&series.garch);
    let gree = monitoring::expected_shortfall(&forecasts, Strategy::Gree(0.5)).unwrap();
    near(*gree.log_wealth.last().unwrap(), 4.224_430_568_265_859, 1e-8, "GREE");
    near(gree.outcome().statistic, 4.322_968_012_607_439, 1e-8, "GREE, largest");
    let strategy = Strategy::Grel { cap: 0.5, window: 500 };
    let grel = monitoring::expected_shortfall(&forecasts, strategy).unwrap();
    near(*grel.log_wealth.last().unwrap(), -21.045_884_312_819_97, 1e-8, "GREL");
    let var = monitoring::value_at_risk(&forecasts, Strategy::Gree(0.5)).unwrap();
    near(*var.log_wealth.last().unwrap(), 4.551_523_758_629_898, 1e-8, "GREE of value at risk");
    near(var.outcome().statistic, 4.683_633_923_000_262, 1e-8, "largest");
    assert_eq!(var.detected(20.0), Some(1655));
}

/// The exact whitening of the reference, to 1e-10.
#[test]
fn whitening_of_the_reference() {
    let file: Value = serde_json::from_str(include_str!("../data/whitening.json")).unwrap();
    let list = |key: &str| -> Vec<f64> {
        file[key].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let horizon = file["h"].as_u64().unwrap() as usize;
    let found = whitening::whiten(&list("overlapping_pnl"), horizon).unwrap();
    assert_eq!(found.len(), list("decorrelated").len());
    for (found, expected) in found.iter().zip(list("decorrelated")) {
        assert!((found - expected).abs() < 1e-10, "{found} {expected}");
    }
}
