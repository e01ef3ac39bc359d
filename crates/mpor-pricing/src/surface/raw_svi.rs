//! Which raw SVI slice fits one expiry best, among those without a negative density and not above the expiry after?
//!
//! Expiries are fitted from the longest to the shortest, because the wings of short ones are the least certain and would
//! otherwise be imposed on all the others. Least squares of volatility over the lowest total variance, the slopes of the two
//! wings (at most those of the expiry after, and 2), `m` and `sigma`, started from the SSVI slice of the same quotes. Where
//! the density of the best slice is negative ([`mpor_core::SviSlice::lowest_density`]) or it crosses the slice after, the fit
//! is repeated with both as penalties on a grid that covers the quotes and the wings. What little is left is removed: a
//! crossing by lowering the slice, anything else by going back towards a slice that is free of both: the SSVI slice for the
//! last expiry (by theorem) and the slice after with its total variance shrunk for the others.
//!
//! Source: Gatheral (2004) for the slice; Gatheral and Jacquier (2014), section 5, for repair by a constrained fit that ends
//! between a slice and its SSVI neighbour.

use mpor_core::SviSlice;

use crate::error::PricingError;
use crate::surface::essvi::{Beside, at_the_money, fit_slice};
use crate::surface::least_squares::{Sums, minimise};
use crate::surface::row::PriceFrom;
use crate::surface::screen::KeptQuote;

/// A fitted raw slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SviFit {
    pub(super) slice: SviSlice,
    /// Whether the best slice without constraints had a negative density.
    pub(super) repaired: bool,
    /// Whether the best slice without constraints crossed the slice after.
    pub(super) held: bool,
}

/// Crossings by less are rounding.
const GAP: f64 = -1e-13;

/// The best slice of an expiry's quotes, before `after` where there is one.
pub(super) fn fit_slice_before(
    quotes: &[KeptQuote],
    after: Option<&SviSlice>,
) -> Result<SviFit, PricingError> {
    let ssvi = fit_slice(quotes, Beside::Nothing).raw();
    let problem = Problem::new(quotes, after);
    let free = problem.fit(ssvi, 0.0)?;
    let repaired = free.lowest_density().value < 0.0;
    let held = problem.crosses(&free);
    if !repaired && !held {
        return Ok(SviFit { slice: free, repaired, held });
    }
    let slice = problem.constrained(free, ssvi)?;
    Ok(SviFit { slice, repaired, held })
}

/// The slice with `less` total variance at every strike.
fn lowered(slice: &SviSlice, less: f64) -> Result<SviSlice, PricingError> {
    let [a, b, rho, m, sigma] = slice.parameters();
    Ok(SviSlice::new(a - less, b, rho, m, sigma)?)
}

/// The slice nearest to `slice`, which may have a negative density, among those with none: its density is repaired by a
/// constrained fit to its own volatilities between log-moneynesses `low` and `high`, at a time to expiry of `years`.
///
/// A slice without negative density is given back.
///
/// # Errors
/// [`PricingError::Input`] when `years` is not above zero or `low` is not below `high`.
pub fn repair_butterfly(
    slice: &SviSlice,
    years: f64,
    low: f64,
    high: f64,
) -> Result<SviSlice, PricingError> {
    crate::domain::above_zero("years to expiry", years)?;
    crate::domain::above_zero("width of the range of log-moneyness", high - low)?;
    if slice.lowest_density().value >= 0.0 {
        return Ok(*slice);
    }
    const POINTS: i32 = 81;
    let quote = |at: i32| {
        let log_moneyness = low + (high - low) * f64::from(at) / f64::from(POINTS - 1);
        KeptQuote {
            row: 0,
            years,
            log_moneyness,
            vol: libm::sqrt(slice.total_variance(log_moneyness) / years),
            bid_vol: None,
            ask_vol: None,
            weight: 1.0 / f64::from(POINTS),
            from: PriceFrom::Mark,
        }
    };
    let quotes: Vec<KeptQuote> = (0..POINTS).map(quote).collect();
    Ok(fit_slice_before(&quotes, None)?.slice)
}

/// Weight of a violation, in squared volatility.
const PENALTY: f64 = 100.0;

/// Violations are kept this far away on the grid, so that none hides between its points; the next where that was too near.
const MARGINS: [f64; 3] = [1e-4, 3e-3, 3e-2];

/// Half the number of points at which the constraints are asked.
const POINTS: i32 = 24;

struct Problem<'a> {
    quotes: &'a [KeptQuote],
    after: Option<&'a SviSlice>,
    years: f64,
    /// Unit of total variance, and of log-moneyness.
    total: f64,
    deviation: f64,
    /// Where the constraints are asked.
    grid: Vec<f64>,
}

impl<'a> Problem<'a> {
    fn new(quotes: &'a [KeptQuote], after: Option<&'a SviSlice>) -> Self {
        let total = at_the_money(quotes);
        let deviation = total.sqrt();
        let grid = (-POINTS..=POINTS)
            .map(|step| deviation * libm::sinh(f64::from(step) * 5.0 / f64::from(POINTS)))
            .collect();
        Problem { quotes, after, years: quotes[0].years, total, deviation, grid }
    }

    /// Lowest total variance, slopes of the left and right wing, `m` and `sigma`, each in its unit.
    fn point(&self, slice: &SviSlice) -> [f64; 5] {
        let [_, _, _, m, sigma] = slice.parameters();
        let [left, right] = slopes(slice);
        [slice.floor() / self.total, left, right, m / self.deviation, sigma / self.deviation]
    }

    fn slice(&self, point: &[f64; 5]) -> Result<SviSlice, PricingError> {
        let Shape { floor, b, rho, m, sigma } = self.shape(point);
        Ok(SviSlice::new(floor - b * sigma * (1.0 - rho * rho).sqrt(), b, rho, m, sigma)?)
    }

    fn shape(&self, point: &[f64; 5]) -> Shape {
        let [floor, left, right, m, sigma] = *point;
        Shape {
            floor: floor * self.total,
            b: 0.5 * (left + right),
            rho: (right - left) / (right + left),
            m: m * self.deviation,
            sigma: sigma * self.deviation,
        }
    }

    fn fit(&self, start: SviSlice, margin: f64) -> Result<SviSlice, PricingError> {
        let [left, right] = self.after.map_or([STEEPEST; 2], |after| {
            // Steeper by rounding is steeper.
            slopes(after).map(|slope| (slope * (1.0 - 1e-9)).clamp(FLATTEST, STEEPEST))
        });
        let (point, _) = minimise(
            |point| self.sums(point, margin),
            self.point(&start),
            &[1e-3, FLATTEST, FLATTEST, -20.0, 1e-2],
            &[5.0, left, right, 20.0, 100.0],
        );
        self.slice(&point)
    }

    fn crosses(&self, slice: &SviSlice) -> bool {
        self.after.is_some_and(|after| after.lowest_gap(slice).value < GAP)
    }

    fn is_free(&self, slice: &SviSlice) -> bool {
        slice.lowest_density().value >= 0.0 && !self.crosses(slice)
    }

    /// The best slice free of arbitrage that is found from the best without constraints and the SSVI slice.
    fn constrained(&self, free: SviSlice, ssvi: SviSlice) -> Result<SviSlice, PricingError> {
        let mut penalised = free;
        for margin in MARGINS {
            let mut best: Option<SviSlice> = None;
            for start in [free, ssvi] {
                penalised = self.below(self.fit(start, margin)?);
                let better = best.is_none_or(|best| self.error(&penalised) < self.error(&best));
                if better && self.is_free(&penalised) {
                    best = Some(penalised);
                }
            }
            if let Some(best) = best {
                return Ok(best);
            }
        }
        let mut safe = vec![self.below(ssvi)];
        if let Some(after) = self.after {
            safe.push(after.shrunk((self.total / after.total_variance(0.0)).min(1.0)));
        }
        safe.retain(|slice| self.is_free(slice));
        let mut best = self.after.copied().unwrap_or(ssvi);
        for safe in safe {
            let found = self.on_the_way(safe, penalised)?;
            if self.error(&found) < self.error(&best) {
                best = found;
            }
        }
        Ok(best)
    }

    /// The slice, lowered until it no longer crosses the one after, where it can be.
    fn below(&self, slice: SviSlice) -> SviSlice {
        let gap = self.after.map_or(0.0, |after| after.lowest_gap(&slice).value);
        if gap < 0.0 { lowered(&slice, 1e-12 - gap).unwrap_or(slice) } else { slice }
    }

    /// A slice free of arbitrage between one that is, `safe`, and one that may not be.
    fn on_the_way(&self, safe: SviSlice, slice: SviSlice) -> Result<SviSlice, PricingError> {
        let (from, to) = (safe.parameters(), slice.parameters());
        let at = |share: f64| {
            let [a, b, rho, m, sigma] =
                std::array::from_fn(|at| from[at] + share * (to[at] - from[at]));
            SviSlice::new(a, b, rho, m, sigma)
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..30 {
            let middle = 0.5 * (low + high);
            let free = at(middle).is_ok_and(|slice| self.is_free(&slice));
            if free { low = middle } else { high = middle }
        }
        Ok(at(low)?)
    }

    fn error(&self, slice: &SviSlice) -> f64 {
        let miss = |quote: &KeptQuote| {
            (slice.total_variance(quote.log_moneyness) / self.years).sqrt() - quote.vol
        };
        self.quotes.iter().map(|quote| quote.weight * miss(quote) * miss(quote)).sum()
    }

    fn sums(&self, point: &[f64; 5], margin: f64) -> Sums<5> {
        let mut sums = Sums::new();
        let Ok(slice) = self.slice(point) else {
            sums.error = f64::INFINITY;
            return sums;
        };
        let Shape { b, rho, m, sigma, .. } = self.shape(point);
        let rest = (1.0 - rho * rho).sqrt();
        for quote in self.quotes {
            let x = quote.log_moneyness - m;
            let root = (x * x + sigma * sigma).sqrt();
            let vol = (slice.total_variance(quote.log_moneyness) / self.years).sqrt();
            let scale = 0.5 / (self.years * vol);
            let along_b = rho * x + root - sigma * rest;
            // `rho` moves by (1 - rho) / (2 b) a unit of the right slope, by -(1 + rho) / (2 b) one of the left.
            let along_rho = x + sigma * rho / rest;
            sums.add(
                quote.weight,
                vol - quote.vol,
                [
                    scale * self.total,
                    0.5 * scale * (along_b - (1.0 + rho) * along_rho),
                    0.5 * scale * (along_b + (1.0 - rho) * along_rho),
                    -scale * b * (rho + x / root) * self.deviation,
                    scale * b * (sigma / root - rest) * self.deviation,
                ],
            );
        }
        if margin > 0.0 {
            self.add_penalties(point, &slice, margin, &mut sums);
        }
        sums
    }

    fn add_penalties(&self, point: &[f64; 5], slice: &SviSlice, margin: f64, sums: &mut Sums<5>) {
        const STEP: f64 = 1e-6;
        let near: [SviSlice; 5] = std::array::from_fn(|at| {
            let mut moved = *point;
            moved[at] += STEP;
            self.slice(&moved).unwrap_or(*slice)
        });
        let weight = PENALTY / self.grid.len() as f64;
        let mut violated = |function: &dyn Fn(&SviSlice) -> f64| {
            let value = function(slice);
            if value < 0.0 {
                sums.add(
                    weight,
                    value,
                    std::array::from_fn(|at| (function(&near[at]) - value) / STEP),
                );
            }
        };
        for &k in &self.grid {
            violated(&|slice: &SviSlice| slice.density_sign(k) - margin);
            if let Some(after) = self.after {
                let gap = |slice: &SviSlice| after.total_variance(k) - slice.total_variance(k);
                // In units of the smile's own level.
                violated(&|slice: &SviSlice| gap(slice) / self.total - margin);
            }
        }
    }
}

/// A raw slice by its lowest total variance.
struct Shape {
    floor: f64,
    b: f64,
    rho: f64,
    m: f64,
    sigma: f64,
}

/// Of the left and right wing.
fn slopes(slice: &SviSlice) -> [f64; 2] {
    let [_, b, rho, ..] = slice.parameters();
    [b * (1.0 - rho), b * (1.0 + rho)]
}

/// Slopes between which a wing lies: above none, so that there is a `rho`, and up to where the density turns negative.
const FLATTEST: f64 = 1e-6;
const STEEPEST: f64 = 2.0;
