//! The smile shapes of real chains: Deribit BTC and ETH of 2026-05-21, four SPX smiles of early 2025.
//!
//! Data: `tests/reference/chains`, made by `extract.py` there from the embedded chains. Expected numbers: the same fit by
//! scipy 1.17.1 (`minimize`, Nelder-Mead) over the same quotes; the shape is flat along a ridge, hence the tolerances.

use std::path::Path;

use mpor_core::Right;
use mpor_pricing::surface::{
    ChainQuote, ChainRules, FittedShape, Quoted, TermStructure, clean, fit_shape,
};

fn chain(name: &str) -> Vec<ChainQuote> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/chains").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(quote).collect()
}

fn quote(line: &str) -> ChainQuote {
    let fields: Vec<&str> = line.split(',').collect();
    let number = |at: usize| fields[at].parse::<f64>().unwrap();
    ChainQuote {
        years: number(0) / 365.0,
        forward: number(1),
        strike: number(2),
        right: if fields[3] == "C" { Right::Call } else { Right::Put },
        bid: Some(number(4) / 100.0),
        ask: Some(number(5) / 100.0),
        quoted: Quoted::Vol,
    }
}

fn fitted(name: &str) -> FittedShape {
    fit_shape(&clean(&chain(name), &ChainRules::default()).unwrap()).unwrap()
}

#[test]
fn shapes_of_real_chains() {
    for (name, expected, rms, quotes) in EXPECTED {
        let fitted = fitted(name);
        let found = fitted.shape.parameters();
        println!("{name}: {found:?} rms {} of {}", fitted.rms_error, fitted.quotes);
        for slice in &fitted.slices {
            println!("  {:.2}d {:.4} {:.4}", slice.years * 365.0, slice.atm_vol, slice.rms_error);
        }
        assert_eq!(fitted.quotes, quotes, "{name}");
        assert!((fitted.rms_error - rms).abs() < 2e-5, "{name}: {}", fitted.rms_error);
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 2e-3, "{name}: {found} for {expected}");
        }
    }
}

#[test]
fn reversion_of_real_chains() {
    for (name, expected) in KAPPA {
        let kappa = TermStructure::fit(&fitted(name).slices).unwrap().kappa();
        println!("{name}: kappa {kappa}");
        assert!((kappa / expected - 1.0).abs() < 0.01, "{name}: {kappa}");
    }
}

/// Chain, `[rho, eta, gamma]`, root mean squared error, quotes.
const EXPECTED: [(&str, [f64; 3], f64, usize); 3] = [
    ("btc.csv", [-0.26941, 1.00119, 0.46473], 0.010541, 313),
    ("eth.csv", [-0.23269, 0.85823, 0.5], 0.011517, 238),
    ("spx.csv", [-0.62292, 1.23234, 0.44932], 0.006804, 1050),
];

/// Chain and kappa. The SPX smiles are of four days, so they have no term structure.
const KAPPA: [(&str, f64); 2] = [("btc.csv", 11.0065), ("eth.csv", 12.0116)];
