//! Which extended SSVI surface fits a chain best: one skew and one curvature an expiry, free of arbitrage slice after slice?
//!
//! Expiries are fitted one after the other. With the slice before at `(theta', rho', psi')`, the next has
//!
//! ```text
//! theta >= theta',   max( psi' (1 + rho') / (1 + rho), psi' (1 - rho') / (1 - rho) ) = low <= psi <= high
//! high = min( 4 / (1 + |rho|), 2 sqrt(theta / (1 + |rho|)), psi' theta / theta' )
//! ```
//!
//! which is never empty at `rho = rho'`, and the `rho` with `low <= high` are an interval known in closed form. The search
//! runs over `theta` and the shares of the way between these bounds, so that it cannot leave them; it starts from the
//! at-the-money total variance of the two quotes around the money and the best point of a coarse grid, and minimises the
//! weighted squared error of volatility. From the shortest expiry to the longest first; where a bound presses, from the
//! longest to the shortest too, with the same conditions turned round, and the better of the two is taken: a short expiry
//! that says little must not flatten all the others.
//!
//! Source: Corbetta, Cohort, Laachir and Martini (2019), "Robust calibration and arbitrage-free interpolation of SSVI
//! slices", Decisions in Economics and Finance 42, 665-677; the bounds are those of [`mpor_core::surface::slice`]. The paper
//! holds the slice at the quote nearest to the money; here that is only where the search starts, because one quote is noise.
//! It goes from short to long only. Says nothing about what all expiries together would have found.

use mpor_core::SsviSlice;

use crate::surface::least_squares::{Sums, minimise};
use crate::surface::screen::KeptQuote;

/// A bound that the quotes of a slice press against: what they asked for would be arbitrage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// Total variance would fall with time: at the money for SSVI slices, at some strike for raw ones.
    Level,
    /// A wing would be flatter than that of the slice before.
    Wing,
    /// The smile would be steeper, for its level, than the slice before.
    Steepness,
    /// The density would be negative.
    Butterfly,
}

impl Bound {
    /// The bound as a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Bound::Level => "level",
            Bound::Wing => "wing",
            Bound::Steepness => "steepness",
            Bound::Butterfly => "butterfly",
        }
    }
}

/// Largest skew: at one a wing has no slope at all.
pub(super) const RHO: f64 = 0.999;

/// The slices of expiries by increasing time, none of which is empty, and the bounds that each lies on.
pub(super) fn fit_chain(expiries: &[&[KeptQuote]]) -> (Vec<SsviSlice>, Vec<Vec<Bound>>) {
    let mut slices: Vec<SsviSlice> = Vec::with_capacity(expiries.len());
    for quotes in expiries {
        slices
            .push(fit_slice(quotes, slices.last().map_or(Beside::Nothing, |s| Beside::Before(*s))));
    }
    let held = pressed(&slices);
    if held.iter().all(Vec::is_empty) {
        return (slices, held);
    }
    let mut backwards: Vec<SsviSlice> = Vec::with_capacity(expiries.len());
    for quotes in expiries.iter().rev() {
        let after = backwards.last().map_or(Beside::Nothing, |slice| Beside::After(*slice));
        backwards.push(fit_slice(quotes, after));
    }
    backwards.reverse();
    let error = |slices: &[SsviSlice]| -> f64 {
        let of = |(quotes, slice): (&&[KeptQuote], &SsviSlice)| squared_errors(quotes, slice);
        expiries.iter().zip(slices).map(of).sum()
    };
    if error(&backwards) < error(&slices) {
        let held = pressed(&backwards);
        (backwards, held)
    } else {
        (slices, held)
    }
}

/// The fitted neighbour that a slice must be in order with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beside {
    /// None.
    Nothing,
    /// The slice before.
    Before(SsviSlice),
    /// The slice after.
    After(SsviSlice),
}

/// The slice that fits the quotes of one expiry best, of which there is at least one.
pub(super) fn fit_slice(quotes: &[KeptQuote], beside: Beside) -> SsviSlice {
    let years = quotes[0].years;
    let region = Region::new(at_the_money(quotes), beside);
    let start = GRID
        .iter()
        .flat_map(|&across| GRID.iter().map(move |&up| [1.0, across, up]))
        .map(|point| (point, squared_errors(quotes, &region.slice(&point))))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or([1.0, 0.5, 0.5], |(point, _)| point);
    let [lowest, highest] = region.levels();
    let (point, _) = minimise(
        |point| sums(quotes, years, &region, point),
        start,
        &[lowest, 0.0, 0.0],
        &[highest, 1.0, 1.0],
    );
    region.slice(&point)
}

/// Shares of the way that the search starts from.
const GRID: [f64; 6] = [0.02, 0.15, 0.35, 0.55, 0.75, 0.95];

/// Total variance at the money, linear between the two quotes around it; of the nearest where all lie on one side.
pub(super) fn at_the_money(quotes: &[KeptQuote]) -> f64 {
    let total = |quote: &KeptQuote| quote.vol * quote.vol * quote.years;
    let left = quotes
        .iter()
        .filter(|quote| quote.log_moneyness <= 0.0)
        .max_by(|a, b| a.log_moneyness.total_cmp(&b.log_moneyness));
    let right = quotes
        .iter()
        .filter(|quote| quote.log_moneyness > 0.0)
        .min_by(|a, b| a.log_moneyness.total_cmp(&b.log_moneyness));
    match (left, right) {
        (Some(left), Some(right)) => {
            let share = -left.log_moneyness / (right.log_moneyness - left.log_moneyness);
            total(left) + share * (total(right) - total(left))
        }
        (Some(only), None) | (None, Some(only)) => total(only),
        (None, None) => 0.0,
    }
}

/// Where a slice may lie.
struct Region {
    /// The unit of `theta`.
    anchor: f64,
    beside: Beside,
}

/// The bounds of `psi` at one `theta` and `rho`.
struct Bounds {
    low: f64,
    high: f64,
}

impl Region {
    fn new(anchor: f64, beside: Beside) -> Self {
        let anchor = match beside {
            Beside::Nothing => anchor,
            Beside::Before(before) => anchor.max(before.theta),
            Beside::After(after) => anchor.min(after.theta),
        };
        Region { anchor, beside }
    }

    /// Lowest and highest `theta`, in units of the anchor.
    fn levels(&self) -> [f64; 2] {
        const WIDEST: [f64; 2] = [0.2, 5.0];
        match self.beside {
            Beside::Nothing => WIDEST,
            Beside::Before(before) => [(before.theta / self.anchor).max(WIDEST[0]), WIDEST[1]],
            Beside::After(after) => [WIDEST[0], (after.theta / self.anchor).min(WIDEST[1])],
        }
    }

    /// The slice of a point: `theta` in units of the anchor, shares of the way for `rho` and `psi`.
    fn slice(&self, point: &[f64; 3]) -> SsviSlice {
        let theta = point[0] * self.anchor;
        let theta = match self.beside {
            Beside::Nothing => theta,
            Beside::Before(before) => theta.max(before.theta),
            Beside::After(after) => theta.min(after.theta),
        };
        let [from, to] = self.skews(theta);
        let rho = from + point[1] * (to - from);
        let Bounds { low, high } = self.bounds(theta, rho);
        SsviSlice { theta, rho, psi: low + point[2] * (high - low).max(0.0) }
    }

    fn bounds(&self, theta: f64, rho: f64) -> Bounds {
        let butterfly = SsviSlice::psi_bound(theta, rho);
        match self.beside {
            Beside::Nothing => Bounds { low: 0.0, high: butterfly },
            Beside::Before(before) => {
                let [left, right] = wings(&before, rho);
                let steepest = before.psi * theta / before.theta;
                Bounds { low: left.max(right), high: butterfly.min(steepest) }
            }
            Beside::After(after) => {
                let [left, right] = wings(&after, rho);
                let flattest = after.psi * theta / after.theta;
                Bounds { low: flattest, high: butterfly.min(left).min(right) }
            }
        }
    }

    /// The lowest and highest `rho` at which the bounds leave room: around that of the neighbour.
    fn skews(&self, theta: f64) -> [f64; 2] {
        match self.beside {
            Beside::Nothing => [-RHO, RHO],
            Beside::Before(SsviSlice { theta: then, rho, psi }) => {
                let share = then / theta;
                let lowest = |wing: f64, lean: f64| {
                    let steep = -1.0 + (1.0 + lean) * share;
                    lowest_skew(wing, theta).max(steep).clamp(-RHO, lean.max(-RHO))
                };
                [lowest(psi * (1.0 + rho), rho), -lowest(psi * (1.0 - rho), -rho)]
            }
            Beside::After(SsviSlice { theta: then, rho, psi }) => {
                let share = then / theta;
                let flattest = psi / share;
                let butterfly = (4.0 / flattest).min(4.0 * theta / (flattest * flattest)) - 1.0;
                let highest = |lean: f64| {
                    (share * (1.0 + lean) - 1.0).min(butterfly).clamp(lean.min(RHO), RHO)
                };
                [-highest(-rho), highest(rho)]
            }
        }
    }
}

/// The `psi` at which the left and the right wing have the slopes of a neighbour's.
fn wings(beside: &SsviSlice, rho: f64) -> [f64; 2] {
    let SsviSlice { rho: lean, psi, .. } = *beside;
    [psi * (1.0 - lean) / (1.0 - rho), psi * (1.0 + lean) / (1.0 + rho)]
}

/// The bounds that each slice lies on.
fn pressed(slices: &[SsviSlice]) -> Vec<Vec<Bound>> {
    // Strictly, so that a flat smile presses against nothing.
    let close = |one: f64, other: f64| (one - other).abs() < 1e-6 * other.abs();
    let mut all = Vec::with_capacity(slices.len());
    for (at, slice) in slices.iter().enumerate() {
        let mut bounds = Vec::new();
        if let Some(before) = at.checked_sub(1).map(|before| slices[before]) {
            let [left, right] = wings(&before, slice.rho);
            if close(slice.theta, before.theta) {
                bounds.push(Bound::Level);
            }
            if close(slice.psi, left.max(right)) {
                bounds.push(Bound::Wing);
            }
            if close(slice.psi * before.theta, before.psi * slice.theta) {
                bounds.push(Bound::Steepness);
            }
        }
        if close(slice.psi, SsviSlice::psi_bound(slice.theta, slice.rho)) {
            bounds.push(Bound::Butterfly);
        }
        all.push(bounds);
    }
    all
}

/// The lowest `rho` at which `psi (1 + rho) = wing` is free of butterfly arbitrage; the condition only gets easier above it.
fn lowest_skew(wing: f64, theta: f64) -> f64 {
    if wing == 0.0 {
        return -1.0;
    }
    let steep = (wing - 4.0) / (wing + 4.0);
    let square = wing * wing;
    let level = if square > 4.0 * theta {
        square / (4.0 * theta) - 1.0
    } else {
        (-square + (square * square + 32.0 * theta * square).sqrt()) / (8.0 * theta) - 1.0
    };
    steep.max(level)
}

fn squared_errors(quotes: &[KeptQuote], slice: &SsviSlice) -> f64 {
    let error = |quote: &KeptQuote| {
        let vol = (slice.total_variance(quote.log_moneyness) / quote.years).sqrt();
        quote.weight * (vol - quote.vol) * (vol - quote.vol)
    };
    quotes.iter().map(error).sum()
}

/// Errors of all quotes at a point, with slopes along the three variables.
fn sums(quotes: &[KeptQuote], years: f64, region: &Region, point: &[f64; 3]) -> Sums<3> {
    let slice = region.slice(point);
    let along = along(region, point, &slice);
    let mut sums = Sums::new();
    for quote in quotes {
        let Local { total, theta, rho, psi } = local(&slice, quote.log_moneyness);
        let vol = (total / years).sqrt();
        let scale = 0.5 / (years * vol);
        let slopes = std::array::from_fn(|at| {
            let [d_theta, d_rho, d_psi] = along[at];
            scale * (theta * d_theta + rho * d_rho + psi * d_psi)
        });
        sums.add(quote.weight, vol - quote.vol, slopes);
    }
    sums
}

/// How `theta`, `rho` and `psi` change along each variable: differences, because the bounds have corners.
fn along(region: &Region, point: &[f64; 3], slice: &SsviSlice) -> [[f64; 3]; 3] {
    std::array::from_fn(|at| {
        // Towards the inside of the box.
        let step = if point[at] > 0.5 { -1e-6 } else { 1e-6 };
        let mut near = *point;
        near[at] += step;
        let moved = region.slice(&near);
        [
            (moved.theta - slice.theta) / step,
            (moved.rho - slice.rho) / step,
            (moved.psi - slice.psi) / step,
        ]
    })
}

/// Total variance and its slopes in the parameters.
pub(super) struct Local {
    pub(super) total: f64,
    pub(super) theta: f64,
    pub(super) rho: f64,
    pub(super) psi: f64,
}

#[inline]
pub(super) fn local(slice: &SsviSlice, k: f64) -> Local {
    let SsviSlice { theta, rho, psi } = *slice;
    let x = psi * k;
    let root = (x * x + 2.0 * rho * theta * x + theta * theta).sqrt();
    Local {
        total: 0.5 * (theta + rho * x + root),
        theta: 0.5 * (1.0 + (rho * x + theta) / root),
        rho: 0.5 * (x + theta * x / root),
        psi: 0.5 * (rho * k + (x * k + rho * theta * k) / root),
    }
}
