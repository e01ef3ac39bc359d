//! Smiles of one expiry each: the slice of the extended SSVI and the raw SVI slice.
//!
//! ```text
//! SSVI   w(k) = 1/2 ( theta + rho psi k + sqrt( (psi k + rho theta)^2 + (1 - rho^2) theta^2 ) )
//! SVI    w(k) = a + b ( rho (k - m) + sqrt( (k - m)^2 + sigma^2 ) )
//! ```
//!
//! An SSVI slice is free of butterfly arbitrage for `psi (1 + |rho|) <= 4` and `psi^2 (1 + |rho|) <= 4 theta` (Gatheral and
//! Jacquier 2014, theorem 4.2), and lies nowhere below an earlier one for
//!
//! ```text
//! theta >= theta',   psi (1 - rho) >= psi' (1 - rho'),   psi (1 + rho) >= psi' (1 + rho'),   psi / theta <= psi' / theta'
//! ```
//!
//! (Hendriks and Martini 2019, "The extended SSVI volatility surface", Journal of Computational Finance 22(5); the first
//! three are necessary, the four together suffice). A raw SVI slice has no such simple conditions: Durrleman's function
//!
//! ```text
//! g(k) = ( 1 - k w' / (2 w) )^2 - w'^2 / 4 ( 1 / w + 1/4 ) + w'' / 2
//! ```
//!
//! must not be below zero (Gatheral and Jacquier, lemma 2.2), which is looked for on a grid that covers the whole line and
//! refined at its lowest points; the wings, where `g` tends to `1/4 - slope^2 / 16`, need slopes of at most 2.

use super::shape::ssvi;
use crate::error::CoreError;

/// Smile of one expiry with its own skew and curvature, in the coordinates in which surfaces are interpolated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SsviSlice {
    /// At-the-money total variance `sigma^2 T`.
    pub theta: f64,
    /// Skew, between -1 and 1.
    pub rho: f64,
    /// At-the-money total variance times the steepness `phi`: the sum of the wings' slopes is `psi`.
    pub psi: f64,
}

/// Raw SVI smile of one expiry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SviSlice {
    a: f64,
    b: f64,
    rho: f64,
    m: f64,
    sigma: f64,
}

/// The lowest value of a function of log-moneyness, and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lowest {
    /// Log-moneyness.
    pub log_moneyness: f64,
    /// The value there.
    pub value: f64,
}

/// Conditions that hold with equality may be missed by rounding.
const ROUNDING: f64 = 1e-12;

impl SsviSlice {
    /// Total variance at log-moneyness `k`.
    #[must_use]
    #[inline]
    pub fn total_variance(&self, k: f64) -> f64 {
        ssvi(k, self.rho, self.theta, self.psi / self.theta)
    }

    /// Largest `psi` without butterfly arbitrage at this `theta` and `rho`.
    #[must_use]
    pub fn psi_bound(theta: f64, rho: f64) -> f64 {
        let steepest = 1.0 + rho.abs();
        (4.0 / steepest).min(2.0 * (theta / steepest).sqrt())
    }

    /// The slice when its at-the-money volatility is multiplied by `ratio`: `w'(k) = ratio^2 w(k / ratio)`, the same smile
    /// in standard deviations, unless `psi` meets its butterfly bound.
    #[must_use]
    pub fn scaled(&self, ratio: f64) -> SsviSlice {
        let psi = (self.psi * ratio).min(4.0 / (1.0 + self.rho.abs()));
        SsviSlice { theta: self.theta * (ratio * ratio), rho: self.rho, psi }
    }

    /// The same smile as a raw SVI slice.
    #[must_use]
    pub fn raw(&self) -> SviSlice {
        let SsviSlice { theta, rho, psi } = *self;
        if psi <= 0.0 {
            return SviSlice { a: theta, b: 0.0, rho: 0.0, m: 0.0, sigma: 1.0 };
        }
        let (phi, rest) = (psi / theta, 1.0 - rho * rho);
        SviSlice {
            a: 0.5 * theta * rest,
            b: 0.5 * psi,
            rho,
            m: -rho / phi,
            sigma: rest.sqrt() / phi,
        }
    }

    /// Checks that the slice is one and free of butterfly arbitrage.
    ///
    /// # Errors
    /// [`CoreError::SliceButterfly`] with the parameters.
    pub fn check(&self, years: f64) -> Result<(), CoreError> {
        let SsviSlice { theta, rho, psi } = *self;
        let slice = theta > 0.0 && theta.is_finite() && rho.abs() < 1.0 && psi >= 0.0;
        if slice && psi <= Self::psi_bound(theta, rho) * (1.0 + ROUNDING) {
            Ok(())
        } else {
            Err(CoreError::SliceButterfly { years, theta, rho, psi })
        }
    }

    /// Which of the conditions against calendar arbitrage does this slice, later than `before`, break?
    #[must_use]
    pub fn broken_condition(&self, before: &SsviSlice) -> Option<&'static str> {
        let falls = |now: f64, then: f64| now < then * (1.0 - ROUNDING);
        if falls(self.theta, before.theta) {
            Some("at-the-money total variance falls")
        } else if falls(self.psi * (1.0 - self.rho), before.psi * (1.0 - before.rho)) {
            Some("the slope of the left wing falls: psi (1 - rho)")
        } else if falls(self.psi * (1.0 + self.rho), before.psi * (1.0 + before.rho)) {
            Some("the slope of the right wing falls: psi (1 + rho)")
        } else if falls(before.psi * self.theta, self.psi * before.theta) {
            Some("the steepness psi / theta rises")
        } else {
            None
        }
    }
}

impl SviSlice {
    /// A slice that is positive at every strike.
    ///
    /// # Errors
    /// [`CoreError::SviSlice`] unless all are finite, `b >= 0`, `|rho| < 1`, `sigma > 0` and `a + b sigma sqrt(1 - rho^2) > 0`.
    pub fn new(a: f64, b: f64, rho: f64, m: f64, sigma: f64) -> Result<Self, CoreError> {
        let slice = SviSlice { a, b, rho, m, sigma };
        let finite = [a, b, rho, m, sigma].iter().all(|number| number.is_finite());
        if finite && b >= 0.0 && rho.abs() < 1.0 && sigma > 0.0 && slice.floor() > 0.0 {
            Ok(slice)
        } else {
            Err(CoreError::SviSlice { a, b, rho, m, sigma })
        }
    }

    /// `[a, b, rho, m, sigma]`.
    #[must_use]
    pub fn parameters(&self) -> [f64; 5] {
        [self.a, self.b, self.rho, self.m, self.sigma]
    }

    /// Total variance at log-moneyness `k`.
    #[must_use]
    #[inline]
    pub fn total_variance(&self, k: f64) -> f64 {
        let x = k - self.m;
        self.a + self.b * (self.rho * x + (x * x + self.sigma * self.sigma).sqrt())
    }

    /// Lowest total variance.
    #[must_use]
    pub fn floor(&self) -> f64 {
        self.a + self.b * self.sigma * (1.0 - self.rho * self.rho).sqrt()
    }

    /// The slice when its volatilities are multiplied by `ratio`: `w'(k) = ratio^2 w(k / ratio)`.
    #[must_use]
    pub fn scaled(&self, ratio: f64) -> SviSlice {
        SviSlice {
            a: self.a * (ratio * ratio),
            b: self.b * ratio,
            rho: self.rho,
            m: self.m * ratio,
            sigma: self.sigma * ratio,
        }
    }

    /// The slice with total variance multiplied by `share`, above 0 and at most 1, at every strike. Where the slice has no
    /// negative density, neither has this one: its `g` is at least `share` times the slice's.
    #[must_use]
    pub fn shrunk(&self, share: f64) -> SviSlice {
        SviSlice { a: self.a * share, b: self.b * share, ..*self }
    }

    /// The slice with `more` total variance at every strike.
    #[must_use]
    pub(super) fn raised(&self, more: f64) -> SviSlice {
        SviSlice { a: self.a + more, ..*self }
    }

    /// Durrleman's `g`, which has the sign of the risk-neutral density at log-moneyness `k`.
    #[must_use]
    pub fn density_sign(&self, k: f64) -> f64 {
        let x = k - self.m;
        let root = (x * x + self.sigma * self.sigma).sqrt();
        let total = self.a + self.b * (self.rho * x + root);
        let slope = self.b * (self.rho + x / root);
        let bend = self.b * self.sigma * self.sigma / (root * root * root);
        let lean = 1.0 - 0.5 * k * slope / total;
        lean * lean - 0.25 * slope * slope * (1.0 / total + 0.25) + 0.5 * bend
    }

    /// Where the density is lowest, wings included: the slice has butterfly arbitrage where that is below zero.
    #[must_use]
    pub fn lowest_density(&self) -> Lowest {
        let steepest = self.b * (1.0 + self.rho.abs());
        let found = lowest(|k| self.density_sign(k), &[self.knots()]);
        // The limit in the wing, reported at its far end.
        let wing = Lowest {
            log_moneyness: f64::INFINITY.copysign(self.rho),
            value: 0.25 - steepest * steepest / 16.0,
        };
        if wing.value < found.value.min(0.0) { wing } else { found }
    }

    /// Where this slice is lowest above an earlier one, wings included: they cross where that is below zero.
    #[must_use]
    pub fn lowest_gap(&self, before: &SviSlice) -> Lowest {
        let gap = |k: f64| self.total_variance(k) - before.total_variance(k);
        let found = lowest(gap, &[self.knots(), before.knots()]);
        // A steeper wing crosses far out however far above it starts.
        for side in [-1.0, 1.0] {
            let slope = |slice: &SviSlice| slice.b * (1.0 + side * slice.rho);
            if slope(self) < slope(before) * (1.0 - ROUNDING) && found.value >= 0.0 {
                return Lowest {
                    log_moneyness: f64::INFINITY.copysign(side),
                    value: f64::NEG_INFINITY,
                };
            }
        }
        found
    }

    /// Points dense around the vertex and sparse in the wings.
    fn knots(&self) -> impl Iterator<Item = f64> + Clone + use<> {
        let (m, scale) = (self.m, self.sigma.max(1e-4));
        (-KNOTS..=KNOTS).map(move |step| {
            let u = f64::from(step) * (12.0 / f64::from(KNOTS));
            m + scale * libm::sinh(u)
        })
    }
}

/// Half the number of grid points over a slice: spaced by a sixth of its width at the vertex.
const KNOTS: i32 = 72;

/// The lowest point of a function on grids, refined between the neighbours of the lowest grid point.
fn lowest(function: impl Fn(f64) -> f64, grids: &[impl Iterator<Item = f64> + Clone]) -> Lowest {
    let mut points: Vec<f64> = grids.iter().flat_map(Clone::clone).chain([0.0]).collect();
    points.sort_by(f64::total_cmp);
    let values: Vec<f64> = points.iter().map(|&k| function(k)).collect();
    let mut best = Lowest { log_moneyness: points[0], value: values[0] };
    for at in 0..points.len() {
        let (left, right) = (at.saturating_sub(1), (at + 1).min(points.len() - 1));
        let falls_to = at == 0 || values[at] < values[left];
        if !falls_to || values[at] > values[right] {
            continue;
        }
        let found = refine(&function, points[left], points[right]);
        for candidate in [found, Lowest { log_moneyness: points[at], value: values[at] }] {
            if candidate.value < best.value {
                best = candidate;
            }
        }
    }
    best
}

/// Golden section.
fn refine(function: &impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> Lowest {
    const SECTION: f64 = 0.381_966_011_250_105_1;
    for _ in 0..40 {
        let (left, right) = (low + SECTION * (high - low), high - SECTION * (high - low));
        if function(left) < function(right) { high = right } else { low = left }
    }
    let log_moneyness = 0.5 * (low + high);
    Lowest { log_moneyness, value: function(log_moneyness) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Axel Vogt's slice, the example of Gatheral and Jacquier (2014), section 2.2: `g` is negative around `k = 0.8`.
    #[test]
    fn the_published_slice_with_negative_density_is_seen() {
        let slice = SviSlice::new(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153).unwrap();
        let lowest = slice.lowest_density();
        assert!(lowest.value < -0.01, "{lowest:?}");
        assert!((0.6..1.1).contains(&lowest.log_moneyness), "{lowest:?}");
    }

    #[test]
    fn an_ssvi_slice_is_its_raw_slice() {
        for slice in [
            SsviSlice { theta: 0.04, rho: -0.6, psi: 0.2 },
            SsviSlice { theta: 0.5, rho: 0.3, psi: 0.9 },
            SsviSlice { theta: 0.01, rho: 0.0, psi: 0.0 },
        ] {
            let raw = slice.raw();
            for step in -20..=20 {
                let k = f64::from(step) * 0.1;
                let (one, other) = (slice.total_variance(k), raw.total_variance(k));
                assert!((one - other).abs() < 1e-14, "{slice:?} {k}: {one} {other}");
            }
            assert!(slice.check(1.0).is_ok() && raw.lowest_density().value >= 0.0);
        }
    }

    /// By hand: twice the volatility is four times the total variance at twice the moneyness.
    #[test]
    fn scaling_keeps_the_smile_in_standard_deviations() {
        let slice = SsviSlice { theta: 0.04, rho: -0.6, psi: 0.2 };
        for k in [-1.0, 0.0, 0.3] {
            let (scaled, raw) = (slice.scaled(2.0), slice.raw().scaled(2.0));
            let expected = 4.0 * slice.total_variance(0.5 * k);
            assert!((scaled.total_variance(k) - expected).abs() < 1e-15);
            assert!((raw.total_variance(k) - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn crossing_slices_are_found_where_they_cross() {
        // By hand: 0.04 + |k| / 10 against 0.05 + |k| / 20 (sigma near 0): equal at |k| = 0.2, and the steeper wins beyond.
        let near = SviSlice::new(0.04, 0.1, 0.0, 0.0, 1e-6).unwrap();
        let far = SviSlice::new(0.05, 0.05, 0.0, 0.0, 1e-6).unwrap();
        assert!(far.lowest_gap(&near).value < 0.0);
        let above = SviSlice::new(0.05, 0.1, 0.0, 0.0, 1e-6).unwrap();
        assert!((above.lowest_gap(&near).value - 0.01).abs() < 1e-12);
    }
}
