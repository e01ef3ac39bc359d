//! One option under many scenarios: Black-76 values a few nanoseconds each, the same bits on every machine.
//!
//! The formula of [`crate::black76`], arranged for vector units: no branch, one division before the Mills ratios and one in
//! them, and one exponential, since `F phi(d1) = K phi(d2)`:
//!
//! ```text
//! tail1 = F phi(d1) Y(|d1|),  tail2 = F phi(d1) Y(|d2|),   Y(z) = N(-z) / phi(z)
//! F N(d1) = tail1, or F - tail1 where d1 > 0;              K N(d2) = tail2, or K - tail2 where d2 > 0
//! ```
//!
//! The loop is plain Rust that the compiler vectorises for the instruction set found at run time (AVX-512, AVX2 with FMA,
//! or none, by `pulp`). Every fused multiply-add is written out, and nothing else is ever fused or reordered, so all of them
//! give the same bits; without the hardware instruction it is emulated, exactly and slowly.
//!
//! Accuracy: within 1e-14 of `discount * max(forward, strike)`; tested against [`Black76`](crate::Black76). Far out of the
//! money it keeps about 12 digits, not all 16.

use mpor_core::Right;

use crate::black76::discount;
use crate::domain::{above_zero, finite, not_below_zero};
use crate::elementary::{exp_below_zero, ln, mills_pair};
use crate::error::PricingError;
use crate::mills::INV_SQRT_TAU;

/// A European option to be valued in many scenarios of forward and volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionKernel {
    strike: f64,
    inverse_strike: f64,
    root_years: f64,
    discount: f64,
    right: Right,
}

impl OptionKernel {
    /// An option with a strike in quote currency, a time to expiry in years and a continuously compounded rate per year.
    ///
    /// # Errors
    /// [`PricingError::Input`] unless the strike is above zero, years are not below, and all are finite.
    pub fn new(strike: f64, years: f64, rate: f64, right: Right) -> Result<Self, PricingError> {
        above_zero("strike", strike)?;
        not_below_zero("years to expiry", years)?;
        finite("rate", rate)?;
        Ok(OptionKernel {
            strike,
            inverse_strike: 1.0 / strike,
            root_years: libm::sqrt(years),
            discount: discount(rate, years),
            right,
        })
    }

    /// Present values in quote currency, one a scenario. Inputs must be finite; a forward or volatility that is not above zero
    /// counts as zero.
    ///
    /// # Errors
    /// [`PricingError::Length`] unless the three slices have one length.
    pub fn price(
        &self,
        forwards: &[f64],
        vols: &[f64],
        out: &mut [f64],
    ) -> Result<(), PricingError> {
        let expected = forwards.len();
        for (what, found) in [("volatilities", vols.len()), ("output", out.len())] {
            if found != expected {
                return Err(PricingError::Length { what, found, expected });
            }
        }
        pulp::Arch::new().dispatch(Scan { option: *self, forwards, vols, out });
        Ok(())
    }

    #[inline(always)]
    fn price_one(&self, forward: f64, vol: f64) -> f64 {
        // Written as selections, which become one instruction and never let a NaN through.
        let forward = if forward > SMALLEST { forward } else { SMALLEST };
        let deviation = vol * self.root_years;
        let deviation = if deviation > SMALLEST { deviation } else { SMALLEST };
        let (distance, half) = (ln(forward * self.inverse_strike) / deviation, 0.5 * deviation);
        let (d1, d2) = (distance + half, distance - half);
        let peak = forward * INV_SQRT_TAU * exp_below_zero(-0.5 * d1 * d1);
        let (ratio1, ratio2) = mills_pair(d1.abs(), d2.abs());
        let (tail1, tail2) = (peak * ratio1, peak * ratio2);
        let undiscounted = match self.right {
            Right::Call => {
                let gain = if d1 > 0.0 { forward - tail1 } else { tail1 };
                gain - if d2 > 0.0 { self.strike - tail2 } else { tail2 }
            }
            Right::Put => {
                let gain = if d2 > 0.0 { tail2 } else { self.strike - tail2 };
                gain - if d1 > 0.0 { tail1 } else { forward - tail1 }
            }
        };
        self.discount * if undiscounted > 0.0 { undiscounted } else { 0.0 }
    }
}

/// Stands for zero: its logarithm and reciprocal are finite.
const SMALLEST: f64 = 1e-280;

/// The loop, in the form that `pulp` compiles once for each instruction set.
struct Scan<'a> {
    option: OptionKernel,
    forwards: &'a [f64],
    vols: &'a [f64],
    out: &'a mut [f64],
}

impl pulp::WithSimd for Scan<'_> {
    type Output = ();

    // Must be inlined: a call out of the dispatched function would leave its instruction set, and every `mul_add` would
    // become a library call.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Scan { option, forwards, vols, out } = self;
        // One loop for each right, so that the choice is not in it.
        match option.right {
            Right::Call => scan(OptionKernel { right: Right::Call, ..option }, forwards, vols, out),
            Right::Put => scan(OptionKernel { right: Right::Put, ..option }, forwards, vols, out),
        }
    }
}

#[inline(always)]
fn scan(option: OptionKernel, forwards: &[f64], vols: &[f64], out: &mut [f64]) {
    for ((out, &forward), &vol) in out.iter_mut().zip(forwards).zip(vols) {
        *out = option.price_one(forward, vol);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::black76::Black76;
    use pulp::Simd;

    /// Moneyness, volatility: ordinary, extreme and degenerate, in an order that fills every lane with everything.
    fn scenarios() -> (Vec<f64>, Vec<f64>) {
        let moves =
            [1e-3, 0.2, 0.5, 0.9, 0.999, 1.0 - 1e-12, 1.0, 1.0 + 1e-9, 1.01, 1.3, 2.0, 40.0];
        let vols = [0.0, 1e-9, 1e-4, 0.03, 0.2, 0.6, 1.1, 3.0, 12.0, 90.0, 1e6];
        let mut pairs: Vec<(f64, f64)> = Vec::new();
        for &relative in &moves {
            pairs.extend(vols.iter().map(|&vol| (100.0 * relative, vol)));
        }
        pairs.into_iter().unzip()
    }

    fn kernels() -> Vec<(OptionKernel, f64, f64)> {
        let mut kernels = Vec::new();
        for right in [Right::Call, Right::Put] {
            for (years, rate) in [(0.0, 0.0), (1e-6, 0.0), (0.1, 0.05), (2.0, -0.02), (30.0, 0.1)] {
                kernels.push((OptionKernel::new(100.0, years, rate, right).unwrap(), years, rate));
            }
        }
        kernels
    }

    #[test]
    fn every_value_meets_the_scalar_twin() {
        let (forwards, vols) = scenarios();
        let mut out = vec![0.0; forwards.len()];
        for (kernel, years, rate) in kernels() {
            kernel.price(&forwards, &vols, &mut out).unwrap();
            for ((&found, &forward), &vol) in out.iter().zip(&forwards).zip(&vols) {
                let twin = Black76::new(forward, 100.0, years, vol, rate, kernel.right).unwrap();
                let scale = kernel.discount * forward.max(100.0);
                let error = (found - twin.price()).abs() / scale;
                assert!(error < 1e-14, "{twin:?}: {found}, error {error:e}");
            }
        }
    }

    /// By hand: a forward at or below zero makes a put worth its discounted strike.
    #[test]
    fn worthless_forwards_and_negative_volatilities_count_as_zero() {
        let kernel = OptionKernel::new(100.0, 1.0, 0.0, Right::Put).unwrap();
        let mut out = [0.0; 3];
        kernel.price(&[0.0, -5.0, 120.0], &[0.5, 0.5, -1.0], &mut out).unwrap();
        assert_eq!(out, [100.0, 100.0, 0.0]);
        let error = kernel.price(&[1.0], &[], &mut [0.0]).unwrap_err();
        assert_eq!(error, PricingError::Length { what: "volatilities", found: 0, expected: 1 });
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let (forwards, vols) = scenarios();
        for (option, ..) in kernels() {
            let run = |dispatch: &dyn Fn(Scan<'_>)| {
                let mut out = vec![0.0; forwards.len()];
                dispatch(Scan { option, forwards: &forwards, vols: &vols, out: &mut out });
                out.into_iter().map(f64::to_bits).collect::<Vec<u64>>()
            };
            let plain = run(&|scan| pulp::Scalar::new().vectorize(scan));
            assert_eq!(plain, run(&|scan| pulp::Arch::new().dispatch(scan)));
            #[cfg(target_arch = "x86_64")]
            {
                if let Some(avx2) = pulp::x86::V3::try_new() {
                    assert_eq!(plain, run(&|scan| Simd::vectorize(avx2, scan)), "AVX2");
                }
                if let Some(avx512) = pulp::x86::V4::try_new() {
                    assert_eq!(plain, run(&|scan| Simd::vectorize(avx512, scan)), "AVX-512");
                }
            }
        }
    }

    #[test]
    fn a_value_does_not_depend_on_its_place() {
        let (forwards, vols) = scenarios();
        let (kernel, ..) = kernels()[2];
        let mut together = vec![0.0; forwards.len()];
        kernel.price(&forwards, &vols, &mut together).unwrap();
        for (place, expected) in together.iter().enumerate() {
            let mut alone = [0.0];
            kernel.price(&forwards[place..=place], &vols[place..=place], &mut alone).unwrap();
            assert_eq!(alone[0].to_bits(), expected.to_bits());
        }
    }
}
