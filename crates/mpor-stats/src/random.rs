//! Random numbers that depend on what they are for, and not on who draws them when.
//!
//! A [`Streams`] belongs to one study seed, one purpose and one time; its path number `i` is a generator of its own. Any thread may
//! draw any path, in any order, and gets the same numbers: there is no state between paths.
//!
//! Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC'11 (Philox4x32-10). The 64-bit key
//! is mixed from seed, purpose (FNV-1a, 64 bits) and time; the upper half of the 128-bit counter is the path, the lower half counts
//! blocks within it. Two triples share a key with probability 2^-64. Normal variates are drawn by the ziggurat of `rand_distr`.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rand_philox::{Philox, splitmix64};

/// The random streams of one seed, purpose and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    key: u64,
}

/// One path's generator; an [`rand::Rng`], so that any distribution of `rand_distr` samples from it.
#[derive(Clone, Debug)]
pub struct Stream(Philox);

impl Streams {
    /// Streams for a study's seed, a purpose such as `"monte carlo"`, and an instant in microseconds since the epoch.
    #[must_use]
    pub fn new(seed: u64, purpose: &str, time_micros: i64) -> Self {
        let mixed = [fnv1a(purpose.as_bytes()), time_micros as u64]
            .into_iter()
            .fold(next(seed), |key, word| next(key ^ word));
        Streams { key: mixed }
    }

    /// The generator of one path.
    #[must_use]
    pub fn path(self, index: u64) -> Stream {
        let key = [self.key as u32, (self.key >> 32) as u32];
        Stream(Philox::new(key, u128::from(index) << 64))
    }
}

impl Stream {
    /// A standard normal variate.
    #[must_use]
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// A uniform variate in [0, 1), on the grid of 2^-53.
    #[must_use]
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A uniform whole number below `bound`, which must be above zero; of 32 bits, without bias.
    #[must_use]
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0.bounded(bound.max(1))
    }

    /// Fills `out` with independent standard normal variates.
    pub fn fill_normal(&mut self, out: &mut [f64]) {
        for value in out {
            *value = self.normal();
        }
    }
}

impl rand::TryRng for Stream {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        Rng::fill_bytes(&mut self.0, bytes);
        Ok(())
    }
}

/// One step of SplitMix64: the increment keeps a zero seed from staying zero.
fn next(word: u64) -> u64 {
    splitmix64(word.wrapping_add(0x9e37_79b9_7f4a_7c15))
}

/// The 64-bit FNV-1a hash, fixed for ever, unlike the hashes of the standard library.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_meets_its_published_values() {
        // Fowler, Noll and Vo's test suite: "", "a", "foobar".
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_numbers_of_a_study_stay_what_they_were() {
        let mut stream = Streams::new(20_200_312, "monte carlo", 0).path(3);
        let words: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
        let normals: Vec<f64> = (0..2).map(|_| stream.normal()).collect();
        // Words: Philox4x32-10 written again in Python from the paper. Normals: this code, rand_distr 0.6.
        assert_eq!(words, [0x1879_ef01_ebbd_755b, 0x25c2_de7a_42e0_19ad, 0xfbb1_4646_c064_6931]);
        assert_eq!(normals, [-0.30762390053070937, -1.2441030756884122]);
    }

    #[test]
    fn order_does_not_matter() {
        let streams = Streams::new(20_200_312, "monte carlo", 1_584_000_000_000_000);
        let draw = |path: u64| {
            let mut out = [0.0; 7];
            streams.path(path).fill_normal(&mut out);
            out
        };
        let forwards: Vec<_> = (0..50).map(draw).collect();
        let backwards: Vec<_> = (0..50).rev().map(draw).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
    }

    #[test]
    fn seed_purpose_time_and_path_each_matter() {
        let first = |seed, purpose: &str, time, path| {
            Streams::new(seed, purpose, time).path(path).uniform().to_bits()
        };
        let base = first(1, "a", 0, 0);
        let others =
            [first(2, "a", 0, 0), first(1, "b", 0, 0), first(1, "a", 1, 0), first(1, "a", 0, 1)];
        assert!(others.iter().all(|other| *other != base), "{others:?}");
    }

    #[test]
    fn moments_are_those_of_the_laws() {
        let (mut sum, mut square, mut uniform) = (0.0, 0.0, 0.0);
        let n = 20_000;
        for path in 0..n {
            let mut stream = Streams::new(7, "moments", 0).path(path);
            let z = stream.normal();
            sum += z;
            square += z * z;
            uniform += stream.uniform();
        }
        let n = n as f64;
        // Four standard errors.
        assert!((sum / n).abs() < 4.0 / n.sqrt());
        assert!((square / n - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
        assert!((uniform / n - 0.5).abs() < 4.0 * (1.0 / 12.0 / n).sqrt());
    }
}
