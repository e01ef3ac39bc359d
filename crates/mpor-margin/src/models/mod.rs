//! The kinds of margin models, one file each; the catalog is sorted by id.

pub mod derive;
pub mod derive_pmrm1;
pub mod derive_pmrm2;
pub mod derive_srm;
pub mod isolated;

mod scan;
mod var;

use crate::catalog::KindInfo;

/// Every kind, sorted by id.
pub(crate) const CATALOG: &[KindInfo] = &[
    derive_pmrm1::INFO,
    derive_pmrm2::INFO,
    derive_srm::INFO,
    isolated::INFO,
    scan::INFO,
    var::INFO,
];
