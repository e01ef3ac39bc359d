//! Refits along a series: the last `length` returns, every `every` returns, each fit started from the one before.
//!
//! Every window is scaled and filtered from its own start, so that a window's answer depends on its own returns, and on earlier ones
//! only through the point where the search begins. The further starts of [`FitOptions`] are what keeps one bad window from misleading
//! those that follow: [`Fit::gain_over_first`] says where they did.

use rayon::prelude::*;

use super::fit::{Fit, FitOptions, Fitter};
use super::{Model, VolatilityPath, lanes};
use crate::error::RiskError;

/// Which windows of a series are fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Returns in a window.
    pub length: usize,
    /// Returns from one fit to the next.
    pub every: usize,
}

/// The fit of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refit {
    /// The window ends before this return: its fit may be used from here on.
    pub at: usize,
    /// The fit.
    pub fit: Fit,
}

impl Windows {
    /// Ends of the windows in a series of `n` returns: `length`, `length + every`, .. below `n`, or `n` alone for a series of one window.
    ///
    /// # Errors
    /// [`RiskError::Parameter`] for a step of zero, [`RiskError::ShortSeries`] for a window longer than the series.
    pub fn ends(&self, n: usize) -> Result<Vec<usize>, RiskError> {
        if self.every == 0 {
            let (name, found) = ("every", "0".to_owned());
            return Err(RiskError::Parameter { name, found, expected: "at least 1 return" });
        }
        if n < self.length {
            let what = "a rolling fit";
            return Err(RiskError::ShortSeries { what, needed: self.length, found: n });
        }
        Ok((self.length..n.max(self.length + 1)).step_by(self.every).collect())
    }
}

impl Model {
    /// The fits of all windows of a series. The first has `options.starts` starts; later ones as many, the first of which is the fit before.
    ///
    /// # Errors
    /// As [`Windows::ends`] and [`Model::fit`].
    pub fn refit(
        &self,
        returns: &[f64],
        windows: Windows,
        options: &FitOptions,
    ) -> Result<Vec<Refit>, RiskError> {
        let ends = windows.ends(returns.len())?;
        let mut fitter = Fitter::new(self, &returns[..windows.length], options)?;
        let mut options = *options;
        let mut refits = Vec::with_capacity(ends.len());
        for at in ends {
            fitter.refill(&returns[at - windows.length..at])?;
            let fit = fitter.fit(&options);
            if fit.status.is_usable() {
                options.warm = Some(fit.parameters);
            }
            refits.push(Refit { at, fit });
        }
        Ok(refits)
    }

    /// [`Model::refit`] of many series, in parallel, in their order; GARCH with mean zero and normal innovations eight series at a time.
    ///
    /// # Errors
    /// Those of the first series that has one.
    pub fn refit_all(
        &self,
        series: &[&[f64]],
        windows: Windows,
        options: &FitOptions,
    ) -> Result<Vec<Vec<Refit>>, RiskError> {
        if !lanes::is_plain(self) {
            return series
                .par_iter()
                .map(|returns| self.refit(returns, windows, options))
                .collect();
        }
        let groups: Vec<Vec<Vec<Refit>>> = series
            .par_chunks(lanes::LANES)
            .map(|group| lanes::refit(self, group, windows, options))
            .collect::<Result<_, _>>()?;
        Ok(groups.into_iter().flatten().collect())
    }

    /// The volatilities of the window that ends before `at`, by the parameters of a fit that was known then.
    ///
    /// # Errors
    /// As [`Model::path`].
    pub fn window_path(
        &self,
        returns: &[f64],
        at: usize,
        length: usize,
        fit: &Fit,
    ) -> Result<VolatilityPath, RiskError> {
        let found = at.min(returns.len());
        let Some(start) = found.checked_sub(length) else {
            return Err(RiskError::ShortSeries { what: "a rolling window", needed: length, found });
        };
        self.path(&returns[start..found], &fit.parameters)
    }
}
