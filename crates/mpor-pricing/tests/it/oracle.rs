//! Against an implementation that we did not write: crate `implied-vol` 2.1 (a port of Jäckel's "Let's be rational").

use ::implied_vol::{DefaultSpecialFn, ImpliedBlackVolatility, PriceBlackScholes};
use mpor_core::Right;
use mpor_pricing::{Black76, PricingError, implied_vol};

fn cases() -> impl Iterator<Item = (f64, f64, f64, bool)> {
    let strikes = [1.0, 20.0, 60.0, 90.0, 99.0, 100.0, 100.1, 120.0, 200.0, 1000.0];
    let years = [1.0 / 8760.0, 7.0 / 365.0, 0.25, 1.0, 10.0];
    let vols = [0.01, 0.1, 0.35, 0.8, 2.0, 5.0];
    strikes.into_iter().flat_map(move |strike| {
        years.into_iter().flat_map(move |years| {
            vols.into_iter().flat_map(move |vol| {
                [true, false].into_iter().map(move |is_call| (strike, years, vol, is_call))
            })
        })
    })
}

fn right(is_call: bool) -> Right {
    if is_call { Right::Call } else { Right::Put }
}

#[test]
fn prices_agree() {
    let mut compared = 0;
    for (strike, years, vol, is_call) in cases() {
        let theirs = PriceBlackScholes::builder()
            .forward(100.0)
            .strike(strike)
            .volatility(vol)
            .expiry(years)
            .is_call(is_call)
            .build()
            .unwrap()
            .calculate::<DefaultSpecialFn>();
        let ours = Black76::new(100.0, strike, years, vol, 0.0, right(is_call)).unwrap().price();
        let scale = 1e-15 * (100.0 + strike);
        assert!((ours - theirs).abs() <= 4.0 * scale, "{strike} {years} {vol}: {ours} {theirs}");
        if theirs > 1e-250 && theirs < 1e-3 * scale {
            assert!((ours / theirs - 1.0).abs() < 1e-10, "{strike} {years} {vol}: {ours} {theirs}");
            compared += 1;
        }
    }
    assert!(compared > 10, "only {compared} far out of the money");
}

#[test]
fn implied_volatilities_agree() {
    let mut compared = 0;
    for (strike, years, vol, is_call) in cases() {
        let price = Black76::new(100.0, strike, years, vol, 0.0, right(is_call)).unwrap().price();
        let out_of_the_money = is_call == (strike >= 100.0);
        let bound = if is_call { 100.0 } else { strike };
        if !out_of_the_money || price < 1e-250 || price > 0.999 * bound {
            continue;
        }
        let theirs = ImpliedBlackVolatility::builder()
            .option_price(price)
            .forward(100.0)
            .strike(strike)
            .expiry(years)
            .is_call(is_call)
            .build()
            .unwrap()
            .calculate::<DefaultSpecialFn>()
            .unwrap();
        let ours = implied_vol(price, 100.0, strike, years, 0.0, right(is_call)).unwrap();
        assert!((ours / theirs - 1.0).abs() < 1e-11, "{strike} {years} {vol}: {ours} {theirs}");
        assert!((ours / vol - 1.0).abs() < 1e-11, "{strike} {years} {vol}: {ours}");
        compared += 1;
    }
    assert!(compared > 150, "only {compared} compared");
}

#[test]
fn prices_outside_the_bounds_imply_nothing() {
    let vol = |price, right| implied_vol(price, 100.0, 90.0, 1.0, 0.0, right);
    let outside = |result| matches!(result, Err(PricingError::PriceBounds { .. }));
    assert!(outside(vol(9.99, Right::Call)));
    assert!(outside(vol(100.0, Right::Call)));
    assert!(outside(vol(-0.01, Right::Put)));
    assert!(outside(vol(90.0, Right::Put)));
    assert!(outside(vol(f64::NAN, Right::Put)));
    assert_eq!(vol(10.0, Right::Call), Ok(0.0));
    assert_eq!(vol(0.0, Right::Put), Ok(0.0));
}
