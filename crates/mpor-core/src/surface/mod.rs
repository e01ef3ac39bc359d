//! A volatility surface: at-the-money total variance by tenor, with one smile shape for all tenors or one for each.
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
//!
//! A surface of [`Smiles::Ssvi`] has its own `rho` and `psi = theta phi` at every pillar, under the conditions of
//! [`mod@slice`]; between pillars `theta`, `psi` and `rho psi` are linear in time, which keeps all conditions, and the surface
//! free of arbitrage everywhere (Corbetta, Cohort, Laachir and Martini 2019, "Robust calibration and arbitrage-free
//! interpolation of SSVI slices", Decisions in Economics and Finance 42). A surface of [`Smiles::Svi`] has raw slices that do
//! not cross, with total variance linear in time at every log-moneyness: no calendar arbitrage, and a density that is
//! checked at the pillars only. What holds beyond pillars and strikes is named in [`rules`].

pub mod rules;
pub mod shape;
pub mod slice;
mod smile;

use crate::error::CoreError;
use smile::Form;

pub use rules::{Extrapolation, LongEnd, ShortEnd, Wings};
pub use shape::SmileShape;
pub use slice::{Lowest, SsviSlice, SviSlice};
pub use smile::Smile;

/// Where a number comes from; shown wherever the number shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Quoted or traded in the market.
    Quoted,
    /// Built by a model from other history.
    Modelled,
}

/// At-the-money total variance at one tenor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pillar {
    /// Tenor in years of 365 days.
    pub years: f64,
    /// `sigma^2 * years`.
    pub total_variance: f64,
}

/// The smiles of a surface.
#[derive(Clone, Debug, PartialEq)]
pub enum Smiles {
    /// One shape for all tenors.
    Shared(SmileShape),
    /// One SSVI slice a pillar.
    Ssvi(Vec<SsviSlice>),
    /// One raw SVI slice a pillar.
    Svi(Vec<SviSlice>),
}

/// An arbitrage-free surface of Black volatilities in log-moneyness and time.
#[derive(Clone, Debug, PartialEq)]
pub struct VolSurface {
    pillars: Vec<Pillar>,
    smiles: Smiles,
    origin: Origin,
    rules: Extrapolation,
    /// Outermost quoted log-moneynesses by pillar; empty where the wings are the model's.
    quoted: Vec<[f64; 2]>,
}

const EVERYWHERE: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

/// Where a time lies among the pillars.
enum Place {
    /// Before the first pillar: the share of its time.
    Before(f64),
    /// Between the pillar of this index and the next: the share of the way.
    Between(usize, f64),
    /// After the last pillar.
    After,
}

impl VolSurface {
    /// A surface through these pillars, with one smile shape.
    ///
    /// # Errors
    /// [`CoreError::SurfaceTenors`] when tenors are empty, not above zero or do not increase;
    /// [`CoreError::CalendarArbitrage`] when total variance is not above zero or falls with tenor.
    pub fn new(pillars: Vec<Pillar>, shape: SmileShape, origin: Origin) -> Result<Self, CoreError> {
        check_pillars(&pillars)?;
        Ok(VolSurface::unchecked(pillars, Smiles::Shared(shape), origin))
    }

    /// A surface with its own skew and curvature at every pillar: `years` and slices by increasing tenor.
    ///
    /// # Errors
    /// As [`VolSurface::new`]; [`CoreError::SliceButterfly`] and [`CoreError::SliceOrder`] naming the slices and the
    /// condition of [`mod@slice`] that they break; [`CoreError::SurfaceTenors`] when there are not as many years as slices.
    pub fn from_ssvi(
        years: &[f64],
        slices: Vec<SsviSlice>,
        origin: Origin,
    ) -> Result<Self, CoreError> {
        let pillars = pillars(years, slices.iter().map(|slice| slice.theta))?;
        for (slice, &years) in slices.iter().zip(years) {
            slice.check(years)?;
        }
        for (pair, times) in slices.windows(2).zip(years.windows(2)) {
            if let Some(broken) = pair[1].broken_condition(&pair[0]) {
                let (from_years, to_years) = (times[0], times[1]);
                return Err(CoreError::SliceOrder { from_years, to_years, broken });
            }
        }
        check_pillars(&pillars)?;
        Ok(VolSurface::unchecked(pillars, Smiles::Ssvi(slices), origin))
    }

    /// A surface of raw SVI slices that have no negative density and do not cross.
    ///
    /// # Errors
    /// As [`VolSurface::new`]; [`CoreError::NegativeDensity`] and [`CoreError::SlicesCross`] naming the slices and where.
    pub fn from_svi(
        years: &[f64],
        slices: Vec<SviSlice>,
        origin: Origin,
    ) -> Result<Self, CoreError> {
        let pillars = pillars(years, slices.iter().map(|slice| slice.total_variance(0.0)))?;
        for (slice, &years) in slices.iter().zip(years) {
            let Lowest { log_moneyness, value } = slice.lowest_density();
            if value < -DENSITY_ROUNDING {
                return Err(CoreError::NegativeDensity { years, log_moneyness, density: value });
            }
        }
        for (pair, times) in slices.windows(2).zip(years.windows(2)) {
            let Lowest { log_moneyness, value } = pair[1].lowest_gap(&pair[0]);
            if value < -GAP_ROUNDING {
                let (from_years, to_years) = (times[0], times[1]);
                let by = -value;
                return Err(CoreError::SlicesCross { from_years, to_years, log_moneyness, by });
            }
        }
        check_pillars(&pillars)?;
        Ok(VolSurface::unchecked(pillars, Smiles::Svi(slices), origin))
    }

    fn unchecked(pillars: Vec<Pillar>, smiles: Smiles, origin: Origin) -> Self {
        let rules = Extrapolation::default();
        VolSurface { pillars, smiles, origin, rules, quoted: Vec::new() }
    }

    /// The surface under other rules outside its pillars and strikes. `quoted` holds the outermost quoted log-moneynesses
    /// by pillar, lowest and highest; it matters for [`Wings::Clamped`] only.
    ///
    /// # Errors
    /// [`CoreError::QuotedStrikes`] for clamped wings without one increasing pair a pillar.
    pub fn extrapolated(
        mut self,
        rules: Extrapolation,
        quoted: &[[f64; 2]],
    ) -> Result<Self, CoreError> {
        self.quoted.clear();
        if rules.wings == Wings::Clamped {
            let ordered = quoted.iter().all(|[low, high]| low < high);
            if quoted.len() != self.pillars.len() || !ordered {
                let (found, pillars) = (quoted.len(), self.pillars.len());
                return Err(CoreError::QuotedStrikes { found, pillars });
            }
            self.quoted = quoted.to_vec();
        }
        self.rules = rules;
        Ok(self)
    }

    /// At-the-money total variance at a time to expiry of `years` (above zero).
    #[must_use]
    pub fn atm_total_variance(&self, years: f64) -> f64 {
        let (first, last) = (self.pillars[0], self.pillars[self.pillars.len() - 1]);
        if years <= first.years {
            return first.total_variance * (years / first.years);
        }
        if years >= last.years {
            return self.long_end(last.total_variance, years, |_| 1.0);
        }
        let right = self.pillars.partition_point(|pillar| pillar.years < years);
        let (left, right) = (self.pillars[right - 1], self.pillars[right]);
        let share = (years - left.years) / (right.years - left.years);
        left.total_variance + share * (right.total_variance - left.total_variance)
    }

    /// At-the-money total variance at `years` when the volatility of each pillar is multiplied by `ratio` of its tenor.
    #[must_use]
    pub fn moved_atm_total_variance(&self, years: f64, ratio: impl Fn(f64) -> f64) -> f64 {
        let scaled = |at: usize| {
            let (pillar, ratio) = (self.pillars[at], ratio(self.pillars[at].years));
            pillar.total_variance * (ratio * ratio)
        };
        match self.place(years) {
            Place::Before(share) => scaled(0) * share,
            Place::Between(left, share) => {
                let near = scaled(left);
                near + share * (scaled(left + 1) - near)
            }
            Place::After => self.long_end(scaled(self.pillars.len() - 1), years, ratio),
        }
    }

    fn place(&self, years: f64) -> Place {
        let right = self.pillars.partition_point(|pillar| pillar.years < years);
        if right == 0 {
            return Place::Before(years / self.pillars[0].years);
        }
        if right == self.pillars.len() {
            return Place::After;
        }
        let from = self.pillars[right - 1].years;
        Place::Between(right - 1, (years - from) / (self.pillars[right].years - from))
    }

    /// At-the-money total variance past the last pillar, whose own is `last`.
    fn long_end(&self, last: f64, years: f64, ratio: impl Fn(f64) -> f64) -> f64 {
        let end = self.pillars[self.pillars.len() - 1].years;
        match (self.rules.long, self.pillars.len().checked_sub(2)) {
            (LongEnd::FlatForwardVariance, Some(before)) => {
                let Pillar { years: from, total_variance } = self.pillars[before];
                let ratio = ratio(from);
                let rate = (last - total_variance * (ratio * ratio)) / (end - from);
                last + rate.max(0.0) * (years - end)
            }
            _ => last * (years / end),
        }
    }

    /// Black volatility a year at log-moneyness `k = ln(K / F)` and a time to expiry of `years` (above zero).
    #[must_use]
    pub fn vol(&self, k: f64, years: f64) -> f64 {
        self.smile(years).vol(k)
    }

    /// The smile at a time to expiry of `years` (above zero), for many moneynesses.
    #[must_use]
    pub fn smile(&self, years: f64) -> Smile {
        match &self.smiles {
            Smiles::Shared(shape) => {
                let theta = self.atm_total_variance(years);
                self.shared(*shape, theta, years)
            }
            _ => self.moved_smile(years, |_| 1.0),
        }
    }

    /// The smile at `years` when the at-the-money volatility of each pillar is multiplied by `ratio` of its tenor.
    ///
    /// A shared shape follows its own law; slices keep their smile in standard deviations ([`SsviSlice::scaled`]). Like the
    /// moved pillars themselves, the result is not checked for calendar arbitrage.
    #[must_use]
    pub fn moved_smile(&self, years: f64, ratio: impl Fn(f64) -> f64) -> Smile {
        let form = match &self.smiles {
            Smiles::Shared(shape) => {
                return self.shared(*shape, self.moved_atm_total_variance(years, ratio), years);
            }
            Smiles::Ssvi(slices) => self.ssvi_form(slices, years, ratio),
            Smiles::Svi(slices) => self.svi_form(slices, years, ratio),
        };
        Smile { form, years, quoted: self.quoted(years) }
    }

    fn shared(&self, shape: SmileShape, theta: f64, years: f64) -> Smile {
        // Without variance the smile does not matter.
        let phi = if theta == 0.0 { 0.0 } else { shape.phi(theta) };
        let form = Form::Ssvi { rho: shape.parameters()[0], theta, phi };
        Smile { form, years, quoted: self.quoted(years) }
    }

    fn ssvi_form(&self, slices: &[SsviSlice], years: f64, ratio: impl Fn(f64) -> f64) -> Form {
        let scaled = |at: usize| slices[at].scaled(ratio(self.pillars[at].years));
        let slice = match self.place(years) {
            Place::Before(share) => match self.rules.short {
                ShortEnd::FlatVol => {
                    let SsviSlice { theta, rho, psi } = scaled(0);
                    SsviSlice { theta: theta * share, rho, psi: psi * share }
                }
                ShortEnd::FlatSmile => scaled(0).scaled(share.sqrt()),
            },
            Place::Between(left, share) => between(scaled(left), scaled(left + 1), share),
            Place::After => {
                let last = scaled(slices.len() - 1);
                SsviSlice { theta: self.long_end(last.theta, years, ratio), ..last }
            }
        };
        let phi = if slice.theta == 0.0 { 0.0 } else { slice.psi / slice.theta };
        Form::Ssvi { rho: slice.rho, theta: slice.theta, phi }
    }

    fn svi_form(&self, slices: &[SviSlice], years: f64, ratio: impl Fn(f64) -> f64) -> Form {
        let scaled = |at: usize| slices[at].scaled(ratio(self.pillars[at].years));
        let one = |slice: SviSlice| Form::Between { near: slice, far: slice, share: 0.0 };
        match self.place(years) {
            Place::Before(share) => one(match self.rules.short {
                ShortEnd::FlatVol => scaled(0).shrunk(share),
                ShortEnd::FlatSmile => scaled(0).scaled(share.sqrt()),
            }),
            Place::Between(left, share) => {
                Form::Between { near: scaled(left), far: scaled(left + 1), share }
            }
            Place::After => {
                let last = scaled(slices.len() - 1);
                let theta = last.total_variance(0.0);
                one(last.raised(self.long_end(theta, years, ratio) - theta))
            }
        }
    }

    /// Log-moneynesses between which the model is read: linear in time between pillars, in standard deviations outside.
    fn quoted(&self, years: f64) -> [f64; 2] {
        if self.quoted.is_empty() {
            return EVERYWHERE;
        }
        let last = self.quoted.len() - 1;
        match self.place(years) {
            Place::Before(share) => self.quoted[0].map(|k| k * share.sqrt()),
            Place::Between(left, share) => {
                let (near, far) = (self.quoted[left], self.quoted[left + 1]);
                [0, 1].map(|side| near[side] + share * (far[side] - near[side]))
            }
            Place::After => {
                self.quoted[last].map(|k| k * (years / self.pillars[last].years).sqrt())
            }
        }
    }

    /// The pillars, by increasing tenor.
    #[must_use]
    pub fn pillars(&self) -> &[Pillar] {
        &self.pillars
    }

    /// The smiles.
    #[must_use]
    pub fn smiles(&self) -> &Smiles {
        &self.smiles
    }

    /// The smile shape, where all tenors share one.
    #[must_use]
    pub fn shape(&self) -> Option<SmileShape> {
        match self.smiles {
            Smiles::Shared(shape) => Some(shape),
            Smiles::Ssvi(_) | Smiles::Svi(_) => None,
        }
    }

    /// The rules outside pillars and strikes.
    #[must_use]
    pub fn rules(&self) -> Extrapolation {
        self.rules
    }

    /// Outermost quoted log-moneynesses by pillar, lowest and highest; empty where the wings are the model's.
    #[must_use]
    pub fn quoted_strikes(&self) -> &[[f64; 2]] {
        &self.quoted
    }

    /// Whether it was quoted or modelled.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }
}

/// Durrleman's function and total variance at a bound may be below it by rounding.
const DENSITY_ROUNDING: f64 = 1e-9;
const GAP_ROUNDING: f64 = 1e-12;

/// `theta`, `psi` and `rho psi` linear in time.
fn between(near: SsviSlice, far: SsviSlice, share: f64) -> SsviSlice {
    let linear = |from: f64, to: f64| from + share * (to - from);
    let psi = linear(near.psi, far.psi);
    let lean = linear(near.rho * near.psi, far.rho * far.psi);
    let rho = if psi > 0.0 { lean / psi } else { near.rho };
    SsviSlice { theta: linear(near.theta, far.theta), rho, psi }
}

fn pillars(
    years: &[f64],
    totals: impl ExactSizeIterator<Item = f64>,
) -> Result<Vec<Pillar>, CoreError> {
    if years.len() != totals.len() {
        return Err(CoreError::SurfaceTenors(years.to_vec()));
    }
    let pillar = |(&years, total_variance)| Pillar { years, total_variance };
    Ok(years.iter().zip(totals).map(pillar).collect())
}

fn check_pillars(pillars: &[Pillar]) -> Result<(), CoreError> {
    let mut before = Pillar { years: 0.0, total_variance: 0.0 };
    if pillars.is_empty() {
        return Err(CoreError::SurfaceTenors(Vec::new()));
    }
    for &pillar in pillars {
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
    Ok(())
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

    const YEARS: [f64; 3] = [0.05, 0.25, 1.0];

    fn slices() -> Vec<SsviSlice> {
        vec![
            SsviSlice { theta: 0.02, rho: -0.2, psi: 0.15 },
            SsviSlice { theta: 0.09, rho: -0.3, psi: 0.35 },
            SsviSlice { theta: 0.35, rho: -0.25, psi: 0.7 },
        ]
    }

    fn extended() -> VolSurface {
        VolSurface::from_ssvi(&YEARS, slices(), Origin::Quoted).unwrap()
    }

    fn raw() -> VolSurface {
        let raw = slices().iter().map(SsviSlice::raw).collect();
        VolSurface::from_svi(&YEARS, raw, Origin::Quoted).unwrap()
    }

    #[test]
    fn each_pillar_has_its_own_smile() {
        for surface in [extended(), raw()] {
            for (years, slice) in YEARS.into_iter().zip(slices()) {
                for k in [-0.8, -0.1, 0.0, 0.4] {
                    let total = surface.vol(k, years).powi(2) * years;
                    assert!((total - slice.total_variance(k)).abs() < 1e-14, "{years} {k}");
                }
                let at = surface.pillars().iter().find(|pillar| pillar.years == years).unwrap();
                assert!((at.total_variance - slice.theta).abs() < 1e-15);
            }
            assert_eq!(surface.shape(), None);
        }
    }

    /// By hand, half way between pillars: `theta = 0.055`, `psi = 0.25`, `rho psi = (-0.03 - 0.105) / 2`.
    #[test]
    fn between_pillars_the_parameters_are_linear_in_time() {
        let half = SsviSlice { theta: 0.055, rho: -0.0675 / 0.25, psi: 0.25 };
        let smile = extended().smile(0.15);
        let (near, far) = (slices()[0], slices()[1]);
        for k in [-1.0, 0.0, 0.7] {
            assert!((smile.total_variance(k) - half.total_variance(k)).abs() < 1e-14);
            let mean = 0.5 * (near.total_variance(k) + far.total_variance(k));
            assert!((raw().smile(0.15).total_variance(k) - mean).abs() < 1e-14);
        }
    }

    #[test]
    fn surfaces_of_slices_are_free_of_arbitrage_everywhere() {
        for short in [ShortEnd::FlatVol, ShortEnd::FlatSmile] {
            for long in [LongEnd::FlatVol, LongEnd::FlatForwardVariance] {
                let rules = Extrapolation { short, long, wings: Wings::Model };
                for surface in [extended(), raw()] {
                    free_of_arbitrage(&surface.extrapolated(rules, &[]).unwrap());
                }
            }
        }
    }

    fn free_of_arbitrage(surface: &VolSurface) {
        let mut before = vec![0.0; 401];
        for day in 1..800 {
            let smile = surface.smile(f64::from(day) / 365.0);
            let w = |k: f64| smile.total_variance(k);
            let h = 1e-4;
            for (step, before) in before.iter_mut().enumerate() {
                let k = (step as f64 - 200.0) * 0.02;
                let (first, total) = ((w(k + h) - w(k - h)) / (2.0 * h), w(k));
                let second = (w(k + h) - 2.0 * total + w(k - h)) / (h * h);
                let density = (1.0 - k * first / (2.0 * total)).powi(2)
                    - first * first / 4.0 * (1.0 / total + 0.25)
                    + second / 2.0;
                assert!(density > -1e-5, "day {day}, k {k}: {density}");
                assert!(total >= *before * (1.0 - 1e-14), "day {day}, k {k}: {before} {total}");
                *before = total;
            }
        }
    }

    #[test]
    fn the_ends_follow_their_rules() {
        let of = |short, long| {
            let rules = Extrapolation { short, long, wings: Wings::Model };
            extended().extrapolated(rules, &[]).unwrap()
        };
        let flat = of(ShortEnd::FlatVol, LongEnd::FlatVol);
        for k in [-0.3, 0.0, 0.2] {
            // By hand: the same volatility at the same moneyness, or at the same number of deviations.
            assert!((flat.vol(k, 0.0125) - flat.vol(k, 0.05)).abs() < 1e-14);
            let smile = of(ShortEnd::FlatSmile, LongEnd::FlatVol);
            assert!((smile.vol(0.5 * k, 0.0125) - smile.vol(k, 0.05)).abs() < 1e-14);
        }
        assert!((flat.atm_total_variance(2.0) - 0.70).abs() < 1e-15);
        // By hand: 0.35 + (0.35 - 0.09) / 0.75.
        let forward = of(ShortEnd::FlatVol, LongEnd::FlatForwardVariance);
        assert!((forward.atm_total_variance(2.0) - (0.35 + 0.26 / 0.75)).abs() < 1e-15);
        assert!((forward.vol(0.0, 2.0).powi(2) * 2.0 - (0.35 + 0.26 / 0.75)).abs() < 1e-14);
    }

    #[test]
    fn clamped_wings_keep_the_last_quoted_volatility() {
        let rules = Extrapolation { wings: Wings::Clamped, ..Extrapolation::default() };
        let quoted = [[-0.2, 0.1], [-0.5, 0.4], [-1.0, 0.9]];
        let clamped = extended().extrapolated(rules, &quoted).unwrap();
        assert_eq!(clamped.vol(-3.0, 0.25), extended().vol(-0.5, 0.25));
        assert_eq!(clamped.vol(0.3, 0.25), extended().vol(0.3, 0.25));
        // By hand: half way between the pillars the highest strike is at 0.25.
        assert!((clamped.vol(1.0, 0.15) - extended().vol(0.25, 0.15)).abs() < 1e-15);
        let error = extended().extrapolated(rules, &quoted[..2]).unwrap_err();
        assert_eq!(error, CoreError::QuotedStrikes { found: 2, pillars: 3 });
    }

    #[test]
    fn a_moved_surface_keeps_its_smile_in_deviations() {
        for surface in [extended(), raw()] {
            for years in [0.02, 0.05, 0.15, 1.0, 1.5] {
                let (today, moved) = (surface.smile(years), surface.moved_smile(years, |_| 1.25));
                assert_eq!(surface.moved_smile(years, |_| 1.0), today);
                if years > 1.0 {
                    continue;
                }
                // Between pillars the two smiles move by themselves, hence not to the last digit.
                let loose = if [0.05, 1.0].contains(&years) { 1e-13 } else { 2e-3 };
                for k in [-0.4, 0.0, 0.2] {
                    let (found, hand) = (moved.vol(1.25 * k), 1.25 * today.vol(k));
                    assert!((found - hand).abs() < loose, "{years} {k}: {found} {hand}");
                }
            }
        }
    }

    #[test]
    fn slices_that_admit_arbitrage_are_named() {
        let of = |slices: Vec<SsviSlice>| {
            VolSurface::from_ssvi(&YEARS, slices, Origin::Quoted).unwrap_err()
        };
        let mut steep = slices();
        steep[1].psi = 1.5;
        assert!(matches!(of(steep), CoreError::SliceButterfly { years: 0.25, .. }));
        for (slice, broken) in [
            (SsviSlice { theta: 0.019, rho: -0.2, psi: 0.15 }, "at-the-money"),
            (SsviSlice { theta: 0.09, rho: -0.3, psi: 0.12 }, "left wing"),
            (SsviSlice { theta: 0.09, rho: -0.9, psi: 0.2 }, "right wing"),
            (SsviSlice { theta: 0.021, rho: -0.2, psi: 0.17 }, "steepness"),
        ] {
            let mut slices = slices();
            slices[1] = slice;
            let text = of(slices).to_string();
            assert!(text.contains(broken) && text.contains("0.05 and 0.25"), "{text}");
        }
        let vogt = SviSlice::new(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153).unwrap();
        let error = VolSurface::from_svi(&[1.0], vec![vogt], Origin::Quoted).unwrap_err();
        assert!(matches!(error, CoreError::NegativeDensity { years: 1.0, .. }), "{error}");
        let mut crossing: Vec<SviSlice> = slices().iter().map(SsviSlice::raw).collect();
        crossing.swap(0, 1);
        let error = VolSurface::from_svi(&YEARS, crossing, Origin::Quoted).unwrap_err();
        let named = matches!(error, CoreError::SlicesCross { from_years: 0.05, to_years: 0.25, by, .. } if by > 0.0);
        assert!(named, "{error}");
        assert!(VolSurface::from_ssvi(&YEARS[..2], slices(), Origin::Quoted).is_err());
    }
}
