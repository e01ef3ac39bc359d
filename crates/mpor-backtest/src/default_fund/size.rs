//! How large the fund is, from what is known at its reviews, and who has paid how much of it.

use mpor_core::Timestamp;

use super::{Cover, FundRules, StressDay};
use crate::result::RequirementPath;

impl FundRules {
    /// What one scenario asks for, from the losses beyond margin of the three accounts that lose most, the largest first.
    #[must_use]
    pub fn need(&self, [first, second, third]: [f64; 3]) -> f64 {
        match self.cover {
            Cover::One => first,
            Cover::Two => first + second,
            Cover::Emir => {
                let prefunded = first + second - self.skin_in_the_game;
                first.max(second + third).max(prefunded)
            }
        }
    }
}

/// By margin date: the position of the review that holds, and the fund's size.
pub(super) fn sizes(
    times: &[Timestamp],
    stress: &[StressDay],
    rules: &FundRules,
) -> Vec<(usize, f64)> {
    let mut sizes: Vec<(usize, f64)> = Vec::with_capacity(times.len());
    for (at, &time) in times.iter().enumerate() {
        let held = sizes.last().copied().filter(|(review, _)| time < times[*review] + rules.review);
        sizes.push(held.unwrap_or_else(|| (at, size(times, stress, at, rules))));
    }
    sizes
}

/// The size that a review on date number `at` sets.
fn size(times: &[Timestamp], stress: &[StressDay], at: usize, rules: &FundRules) -> f64 {
    let from = times[..at].partition_point(|&time| time <= times[at] - rules.look_back);
    let cover = stress[from..=at].iter().map(|day| day.cover).fold(0.0, f64::max);
    rules.minimum.max((1.0 + rules.buffer) * cover)
}

/// What each account has paid in: its share of the margin at the review.
pub(super) fn shares(paths: &[RequirementPath], reviewed: usize, fund: f64) -> Vec<f64> {
    let margin = |path: &RequirementPath| path.initial[reviewed].max(0.0);
    let total: f64 = paths.iter().map(margin).sum();
    if total > 0.0 {
        paths.iter().map(|path| fund * (margin(path) / total)).collect()
    } else {
        vec![fund / paths.len().max(1) as f64; paths.len()]
    }
}
