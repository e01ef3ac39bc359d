//! Parameters of SPAN: one entry a commodity, spreads between them, and the exchange's switches.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::array::{RiskArray, VolRange};
use super::assessment::{Order, PriceRisk, ShortOptionMethod, Side};

/// The entry of `commodities` for underlyings without their own.
const DEFAULT: &str = "default";

/// A rule set. Commodities are known by the study's name of the underlying.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    pub commodities: BTreeMap<String, CommodityParameters>,
    #[serde(default)]
    pub inter_spreads: Vec<InterSpreadParameters>,
    #[serde(default)]
    pub price_risk: PriceRisk,
    #[serde(default)]
    pub order: Order,
    #[serde(default = "one")]
    pub initial: f64,
    #[serde(default)]
    pub markets: BTreeMap<String, String>,
}

/// One combined commodity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommodityParameters {
    pub price_range: PriceRange,
    #[serde(default = "still")]
    pub vol_range: VolRange,
    pub extreme: ExtremeMove,
    #[serde(default)]
    pub look_ahead_days: f64,
    /// Units of the underlying of the contract that spreads and minimums are stated for.
    #[serde(default = "one")]
    pub contract_size: f64,
    #[serde(default)]
    pub option_style: OptionStyle,
    #[serde(default)]
    pub short_option_minimum: ShortOptionMinimum,
    /// Bounds of the tiers, nearest first; one tier for everything where there are none.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    #[serde(default)]
    pub intra_spreads: Vec<IntraSpreadParameters>,
    pub spot_month: Option<SpotMonthParameters>,
    /// Risk arrays that are given, by the name of the instrument.
    #[serde(default)]
    pub contracts: BTreeMap<String, GivenArray>,
}

/// A price scan range.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PriceRange {
    /// Share of spot.
    Share(f64),
    /// Price units.
    Points(f64),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtremeMove {
    pub multiple: f64,
    pub cover: f64,
}

/// An amount a contract.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Amount {
    /// Money.
    Money(f64),
    /// Share of the contract's value at spot.
    Share(f64),
    /// Share of its price scan range.
    Range(f64),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OptionStyle {
    /// Paid for at once: the value counts in the account.
    #[default]
    Premium,
    /// Marked to market every day: there is no value to count.
    Futures,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShortOptionMinimum {
    pub rate: Amount,
    #[serde(default)]
    pub method: ShortOptionMethod,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tier {
    /// Last day to expiry; none for the last tier of an open-ended table.
    pub up_to_days: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntraSpreadParameters {
    pub legs: Vec<IntraLeg>,
    pub rate: Amount,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IntraLeg {
    /// From 1; 0 is what has no expiry.
    pub tier: usize,
    pub side: Side,
    #[serde(default = "one")]
    pub ratio: f64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpotMonthParameters {
    pub rate_spread: Amount,
    pub rate_outright: Amount,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenArray {
    /// Loss of one long contract in each scenario, money.
    pub array: RiskArray,
    /// Composite delta, in contracts of the commodity.
    pub delta: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InterSpreadParameters {
    pub legs: Vec<InterLeg>,
    pub credit: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InterLeg {
    pub commodity: String,
    pub side: Side,
    #[serde(default = "one")]
    pub ratio: f64,
}

impl Default for Amount {
    fn default() -> Self {
        Amount::Money(0.0)
    }
}

fn one() -> f64 {
    1.0
}

fn still() -> VolRange {
    VolRange::Points(0.0)
}

impl Amount {
    /// Money a contract worth `value` at spot, whose price scan range is worth `range`.
    pub fn money(self, value: f64, range: f64) -> f64 {
        match self {
            Amount::Money(money) => money,
            Amount::Share(share) => share * value,
            Amount::Range(share) => share * range,
        }
    }

    fn number(self) -> f64 {
        match self {
            Amount::Money(number) | Amount::Share(number) | Amount::Range(number) => number,
        }
    }
}

impl PriceRange {
    /// In price units.
    pub fn points(self, spot: f64) -> f64 {
        match self {
            PriceRange::Share(share) => share * spot,
            PriceRange::Points(points) => points,
        }
    }
}

/// A key and what is wrong with it.
type Fault = (String, String);

impl Parameters {
    /// The first parameter that is impossible, as key and sentence.
    pub fn check(&self) -> Result<(), Fault> {
        if !(self.initial >= 1.0 && self.initial.is_finite()) {
            return fault(
                "initial",
                format!("is {}: a multiple of maintenance, 1 or more", self.initial),
            );
        }
        for (name, commodity) in &self.commodities {
            commodity
                .check()
                .map_err(|(key, problem)| (format!("commodities.{name}.{key}"), problem))?;
        }
        for (underlying, commodity) in &self.markets {
            if !self.commodities.contains_key(commodity) {
                let problem = format!(
                    "is `{commodity}`, which is not a commodity of these rules; known: {}",
                    self.known()
                );
                return fault(&format!("markets.{underlying}"), problem);
            }
        }
        for (index, spread) in self.inter_spreads.iter().enumerate() {
            let key = format!("inter_spreads[{index}]");
            if !(0.0..=1.0).contains(&spread.credit) {
                return fault(
                    &key,
                    format!("has credit {}: a share between 0 and 1", spread.credit),
                );
            }
            check_legs(&key, spread.legs.iter().map(|leg| (leg.side, leg.ratio)))?;
            let mut names: Vec<&str> =
                spread.legs.iter().map(|leg| leg.commodity.as_str()).collect();
            names.sort_unstable();
            if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return fault(&key, format!("has two legs in `{}`: one a commodity", twice[0]));
            }
        }
        Ok(())
    }

    /// The commodity of an underlying, by name, by the study's map, or the default.
    pub fn commodity_of(&self, underlying: &str) -> Option<&CommodityParameters> {
        let name = self.markets.get(underlying).map_or(underlying, String::as_str);
        self.commodities.get(name).or_else(|| self.commodities.get(DEFAULT))
    }

    /// The names of the commodities, for errors.
    pub fn known(&self) -> String {
        self.commodities.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

impl CommodityParameters {
    fn check(&self) -> Result<(), Fault> {
        let (PriceRange::Share(range) | PriceRange::Points(range)) = self.price_range;
        let (VolRange::Points(vol) | VolRange::Relative(vol)) = self.vol_range;
        let above = |value: f64| value > 0.0 && value.is_finite();
        let not_below = |value: f64| value >= 0.0 && value.is_finite();
        let numbers = [
            ("price_range", range, above(range), "above 0"),
            ("vol_range", vol, not_below(vol), "0 or more"),
            ("extreme.multiple", self.extreme.multiple, above(self.extreme.multiple), "above 0"),
            ("extreme.cover", self.extreme.cover, not_below(self.extreme.cover), "0 or more"),
            ("look_ahead_days", self.look_ahead_days, not_below(self.look_ahead_days), "0 or more"),
            ("contract_size", self.contract_size, above(self.contract_size), "above 0"),
        ];
        for (key, value, holds, expected) in numbers {
            if !holds {
                return fault(key, format!("is {value}: {expected}"));
            }
        }
        check_amount("short_option_minimum.rate", self.short_option_minimum.rate)?;
        if let Some(spot) = self.spot_month {
            check_amount("spot_month.rate_spread", spot.rate_spread)?;
            check_amount("spot_month.rate_outright", spot.rate_outright)?;
        }
        self.check_tiers()?;
        for (name, given) in &self.contracts {
            if !given.array.iter().chain([&given.delta]).all(|number| number.is_finite()) {
                return fault(
                    &format!("contracts.{name}"),
                    "has a number that is not finite".to_owned(),
                );
            }
        }
        Ok(())
    }

    fn check_tiers(&self) -> Result<(), Fault> {
        let mut below = 0.0;
        for (index, tier) in self.tiers.iter().enumerate() {
            let bound = tier.up_to_days.unwrap_or(f64::INFINITY);
            let open_early = tier.up_to_days.is_none() && index + 1 < self.tiers.len();
            if bound.is_nan() || bound <= below || open_early {
                let problem = format!(
                    "ends at {bound} days: bounds must increase from {below}, only the last may be open"
                );
                return fault(&format!("tiers[{index}]"), problem);
            }
            below = bound;
        }
        let last = self.tiers.len().max(1);
        for (index, spread) in self.intra_spreads.iter().enumerate() {
            let key = format!("intra_spreads[{index}]");
            check_amount(&format!("{key}.rate"), spread.rate)?;
            check_legs(&key, spread.legs.iter().map(|leg| (leg.side, leg.ratio)))?;
            if let Some(leg) = spread.legs.iter().find(|leg| leg.tier > last) {
                return fault(
                    &key,
                    format!(
                        "has a leg in tier {}: tiers are 1 to {last}, 0 is what has no expiry",
                        leg.tier
                    ),
                );
            }
            let mut tiers: Vec<usize> = spread.legs.iter().map(|leg| leg.tier).collect();
            tiers.sort_unstable();
            tiers.dedup();
            if tiers.len() != spread.legs.len() && !(tiers.len() == 1 && spread.legs.len() == 2) {
                return fault(&key, "has two legs in one tier and others elsewhere: a tier a leg, or both legs in one tier".to_owned());
            }
        }
        Ok(())
    }
}

fn check_amount(key: &str, amount: Amount) -> Result<(), Fault> {
    let number = amount.number();
    if number >= 0.0 && number.is_finite() {
        return Ok(());
    }
    fault(key, format!("is {number}: 0 or more"))
}

/// Legs on both sides, with ratios above zero.
fn check_legs(key: &str, legs: impl Iterator<Item = (Side, f64)> + Clone) -> Result<(), Fault> {
    let has = |side| legs.clone().any(|(of, _)| of == side);
    if !has(Side::A) || !has(Side::B) {
        return fault(key, "needs a leg on side A and one on side B".to_owned());
    }
    match legs.clone().find(|(_, ratio)| !(*ratio > 0.0 && ratio.is_finite())) {
        Some((_, ratio)) => fault(key, format!("has a leg of ratio {ratio}: above 0")),
        None => Ok(()),
    }
}

fn fault(key: &str, problem: String) -> Result<(), Fault> {
    Err((key.to_owned(), problem))
}
