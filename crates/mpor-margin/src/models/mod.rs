//! The kinds of margin models, one file each; the catalog is sorted by id.

pub mod derive_pmrm2;
pub mod span;

mod isolated;
mod scan;
mod var;

use crate::catalog::KindInfo;

/// Every kind, sorted by id.
pub(crate) const CATALOG: &[KindInfo] =
    &[derive_pmrm2::INFO, isolated::INFO, scan::INFO, span::INFO, var::INFO];
