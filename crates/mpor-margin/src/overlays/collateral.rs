//! The requirement in market value of the collateral that meets it.
//!
//! With `w[a]` the share of the requirement `M` that asset `a` is to meet and `H` its haircut at the margin date:
//!
//! ```text
//! accepted   A[a] = min( w[a] M, limit[a] M, cap[a] )
//! posted     V[a]:  value of V[a] after haircut H[a] (plus the currency mismatch, where it applies) = A[a]
//! M'         = M + sum over a of ( V[a] - A[a] )
//! ```
//!
//! What a limit or a cap does not accept is met in cash of the study's currency, without a haircut. Haircuts are read from a
//! dated table in force at the margin date, or pinned by `as_of`; limits and caps of the study go before those of the table.
//! Source: Delegated Regulation (EU) 2016/2251, Annex II: value after haircut = C (1 - H_C - H_FX); venues' own
//! tables have the same form. Proportional as long as no tier and no cap is met. The realised losses of a backtest are those of
//! the positions: they do not hold what the collateral loses meanwhile, so coverage of `M'` flatters where collateral
//! falls with the positions.

use std::collections::BTreeMap;

use mpor_core::Timestamp;
use serde::Deserialize;
use toml::Table;

use super::haircuts::{self, Haircuts};
use super::{OverlayInfo, added};
use crate::catalog::Parameter;
use crate::component::Component;
use crate::error::MarginError;
use crate::model::MarginReport;
use crate::nearest;
use crate::overlay::{AccountPast, Memory, Overlay};
use crate::parse;
use crate::rules::{RuleLibrary, RuleSet, in_force};

pub(crate) const INFO: OverlayInfo = OverlayInfo {
    id: "collateral",
    summary: "the requirement in market value of collateral, by a dated table of haircuts with limits by asset",
    parameters: &[
        Parameter::required("rules", "a table of haircuts, such as \"eu/2016-2251\""),
        Parameter::optional(
            "as_of",
            "the margin date",
            "date whose table applies at every margin date",
        ),
        Parameter::required(
            "mix",
            "{ gold = 0.4, cash = 0.6 }: what meets the requirement; shares that sum to 1",
        ),
        Parameter::optional(
            "mismatch",
            "none",
            "[\"gold\"]: assets in another currency than the requirement",
        ),
        Parameter::optional(
            "limits",
            "those of the table",
            "{ gold = 0.15 }: share of the requirement that an asset may meet",
        ),
        Parameter::optional(
            "caps",
            "those of the table",
            "{ BTC = 1e7 }: amount of the requirement that an asset may meet",
        ),
    ],
    build,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rules: String,
    as_of: Option<Timestamp>,
    mix: BTreeMap<String, f64>,
    #[serde(default)]
    mismatch: Vec<String>,
    #[serde(default)]
    limits: BTreeMap<String, f64>,
    #[serde(default)]
    caps: BTreeMap<String, f64>,
}

struct Collateral {
    written: Written,
    versions: Vec<RuleSet>,
    /// By version.
    tables: Vec<Haircuts>,
    /// The study's model, for errors.
    of: String,
}

/// Which margin is met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Initial,
    Maintenance,
}

fn build(
    model: &str,
    table: Table,
    library: &RuleLibrary,
) -> Result<Box<dyn Overlay>, MarginError> {
    let written: Written = parse::parameters(model, "collateral", table)?;
    written.check(model)?;
    let versions = library.versions(&written.rules)?.to_vec();
    let mut tables = Vec::new();
    for set in &versions {
        if set.engine != haircuts::ENGINE {
            let problem =
                format!("is `{}`, which is a margin rule set and no table of haircuts", set.name);
            return Err(parse::refuse(model, "collateral.rules", problem));
        }
        let table = haircuts::read(&set.parameters).map_err(|fault| fault.of_file(&set.file))?;
        for asset in written.mix.keys() {
            if !table.assets.contains_key(asset) {
                let hint = nearest::hint(asset, table.assets.keys().map(String::as_str));
                let problem = format!("has `{asset}`, which {set} has no haircut for; {hint}");
                return Err(parse::refuse(model, "collateral.mix", problem));
            }
        }
        tables.push(table);
    }
    Ok(Box::new(Collateral { written, versions, tables, of: model.to_owned() }))
}

impl Written {
    fn check(&self, model: &str) -> Result<(), MarginError> {
        for (asset, &share) in &self.mix {
            let key = format!("collateral.mix.{asset}");
            parse::within(model, &key, share, (0.0, 1.0), "a share between 0 and 1")?;
        }
        let sum: f64 = self.mix.values().sum();
        if (sum - 1.0).abs() > 1e-9 {
            let problem = format!("sums to {sum}: the shares of all assets together are 1");
            return Err(parse::refuse(model, "collateral.mix", problem));
        }
        for (asset, &limit) in &self.limits {
            let key = format!("collateral.limits.{asset}");
            parse::within(model, &key, limit, (0.0, 1.0), "a share between 0 and 1")?;
        }
        for (asset, &cap) in &self.caps {
            let key = format!("collateral.caps.{asset}");
            parse::within(model, &key, cap, (0.0, f64::MAX), "an amount of zero or more")?;
        }
        let named = [
            ("mismatch", self.mismatch.iter().collect::<Vec<_>>()),
            ("limits", self.limits.keys().collect()),
            ("caps", self.caps.keys().collect()),
        ];
        for (key, names) in named {
            if let Some(odd) = names.iter().find(|&&name| !self.mix.contains_key(name)) {
                let hint = nearest::hint(odd, self.mix.keys().map(String::as_str));
                let problem = format!("has `{odd}`, which is not in the mix; {hint}");
                return Err(parse::refuse(model, format!("collateral.{key}"), problem));
            }
        }
        Ok(())
    }
}

impl Collateral {
    fn table(&self, time: Timestamp) -> Result<&Haircuts, MarginError> {
        let time = self.written.as_of.unwrap_or(time);
        let set = in_force(&self.written.rules, &self.versions, time)?;
        let at = self.versions.iter().position(|known| known.version == set.version);
        Ok(&self.tables[at.unwrap_or(0)])
    }

    /// Market value beyond what it counts for, by asset.
    fn beyond(
        &self,
        table: &Haircuts,
        requirement: f64,
        level: Level,
    ) -> Result<Vec<Component>, MarginError> {
        let mut parts = Vec::new();
        for (name, &share) in self.written.mix.iter().filter(|(_, share)| **share > 0.0) {
            let Some(asset) = table.assets.get(name) else { continue };
            let limit = self.written.limits.get(name).copied().or(asset.limit).unwrap_or(1.0);
            let cap = self.written.caps.get(name).copied().or(asset.cap).unwrap_or(f64::INFINITY);
            let accepted = (share.min(limit) * requirement).min(cap);
            let mismatch = self.written.mismatch.contains(name);
            let more = if mismatch { table.currency_mismatch } else { 0.0 };
            let haircut = match level {
                Level::Initial => asset.haircut,
                Level::Maintenance => asset.maintenance.unwrap_or(asset.haircut),
            };
            let value = asset.value_for(accepted, more, haircut).ok_or_else(|| {
                let problem = format!("is to meet {accepted:.2} and counts for nothing (haircut {haircut} and {more}); leave it out of the mix");
                parse::refuse(&self.of, format!("collateral.mix.{name}"), problem)
            })?;
            parts.push(Component::leaf(format!("haircut on {name}"), value - accepted));
        }
        Ok(parts)
    }
}

impl Overlay for Collateral {
    fn id(&self) -> &'static str {
        INFO.id
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        _memory: &mut Memory,
    ) -> Result<MarginReport, MarginError> {
        let table = self.table(past.time)?;
        let with = |requirement: Component, level| -> Result<Component, MarginError> {
            let amount = requirement.amount().max(0.0);
            let parts = self.beyond(table, amount, level)?;
            Ok(added(requirement, Component::sum("collateral haircuts", parts)))
        };
        let initial = with(report.initial, Level::Initial)?;
        let maintenance = with(report.maintenance, Level::Maintenance)?;
        Ok(MarginReport { initial, maintenance, ..report })
    }
}
