//! What the scenarios do to one expiry of one underlying: worked out once, used by every contract of that expiry.
//!
//! With `T` years to expiry today, `T' = max(T - passed, 0)` in the scenarios, spot move `x` and carry move `d`,
//!
//! ```text
//! F' / F = (1 + x) exp( d T' - carry (T - T') )
//! ```
//!
//! which is `S' exp((carry + d) T')` over `S exp(carry T)`; where forwards are quoted, `carry` is the one between `T'` and `T`. An expiry inside the time that passes settles on the moved
//! spot: `F' = S'`. With nothing moved and no time passed every number here is exactly one.

use mpor_core::UnderlyingState;
use mpor_pricing::ForwardMoves;

use super::smile::{Smile, level_ratio};
use crate::set::{ScenarioSet, SmileDynamics, VolMoves};

/// One expiry of one underlying under all scenarios.
#[derive(Debug)]
pub(super) struct Slice {
    /// Years to expiry today.
    pub years: f64,
    /// Years to expiry in the scenarios; zero when the expiry falls inside the time that passes.
    pub years_after: f64,
    /// `F' / F` by scenario, with its logarithm.
    pub forward: ForwardMoves,
    /// What happens to volatility.
    pub vol: SliceVol,
}

/// What the scenarios do to the volatilities of one expiry.
#[derive(Debug)]
pub(super) enum SliceVol {
    /// Expired in the scenarios.
    Expired,
    /// Every strike's volatility is multiplied by these.
    Ratios(Vec<f64>),
    /// Every strike's volatility follows the scenario's rule.
    Rules,
    /// The smile moves with the forward.
    Smile(Smile),
}

impl Slice {
    /// The expiry `years` from now of the underlying in row `row` of the set.
    pub(super) fn new(state: &UnderlyingState, set: &ScenarioSet, row: usize, years: f64) -> Self {
        let years_after = (years - set.years_forward).max(0.0);
        let passed = years - years_after;
        let carry = state.carry_between(years_after, years);
        let multiple =
            |(x, shift): (&f64, &f64)| (1.0 + x) * libm::exp(shift * years_after - carry * passed);
        let forward: Vec<f64> =
            set.spot.row(row).iter().zip(set.carry.row(row)).map(multiple).collect();
        let forward = ForwardMoves::new(&forward);
        let mut slice = Slice { years, years_after, forward, vol: SliceVol::Expired };
        if years_after > 0.0 {
            slice.vol = slice.vols(state, set, row);
        }
        slice
    }

    /// The smile can only move with the forward where there is a surface to read it from.
    fn vols(&self, state: &UnderlyingState, set: &ScenarioSet, row: usize) -> SliceVol {
        match (set.dynamics, &state.surface, &set.vol) {
            (SmileDynamics::StickyMoneyness, Some(surface), moves) => {
                SliceVol::Smile(Smile::sticky_moneyness(surface, moves, row, self))
            }
            (SmileDynamics::StickyDelta, Some(surface), moves) => {
                SliceVol::Smile(Smile::sticky_delta(surface, moves, row, self))
            }
            (_, _, VolMoves::Shocks(_)) => SliceVol::Rules,
            (_, surface, VolMoves::Tenors(tenors)) => {
                let ratio = |s| level_ratio(surface.as_ref(), &tenors[row], self.years_after, s);
                SliceVol::Ratios((0..set.len()).map(ratio).collect())
            }
        }
    }
}
