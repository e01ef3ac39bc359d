//! The nouns of mpor: time, money, levels, market history, instruments, positions and portfolios.
//!
//! Nothing here reads a file, prices an option or knows a margin rule.

pub mod error;
pub mod factor;
pub mod finding;
pub mod forward_curve;
pub mod history;
pub mod horizon;
pub mod instrument;
pub mod labels;
pub mod market;
pub mod money;
pub mod panel;
pub mod portfolio;
pub mod record;
pub mod rows;
pub mod rules;
pub mod surface;
pub mod table;
pub mod time;
pub mod universe;

pub use error::CoreError;
pub use factor::Factor;
pub use finding::{Action, Finding, FindingGroup};
pub use forward_curve::{ForwardCurve, FuturePrice, ListedFuture};
pub use history::{FuturesMarket, History, PriceSeries, QuotedMarket, UnderlyingHistory};
pub use horizon::{Horizon, LossConvention};
pub use instrument::{Contract, Instrument, InstrumentIx, Right, Settlement, UnderlyingIx};
pub use labels::Labels;
pub use market::{MarketState, OptionInputs, OptionMark, UnderlyingState};
pub use money::{Loss, Money, Pnl};
pub use mpor_stats::{Level, NotALevel};
pub use panel::{Panel, Past};
pub use portfolio::{Books, Portfolio, Position};
pub use record::{PositionRow, TradeRow};
pub use rows::Rows;

pub use rules::{RuleHead, RuleStatus, RuleVersion, RuleVersions};
pub use surface::{
    Extrapolation, LongEnd, Lowest, Origin, Pillar, ShortEnd, Smile, SmileShape, Smiles, SsviSlice,
    SviSlice, VolSurface, Wings,
};
pub use table::{Column, Table};
pub use time::{Span, TimeError, Timestamp};
pub use universe::{Underlying, Universe};
