//! The figures of a report: one file each, each a function from the evidence to drawings.
//!
//! To add one: write `figures/<name>.rs`, add its `mod` line and its entry in [`CATALOG`].

mod axes;
mod basis;
mod breach_timeline;
pub mod calibration_frontier;
pub mod calibration_map;
mod components;
mod coverage;
mod data_coverage;
mod default_fund;
mod e_process;
mod explanation;
mod frontier;
mod margin_grid;
pub(crate) mod margin_loss;
mod mark_gap;
mod offset_benefit;
pub(crate) mod oracle;
mod pit;
mod pnl_distribution;
mod procyclicality;
mod scan_map;
mod shortfalls;
pub mod stress;
mod stress_contributions;
mod stress_correlations;
mod stress_ladders;
mod surface_fit;

use crate::drawing::Drawing;
use crate::error::ReportError;
use crate::evidence::Evidence;

/// One kind of figure.
pub trait Figure: Send + Sync {
    /// Its name in the catalog, and the start of its drawings' file names.
    fn id(&self) -> &'static str;
    /// The question it answers.
    fn question(&self) -> &'static str;
    /// Its drawings; none when the evidence lacks what it shows.
    ///
    /// # Errors
    /// [`ReportError::Table`] when its source table is ragged, which would be a fault of the figure.
    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError>;
}

/// Every figure, sorted by id.
pub const CATALOG: &[&dyn Figure] = &[
    &basis::BasisFigure,
    &breach_timeline::BreachTimelineFigure,
    &components::ComponentsFigure,
    &coverage::CoverageFigure,
    &data_coverage::DataCoverageFigure,
    &default_fund::DefaultFundFigure,
    &e_process::EProcessFigure,
    &explanation::ExplanationFigure,
    &frontier::FrontierFigure,
    &margin_grid::MarginGridFigure,
    &margin_loss::MarginLossFigure,
    &mark_gap::MarkGapFigure,
    &offset_benefit::OffsetBenefitFigure,
    &oracle::OracleFigure,
    &pit::PitFigure,
    &pnl_distribution::PnlDistributionFigure,
    &procyclicality::ProcyclicalityFigure,
    &scan_map::ScanMapFigure,
    &shortfalls::ShortfallsFigure,
    &surface_fit::SurfaceFitFigure,
];

/// Every drawing that the evidence has something for, in the catalog's order.
pub(crate) fn build_all(evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
    let built: Result<Vec<Vec<Drawing>>, ReportError> =
        CATALOG.iter().map(|figure| figure.build(evidence)).collect();
    Ok(built?.concat())
}
