//! The study file, key by key. Unknown keys are errors; defaults live here and nowhere else.

use std::collections::BTreeMap;

use mpor_backtest::books::NamedRule;
use mpor_backtest::coverage::Wanted;
use mpor_core::{Level, LossConvention, Settlement, Span, Timestamp};
use mpor_data::Policies;
use mpor_data::index::FaultKind;
use mpor_pricing::surface::PriceChoice;
use serde::{Deserialize, Serialize};

use super::calibrate::CalibrateSpec;

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
    /// What `mpor calibrate` chooses; `mpor run` does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrate: Option<CalibrateSpec>,
}

/// Where history and positions are. Paths are relative to the study file; globs and object-store URLs are allowed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// The folder that paths of the study are relative to, itself relative to the study file; that file's own where absent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub base: String,
    /// Bars.
    pub prices: Paths,
    /// Volatility indices.
    pub vol_index: Paths,
    /// Funding payments.
    pub funding: Paths,
    /// Instruments, where positions name listed contracts.
    pub instruments: Paths,
    /// Venue marks of listed options, by name of the contract; they take precedence over the surface.
    pub option_marks: Paths,
    /// Position snapshots.
    pub positions: Paths,
    /// Trades, instead of snapshots.
    pub trades: Paths,
    /// Folders of the user's own rule sets.
    pub rules: Vec<String>,
    /// What to do about a finding, by its code.
    pub policy: Policies,
}

/// One path or several.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(untagged, expecting = "write a path in quotes, or a list of paths")]
pub enum Paths {
    /// None given.
    #[default]
    None,
    /// One path, glob or URL.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// The margin dates.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSpec {
    /// All days, or the days that the data trades on.
    pub kind: CalendarKind,
    /// Distance of two margin dates; `1d` for trading days.
    #[serde(default = "one_day")]
    pub step: Span,
    /// Time of day of the daily cut, UTC, `HH:MM`; for `24x7`.
    #[serde(default = "eight")]
    pub cut: String,
    /// First margin date; models that need more history start later, and the report says so.
    pub from: Timestamp,
    /// Last margin date; the data's last where absent.
    #[serde(default)]
    pub to: Option<Timestamp>,
}

/// Which days are margin dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum CalendarKind {
    /// Every day, cut at one time.
    #[serde(rename = "24x7")]
    AllDays,
    /// The days on which the first underlying has a price.
    #[serde(rename = "trading_days")]
    TradingDays,
}

/// The margin period of risk.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MporSpec {
    /// Duration: `2d` is two days, or two trading days; `48h` is hours.
    pub horizon: Span,
    /// Which loss decides a breach.
    #[serde(default)]
    pub loss: LossConvention,
}

/// One underlying and where its market comes from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UnderlyingSpec {
    /// Name used in portfolios and rules.
    pub name: String,
    /// Name of an `[[index]]`, or symbol of its spot or index series in the `prices` table.
    pub prices: String,
    /// Currency the series is quoted in; the reporting currency where absent.
    #[serde(default)]
    pub quote: Option<String>,
    /// Symbol of its perpetual in the `prices` table; the index is used where absent, and the report says so.
    #[serde(default)]
    pub perpetual: Option<String>,
    /// Symbol of its funding in the `funding` table; no funding accrues where absent.
    #[serde(default)]
    pub funding: Option<String>,
    /// Continuously compounded growth of forwards over spot, per year.
    #[serde(default)]
    pub carry: f64,
    /// Continuously compounded discount rate of the quote currency, per year.
    #[serde(default)]
    pub rate: f64,
    /// Averaging time of the settlement price before an expiry; `0s` = the index at the instant.
    #[serde(default)]
    pub settlement_window: Span,
    /// Symbol of the series in the `prices` table that contracts settle on; `prices` where absent.
    #[serde(default)]
    pub settles_on: Option<String>,
    /// Modelled volatilities, for options on history without chains.
    #[serde(default)]
    pub volatility: Option<VolatilitySpec>,
    /// A history of option chains: surfaces, forwards and marks as quoted, instead of modelled ones.
    #[serde(default)]
    pub chains: Option<ChainsSpec>,
    /// Prices of its dated futures and its perpetual, with which it has a basis curve of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub futures: Option<FuturesSpec>,
}

/// Futures with prices of their own.
///
/// Dated futures are found in the files by their symbols: `BTC-27MAR26` of the underlying `BTC`. Symbols that say nothing of
/// their expiry are stated under `expiries`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FuturesSpec {
    /// Files in the schema `prices`; those of `data.prices` where absent.
    #[serde(default)]
    pub prices: Paths,
    /// Symbol of the perpetual in them. Other than `perpetual` of the underlying, it may begin later or end earlier than the
    /// study: the index stands in its place there, and is counted as modelled.
    #[serde(default)]
    pub perpetual: Option<String>,
    /// What symbols of dated futures begin with, before the date; the underlying's own name where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Time of day at which futures expire whose symbol says the date, UTC, `HH:MM`.
    #[serde(default = "eight")]
    pub expires_at: String,
    /// Expiries by symbol: `{ CLK20 = "2020-04-21T18:30:00Z" }`.
    #[serde(default)]
    pub expiries: BTreeMap<String, Timestamp>,
    /// How long the last price may stand for the basis; the chain's forward or the flat carry after that.
    pub limit: Span,
    /// What the basis does in scenarios made of history.
    #[serde(default)]
    pub basis: BasisMoves,
}

/// What the basis does in scenarios made of history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisMoves {
    /// The carry of all expiries moves as that of 30 days did.
    #[default]
    Moves,
    /// Each expiry keeps its carry: futures move with spot.
    Held,
}

impl UnderlyingSpec {
    /// Symbol of the series that contracts settle on.
    pub(crate) fn settlement_series(&self) -> &String {
        self.settles_on.as_ref().unwrap_or(&self.prices)
    }
}

/// How a history of option chains becomes surfaces, forwards and marks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChainsSpec {
    /// Files in the schema `chains`.
    pub quotes: Paths,
    /// The underlying's name in the files; its own name where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// What is fitted: `essvi`, `ssvi` or `svi`.
    #[serde(default = "essvi")]
    pub surface: String,
    /// The table `surfaces` of an earlier run: its surfaces are taken as they are, and none is fitted.
    #[serde(default)]
    pub surfaces: Option<String>,
    /// Which price of a row the surface is fitted to.
    #[serde(default)]
    pub price: ChainPrice,
    /// How long a snapshot may stand.
    pub limit: Span,
    /// Tenors, in days, at which volatility is a risk factor.
    #[serde(default = "tenors")]
    pub tenors: Vec<u16>,
    /// What the listed options settle in.
    pub settlement: Settlement,
    /// Units of the underlying a listed option.
    #[serde(default = "one")]
    pub contract_size: f64,
}

/// The price of a row of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainPrice {
    /// The middle of bid and offer; rows without both are dropped.
    #[default]
    Mid,
    /// The venue's mark.
    Mark,
    /// The middle where there are two sides, the mark elsewhere.
    MidElseMark,
}

impl ChainPrice {
    pub(crate) fn choice(self) -> PriceChoice {
        match self {
            ChainPrice::Mid => PriceChoice::Mid,
            ChainPrice::Mark => PriceChoice::Mark,
            ChainPrice::MidElseMark => PriceChoice::MidElseMark,
        }
    }
}

impl std::fmt::Display for ChainPrice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ChainPrice::Mid => "mid",
            ChainPrice::Mark => "mark",
            ChainPrice::MidElseMark => "mid, else mark,",
        })
    }
}

/// An index price: several sources, one rule.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IndexSpec {
    /// Name that `[[underlying]] prices` and `[[collateral]] valued_on` use.
    pub name: String,
    /// Name of the rule, `venue/index`; see `mpor rules`.
    pub rule: String,
    /// Takes the version in force at this time for all times; the version in force at each time where absent.
    #[serde(default)]
    pub as_of: Option<Timestamp>,
    /// The oldest that a source's value may be, in place of the rule's limit: for bars coarser than the venue's feed.
    #[serde(default)]
    pub stale_after: Option<Span>,
    /// Whose prices it is made of.
    pub sources: Vec<SourceSpec>,
}

/// One series of the `prices` table by symbol and source.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSpec {
    /// Symbol.
    pub prices: String,
    /// Venue or provider, as the table's `source` column says.
    pub source: String,
    /// Currency it is quoted in; the reporting currency where absent.
    #[serde(default)]
    pub quote: Option<String>,
    /// Its weight over the rule's, where the rule weighs.
    #[serde(default)]
    pub weight: Option<f64>,
}

/// One fault of one source; faults of one name happen together.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// Name of the scenario that it is part of.
    pub name: String,
    /// The source, as `[[index]]` or `[[collateral]]` names it.
    pub source: String,
    /// Symbol, where only one of the source's series is meant.
    #[serde(default)]
    pub prices: Option<String>,
    /// What is wrong with it.
    pub kind: FaultKind,
    /// First instant of the fault.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
    /// For `lagged`: how late.
    #[serde(default)]
    pub lag: Option<Span>,
    /// For `spiked` and `depegged`: the move as a fraction, such as -0.35.
    #[serde(default, rename = "move")]
    pub shift: Option<f64>,
    /// For `depegged`: how long the move takes to build up.
    #[serde(default)]
    pub ramp: Option<Span>,
}

/// What an account has put up.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CollateralSpec {
    /// The account: a portfolio's name, or one of the positions table.
    pub account: String,
    /// The reporting currency, an `[[underlying]]`, or any name together with `valued_on`.
    pub asset: String,
    /// Units of the asset, above zero.
    pub amount: f64,
    /// What one unit is worth: an index, or one source's own book; the underlying's own price where absent.
    #[serde(default)]
    pub valued_on: Option<ValuedOn>,
}

/// Whose price collateral is valued at.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "write the name of an `[[index]]`, or one source such as { prices = \"BTC/USDT\", source = \"binance\" }"
)]
pub enum ValuedOn {
    /// An index by name.
    Index(String),
    /// One source alone.
    Book(SourceSpec),
}

/// How a volatility surface is made for history without option chains.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VolatilitySpec {
    /// File of a real option chain that gives smile and term-structure shape.
    pub chain: String,
    /// Underlying to take from the chain file; the underlying's own name where absent.
    #[serde(default)]
    pub chain_underlying: Option<String>,
    /// What moves the level.
    pub level: VolLevel,
    /// Reversion of at-the-money variance to the long-run level, per year; fitted to the chain where absent, which needs
    /// at least four expiries of one moment.
    #[serde(default)]
    pub reversion: Option<f64>,
    /// Trailing steps of realised volatility that the far end of the term structure reverts to.
    #[serde(default = "two_years")]
    pub long_run_window: usize,
    /// Tenors, in days, at which volatility is a risk factor.
    #[serde(default = "tenors")]
    pub tenors: Vec<u16>,
}

/// What moves the level of a modelled surface.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum VolLevel {
    /// Realised volatility of the underlying's own returns.
    Realised(Realised),
    /// A volatility index.
    Index(VolIndexLevel),
}

/// Exponentially weighted realised volatility.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Realised {
    /// Decay per step.
    pub ewma: f64,
    /// Implied over realised volatility.
    #[serde(default = "one")]
    pub premium: f64,
    /// Smallest level per year.
    #[serde(default)]
    pub floor: f64,
}

/// A volatility index as the level at its own tenor.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VolIndexLevel {
    /// Underlying named in the `vol_index` table: `SPX` for the VIX.
    pub symbol: String,
    /// Realised volatility where the index has no history yet; an error there where absent.
    #[serde(default)]
    pub before: Option<Realised>,
}

/// How requirement and loss are compared.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestSpec {
    /// Coverage that the models are tested against.
    pub level: Level,
    /// `"standard"` (those that are fast, one a question), `"all"`, or a list of test names.
    pub tests: Tests,
    /// Whether every requirement is stored with its parts.
    pub components: bool,
    /// Whether the tables that supervisors ask for are written: achieved coverage and calls in the form of the public
    /// quantitative disclosures, severity, margin to volatility, core model against what was required, P&L attribution.
    pub disclosures: bool,
}

/// Which coverage tests are run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "write \"standard\", \"all\", or a list of test names (see `mpor tests`)"
)]
pub enum Tests {
    /// A word.
    Word(TestsWord),
    /// Names from the catalog.
    Some(Vec<String>),
}

/// A word that stands for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestsWord {
    /// Those that are fast, one a question.
    Standard,
    /// All there are.
    All,
}

impl Tests {
    /// As the backtest takes it.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        match self {
            Tests::Word(TestsWord::Standard) => Wanted::Standard,
            Tests::Word(TestsWord::All) => Wanted::All,
            Tests::Some(names) => Wanted::Named(names),
        }
    }
}

/// What is written for people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSpec {
    /// Which renderings.
    pub formats: Vec<ReportFormat>,
    /// Account of the main chart; the one with the largest shortfall where absent.
    pub account: Option<String>,
}

/// A rendering of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// One typeset document.
    Pdf,
    /// One picture a figure.
    Png,
    /// One drawing a figure.
    Svg,
}

impl Paths {
    /// The paths in order.
    #[must_use]
    pub fn list(&self) -> &[String] {
        match self {
            Paths::None => &[],
            Paths::One(path) => std::slice::from_ref(path),
            Paths::Many(paths) => paths,
        }
    }
}

impl Serialize for Paths {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list().serialize(serializer)
    }
}

impl Default for BacktestSpec {
    fn default() -> Self {
        BacktestSpec {
            level: Level::P99,
            tests: Tests::Word(TestsWord::Standard),
            components: true,
            disclosures: true,
        }
    }
}

impl Default for ReportSpec {
    fn default() -> Self {
        let formats = vec![ReportFormat::Pdf, ReportFormat::Png, ReportFormat::Svg];
        ReportSpec { formats, account: None }
    }
}

fn one_day() -> Span {
    Span::days(1)
}

fn eight() -> String {
    "08:00".to_owned()
}

fn essvi() -> String {
    "essvi".to_owned()
}

fn two_years() -> usize {
    730
}

fn tenors() -> Vec<u16> {
    vec![7, 30, 90, 180, 365]
}

fn one() -> f64 {
    1.0
}
