//! The parameters that Derive's managers have in common: their markets, and the study's map onto them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::day::{Futures, Listing, Taken};
use crate::catalog::Parameter;
use crate::error::MarginError;
use crate::parse;

/// The study's key for underlyings without a market of their own.
pub(crate) const MARKETS: Parameter = Parameter::optional(
    "markets",
    "none",
    "{ UNDERLYING = COIN }: a market for an underlying without its own",
);

/// The study's key for what the venue does not list.
pub(crate) const FUTURES: Parameter =
    Parameter::optional("futures", "\"refuse\"", "dated futures: \"refuse\" or \"as_perpetual\"");

/// Parameters of a portfolio manager; `P` are those of one market.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManagerParameters<P> {
    pub coins: BTreeMap<String, P>,
    #[serde(default)]
    pub markets: BTreeMap<String, String>,
    #[serde(default)]
    pub futures: Futures,
}

impl<P> ManagerParameters<P> {
    /// Which positions the markets take; `taken` says so of one.
    pub fn listing(&self, taken: impl Fn(&str, &P) -> Taken) -> Listing {
        Listing::new(&self.coins, &self.markets, self.futures, taken)
    }
}

/// Refuses the first impossible market; `check` returns the key below it, and what is wrong.
pub(crate) fn check_markets<P>(
    model: &str,
    coins: &BTreeMap<String, P>,
    check: impl Fn(&P) -> Result<(), (String, String)>,
) -> Result<(), MarginError> {
    coins.iter().try_for_each(|(coin, market)| {
        check(market)
            .map_err(|(key, problem)| parse::refuse(model, format!("coins.{coin}.{key}"), problem))
    })
}
