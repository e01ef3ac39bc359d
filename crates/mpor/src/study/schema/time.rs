//! `[calendar]` and `[mpor]`: the margin dates, and how long a loss may run.

use mpor_core::{LossConvention, Span, Timestamp};
use serde::{Deserialize, Serialize};

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

fn one_day() -> Span {
    Span::days(1)
}

/// The time of day at which crypto venues settle.
pub(super) fn eight() -> String {
    "08:00".to_owned()
}
