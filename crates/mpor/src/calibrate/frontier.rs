//! Which points are not beaten in coverage, cost and calm at once, and how sure is that?
//!
//! The stationary bootstrap draws dates in blocks of geometric length with the given mean, wrapping around, so that clusters
//! of breaches stay together; all points are seen on the same draws. The region of a point is a rectangle whose sides are
//! 95 % percentile intervals of its coverage and of its cost: by Bonferroni it holds both with 90 %.
//!
//! Source: Politis and Romano (1994), "The stationary bootstrap", Journal of the American Statistical Association 89(428),
//! 1303-1313. Says nothing about years unlike any in the data.

use mpor_core::Level;
use mpor_stats::quantile::{QuantileRule, Side};
use mpor_stats::random::{Stream, Streams};
use rayon::prelude::*;

use super::record::{Market, Record, Score};

/// Confidence of a side of a region, each tail half of what is left.
const SIDE_TAIL: f64 = 0.975;

/// Where coverage and cost of a point lie with 90 %; low then high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    /// Coverage.
    pub coverage: (f64, f64),
    /// Mean requirement as a share of gross notional.
    pub cost: (f64, f64),
}

/// How dates are resampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resampling {
    /// Resampled records.
    pub draws: usize,
    /// Mean length of a block.
    pub block: usize,
    /// Seed of the streams.
    pub seed: u64,
}

/// Which of the scores no other beats or equals in all three and beats in one.
pub(crate) fn undominated(scores: &[&Score]) -> Vec<bool> {
    let three = |score: &Score| Some([1.0 - score.coverage?, score.cost?, score.calm]);
    let all: Vec<Option<[f64; 3]>> = scores.iter().map(|score| three(score)).collect();
    let beats = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).all(|(a, b)| a <= b) && a != b;
    let free = |own: &Option<[f64; 3]>| {
        own.is_some_and(|own| !all.iter().flatten().any(|other| beats(other, &own)))
    };
    all.iter().map(free).collect()
}

/// The regions of records of all dates; `None` for a record with no observation.
pub(crate) fn regions(
    market: &Market,
    records: &[&Record],
    how: Resampling,
) -> Vec<Option<Region>> {
    let dates = market.times.len();
    let seen = market.seen();
    let held: Vec<bool> = market.gross.iter().map(|&gross| gross > 0.0).collect();
    let series: Vec<(Vec<usize>, Vec<f64>)> =
        records.par_iter().map(|record| by_date(market, record)).collect();
    let streams = Streams::new(how.seed, "calibrate bootstrap", 0);
    let draw = |number: usize| {
        let times = counts(&mut streams.path(number as u64), dates, how.block);
        let observations: usize = times.iter().zip(&seen).map(|(times, seen)| times * seen).sum();
        let held: usize = times.iter().zip(&held).filter(|(_, held)| **held).map(|(t, _)| t).sum();
        let of = |(hits, ratios): &(Vec<usize>, Vec<f64>)| {
            let hits: usize = times.iter().zip(hits).map(|(times, hits)| times * hits).sum();
            let sum: f64 =
                times.iter().zip(ratios).map(|(&times, ratio)| times as f64 * ratio).sum();
            let whole = observations > 0 && held > 0;
            whole.then(|| (1.0 - hits as f64 / observations as f64, sum / held as f64))
        };
        series.iter().map(of).collect()
    };
    let drawn: Vec<Vec<Option<(f64, f64)>>> = (0..how.draws).into_par_iter().map(draw).collect();
    let region = |record: usize| {
        let values: Vec<(f64, f64)> = drawn.iter().filter_map(|draw| draw[record]).collect();
        let coverage = interval(values.iter().map(|value| value.0))?;
        Some(Region { coverage, cost: interval(values.iter().map(|value| value.1))? })
    };
    (0..records.len()).map(region).collect()
}

/// Breaches, and requirement over gross notional, by date.
fn by_date(market: &Market, record: &Record) -> (Vec<usize>, Vec<f64>) {
    let mut hits = vec![0; market.times.len()];
    record.breaches.iter().for_each(|(date, _)| hits[*date] += 1);
    let both = record.totals.iter().zip(&market.gross);
    let ratios = both.map(|(total, gross)| if *gross > 0.0 { total / gross } else { 0.0 });
    (hits, ratios.collect())
}

/// How often each date is in one resampled record.
fn counts(stream: &mut Stream, dates: usize, block: usize) -> Vec<usize> {
    let mut counts = vec![0; dates];
    let mut at = 0;
    for number in 0..dates {
        let anew = number == 0 || stream.below(block as u32) == 0;
        at = if anew { stream.below(dates as u32) as usize } else { (at + 1) % dates };
        counts[at] += 1;
    }
    counts
}

fn interval(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let values: Vec<f64> = values.collect();
    let level = Level::new(SIDE_TAIL).ok()?;
    let mut scratch = Vec::new();
    let mut upper = |values: &[f64]| {
        QuantileRule::HyndmanFan7.var(values, level, Side::Loss, &mut scratch).ok()
    };
    let high = upper(&values)?;
    let negated: Vec<f64> = values.iter().map(|value| -value).collect();
    Some((-upper(&negated)?, high))
}

#[cfg(test)]
mod tests {
    use mpor_core::Timestamp;

    use super::*;

    #[test]
    fn blocks_have_their_mean_length_and_fill_the_record() {
        let streams = Streams::new(5, "calibrate bootstrap", 0);
        for number in 0..20 {
            let drawn = counts(&mut streams.path(number), 400, 8);
            assert_eq!(drawn.iter().sum::<usize>(), 400);
        }
        // Dates follow each other but where a block ends, once in eight steps.
        let all: Vec<usize> = counts(&mut streams.path(99), 40_000, 8);
        let starts = all.windows(2).filter(|pair| pair[0] == 0 && pair[1] > 0).count();
        assert!(starts > 1_000, "{starts}");
    }

    #[test]
    fn the_interval_of_independent_dates_is_the_binomial_one() {
        // One account, a breach on every 20th of 2000 dates, blocks of one date: the share has the standard error
        // sqrt(0.05 0.95 / 2000) = 0.004873, and 1.96 of them to each side.
        let dates = 2000;
        let market = Market {
            times: (0..dates).map(|day| Timestamp(day as i64)).collect(),
            observed: vec![vec![true; dates]],
            gross: vec![1.0; dates],
        };
        let breaches = (0..dates).step_by(20).map(|date| (date, 0)).collect();
        let record = Record { totals: vec![0.25; dates], breaches };
        let how = Resampling { draws: 4000, block: 1, seed: 1 };
        let region = regions(&market, &[&record], how)[0].unwrap();
        assert!((region.coverage.0 - (0.95 - 1.96 * 0.004873)).abs() < 0.0008, "{region:?}");
        assert!((region.coverage.1 - (0.95 + 1.96 * 0.004873)).abs() < 0.0008, "{region:?}");
        assert_eq!(region.cost, (0.25, 0.25));
        // Breaches in one run of a hundred: blocks see them together, and the interval is wider.
        let run = Record { breaches: (0..100).map(|date| (date, 0)).collect(), ..record };
        let how = Resampling { block: 50, ..how };
        let wide = regions(&market, &[&run], how)[0].unwrap();
        assert!(wide.coverage.1 - wide.coverage.0 > 2.0 * (region.coverage.1 - region.coverage.0));
    }
}
