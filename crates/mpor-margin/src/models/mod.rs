//! The kinds of margin models, one file each; the catalog is sorted by id.

pub mod deribit_pm;
pub mod derive;
pub mod derive_pmrm1;
pub mod derive_pmrm2;
pub mod derive_srm;
pub mod isolated;
pub mod okx_pm;
pub mod oms2;
pub mod paradex_pm;
pub mod reg_t;
pub mod span;
pub mod tims;
pub mod venue;

mod aevo_pm;
mod by_market;
mod clearing_var;
mod scan;
mod series_var;
mod slots;
pub(crate) mod var;

use crate::catalog::KindInfo;

/// Every kind, sorted by id.
pub(crate) const CATALOG: &[KindInfo] = &[
    aevo_pm::INFO,
    clearing_var::INFO,
    deribit_pm::INFO,
    derive_pmrm1::INFO,
    derive_pmrm2::INFO,
    derive_srm::INFO,
    isolated::INFO,
    okx_pm::INFO,
    oms2::INFO,
    paradex_pm::INFO,
    reg_t::INFO,
    scan::INFO,
    series_var::INFO,
    span::INFO,
    tims::INFO,
    var::INFO,
];
