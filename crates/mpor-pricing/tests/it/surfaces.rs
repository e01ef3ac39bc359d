//! Surfaces from chains: parameters come back from their own quotes, real chains are met without arbitrage, and so is
//! whatever else is quoted.
//!
//! Data: `tests/data/deribit_2026-05-21.csv`, made by `extract.py` there from the embedded chains. Reference fits:
//! `reference.py` there, by scipy 1.17.1.

use mpor_core::{
    Column, Extrapolation, LongEnd, Right, ShortEnd, SmileShape, Smiles, SsviSlice, SviSlice,
    VolSurface, Wings,
};
use mpor_pricing::surface::{
    Bound, ChainSurface, DropReason, OptionRow, PriceChoice, QuoteUnit, ScreenRules, SurfaceModel,
    SurfaceRules, Weighting, build_surface, quality_table, repair_butterfly,
};
use mpor_pricing::{Black76, PricingError, implied_vol};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const MODELS: [SurfaceModel; 3] = [SurfaceModel::Essvi, SurfaceModel::Ssvi, SurfaceModel::Svi];

/// Volatilities of a smile of total variances at strikes up to `reach` standard deviations, as rows of one expiry.
fn rows_of(years: f64, theta: f64, reach: f64, total: impl Fn(f64) -> f64) -> Vec<OptionRow> {
    const FORWARD: f64 = 100.0;
    let row = |step: i32| {
        let k = reach * theta.sqrt() * f64::from(step) / 15.0;
        let vol = Some((total(k) / years).sqrt());
        OptionRow {
            years,
            strike: FORWARD * k.exp(),
            right: if step < 0 { Right::Put } else { Right::Call },
            bid: vol,
            ask: vol,
            mark: vol,
            unit: QuoteUnit::Vol,
            forward: Some(FORWARD),
            age: None,
        }
    };
    (-15..=15).map(row).collect()
}

fn rules(model: SurfaceModel) -> SurfaceRules {
    let screen = ScreenRules { weighting: Weighting::Equal, ..ScreenRules::default() };
    SurfaceRules { model, screen, ..SurfaceRules::default() }
}

/// No negative density and no total variance that falls with time, on a grid over strikes and days.
fn free_of_arbitrage(surface: &VolSurface, what: &str) {
    let last = surface.pillars().last().unwrap().years;
    let mut times: Vec<f64> = (1..=40).map(|step| last * f64::from(step) / 30.0).collect();
    times.extend(surface.pillars().iter().map(|pillar| pillar.years));
    times.sort_by(f64::total_cmp);
    let reach = 8.0 * surface.atm_total_variance(last).sqrt();
    let raw = matches!(surface.smiles(), Smiles::Svi(_));
    let mut before = vec![0.0; 201];
    for years in times {
        let smile = surface.smile(years);
        let w = |k: f64| smile.total_variance(k);
        let pillar = surface.pillars().iter().any(|pillar| pillar.years == years);
        for (step, before) in before.iter_mut().enumerate() {
            let k = reach * (step as f64 - 100.0) / 100.0;
            let total = w(k);
            assert!(
                total > 0.0 && total >= *before * (1.0 - 1e-9),
                "{what}: {years} {k}: {before} {total}"
            );
            *before = total;
            // Between raw slices the density is not promised.
            if raw && !pillar {
                continue;
            }
            let h = 1e-3 * surface.atm_total_variance(years).sqrt();
            let (first, second) =
                ((w(k + h) - w(k - h)) / (2.0 * h), (w(k + h) - 2.0 * total + w(k - h)) / (h * h));
            let density = (1.0 - k * first / (2.0 * total)).powi(2)
                - first * first / 4.0 * (1.0 / total + 0.25)
                + second / 2.0;
            assert!(density > -1e-4, "{what}: {years} {k}: {density}");
        }
    }
}

const YEARS: [f64; 4] = [0.02, 0.1, 0.4, 1.0];

#[test]
fn extended_slices_come_back_from_their_own_quotes() {
    let slices = [
        SsviSlice { theta: 0.006, rho: -0.1, psi: 0.06 },
        SsviSlice { theta: 0.03, rho: -0.35, psi: 0.18 },
        SsviSlice { theta: 0.13, rho: -0.25, psi: 0.42 },
        SsviSlice { theta: 0.36, rho: -0.3, psi: 0.8 },
    ];
    let rows: Vec<OptionRow> = YEARS
        .into_iter()
        .zip(slices)
        .flat_map(|(years, slice)| {
            rows_of(years, slice.theta, 3.0, move |k| slice.total_variance(k))
        })
        .collect();
    let built = build_surface(&rows, &rules(SurfaceModel::Essvi)).unwrap();
    let Smiles::Ssvi(found) = built.surface.smiles() else { panic!() };
    for (found, slice) in found.iter().zip(slices) {
        assert!((found.theta / slice.theta - 1.0).abs() < 1e-6, "{found:?} {slice:?}");
        assert!((found.rho - slice.rho).abs() < 1e-6, "{found:?} {slice:?}");
        assert!((found.psi / slice.psi - 1.0).abs() < 1e-6, "{found:?} {slice:?}");
    }
    assert!(built.quality.iter().all(|slice| slice.fit.as_ref().unwrap().held_by.is_empty()));
}

#[test]
fn one_shape_comes_back_from_its_own_quotes() {
    for parameters in [[-0.3, 1.0, 0.4], [0.2, 0.6, 0.25], [-0.7, 0.9, 0.48]] {
        let shape = SmileShape::new(parameters[0], parameters[1], parameters[2]).unwrap();
        let rows: Vec<OptionRow> = YEARS
            .into_iter()
            .flat_map(|years| {
                let theta = 0.3 * years;
                rows_of(years, theta, 3.0, move |k| shape.total_variance(k, theta))
            })
            .collect();
        let built = build_surface(&rows, &rules(SurfaceModel::Ssvi)).unwrap();
        let found = built.surface.shape().unwrap().parameters();
        for (found, expected) in found.into_iter().zip(parameters) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        for (pillar, years) in built.surface.pillars().iter().zip(YEARS) {
            assert!((pillar.total_variance / (0.3 * years) - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn raw_slices_come_back_from_their_own_quotes() {
    let slices = [
        SviSlice::new(0.003, 0.02, -0.1, 0.01, 0.1).unwrap(),
        SviSlice::new(0.012, 0.05, -0.3, 0.02, 0.25).unwrap(),
        SviSlice::new(0.05, 0.12, -0.2, 0.05, 0.5).unwrap(),
    ];
    let rows: Vec<OptionRow> = YEARS
        .into_iter()
        .zip(slices)
        .flat_map(|(years, slice)| {
            rows_of(years, slice.total_variance(0.0), 3.9, move |k| slice.total_variance(k))
        })
        .collect();
    let built = build_surface(&rows, &rules(SurfaceModel::Svi)).unwrap();
    for (years, slice) in YEARS.into_iter().zip(slices) {
        for step in -10..=10 {
            let k = 0.35 * slice.total_variance(0.0).sqrt() * f64::from(step);
            let (found, exact) =
                (built.surface.vol(k, years), (slice.total_variance(k) / years).sqrt());
            assert!((found - exact).abs() < 1e-6, "{years} {k}: {found} {exact}");
        }
    }
    assert!(built.quality.iter().all(|slice| slice.fit.as_ref().unwrap().held_by.is_empty()));
}

/// Coin prices of a known surface, each side moved away by a different amount and rounded to ticks.
#[test]
fn noisy_prices_are_met_within_their_spread() {
    let slices = [
        SsviSlice { theta: 0.03, rho: -0.35, psi: 0.18 },
        SsviSlice { theta: 0.36, rho: -0.3, psi: 0.8 },
    ];
    let (forward, tick) = (67_188.0, 1e-4);
    let mut rows = Vec::new();
    for (slice, years) in slices.into_iter().zip([0.1, 1.0]) {
        for step in -25..=25_i32 {
            let strike = (forward * (0.1 * slice.theta.sqrt() * f64::from(step)).exp()).round();
            let vol = (slice.total_variance((strike / forward).ln()) / years).sqrt();
            for right in [Right::Call, Right::Put] {
                let price = Black76::new(forward, strike, years, vol, 0.0, right).unwrap().price()
                    / forward;
                let noise = 1.0 + 0.3 * f64::from((step * 7919).rem_euclid(11) - 5) / 5.0;
                let half = 0.01 * price + 2.0 * tick;
                let bid = Some(((price - half * noise) / tick).floor() * tick);
                let ask = Some(((price + half * (2.0 - noise)) / tick).ceil() * tick);
                let row = OptionRow {
                    years,
                    strike,
                    right,
                    bid,
                    ask,
                    mark: None,
                    unit: QuoteUnit::Coin,
                    forward: None,
                    age: None,
                };
                rows.push(row);
            }
        }
    }
    for model in [SurfaceModel::Essvi, SurfaceModel::Svi] {
        let built =
            build_surface(&rows, &SurfaceRules { model, ..SurfaceRules::default() }).unwrap();
        for slice in &built.quality {
            assert_eq!(slice.fit.as_ref().unwrap().within_spread, Some(1.0), "{model:?}");
            let found = slice.forward.unwrap().forward;
            assert!((found / forward - 1.0).abs() < 2e-3, "{found}");
        }
        free_of_arbitrage(&built.surface, model.name());
    }
}

/// Axel Vogt's slice, with the parameters and repaired variances printed in Gatheral and Jacquier (2014), example 5.1: in
/// jump-wings `(v, psi, p, c, v~)` it is repaired by `c' = p + 2 psi`, `v~' = 4 v p c' / (p + c')^2`.
#[test]
fn the_published_violation_is_reported_and_repaired() {
    let vogt = SviSlice::new(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153).unwrap();
    let error = VolSurface::from_svi(&[1.0], vec![vogt], mpor_core::Origin::Quoted).unwrap_err();
    assert!(error.to_string().contains("density is negative"), "{error}");
    let repaired = repair_butterfly(&vogt, 1.0, -1.5, 1.5).unwrap();
    assert!(repaired.lowest_density().value >= 0.0);
    let surface = VolSurface::from_svi(&[1.0], vec![repaired], mpor_core::Origin::Quoted).unwrap();
    free_of_arbitrage(&surface, "repaired");

    let published =
        from_jump_wings(0.017_426_25, -0.175_211_1, 0.699_738_1, 0.349_315_8, 0.015_481_82);
    assert!((published.total_variance(0.0) - vogt.total_variance(0.0)).abs() < 1e-7);
    let distance = |slice: &SviSlice| {
        (-30..=30)
            .map(|step| 0.05 * f64::from(step))
            .map(|k| (slice.total_variance(k).sqrt() - vogt.total_variance(k).sqrt()).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let (ours, theirs) = (distance(&repaired), distance(&published));
    assert!(ours < 0.5 * theirs, "{ours} {theirs}");
    let clean = SviSlice::new(0.04, 0.1, -0.3, 0.0, 0.3).unwrap();
    assert_eq!(repair_butterfly(&clean, 1.0, -1.0, 1.0).unwrap(), clean);
    assert!(repair_butterfly(&vogt, 1.0, 1.0, -1.0).is_err());
}

/// Lemma 3.2 of the same paper, for one year.
fn from_jump_wings(v: f64, psi: f64, p: f64, c: f64, floor: f64) -> SviSlice {
    let root = v.sqrt();
    let b = 0.5 * root * (c + p);
    let rho = 1.0 - p * root / b;
    let beta = rho - 2.0 * psi * root / b;
    let alpha = 1.0_f64.copysign(beta) * (1.0 / (beta * beta) - 1.0).sqrt();
    let rest = (1.0 - rho * rho).sqrt();
    let m =
        (v - floor) / (b * (-rho + alpha.signum() * (1.0 + alpha * alpha).sqrt() - alpha * rest));
    let sigma = alpha * m;
    SviSlice::new(floor - b * sigma * rest, b, rho, m, sigma).unwrap()
}

/// One real quote as it stands in the file.
struct Quote {
    row: OptionRow,
    vols: [f64; 2],
    vol_forward: f64,
    underlying: String,
}

fn real() -> Vec<Quote> {
    let text = include_str!("../data/deribit_2026-05-21.csv");
    let quote = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().unwrap();
        Quote {
            row: OptionRow {
                years: number(1),
                strike: number(2),
                right: if fields[3] == "C" { Right::Call } else { Right::Put },
                bid: Some(number(4)),
                ask: Some(number(5)),
                mark: None,
                unit: QuoteUnit::Coin,
                forward: Some(number(8)),
                age: None,
            },
            vols: [number(6), number(7)],
            vol_forward: number(9),
            underlying: fields[0].to_owned(),
        }
    };
    text.lines().skip(1).map(quote).collect()
}

fn coin(name: &str) -> Vec<OptionRow> {
    real().into_iter().filter(|quote| quote.underlying == name).map(|quote| quote.row).collect()
}

/// The volatilities in the file are another implementation's (quantflow 1.2.0), from the same prices, with seven digits. It
/// used forwards of its own, which `extract.py` finds, one an expiry.
#[test]
fn implied_volatilities_are_those_of_the_file() {
    let (mut count, mut worst) = (0, 0.0_f64);
    for Quote { row, vols, vol_forward, .. } in real() {
        for (price, expected) in [row.bid, row.ask].into_iter().zip(vols) {
            let (price, strike) = (price.unwrap() * vol_forward, row.strike);
            let vol = implied_vol(price, vol_forward, strike, row.years, 0.0, row.right).unwrap();
            worst = worst.max((vol - expected).abs());
            count += 1;
        }
    }
    assert_eq!(count, 1358);
    assert!(worst < 1e-6, "{worst:e}");
}

#[test]
fn real_chains_become_surfaces_without_arbitrage() {
    for name in ["BTC", "ETH"] {
        let rows = coin(name);
        for (model, limit, within) in [
            (SurfaceModel::Essvi, 0.015, 0.5),
            (SurfaceModel::Ssvi, 0.022, 0.3),
            (SurfaceModel::Svi, 0.005, 0.9),
        ] {
            let built =
                build_surface(&rows, &SurfaceRules { model, ..SurfaceRules::default() }).unwrap();
            let (mut used, mut dropped, mut squares, mut inside) = (0, 0, 0.0, 0.0);
            for slice in &built.quality {
                used += slice.used;
                dropped += slice.dropped.values().sum::<usize>();
                if let Some(fit) = &slice.fit {
                    squares += slice.used as f64 * fit.rms_error.powi(2);
                    inside += slice.used as f64 * fit.within_spread.unwrap();
                    assert!(fit.lowest_density.value >= 0.0);
                    assert!(fit.lowest_gap.is_none_or(|gap| gap.value >= -1e-12));
                }
            }
            assert_eq!(used + dropped, rows.len());
            let (rms, share) = ((squares / used as f64).sqrt(), inside / used as f64);
            println!(
                "{name} {}: {used} of {} quotes, rms {rms:.5}, {share:.3} inside",
                model.name(),
                rows.len()
            );
            assert!(rms < limit && share > within, "{name} {model:?}: {rms} {share}");
            free_of_arbitrage(&built.surface, name);
        }
    }
}

/// Days, quotes, and the root mean squared errors of the best SSVI slice and the best raw SVI slice of BTC by scipy.
const REFERENCE: [(f64, usize, f64, f64); 9] = [
    (2.9138, 21, 0.0085375, 0.0031442),
    (3.9138, 25, 0.0162217, 0.0050212),
    (7.9138, 28, 0.0122828, 0.0042582),
    (14.9138, 22, 0.0056161, 0.0026000),
    (35.9138, 30, 0.0139957, 0.0020940),
    (70.9138, 46, 0.0033600, 0.0013883),
    (126.9138, 51, 0.0099774, 0.0023095),
    (217.9138, 57, 0.0087241, 0.0015030),
    (308.9138, 46, 0.0023675, 0.0005192),
];

/// Scipy's raw slices have no negative density for these expiries; for the others the best is out of bounds.
const FREE: [f64; 4] = [14.9138, 70.9138, 126.9138, 217.9138];

#[test]
fn slices_are_as_good_as_another_optimiser_finds() {
    let rows = coin("BTC");
    for (days, quotes, ssvi, svi) in REFERENCE {
        let expiry: Vec<OptionRow> =
            rows.iter().filter(|row| (row.years * 365.0 - days).abs() < 1e-3).copied().collect();
        let fit = |model| {
            let built = build_surface(&expiry, &rules(model)).unwrap();
            assert_eq!(built.quality[0].used, quotes);
            built.quality[0].fit.as_ref().unwrap().rms_error
        };
        let found = fit(SurfaceModel::Essvi);
        assert!((found / ssvi - 1.0).abs() < 1e-4, "{days}: {found} {ssvi}");
        let found = fit(SurfaceModel::Svi);
        assert!(found > svi * (1.0 - 1e-3), "{days}: {found} {svi}");
        if FREE.contains(&days) {
            assert!(found < svi * (1.0 + 1e-3), "{days}: {found} {svi}");
        }
        assert!(found < ssvi, "{days}: {found}");
    }
}

#[test]
fn quality_is_a_table_with_a_row_an_expiry() {
    let mut rows = coin("BTC");
    rows[5].bid = None;
    let built = build_surface(&rows, &SurfaceRules::default()).unwrap();
    let table = quality_table(&built.quality).unwrap();
    assert_eq!((table.name(), table.rows()), ("surface_quality", built.quality.len()));
    for reason in DropReason::ALL {
        assert!(table.column(&format!("dropped_{}", reason.name())).is_some());
    }
    let Some(Column::Count(dropped)) = table.column("dropped_no_bid") else { panic!() };
    assert_eq!(dropped.iter().flatten().sum::<i64>(), 1);
    let Some(Column::Number(within)) = table.column("within_spread") else { panic!() };
    assert_eq!(within.iter().flatten().count(), built.surface.pillars().len());
}

#[test]
fn quotes_that_cross_are_held_and_said_to_be() {
    // At-the-money total variance falls from 0.036 to 0.030.
    let rows: Vec<OptionRow> = [(0.1, 0.036), (0.2, 0.030)]
        .into_iter()
        .flat_map(|(years, theta)| {
            let slice = SsviSlice { theta, rho: -0.2, psi: 0.2 };
            rows_of(years, theta, 3.0, move |k| slice.total_variance(k))
        })
        .collect();
    for model in MODELS {
        let built = build_surface(&rows, &rules(model)).unwrap();
        let held =
            |at: usize| built.quality[at].fit.as_ref().unwrap().held_by.contains(&Bound::Level);
        // Raw slices are fitted from the longest, and the shorter one gives way.
        assert!(held(usize::from(model != SurfaceModel::Svi)), "{model:?}");
        free_of_arbitrage(&built.surface, model.name());
    }
}

/// A first expiry without any smile leaves the others theirs: it bends a little instead.
#[test]
fn a_flat_first_expiry_does_not_flatten_the_others() {
    let slices = [
        SsviSlice { theta: 0.006, rho: 0.0, psi: 0.0 },
        SsviSlice { theta: 0.03, rho: -0.35, psi: 0.18 },
        SsviSlice { theta: 0.13, rho: -0.25, psi: 0.42 },
    ];
    let rows: Vec<OptionRow> = YEARS
        .into_iter()
        .zip(&slices)
        .flat_map(|(years, slice)| rows_of(years, slice.theta, 3.0, |k| slice.total_variance(k)))
        .collect();
    let built = build_surface(&rows, &rules(SurfaceModel::Essvi)).unwrap();
    let error = |at: usize| built.quality[at].fit.as_ref().unwrap().rms_error;
    assert!(error(1) < 1e-5 && error(2) < 1e-5, "{} {}", error(1), error(2));
    assert!(built.quality[0].fit.as_ref().unwrap().held_by.is_empty());
    assert!(built.quality[1].fit.as_ref().unwrap().held_by.contains(&Bound::Steepness));
    free_of_arbitrage(&built.surface, "flat first");
}

#[test]
fn an_outlier_is_dropped_and_changes_nothing_else() {
    let slice = SsviSlice { theta: 0.03, rho: -0.35, psi: 0.18 };
    let mut rows = rows_of(0.1, slice.theta, 3.0, |k| slice.total_variance(k));
    rows[20] = OptionRow { bid: Some(0.9), ask: Some(0.9), ..rows[20] };
    let built = build_surface(&rows, &rules(SurfaceModel::Essvi)).unwrap();
    let dropped = &built.expiries[0].dropped;
    assert!(dropped.len() == 1 && dropped[0].row == 20 && dropped[0].reason == DropReason::Outlier);
    assert!((built.surface.atm_total_variance(0.1) - 0.03).abs() < 1e-8);
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let rows = rows_of(0.1, 0.03, 3.0, |_| 0.03);
    let one_sided: Vec<OptionRow> =
        rows.iter().map(|row| OptionRow { bid: None, ..*row }).collect();
    let error = build_surface(&one_sided, &SurfaceRules::default()).unwrap_err();
    assert_eq!(error, PricingError::NoExpiry { expiries: 1, reasons: "no_bid 31".to_owned() });
    let few = build_surface(&rows[..4], &SurfaceRules::default()).unwrap_err();
    assert!(few.to_string().contains("too_few 4"), "{few}");
    assert!(build_surface(&[], &SurfaceRules::default()).is_err());
    let error = "sabr".parse::<SurfaceModel>().unwrap_err();
    assert!(error.to_string().contains("essvi, ssvi, svi"), "{error}");
    for (name, model) in SurfaceModel::ALL {
        assert_eq!((name.parse::<SurfaceModel>().unwrap(), model.name()), (model, name));
    }
}

#[test]
fn clamped_wings_and_marks_are_a_matter_of_rules() {
    let slice = SsviSlice { theta: 0.03, rho: -0.35, psi: 0.18 };
    let rows = rows_of(0.1, slice.theta, 3.0, |k| slice.total_variance(k));
    let one_sided: Vec<OptionRow> =
        rows.iter().map(|row| OptionRow { bid: None, ..*row }).collect();
    let mut rules = rules(SurfaceModel::Essvi);
    rules.screen.price = PriceChoice::Mark;
    rules.extrapolation = Extrapolation {
        short: ShortEnd::FlatSmile,
        long: LongEnd::FlatForwardVariance,
        wings: Wings::Clamped,
    };
    let built = build_surface(&one_sided, &rules).unwrap();
    let edge = 3.0 * slice.theta.sqrt();
    assert!((built.surface.vol(2.0, 0.1) - (slice.total_variance(edge) / 0.1).sqrt()).abs() < 1e-6);
    assert_eq!(built.surface.rules(), rules.extrapolation);
}

#[test]
fn the_order_of_rows_does_not_matter() {
    let rows = coin("ETH");
    let reversed: Vec<OptionRow> = rows.iter().rev().copied().collect();
    for model in MODELS {
        let of = |rows: &[OptionRow]| {
            build_surface(rows, &SurfaceRules { model, ..SurfaceRules::default() }).unwrap().surface
        };
        assert_eq!(of(&rows), of(&reversed), "{model:?}");
    }
}

/// The same chains on every run.
fn fixed(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(2014),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Smiles of four expiries that know nothing of each other, some of them out of order: slice parameters as shares of their
/// butterfly bounds, and a quote noise.
fn chains() -> impl Strategy<Value = Vec<OptionRow>> {
    let expiry = (0.1..1.5_f64, -0.9..0.9_f64, 0.05..1.0_f64, 0.0..0.05_f64);
    prop::collection::vec(expiry, 4).prop_map(|expiries| {
        let mut rows = Vec::new();
        for (years, (vol, rho, share, noise)) in YEARS.into_iter().zip(expiries) {
            let theta = vol * vol * years;
            let slice = SsviSlice { theta, rho, psi: share * SsviSlice::psi_bound(theta, rho) };
            let mut expiry = rows_of(years, theta, 3.5, |k| slice.total_variance(k));
            for (at, row) in expiry.iter_mut().enumerate() {
                let wave = 1.0 + noise * f64::from((at as i32 * 7919) % 11 - 5) / 5.0;
                row.bid = row.bid.map(|vol| 0.99 * wave * vol);
                row.ask = row.ask.map(|vol| 1.01 * wave * vol);
            }
            rows.extend(expiry);
        }
        rows
    })
}

fn checked(rows: &[OptionRow], model: SurfaceModel) -> ChainSurface {
    let built = build_surface(rows, &SurfaceRules { model, ..SurfaceRules::default() }).unwrap();
    free_of_arbitrage(&built.surface, model.name());
    built
}

proptest! {
    #![proptest_config(fixed(60))]

    #[test]
    fn any_chain_becomes_a_surface_without_arbitrage(rows in chains()) {
        for model in MODELS {
            checked(&rows, model);
        }
    }

    #[test]
    fn admissible_slices_are_met(
        start in (0.2..1.0_f64, -0.7..0.7_f64, 0.1..0.9_f64),
        growth in prop::collection::vec((1.2..3.0_f64, -0.1..0.1_f64, 0.2..0.8_f64), 3),
    ) {
        // Each slice inside the bounds after the one before.
        let (vol, rho, share) = start;
        let theta = vol * vol * YEARS[0];
        let mut slices = vec![SsviSlice { theta, rho, psi: share * SsviSlice::psi_bound(theta, rho) }];
        for (times, turn, share) in growth {
            let last = slices[slices.len() - 1];
            let theta = last.theta * times;
            let rho = last.rho + turn * (1.0 - last.rho.abs()) * (times - 1.0).min(1.0);
            let low = last.psi * ((1.0 - last.rho) / (1.0 - rho)).max((1.0 + last.rho) / (1.0 + rho));
            let high = SsviSlice::psi_bound(theta, rho).min(last.psi * times);
            prop_assume!(low < high);
            slices.push(SsviSlice { theta, rho, psi: low + share * (high - low) });
        }
        let rows: Vec<OptionRow> = YEARS
            .into_iter()
            .zip(&slices)
            .flat_map(|(years, slice)| rows_of(years, slice.theta, 3.0, |k| slice.total_variance(k)))
            .collect();
        let built = build_surface(&rows, &rules(SurfaceModel::Essvi)).unwrap();
        for slice in &built.quality {
            let fit = slice.fit.as_ref().unwrap();
            prop_assert!(fit.worst_error.abs() < 1e-5, "{:?}", fit);
        }
    }
}
