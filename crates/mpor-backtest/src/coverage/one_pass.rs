//! The usual tests of a series, for ten thousand accounts: one pass over the numbers, everything else from the hits.
//!
//! Hits are few, so their positions are all that Kupiec, Christoffersen and the lagged products of the dynamic quantile test need; of value
//! at risk the latter needs the sum and the sum of squares, and expected shortfall is read at hits only. The results are those of
//! [`kupiec`](super::kupiec), [`christoffersen`](super::christoffersen), [`dq`] and
//! [`acerbi_szekely`](super::acerbi_szekely) (`Z2`) but for rounding: the dynamic quantile statistic is solved by Cholesky's method from the
//! same columns, and handed to [`dq`] itself where they are close to dependent.

use mpor_core::Level;

use super::christoffersen::Transitions;
use super::dq::{self, LAGS};
use super::likelihood::bernoulli_ratio;
use super::{CoverageError, Forecasts, Law, TestOutcome};

/// The tests of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnePass {
    /// Number of hits.
    pub hits: usize,
    /// Proportion of failures.
    pub kupiec: TestOutcome,
    /// Christoffersen's independence.
    pub independence: TestOutcome,
    /// Kupiec and independence together.
    pub conditional: TestOutcome,
    /// The dynamic quantile test.
    pub dynamic_quantile: TestOutcome,
    /// Acerbi and Szekely's `Z2`; `None` without expected shortfall.
    pub z2: Option<f64>,
}

/// Numbers looked at together.
const BLOCK: usize = 16;
const COLUMNS: usize = LAGS + 2;

/// What is left of a column outside the span of the others, as a share of its square, below which they count as dependent here.
const CLOSE: f64 = 1e-7;

/// What one pass leaves: positions of the hits, counted from 0, and sums of value at risk less its first value.
struct Sums {
    hits: Vec<usize>,
    sum: f64,
    square: f64,
    /// Zero, or NaN where a number was not finite.
    finite: f64,
}

/// Tests losses against value at risk, and expected shortfall where given; all positive = loss.
///
/// # Errors
/// [`CoverageError`] for series of unequal length or below five periods, values that are not finite, or expected shortfall not above zero at a
/// hit.
pub fn test(
    loss: &[f64],
    var: &[f64],
    es: Option<&[f64]>,
    level: Level,
) -> Result<OnePass, CoverageError> {
    let n = loss.len();
    for (what, found) in
        [("value at risk", var.len()), ("expected shortfall", es.map_or(n, <[_]>::len))]
    {
        if found != n {
            return Err(CoverageError::Lengths { what, found, expected: n });
        }
    }
    if n <= LAGS {
        return Err(CoverageError::TooShort { test: "dq", needed: LAGS + 1, found: n });
    }
    let sums = pulp::Arch::new().dispatch(Pass { loss, var });
    if sums.finite != 0.0 {
        // Says which value it was.
        Forecasts::new(loss, var, level)?;
    }
    let (x, p) = (sums.hits.len(), level.tail());
    let kupiec = bernoulli_ratio(p, n, x);
    let independence = transitions(&sums.hits, n).independence_ratio();
    let dynamic_quantile = match sums.dynamic_quantile(var, p) {
        Some(statistic) => outcome(statistic, COLUMNS),
        None => dq::test(&Forecasts::new(loss, var, level)?)?,
    };
    Ok(OnePass {
        hits: x,
        kupiec: outcome(kupiec, 1),
        independence: outcome(independence, 1),
        conditional: outcome(kupiec + independence, 2),
        dynamic_quantile,
        z2: es.map(|es| z2(loss, es, &sums.hits, level)).transpose()?,
    })
}

/// The pass, compiled by `pulp` once for each instruction set. Sixteen sums go side by side in all of them and nothing is fused, so
/// they give the same bits.
struct Pass<'a> {
    loss: &'a [f64],
    var: &'a [f64],
}

impl pulp::WithSimd for Pass<'_> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) -> Sums {
        Sums::of(self.loss, self.var)
    }
}

impl Sums {
    #[inline(always)]
    fn of(loss: &[f64], var: &[f64]) -> Self {
        let first = var[0];
        let mut hits = Vec::with_capacity(loss.len() / 32 + 8);
        let (mut sum, mut square, mut finite) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        let whole = loss.len() / BLOCK * BLOCK;
        let blocks = loss[..whole].chunks_exact(BLOCK).zip(var[..whole].chunks_exact(BLOCK));
        for (block, (losses, vars)) in blocks.enumerate() {
            let mut any = false;
            for i in 0..BLOCK {
                let off = vars[i] - first;
                sum[i] += off;
                square[i] += off * off;
                // Nothing for a number, NaN for what is none.
                finite[i] += losses[i] * 0.0;
                any |= losses[i] > vars[i];
            }
            if any {
                let at = block * BLOCK;
                hits.extend((0..BLOCK).filter(|&i| losses[i] > vars[i]).map(|i| at + i));
            }
        }
        for at in whole..loss.len() {
            let off = var[at] - first;
            sum[0] += off;
            square[0] += off * off;
            finite[0] += loss[at] * 0.0;
            if loss[at] > var[at] {
                hits.push(at);
            }
        }
        let mut total = Sums { hits, sum: 0.0, square: 0.0, finite: 0.0 };
        for i in 0..BLOCK {
            total.sum += sum[i];
            total.square += square[i];
            total.finite += finite[i];
        }
        // Value at risk that is no number shows in its square.
        total.finite += total.square * 0.0;
        // The regression begins after the lags.
        for value in &var[..LAGS] {
            total.sum -= value - first;
            total.square -= (value - first) * (value - first);
        }
        total
    }

    /// `|L^-1 X'y|^2 / (p (1 - p))` with `X'X = L L'`; `None` where columns are close to dependent.
    fn dynamic_quantile(&self, var: &[f64], p: f64) -> Option<f64> {
        let n = var.len();
        let rows = (n - LAGS) as f64;
        let mean = self.sum / rows;
        let mut a = [[0.0; COLUMNS]; COLUMNS];
        // Lagged hits with themselves: position s shows at lag k in row s + k.
        let mut right = [0.0; COLUMNS];
        let inside = |row: usize| row >= LAGS && row < n;
        for (at, &s) in self.hits.iter().enumerate() {
            if s >= LAGS {
                right[0] += 1.0;
                right[COLUMNS - 1] += var[s] - var[0] - mean;
            }
            for lag in 1..=LAGS {
                if inside(s + lag) {
                    a[lag][0] += 1.0;
                    a[lag][lag] += 1.0;
                    a[COLUMNS - 1][lag] += var[s + lag] - var[0] - mean;
                }
            }
            for &later in self.hits[at + 1..].iter().take_while(|&&later| later - s <= LAGS) {
                let apart = later - s;
                if inside(later) {
                    right[apart] += 1.0;
                }
                for lag in apart + 1..=LAGS {
                    if inside(s + lag) {
                        a[lag][lag - apart] += 1.0;
                    }
                }
            }
        }
        a[0][0] = rows;
        a[COLUMNS - 1][COLUMNS - 1] = self.square - self.sum * mean;
        // Hits less p; the centred column of value at risk adds up to nothing.
        for lag in 0..=LAGS {
            right[lag] -= p * a[lag][0];
        }
        projected(&mut a, &mut right).map(|square| square / (p * (1.0 - p)))
    }
}

/// `|L^-1 b|^2`, factorising the lower half of `a` in place.
fn projected(a: &mut [[f64; COLUMNS]; COLUMNS], b: &mut [f64; COLUMNS]) -> Option<f64> {
    let mut square = 0.0;
    for i in 0..COLUMNS {
        for j in 0..i {
            let known: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            a[i][j] = (a[i][j] - known) / a[j][j];
        }
        let known: f64 = (0..i).map(|k| a[i][k] * a[i][k]).sum();
        let left = a[i][i] - known;
        // NaN where the squares overflow: the slow way knows what to do.
        if left.is_nan() || left <= CLOSE * a[i][i] {
            return None;
        }
        a[i][i] = left.sqrt();
        let known: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - known) / a[i][i];
        square += b[i] * b[i];
    }
    Some(square)
}

fn transitions(hits: &[usize], n: usize) -> Transitions {
    let n11 = hits.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
    let n10 = hits.iter().filter(|&&at| at + 1 < n).count() - n11;
    let n01 = hits.iter().filter(|&&at| at > 0).count() - n11;
    Transitions { n00: n - 1 - n01 - n10 - n11, n01, n10, n11 }
}

fn z2(loss: &[f64], es: &[f64], hits: &[usize], level: Level) -> Result<f64, CoverageError> {
    let mut ratios = 0.0;
    for &at in hits {
        if !(es[at] > 0.0 && es[at].is_finite()) {
            let expected = "expected shortfall must be a finite number above zero";
            let what = "expected shortfall";
            return Err(CoverageError::Value { what, at: at + 1, value: es[at], expected });
        }
        ratios += loss[at] / es[at];
    }
    Ok(1.0 - ratios / level.tail_mass(loss.len()))
}

/// Judged by the upper tail of a chi-squared law of 1, 2 or 6 degrees of freedom, each in closed form.
fn outcome(statistic: f64, df: usize) -> TestOutcome {
    let half = 0.5 * statistic;
    let p_value = match df {
        1 => libm::erfc(half.sqrt()),
        2 => libm::exp(-half),
        _ => {
            // exp(-h) sum_{i < df/2} h^i / i!
            let (mut term, mut sum) = (1.0, 1.0);
            for i in 1..df / 2 {
                term *= half / i as f64;
                sum += term;
            }
            libm::exp(-half) * sum
        }
    };
    TestOutcome { statistic, law: Law::ChiSquared(df), p_value: p_value.min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::christoffersen::{ConditionalCoverage, Independence};
    use crate::coverage::kupiec::Kupiec;
    use crate::coverage::{CoverageTest, acerbi_szekely};
    use mpor_stats::random::Streams;
    use pulp::Simd;

    fn assert_same(found: TestOutcome, expected: TestOutcome) {
        assert_eq!(found.law, expected.law);
        let size = expected.statistic.abs().max(1.0);
        assert!(
            (found.statistic - expected.statistic).abs() < 1e-9 * size,
            "{found:?} {expected:?}"
        );
        assert!((found.p_value - expected.p_value).abs() < 1e-9, "{found:?} {expected:?}");
    }

    /// Twins: each test by itself, over lengths around the block and hit rates from none to all.
    #[test]
    fn each_test_alone_says_the_same() {
        let level = Level::new(0.95).unwrap();
        for (path, n) in [5, 15, 16, 17, 60, 250, 1000, 2500].into_iter().enumerate() {
            for threshold in [-9.0, 0.5, 1.6, 9.0] {
                let mut stream = Streams::new(1, "one pass", 0).path(path as u64);
                let loss: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
                let var: Vec<f64> = (0..n).map(|_| threshold + 0.2 * stream.normal()).collect();
                let es: Vec<f64> = var.iter().map(|var| var.abs() + 1.0).collect();
                let found = test(&loss, &var, Some(&es), level).unwrap();
                let forecasts = Forecasts::new(&loss, &var, level).unwrap();
                let forecasts = forecasts.with_shortfall(&es).unwrap();
                let hits = forecasts.hit_sequence();
                assert_eq!(found.hits, hits.count());
                assert_same(found.kupiec, Kupiec.test(&hits).unwrap());
                assert_same(found.independence, Independence.test(&hits).unwrap());
                assert_same(found.conditional, ConditionalCoverage.test(&hits).unwrap());
                assert_same(found.dynamic_quantile, dq::test(&forecasts).unwrap());
                let z2 = acerbi_szekely::statistics(&forecasts).unwrap().z2;
                assert!((found.z2.unwrap() - z2).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let mut stream = Streams::new(1, "one pass", 0).path(99);
        let loss: Vec<f64> = (0..1_003).map(|_| stream.normal()).collect();
        let var: Vec<f64> = (0..1_003).map(|_| 1.6 + 0.2 * stream.normal()).collect();
        let bits = |sums: Sums| (sums.hits, sums.sum.to_bits(), sums.square.to_bits());
        let pass = || Pass { loss: &loss, var: &var };
        let plain = bits(pulp::Scalar::new().vectorize(pass()));
        assert!(plain.0.len() > 20);
        assert_eq!(plain, bits(pulp::Arch::new().dispatch(pass())));
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(avx2) = pulp::x86::V3::try_new() {
                assert_eq!(plain, bits(Simd::vectorize(avx2, pass())), "AVX2");
            }
            if let Some(avx512) = pulp::x86::V4::try_new() {
                assert_eq!(plain, bits(Simd::vectorize(avx512, pass())), "AVX-512");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_named() {
        let (mut loss, mut var) = (vec![0.0; 20], vec![1.0; 20]);
        loss[18] = f64::NAN;
        let named = test(&loss, &var, None, Level::P99);
        assert!(matches!(named, Err(CoverageError::Value { at: 19, .. })), "{named:?}");
        loss[18] = 0.0;
        var[2] = f64::INFINITY;
        let named = test(&loss, &var, None, Level::P99);
        assert!(matches!(named, Err(CoverageError::Value { at: 3, .. })), "{named:?}");
        assert!(test(&loss, &[1.0], None, Level::P99).is_err());
        assert!(test(&[0.0; 4], &[1.0; 4], None, Level::P99).is_err());
    }
}
