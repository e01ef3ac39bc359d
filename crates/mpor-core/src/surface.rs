//! A volatility surface: at-the-money total variance by tenor, and one smile shape for all tenors.
//!
//! The smile is SSVI. With at-the-money total variance `theta = sigma_atm^2 T` and log-moneyness `k = ln(K / F)`,
//!
//! ```text
//! w(k, theta) = theta / 2 * ( 1 + rho phi k + sqrt( (phi k + rho)^2 + 1 - rho^2 ) )
//! phi(theta)  = eta / ( theta^gamma (1 + theta)^(1 - gamma) )
//! ```
//!
//! Source: Gatheral and Jacquier (2014), "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14(1), 59-71,
//! sections 4 and 5 (eq. 4.5 and the power law of example 4.2 in the form whose constants hold for every theta).
//! Free of butterfly arbitrage for `eta (1 + |rho|) <= 2` and `0 < gamma <= 1/2`, and of calendar arbitrage for `theta`
//! that does not fall with tenor; both are checked when a surface is built.
//! Between tenors `theta` is linear in time; outside the pillars the at-the-money volatility is flat.

use crate::error::CoreError;

/// Where a number comes from; shown wherever the number shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Quoted or traded in the market.
    Quoted,
    /// Built by a model from other history.
    Modelled,
}

/// The smile shape shared by all tenors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmileShape {
    rho: f64,
    eta: f64,
    gamma: f64,
}

/// At-the-money total variance at one tenor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pillar {
    /// Tenor in years of 365 days.
    pub years: f64,
    /// `sigma^2 * years`.
    pub total_variance: f64,
}

/// An arbitrage-free surface of Black volatilities in log-moneyness and time.
#[derive(Clone, Debug, PartialEq)]
pub struct VolSurface {
    pillars: Vec<Pillar>,
    shape: SmileShape,
    origin: Origin,
}

impl SmileShape {
    /// A smile without skew or curvature: every strike at the at-the-money volatility.
    pub const FLAT: SmileShape = SmileShape { rho: 0.0, eta: 0.0, gamma: 0.5 };

    /// A shape that is free of butterfly arbitrage for every total variance.
    ///
    /// # Errors
    /// [`CoreError::ButterflyArbitrage`] outside the bounds.
    pub fn new(rho: f64, eta: f64, gamma: f64) -> Result<Self, CoreError> {
        let free = rho.abs() < 1.0
            && eta > 0.0
            && eta * (1.0 + rho.abs()) <= 2.0
            && gamma > 0.0
            && gamma <= 0.5;
        if free {
            Ok(SmileShape { rho, eta, gamma })
        } else {
            Err(CoreError::ButterflyArbitrage { rho, eta, gamma })
        }
    }

    /// Skew `rho`, curvature level `eta`, curvature decay `gamma`.
    #[must_use]
    pub fn parameters(&self) -> [f64; 3] {
        [self.rho, self.eta, self.gamma]
    }

    /// Total variance at log-moneyness `k`, given the at-the-money total variance `theta` (above zero).
    #[must_use]
    #[inline]
    pub fn total_variance(&self, k: f64, theta: f64) -> f64 {
        self.variance(k, theta, self.phi(theta))
    }

    /// How steeply moneyness enters at an at-the-money total variance.
    fn phi(&self, theta: f64) -> f64 {
        let decay = libm::pow(theta, self.gamma) * libm::pow(1.0 + theta, 1.0 - self.gamma);
        self.eta / decay
    }

    #[inline]
    fn variance(&self, k: f64, theta: f64, phi: f64) -> f64 {
        let x = phi * k;
        let tilt = x + self.rho;
        let root = (tilt * tilt + 1.0 - self.rho * self.rho).sqrt();
        0.5 * theta * (1.0 + self.rho * x + root)
    }
}

/// One expiry of a surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smile {
    shape: SmileShape,
    years: f64,
    theta: f64,
    phi: f64,
}

impl VolSurface {
    /// A surface through these pillars.
    ///
    /// # Errors
    /// [`CoreError::SurfaceTenors`] when tenors are empty, not above zero or do not increase;
    /// [`CoreError::CalendarArbitrage`] when total variance is not above zero or falls with tenor.
    pub fn new(pillars: Vec<Pillar>, shape: SmileShape, origin: Origin) -> Result<Self, CoreError> {
        let mut before = Pillar { years: 0.0, total_variance: 0.0 };
        if pillars.is_empty() {
            return Err(CoreError::SurfaceTenors(Vec::new()));
        }
        for &pillar in &pillars {
            if !(pillar.years > before.years && pillar.years.is_finite()) {
                let tenors = pillars.iter().map(|pillar| pillar.years).collect();
                return Err(CoreError::SurfaceTenors(tenors));
            }
            let rises = pillar.total_variance >= before.total_variance
                && pillar.total_variance > 0.0
                && pillar.total_variance.is_finite();
            if !rises {
                return Err(CoreError::CalendarArbitrage {
                    from_years: before.years,
                    to_years: pillar.years,
                    before: before.total_variance,
                    after: pillar.total_variance,
                });
            }
            before = pillar;
        }
        Ok(VolSurface { pillars, shape, origin })
    }

    /// At-the-money total variance at a time to expiry of `years` (above zero).
    #[must_use]
    pub fn atm_total_variance(&self, years: f64) -> f64 {
        let (first, last) = (self.pillars[0], self.pillars[self.pillars.len() - 1]);
        if years <= first.years {
            return first.total_variance * (years / first.years);
        }
        if years >= last.years {
            return last.total_variance * (years / last.years);
        }
        let right = self.pillars.partition_point(|pillar| pillar.years < years);
        let (left, right) = (self.pillars[right - 1], self.pillars[right]);
        let share = (years - left.years) / (right.years - left.years);
        left.total_variance + share * (right.total_variance - left.total_variance)
    }

    /// Black volatility a year at log-moneyness `k = ln(K / F)` and a time to expiry of `years` (above zero).
    #[must_use]
    pub fn vol(&self, k: f64, years: f64) -> f64 {
        self.smile(years).vol(k)
    }

    /// The smile at a time to expiry of `years` (above zero), for many moneynesses.
    #[must_use]
    pub fn smile(&self, years: f64) -> Smile {
        let theta = self.atm_total_variance(years);
        Smile { shape: self.shape, years, theta, phi: self.shape.phi(theta) }
    }

    /// The pillars, by increasing tenor.
    #[must_use]
    pub fn pillars(&self) -> &[Pillar] {
        &self.pillars
    }

    /// The smile shape.
    #[must_use]
    pub fn shape(&self) -> SmileShape {
        self.shape
    }

    /// Whether it was quoted or modelled.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

impl Smile {
    /// Black volatility a year at log-moneyness `k = ln(K / F)`.
    #[must_use]
    #[inline]
    pub fn vol(&self, k: f64) -> f64 {
        (self.shape.variance(k, self.theta, self.phi) / self.years).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface() -> VolSurface {
        let pillar = |days: f64, vol: f64| {
            let years = days / 365.0;
            Pillar { years, total_variance: vol * vol * years }
        };
        let shape = SmileShape::new(-0.3, 1.2, 0.4).unwrap();
        let pillars = vec![pillar(7.0, 0.8), pillar(30.0, 0.7), pillar(180.0, 0.65)];
        VolSurface::new(pillars, shape, Origin::Modelled).unwrap()
    }

    #[test]
    fn at_the_money_the_pillars_are_met() {
        let surface = surface();
        assert!((surface.vol(0.0, 30.0 / 365.0) - 0.7).abs() < 1e-15);
        assert!((surface.vol(0.0, 1.0 / 365.0) - 0.8).abs() < 1e-15);
        assert!((surface.vol(0.0, 2.0) - 0.65).abs() < 1e-15);
    }

    #[test]
    fn total_variance_rises_with_tenor_at_every_moneyness() {
        let surface = surface();
        for step in -20..=20 {
            let k = f64::from(step) * 0.1;
            let mut before = 0.0;
            for day in 1..400 {
                let years = f64::from(day) / 365.0;
                let total = surface.vol(k, years).powi(2) * years;
                assert!(total >= before, "k {k}, day {day}");
                before = total;
            }
        }
    }

    #[test]
    fn the_density_is_nowhere_negative() {
        let surface = surface();
        for days in [1.0, 7.0, 30.0, 365.0] {
            let years = days / 365.0;
            let w = |k: f64| surface.vol(k, years).powi(2) * years;
            let h = 1e-4;
            for step in -300..=300 {
                let k = f64::from(step) * 0.01;
                let (first, total) = ((w(k + h) - w(k - h)) / (2.0 * h), w(k));
                let second = (w(k + h) - 2.0 * total + w(k - h)) / (h * h);
                let density = (1.0 - k * first / (2.0 * total)).powi(2)
                    - first * first / 4.0 * (1.0 / total + 0.25)
                    + second / 2.0;
                assert!(density > -1e-6, "days {days}, k {k}: {density}");
            }
        }
    }

    #[test]
    fn arbitrage_is_refused() {
        let shape = SmileShape::FLAT;
        let falling = vec![
            Pillar { years: 0.1, total_variance: 0.05 },
            Pillar { years: 0.2, total_variance: 0.04 },
        ];
        let error = VolSurface::new(falling, shape, Origin::Modelled).unwrap_err();
        assert!(matches!(error, CoreError::CalendarArbitrage { .. }));
        assert!(SmileShape::new(-0.9, 1.5, 0.4).is_err());
    }
}
