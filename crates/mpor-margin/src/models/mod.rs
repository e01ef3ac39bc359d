//! The kinds of margin models, one file each; the catalog is sorted by id.

pub mod derive_pmrm2;
pub mod reg_t;
pub mod span;
pub mod tims;

mod isolated;
mod scan;
mod var;

use crate::catalog::KindInfo;

/// Every kind, sorted by id.
pub(crate) const CATALOG: &[KindInfo] = &[
    derive_pmrm2::INFO,
    isolated::INFO,
    reg_t::INFO,
    scan::INFO,
    span::INFO,
    tims::INFO,
    var::INFO,
];
