//! Many standard normal variates at once.
//!
//! ```text
//! words of Philox4x32-10 at counter (i, block, 0), sixteen counters together  ->  two uniforms of 52 bits each
//! z1 = sqrt(-2 ln u1) cos(2 pi u2),   z2 = sqrt(-2 ln u1) sin(2 pi u2)
//! ```
//!
//! A counter-based generator has no state, so counters lie side by side in vector lanes. Logarithm, sine and cosine are polynomials without a branch,
//! in operations that IEEE 754 rounds in one way and with each fused multiply-add written out: the bits do not depend on the width.
//!
//! Sources: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC'11; Box and Muller (1958), "A note on the generation of
//! random normal deviates", Annals of Mathematical Statistics 29(2), 610-611.

/// Counters worked on together.
const LANES: usize = 16;
/// `1.5 * 2^52`: adding it rounds to an integer and leaves that integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Fills `out` with the normal variates of one block under a key; the first of them do not depend on how many there are.
pub(super) fn fill(key: u64, block: u64, out: &mut [f64]) {
    pulp::Arch::new().dispatch(Fill { key, block, out });
}

struct Fill<'a> {
    key: u64,
    block: u64,
    out: &'a mut [f64],
}

impl pulp::WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let key = [self.key as u32, (self.key >> 32) as u32];
        for (group, chunk) in self.out.chunks_mut(2 * LANES).enumerate() {
            let words = philox(key, (group * LANES) as u32, self.block);
            let mut pairs = [0.0; 2 * LANES];
            for lane in 0..LANES {
                let first = unit(words[0][lane], words[1][lane]);
                let second = unit(words[2][lane], words[3][lane]);
                let radius = (-2.0 * ln(first)).sqrt();
                let (sine, cosine) = turn(second);
                pairs[lane] = radius * cosine;
                pairs[LANES + lane] = radius * sine;
            }
            chunk.copy_from_slice(&pairs[..chunk.len()]);
        }
    }
}

/// The four words at counters `first`, `first + 1`, ... of a block.
#[inline(always)]
fn philox(key: [u32; 2], first: u32, block: u64) -> [[u32; LANES]; 4] {
    let mut counter =
        [[0; LANES], [block as u32; LANES], [(block >> 32) as u32; LANES], [0; LANES]];
    for (lane, word) in counter[0].iter_mut().enumerate() {
        *word = first.wrapping_add(lane as u32);
    }
    let [mut low, mut high] = key;
    for _ in 0..10 {
        let mut next = [[0; LANES]; 4];
        for lane in 0..LANES {
            let left = 0xD251_1F53 * u64::from(counter[0][lane]);
            let right = 0xCD9E_8D57 * u64::from(counter[2][lane]);
            next[0][lane] = (right >> 32) as u32 ^ counter[1][lane] ^ low;
            next[1][lane] = right as u32;
            next[2][lane] = (left >> 32) as u32 ^ counter[3][lane] ^ high;
            next[3][lane] = left as u32;
        }
        counter = next;
        low = low.wrapping_add(0x9E37_79B9);
        high = high.wrapping_add(0xBB67_AE85);
    }
    counter
}

/// A uniform variate on the grid of 2^-52, half a step away from 0 and from 1.
#[inline(always)]
fn unit(low: u32, high: u32) -> f64 {
    let bits = (u64::from(high) << 20) | (u64::from(low) >> 12);
    f64::from_bits(bits | 0x3ff0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0)
}

/// `ln x` for normal `x > 0`, within 1e-15 relatively.
#[inline(always)]
pub(super) fn ln(x: f64) -> f64 {
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    // x = 2^k m, m from sqrt(1/2) to sqrt(2); the exponent as a double by the bits below those of 2^52.
    let bits = x.to_bits().wrapping_add(ONE - ROOT_HALF);
    let m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) + ROOT_HALF);
    let k =
        f64::from_bits((bits >> 52) | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    // ln m = 2 s (1 + s^2 / 3 + ... + s^18 / 19),  s = (m - 1) / (m + 1)
    let s = (m - 1.0) / (m + 1.0);
    let v = s * s;
    let mut series = 1.0 / 19.0;
    for term in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = v.mul_add(series, 1.0 / term);
    }
    k.mul_add(std::f64::consts::LN_2, 2.0 * s * series)
}

/// Sine and cosine of `2 pi u` for `u` in [0, 1].
#[inline(always)]
fn turn(u: f64) -> (f64, f64) {
    let shifted = u.mul_add(4.0, ROUND);
    let quarter = shifted - ROUND;
    let x = u.mul_add(4.0, -quarter) * std::f64::consts::FRAC_PI_2;
    let v = x * x;
    let mut sine = 1.0;
    for product in [210.0, 156.0, 110.0, 72.0, 42.0, 20.0, 6.0] {
        sine = (-v * (1.0 / product)).mul_add(sine, 1.0);
    }
    let mut cosine = 1.0;
    for product in [240.0, 182.0, 132.0, 90.0, 56.0, 30.0, 12.0, 2.0] {
        cosine = (-v * (1.0 / product)).mul_add(cosine, 1.0);
    }
    let sine = sine * x;
    let bits = shifted.to_bits();
    let (sine, cosine) = if bits & 1 == 1 { (cosine, sine) } else { (sine, cosine) };
    // The sign bit: the sine is negative in the second half, the cosine in the second and third quarter.
    let sign = |value: f64, bit: u64| f64::from_bits(value.to_bits() ^ ((bit & 2) << 62));
    (sign(sine, bits), sign(cosine, bits.wrapping_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_philox() {
        // Known answers of Random123 1.09 for philox4x32-10: all zeros, all ones.
        let zeros = philox([0, 0], 0, 0);
        assert_eq!(zeros.map(|w| w[0]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        // Any lane is the first lane of its own counter.
        let (many, one) =
            (philox([7, 9], 100, 12_345_678_901), philox([7, 9], 105, 12_345_678_901));
        assert_eq!(many.map(|w| w[5]), one.map(|w| w[0]));
    }

    #[test]
    fn elementary_functions_agree_with_the_library() {
        for k in 0..=20_000 {
            let u = f64::from(k) / 20_000.0;
            let (sine, cosine) = turn(u);
            let angle = std::f64::consts::TAU * u;
            assert!(
                (sine - libm::sin(angle)).abs() < 1e-15
                    && (cosine - libm::cos(angle)).abs() < 1e-15,
                "{u}"
            );
            let x = libm::exp(-0.0018 * f64::from(k)) * 0.999;
            assert!((ln(x) / libm::log(x) - 1.0).abs() < 1e-15, "{x}");
        }
    }

    #[test]
    fn moments_and_tails_are_those_of_the_normal_law() {
        let mut z = vec![0.0; 1 << 20];
        fill(42, 3, &mut z);
        let n = z.len() as f64;
        let moment = |power: i32| z.iter().map(|x| x.powi(power)).sum::<f64>() / n;
        // Four standard errors: of z^k the variance is E z^2k - (E z^k)^2.
        for (power, expected, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            assert!((moment(power) - expected).abs() < 4.0 * f64::sqrt(variance / n), "{power}");
        }
        for (x, p) in [(-3.090_232_306_167_813, 1e-3), (-4.264_890_793_922_825, 1e-5)] {
            let share = z.iter().filter(|z| **z < x).count() as f64 / n;
            assert!((share - p).abs() < 4.0 * f64::sqrt(p / n), "{x} {share}");
        }
        let lagged: f64 = z.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / n;
        let pairs: f64 = (0..z.len() - 16).map(|i| z[i] * z[i + 16]).sum::<f64>() / n;
        assert!(lagged.abs() < 4.0 / n.sqrt() && pairs.abs() < 4.0 / n.sqrt());
        let mut few = vec![0.0; 40];
        fill(42, 3, &mut few);
        assert_eq!(few, z[..40]);
    }
}
