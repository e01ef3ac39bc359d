//! What a backtest found, in memory. Tables, figures and reports are made from this and from nothing else.
//!
//! Paths are aligned: `[model][account].initial[step]` belongs to `times[step]`. All amounts in reporting currency.

use mpor_core::{Horizon, Labels, Level, LossConvention, Timestamp};

use crate::coverage::CoverageRow;
use crate::evidence::Evidence;
use crate::folded::Folded;
use crate::forecast_paths::ForecastPath;
use crate::procyclicality::Procyclicality;

/// Everything one run of the replay produced.
#[derive(Clone, Debug)]
pub struct BacktestResult {
    /// Reporting currency.
    pub currency: String,
    /// Margin dates, one a step; warm-up is not part of them.
    pub times: Vec<Timestamp>,
    /// The margin period of risk.
    pub horizon: Horizon,
    /// Which loss decides a breach.
    pub convention: LossConvention,
    /// The coverage that the models are tested against.
    pub level: Level,
    /// Account names.
    pub accounts: Vec<String>,
    /// The models, in the study's order.
    pub models: Vec<ModelInfo>,
    /// Requirements by model, then account; empty paths for accounts whose paths are not [kept](Self::has_paths).
    pub requirements: Vec<Vec<RequirementPath>>,
    /// Realised losses by account; empty paths as above.
    pub losses: Vec<LossPath>,
    /// Breaches in order of model, account, time.
    pub breaches: Vec<Breach>,
    /// Coverage by model, for each account and pooled.
    pub coverage: Vec<CoverageRow>,
    /// Procyclicality by model and account.
    pub procyclicality: Vec<ProcyclicalityRow>,
    /// What the paths of all accounts come to, where not all of them are kept; `None` where they are.
    pub folded: Option<Folded>,
    /// Forecasts by model, then account; those of a model that was not asked have no points.
    pub forecasts: Vec<Vec<ForecastPath>>,
    /// What tests of forecasts, comparisons and monitors make of it.
    pub evidence: Evidence,
}

/// A model as the report names it.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// The study's name for it.
    pub id: String,
    /// Its kind in the catalog, such as `derive-pmrm2` or `var`.
    pub kind: String,
    /// One line on what it does and with which parameters.
    pub summary: String,
    /// Rule set, version, validity and source, where it has one.
    pub rules: Option<String>,
    /// Whether it is the baseline that cost is measured against.
    pub baseline: bool,
}

/// Requirements of one account under one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequirementPath {
    /// Initial margin.
    pub initial: Vec<f64>,
    /// Maintenance margin.
    pub maintenance: Vec<f64>,
    /// The binding scenario or rule; missing where none binds.
    pub binding: Labels,
    /// The parts that the initial margin is the sum of, by name: `components[i].1[step]`, zero where a part has no share.
    /// Below a largest-of they are the parts of what bound. Empty when the replay did not keep them.
    pub components: Vec<(String, Vec<f64>)>,
    /// The model's own initial margin where overlays stand on top of it; `None` where none does, and `initial` is its own.
    pub own: Option<OwnPath>,
}

/// What one model asked of one account before any overlay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnPath {
    /// Initial margin.
    pub initial: Vec<f64>,
    /// Its parts by name, as [`RequirementPath::components`].
    pub components: Vec<(String, Vec<f64>)>,
}

/// Realised losses of one account; positive = loss. `None` in the last steps, whose MPOR is not over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossPath {
    /// Loss at `t + MPOR`.
    pub horizon: Vec<Option<f64>>,
    /// Worst loss at any step of `(t, t + MPOR]`.
    pub worst: Vec<Option<f64>>,
    /// Gross notional of the positions at `t`.
    pub gross_notional: Vec<f64>,
    /// What the positions at `t` were valued by at the end of the MPOR; all zero where the MPOR is not over.
    pub sources: Vec<SourceCounts>,
}

/// How many positions of a portfolio were valued by which source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// A market price or a listed mark.
    pub marks: usize,
    /// A modelled price: volatility surface, modelled carry, or the index in place of a perpetual's mark.
    pub surface: usize,
    /// The settlement price of an expiry inside the MPOR.
    pub settlements: usize,
}

/// One loss above one requirement.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// Margin date.
    pub time: Timestamp,
    /// Index into `times`.
    pub step: usize,
    /// Index into `models`.
    pub model: usize,
    /// Index into `accounts`.
    pub account: usize,
    /// Initial margin at `t`.
    pub requirement: f64,
    /// Realised loss by the study's convention.
    pub loss: f64,
    /// The part of the requirement or the scenario that bound.
    pub binding: String,
    /// P&L by cause, in order of revaluation; adds up to `-loss`.
    pub causes: Vec<(Cause, f64)>,
}

/// Why a portfolio gained or lost, by full revaluation in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The spot or index move.
    Spot,
    /// Perpetual or future against spot.
    Basis,
    /// The discount rate.
    Rate,
    /// The level of implied volatility: all volatilities of an expiry moved with the one at the money.
    VolatilityLevel,
    /// What else implied volatilities did: skew and curvature.
    VolatilityShape,
    /// Passage of time and expiry.
    Time,
    /// What is settled in coin, at the later worth of the coin.
    Fx,
    /// Funding paid or received.
    Funding,
    /// What full revaluation in steps leaves.
    Residual,
}

/// Procyclicality of one model's requirement for one account.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcyclicalityRow {
    /// Index into `models`.
    pub model: usize,
    /// Index into `accounts`.
    pub account: usize,
    /// The metrics; `None` when the path has no positive requirement throughout.
    pub metrics: Option<Procyclicality>,
}

impl Breach {
    /// Loss that the requirement did not cover.
    #[must_use]
    pub fn shortfall(&self) -> f64 {
        self.loss - self.requirement
    }
}

impl SourceCounts {
    /// Adds the counts of other positions.
    pub fn add(&mut self, other: SourceCounts) {
        self.marks += other.marks;
        self.surface += other.surface;
        self.settlements += other.settlements;
    }
}

impl Cause {
    /// As printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cause::Spot => "spot",
            Cause::Basis => "basis",
            Cause::Rate => "rate",
            Cause::VolatilityLevel => "volatility level",
            Cause::VolatilityShape => "volatility shape",
            Cause::Time => "time",
            Cause::Fx => "fx",
            Cause::Funding => "funding",
            Cause::Residual => "residual",
        }
    }
}

impl LossPath {
    /// The losses by a convention.
    #[must_use]
    pub fn by(&self, convention: LossConvention) -> &[Option<f64>] {
        match convention {
            LossConvention::Horizon => &self.horizon,
            LossConvention::Worst => &self.worst,
        }
    }

    /// The largest of them; negative infinity where no MPOR is over.
    #[must_use]
    pub fn largest(&self, convention: LossConvention) -> f64 {
        self.by(convention).iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}
