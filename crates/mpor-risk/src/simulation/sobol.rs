//! Points that fill the unit cube more evenly than random ones.
//!
//! ```text
//! x[i, d] = (shift[d] xor  XOR over the bits j of gray(i) of v[j, d]) / 2^32
//! ```
//!
//! The direction numbers `v` are multiplied by a random lower triangular matrix of bits and the points shifted, by
//! dimension, so that repetitions with other seeds are independent and unbiased, and their spread is a standard error.
//! Point `i` needs no other: blocks may be drawn in any order. Use a power of two of points.
//!
//! Sources: Joe and Kuo (2008), "Constructing Sobol sequences with better two-dimensional projections", SIAM Journal on
//! Scientific Computing 30(5), 2635-2654 (`data/sobol_joe_kuo.txt`); Matousek (1998), "On the L2-discrepancy for
//! anchored boxes", Journal of Complexity 14(4), 527-556, for the scrambling.

use mpor_stats::random::{Stream, Streams};

use crate::checks::parameter;
use crate::error::RiskError;

const NUMBERS: &str = include_str!("../../data/sobol_joe_kuo.txt");

/// Dimensions that there are direction numbers for.
pub const MOST_DIMENSIONS: usize = 128;
/// Bits of a coordinate, and so the logarithm of the most points.
const BITS: usize = 32;

/// A Sobol sequence of some dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sobol {
    /// By dimension: direction numbers and shift.
    dimensions: Vec<([u32; BITS], u32)>,
}

impl Sobol {
    /// The plain sequence, whose first point is the origin.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for no dimension or more than 128.
    pub fn plain(dimensions: usize) -> Result<Self, RiskError> {
        if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
            return Err(parameter(
                "dimensions of Sobol points",
                dimensions,
                "1 to 128: fewer factors, or random draws",
            ));
        }
        let mut first = [0; BITS];
        first.iter_mut().enumerate().for_each(|(bit, v)| *v = 1 << (BITS - 1 - bit));
        let mut all = vec![(first, 0)];
        let lines = NUMBERS.lines().filter(|line| !line.starts_with('#'));
        for line in lines.take(dimensions - 1) {
            let numbers: Vec<u32> =
                line.split_whitespace().filter_map(|text| text.parse().ok()).collect();
            all.push((directions(&numbers), 0));
        }
        Ok(Sobol { dimensions: all })
    }

    /// The sequence scrambled and shifted, each dimension by a stream of its own.
    ///
    /// # Errors
    /// As [`Sobol::plain`].
    pub fn scrambled(dimensions: usize, streams: Streams) -> Result<Self, RiskError> {
        let mut plain = Sobol::plain(dimensions)?;
        for (d, (numbers, shift)) in plain.dimensions.iter_mut().enumerate() {
            let mut stream = streams.path(d as u64);
            let matrix = triangle(&mut stream);
            numbers.iter_mut().for_each(|v| *v = product(&matrix, *v));
            *shift = word(&mut stream);
        }
        Ok(plain)
    }

    /// Coordinate of a point, from 0 and below 1.
    #[must_use]
    pub fn at(&self, point: u32, dimension: usize) -> f64 {
        let (numbers, shift) = &self.dimensions[dimension];
        let mut gray = point ^ (point >> 1);
        let mut x = *shift;
        while gray != 0 {
            x ^= numbers[gray.trailing_zeros() as usize];
            gray &= gray - 1;
        }
        f64::from(x) / (1_u64 << BITS) as f64
    }
}

/// Direction numbers from `dimension, degree, inner coefficients, initial numbers`.
fn directions(line: &[u32]) -> [u32; BITS] {
    let (degree, inner, initial) = (line[1] as usize, line[2], &line[3..]);
    let mut v = [0; BITS];
    for bit in 0..BITS {
        v[bit] = if bit < degree {
            initial[bit] << (BITS - 1 - bit)
        } else {
            let carried = v[bit - degree] ^ (v[bit - degree] >> degree);
            (1..degree)
                .filter(|k| inner >> (degree - 1 - k) & 1 == 1)
                .fold(carried, |x, k| x ^ v[bit - k])
        };
    }
    v
}

/// A random lower triangular matrix of bits with ones on the diagonal: row `k` gives bit `k` counted from the highest.
fn triangle(stream: &mut Stream) -> [u32; BITS] {
    let mut rows = [0; BITS];
    for (k, row) in rows.iter_mut().enumerate() {
        let diagonal = 1 << (BITS - 1 - k);
        let above: u32 = !(diagonal | (diagonal - 1));
        *row = diagonal | (word(stream) & above);
    }
    rows
}

fn product(matrix: &[u32; BITS], v: u32) -> u32 {
    matrix.iter().fold(0, |out, row| (out << 1) | ((row & v).count_ones() & 1))
}

fn word(stream: &mut Stream) -> u32 {
    stream.below(1 << 16) << 16 | stream.below(1 << 16)
}
