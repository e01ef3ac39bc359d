//! What is the forward of an expiry, when the chain does not say?
//!
//! Put-call parity at every strike with both a call and a put:
//!
//! ```text
//! settled in coin    C - P = 1 - K / F
//! settled in cash    C - P = D (F - K)
//! ```
//!
//! Each strike near the money gives a forward; the answer is their median, weighted by one over the width of the two
//! quotes, so that a stale quote or two change nothing. Where no rate is stated the discount factor is the median of the
//! slopes between all pairs of strikes (Theil 1950; Sen 1968, "Estimates of the regression coefficient based on Kendall's
//! tau", Journal of the American Statistical Association 63, 1379-1389). The spread says how far the strikes disagree.
//!
//! Assumes European exercise. Says nothing about who is right when calls and puts are quoted at different moments.

use mpor_core::Right;

use crate::black76::discount;
use crate::surface::row::{OptionRow, PriceChoice, PriceFrom, QuoteUnit};

/// Where a forward comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardSource {
    /// The median of what the rows say.
    Stated,
    /// Put-call parity.
    Parity,
    /// Put-call parity, which gave the discount factor too.
    ParityAndDiscount,
}

/// The forward of one expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForwardFit {
    /// Time to expiry in years.
    pub years: f64,
    /// Forward in quote currency.
    pub forward: f64,
    /// Present value of one unit of quote currency at expiry; 1 for contracts settled in coin.
    pub discount: f64,
    /// Where it comes from.
    pub source: ForwardSource,
    /// Strikes (or, where stated, rows) that it was found from.
    pub count: usize,
    /// Half the distance between the quartiles of what they say, as a share of the forward.
    pub spread: f64,
}

/// Strikes nearest to the money that give a forward.
const NEAREST: usize = 10;

/// Strikes nearest to the money that give a discount factor: the slope needs some distance.
const NEAREST_FOR_SLOPE: usize = 40;

/// Fewest strikes that give a discount factor.
const FEWEST_FOR_SLOPE: usize = 3;

/// The forward of one expiry's rows; `None` where they neither state it nor hold a strike with both call and put.
///
/// `rate` discounts prices in quote currency, per year; without one the discount factor is fitted where the rows are such
/// prices and left at 1 where they state a forward but hold too few pairs. `price` says which prices are compared.
#[must_use]
pub fn forward_of(rows: &[OptionRow], rate: Option<f64>, price: PriceChoice) -> Option<ForwardFit> {
    let years = rows.first()?.years;
    let stated: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| row.forward)
        .filter(|forward| *forward > 0.0 && forward.is_finite())
        .map(|forward| (forward, 1.0))
        .collect();
    let pairs = if stated.is_empty() || (rate.is_none() && is_cash(rows)) {
        pairs(rows, price)
    } else {
        Vec::new()
    };
    let (factor, fitted) = discount_factor(rows, &pairs, rate, years);
    let (samples, source) = if stated.is_empty() {
        let coin = rows[0].unit == QuoteUnit::Coin;
        let samples: Vec<(f64, f64)> =
            pairs.iter().take(NEAREST).filter_map(|pair| pair.forward(coin, factor?)).collect();
        let source = if fitted { ForwardSource::ParityAndDiscount } else { ForwardSource::Parity };
        (samples, source)
    } else {
        (stated, ForwardSource::Stated)
    };
    let forward = weighted_quantile(&samples, 0.5)?;
    let (low, high) = (weighted_quantile(&samples, 0.25)?, weighted_quantile(&samples, 0.75)?);
    Some(ForwardFit {
        years,
        forward,
        discount: factor.unwrap_or(1.0),
        source,
        count: samples.len(),
        spread: 0.5 * (high - low) / forward,
    })
}

fn is_cash(rows: &[OptionRow]) -> bool {
    rows[0].unit == QuoteUnit::Cash
}

/// The discount factor, and whether it was fitted; `None` where parity needs one and there is none.
fn discount_factor(
    rows: &[OptionRow],
    pairs: &[Pair],
    rate: Option<f64>,
    years: f64,
) -> (Option<f64>, bool) {
    match (is_cash(rows), rate) {
        (false, _) => (Some(1.0), false),
        (true, Some(rate)) => (Some(discount(rate, years)), false),
        (true, None) => match fitted_discount(pairs) {
            Some(factor) => (Some(factor), true),
            None => (None, false),
        },
    }
}

/// A strike with a call and a put.
#[derive(Clone, Copy, Debug)]
struct Pair {
    strike: f64,
    /// Call less put.
    difference: f64,
    weight: f64,
}

impl Pair {
    /// The forward of this strike and its weight.
    fn forward(&self, coin: bool, discount: f64) -> Option<(f64, f64)> {
        let forward = if coin {
            self.strike / (1.0 - self.difference)
        } else {
            self.strike + self.difference / discount
        };
        (forward > 0.0 && forward.is_finite()).then_some((forward, self.weight))
    }
}

/// The strikes with both sides, nearest to the money first.
fn pairs(rows: &[OptionRow], price: PriceChoice) -> Vec<Pair> {
    if rows[0].unit == QuoteUnit::Vol {
        return Vec::new();
    }
    let priced = |right: Right| {
        let mut priced: Vec<(f64, f64, f64)> = rows
            .iter()
            .filter(|row| row.right == right && row.strike > 0.0)
            .filter_map(|row| {
                let (price, from) = row.price(price)?;
                let width = match from {
                    PriceFrom::Mid => row.two_sided().map_or(0.0, |(bid, ask)| ask - bid),
                    PriceFrom::Mark => 0.0,
                };
                Some((row.strike, price, width))
            })
            .collect();
        priced.sort_by(|a, b| a.0.total_cmp(&b.0));
        priced
    };
    let (calls, puts) = (priced(Right::Call), priced(Right::Put));
    let mut pairs: Vec<Pair> = calls
        .iter()
        .filter_map(|&(strike, call, width)| {
            let at = puts.binary_search_by(|put| put.0.total_cmp(&strike)).ok()?;
            let (_, put, other) = puts[at];
            let difference = call - put;
            // Marks have no width: a thousandth of the two prices stands for it.
            let weight = 1.0 / (width + other).max(1e-3 * (call + put));
            Some(Pair { strike, difference, weight })
        })
        .collect();
    pairs.sort_by(|a, b| a.difference.abs().total_cmp(&b.difference.abs()));
    pairs
}

/// Minus the median slope of the difference over strike.
fn fitted_discount(pairs: &[Pair]) -> Option<f64> {
    let pairs = &pairs[..pairs.len().min(NEAREST_FOR_SLOPE)];
    if pairs.len() < FEWEST_FOR_SLOPE {
        return None;
    }
    let mut slopes = Vec::with_capacity(pairs.len() * (pairs.len() - 1) / 2);
    for (at, one) in pairs.iter().enumerate() {
        for other in &pairs[..at] {
            let width = one.strike - other.strike;
            // Far strikes tell a slope better than near ones.
            slopes.push(((other.difference - one.difference) / width, width.abs()));
        }
    }
    weighted_quantile(&slopes, 0.5).filter(|factor| *factor > 0.0)
}

/// The value below which `share` of the weight lies, in the middle of the step where it falls between two.
fn weighted_quantile(samples: &[(f64, f64)], share: f64) -> Option<f64> {
    let mut sorted: Vec<(f64, f64)> = samples
        .iter()
        .filter(|(value, weight)| value.is_finite() && *weight > 0.0)
        .copied()
        .collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let aim = share * sorted.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut sum = 0.0;
    for (at, (value, weight)) in sorted.iter().enumerate() {
        sum += weight;
        if (sum - aim).abs() <= 1e-12 * aim {
            let next = sorted.get(at + 1).map_or(*value, |next| next.0);
            return Some(0.5 * (value + next));
        }
        if sum > aim {
            return Some(*value);
        }
    }
    sorted.last().map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::black76::Black76;

    const FORWARD: f64 = 67_188.01;

    /// Prices at 50 % volatility, rounded to `tick` where that is above zero.
    fn chain(unit: QuoteUnit, rate: f64, tick: f64) -> Vec<OptionRow> {
        let years = 0.2;
        let mut rows = Vec::new();
        for step in -12..=12 {
            let strike = 67_000.0 + 1_000.0 * f64::from(step);
            for right in [Right::Call, Right::Put] {
                let price = Black76::new(FORWARD, strike, years, 0.5, rate, right).unwrap().price();
                let price = if unit == QuoteUnit::Coin { price / FORWARD } else { price };
                let price = if tick > 0.0 { (price / tick).round() * tick } else { price };
                let mark = Some(price);
                rows.push(OptionRow {
                    years,
                    strike,
                    right,
                    bid: None,
                    ask: None,
                    mark,
                    unit,
                    forward: None,
                    age: None,
                });
            }
        }
        rows
    }

    #[test]
    fn exact_prices_give_the_forward_back() {
        let coin = forward_of(&chain(QuoteUnit::Coin, 0.0, 0.0), None, PriceChoice::Mark).unwrap();
        assert!((coin.forward / FORWARD - 1.0).abs() < 1e-13, "{coin:?}");
        assert_eq!((coin.source, coin.count, coin.discount), (ForwardSource::Parity, 10, 1.0));
        let cash = chain(QuoteUnit::Cash, 0.05, 0.0);
        for rate in [Some(0.05), None] {
            let found = forward_of(&cash, rate, PriceChoice::Mark).unwrap();
            assert!((found.forward / FORWARD - 1.0).abs() < 1e-12, "{found:?}");
            // By hand: exp(-0.05 * 0.2) = exp(-0.01).
            assert!((found.discount - 0.990_049_833_749_168).abs() < 1e-11, "{found:?}");
            assert!(found.spread < 1e-12);
        }
    }

    /// Two prices rounded to a tick are off by half of one each.
    #[test]
    fn rounded_prices_give_it_within_a_tick() {
        let coin = forward_of(&chain(QuoteUnit::Coin, 0.0, 1e-4), None, PriceChoice::Mark).unwrap();
        assert!((coin.forward / FORWARD - 1.0).abs() < 1e-4, "{coin:?}");
        assert!(coin.spread > 0.0 && coin.spread < 1e-4);
        let cash =
            forward_of(&chain(QuoteUnit::Cash, 0.05, 5.0), Some(0.05), PriceChoice::Mark).unwrap();
        assert!((cash.forward - FORWARD).abs() < 5.1, "{cash:?}");
        let fitted =
            forward_of(&chain(QuoteUnit::Cash, 0.05, 5.0), None, PriceChoice::Mark).unwrap();
        assert!((fitted.forward - FORWARD).abs() < 5.1, "{fitted:?}");
        assert!((fitted.discount - 0.990_05).abs() < 1e-3, "{fitted:?}");
    }

    #[test]
    fn a_few_stale_quotes_change_nothing() {
        let mut rows = chain(QuoteUnit::Coin, 0.0, 0.0);
        for at in [24, 27, 31] {
            rows[at].mark = rows[at].mark.map(|mark| mark + 0.02);
        }
        let found = forward_of(&rows, None, PriceChoice::Mark).unwrap();
        assert!((found.forward / FORWARD - 1.0).abs() < 1e-13, "{found:?}");
    }

    #[test]
    fn what_the_rows_state_is_taken() {
        let mut rows = chain(QuoteUnit::Coin, 0.0, 0.0);
        for (at, row) in rows.iter_mut().enumerate() {
            row.forward = Some([100.0, 101.0, 90.0][at % 3]);
        }
        let found = forward_of(&rows, None, PriceChoice::Mark).unwrap();
        assert_eq!((found.forward, found.source), (100.0, ForwardSource::Stated));
        assert!(forward_of(&[], None, PriceChoice::Mark).is_none());
        let mut one_sided = chain(QuoteUnit::Coin, 0.0, 0.0);
        one_sided.retain(|row| row.right == Right::Call);
        assert!(forward_of(&one_sided, None, PriceChoice::Mark).is_none());
    }
}
