//! How do factors move together, and what if they stopped to?
//!
//! | file | question |
//! | --- | --- |
//! | [`rank`] | dependence that outliers do not bend: Spearman, Kendall |
//! | [`shrinkage`] | a covariance from few observations: Ledoit and Wolf |
//! | [`dcc`] | correlations of today: dynamic conditional correlation |
//! | [`nearest`] | the nearest matrix that can be a correlation: Higham |
//! | [`regimes()`] | the calmest and the wildest stretch of a history, found and not given |
//! | [`breaks`] | correlations moved towards a stressed state, kept valid |
//!
//! Observations are rows and series are columns, as in [`mpor_stats::covariance`], which holds the sample and the
//! exponentially weighted covariance. Sums run in a fixed order.

pub mod breaks;
pub mod dcc;
pub(crate) mod eigen;
pub mod nearest;
pub mod rank;
pub mod regimes;
pub mod shrinkage;

pub use breaks::{Broken, Stressed, correlation_break};
pub use dcc::{Dcc, DccFit, ewma_standardised};
pub use nearest::{Nearest, nearest_correlation, smallest_eigenvalue};
pub use rank::{Rank, kendall, rank_correlation, spearman};
pub use regimes::{Regimes, regimes};
pub use shrinkage::{Shrunk, Target, ledoit_wolf};
