//! The study file, key by key. Unknown keys are errors; defaults live here and nowhere else.

mod backtest;
mod data;
mod oracle;
mod report;
mod time;
mod underlying;
mod volatility;

use std::collections::BTreeMap;

use mpor_backtest::books::NamedRule;
use serde::{Deserialize, Serialize};

pub use backtest::{BacktestSpec, Tests};
pub use data::{Data, Paths};
pub use oracle::{CollateralSpec, FaultSpec, IndexSpec, SourceSpec, ValuedOn};
pub use report::{ReportFormat, ReportKind, ReportSpec, by_name};
pub use time::{CalendarKind, CalendarSpec, MporSpec};
pub use underlying::{BasisMoves, FuturesSpec, UnderlyingSpec};
pub use volatility::{ChainPrice, ChainsSpec, Realised, VolIndexLevel, VolLevel, VolatilitySpec};

use super::calibrate::CalibrateSpec;
use super::default_fund::DefaultFundSpec;
use super::stress::StressSpec;
use super::supervision::OffsetSpec;

/// One study: data, calendar, portfolios, models, and what to report.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Version of this schema; 1.
    pub schema: u32,
    /// Short name; also the name of the run's folder.
    pub name: String,
    /// What the study asks, in a sentence or two, for the report's first page.
    #[serde(default)]
    pub description: String,
    /// Reporting currency.
    pub currency: String,
    /// Seed of every random stream.
    #[serde(default)]
    pub seed: u64,
    /// Files.
    pub data: Data,
    /// Value of one unit of a quote currency in the reporting currency, held constant: `{ USDT = 1.0 }`.
    #[serde(default)]
    pub fx: BTreeMap<String, f64>,
    /// Margin dates.
    pub calendar: CalendarSpec,
    /// Margin period of risk.
    pub mpor: MporSpec,
    /// Prices made of several sources by a venue's rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub index: Vec<IndexSpec>,
    /// Faults of those sources; the study is then told with and without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<FaultSpec>,
    /// What accounts have put up, for liquidations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collateral: Vec<CollateralSpec>,
    /// What instruments are written on.
    pub underlying: Vec<UnderlyingSpec>,
    /// Portfolios by rule, unless `data.positions` or `data.trades` names files.
    #[serde(default)]
    pub portfolio: Vec<NamedRule>,
    /// Margin models.
    pub model: Vec<toml::Table>,
    /// How requirement and loss are compared.
    #[serde(default)]
    pub backtest: BacktestSpec,
    /// What is written for people.
    #[serde(default)]
    pub report: ReportSpec,
    /// Accounts that hold what others hold together, for what offsets save.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offset: Vec<OffsetSpec>,
    /// The default fund behind the margins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_fund: Option<DefaultFundSpec>,
    /// What `mpor calibrate` chooses; `mpor run` does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrate: Option<CalibrateSpec>,
    /// What `mpor stress` asks; `mpor run` does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stress: Option<StressSpec>,
}
