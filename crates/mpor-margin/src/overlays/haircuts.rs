//! Tables of haircuts as dated rule sets: what a unit of collateral counts for.
//!
//! A rule file with `engine = "collateral"`:
//!
//! ```toml
//! [parameters]
//! currency_mismatch = 0.08                 # added where collateral and requirement differ in currency
//!
//! [parameters.assets.BTC]
//! haircut = 0.12                           # share of market value that does not count; beyond the last tier
//! maintenance = 0.106                      # the same for the maintenance margin, where it differs
//! tiers = [{ up_to = 1e7, haircut = 0.05 }]  # of the market value posted, cumulative, reporting currency
//! limit = 0.15                             # share of the requirement that may be met with it
//! cap = 1e8                                # amount of the requirement that may be met with it
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Table;

use crate::parse::{self, Fault, FaultKind};

/// What a rule file names as its engine.
pub(crate) const ENGINE: &str = "collateral";

/// One version of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Haircuts {
    /// Added to the haircut of collateral in another currency than the requirement's.
    #[serde(default)]
    pub currency_mismatch: f64,
    /// By name.
    pub assets: BTreeMap<String, Asset>,
}

/// What one asset counts for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asset {
    /// Share of market value that does not count, beyond the last tier.
    pub haircut: f64,
    /// The same for the maintenance margin; `None` where it is the same.
    pub maintenance: Option<f64>,
    /// Haircuts of the first amounts, by market value.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// Largest share of the requirement that it may meet.
    pub limit: Option<f64>,
    /// Largest amount of the requirement that it may meet.
    pub cap: Option<f64>,
}

/// The haircut of one slice of market value.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tier {
    /// End of the slice, market value, counted from zero.
    pub up_to: f64,
    /// Share of it that does not count.
    pub haircut: f64,
}

/// Reads and checks the parameters of a rule file; its own fault names the key below `parameters`.
pub(crate) fn read(parameters: &Table) -> Result<Haircuts, Fault> {
    let haircuts: Haircuts = parse::typed(parameters.clone())?;
    share("currency_mismatch", haircuts.currency_mismatch)?;
    for (name, asset) in &haircuts.assets {
        let key = |of: &str| format!("assets.{name}.{of}");
        share(&key("haircut"), asset.haircut)?;
        for (of, value) in [("maintenance", asset.maintenance), ("limit", asset.limit)] {
            value.map_or(Ok(()), |value| share(&key(of), value))?;
        }
        if asset.cap.is_some_and(|cap| !(cap >= 0.0 && cap.is_finite())) {
            return Err(fault(&key("cap"), "must be an amount of zero or more"));
        }
        let mut from = 0.0;
        for tier in &asset.tiers {
            share(&key("tiers.haircut"), tier.haircut)?;
            if tier.up_to.is_nan() || tier.up_to <= from {
                return Err(fault(&key("tiers.up_to"), "must rise from one tier to the next"));
            }
            from = tier.up_to;
        }
    }
    Ok(haircuts)
}

/// Checks the parameters of a rule file, for the library.
pub(crate) fn check(parameters: &Table) -> Result<(), Fault> {
    read(parameters)
        .map(|_| ())
        .map_err(|fault| Fault { key: format!("parameters.{}", fault.key), ..fault })
}

fn share(key: &str, value: f64) -> Result<(), Fault> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(fault(key, &format!("is {value}: a share between 0 and 1, such as 0.15")))
}

fn fault(key: &str, problem: &str) -> Fault {
    Fault { key: key.to_owned(), kind: FaultKind::Value(problem.to_owned()) }
}

impl Asset {
    /// Market value that counts for `amount`; every haircut is raised by `more`. `None` where no value is enough.
    pub fn value_for(&self, amount: f64, more: f64, haircut: f64) -> Option<f64> {
        let (mut left, mut value) = (amount, 0.0);
        for tier in &self.tiers {
            let counts = (1.0 - tier.haircut - more).max(0.0);
            let room = (tier.up_to - value) * counts;
            if counts > 0.0 && left <= room {
                return Some(value + left / counts);
            }
            left -= room;
            value = tier.up_to;
        }
        let counts = 1.0 - haircut - more;
        if left <= 0.0 {
            return Some(value);
        }
        (counts > 0.0).then(|| value + left / counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hand: the first 100 count for 90, the next 100 for 80, the rest for a half.
    #[test]
    fn tiers_count_slice_by_slice() {
        let text = "haircut = 0.5\ntiers = [{ up_to = 100, haircut = 0.1 }, { up_to = 200, haircut = 0.2 }]";
        let asset: Asset = toml::from_str(text).unwrap();
        let value = |amount| asset.value_for(amount, 0.0, asset.haircut).unwrap();
        assert_eq!(value(45.0), 50.0);
        assert_eq!(value(90.0), 100.0);
        assert_eq!(value(130.0), 150.0);
        assert_eq!(value(180.0), 220.0);
        // hand: with 8 per cent more, 82 of the first 100 count
        assert!((asset.value_for(41.0, 0.08, asset.haircut).unwrap() - 50.0).abs() < 1e-12);
    }

    #[test]
    fn what_never_counts_is_never_enough() {
        let asset: Asset = toml::from_str("haircut = 0.95").unwrap();
        assert_eq!(asset.value_for(10.0, 0.08, asset.haircut), None);
    }
}
