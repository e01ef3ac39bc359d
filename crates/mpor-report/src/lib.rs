//! Figures, pages and tables from the result of a backtest.
//!
//! [`render`] takes a [`ReportInput`] and gives back files as bytes: each figure as SVG and PNG with the table it was
//! drawn from, and a PDF and a page for browsers that can be sent as they are. It reads and writes nothing, uses no clock and no system font, and
//! gives the same bytes for the same input.

mod document;
mod draw;
pub mod drawing;
mod error;
pub mod evidence;
pub mod figures;
mod fonts;
pub mod format;
mod html;
pub mod input;
mod palette;
mod pdf;
mod render;
mod sections;
mod short_pages;
pub mod story;
mod text;

pub use document::Kind;
pub use error::ReportError;
pub use evidence::Evidence;
pub use figures::calibration_frontier::{
    CalibrationPoint, CalibrationRegion, CalibrationView, render_calibration,
};
pub use figures::calibration_map::CalibrationMap;
pub use figures::stress::{Heat, Heats, Ladder, StressView, Waterfall, render_stress};
pub use input::{
    BASIS_DAYS, BasisCurve, DataOrigin, DataRow, FaultPrices, FaultRow, FaultScenario,
    MARK_GAP_DAYS, MARK_GAP_DEVIATIONS, ManifestCard, MarkGap, ModelCard, ReportInput, ScanMap,
    StudyCard, SurfaceFit, Valuations,
};
pub use render::{Artifact, Format, Rendered, render, render_about, render_drawings, render_kinds};
pub use short_pages::{ShortPages, ShortTable};
