//! What the vectors of Derive's portfolio managers have in common: the market, the options held, and where parameters come from.
//!
//! Parameters come from the file that the vectors name (`../derive/parameters.json`); where it is not there, from the rule set
//! that mpor embeds.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_core::Right;
use mpor_margin::RuleLibrary;
use mpor_margin::models::derive::{DeriveExpiry, DeriveMarket, DeriveOption};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Case, FileReport, read_json};

/// A file of vectors with the path of their parameters.
#[derive(Deserialize)]
struct Vectors<V> {
    #[serde(default)]
    parameters: String,
    vectors: Vec<V>,
}

/// One coin's market.
#[derive(Deserialize)]
pub(super) struct Market {
    pub spot: f64,
    spot_confidence: f64,
    perp_price: f64,
    perp_confidence: f64,
    stable_price: f64,
    pub expiries: Vec<Expiry>,
}

/// One expiry.
#[derive(Deserialize)]
pub(super) struct Expiry {
    pub seconds_to_expiry: f64,
    forward_fixed: f64,
    forward_variable: f64,
    rate: f64,
    forward_confidence: f64,
    rate_confidence: f64,
    vol_confidence: f64,
}

/// One option position.
#[derive(Deserialize)]
pub(super) struct HeldOption {
    seconds_to_expiry: f64,
    strike: f64,
    is_call: bool,
    amount: f64,
    vol: f64,
}

/// Runs `vectors.json` of a folder: `manager` is the name of the rules (`derive_pmrm1`), `name` that of a vector with its parameter
/// set, `run` compares one.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub(super) fn run<V: DeserializeOwned, P: DeserializeOwned>(
    folder: &Path,
    manager: &str,
    name: fn(&V) -> (String, &str),
    run: fn(&mut Case<'_>, &P, &V),
) -> Result<Vec<FileReport>, String> {
    let file = "vectors.json";
    if !folder.join(file).exists() {
        return Ok(Vec::new());
    }
    let vectors: Vectors<V> = serde_json::from_value(read_json(&folder.join(file))?)
        .map_err(|error| format!("{}: {error}", folder.join(file).display()))?;
    let sets: BTreeMap<String, P> = parameter_sets(folder, &vectors.parameters, manager)?;
    let mut report = FileReport::new(file);
    for vector in &vectors.vectors {
        let (case, set) = name(vector);
        let mut case = report.case(case);
        match sets.get(set) {
            Some(parameters) => run(&mut case, parameters, vector),
            None => case.fail("parameter_set", format!("no such parameter set: {set}")),
        }
    }
    Ok(vec![report])
}

fn parameter_sets<P: DeserializeOwned>(
    folder: &Path,
    named: &str,
    manager: &str,
) -> Result<BTreeMap<String, P>, String> {
    let file = folder.join(named);
    if file.is_file() {
        let sets = read_json(&file)?;
        return serde_json::from_value(sets[manager].clone())
            .map_err(|error| format!("{}: {error}", file.display()));
    }
    let library = RuleLibrary::embedded().map_err(|error| error.to_string())?;
    let rules = manager.replacen('_', "/", 1);
    let versions = library.versions(&rules).map_err(|error| error.to_string())?;
    let coins = versions.last().and_then(|set| set.parameters.get("coins")).cloned();
    coins.ok_or("the embedded rules have no coins")?.try_into().map_err(|error| error.to_string())
}

impl Market {
    /// The market as the managers look at it.
    pub fn derive(&self) -> DeriveMarket {
        DeriveMarket {
            spot: self.spot,
            spot_confidence: self.spot_confidence,
            perp_price: self.perp_price,
            perp_confidence: self.perp_confidence,
            stable_price: self.stable_price,
            expiries: self.expiries.iter().map(Expiry::derive).collect(),
        }
    }

    /// The options held, each with the position of its expiry.
    pub fn options(&self, held: &[HeldOption]) -> Result<Vec<DeriveOption>, String> {
        let option = |option: &HeldOption| {
            let seconds = option.seconds_to_expiry;
            Ok(DeriveOption {
                expiry: self
                    .expiry(seconds)
                    .ok_or_else(|| format!("no expiry in {seconds} seconds"))?,
                strike: option.strike,
                right: if option.is_call { Right::Call } else { Right::Put },
                vol: option.vol,
            })
        };
        held.iter().map(option).collect()
    }

    /// The position of an expiry.
    pub fn expiry(&self, seconds: f64) -> Option<usize> {
        self.expiries.iter().position(|expiry| expiry.seconds_to_expiry == seconds)
    }
}

impl Expiry {
    fn derive(&self) -> DeriveExpiry {
        DeriveExpiry {
            seconds: self.seconds_to_expiry,
            forward_fixed: self.forward_fixed,
            forward_variable: self.forward_variable,
            rate: self.rate,
            confidence: self.forward_confidence.min(self.rate_confidence).min(self.vol_confidence),
        }
    }
}

/// Positions of the options held, by their place among them.
pub(super) fn amounts(held: &[HeldOption]) -> Vec<(usize, f64)> {
    held.iter().map(|option| option.amount).enumerate().collect()
}

/// Compares figures by their name in the vector.
pub(super) fn named(
    case: &mut Case<'_>,
    group: &str,
    actual: &[(&str, f64)],
    expected: &BTreeMap<String, f64>,
    tolerance: f64,
) {
    for (name, actual) in actual {
        match expected.get(*name) {
            Some(expected) => case.close(&format!("{group}.{name}"), *actual, *expected, tolerance),
            None => case.fail(&format!("{group}.{name}"), "not in the vector"),
        }
    }
}
