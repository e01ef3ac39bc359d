//! What the coin venues' portfolio margins have in common: the contracts they cover, in coins, and how volatility moves with tenor.
//!
//! ```text
//! m(days)  = (30 / max(days, floor))^p,   p = short power up to 30 days, long power beyond
//! vol up   = max( vol (1 + range_up m), least volatility ),   vol down = max( vol (1 - range_down m), 0 )
//! ```
//!
//! Options are Black-76 on the forward of their expiry, without interest; their delta is `N(d1)`, `N(d1) - 1` of puts.
//!
//! A margin date of a replay and a published test case both become these types, so both run through the same arithmetic.

use std::borrow::Cow;

use mpor_core::{Contract, InstrumentIx, Right, Settlement, UnderlyingIx};
use mpor_pricing::{Black76, PricingError};
use mpor_risk::Day;
use serde::Deserialize;

use super::slots::{Slot, Slots};
use crate::error::MarginError;

/// Days a year.
pub const YEAR_DAYS: f64 = 365.0;

/// Days at which the tenor factor is one.
const PIVOT_DAYS: f64 = 30.0;

/// One contract that somebody holds, sized in coins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VenueContract {
    /// The coin itself.
    Spot {
        /// USD per coin.
        price: f64,
    },
    /// A perpetual future.
    Perpetual {
        /// Mark, USD per coin.
        mark: f64,
    },
    /// A dated future.
    Future {
        /// Days to expiry, not below zero.
        days: f64,
        /// Mark, USD per coin.
        mark: f64,
    },
    /// A European option.
    Option(VenueOption),
}

/// A European option on a forward, without interest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VenueOption {
    /// Days to expiry, not below zero.
    pub days: f64,
    /// Forward of its expiry, USD per coin.
    pub forward: f64,
    /// Strike in USD.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Black volatility per year.
    pub vol: f64,
    /// What it pays in.
    pub settlement: Settlement,
}

/// How volatilities move up and down with tenor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TenorShock {
    /// Relative rise at 30 days.
    pub range_up: f64,
    /// Relative fall at 30 days.
    pub range_down: f64,
    /// Power up to 30 days.
    pub short_power: f64,
    /// Power beyond.
    pub long_power: f64,
    /// Days below which the factor grows no more, above zero.
    pub floor_days: f64,
    /// Lowest volatility after a rise.
    pub least_vol_up: f64,
}

impl VenueContract {
    /// Days to expiry; `None` where there is no expiry.
    #[must_use]
    pub fn days(&self) -> Option<f64> {
        match *self {
            VenueContract::Spot { .. } | VenueContract::Perpetual { .. } => None,
            VenueContract::Future { days, .. } => Some(days),
            VenueContract::Option(option) => Some(option.days),
        }
    }

    /// Coins of forward that one coin of the contract moves like.
    ///
    /// # Errors
    /// [`PricingError::Input`] for an option that admits no value.
    pub fn delta(&self) -> Result<f64, PricingError> {
        match self {
            VenueContract::Option(option) => option.delta(),
            _ => Ok(1.0),
        }
    }
}

impl VenueOption {
    /// Value in USD.
    ///
    /// # Errors
    /// [`PricingError::Input`] for inputs that admit no value.
    pub fn value(&self) -> Result<f64, PricingError> {
        Ok(self.priced()?.price())
    }

    /// Change of value per USD of forward.
    ///
    /// # Errors
    /// As [`VenueOption::value`].
    pub fn delta(&self) -> Result<f64, PricingError> {
        Ok(self.priced()?.delta())
    }

    fn priced(&self) -> Result<Black76, PricingError> {
        let years = self.days / YEAR_DAYS;
        Black76::new(self.forward, self.strike, years, self.vol, 0.0, self.right)
    }
}

impl TenorShock {
    /// The volatility after a rise.
    #[must_use]
    pub fn up(&self, vol: f64, days: f64) -> f64 {
        (vol * (1.0 + self.range_up * self.multiple(days))).max(self.least_vol_up)
    }

    /// The volatility after a fall.
    #[must_use]
    pub fn down(&self, vol: f64, days: f64) -> f64 {
        vol * (1.0 - self.range_down * self.multiple(days)).max(0.0)
    }

    fn multiple(&self, days: f64) -> f64 {
        let power = if days <= PIVOT_DAYS { self.short_power } else { self.long_power };
        libm::pow(PIVOT_DAYS / days.max(self.floor_days), power)
    }
}

/// Contracts of one underlying that anyone holds on a day.
pub(super) struct Group {
    pub underlying: UnderlyingIx,
    pub contracts: Vec<VenueContract>,
}

/// Why no account is short of spot.
const SHORT_SPOT: &str = "spot cannot be short: what a borrowed coin costs is not in these rules; hold the perpetual short instead";

/// Sorts the held instruments into one group an underlying; `cover` says whether the model has a rule, or why it has none.
pub(super) fn group(
    day: &Day<'_>,
    cover: impl Fn(&str, &VenueContract) -> Result<(), String>,
) -> Result<(Slots, Vec<Group>), MarginError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_row = Vec::with_capacity(day.held.len());
    for &ix in day.held {
        let underlying = day.universe.instrument(ix).underlying;
        let (contract, coins) = listed(day, ix)?;
        by_row.push(match cover(&day.universe.underlying(underlying).name, &contract) {
            Err(reason) => Slot::NotCovered(reason),
            Ok(()) => {
                let group = of_underlying(&mut groups, underlying);
                let contracts = &mut groups[group].contracts;
                contracts.push(contract);
                let spot = matches!(contract, VenueContract::Spot { .. });
                let refused_short = spot.then_some(SHORT_SPOT);
                let contract = contracts.len() - 1;
                Slot::Covered { group, contract, units: coins, refused_short }
            }
        });
    }
    Ok((Slots::new(groups.len(), by_row), groups))
}

/// The group of an underlying, begun where there is none yet.
fn of_underlying(groups: &mut Vec<Group>, underlying: UnderlyingIx) -> usize {
    if let Some(known) = groups.iter().position(|group| group.underlying == underlying) {
        return known;
    }
    groups.push(Group { underlying, contracts: Vec::new() });
    groups.len() - 1
}

/// The contract of an instrument on a day, and the coins of one as listed.
fn listed(day: &Day<'_>, ix: InstrumentIx) -> Result<(VenueContract, f64), MarginError> {
    let instrument = day.universe.instrument(ix);
    let (time, name, size) = (day.time(), &instrument.name, instrument.contract_size);
    let state = day.state.underlying(instrument.underlying);
    let days = match instrument.contract.expiry() {
        Some(expiry) if expiry < time => {
            return Err(PricingError::Expired { instrument: name.clone(), expiry, time }.into());
        }
        Some(expiry) => (expiry - time).0 as f64 / 86_400e6,
        None => 0.0,
    };
    // Coin-settled futures are sized in quote currency.
    let coins =
        |settlement, mark: f64| if settlement == Settlement::Coin { size / mark } else { size };
    Ok(match instrument.contract {
        Contract::Spot => (VenueContract::Spot { price: state.spot }, size),
        Contract::Perpetual { settlement } => {
            let mark = state.perpetual;
            (VenueContract::Perpetual { mark }, coins(settlement, mark))
        }
        Contract::Future { settlement, .. } => {
            let mark = state.forward(days / YEAR_DAYS);
            (VenueContract::Future { days, mark }, coins(settlement, mark))
        }
        Contract::Option { expiry, strike, right, settlement } => {
            let inputs = day.state.option_inputs(ix, instrument.underlying, expiry, strike);
            let inputs = inputs.ok_or_else(|| PricingError::NoVolatility {
                instrument: name.clone(),
                underlying: day.universe.underlying(instrument.underlying).name.clone(),
                time,
            })?;
            let (forward, vol) = (inputs.forward, inputs.vol);
            let option = VenueOption { days, forward, strike, right, vol, settlement };
            (VenueContract::Option(option), size)
        }
    })
}

/// What becomes of dated futures and spot at a venue that lists neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unlisted {
    #[default]
    Refuse,
    AsPerpetual,
}

impl Unlisted {
    /// Whether there is a rule for a contract, or why there is none.
    pub fn cover(self, contract: &VenueContract) -> Result<(), String> {
        let listed = matches!(contract, VenueContract::Perpetual { .. } | VenueContract::Option(_));
        if listed || self == Unlisted::AsPerpetual {
            return Ok(());
        }
        Err("the venue lists perpetuals and options; count it as a perpetual with unlisted = \"as_perpetual\"".to_owned())
    }
}

/// What bound each market, as one text; borrowed where there is one market, for replays of very many accounts.
pub(super) fn joined<'p>(mut bound: impl Iterator<Item = &'p str>) -> Option<Cow<'p, str>> {
    let first = bound.next()?;
    let Some(second) = bound.next() else { return Some(Cow::Borrowed(first)) };
    let mut all = String::with_capacity(32 * first.len());
    all.push_str(first);
    for one in std::iter::once(second).chain(bound) {
        all.push_str("; ");
        all.push_str(one);
    }
    Some(Cow::Owned(all))
}

/// The row of an account's sums: `amount` of a unit row added to it.
pub(super) fn add(sums: &mut [f64], amount: f64, row: &[f64]) {
    for (sum, unit) in sums.iter_mut().zip(row) {
        *sum += amount * unit;
    }
}

/// A sum that starts from positive zero.
pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// The first parameter that is not finite or outside its range: key, value, lowest, highest.
pub(super) fn check(ranges: &[(&str, f64, f64, f64)]) -> Result<(), (String, String)> {
    for &(key, value, low, high) in ranges {
        if !(value.is_finite() && value >= low && value <= high) {
            let upper =
                if high == f64::MAX { String::new() } else { format!(" and at most {high}") };
            let lower = if low == f64::MIN_POSITIVE {
                "above 0".to_owned()
            } else {
                format!("at least {low}")
            };
            return Err((key.to_owned(), format!("is {value}: {lower}{upper}")));
        }
    }
    Ok(())
}

/// `spot -12 %`, `spot unchanged`.
pub(super) fn spot_text(move_: f64) -> String {
    if move_ == 0.0 {
        return "spot unchanged".to_owned();
    }
    format!("spot {:+} %", (move_ * 1e6).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatility_moves_less_the_longer_the_tenor() {
        let shock = TenorShock {
            range_up: 0.5,
            range_down: 0.25,
            short_power: 0.3,
            long_power: 0.13,
            floor_days: 1.0,
            least_vol_up: 0.4,
        };
        assert!((shock.up(0.6, 30.0) - 0.9).abs() < 1e-15, "hand: .6 x 1.5");
        assert!((shock.down(0.6, 30.0) - 0.45).abs() < 1e-15, "hand: .6 x .75");
        assert_eq!(shock.up(0.1, 30.0), 0.4, "the floor");
        assert_eq!(shock.up(0.6, 0.1), shock.up(0.6, 1.0), "no tenor below a day");
        // Python: 0.6 * (1 + 0.5 * (30 / 120) ** 0.13)
        assert!((shock.up(0.6, 120.0) - 0.850_526_375_828_5).abs() < 1e-9);
        assert!(shock.down(0.6, 1e-9) >= 0.0);
    }

    #[test]
    fn moves_read_as_percent() {
        assert_eq!(spot_text(-0.16), "spot -16 %");
        assert_eq!(spot_text(0.135), "spot +13.5 %");
        assert_eq!(spot_text(0.0), "spot unchanged");
    }
}
