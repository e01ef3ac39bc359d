//! One option under many scenarios: Black-76 values a few nanoseconds each, the same bits on every machine.
//!
//! The formula of [`crate::black76`], arranged for vector units: no branch, one division before the Mills ratios and one in
//! them, and one exponential, since `F phi(d1) = K phi(d2)`. Options of one expiry share what its forward is multiplied with,
//! and the logarithms of that ([`ForwardMoves`]), so none is taken an option and scenario:
//!
//! ```text
//! F' = F m,  ln(F' / K) = ln(F / K) + ln m
//! tail1 = F phi(d1) Y(|d1|),  tail2 = F phi(d1) Y(|d2|),   Y(z) = N(-z) / phi(z)
//! F N(d1) = tail1, or F - tail1 where d1 > 0;              K N(d2) = tail2, or K - tail2 where d2 > 0
//! ```
//!
//! The loop is plain Rust over blocks of eight scenarios that the compiler vectorises for the instruction set found at run time (AVX-512, AVX2 with FMA,
//! or none, by `pulp`). Every fused multiply-add is written out, and nothing else is ever fused or reordered, so all of them
//! give the same bits; without the hardware instruction it is emulated, exactly and slowly.
//!
//! Accuracy: within 1e-14 of `discount * max(forward, strike)`; tested against [`Black76`](crate::Black76). Far out of the
//! money it keeps about 12 digits, not all 16.

use mpor_core::Right;
use mpor_stats::elementary::ln;

use crate::black76::discount;
use crate::domain::{above_zero, finite, not_below_zero};
use crate::elementary::{exp_below_zero, mills_pair};
use crate::error::PricingError;
use crate::mills::INV_SQRT_TAU;

/// A European option to be valued in many scenarios of forward and volatility.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionKernel {
    strike: f64,
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
        let mut moves = ForwardMoves::default();
        moves.refill(forwards);
        self.price_moved(1.0, &moves, vols, out)
    }

    /// Present values in quote currency of an option whose forward is multiplied by each of the moves. Inputs must be finite; a
    /// forward or volatility that is not above zero counts as zero.
    ///
    /// # Errors
    /// [`PricingError::Length`] unless moves, volatilities and output have one length.
    pub fn price_moved(
        &self,
        forward: f64,
        moves: &ForwardMoves,
        vols: &[f64],
        out: &mut [f64],
    ) -> Result<(), PricingError> {
        let expected = moves.multiples.len();
        for (what, found) in [("volatilities", vols.len()), ("output", out.len())] {
            if found != expected {
                return Err(PricingError::Length { what, found, expected });
            }
        }
        let forward = lifted(forward);
        // One kernel for each right, so that the choice is not in the loop.
        let (from, arch) = (self.from(forward), pulp::Arch::new());
        match self.right {
            Right::Call => arch.dispatch(Scan::<true> { from, moves, vols, out }),
            Right::Put => arch.dispatch(Scan::<false> { from, moves, vols, out }),
        }
        Ok(())
    }

    /// The option seen from a forward above zero.
    fn from(&self, forward: f64) -> From {
        let OptionKernel { strike, root_years, discount, .. } = *self;
        From { strike, root_years, discount, forward, log: libm::log(forward / strike) }
    }
}

/// What the forward of an expiry is multiplied with in each scenario, with the logarithms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForwardMoves {
    multiples: Vec<f64>,
    logs: Vec<f64>,
}

impl ForwardMoves {
    /// Moves by scenario; the logarithm of one that is not above zero is that of the smallest number.
    #[must_use]
    pub fn new(multiples: &[f64]) -> Self {
        let mut moves = ForwardMoves::default();
        moves.refill(multiples);
        moves
    }

    /// The same memory for other moves.
    pub fn refill(&mut self, multiples: &[f64]) {
        self.multiples.clear();
        self.multiples.extend_from_slice(multiples);
        self.logs.resize(multiples.len(), 0.0);
        pulp::Arch::new().dispatch(Logs { of: &self.multiples, out: &mut self.logs });
    }

    /// The multiples.
    #[must_use]
    pub fn multiples(&self) -> &[f64] {
        &self.multiples
    }

    /// Their natural logarithms.
    #[must_use]
    pub fn logs(&self) -> &[f64] {
        &self.logs
    }
}

/// Stands for zero: its logarithm and reciprocal are finite.
const SMALLEST: f64 = 1e-280;

/// Scenarios looked at together: a register of the widest kind.
const LANES: usize = 8;

/// Written as a selection, which becomes one instruction and never lets a NaN through.
#[inline(always)]
fn lifted(value: f64) -> f64 {
    if value > SMALLEST { value } else { SMALLEST }
}

/// An option and the forward from which its scenarios start.
#[derive(Clone, Copy, Debug)]
struct From {
    strike: f64,
    root_years: f64,
    discount: f64,
    forward: f64,
    /// Of forward over strike.
    log: f64,
}

impl From {
    #[inline(always)]
    fn prices<const CALL: bool>(
        &self,
        multiples: &[f64],
        logs: &[f64],
        vols: &[f64],
        out: &mut [f64],
    ) {
        for (((out, multiple), log), vol) in out.iter_mut().zip(multiples).zip(logs).zip(vols) {
            *out = self.price::<CALL>(*multiple, *log, *vol);
        }
    }

    #[inline(always)]
    fn price<const CALL: bool>(&self, multiple: f64, log: f64, vol: f64) -> f64 {
        let forward = lifted(self.forward * multiple);
        let deviation = lifted(vol * self.root_years);
        let (distance, half) = ((self.log + log) / deviation, 0.5 * deviation);
        let (d1, d2) = (distance + half, distance - half);
        let peak = forward * INV_SQRT_TAU * exp_below_zero(-0.5 * d1 * d1);
        let (ratio1, ratio2) = mills_pair(d1.abs(), d2.abs());
        let (tail1, tail2) = (peak * ratio1, peak * ratio2);
        let undiscounted = if CALL {
            let gain = if d1 > 0.0 { forward - tail1 } else { tail1 };
            gain - if d2 > 0.0 { self.strike - tail2 } else { tail2 }
        } else {
            let gain = if d2 > 0.0 { tail2 } else { self.strike - tail2 };
            gain - if d1 > 0.0 { tail1 } else { forward - tail1 }
        };
        self.discount * if undiscounted > 0.0 { undiscounted } else { 0.0 }
    }
}

/// The loop, in the form that `pulp` compiles once for each instruction set.
struct Scan<'a, const CALL: bool> {
    from: From,
    moves: &'a ForwardMoves,
    vols: &'a [f64],
    out: &'a mut [f64],
}

impl<const CALL: bool> pulp::WithSimd for Scan<'_, CALL> {
    type Output = ();

    // Must be inlined: a call out of the dispatched function would leave its instruction set, and every `mul_add` would
    // become a library call.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Scan { from, moves: ForwardMoves { multiples, logs }, vols, out } = self;
        let whole = out.len() / LANES * LANES;
        let (blocks, rest) = out.split_at_mut(whole);
        from.prices::<CALL>(&multiples[..whole], &logs[..whole], &vols[..whole], blocks);
        if rest.is_empty() {
            return;
        }
        // The last ones fill a register up with ones, instead of going one by one.
        let filled = |values: &[f64]| {
            let mut block = [1.0; LANES];
            block.iter_mut().zip(&values[whole..]).for_each(|(to, from)| *to = *from);
            block
        };
        let mut last = [0.0; LANES];
        from.prices::<CALL>(&filled(multiples), &filled(logs), &filled(vols), &mut last);
        rest.iter_mut().zip(last).for_each(|(to, from)| *to = from);
    }
}

/// Natural logarithms.
struct Logs<'a> {
    of: &'a [f64],
    out: &'a mut [f64],
}

impl pulp::WithSimd for Logs<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        self.out.iter_mut().zip(self.of).for_each(|(log, of)| *log = ln(lifted(*of)));
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
        let moves = ForwardMoves::new(&forwards);
        for (option, ..) in kernels() {
            let from = option.from(1.0);
            let run = |dispatch: &dyn Fn(Scan<'_, true>, Logs<'_>)| {
                let (mut out, mut logs) = (vec![0.0; forwards.len()], vec![0.0; forwards.len()]);
                let of = Logs { of: &forwards, out: &mut logs };
                dispatch(Scan { from, moves: &moves, vols: &vols, out: &mut out }, of);
                out.into_iter().chain(logs).map(f64::to_bits).collect::<Vec<u64>>()
            };
            let plain = run(&|scan, logs| {
                pulp::Scalar::new().vectorize(scan);
                pulp::Scalar::new().vectorize(logs);
            });
            let dispatched = run(&|scan, logs| {
                pulp::Arch::new().dispatch(scan);
                pulp::Arch::new().dispatch(logs);
            });
            assert_eq!(plain, dispatched);
            #[cfg(target_arch = "x86_64")]
            {
                if let Some(avx2) = pulp::x86::V3::try_new() {
                    let wide = run(&|scan, logs| {
                        Simd::vectorize(avx2, scan);
                        Simd::vectorize(avx2, logs);
                    });
                    assert_eq!(plain, wide, "AVX2");
                }
                if let Some(avx512) = pulp::x86::V4::try_new() {
                    let wide = run(&|scan, logs| {
                        Simd::vectorize(avx512, scan);
                        Simd::vectorize(avx512, logs);
                    });
                    assert_eq!(plain, wide, "AVX-512");
                }
            }
        }
    }

    /// Twin: a shared move is the moved forward, but for the rounding of a product and a sum of logarithms.
    #[test]
    fn moves_of_the_forward_are_moved_forwards() {
        let (forwards, vols) = scenarios();
        let multiples: Vec<f64> = forwards.iter().map(|forward| forward / 80.0).collect();
        let moves = ForwardMoves::new(&multiples);
        let mut out = vec![0.0; forwards.len()];
        for (kernel, years, rate) in kernels() {
            kernel.price_moved(80.0, &moves, &vols, &mut out).unwrap();
            for ((&found, &multiple), &vol) in out.iter().zip(&multiples).zip(&vols) {
                let forward = 80.0 * multiple;
                let twin = Black76::new(forward, 100.0, years, vol, rate, kernel.right).unwrap();
                let scale = kernel.discount * forward.max(100.0);
                let error = (found - twin.price()).abs() / scale;
                assert!(error < 1e-14, "{twin:?}: {found}, error {error:e}");
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
