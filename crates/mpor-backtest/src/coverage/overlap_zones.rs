//! The traffic light when losses overlap: how many breaches are unusual over an MPOR of several steps?
//!
//! A loss over `m` steps observed every step shares `m - 1` steps with the next, so breaches of a right model come in
//! clusters and the binomial zones reject it. Here the zones follow from the law of the number of hits
//!
//! ```text
//! N_n = #{ t <= n : e_t + ... + e_(t+m-1) > z sqrt(m) },   e iid standard normal,   z the quantile at the level
//! ```
//!
//! For one step that is the binomial law, exactly. For more it is simulated at the lengths `L`, `2 L` and `4 L` of
//! [`lengths`], on the same paths. The hits depend on `m` neighbouring steps only, so the characteristic function of `N_n` is
//! `c(u) r(u)^n` but for terms that die out within a few multiples of `m`; two lengths give `c` and `r`, and with them the
//! law at any length of at least `4 m`. Shorter series are simulated at their own length. The known mean `n p` is imposed.
//!
//! Horizons of 2 to 10 steps at 97.5, 99 and 99.5 % are embedded (2,097,152 paths; [`EMBEDDED`]). Others are simulated once
//! a process, with at most 262,144 paths and 134 million normal variates, about a second or two. Green bounds are then exact
//! unless the cumulative probability is within 0.002 of 95 %, yellow ones good to one count (two at 99.9 % and beyond).
//!
//! Source: the zones of the ISDA SIMM backtest as ORE computes them (`stoplightbounds`), which this reproduces for ten
//! steps. Assumes iid Gaussian steps and a threshold at the true quantile: clusters that come from changing volatility are
//! the model's fault and are not forgiven.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError};

use mpor_core::Level;
use mpor_stats::random::Streams;
use mpor_stats::special::normal_quantile;
use rayon::prelude::*;

use super::basel::{ZoneBounds, binomial_bounds, bounds_of};
use super::laws::binomial_upper;

/// How the embedded counts were made: `horizon,level,length,paths,counts of 0, 1, 2, ... hits`.
pub const EMBEDDED: &str = include_str!("overlap_counts.csv");

const SEED: u64 = 0x6d70_6f72;
/// Paths drawn by one task.
const BLOCK: u64 = 4096;
const MAX_PATHS: u64 = 1 << 18;
const MAX_NORMALS: u64 = 1 << 27;

/// Zone bounds for losses over `horizon` steps observed every step, `observations` of them.
#[must_use]
pub fn zone_bounds(horizon: usize, observations: usize, level: Level) -> ZoneBounds {
    if horizon <= 1 {
        return binomial_bounds(observations, level.tail());
    }
    bounds_of(cumulative(&count_law(horizon, observations, level)))
}

/// `P(N >= hits)` for losses over `horizon` steps observed every step: the zone as a p-value.
#[must_use]
pub fn upper_p(horizon: usize, observations: usize, hits: usize, level: Level) -> f64 {
    if horizon <= 1 {
        return binomial_upper(observations, hits, level.tail());
    }
    // From the far end, so that a small tail is not what is left of 1.
    let law = count_law(horizon, observations, level);
    law.iter().skip(hits).rev().sum::<f64>().clamp(0.0, 1.0)
}

/// Probabilities of 0, 1, 2, ... hits among `observations` losses over `horizon` steps, more than one.
fn count_law(horizon: usize, observations: usize, level: Level) -> Vec<f64> {
    if observations < 4 * horizon {
        let law = drawn((horizon, level, Some(observations)), || {
            HitLaw::simulate(horizon, level, &[observations], affordable_paths(observations))
        });
        return law.shares(0);
    }
    let law = drawn((horizon, level, None), || {
        HitLaw::embedded(horizon, level).unwrap_or_else(|| {
            let lengths = lengths(horizon, level);
            HitLaw::simulate(horizon, level, &lengths, affordable_paths(lengths[2]))
        })
    });
    law.at(observations)
}

/// The lengths simulated: enough for the start to be forgotten, and for a hit to be expected in the shortest.
#[must_use]
pub fn lengths(horizon: usize, level: Level) -> [usize; 3] {
    let shortest = (10 * horizon).max((1.25 / level.tail()).round() as usize);
    [shortest, 2 * shortest, 4 * shortest]
}

/// The law of the number of hits, sampled at a few lengths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HitLaw {
    level: Level,
    paths: u64,
    /// By length, shortest first.
    samples: Vec<Sample>,
}

/// How many paths had 0, 1, 2, ... hits in `length` observations.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sample {
    length: usize,
    counts: Vec<u64>,
}

impl HitLaw {
    /// Simulates the first `paths` paths; the same paths whatever the horizon, the level and the number of threads.
    #[must_use]
    pub fn simulate(horizon: usize, level: Level, lengths: &[usize], paths: u64) -> Self {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let above = threshold(horizon, level);
        let blocks: Vec<Vec<Vec<u64>>> = (0..paths.div_ceil(BLOCK))
            .into_par_iter()
            .map(|block| {
                let mut counts: Vec<_> = lengths.iter().map(|length| vec![0; length + 1]).collect();
                let mut sums = vec![0.0; longest + horizon];
                for path in block * BLOCK..((block + 1) * BLOCK).min(paths) {
                    walk(path, &mut sums);
                    for (counts, &length) in counts.iter_mut().zip(lengths) {
                        counts[hits(&sums, horizon, length, above)] += 1;
                    }
                }
                counts
            })
            .collect();
        let sample = |(which, &length): (usize, &usize)| Sample {
            length,
            counts: trimmed_sum(blocks.iter().map(|counts| &counts[which])),
        };
        HitLaw { level, paths, samples: lengths.iter().enumerate().map(sample).collect() }
    }

    /// The embedded sample, where there is one.
    #[must_use]
    pub fn embedded(horizon: usize, level: Level) -> Option<Self> {
        let rows = EMBEDDED.lines().filter_map(|line| row(line, horizon, level));
        let (paths, samples): (Vec<u64>, Vec<Sample>) = rows.unzip();
        Some(HitLaw { level, paths: *paths.first()?, samples })
    }

    /// Probabilities of 0, 1, 2, ... hits in `n` observations, `n` at least four times the horizon.
    #[must_use]
    pub fn at(&self, n: usize) -> Vec<f64> {
        let last = self.samples.len() - 1;
        let end = (1..last).find(|&which| n < self.samples[which].length).unwrap_or(last);
        let (start, end) = (end.saturating_sub(1), end);
        let (first, second) = (self.samples[start].length as f64, self.samples[end].length as f64);
        let (start, end) = (self.shares(start), self.shares(end));
        let tail = self.level.tail();
        let missing = tail * first - mean(&start);
        let missing_later = tail * second - mean(&end) - missing;
        let power = if second > first { (n as f64 - first) / (second - first) } else { 0.0 };
        let thin = missing + power * missing_later;
        let size = grid(&end, n as f64 / second);
        let mut turned = 0.0;
        let frequencies: Vec<(f64, f64)> = (0..=size / 2)
            .map(|k| {
                let u = TAU * k as f64 / size as f64;
                let (from, to) = (characteristic(&start, u), characteristic(&end, u));
                // The phase of the ratio, followed continuously from u = 0.
                turned += (to.1 - from.1 - turned + 0.5 * TAU).rem_euclid(TAU) - 0.5 * TAU;
                let growth = (to.0 - from.0).min(0.0);
                let log = from.0 + power * growth + thin * (u.cos() - 1.0);
                (libm::exp(log), from.1 + power * turned + thin * libm::sin(u))
            })
            .collect();
        invert(&frequencies, size)
    }

    /// Share of paths with 0, 1, 2, ... hits in a sample.
    #[must_use]
    pub fn shares(&self, sample: usize) -> Vec<f64> {
        let counts = &self.samples[sample].counts;
        counts.iter().map(|&count| count as f64 / self.paths as f64).collect()
    }
}

/// Enough frequencies, an odd number, that a law `stretch` times as long as this one does not wrap around.
fn grid(law: &[f64], stretch: f64) -> usize {
    let centre = mean(law);
    let variance: f64 =
        law.iter().enumerate().map(|(x, share)| share * (x as f64 - centre).powi(2)).sum();
    let top = centre * stretch + 12.0 * (variance * stretch).sqrt() + 30.0;
    (top as usize).max(2 * law.len()) | 1
}

/// Runs of sums of one path: `sums[t]` is the sum of its first `t` normals.
fn walk(path: u64, sums: &mut [f64]) {
    let mut stream = Streams::new(SEED, "overlap zones", 0).path(path);
    let mut sum = 0.0;
    for slot in &mut sums[1..] {
        sum += stream.normal();
        *slot = sum;
    }
}

fn hits(sums: &[f64], horizon: usize, length: usize, above: f64) -> usize {
    let windows = sums[horizon..horizon + length].iter().zip(sums);
    windows.filter(|(end, start)| **end - **start > above).count()
}

fn threshold(horizon: usize, level: Level) -> f64 {
    normal_quantile(level.value()).unwrap_or(f64::INFINITY) * (horizon as f64).sqrt()
}

fn affordable_paths(length: usize) -> u64 {
    (MAX_NORMALS / length.max(1) as u64).min(MAX_PATHS)
}

fn trimmed_sum<'a>(blocks: impl Iterator<Item = &'a Vec<u64>>) -> Vec<u64> {
    let mut total: Vec<u64> = Vec::new();
    for counts in blocks {
        total.resize(total.len().max(counts.len()), 0);
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let used = total.iter().rposition(|&count| count > 0).map_or(1, |last| last + 1);
    total.truncate(used);
    total
}

fn mean(law: &[f64]) -> f64 {
    law.iter().enumerate().map(|(x, share)| x as f64 * share).sum()
}

fn cumulative(law: &[f64]) -> impl Iterator<Item = f64> + '_ {
    law.iter().scan(0.0, |sum, share| {
        *sum += share;
        Some(*sum)
    })
}

/// Log modulus and phase of the characteristic function at `u`.
fn characteristic(law: &[f64], u: f64) -> (f64, f64) {
    let (mut re, mut im) = (0.0, 0.0);
    for (x, share) in law.iter().enumerate() {
        let angle = u * x as f64;
        re += share * angle.cos();
        im += share * angle.sin();
    }
    (0.5 * libm::log((re * re + im * im).max(f64::MIN_POSITIVE)), libm::atan2(im, re))
}

/// Probabilities from modulus and phase at `0, tau/size, 2 tau/size, ...` up to `pi`; the rest mirrors them, `size` being odd.
fn invert(frequencies: &[(f64, f64)], size: usize) -> Vec<f64> {
    let turn = TAU / size as f64;
    let probability = |x: usize| {
        let term = |(k, (modulus, phase)): (usize, &(f64, f64))| {
            let both = if k == 0 { 1.0 } else { 2.0 };
            both * modulus * (phase - turn * (k * x) as f64).cos()
        };
        frequencies.iter().enumerate().map(term).sum::<f64>() / size as f64
    };
    (0..size).map(probability).collect()
}

fn row(line: &str, horizon: usize, level: Level) -> Option<(u64, Sample)> {
    let mut fields = line.split(',');
    let matches = fields.next()?.parse() == Ok(horizon) && fields.next()?.parse() == Ok(level);
    if !matches {
        return None;
    }
    let (length, paths) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let counts = fields.next()?.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    Some((paths, Sample { length, counts }))
}

/// Horizon, level, and the length of a series that is too short for the law of all lengths.
type Key = (usize, Level, Option<usize>);

/// Samples already drawn in this process.
static DRAWN: Mutex<BTreeMap<Key, Arc<HitLaw>>> = Mutex::new(BTreeMap::new());

fn drawn(key: Key, draw: impl FnOnce() -> HitLaw) -> Arc<HitLaw> {
    let known = DRAWN.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some(known) = known {
        return known;
    }
    let drawn = Arc::new(draw());
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&drawn));
    drawn
}
