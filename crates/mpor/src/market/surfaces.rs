//! The result table `surfaces`: how each expiry of each snapshot was fitted, and what was left out of it.

use mpor_core::{Column, Smiles, SsviSlice, Table, Timestamp, VolSurface};
use mpor_pricing::surface::{ChainSurface, ForwardSource, SliceQuality};

use mpor_report::{MARK_GAP_DAYS, SurfaceFit};

use crate::error::MporError;

/// The expiries of every snapshot that a margin date stands on.
#[derive(Clone, Debug, Default)]
pub struct SurfaceRows {
    rows: Vec<(Timestamp, String, SliceQuality, Option<SsviSlice>)>,
}

fn said(source: ForwardSource) -> &'static str {
    match source {
        ForwardSource::Stated => "stated",
        ForwardSource::Parity => "parity",
        ForwardSource::ParityAndDiscount => "parity, with discount",
    }
}

/// Errors of some expiries.
#[derive(Clone, Copy, Default)]
struct Gathered {
    slices: usize,
    squares: f64,
    sided: usize,
    within: f64,
}

impl Gathered {
    fn add(&mut self, rms: f64, within: Option<f64>) {
        self.slices += 1;
        self.squares += rms * rms;
        if let Some(within) = within {
            self.sided += 1;
            self.within += within;
        }
    }
}

/// The slice of a pillar; `None` for raw SVI and for an expiry without a pillar.
fn smile_at(surface: &VolSurface, years: f64) -> Option<SsviSlice> {
    let at = surface.pillars().iter().position(|pillar| pillar.years == years)?;
    match surface.smiles() {
        Smiles::Ssvi(slices) => slices.get(at).copied(),
        Smiles::Shared(shape) => {
            let theta = surface.pillars()[at].total_variance;
            let rho = shape.parameters()[0];
            Some(SsviSlice { theta, rho, psi: theta * shape.phi(theta) })
        }
        Smiles::Svi(_) => None,
    }
}

impl SurfaceRows {
    /// Whether no underlying has chains.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn add(&mut self, underlying: &str, time: Timestamp, fitted: &ChainSurface) {
        for slice in &fitted.quality {
            let smile = smile_at(&fitted.surface, slice.years);
            self.rows.push((time, underlying.to_owned(), slice.clone(), smile));
        }
    }

    /// The errors gathered by underlying and days to expiry; `None` where nothing was fitted.
    #[must_use]
    pub fn fit(&self) -> Option<SurfaceFit> {
        let mut underlyings: Vec<String> = self.rows.iter().map(|row| row.1.clone()).collect();
        underlyings.dedup();
        let blank = || vec![vec![Gathered::default(); underlyings.len()]; MARK_GAP_DAYS.len() + 1];
        let mut cells = blank();
        for (_, underlying, slice, _) in &self.rows {
            let column = underlyings.iter().position(|known| known == underlying)?;
            let row = MARK_GAP_DAYS.iter().filter(|&&days| 365.0 * slice.years > days).count();
            if let Some(fit) = &slice.fit {
                cells[row][column].add(fit.rms_error, fit.within_spread);
            }
        }
        fn all<T>(cells: &[Vec<Gathered>], of: impl Fn(&Gathered) -> T) -> Vec<Vec<T>> {
            cells.iter().map(|row| row.iter().map(&of).collect()).collect()
        }
        (!underlyings.is_empty()).then(|| SurfaceFit {
            slices: all(&cells, |cell| cell.slices),
            rms: all(&cells, |cell| (cell.squares / cell.slices.max(1) as f64).sqrt()),
            within: all(&cells, |cell| (cell.sided > 0).then(|| cell.within / cell.sided as f64)),
            underlyings,
        })
    }

    /// One row an expiry: `years` to expiry, its forward and where that comes from, how many quotes were used and why others
    /// were not, at-the-money volatility, errors in volatility, share of quotes met between bid and offer, Durrleman's
    /// condition where it is lowest, which conditions against arbitrage held the fit back, and the parameters of its SSVI slice
    /// (none for raw SVI), from which a later study takes the surface without fitting it again.
    ///
    /// # Errors
    /// [`MporError::Table`]: never for the columns made here.
    pub fn table(&self) -> Result<Table, MporError> {
        let slices = || self.rows.iter().map(|(_, _, slice, _)| slice);
        let number = |of: &dyn Fn(&SliceQuality) -> Option<f64>| {
            let finite = |slice| of(slice).filter(|value| value.is_finite());
            Column::Number(slices().map(finite).collect())
        };
        let dropped = |slice: &SliceQuality| {
            let each = slice.dropped.iter().map(|(why, count)| format!("{} {count}", why.name()));
            each.collect::<Vec<_>>().join("; ")
        };
        let held_by = |slice: &SliceQuality| {
            let bounds = slice.fit.iter().flat_map(|fit| &fit.held_by);
            bounds.map(|bound| bound.name()).collect::<Vec<_>>().join("; ")
        };
        let source = |slice: &SliceQuality| slice.forward.map(|fit| said(fit.source));
        let parameter = |of: &dyn Fn(&SsviSlice) -> f64| {
            Column::Number(self.rows.iter().map(|row| row.3.as_ref().map(of)).collect())
        };
        let columns = [
            ("time", Column::times(self.rows.iter().map(|row| row.0))),
            ("underlying", Column::labels(self.rows.iter().map(|row| row.1.as_str()))),
            ("years", number(&|slice| Some(slice.years))),
            ("forward", number(&|slice| Some(slice.forward?.forward))),
            ("forward_source", Column::Label(slices().map(source).collect())),
            ("quotes", Column::counts(slices().map(|slice| slice.used))),
            ("dropped", Column::labels(slices().map(dropped))),
            ("atm_vol", number(&|slice| Some(slice.fit.as_ref()?.atm_vol))),
            ("rms_error", number(&|slice| Some(slice.fit.as_ref()?.rms_error))),
            ("worst_error", number(&|slice| Some(slice.fit.as_ref()?.worst_error))),
            ("within_spread", number(&|slice| slice.fit.as_ref()?.within_spread)),
            ("lowest_density", number(&|slice| Some(slice.fit.as_ref()?.lowest_density.value))),
            ("held_by", Column::labels(slices().map(held_by))),
            ("theta", parameter(&|smile| smile.theta)),
            ("rho", parameter(&|smile| smile.rho)),
            ("psi", parameter(&|smile| smile.psi)),
        ];
        Ok(Table::new("surfaces", columns)?)
    }
}
