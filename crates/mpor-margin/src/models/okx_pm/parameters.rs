//! Parameters of one class of underlyings in OKX's portfolio margin.
//!
//! Moves, rates and volatilities are fractions; tenors are days; tiers are USD.

use serde::Deserialize;

use crate::models::venue;

/// One class: major coins, the second tier, the others.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OkxParameters {
    /// Moves of MR1, share of the index.
    pub spot_moves: Vec<f64>,
    /// Volatility move in points by days to expiry, ascending.
    pub vol_points: Vec<[f64; 2]>,
    /// Volatility move as a share of the volatility by days to expiry, ascending.
    pub vol_percent: Vec<[f64; 2]>,
    /// MR4: share of the perpetuals' delta.
    pub perp_basis: f64,
    /// MR4: share of an expiry's delta per year to go.
    pub annual_basis: f64,
    /// Move of MR6, share of the index.
    pub extreme_move: f64,
    /// Share of the loss at the extreme move that MR6 counts.
    pub extreme_weight: f64,
    /// MR7: cost of closing, share of delta.
    pub futures_cost_rate: f64,
    /// MR7: least delta of an option.
    pub option_min_delta: f64,
    /// MR7: fee of an option, share of the index.
    pub option_taker_rate: f64,
    /// MR7: largest fee of an option, share of its value.
    pub option_taker_cap: f64,
    /// MR7: upper ends of the tiers of the raw charge, ascending.
    pub minimum_tiers: Vec<f64>,
    /// MR7: multiplier of each tier, one more than there are ends.
    pub minimum_multipliers: Vec<f64>,
    /// Initial over maintenance margin.
    pub im_over_mm: f64,
}

impl OkxParameters {
    /// The first parameter that is impossible, as key and sentence.
    ///
    /// # Errors
    /// The key below the class's own, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        let most = f64::MAX;
        for (index, &move_) in self.spot_moves.iter().enumerate() {
            venue::check(&[(&format!("spot_moves[{index}]"), move_, -0.99, most)])?;
        }
        venue::check(&[
            ("spot_moves length", self.spot_moves.len() as f64, 1.0, 1_000.0),
            ("perp_basis", self.perp_basis, 0.0, most),
            ("annual_basis", self.annual_basis, 0.0, most),
            ("extreme_move", self.extreme_move, 0.0, 0.99),
            ("extreme_weight", self.extreme_weight, 0.0, most),
            ("futures_cost_rate", self.futures_cost_rate, 0.0, most),
            ("option_min_delta", self.option_min_delta, 0.0, most),
            ("option_taker_rate", self.option_taker_rate, 0.0, most),
            ("option_taker_cap", self.option_taker_cap, 0.0, most),
            ("im_over_mm", self.im_over_mm, 1.0, most),
        ])?;
        check_tenors("vol_points", &self.vol_points)?;
        check_tenors("vol_percent", &self.vol_percent)?;
        self.check_tiers()
    }

    fn check_tiers(&self) -> Result<(), (String, String)> {
        let (ends, multipliers) = (&self.minimum_tiers, &self.minimum_multipliers);
        if multipliers.len() != ends.len() + 1 {
            let problem = format!(
                "holds {}: one more than the {} ends of minimum_tiers",
                multipliers.len(),
                ends.len()
            );
            return Err(("minimum_multipliers".to_owned(), problem));
        }
        let ascending = ends.iter().all(|end| *end > 0.0) && ends.is_sorted_by(|a, b| a < b);
        if !ascending || !multipliers.iter().all(|by| by.is_finite() && *by >= 0.0) {
            let problem = "must ascend from above 0, with multipliers of 0 or more".to_owned();
            return Err(("minimum_tiers".to_owned(), problem));
        }
        Ok(())
    }

    /// By how much the volatility of an option moves: the larger of points and share.
    #[must_use]
    pub fn vol_move(&self, vol: f64, days: f64) -> f64 {
        by_tenor(&self.vol_points, days).max(by_tenor(&self.vol_percent, days) * vol)
    }

    /// The tiers of a raw minimum charge that it fills: multiplier, and the part of the charge in it.
    pub fn tiers(&self, raw: f64) -> impl Iterator<Item = (f64, f64)> {
        let ends = self.minimum_tiers.iter().copied();
        let lower = std::iter::once(0.0).chain(ends.clone());
        let upper = ends.chain(std::iter::once(f64::INFINITY));
        let parts = lower.zip(upper).map(move |(from, to)| (raw.min(to) - from).max(0.0));
        self.minimum_multipliers.iter().copied().zip(parts).filter(|(_, part)| *part > 0.0)
    }
}

fn check_tenors(key: &str, points: &[[f64; 2]]) -> Result<(), (String, String)> {
    let ascending = points.is_sorted_by(|a, b| a[0] < b[0]);
    let sound = points.iter().flatten().all(|value| value.is_finite() && *value >= 0.0);
    if points.is_empty() || !ascending || !sound {
        let problem = "must be pairs of days and move, days ascending, none below 0".to_owned();
        return Err((key.to_owned(), problem));
    }
    Ok(())
}

/// Linear between the points, flat beyond them.
fn by_tenor(points: &[[f64; 2]], days: f64) -> f64 {
    let next = points.partition_point(|point| point[0] <= days);
    match (next.checked_sub(1).and_then(|before| points.get(before)), points.get(next)) {
        (Some(&[from, low]), Some(&[to, high])) => low + (high - low) * (days - from) / (to - from),
        (Some(&[_, value]), None) | (None, Some(&[_, value])) => value,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatility_moves_are_linear_between_tenors_and_flat_beyond() {
        let points = [[0.0, 0.30], [30.0, 0.25], [60.0, 0.20]];
        for (days, expected) in
            [(0.0, 0.30), (15.0, 0.275), (30.0, 0.25), (45.0, 0.225), (90.0, 0.20)]
        {
            assert!((by_tenor(&points, days) - expected).abs() < 1e-15, "{days}");
        }
    }
}
