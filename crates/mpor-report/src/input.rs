//! What a report is made from: the result of a backtest and what else the pages must say about it.

use mpor_backtest::BacktestResult;
use mpor_backtest::default_fund::FundPath;
use mpor_core::{Finding, Timestamp};

/// Everything that a report shows. Nothing is read from files, and nothing here is computed by the report's user.
#[derive(Clone, Debug)]
pub struct ReportInput<'a> {
    /// What the replay found.
    pub result: &'a BacktestResult,
    /// What was asked.
    pub study: StudyCard,
    /// Market history, one row a series.
    pub data: Vec<DataRow>,
    /// What the data checks found.
    pub findings: &'a [Finding],
    /// Where realised values came from.
    pub valuations: Valuations,
    /// What each model assumes, in the order of the result's models; may be shorter.
    pub models: Vec<ModelCard>,
    /// The scan of one account on one day, where a model scans.
    pub scan: Option<ScanMap>,
    /// P&L from marks against P&L from surfaces, where the study has both.
    pub mark_gap: Option<MarkGap>,
    /// How well fitted surfaces meet their quotes, where the study has chains.
    pub surface_fit: Option<SurfaceFit>,
    /// The carry of forwards through time, where the study has prices of futures or chains.
    pub basis: Option<BasisCurve>,
    /// What oracle faults did, one a scenario; empty where the study has none.
    pub oracle: Vec<FaultScenario>,
    /// The default fund under each model; empty where the study has none.
    pub default_fund: &'a [FundPath],
    /// How to make the same result again.
    pub manifest: ManifestCard,
    /// Further limitations or remarks, a sentence each.
    pub notes: Vec<String>,
}

/// The study as its author describes it. Currency, horizon, convention and level are the result's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyCard {
    /// Short name.
    pub name: String,
    /// One or two sentences; may be empty.
    pub description: String,
    /// The question that the study answers; empty = whether the margin was enough.
    pub question: String,
    /// Calendar as the reader should see it, such as `24x7, daily cut 08:00 UTC`.
    pub calendar: String,
    /// Step of the calendar, such as `1d`.
    pub step: String,
    /// First margin date.
    pub from: Timestamp,
    /// Last margin date.
    pub to: Timestamp,
    /// Seed of the random streams; `None` when nothing was drawn.
    pub seed: Option<u64>,
}

/// One series of market history.
#[derive(Clone, Debug, PartialEq)]
pub struct DataRow {
    /// Dataset or file group, such as `prices`.
    pub dataset: String,
    /// Series.
    pub symbol: String,
    /// Observations used.
    pub rows: usize,
    /// First observation.
    pub from: Timestamp,
    /// Last observation.
    pub to: Timestamp,
    /// Observations that the calendar expects and the data lacks.
    pub missing: usize,
    /// Who published it.
    pub source: String,
    /// Under which licence.
    pub licence: String,
    /// Observed or made.
    pub origin: DataOrigin,
}

/// Whether a series was observed or made by a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataOrigin {
    /// Quoted or traded.
    Quoted,
    /// Made by a model from other series.
    Modelled,
}

/// How many values at the end of a margin period of risk came from where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Valuations {
    /// From a listed mark.
    pub mark: usize,
    /// From a volatility surface.
    pub surface: usize,
    /// From settlement of an expired contract.
    pub settlement: usize,
}

/// What a model assumes, beyond the summary in the result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelCard {
    /// The study's name for the model, as in the result.
    pub id: String,
    /// Parameters, name and value with unit.
    pub parameters: Vec<(String, String)>,
    /// Rule sets and versions in force, with validity and source, oldest first.
    pub vintages: Vec<String>,
    /// Inputs that were modelled rather than observed or published.
    pub modelled: Vec<String>,
}

/// P&L of one account over a grid of spot and volatility moves on one day, under one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanMap {
    /// Account.
    pub account: String,
    /// Model.
    pub model: String,
    /// Margin date.
    pub time: Timestamp,
    /// Underlying that is moved.
    pub underlying: String,
    /// Relative spot moves, increasing; 0.1 = up 10 %.
    pub spot_moves: Vec<f64>,
    /// Relative volatility moves, increasing; 0.1 = up 10 %.
    pub vol_moves: Vec<f64>,
    /// P&L, gain positive, in reporting currency: `pnl[vol][spot]`.
    pub pnl: Vec<Vec<f64>>,
    /// The binding cell, (vol, spot); `None` when another rule bound.
    pub binding: Option<(usize, usize)>,
}

/// Bounds of the classes of days to expiry of a [`MarkGap`].
pub const MARK_GAP_DAYS: [f64; 3] = [7.0, 30.0, 90.0];
/// Bounds of its classes of log-moneyness, in standard deviations to expiry.
pub const MARK_GAP_DEVIATIONS: [f64; 4] = [-1.5, -0.5, 0.5, 1.5];

/// P&L over the margin period from marks less P&L from the surface, as a share of the underlying's price, for all options
/// with a mark at both ends: `[days][deviations]`, one class more than bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkGap {
    /// Options and margin periods.
    pub counts: Vec<Vec<usize>>,
    /// Root mean square.
    pub rms: Vec<Vec<f64>>,
    /// The one largest in size.
    pub worst: Vec<Vec<f64>>,
}

/// Errors of fitted volatilities: `[days][underlying]`, with the classes of [`MARK_GAP_DAYS`].
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceFit {
    /// The underlyings.
    pub underlyings: Vec<String>,
    /// Fitted expiries.
    pub slices: Vec<Vec<usize>>,
    /// Root mean square error of volatility; 0.01 = one volatility point.
    pub rms: Vec<Vec<f64>>,
    /// Mean share of quotes met between bid and offer; `None` without two-sided quotes.
    pub within: Vec<Vec<Option<f64>>>,
}

/// Bounds of the classes of days to expiry of a [`BasisCurve`].
pub const BASIS_DAYS: [f64; 3] = [14.0, 45.0, 120.0];

/// Growth of forwards over spot through time: what dated futures cost to carry.
#[derive(Clone, Debug, PartialEq)]
pub struct BasisCurve {
    /// The underlyings.
    pub underlyings: Vec<String>,
    /// The margin dates.
    pub times: Vec<Timestamp>,
    /// Mean carry a year, continuously compounded: `[underlying][class of days][date]`; `None` where no delivery is in the class.
    pub carry: Vec<Vec<Vec<Option<f64>>>>,
}

/// Instants and values, in order of time.
pub type PricePath = Vec<(Timestamp, f64)>;

/// One scenario of oracle faults against the result, which is without them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultScenario {
    /// The study's name for it.
    pub name: String,
    /// What is wrong with whom, in words.
    pub faults: String,
    /// First instant of any of its faults.
    pub from: Timestamp,
    /// First instant after the last of them.
    pub to: Timestamp,
    /// What else must be said, a sentence each.
    pub remarks: Vec<String>,
    /// The prices that the faults change, with and without them.
    pub prices: Vec<FaultPrices>,
    /// One row an account and model, in their order.
    pub rows: Vec<FaultRow>,
    /// The account and model whose initial margin moves most, and what it is under the faults, one a margin date.
    pub largest: Option<(usize, usize, Vec<f64>)>,
}

/// A price that a fault changes: an index, or one source's own book that collateral is valued on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultPrices {
    /// Its name.
    pub name: String,
    /// As recorded, in reporting currency.
    pub recorded: PricePath,
    /// Under the faults.
    pub faulted: PricePath,
    /// The sources of an index under the faults.
    pub sources: Vec<(String, PricePath)>,
}

/// What a scenario does to one account under one model: pairs are without the faults and with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultRow {
    /// Position in the result's accounts.
    pub account: usize,
    /// Position in the result's models.
    pub model: usize,
    /// Mean initial margin.
    pub margin: (f64, f64),
    /// Largest rise of the initial margin at any date.
    pub rise: f64,
    /// Largest fall of it, zero or above.
    pub fall: f64,
    /// Breaches.
    pub breaches: (usize, usize),
    /// Sum of shortfalls.
    pub shortfall: (f64, f64),
    /// Whether the account has collateral, without which nobody is liquidated.
    pub has_collateral: bool,
    /// When it is liquidated.
    pub liquidated: (Option<Timestamp>, Option<Timestamp>),
}

impl FaultRow {
    /// Whether the faults change anything.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.rise > 0.0
            || self.fall > 0.0
            || self.breaches.0 != self.breaches.1
            || self.liquidated.0 != self.liquidated.1
    }
}

/// What makes the result reproducible.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManifestCard {
    /// Version of mpor.
    pub version: String,
    /// BLAKE3 of the resolved study.
    pub study_hash: String,
    /// Inputs: name and BLAKE3.
    pub inputs: Vec<(String, String)>,
    /// Commit of the study's repository, where known.
    pub git: Option<String>,
    /// Command that repeats the run, such as `mpor run studies/quickstart.toml`.
    pub command: String,
}
