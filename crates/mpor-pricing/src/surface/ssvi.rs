//! Which SSVI surface with one smile shape fits a chain best?
//!
//! The same surface as [`crate::surface::shape`] fits, over one snapshot: least squares of volatility in the shape's three
//! parameters, with the at-the-money total variance of every expiry solved for inside, and its slope taken out of the
//! outer problem (the normal equations' Schur complement), which takes a dozen steps instead of hundreds. Where total variances
//! fall with time they are pooled, because a surface must not: the least-squares answer under that order (Ayer, Brunk,
//! Ewing, Reid and Silverman 1955, "An empirical distribution function for sampling with incomplete information").

use mpor_core::{SmileShape, SsviSlice};

use crate::error::PricingError;
use crate::surface::essvi::{Local, RHO, at_the_money, local};
use crate::surface::least_squares::{Sums, minimise};
use crate::surface::screen::KeptQuote;

/// A shape with the at-the-money total variances of its expiries, which do not fall with time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SsviFit {
    pub(super) shape: SmileShape,
    pub(super) thetas: Vec<f64>,
    /// Whether a total variance was pooled with the one before.
    pub(super) pooled: Vec<bool>,
}

/// The best fit to expiries, none of which is empty, by increasing time.
pub(super) fn fit_chain(expiries: &[&[KeptQuote]]) -> Result<SsviFit, PricingError> {
    let mut best: Option<([f64; 3], f64)> = None;
    for start in STARTS {
        let mut thetas: Vec<f64> = expiries.iter().map(|quotes| at_the_money(quotes)).collect();
        let found = minimise(
            |point| sums(expiries, point, &mut thetas),
            start,
            &[-RHO, 1e-6, 1e-3],
            &[RHO, 1.0, 0.5],
        );
        if best.is_none_or(|best| found.1 < best.1) {
            best = Some(found);
        }
    }
    let point = best.map_or(STARTS[0], |best| best.0);
    let mut thetas: Vec<f64> = expiries.iter().map(|quotes| at_the_money(quotes)).collect();
    let weights: Vec<f64> = expiries
        .iter()
        .zip(&mut thetas)
        .map(|(quotes, theta)| solve_theta(quotes, &point, theta))
        .collect();
    let Parameters { rho, eta, gamma } = parameters(&point);
    let before = thetas.clone();
    pool(&mut thetas, &weights);
    Ok(SsviFit {
        // Inside the butterfly bound by more than rounding.
        shape: SmileShape::new(rho, eta * (1.0 - 1e-12), gamma)?,
        pooled: thetas.iter().zip(&before).map(|(pooled, free)| pooled != free).collect(),
        thetas,
    })
}

/// Skew, share of the largest curvature level, decay: without skew, and with much.
const STARTS: [[f64; 3]; 2] = [[-0.1, 0.5, 0.4], [-0.6, 0.6, 0.3]];

struct Parameters {
    rho: f64,
    eta: f64,
    gamma: f64,
}

/// The variables are `rho`, `eta (1 + |rho|) / 2` and `gamma`, whose bounds do not depend on each other.
fn parameters(point: &[f64; 3]) -> Parameters {
    let [rho, share, gamma] = *point;
    Parameters { rho, eta: 2.0 * share / (1.0 + rho.abs()), gamma }
}

/// The slice of an expiry, with the slope of `psi` along `theta`.
fn slice(parameters: &Parameters, theta: f64) -> (SsviSlice, f64) {
    let Parameters { rho, eta, gamma } = *parameters;
    let phi = eta / (libm::pow(theta, gamma) * libm::pow(1.0 + theta, 1.0 - gamma));
    (SsviSlice { theta, rho, psi: theta * phi }, phi * (1.0 - gamma) / (1.0 + theta))
}

fn sums(expiries: &[&[KeptQuote]], point: &[f64; 3], thetas: &mut [f64]) -> Sums<3> {
    let parameters = parameters(point);
    let mut all = Sums::new();
    for (quotes, theta) in expiries.iter().zip(thetas) {
        solve_theta(quotes, point, theta);
        let (slice, along_theta) = slice(&parameters, *theta);
        let along = along(point, &parameters, &slice);
        let years = quotes[0].years;
        // The last variable is the expiry's own.
        let mut own: Sums<4> = Sums::new();
        for quote in *quotes {
            let here = local(&slice, quote.log_moneyness);
            let vol = (here.total / years).sqrt();
            let scale = 0.5 / (years * vol);
            let along_own = here.theta + here.psi * along_theta;
            let slopes = std::array::from_fn(|at| match at {
                3 => scale * along_own,
                _ => scale * (here.rho * along[at][0] + here.psi * along[at][1]),
            });
            own.add(quote.weight, vol - quote.vol, slopes);
        }
        eliminate(&own, &mut all);
    }
    all
}

/// How `rho` and `psi` change along each variable at fixed `theta`.
fn along(point: &[f64; 3], parameters: &Parameters, slice: &SsviSlice) -> [[f64; 2]; 3] {
    let Parameters { rho, .. } = *parameters;
    let psi = slice.psi;
    let decay = libm::log((1.0 + slice.theta) / slice.theta);
    [
        [1.0, -psi * 1.0_f64.copysign(rho) / (1.0 + rho.abs())],
        [0.0, psi / point[1]],
        [0.0, psi * decay],
    ]
}

/// Adds an expiry's sums without its own variable.
fn eliminate(own: &Sums<4>, all: &mut Sums<3>) {
    all.error += own.error;
    let pivot = own.matrix[3][3].max(1e-300);
    for row in 0..3 {
        let share = own.matrix[3][row] / pivot;
        all.gradient[row] += own.gradient[row] - share * own.gradient[3];
        for column in 0..=row {
            all.matrix[row][column] += own.matrix[row][column] - share * own.matrix[3][column];
        }
    }
}

/// Moves `theta` to the best of one expiry by Gauss-Newton on its logarithm, and says how much it matters there.
fn solve_theta(quotes: &[KeptQuote], point: &[f64; 3], theta: &mut f64) -> f64 {
    let parameters = parameters(point);
    let years = quotes[0].years;
    let mut weight = 0.0;
    for _ in 0..20 {
        let (slice, along_theta) = slice(&parameters, *theta);
        let (mut gradient, mut square) = (0.0, 0.0);
        for quote in quotes {
            let Local { total, theta: own, psi, .. } = local(&slice, quote.log_moneyness);
            let vol = (total / years).sqrt();
            let slope = 0.5 / (years * vol) * (own + psi * along_theta);
            gradient += quote.weight * slope * (quote.vol - vol);
            square += quote.weight * slope * slope;
        }
        weight = square;
        let step = (gradient / (square * *theta)).clamp(-1.0, 1.0);
        if !step.is_finite() {
            break;
        }
        *theta *= libm::exp(step);
        if step.abs() < 1e-10 {
            break;
        }
    }
    weight
}

/// Neighbours that fall become their weighted mean, until none does.
fn pool(values: &mut [f64], weights: &[f64]) {
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (&value, &weight) in values.iter().zip(weights) {
        blocks.push((value, weight.max(1e-300), 1));
        while let [.., (left, wl, nl), (right, wr, nr)] = blocks[..]
            && left > right
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push(((left * wl + right * wr) / (wl + wr), wl + wr, nl + nr));
        }
    }
    let pooled = blocks.into_iter().flat_map(|(value, _, count)| std::iter::repeat_n(value, count));
    values.iter_mut().zip(pooled).for_each(|(value, pooled)| *value = pooled);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 3 and 1 with weights 1 and 3 become 1.5; 2 stays above.
    #[test]
    fn falling_values_are_pooled() {
        let mut values = [3.0, 1.0, 2.0];
        pool(&mut values, &[1.0, 3.0, 1.0]);
        assert_eq!(values, [1.5, 1.5, 2.0]);
        let mut values = [3.0, 2.0, 1.0];
        pool(&mut values, &[1.0; 3]);
        assert_eq!(values, [2.0; 3]);
    }
}
