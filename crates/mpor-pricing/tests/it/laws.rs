//! What every Black-76 price obeys, on random options.

use mpor_core::Right;
use mpor_pricing::{Black76, OptionKernel, implied_vol};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// `F`, `K`, years, volatility and rate over what markets quote and well beyond.
fn options() -> impl Strategy<Value = (f64, f64, f64, f64, f64)> {
    (1e-3..1e6_f64, -3.0..3.0_f64, 1e-6..10.0_f64, 1e-3..4.0_f64, -0.1..0.2_f64)
        .prop_map(|(forward, k, years, vol, rate)| (forward, forward * k.exp(), years, vol, rate))
}

fn price(forward: f64, strike: f64, years: f64, vol: f64, rate: f64, right: Right) -> f64 {
    Black76::new(forward, strike, years, vol, rate, right).unwrap().price()
}

/// The same options on every run.
fn fixed() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(1976),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(fixed())]

    #[test]
    fn call_less_put_is_the_discounted_forward_less_strike((f, k, t, v, r) in options()) {
        let parity = price(f, k, t, v, r, Right::Call) - price(f, k, t, v, r, Right::Put);
        let discount = (-r * t).exp();
        prop_assert!((parity - discount * (f - k)).abs() <= 1e-15 * discount * 4.0 * (f + k));
    }

    #[test]
    fn prices_stay_within_their_bounds((f, k, t, v, r) in options()) {
        let discount = (-r * t).exp();
        for (right, high) in [(Right::Call, f), (Right::Put, k)] {
            let price = price(f, k, t, v, r, right);
            let slack = 1e-15 * high;
            prop_assert!(price >= discount * (right.payoff(f, k) - slack));
            prop_assert!(price <= discount * (high + slack));
        }
    }

    #[test]
    fn prices_rise_with_volatility((f, k, t, v, r) in options(), more in 1.0001..2.0_f64) {
        for right in [Right::Call, Right::Put] {
            let (low, high) = (price(f, k, t, v, r, right), price(f, k, t, v * more, r, right));
            prop_assert!(high >= low * (1.0 - 1e-14), "{low} {high}");
        }
    }

    #[test]
    fn prices_are_convex_in_strike((f, k, t, v, r) in options(), width in 0.001..0.5_f64) {
        let (low, high) = (k * (1.0 - width), k * (1.0 + width));
        for right in [Right::Call, Right::Put] {
            let wings = price(f, low, t, v, r, right) + price(f, high, t, v, r, right);
            let body = 2.0 * price(f, k, t, v, r, right);
            prop_assert!(wings - body >= -1e-14 * (f + k) * (-r * t).exp());
        }
    }

    /// Central differences: what a greek means, with the error of the difference itself allowed for.
    #[test]
    fn greeks_are_the_derivatives_of_the_price(
        (k, t, v, r) in (-1.0..1.0_f64, 0.05..2.0_f64, 0.1..1.0_f64, -0.05..0.1_f64)
    ) {
        let (f, h) = (100.0, 1e-4);
        let k = f * (k * v * t.sqrt()).exp();
        for right in [Right::Call, Right::Put] {
            let greeks = Black76::new(f, k, t, v, r, right).unwrap().greeks();
            let slope = |up: f64, down: f64, step: f64| (up - down) / (2.0 * step);
            let delta = slope(price(f + h, k, t, v, r, right), price(f - h, k, t, v, r, right), h);
            prop_assert!((greeks.delta - delta).abs() < 1e-6);
            let vega = slope(price(f, k, t, v + h, r, right), price(f, k, t, v - h, r, right), h);
            prop_assert!((greeks.vega - vega).abs() < 1e-4 * f);
            let theta = slope(price(f, k, t - h, v, r, right), price(f, k, t + h, v, r, right), h);
            prop_assert!((greeks.theta - theta).abs() < 1e-4 * f);
            let of = |forward: f64| Black76::new(forward, k, t, v, r, right).unwrap().delta();
            prop_assert!((greeks.gamma - slope(of(f + h), of(f - h), h)).abs() < 1e-6);
            let rho = slope(
                price(f, k, t, v, r + h, right),
                price(f, k, t, v, r - h, right),
                h,
            );
            prop_assert!((greeks.rho - rho).abs() < 1e-4 * f);
        }
    }

    #[test]
    fn the_price_gives_its_volatility_back((f, k, t, v, r) in options()) {
        for right in [Right::Call, Right::Put] {
            let option = Black76::new(f, k, t, v, r, right).unwrap();
            let (price, vega) = (option.price(), option.vega());
            // One unit in the last place of the price, in volatility; hopeless where that is all of it.
            let conditioning = price * f64::EPSILON / (vega * v);
            if conditioning < 1e-3 && price > 1e-250 {
                let found = implied_vol(price, f, k, t, r, right).unwrap();
                let error = (found / v - 1.0).abs();
                prop_assert!(error <= (16.0 * conditioning).max(1e-12), "{found}: {error:e}");
            }
        }
    }

    #[test]
    fn the_kernel_meets_the_scalar_price((f, k, t, v, r) in options()) {
        for right in [Right::Call, Right::Put] {
            let mut out = [0.0];
            OptionKernel::new(k, t, r, right).unwrap().price(&[f], &[v], &mut out).unwrap();
            let scale = (-r * t).exp() * f.max(k);
            prop_assert!((out[0] - price(f, k, t, v, r, right)).abs() < 1e-14 * scale);
        }
    }
}
