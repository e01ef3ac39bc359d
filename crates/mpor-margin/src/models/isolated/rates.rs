//! Rates that depend on the size of a position or on the open interest of its market.
//!
//! ```text
//! slope           initial = base + slope max(coins - from, 0),   maintenance alike                    (Deribit, Delta Exchange)
//! open interest   initial = imf + clamp((OI - lower) / (upper - lower), 0, 1) (1 - imf),   maintenance = fraction imf     (dYdX v4)
//! root of size    max(least, max(base, 0.8 base + factor sqrt(coins 1e10 + 1) / 1e5))  for base initial and maintenance      (Drift v2)
//! collateral      max(least money, max(share, OI multiple) N), initial and maintenance alike              (GMX v2)
//! ```
//!
//! all of the notional `N`; coins are the position's absolute size in units of the underlying, open interest is money.
//!
//! Source: Deribit announcements (January 2022); v4-chain, protocol-v2 and gmx-synthetics as restated in mpor's notes. Drift
//! sizes are integers of 1e-9 coins, hence the odd root. GMX's price impact and fees are not in here.

use serde::Deserialize;

use super::Levels;

/// How the rate of a future or perpetual follows from its size.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SizeRate {
    /// Rises with the position's coins.
    Slope(Slope),
    /// Rises with the market's open interest.
    OpenInterest(OpenInterest),
    /// Rises with the root of the position's coins.
    RootSize(RootSize),
    /// A share, at least some money, and more where the market is crowded.
    Collateral(Collateral),
}

/// Parameters of a rate that rises with coins.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slope {
    /// Initial rate of a small position.
    pub initial: f64,
    /// Maintenance rate of a small position.
    pub maintenance: f64,
    /// Initial rate added per coin.
    pub initial_slope: f64,
    /// Maintenance rate added per coin.
    pub maintenance_slope: f64,
    /// Coins from which the rates rise.
    #[serde(default)]
    pub from: f64,
}

/// Parameters of a rate that rises with open interest.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInterest {
    /// Initial rate of an empty market.
    pub initial: f64,
    /// Maintenance rate, as a share of that initial rate.
    pub maintenance_fraction: f64,
    /// Open interest at which the initial rate begins to rise, reporting currency.
    pub lower: Option<f64>,
    /// Open interest at which it is one, reporting currency; without both bounds it does not rise.
    pub upper: Option<f64>,
}

/// Parameters of a rate that rises with the root of coins.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootSize {
    /// Initial rate of a small position.
    pub initial: f64,
    /// Maintenance rate of a small position.
    pub maintenance: f64,
    /// Rate added per root of coins.
    pub factor: f64,
    /// Least rates that the account has chosen for itself.
    #[serde(default)]
    pub least: f64,
}

/// Parameters of a least collateral.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collateral {
    /// Share of notional.
    pub share: f64,
    /// Least money, reporting currency.
    pub least: f64,
    /// Share of notional per unit of open interest, where that is more.
    #[serde(default)]
    pub open_interest_multiple: f64,
}

impl SizeRate {
    /// Shares of notional that a position needs: of `coins` (absolute) in a market of `open_interest` (reporting currency).
    ///
    /// `Collateral` has a least amount beside its share: see [`SizeRate::levels`].
    #[must_use]
    pub fn rates(&self, coins: f64, open_interest: f64) -> Levels {
        match self {
            SizeRate::Slope(slope) => {
                let coins = (coins - slope.from).max(0.0);
                Levels {
                    initial: slope.initial + slope.initial_slope * coins,
                    maintenance: slope.maintenance + slope.maintenance_slope * coins,
                }
            }
            SizeRate::OpenInterest(rule) => {
                let crowded = match (rule.lower, rule.upper) {
                    (Some(lower), Some(upper)) => {
                        ((open_interest - lower) / (upper - lower)).clamp(0.0, 1.0)
                    }
                    _ => 0.0,
                };
                Levels {
                    initial: rule.initial + crowded * (1.0 - rule.initial),
                    maintenance: rule.maintenance_fraction * rule.initial,
                }
            }
            SizeRate::RootSize(rule) => {
                let root = (coins * 1e10 + 1.0).sqrt() / 1e5;
                let rate = |base: f64| rule.least.max(base.max(0.8 * base + rule.factor * root));
                Levels { initial: rate(rule.initial), maintenance: rate(rule.maintenance) }
            }
            SizeRate::Collateral(rule) => {
                let share = rule.share.max(rule.open_interest_multiple * open_interest);
                Levels { initial: share, maintenance: share }
            }
        }
    }

    /// Money that a position needs at both levels: `notional` in reporting currency, otherwise as [`SizeRate::rates`].
    #[must_use]
    pub fn levels(&self, notional: f64, coins: f64, open_interest: f64) -> Levels {
        let levels = self.rates(coins, open_interest).times(notional);
        match self {
            SizeRate::Collateral(rule) if notional > 0.0 => Levels {
                initial: levels.initial.max(rule.least),
                maintenance: levels.maintenance.max(rule.least),
            },
            _ => levels,
        }
    }

    /// What is impossible about the parameters, in a sentence.
    ///
    /// # Errors
    /// The sentence.
    pub fn check(&self) -> Result<(), String> {
        match self {
            SizeRate::Slope(slope) => {
                super::check_order(slope.initial, slope.maintenance)?;
                super::check_order(slope.initial_slope, slope.maintenance_slope)?;
                not_below_zero("from", slope.from)
            }
            SizeRate::OpenInterest(rule) => {
                super::check_order(1.0, rule.initial)?;
                super::check_order(1.0, rule.maintenance_fraction)?;
                match (rule.lower, rule.upper) {
                    (None, None) => Ok(()),
                    (Some(lower), Some(upper)) if 0.0 <= lower && lower < upper => Ok(()),
                    (lower, upper) => Err(format!(
                        "has lower {lower:?} and upper {upper:?}: both, the upper above the lower, or neither"
                    )),
                }
            }
            SizeRate::RootSize(rule) => {
                super::check_order(rule.initial, rule.maintenance)?;
                not_below_zero("factor", rule.factor)?;
                not_below_zero("least", rule.least)
            }
            SizeRate::Collateral(rule) => {
                not_below_zero("share", rule.share)?;
                not_below_zero("least", rule.least)?;
                not_below_zero("open_interest_multiple", rule.open_interest_multiple)
            }
        }
    }
}

fn not_below_zero(key: &str, value: f64) -> Result<(), String> {
    let holds = value >= 0.0 && value.is_finite();
    if holds { Ok(()) } else { Err(format!("has {key} {value}: zero or more")) }
}
