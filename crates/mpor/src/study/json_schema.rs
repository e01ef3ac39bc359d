//! The study as a JSON schema, for editors that complete and check what is written.
//!
//! Which keys a table has is asked of the types that read it, so the schema cannot leave one out; kinds of models, overlays,
//! tests, portfolio rules and data checks come from their catalogs. What the keys of a model mean to each other, and whether
//! data bears a study out, `mpor check` says.

use mpor_backtest::books::NamedRule;
use mpor_data::checks;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::calibrate::CalibrateSpec;
use super::default_fund::DefaultFundSpec;
use super::stress::StressSpec;
use super::supervision::OffsetSpec;
use super::{
    BacktestSpec, CalendarSpec, ChainsSpec, CollateralSpec, Data, FaultSpec, FuturesSpec,
    IndexSpec, MporSpec, ReportSpec, Study, UnderlyingSpec, VolatilitySpec, words,
};
use crate::catalog::{self, Entry};

/// What a key of the study holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// One table: `[mpor]`.
    Table,
    /// A list of tables: `[[model]]`.
    Tables,
    /// Anything else.
    Other,
}

/// A key of the study with the keys of its table, or of each table of its list.
pub(super) struct Section {
    pub name: String,
    pub holds: Holds,
    pub keys: Vec<String>,
}

/// The keys that a type reads, as it lists them when it meets one that it does not know.
fn keys_of<T: DeserializeOwned>() -> Vec<String> {
    let refusal = toml::from_str::<T>("\"?\" = 0").err();
    let named = refusal.map(|error| words::quoted(error.message())).unwrap_or_default();
    named.into_iter().filter(|name| name != "?").collect()
}

/// Every key of the study.
pub(super) fn sections() -> Vec<Section> {
    let section = |name: String| {
        let (holds, keys) = match name.as_str() {
            "data" => (Holds::Table, keys_of::<Data>()),
            "fx" => (Holds::Table, Vec::new()),
            "calendar" => (Holds::Table, keys_of::<CalendarSpec>()),
            "mpor" => (Holds::Table, keys_of::<MporSpec>()),
            "backtest" => (Holds::Table, keys_of::<BacktestSpec>()),
            "report" => (Holds::Table, keys_of::<ReportSpec>()),
            "calibrate" => (Holds::Table, keys_of::<CalibrateSpec>()),
            "index" => (Holds::Tables, keys_of::<IndexSpec>()),
            "fault" => (Holds::Tables, keys_of::<FaultSpec>()),
            "collateral" => (Holds::Tables, keys_of::<CollateralSpec>()),
            "stress" => (Holds::Table, keys_of::<StressSpec>()),
            "default_fund" => (Holds::Table, keys_of::<DefaultFundSpec>()),
            "offset" => (Holds::Tables, keys_of::<OffsetSpec>()),
            "underlying" => (Holds::Tables, keys_of::<UnderlyingSpec>()),
            "portfolio" => (Holds::Tables, keys_of::<NamedRule>()),
            "model" => (Holds::Tables, Vec::new()),
            _ => (Holds::Other, Vec::new()),
        };
        Section { name, holds, keys }
    };
    keys_of::<Study>().into_iter().map(section).collect()
}

/// Keys without which a table is refused; those of the study itself under no name.
const REQUIRED: [(&str, &[&str]); 10] = [
    ("", &["schema", "name", "currency", "data", "calendar", "mpor", "underlying", "model"]),
    ("calendar", &["kind", "from"]),
    ("mpor", &["horizon"]),
    ("index", &["name", "rule", "sources"]),
    ("fault", &["name", "source", "kind", "from", "to"]),
    ("collateral", &["account", "asset", "amount"]),
    ("underlying", &["name", "prices"]),
    ("portfolio", &["name", "rule"]),
    ("calibrate", &["model", "parameters"]),
    ("volatility", &["chain", "level"]),
];

/// The schema of a study file, draft 2020-12.
#[must_use]
pub fn json_schema() -> Value {
    let sections = sections();
    let property = |section: &Section| {
        let value = match (section.name.as_str(), section.holds) {
            ("model", _) => models(),
            (name, Holds::Table) if !section.keys.is_empty() => table(name, &section.keys),
            (name, Holds::Tables) => {
                json!({ "type": "array", "items": table(name, &section.keys) })
            }
            (name, _) => value("", name),
        };
        (section.name.clone(), value)
    };
    let properties: Map<String, Value> = sections.iter().map(property).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mpor study",
        "description": "One TOML file that says what is replayed, under which margin models, and what is reported.",
        "type": "object",
        "properties": properties,
        "required": required(""),
        "additionalProperties": false,
    })
}

fn required(section: &str) -> &'static [&'static str] {
    REQUIRED.iter().find(|(name, _)| *name == section).map_or(&[], |(_, keys)| keys)
}

fn table(name: &str, keys: &[String]) -> Value {
    let properties: Map<String, Value> =
        keys.iter().map(|key| (key.clone(), value(name, key))).collect();
    json!({
        "type": "object", "properties": properties, "required": required(name),
        "additionalProperties": false,
    })
}

/// What one key takes; anything, where nothing more is known of it.
fn value(section: &str, key: &str) -> Value {
    let text = json!({ "type": "string" });
    let span = json!({ "type": "string", "pattern": "^[0-9]+[dhms]$", "examples": ["2d", "8h"] });
    let time = json!({ "type": "string", "examples": ["2020-03-12", "2020-03-12T08:00:00Z"] });
    let clock = json!({ "type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$" });
    let paths = json!({ "anyOf": [text, { "type": "array", "items": text }] });
    let level = json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 });
    let number = json!({ "type": "number" });
    match (section, key) {
        ("", "schema") => json!({ "const": 1 }),
        ("", "name") => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]*$" }),
        ("", "seed") => json!({ "type": "integer", "minimum": 0 }),
        ("", "fx") => json!({ "type": "object", "additionalProperties": number }),
        ("", "description" | "currency") => text,
        ("data", "policy") => policies(),
        ("data", "rules") => json!({ "type": "array", "items": text }),
        ("data", _) | ("futures", "prices") | ("chains", "quotes") => paths,
        ("calendar", "kind") => json!({ "enum": ["24x7", "trading_days"] }),
        ("calendar", "cut") | ("futures", "expires_at") => clock,
        ("calendar", "step") | ("mpor", "horizon") => span,
        ("calendar" | "fault", "from" | "to") | ("index", "as_of") => time,
        ("mpor", "loss") => json!({ "enum": ["horizon", "worst"] }),
        ("underlying", "volatility") => table(key, &keys_of::<VolatilitySpec>()),
        ("underlying", "chains") => table(key, &keys_of::<ChainsSpec>()),
        ("underlying", "futures") => table(key, &keys_of::<FuturesSpec>()),
        ("underlying", "carry" | "rate") | ("collateral", "amount") | ("fault", "move") => number,
        ("fault", "lag" | "ramp")
        | ("index", "stale_after")
        | ("chains" | "futures", "limit")
        | ("underlying", "settlement_window") => span,
        ("underlying" | "portfolio" | "index" | "fault" | "collateral", "name")
        | ("underlying", _)
        | ("volatility", "chain" | "chain_underlying")
        | ("index", "rule") => text,
        ("portfolio", "rule") => one_of(portfolio_rules()),
        ("backtest" | "calibrate", "level" | "coverage") => level,
        ("backtest", "tests") => json!({ "anyOf": [
            { "enum": ["standard", "all"] },
            { "type": "array", "items": { "enum": catalog::tests() } },
        ]}),
        ("report", "formats") => json!({ "type": "array", "items": text }),
        _ => json!({}),
    }
}

/// One table under one of several names.
fn one_of(tables: Map<String, Value>) -> Value {
    json!({
        "type": "object", "properties": tables, "additionalProperties": false,
        "minProperties": 1, "maxProperties": 1,
    })
}

/// The portfolio rules, as their reader lists them.
fn portfolio_rules() -> Map<String, Value> {
    let refusal = toml::from_str::<NamedRule>("name = \"x\"\nrule = { \"?\" = {} }").err();
    let named = refusal.map(|error| words::quoted(error.message())).unwrap_or_default();
    let rules = named.into_iter().filter(|name| name != "?");
    rules.map(|rule| (rule, json!({ "type": "object" }))).collect()
}

/// What to do about findings, by the codes of the checks.
fn policies() -> Value {
    let limit = json!({ "type": "object", "properties": { "limit": { "type": "string" } } });
    let policy = json!({ "anyOf": [
        { "enum": ["fail", "mark", "carry"] },
        { "type": "object", "properties": { "carry": limit, "prefer": { "type": "string" } },
          "minProperties": 1, "maxProperties": 1, "additionalProperties": false },
    ]});
    let codes: Map<String, Value> =
        checks::codes().into_iter().map(|code| (code.to_owned(), policy.clone())).collect();
    json!({ "type": "object", "properties": codes, "additionalProperties": false })
}

/// Margin models: the keys that all share, and what those of each kind mean.
fn models() -> Value {
    let kinds = catalog::models();
    let of_kind = |entry: &Entry| {
        let kind = json!({ "properties": { "kind": { "const": entry.id } }, "required": ["kind"] });
        json!({ "if": kind, "then": { "properties": meanings(entry) } })
    };
    let overlay = |entry: &Entry| {
        let keys = meanings(entry);
        let table = json!({ "type": "object", "description": entry.summary, "properties": keys });
        (entry.id.clone(), table)
    };
    let overlays = one_of(catalog::overlays().iter().map(overlay).collect());
    let ids: Vec<&str> = kinds.iter().map(|entry| entry.id.as_str()).collect();
    json!({ "type": "array", "minItems": 1, "items": {
        "type": "object",
        "properties": {
            "name": { "type": "string", "minLength": 1, "description": "Name in the results." },
            "kind": { "enum": ids, "description": "A model of one's own keys; see `mpor models`." },
            "rules": { "type": "string", "description": "A venue's rules; see `mpor rules`." },
            "as_of": { "type": "string", "description": "Takes the version in force at this time for all times." },
            "baseline": { "type": "boolean", "description": "Whether cost is compared with this model." },
            "overlays": { "type": "array", "items": overlays, "description": "Applied in the order written." },
        },
        "required": ["name"],
        "oneOf": [{ "required": ["kind"] }, { "required": ["rules"] }],
        "allOf": kinds.iter().map(of_kind).collect::<Vec<_>>(),
    }})
}

/// Keys of a model or overlay by name, with what they mean; dotted ones, which are inside a table, are left to `mpor models`.
fn meanings(entry: &Entry) -> Map<String, Value> {
    let plain = entry.parameters.iter().filter(|(key, ..)| !key.contains(['.', ' ']));
    let meaning = |(key, default, meaning): &(String, Option<String>, String)| {
        let default = default.as_ref().map(|text| format!(" (default {text})"));
        let text = format!("{meaning}{}", default.unwrap_or_default());
        (key.clone(), json!({ "description": text }))
    };
    plain.map(meaning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_tell_their_keys() {
        assert_eq!(keys_of::<MporSpec>(), ["horizon", "loss"]);
        let sections = sections();
        let of = |name: &str| sections.iter().find(|section| section.name == name).unwrap();
        assert_eq!(of("model").holds, Holds::Tables);
        assert_eq!(of("seed").holds, Holds::Other);
        assert!(of("underlying").keys.contains(&"settles_on".to_owned()));
        assert!(portfolio_rules().contains_key("delta_hedged"));
    }

    #[test]
    fn what_is_required_is_a_key() {
        for section in sections() {
            for key in required(&section.name) {
                assert!(section.keys.iter().any(|known| known == key), "{} {key}", section.name);
            }
        }
    }
}
