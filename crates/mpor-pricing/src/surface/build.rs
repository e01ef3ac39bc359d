//! From the rows of an option chain to a volatility surface without arbitrage, with everything that was done on the way.
//!
//! Rows are screened ([`mod@crate::surface::screen`]), a model is fitted, quotes far from the fit are dropped once and the model
//! is fitted again. The surface is checked for arbitrage by its own constructor, so a fit that admits any is refused with
//! where and by how much.

use std::str::FromStr;

use mpor_core::{Extrapolation, Origin, Pillar, Smiles, SsviSlice, SviSlice, VolSurface};

use crate::error::PricingError;
use crate::surface::essvi::{self, Bound};
use crate::surface::quality::{SliceFit, SliceQuality};
use crate::surface::raw_svi;
use crate::surface::row::OptionRow;
use crate::surface::screen::{DropReason, KeptQuote, ScreenRules, ScreenedExpiry, screen};
use crate::surface::ssvi;

/// What is fitted to a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SurfaceModel {
    /// One smile shape for all expiries: three parameters and a level an expiry.
    Ssvi,
    /// One skew and curvature an expiry, free of arbitrage by construction.
    #[default]
    Essvi,
    /// One raw SVI slice an expiry: the closest fit, refused where expiries cross.
    Svi,
}

impl SurfaceModel {
    /// All models, by name.
    pub const ALL: [(&'static str, SurfaceModel); 3] =
        [("essvi", SurfaceModel::Essvi), ("ssvi", SurfaceModel::Ssvi), ("svi", SurfaceModel::Svi)];

    /// The name that a study writes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SurfaceModel::Ssvi => "ssvi",
            SurfaceModel::Essvi => "essvi",
            SurfaceModel::Svi => "svi",
        }
    }
}

impl FromStr for SurfaceModel {
    type Err = PricingError;

    fn from_str(name: &str) -> Result<Self, PricingError> {
        let known = SurfaceModel::ALL.into_iter().find(|(known, _)| *known == name);
        known.map(|(_, model)| model).ok_or_else(|| PricingError::NoSuchModel(name.to_owned()))
    }
}

/// How a chain becomes a surface.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SurfaceRules {
    /// What is fitted.
    pub model: SurfaceModel,
    /// What is kept of the chain.
    pub screen: ScreenRules,
    /// What holds outside the quotes.
    pub extrapolation: Extrapolation,
}

/// A surface with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainSurface {
    /// The surface; its pillars are the expiries with quotes.
    pub surface: VolSurface,
    /// The expiries by increasing time, with what was kept and dropped: every row of the chain is in one of them.
    pub expiries: Vec<ScreenedExpiry>,
    /// The quality of each expiry.
    pub quality: Vec<SliceQuality>,
}

/// The surface of one underlying at one instant.
///
/// # Errors
/// [`PricingError::NoExpiry`] with the reasons when no expiry has enough quotes; [`PricingError::Input`] for rules outside
/// their domain; [`PricingError::Market`] with [`mpor_core::CoreError::SlicesCross`] when raw SVI slices cross: where, and
/// by how much total variance.
///
/// ```
/// use mpor_core::Right;
/// use mpor_pricing::Black76;
/// use mpor_pricing::surface::{OptionRow, QuoteUnit, SurfaceRules, build_surface};
///
/// let mut rows = Vec::new();
/// for years in [0.1, 0.5] {
///     for strike in (70..=130).step_by(5) {
///         for right in [Right::Call, Right::Put] {
///             let strike = f64::from(strike);
///             let price = Black76::new(100.0, strike, years, 0.6, 0.0, right)?.price() / 100.0;
///             rows.push(OptionRow {
///                 years,
///                 strike,
///                 right,
///                 bid: Some(0.99 * price),
///                 ask: Some(1.01 * price),
///                 mark: None,
///                 unit: QuoteUnit::Coin,
///                 forward: None,
///                 age: None,
///             });
///         }
///     }
/// }
/// let built = build_surface(&rows, &SurfaceRules::default())?;
/// assert!((built.surface.vol(-0.1, 0.3) - 0.6).abs() < 1e-3);
/// assert!(built.quality.iter().all(|slice| slice.used >= 13));
/// # Ok::<(), mpor_pricing::PricingError>(())
/// ```
pub fn build_surface(
    rows: &[OptionRow],
    rules: &SurfaceRules,
) -> Result<ChainSurface, PricingError> {
    let mut expiries = screen(rows, &rules.screen)?;
    let first = Fit::new(&expiries, rules.model)?;
    let dropped = drop_outliers(&mut expiries, &first, &rules.screen);
    let fit = if dropped { Fit::new(&expiries, rules.model)? } else { first };
    let surface = fit.surface()?;
    let quality = fit.quality(&expiries, &surface);
    let quoted: Vec<[f64; 2]> = fitted(&expiries).iter().map(|quotes| range(quotes)).collect();
    let surface = surface.extrapolated(rules.extrapolation, &quoted)?;
    Ok(ChainSurface { surface, expiries, quality })
}

/// The quotes of the expiries that have any.
fn fitted(expiries: &[ScreenedExpiry]) -> Vec<&[KeptQuote]> {
    let quotes = expiries.iter().map(|expiry| expiry.quotes.as_slice());
    quotes.filter(|quotes| !quotes.is_empty()).collect()
}

fn range(quotes: &[KeptQuote]) -> [f64; 2] {
    quotes.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], quote| {
        [low.min(quote.log_moneyness), high.max(quote.log_moneyness)]
    })
}

/// The slices of a fit, by pillar.
struct Fit {
    years: Vec<f64>,
    smiles: Smiles,
    /// The slices as raw SVI, in which all models are checked.
    raw: Vec<SviSlice>,
    held_by: Vec<Vec<Bound>>,
}

impl Fit {
    fn new(expiries: &[ScreenedExpiry], model: SurfaceModel) -> Result<Fit, PricingError> {
        let fitted = fitted(expiries);
        if fitted.is_empty() {
            return Err(no_expiry(expiries));
        }
        let years: Vec<f64> = fitted.iter().map(|quotes| quotes[0].years).collect();
        match model {
            SurfaceModel::Ssvi => Fit::ssvi(years, &fitted),
            SurfaceModel::Essvi => Ok(Fit::essvi(years, &fitted)),
            SurfaceModel::Svi => Fit::svi(years, &fitted),
        }
    }

    fn ssvi(years: Vec<f64>, fitted: &[&[KeptQuote]]) -> Result<Fit, PricingError> {
        let fit = ssvi::fit_chain(fitted)?;
        let rho = fit.shape.parameters()[0];
        let slice = |&theta: &f64| SsviSlice { theta, rho, psi: theta * fit.shape.phi(theta) };
        let raw = fit.thetas.iter().map(|theta| slice(theta).raw()).collect();
        let held = |pooled: &bool| if *pooled { vec![Bound::Level] } else { Vec::new() };
        let held_by = fit.pooled.iter().map(held).collect();
        let pillar = |(&years, &total_variance)| Pillar { years, total_variance };
        let pillars: Vec<Pillar> = years.iter().zip(&fit.thetas).map(pillar).collect();
        // Asked here so that a chain that no shape fits is refused before anything is read from it.
        VolSurface::new(pillars, fit.shape, Origin::Quoted)?;
        Ok(Fit { years, smiles: Smiles::Shared(fit.shape), raw, held_by })
    }

    fn essvi(years: Vec<f64>, fitted: &[&[KeptQuote]]) -> Fit {
        let (slices, held_by) = essvi::fit_chain(fitted);
        let raw = slices.iter().map(SsviSlice::raw).collect();
        Fit { years, smiles: Smiles::Ssvi(slices), raw, held_by }
    }

    fn svi(years: Vec<f64>, fitted: &[&[KeptQuote]]) -> Result<Fit, PricingError> {
        let (mut slices, mut held_by): (Vec<SviSlice>, Vec<_>) = (Vec::new(), Vec::new());
        // From the longest to the shortest.
        for quotes in fitted.iter().rev() {
            let found = raw_svi::fit_slice_before(quotes, slices.last())?;
            let mut bounds = Vec::new();
            if found.held {
                bounds.push(Bound::Level);
            }
            if found.repaired {
                bounds.push(Bound::Butterfly);
            }
            held_by.push(bounds);
            slices.push(found.slice);
        }
        slices.reverse();
        held_by.reverse();
        Ok(Fit { years, raw: slices.clone(), smiles: Smiles::Svi(slices), held_by })
    }

    fn surface(&self) -> Result<VolSurface, PricingError> {
        Ok(match &self.smiles {
            Smiles::Shared(shape) => {
                let pillar = |(&years, slice): (&f64, &SviSlice)| Pillar {
                    years,
                    total_variance: slice.total_variance(0.0),
                };
                let pillars = self.years.iter().zip(&self.raw).map(pillar).collect();
                VolSurface::new(pillars, *shape, Origin::Quoted)?
            }
            Smiles::Ssvi(slices) => {
                VolSurface::from_ssvi(&self.years, slices.clone(), Origin::Quoted)?
            }
            Smiles::Svi(slices) => {
                VolSurface::from_svi(&self.years, slices.clone(), Origin::Quoted)?
            }
        })
    }

    fn quality(&self, expiries: &[ScreenedExpiry], surface: &VolSurface) -> Vec<SliceQuality> {
        let mut at = 0;
        let mut quality = Vec::with_capacity(expiries.len());
        for expiry in expiries {
            if expiry.quotes.is_empty() {
                quality.push(SliceQuality::new(expiry, None));
                continue;
            }
            let (raw, held_by) = (&self.raw[at], self.held_by[at].clone());
            let gap = at.checked_sub(1).map(|before| raw.lowest_gap(&self.raw[before]));
            let smile = surface.smile(expiry.years);
            let fit = SliceFit::new(&expiry.quotes, &smile, held_by, raw.lowest_density(), gap);
            quality.push(SliceQuality::new(expiry, Some(fit)));
            at += 1;
        }
        quality
    }
}

/// Half a quote's spread and this much volatility are no reason to call it an outlier.
const VOL_POINT: f64 = 0.01;

/// Drops what the first fit misses by far; whether there was any.
fn drop_outliers(expiries: &mut [ScreenedExpiry], fit: &Fit, rules: &ScreenRules) -> bool {
    let mut any = false;
    let mut raw = fit.raw.iter();
    for expiry in expiries.iter_mut().filter(|expiry| !expiry.quotes.is_empty()) {
        let Some(slice) = raw.next() else { break };
        let miss = |quote: &KeptQuote| {
            (slice.total_variance(quote.log_moneyness) / quote.years).sqrt() - quote.vol
        };
        let mut sizes: Vec<f64> = expiry.quotes.iter().map(|quote| miss(quote).abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let typical = sizes[sizes.len() / 2];
        let is_bad = |quote: &KeptQuote| {
            let spread = quote.ask_vol.zip(quote.bid_vol).map_or(0.0, |(ask, bid)| ask - bid);
            miss(quote).abs() > rules.outlier * typical + 0.5 * spread + VOL_POINT
        };
        let bad: Vec<usize> =
            expiry.quotes.iter().filter(|quote| is_bad(quote)).map(|quote| quote.row).collect();
        if !bad.is_empty() {
            any = true;
            expiry.drop_quotes(DropReason::Outlier, rules.fewest, |quote| bad.contains(&quote.row));
        }
    }
    any
}

fn no_expiry(expiries: &[ScreenedExpiry]) -> PricingError {
    let mut counts = std::collections::BTreeMap::new();
    for expiry in expiries {
        for (reason, count) in expiry.counts() {
            *counts.entry(reason).or_insert(0_usize) += count;
        }
    }
    let reasons: Vec<String> =
        counts.into_iter().map(|(reason, count)| format!("{} {count}", reason.name())).collect();
    PricingError::NoExpiry { expiries: expiries.len(), reasons: reasons.join(", ") }
}
