//! Several prices of one instant become one: mean, median, capped mean, trimmed mean, weighted median.
//!
//! ```text
//! median          middle price; of an even number the mean of the two middle ones
//! capped mean     m = median;  mean of min(max(p, m - c |m|), m + c |m|),  c = clamp
//! trimmed mean    mean without the `drop` highest and the `drop` lowest
//! weighted median smallest p with weight below or at it > half of all; where it is exactly half, the mean of p and the next
//! ```
//!
//! Prices are sorted first and sums run upwards, so the order of the sources does not change a bit of the result, and the
//! result is held inside the range of the prices, which a rounded mean of equal prices may leave by one unit.

use super::rule::{How, Stage};

/// One source's price at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quote {
    /// The price, of any sign, finite.
    pub price: f64,
    /// The weight in a weighted median, above zero; other rules do not look at it.
    pub weight: f64,
}

/// What the prices became.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Combined {
    /// The index.
    pub price: f64,
    /// How many prices were moved to the clamp, or left out as highest or lowest.
    pub clamped: usize,
}

/// The index of some prices; `None` without a price, or where a trimmed mean would have none left.
///
/// Sorts the quotes.
#[must_use]
pub fn combine(stage: &Stage, quotes: &mut [Quote]) -> Option<Combined> {
    quotes.sort_by(|a, b| a.price.total_cmp(&b.price).then(a.weight.total_cmp(&b.weight)));
    let (first, last) = (quotes.first()?.price, quotes.last()?.price);
    let (price, clamped) = match stage.how {
        How::Mean => (mean(quotes.iter().map(|quote| quote.price)), 0),
        How::Median => (median(quotes), 0),
        How::CappedMean => capped_mean(quotes, stage.clamp.unwrap_or(0.0)),
        How::TrimmedMean => {
            let drop = stage.drop.unwrap_or(1);
            let kept = quotes.get(drop..quotes.len().checked_sub(drop)?)?;
            if kept.is_empty() {
                return None;
            }
            (mean(kept.iter().map(|quote| quote.price)), 2 * drop)
        }
        How::WeightedMedian => (weighted_median(quotes), 0),
    };
    Some(Combined { price: price.clamp(first, last), clamped })
}

fn mean(prices: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = prices.len() as f64;
    prices.sum::<f64>() / count
}

/// The middle of sorted prices.
fn median(sorted: &[Quote]) -> f64 {
    let (low, high) = (sorted[(sorted.len() - 1) / 2].price, sorted[sorted.len() / 2].price);
    0.5 * low + 0.5 * high
}

fn capped_mean(sorted: &[Quote], clamp: f64) -> (f64, usize) {
    let middle = median(sorted);
    let (low, high) = (middle - clamp * middle.abs(), middle + clamp * middle.abs());
    let outside = sorted.iter().filter(|quote| quote.price < low || quote.price > high);
    let held = sorted.iter().map(|quote| quote.price.clamp(low, high));
    (mean(held), outside.count())
}

fn weighted_median(sorted: &[Quote]) -> f64 {
    let half = 0.5 * sorted.iter().map(|quote| quote.weight).sum::<f64>();
    let mut below = 0.0;
    for (at, quote) in sorted.iter().enumerate() {
        below += quote.weight;
        if below > half {
            return quote.price;
        }
        if below == half {
            let next = sorted.get(at + 1).unwrap_or(quote);
            return 0.5 * quote.price + 0.5 * next.price;
        }
    }
    // Rounding may leave the sum a hair below its half only where one weight outweighs all others together.
    sorted[sorted.len() - 1].price
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(how: How) -> Stage {
        Stage { from: 1, how, clamp: None, drop: None }
    }

    fn of(stage: &Stage, prices: &[f64]) -> Combined {
        let mut quotes: Vec<Quote> =
            prices.iter().map(|&price| Quote { price, weight: 1.0 }).collect();
        combine(stage, &mut quotes).unwrap()
    }

    #[test]
    fn means_and_medians_by_hand() {
        assert_eq!(of(&stage(How::Mean), &[1.0, 2.0, 6.0]).price, 3.0);
        assert_eq!(of(&stage(How::Median), &[6.0, 1.0, 2.0]).price, 2.0);
        assert_eq!(of(&stage(How::Median), &[6.0, 1.0, 2.0, 4.0]).price, 3.0);
        assert_eq!(of(&stage(How::Mean), &[0.1, 0.1, 0.1]).price, 0.1, "not one unit above");
    }

    #[test]
    fn a_capped_mean_by_hand() {
        // Median 100, clamp 0.5: 90 counts as 99.5 and 110 as 100.5. 100.2 stays.
        let capped = Stage { clamp: Some(0.005), ..stage(How::CappedMean) };
        let found = of(&capped, &[110.0, 100.0, 90.0]);
        assert!((found.price - 100.0).abs() < 1e-12 && found.clamped == 2, "{found:?}");
        // Median of 99.8, 100.0, 100.2, 130.0 is 100.1; 130 counts as 100.6005.
        let found = of(&capped, &[130.0, 99.8, 100.2, 100.0]);
        let by_hand = (99.8 + 100.0 + 100.2 + 100.6005) / 4.0;
        assert!((found.price - by_hand).abs() < 1e-12 && found.clamped == 1, "{found:?}");
        // A price below zero is clamped around its median as well: [-41, -39] at 2.5 % of -40.
        let capped = Stage { clamp: Some(0.025), ..stage(How::CappedMean) };
        let found = of(&capped, &[-40.0, -60.0, -40.0]);
        assert!((found.price + 121.0 / 3.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn a_trimmed_mean_by_hand() {
        let trimmed = Stage { drop: Some(1), ..stage(How::TrimmedMean) };
        assert_eq!(of(&trimmed, &[7.0, 1.0, 2.0, 3.0]), Combined { price: 2.5, clamped: 2 });
        let mut two = [1.0, 2.0].map(|price| Quote { price, weight: 1.0 });
        assert_eq!(combine(&trimmed, &mut two), None, "nothing is left");
    }

    #[test]
    fn a_weighted_median_by_hand() {
        let of = |quotes: &[(f64, f64)]| {
            let mut quotes: Vec<Quote> =
                quotes.iter().map(|&(price, weight)| Quote { price, weight }).collect();
            combine(&stage(How::WeightedMedian), &mut quotes).unwrap().price
        };
        // Weights 3, 2, 2, 1, 1, 1, 1, 1: half of 12 is 6, first passed within the second 2.
        let hyperliquid = [
            (103.0, 3.0),
            (101.0, 2.0),
            (102.0, 2.0),
            (100.0, 1.0),
            (104.0, 1.0),
            (99.0, 1.0),
            (98.0, 1.0),
            (105.0, 1.0),
        ];
        // 98: 1, 99: 2, 100: 3, 101: 5, 102: 7 > 6.
        assert_eq!(of(&hyperliquid), 102.0);
        assert_eq!(of(&[(1.0, 1.0), (2.0, 1.0), (5.0, 2.0)]), 3.5, "exactly half lies at 2");
        assert_eq!(of(&[(1.0, 1.0), (2.0, 1.0), (6.0, 1.0)]), 2.0, "equal weights: the median");
        assert_eq!(of(&[(1.0, 1.0), (9.0, 5.0)]), 9.0, "one source outweighs the other");
    }

    #[test]
    fn no_price_has_no_index() {
        assert_eq!(combine(&stage(How::Mean), &mut []), None);
    }
}
