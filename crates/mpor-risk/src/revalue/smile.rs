//! Moved volatility surfaces, read at one expiry.
//!
//! The scenario's ratios scale the at-the-money volatility of every pillar. The level at an expiry is then linear in
//! total variance between pillars, and the smile is the surface's own, as in [`mpor_core::surface`]:
//!
//! ```text
//! vol' = vol sqrt( w(k', theta') / w(k, theta) T / T' ),   k' = k - ln(F' / F)
//! ```
//!
//! For an option valued from the surface that is the moved surface itself; a listed mark keeps its distance to it. A
//! scenario without moves gives `vol` back to the bit.

use mpor_core::VolSurface;
use mpor_core::time::YEAR_DAYS;

use super::slice::Slice;
use crate::set::{TenorRatios, VolMoves};

/// The smile of one expiry, today and in the scenarios.
#[derive(Debug)]
pub(super) struct Smile {
    rho: f64,
    today: Level,
    levels: Vec<Level>,
    /// `ln(F' / F)` by scenario.
    log_forward: Vec<f64>,
    /// `T / T'`.
    time: f64,
}

/// At-the-money total variance, and the smile parameter that goes with it.
#[derive(Clone, Copy, Debug)]
struct Level {
    theta: f64,
    phi: f64,
}

impl Smile {
    /// The smile of a slice that does not expire in the scenarios, under `moves` of the underlying in row `row`.
    pub(super) fn new(surface: &VolSurface, moves: &VolMoves, row: usize, slice: &Slice) -> Self {
        let [rho, eta, gamma] = surface.shape().parameters();
        let level = |theta: f64| Level { theta, phi: phi(theta, eta, gamma) };
        let after = slice.years_after;
        let theta = |s| match moves {
            VolMoves::Tenors(tenors) => total_variance(surface, after, |at| tenors[row].at(at, s)),
            VolMoves::Shocks(shocks) => {
                let flat = total_variance(surface, after, |_| 1.0);
                let vol = shocks[s].apply((flat / after).sqrt(), slice.years * YEAR_DAYS);
                if shocks[s].shift() == 0.0 { flat } else { vol * vol * after }
            }
        };
        Smile {
            rho,
            today: level(total_variance(surface, slice.years, |_| 1.0)),
            levels: (0..slice.forward.len()).map(|s| level(theta(s))).collect(),
            log_forward: slice.forward.iter().map(|ratio| libm::log(*ratio)).collect(),
            time: slice.years / after,
        }
    }

    /// Moved volatilities of an option at log-moneyness `k` with volatility `vol` today, by scenario.
    pub(super) fn vols(&self, k: f64, vol: f64, out: &mut [f64]) {
        let today = self.today.total_variance(k, self.rho);
        for ((out, level), log) in out.iter_mut().zip(&self.levels).zip(&self.log_forward) {
            let moved = level.total_variance(k - log, self.rho);
            *out = vol * (moved / today * self.time).sqrt();
        }
    }
}

impl Level {
    /// SSVI; see [`mpor_core::SmileShape::total_variance`].
    #[inline]
    fn total_variance(self, k: f64, rho: f64) -> f64 {
        let x = self.phi * k;
        let root = ((x + rho) * (x + rho) + 1.0 - rho * rho).sqrt();
        0.5 * self.theta * (1.0 + rho * x + root)
    }
}

/// `eta / (theta^gamma (1 + theta)^(1 - gamma))`; zero at no variance, where the smile does not matter.
fn phi(theta: f64, eta: f64, gamma: f64) -> f64 {
    if theta == 0.0 {
        return 0.0;
    }
    eta / (libm::pow(theta, gamma) * libm::pow(1.0 + theta, 1.0 - gamma))
}

/// At-the-money total variance at `years` when the volatility of each pillar is multiplied by `ratio` of its tenor.
fn total_variance(surface: &VolSurface, years: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let pillars = surface.pillars();
    let scaled = |at: usize| {
        let (pillar, ratio) = (pillars[at], ratio(pillars[at].years));
        pillar.total_variance * (ratio * ratio)
    };
    let right = pillars.partition_point(|pillar| pillar.years < years);
    if right == 0 || right == pillars.len() {
        let edge = right.saturating_sub(1);
        return scaled(edge) * (years / pillars[edge].years);
    }
    let (left, from) = (scaled(right - 1), pillars[right - 1].years);
    let share = (years - from) / (pillars[right].years - from);
    left + share * (scaled(right) - left)
}

/// New over old at-the-money volatility at `years` in scenario `s`; the tenors' own ratios where there is no surface.
pub(super) fn level_ratio(
    surface: Option<&VolSurface>,
    tenors: &TenorRatios,
    years: f64,
    s: usize,
) -> f64 {
    let Some(surface) = surface else { return tenors.at(years, s) };
    let moved = total_variance(surface, years, |at| tenors.at(at, s));
    (moved / total_variance(surface, years, |_| 1.0)).sqrt()
}
