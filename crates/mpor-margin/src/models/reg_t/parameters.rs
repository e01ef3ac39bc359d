//! Parameters of strategy-based margin: the shares of its table, and what each underlying is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::strategy::{Collar, LongDated, ProtectivePut, RegTRates, RegTUnderlying, StockRates};

/// The entry of `underlyings` for those without their own.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    pub long_stock: StockRates,
    pub short_stock: StockRates,
    pub long_dated: LongDated,
    pub protective_put: ProtectivePut,
    pub collar: Collar,
    pub conversion: f64,
    pub types: BTreeMap<String, ShortOption>,
    pub underlyings: BTreeMap<String, UnderlyingParameters>,
    #[serde(default)]
    pub futures: Futures,
}

/// Shares for short options of a type of underlying.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShortOption {
    pub short_option: f64,
    pub short_option_floor: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnderlyingParameters {
    #[serde(rename = "type")]
    pub kind: String,
    /// The shares of short options are multiplied by it.
    #[serde(default = "one")]
    pub leverage: f64,
}

/// What becomes of futures and perpetuals, which are not in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Futures {
    #[default]
    Refuse,
    AsStock,
}

fn one() -> f64 {
    1.0
}

/// A key and what is wrong with it.
type Fault = (String, String);

impl Parameters {
    /// The first parameter that is impossible, as key and sentence.
    pub fn check(&self) -> Result<(), Fault> {
        let shares = [
            ("long_stock.initial", self.long_stock.initial),
            ("long_stock.maintenance", self.long_stock.maintenance),
            ("short_stock.initial", self.short_stock.initial),
            ("short_stock.maintenance", self.short_stock.maintenance),
            ("long_dated.months", self.long_dated.months),
            ("long_dated.share", self.long_dated.share),
            ("protective_put.strike", self.protective_put.strike),
            ("protective_put.stock", self.protective_put.stock),
            ("collar.put_strike", self.collar.put_strike),
            ("collar.call_strike", self.collar.call_strike),
            ("collar.stock", self.collar.stock),
            ("conversion", self.conversion),
        ];
        for (key, share) in shares {
            check(key, share)?;
        }
        for (name, own) in &self.types {
            check(&format!("types.{name}.short_option"), own.short_option)?;
            check(&format!("types.{name}.short_option_floor"), own.short_option_floor)?;
        }
        for (name, own) in &self.underlyings {
            check(&format!("underlyings.{name}.leverage"), own.leverage)?;
            if !self.types.contains_key(&own.kind) {
                let known = self.types.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                let problem = format!("is `{}`, which is not in `types`; known: {known}", own.kind);
                return Err((format!("underlyings.{name}.type"), problem));
            }
        }
        Ok(())
    }

    pub fn rates(&self) -> RegTRates {
        RegTRates {
            long_stock: self.long_stock,
            short_stock: self.short_stock,
            long_dated: self.long_dated,
            protective_put: self.protective_put,
            collar: self.collar,
            conversion: self.conversion,
        }
    }

    /// The shares of an underlying at a price, leverage included.
    pub fn underlying(&self, name: &str, spot: f64) -> Option<RegTUnderlying> {
        let own = self.underlyings.get(name).or_else(|| self.underlyings.get(DEFAULT))?;
        let ShortOption { short_option, short_option_floor } = *self.types.get(&own.kind)?;
        Some(RegTUnderlying {
            spot,
            short_option: short_option * own.leverage,
            short_option_floor: short_option_floor * own.leverage,
        })
    }

    /// The names of the underlyings, for errors.
    pub fn known(&self) -> String {
        self.underlyings.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

fn check(key: &str, number: f64) -> Result<(), Fault> {
    if number >= 0.0 && number.is_finite() {
        return Ok(());
    }
    Err((key.to_owned(), format!("is {number}: 0 or more")))
}
