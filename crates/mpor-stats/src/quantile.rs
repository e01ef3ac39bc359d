//! Which loss is the value at risk, and what is the mean loss beyond it?
//!
//! `n` losses, positive = loss, equally likely; `p` = level, `1 - p` = tail.
//!
//! ```text
//! hs_ceil      VaR = L(k), the k-th largest loss, k = ceil(n (1 - p))
//! type1..9     Q(q) = x[j] + g (x[j+1] - x[j]),  j = floor(n q + m), x ascending, x[0] = x[1], x[n+1] = x[n]
//!              of the losses at q = p, or of the P&L at q = 1 - p with the sign changed
//! ES           ( L(1) + ... + L(f) + (n (1 - p) - f) L(f+1) ) / (n (1 - p)),  f = floor(n (1 - p))
//! ```
//!
//! Sources: Hyndman and Fan (1996), "Sample Quantiles in Statistical Packages", The American Statistician 50(4), 361-365,
//! definitions 1 to 9; Acerbi and Tasche (2002), "On the coherence of expected shortfall", Journal of Banking & Finance
//! 26(7), 1487-1503, definition 2.6 for the loss that counts in part. `n p` is taken in integers from the exact decimal of
//! [`Level`], never in floating point. Says nothing about sampling error. VaR and ES are not clamped at zero.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, all_finite, at_least};
use crate::level::Level;

/// How a quantile is read off a finite sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuantileRule {
    /// The `ceil(n * tail)`-th largest loss: historical simulation as practised. The side does not matter.
    #[default]
    HsCeil,
    /// Hyndman & Fan (1996) definition 1: inverse of the empirical distribution function.
    #[serde(rename = "type1")]
    HyndmanFan1,
    /// Hyndman & Fan (1996) definition 2: as 1, averaged at steps.
    #[serde(rename = "type2")]
    HyndmanFan2,
    /// Hyndman & Fan (1996) definition 3: nearest observation, ties to even.
    #[serde(rename = "type3")]
    HyndmanFan3,
    /// Hyndman & Fan (1996) definition 4: linear in the empirical distribution function.
    #[serde(rename = "type4")]
    HyndmanFan4,
    /// Hyndman & Fan (1996) definition 5: linear between the midpoints of its steps (Hazen).
    #[serde(rename = "type5")]
    HyndmanFan5,
    /// Hyndman & Fan (1996) definition 6: `p[k] = k / (n + 1)` (Weibull).
    #[serde(rename = "type6")]
    HyndmanFan6,
    /// Hyndman & Fan (1996) definition 7: `p[k] = (k - 1) / (n - 1)` (Gumbel), the default of R and NumPy.
    #[serde(rename = "type7")]
    HyndmanFan7,
    /// Hyndman & Fan (1996) definition 8: approximately median-unbiased.
    #[serde(rename = "type8")]
    HyndmanFan8,
    /// Hyndman & Fan (1996) definition 9: approximately unbiased for the normal law (Blom).
    #[serde(rename = "type9")]
    HyndmanFan9,
}

/// Whether the quantile is taken of the losses at `level`, or of the P&L at `1 - level` with the sign changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Of the losses at `level`.
    #[default]
    Loss,
    /// Of the P&L at `1 - level`.
    Pnl,
}

/// Two neighbouring losses by rank from the largest, counted from 1, and where between them the quantile lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// The larger loss.
    pub(crate) upper: usize,
    /// The smaller loss: `upper` or `upper + 1`.
    pub(crate) lower: usize,
    /// Share of the way from the larger to the smaller.
    pub(crate) share: f64,
}

impl QuantileRule {
    /// All rules, in order.
    pub const ALL: [QuantileRule; 10] = [
        QuantileRule::HsCeil,
        QuantileRule::HyndmanFan1,
        QuantileRule::HyndmanFan2,
        QuantileRule::HyndmanFan3,
        QuantileRule::HyndmanFan4,
        QuantileRule::HyndmanFan5,
        QuantileRule::HyndmanFan6,
        QuantileRule::HyndmanFan7,
        QuantileRule::HyndmanFan8,
        QuantileRule::HyndmanFan9,
    ];

    /// VaR of losses in any order. `scratch` is overwritten; no allocation once it has grown to `losses.len()`.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without losses, [`StatsError::NotFinite`] naming the loss.
    pub fn var(
        self,
        losses: &[f64],
        level: Level,
        side: Side,
        scratch: &mut Vec<f64>,
    ) -> Result<f64, StatsError> {
        check(losses)?;
        let place = self.place(losses.len(), level, side);
        if place.lower <= FEW {
            largest(losses, place.lower, scratch);
            return Ok(between(scratch[place.upper - 1], scratch[place.lower - 1], place.share));
        }
        scratch.clear();
        scratch.extend_from_slice(losses);
        let (before, &mut lower, _) =
            scratch.select_nth_unstable_by(place.lower - 1, |a, b| b.total_cmp(a));
        let upper = if place.upper == place.lower {
            lower
        } else {
            before.iter().copied().fold(f64::INFINITY, f64::min)
        };
        Ok(between(upper, lower, place.share))
    }

    /// VaR of losses sorted from the largest.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without losses, [`StatsError::NotFinite`] naming the loss.
    pub fn var_sorted(
        self,
        descending: &[f64],
        level: Level,
        side: Side,
    ) -> Result<f64, StatsError> {
        check(descending)?;
        let place = self.place(descending.len(), level, side);
        Ok(between(descending[place.upper - 1], descending[place.lower - 1], place.share))
    }

    pub(crate) fn place(self, n: usize, level: Level, side: Side) -> Place {
        if self == QuantileRule::HsCeil {
            let rank = level.tail_rank(n);
            return Place { upper: rank, lower: rank, share: 0.0 };
        }
        let (units, scale) = level.fraction();
        let probability = match side {
            Side::Loss => units,
            Side::Pnl => scale - units,
        };
        let (below, weight) = self.ascending(n, probability, scale);
        let (j, next) = (below.clamp(1, n), (below + 1).clamp(1, n));
        let weight = if j == next { 0.0 } else { weight };
        match side {
            Side::Pnl => Place { upper: j, lower: next, share: weight },
            Side::Loss => Place { upper: n + 1 - next, lower: n + 1 - j, share: 1.0 - weight },
        }
        .settled()
    }

    /// `j` and the weight of `x[j+1]` for the quantile at `units / scale`, in integers up to the last division.
    fn ascending(self, n: usize, units: u64, scale: u64) -> (usize, f64) {
        let (p, one) = (i128::from(units), i128::from(scale));
        let whole = 24 * one;
        let shift = match self {
            QuantileRule::HsCeil | QuantileRule::HyndmanFan1 | QuantileRule::HyndmanFan2 => 0,
            QuantileRule::HyndmanFan3 => -12 * one,
            QuantileRule::HyndmanFan4 => 0,
            QuantileRule::HyndmanFan5 => 12 * one,
            QuantileRule::HyndmanFan6 => 24 * p,
            QuantileRule::HyndmanFan7 => 24 * (one - p),
            QuantileRule::HyndmanFan8 => 8 * (p + one),
            QuantileRule::HyndmanFan9 => 6 * p + 9 * one,
        };
        let position = 24 * p * n as i128 + shift;
        let (j, rest) = (position.div_euclid(whole), position.rem_euclid(whole));
        let weight = match self {
            QuantileRule::HsCeil | QuantileRule::HyndmanFan1 if rest == 0 => 0.0,
            QuantileRule::HyndmanFan2 if rest == 0 => 0.5,
            QuantileRule::HyndmanFan3 if rest == 0 && j % 2 == 0 => 0.0,
            QuantileRule::HsCeil
            | QuantileRule::HyndmanFan1
            | QuantileRule::HyndmanFan2
            | QuantileRule::HyndmanFan3 => 1.0,
            _ => rest as f64 / whole as f64,
        };
        (j.max(0) as usize, weight)
    }
}

impl Place {
    /// The same place with one rank where the quantile is one loss, so that no interpolation rounds it.
    fn settled(self) -> Self {
        let Place { upper, lower, share } = self;
        if share <= 0.0 {
            Place { upper, lower: upper, share: 0.0 }
        } else if share >= 1.0 {
            Place { upper: lower, lower, share: 0.0 }
        } else {
            self
        }
    }
}

/// Expected shortfall of losses in any order: the mean of the worst `n * tail` of them, the last one in part.
///
/// # Errors
/// [`StatsError::TooFew`] without losses, [`StatsError::NotFinite`] naming the loss.
pub fn expected_shortfall(
    losses: &[f64],
    level: Level,
    scratch: &mut Vec<f64>,
) -> Result<f64, StatsError> {
    check(losses)?;
    let worst = sort_worst(losses, level.tail_rank(losses.len()), scratch);
    Ok(mean_of_mass(worst, level.tail_mass(losses.len())))
}

/// Expected shortfall of losses sorted from the largest.
///
/// # Errors
/// [`StatsError::TooFew`] without losses, [`StatsError::NotFinite`] naming the loss.
pub fn expected_shortfall_sorted(descending: &[f64], level: Level) -> Result<f64, StatsError> {
    check(descending)?;
    let worst = &descending[..level.tail_rank(descending.len())];
    Ok(mean_of_mass(worst, level.tail_mass(descending.len())))
}

/// Mean of the `k` largest losses.
///
/// # Errors
/// [`StatsError::TooFew`] when `k` is zero or there are fewer losses, [`StatsError::NotFinite`] naming the loss.
pub fn worst_mean(losses: &[f64], k: usize, scratch: &mut Vec<f64>) -> Result<f64, StatsError> {
    at_least("the mean of the worst losses", k.max(1), losses.len())?;
    at_least("the mean of the worst losses (their number)", 1, k)?;
    all_finite(losses)?;
    Ok(mean_of_mass(sort_worst(losses, k, scratch), k as f64))
}

/// Mean of the losses at or above a threshold; `None` where there are none.
#[must_use]
pub fn mean_from(losses: &[f64], threshold: f64) -> Option<f64> {
    mean_where(losses, |loss| loss >= threshold)
}

/// Mean of the losses strictly above a threshold; `None` where there are none.
#[must_use]
pub fn mean_above(losses: &[f64], threshold: f64) -> Option<f64> {
    mean_where(losses, |loss| loss > threshold)
}

fn mean_where(losses: &[f64], keep: impl Fn(f64) -> bool) -> Option<f64> {
    let (sum, count) = losses
        .iter()
        .filter(|&&loss| keep(loss))
        .fold((0.0, 0_usize), |(sum, count), loss| (sum + loss, count + 1));
    (count > 0).then(|| sum / count as f64)
}

fn check(losses: &[f64]) -> Result<(), StatsError> {
    at_least("a quantile", 1, losses.len())?;
    all_finite(losses)
}

pub(crate) fn between(upper: f64, lower: f64, share: f64) -> f64 {
    upper + share * (lower - upper)
}

/// The `k` largest losses, largest first: sorted, so that their sum does not depend on the order of scenarios.
fn sort_worst<'a>(losses: &[f64], k: usize, scratch: &'a mut Vec<f64>) -> &'a [f64] {
    if k <= FEW {
        largest(losses, k, scratch);
        return scratch;
    }
    scratch.clear();
    scratch.extend_from_slice(losses);
    if k < scratch.len() {
        scratch.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    }
    let worst = &mut scratch[..k];
    worst.sort_unstable_by(|a, b| b.total_cmp(a));
    worst
}

/// Up to so many of the largest losses are kept in order while the rest is passed over once.
const FEW: usize = 64;

/// The `k` largest losses, 1 to all of them, largest first.
fn largest(losses: &[f64], k: usize, top: &mut Vec<f64>) {
    let (first, rest) = losses.split_at(k);
    top.clear();
    top.extend_from_slice(first);
    top.sort_unstable_by(|a, b| b.total_cmp(a));
    pulp::Arch::new().dispatch(Pass { rest, top });
}

/// One pass over the losses beyond the first, compiled by `pulp` once for each instruction set; comparisons give the same
/// answer in all of them.
struct Pass<'a> {
    rest: &'a [f64],
    top: &'a mut [f64],
}

impl pulp::WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let last = self.top.len() - 1;
        for block in self.rest.chunks(16) {
            // Nearly always false, and without a branch inside a vector loop.
            let least = self.top[last];
            if block.iter().fold(false, |any, loss| any | (*loss >= least)) {
                block.iter().for_each(|loss| keep(self.top, *loss));
            }
        }
    }
}

/// Puts a loss in its place and drops the least one.
fn keep(top: &mut [f64], loss: f64) {
    let mut place = top.len();
    while place > 0 && top[place - 1].total_cmp(&loss).is_lt() {
        if place < top.len() {
            top[place] = top[place - 1];
        }
        place -= 1;
    }
    if place < top.len() {
        top[place] = loss;
    }
}

/// Mean over `mass` observations of `worst`, which holds `ceil(mass)` of them (at least one).
///
/// Taken as the smallest loss plus the mean excess over it, which cannot round below that loss.
pub(crate) fn mean_of_mass(worst: &[f64], mass: f64) -> f64 {
    let smallest = worst[worst.len() - 1];
    let excess: f64 = worst.iter().map(|loss| loss - smallest).sum();
    smallest + excess / mass
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> Level {
        text.parse().unwrap()
    }

    fn one_to(n: u32) -> Vec<f64> {
        (1..=n).map(f64::from).collect()
    }

    /// By hand for the losses 1..500 at 99 %: n p = 495 and n (1 - p) = 5 exactly.
    #[test]
    fn ranks_are_exact_at_500_and_99_percent() {
        let (losses, mut scratch) = (one_to(500), Vec::new());
        let mut var = |rule: QuantileRule, side| {
            rule.var(&losses, level("0.99"), side, &mut scratch).unwrap()
        };
        assert_eq!(var(QuantileRule::HsCeil, Side::Loss), 496.0);
        assert_eq!(var(QuantileRule::HyndmanFan1, Side::Loss), 495.0);
        assert_eq!(var(QuantileRule::HyndmanFan1, Side::Pnl), 496.0);
        assert_eq!(var(QuantileRule::HyndmanFan2, Side::Loss), 495.5);
        let seven = var(QuantileRule::HyndmanFan7, Side::Loss);
        assert!((seven - 495.01).abs() < 1e-9, "{seven}");
        assert_eq!(expected_shortfall(&losses, level("0.99"), &mut Vec::new()).unwrap(), 498.0);
    }

    #[test]
    fn the_last_loss_counts_in_part() {
        // By hand: tail mass 1.25 of ten losses, (10 + 9 / 4) / 1.25 = 9.8.
        let es = expected_shortfall(&one_to(10), level("0.875"), &mut Vec::new()).unwrap();
        assert!((es - 9.8).abs() < 1e-14);
        // A tail lighter than one observation is the largest loss.
        assert_eq!(expected_shortfall(&one_to(10), level("0.99"), &mut Vec::new()).unwrap(), 10.0);
    }

    #[test]
    fn the_largest_losses_are_those_of_a_sort() {
        let mut stream = crate::random::Streams::new(1, "largest", 0).path(0);
        // Rounded, so that many are equal, and some are zeros of either sign.
        let losses: Vec<f64> = (0..300).map(|_| (4.0 * stream.normal()).round() / 4.0).collect();
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        for n in [1, 2, 63, 64, 65, 200, 300] {
            let mut sorted = losses[..n].to_vec();
            sorted.sort_unstable_by(|a, b| b.total_cmp(a));
            for k in 1..=n {
                let mut top = Vec::new();
                largest(&losses[..n], k, &mut top);
                assert_eq!(bits(&top), bits(&sorted[..k]), "{k} of {n}");
            }
        }
    }

    #[test]
    fn one_loss_is_every_quantile() {
        for rule in QuantileRule::ALL {
            for side in [Side::Loss, Side::Pnl] {
                let var = rule.var(&[3.5], level("0.99"), side, &mut Vec::new()).unwrap();
                assert_eq!(var, 3.5, "{rule:?} {side:?}");
            }
        }
    }

    #[test]
    fn nothing_and_nan_are_refused() {
        let mut scratch = Vec::new();
        let var = QuantileRule::HsCeil.var(&[], Level::P99, Side::Loss, &mut scratch);
        assert_eq!(var, Err(StatsError::TooFew { what: "a quantile", needed: 1, found: 0 }));
        let es = expected_shortfall(&[1.0, f64::NAN], Level::P99, &mut scratch);
        assert!(matches!(es, Err(StatsError::NotFinite { index: 1, .. })));
        assert!(worst_mean(&[1.0], 2, &mut scratch).is_err());
        assert!(worst_mean(&[1.0], 0, &mut scratch).is_err());
    }

    #[test]
    fn rules_are_named_as_in_the_study() {
        let named: Vec<QuantileRule> =
            serde_json::from_str(r#"["hs_ceil", "type1", "type9"]"#).unwrap();
        let expected = [QuantileRule::HsCeil, QuantileRule::HyndmanFan1, QuantileRule::HyndmanFan9];
        assert_eq!(named, expected);
        assert!(serde_json::from_str::<QuantileRule>(r#""type10""#).is_err());
    }
}
