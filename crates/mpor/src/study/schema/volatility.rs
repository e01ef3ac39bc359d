//! `volatility` and `chains` of an underlying: modelled surfaces, or those that option chains quote.

use mpor_core::{Settlement, Span};
use mpor_pricing::surface::PriceChoice;
use serde::{Deserialize, Serialize};

use super::Paths;

/// How a history of option chains becomes surfaces, forwards and marks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChainsSpec {
    /// Files in the schema `chains`.
    pub quotes: Paths,
    /// The underlying's name in the files; its own name where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// What is fitted: `essvi`, `ssvi` or `svi`.
    #[serde(default = "essvi")]
    pub surface: String,
    /// The table `surfaces` of an earlier run: its surfaces are taken as they are, and none is fitted.
    #[serde(default)]
    pub surfaces: Option<String>,
    /// Which price of a row the surface is fitted to.
    #[serde(default)]
    pub price: ChainPrice,
    /// How long a snapshot may stand.
    pub limit: Span,
    /// Tenors, in days, at which volatility is a risk factor.
    #[serde(default = "tenors")]
    pub tenors: Vec<u16>,
    /// What the listed options settle in.
    pub settlement: Settlement,
    /// Units of the underlying a listed option.
    #[serde(default = "one")]
    pub contract_size: f64,
}

/// The price of a row of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainPrice {
    /// The middle of bid and offer; rows without both are dropped.
    #[default]
    Mid,
    /// The venue's mark.
    Mark,
    /// The middle where there are two sides, the mark elsewhere.
    MidElseMark,
}

impl ChainPrice {
    pub(crate) fn choice(self) -> PriceChoice {
        match self {
            ChainPrice::Mid => PriceChoice::Mid,
            ChainPrice::Mark => PriceChoice::Mark,
            ChainPrice::MidElseMark => PriceChoice::MidElseMark,
        }
    }
}

impl std::fmt::Display for ChainPrice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ChainPrice::Mid => "mid",
            ChainPrice::Mark => "mark",
            ChainPrice::MidElseMark => "mid, else mark,",
        })
    }
}

/// How a volatility surface is made for history without option chains.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VolatilitySpec {
    /// File of a real option chain that gives smile and term-structure shape.
    pub chain: String,
    /// Underlying to take from the chain file; the underlying's own name where absent.
    #[serde(default)]
    pub chain_underlying: Option<String>,
    /// What moves the level.
    pub level: VolLevel,
    /// Reversion of at-the-money variance to the long-run level, per year; fitted to the chain where absent, which needs
    /// at least four expiries of one moment.
    #[serde(default)]
    pub reversion: Option<f64>,
    /// Trailing steps of realised volatility that the far end of the term structure reverts to.
    #[serde(default = "two_years")]
    pub long_run_window: usize,
    /// Tenors, in days, at which volatility is a risk factor.
    #[serde(default = "tenors")]
    pub tenors: Vec<u16>,
}

/// What moves the level of a modelled surface.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum VolLevel {
    /// Realised volatility of the underlying's own returns.
    Realised(Realised),
    /// A volatility index.
    Index(VolIndexLevel),
}

/// Exponentially weighted realised volatility.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Realised {
    /// Decay per step.
    pub ewma: f64,
    /// Implied over realised volatility.
    #[serde(default = "one")]
    pub premium: f64,
    /// Smallest level per year.
    #[serde(default)]
    pub floor: f64,
}

/// A volatility index as the level at its own tenor.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VolIndexLevel {
    /// Underlying named in the `vol_index` table: `SPX` for the VIX.
    pub symbol: String,
    /// Realised volatility where the index has no history yet; an error there where absent.
    #[serde(default)]
    pub before: Option<Realised>,
}

fn essvi() -> String {
    "essvi".to_owned()
}

fn two_years() -> usize {
    730
}

fn tenors() -> Vec<u16> {
    vec![7, 30, 90, 180, 365]
}

fn one() -> f64 {
    1.0
}
