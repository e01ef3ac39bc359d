//! Moved volatility surfaces, read at one expiry.
//!
//! The scenario's ratios scale the at-the-money volatility of every pillar. The level at an expiry is then linear in
//! total variance between pillars, and the smile is the surface's own, as in [`mpor_core::surface`]:
//!
//! ```text
//! sticky moneyness   vol' = vol sqrt( w(k', theta') / w(k, theta) T / T' ),   k' = k - ln(F' / F)
//! sticky delta       vol' = vol sqrt( c^2 w(h, theta) / w(k, theta) T / T' ),   c^2 = theta' / theta
//! ```
//!
//! For an option valued from the surface that is the moved surface itself; a listed mark keeps its distance to it. A
//! scenario without moves gives `vol` back to the bit.
//!
//! Under sticky delta the moved volatility is the at-the-money ratio times today's volatility of the same delta. With
//! `s = sqrt(w)` that is the strike `h` of today at which `-h / s + s / 2 = -k' / s' + s' / 2` with `s' = c s(h)`, or
//!
//! ```text
//! h = k' / c - (c - 1) / 2 w(h)
//! ```
//!
//! solved by iteration from `h = k' / c`; it contracts by `|c - 1| |w'| / 2`, which is small because no smile without
//! arbitrage is steeper than 2. Where nothing but the forward moves, `c = 1` and the two rules are one.

use mpor_core::time::YEAR_DAYS;
use mpor_core::{VolSurface, Wings, surface};

use super::slice::Slice;
use crate::set::{TenorRatios, VolMoves};

/// The smile of one expiry, today and in the scenarios.
#[derive(Debug)]
pub(super) struct Smile {
    levels: Levels,
    /// `ln(F' / F)` by scenario.
    log_forward: Vec<f64>,
    /// `T / T'`.
    time: f64,
}

/// What moves, today's first and then by scenario.
#[derive(Debug)]
enum Levels {
    /// One shape for all tenors: only its level moves.
    Shared { rho: f64, today: Level, moved: Vec<Level> },
    /// A smile of its own at every tenor.
    Own { today: surface::Smile, moved: Vec<surface::Smile> },
    /// Today's smile read by delta, with `c` by scenario.
    Delta { today: surface::Smile, ratios: Vec<f64> },
}

/// At-the-money total variance, and the smile parameter that goes with it.
#[derive(Clone, Copy, Debug)]
struct Level {
    theta: f64,
    phi: f64,
}

impl Smile {
    /// The smile of a slice that does not expire in the scenarios, under `moves` of the underlying in row `row`.
    pub(super) fn sticky_moneyness(
        surface: &VolSurface,
        moves: &VolMoves,
        row: usize,
        slice: &Slice,
    ) -> Self {
        let levels =
            shared(surface, moves, row, slice).unwrap_or_else(|| own(surface, moves, row, slice));
        Smile::new(levels, slice)
    }

    /// As [`Smile::sticky_moneyness`], for the rule that a delta keeps its volatility.
    pub(super) fn sticky_delta(
        surface: &VolSurface,
        moves: &VolMoves,
        row: usize,
        slice: &Slice,
    ) -> Self {
        let today = surface.moved_atm_total_variance(slice.years, |_| 1.0);
        let ratio = |s| (moved_theta(surface, moves, row, slice, s) / today).sqrt();
        let levels = Levels::Delta {
            today: surface.moved_smile(slice.years, |_| 1.0),
            ratios: (0..slice.forward.multiples().len()).map(ratio).collect(),
        };
        Smile::new(levels, slice)
    }

    fn new(levels: Levels, slice: &Slice) -> Self {
        Smile {
            levels,
            log_forward: slice.forward.logs().to_vec(),
            time: slice.years / slice.years_after,
        }
    }

    /// Moved volatilities of an option at log-moneyness `k` with volatility `vol` today, by scenario.
    pub(super) fn vols(&self, k: f64, vol: f64, out: &mut [f64]) {
        match &self.levels {
            Levels::Shared { rho, today, moved } => {
                let today = today.total_variance(k, *rho);
                for ((out, level), log) in out.iter_mut().zip(moved).zip(&self.log_forward) {
                    let moved = level.total_variance(k - log, *rho);
                    *out = vol * (moved / today * self.time).sqrt();
                }
            }
            Levels::Own { today, moved } => {
                let today = today.total_variance(k);
                for ((out, smile), log) in out.iter_mut().zip(moved).zip(&self.log_forward) {
                    let moved = smile.total_variance(k - log);
                    *out = vol * (moved / today * self.time).sqrt();
                }
            }
            Levels::Delta { today, ratios } => {
                let now = today.total_variance(k);
                for ((out, ratio), log) in out.iter_mut().zip(ratios).zip(&self.log_forward) {
                    let moved = at_delta(today, k - log, *ratio);
                    *out = vol * (moved / now * self.time).sqrt();
                }
            }
        }
    }
}

/// Total variance at `k` of a smile that gives every delta `c` times the deviation it has in `today`.
fn at_delta(today: &surface::Smile, k: f64, c: f64) -> f64 {
    let square = c * c;
    // Without variance there is no delta to speak of, and the option is worth what its right pays.
    if square == 0.0 || !square.is_finite() {
        return square;
    }
    let start = k / c;
    let mut at = start;
    for _ in 0..60 {
        let next = start - 0.5 * (c - 1.0) * today.total_variance(at);
        let settled = (next - at).abs() <= 1e-15 * (1.0 + next.abs());
        at = next;
        if settled {
            break;
        }
    }
    square * today.total_variance(at)
}

/// The levels of a surface of which all tenors share a shape; `None` for any other.
fn shared(surface: &VolSurface, moves: &VolMoves, row: usize, slice: &Slice) -> Option<Levels> {
    let [rho, eta, gamma] = surface.shape()?.parameters();
    if surface.rules().wings == Wings::Clamped {
        return None;
    }
    let level = |theta: f64| Level { theta, phi: phi(theta, eta, gamma) };
    let theta = |s| moved_theta(surface, moves, row, slice, s);
    Some(Levels::Shared {
        rho,
        today: level(surface.moved_atm_total_variance(slice.years, |_| 1.0)),
        moved: (0..slice.forward.multiples().len()).map(|s| level(theta(s))).collect(),
    })
}

fn own(surface: &VolSurface, moves: &VolMoves, row: usize, slice: &Slice) -> Levels {
    let after = slice.years_after;
    let flat = surface.moved_smile(after, |_| 1.0);
    let moved = |s| match moves {
        VolMoves::Tenors(tenors) => surface.moved_smile(after, |at| tenors[row].at(at, s)),
        VolMoves::Shocks(shocks) if shocks[s].shift() == 0.0 => flat,
        VolMoves::Shocks(shocks) => {
            let vol = flat.vol(0.0);
            flat.scaled(shocks[s].apply(vol, slice.years * YEAR_DAYS) / vol)
        }
    };
    Levels::Own {
        today: surface.moved_smile(slice.years, |_| 1.0),
        moved: (0..slice.forward.multiples().len()).map(moved).collect(),
    }
}

/// At-the-money total variance of a slice in scenario `s`.
fn moved_theta(surface: &VolSurface, moves: &VolMoves, row: usize, slice: &Slice, s: usize) -> f64 {
    let after = slice.years_after;
    match moves {
        VolMoves::Tenors(tenors) => {
            surface.moved_atm_total_variance(after, |at| tenors[row].at(at, s))
        }
        VolMoves::Shocks(shocks) => {
            let flat = surface.moved_atm_total_variance(after, |_| 1.0);
            let vol = shocks[s].apply((flat / after).sqrt(), slice.years * YEAR_DAYS);
            if shocks[s].shift() == 0.0 { flat } else { vol * vol * after }
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

/// New over old at-the-money volatility at `years` in scenario `s`; the tenors' own ratios where there is no surface.
pub(super) fn level_ratio(
    surface: Option<&VolSurface>,
    tenors: &TenorRatios,
    years: f64,
    s: usize,
) -> f64 {
    let Some(surface) = surface else { return tenors.at(years, s) };
    let moved = surface.moved_atm_total_variance(years, |at| tenors.at(at, s));
    (moved / surface.moved_atm_total_variance(years, |_| 1.0)).sqrt()
}
