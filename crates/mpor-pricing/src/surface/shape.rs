//! Which smile shape fits a chain of quotes best, among those without butterfly arbitrage?
//!
//! Minimises the weighted squared error of volatility over the three parameters of [`SmileShape`] and one at-the-money
//! total variance an expiry. The latter are solved for inside, by Gauss-Newton; the former outside, by the simplex method of
//! Nelder and Mead on variables that cannot leave the arbitrage-free region:
//!
//! ```text
//! rho = tanh x,   gamma = logistic(y) / 2,   eta = 2 logistic(z) / (1 + |rho|)
//! ```
//!
//! Source of the surface: see [`mpor_core::surface`]. Deterministic: fixed starts, fixed order of sums.
//! Says nothing about calendar arbitrage: expiries may come from different days, so at-the-money variances are not tied.

use mpor_core::SmileShape;

use crate::domain::{above_zero, finite, not_below_zero};
use crate::error::PricingError;
use crate::surface::nelder_mead::minimise;

/// One point of a smile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmileQuote {
    /// Time to expiry in years; quotes with equal years are one expiry.
    pub years: f64,
    /// `ln(K / F)`.
    pub log_moneyness: f64,
    /// Black volatility per year.
    pub vol: f64,
    /// Weight of its squared error; not below zero.
    pub weight: f64,
}

/// A smile shape with the quality of its fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedShape {
    /// The shape.
    pub shape: SmileShape,
    /// Root of the weighted mean squared error of volatility (0.01 = one volatility point).
    pub rms_error: f64,
    /// Quotes used.
    pub quotes: usize,
    /// The expiries, by increasing time.
    pub slices: Vec<FittedSlice>,
}

/// One expiry of a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedSlice {
    /// Time to expiry in years.
    pub years: f64,
    /// Fitted at-the-money volatility per year.
    pub atm_vol: f64,
    /// Root of the weighted mean squared error of volatility in this expiry.
    pub rms_error: f64,
}

/// Fewest quotes for three parameters and a level.
const FEWEST: usize = 5;

/// The shape that fits best.
///
/// # Errors
/// [`PricingError::TooFewQuotes`] for fewer than five quotes with weight; [`PricingError::Input`] for numbers outside their
/// domain.
pub fn fit_shape(quotes: &[SmileQuote]) -> Result<FittedShape, PricingError> {
    for quote in quotes {
        above_zero("years to expiry", quote.years)?;
        above_zero("volatility", quote.vol)?;
        finite("log-moneyness", quote.log_moneyness)?;
        not_below_zero("weight", quote.weight)?;
    }
    let mut used: Vec<SmileQuote> =
        quotes.iter().filter(|quote| quote.weight > 0.0).copied().collect();
    if used.len() < FEWEST {
        return Err(PricingError::TooFewQuotes { found: used.len(), needed: FEWEST });
    }
    used.sort_by(|a, b| {
        a.years.total_cmp(&b.years).then(a.log_moneyness.total_cmp(&b.log_moneyness))
    });
    let expiries: Vec<&[SmileQuote]> = used.chunk_by(|a, b| a.years == b.years).collect();
    let best = STARTS
        .into_iter()
        .map(|start| minimise(|point| squared_error(&expiries, point), start, 0.5))
        .min_by(|a, b| a.1.total_cmp(&b.1));
    let point = best.map_or(STARTS[0], |(point, _)| point);
    let shape = shape_at(point)?;
    Ok(report(shape, &expiries, used.len()))
}

/// A little skew and much curvature; more skew and less curvature.
const STARTS: [[f64; 3]; 2] = [[-0.3, 0.5, 0.0], [-1.0, -0.5, -1.0]];

fn shape_at([x, y, z]: [f64; 3]) -> Result<SmileShape, PricingError> {
    let logistic = |u: f64| 1.0 / (1.0 + libm::exp(-u));
    // Inside the bounds by more than rounding.
    let rho = libm::tanh(x) * (1.0 - 1e-9);
    let eta = 2.0 * logistic(z).max(1e-9) * (1.0 - 1e-12) / (1.0 + rho.abs());
    Ok(SmileShape::new(rho, eta, 0.5 * logistic(y).max(1e-9))?)
}

fn squared_error(expiries: &[&[SmileQuote]], point: [f64; 3]) -> f64 {
    let Ok(shape) = shape_at(point) else { return f64::INFINITY };
    expiries.iter().map(|expiry| expiry_error(shape, expiry, fit_theta(shape, expiry))).sum()
}

fn expiry_error(shape: SmileShape, expiry: &[SmileQuote], theta: f64) -> f64 {
    let error = |quote: &SmileQuote| vol(shape, quote, theta) - quote.vol;
    expiry.iter().map(|quote| quote.weight * error(quote) * error(quote)).sum()
}

fn vol(shape: SmileShape, quote: &SmileQuote, theta: f64) -> f64 {
    libm::sqrt(shape.total_variance(quote.log_moneyness, theta) / quote.years)
}

/// At-the-money total variance that fits an expiry best, by Gauss-Newton on its logarithm from the nearest quote.
fn fit_theta(shape: SmileShape, expiry: &[SmileQuote]) -> f64 {
    const BUMP: f64 = 1e-5;
    let nearest = expiry
        .iter()
        .min_by(|a, b| a.log_moneyness.abs().total_cmp(&b.log_moneyness.abs()))
        .map_or(1.0, |quote| quote.vol * quote.vol * quote.years);
    let mut theta = nearest;
    for _ in 0..20 {
        let (mut slope_error, mut slope_slope) = (0.0, 0.0);
        for quote in expiry {
            let fitted = vol(shape, quote, theta);
            let slope = (vol(shape, quote, theta * (1.0 + BUMP)) - fitted) / BUMP;
            slope_error += quote.weight * slope * (quote.vol - fitted);
            slope_slope += quote.weight * slope * slope;
        }
        let step = (slope_error / slope_slope).clamp(-1.0, 1.0);
        if !step.is_finite() {
            return nearest;
        }
        theta *= libm::exp(step);
        if step.abs() < 1e-9 {
            break;
        }
    }
    theta
}

fn report(shape: SmileShape, expiries: &[&[SmileQuote]], quotes: usize) -> FittedShape {
    let (mut slices, mut squares, mut weights) = (Vec::with_capacity(expiries.len()), 0.0, 0.0);
    for expiry in expiries {
        let theta = fit_theta(shape, expiry);
        let error = expiry_error(shape, expiry, theta);
        let weight: f64 = expiry.iter().map(|quote| quote.weight).sum();
        let years = expiry[0].years;
        slices.push(FittedSlice {
            years,
            atm_vol: libm::sqrt(theta / years),
            rms_error: libm::sqrt(error / weight),
        });
        squares += error;
        weights += weight;
    }
    FittedShape { shape, rms_error: libm::sqrt(squares / weights), quotes, slices }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(shape: SmileShape) -> Vec<SmileQuote> {
        let mut quotes = Vec::new();
        for (years, atm) in [(0.02, 0.5), (0.1, 0.55), (0.5, 0.6), (1.0, 0.62)] {
            for step in -10..=10 {
                let log_moneyness = f64::from(step) * 0.25 * atm * libm::sqrt(years);
                let total = shape.total_variance(log_moneyness, atm * atm * years);
                let vol = libm::sqrt(total / years);
                quotes.push(SmileQuote { years, log_moneyness, vol, weight: 1.0 });
            }
        }
        quotes
    }

    #[test]
    fn a_shape_is_recovered_from_its_own_quotes() {
        for parameters in [[-0.3, 1.0, 0.4], [0.2, 0.6, 0.25], [-0.7, 0.9, 0.48]] {
            let shape = SmileShape::new(parameters[0], parameters[1], parameters[2]).unwrap();
            let fitted = fit_shape(&quotes(shape)).unwrap();
            for (found, expected) in fitted.shape.parameters().into_iter().zip(parameters) {
                assert!((found - expected).abs() < 1e-4, "{fitted:?}");
            }
            assert!(fitted.rms_error < 1e-6);
            assert!((fitted.slices[2].atm_vol - 0.6).abs() < 1e-5);
            assert_eq!((fitted.slices.len(), fitted.quotes), (4, 84));
        }
    }

    #[test]
    fn the_order_of_quotes_does_not_matter() {
        let shape = SmileShape::new(-0.3, 1.0, 0.4).unwrap();
        let mut shuffled = quotes(shape);
        shuffled.reverse();
        assert_eq!(fit_shape(&shuffled), fit_shape(&quotes(shape)));
    }

    #[test]
    fn too_little_and_impossible_input_is_refused() {
        let quote = SmileQuote { years: 1.0, log_moneyness: 0.0, vol: 0.2, weight: 1.0 };
        let error = fit_shape(&[quote; 4]).unwrap_err();
        assert_eq!(error, PricingError::TooFewQuotes { found: 4, needed: 5 });
        assert!(fit_shape(&[SmileQuote { vol: f64::NAN, ..quote }; 9]).is_err());
    }

    #[test]
    fn one_volatility_everywhere_fits_without_error() {
        let flat: Vec<SmileQuote> = (-5..=5)
            .map(|step| SmileQuote {
                years: 0.25,
                log_moneyness: f64::from(step) * 0.05,
                vol: 0.3,
                weight: 1.0,
            })
            .collect();
        let fitted = fit_shape(&flat).unwrap();
        assert!(fitted.rms_error < 1e-4, "{fitted:?}");
        assert!((fitted.slices[0].atm_vol - 0.3).abs() < 1e-4);
    }
}
