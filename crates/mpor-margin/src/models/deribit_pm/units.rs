//! The part of the risk matrix that does not depend on a book: the P&L in coin of one coin of each contract, cell by cell.
//!
//! ```text
//! standard   x_k = price_range k / buckets, k = -buckets .. buckets, each with volatility up, same, down
//!            future       x / (1 + x)
//!            coin option  V(F (1 + x), vol') / (F (1 + x)) - V(F, vol) / F
//!            cash option  ( V(F (1 + x), vol') - V(F, vol) ) / (F (1 + x))
//! extended   moves X, volatility up:  P&L(X) (1 + X) factor price_range / ( |X| (1 + sign(X) price_range) )
//! dampener   D(X) = ( max(|X| / price_range, 1) - 1 ) dampener / ( S (1 + sign(X) price_range) )
//! ```
//!
//! Strikes keep their volatility, every forward moves by the same share, time does not pass.

use mpor_core::Settlement;
use mpor_pricing::PricingError;

use super::parameters::DeribitParameters;
use crate::models::venue::{VenueContract, VenueOption};

/// Volatilities of the standard table: up, same, down.
pub const VOLS: usize = 3;

/// A currency's contracts, valued once for everyone.
#[derive(Clone, Debug)]
pub struct DeribitUnits {
    /// Index price, USD.
    pub index: f64,
    /// The contracts.
    pub contracts: Vec<VenueContract>,
    /// Delta of one coin of each.
    pub deltas: Vec<f64>,
    /// Expiries in the order in which the contracts name them; `None` is the perpetual.
    pub expiries: Vec<Option<f64>>,
    /// By expiry: share of its delta that the roll shock takes.
    pub roll_rates: Vec<f64>,
    /// By contract: its expiry, `None` for spot.
    pub expiry_of: Vec<Option<usize>>,
    /// By move of the extended table: coins that it forgives.
    pub dampener: Vec<f64>,
    /// Cells of the standard table.
    standard: usize,
    /// One row a contract: standard table, price-major, then the extended one.
    values: Vec<f64>,
}

impl DeribitUnits {
    /// Values every contract in every cell.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a forward, strike or volatility that admits no value.
    pub fn new(
        parameters: &DeribitParameters,
        index: f64,
        contracts: Vec<VenueContract>,
    ) -> Result<Self, PricingError> {
        let standard = parameters.standard_moves();
        let mut values = Vec::new();
        for contract in &contracts {
            for &x in &standard {
                values.extend(cells(parameters, contract, x)?);
            }
            for &x in &parameters.extended_price_moves {
                let [up, ..] = cells(parameters, contract, x)?;
                values.push(up * (1.0 + x) * extended_weight(parameters, x));
            }
        }
        let deltas = contracts.iter().map(VenueContract::delta).collect::<Result<Vec<_>, _>>()?;
        let mut expiries: Vec<Option<f64>> = Vec::new();
        let expiry_of = contracts.iter().map(|contract| expiry(contract, &mut expiries)).collect();
        let roll_rates = expiries.iter().map(|&days| parameters.roll_rate(days)).collect();
        let moves = parameters.extended_price_moves.iter();
        let dampener = moves.map(|&x| dampener(parameters, index, x)).collect();
        let standard = VOLS * standard.len();
        let units = DeribitUnits {
            index,
            contracts,
            deltas,
            expiries,
            roll_rates,
            expiry_of,
            dampener,
            standard,
            values,
        };
        Ok(units)
    }

    /// Number of cells of both tables.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.standard + self.dampener.len()
    }

    /// Number of cells of the standard table.
    #[must_use]
    pub fn standard(&self) -> usize {
        self.standard
    }

    /// P&L of one coin of a contract, in coin: standard table, price-major, then the extended one before the dampener.
    #[must_use]
    pub fn row(&self, contract: usize) -> &[f64] {
        &self.values[contract * self.columns()..(contract + 1) * self.columns()]
    }
}

/// The expiry of a contract, begun where it is the first of it.
fn expiry(contract: &VenueContract, expiries: &mut Vec<Option<f64>>) -> Option<usize> {
    if matches!(contract, VenueContract::Spot { .. }) {
        return None;
    }
    let days = contract.days();
    let known = expiries.iter().position(|known| *known == days);
    Some(known.unwrap_or_else(|| {
        expiries.push(days);
        expiries.len() - 1
    }))
}

/// P&L in coin at one move, volatility up, same and down.
fn cells(
    parameters: &DeribitParameters,
    contract: &VenueContract,
    x: f64,
) -> Result<[f64; VOLS], PricingError> {
    let VenueContract::Option(option) = contract else {
        return Ok([x / (1.0 + x); VOLS]);
    };
    let shock = parameters.vol_shock();
    let (up, down) = (shock.up(option.vol, option.days), shock.down(option.vol, option.days));
    Ok([
        option_pnl(option, x, up)?,
        option_pnl(option, x, option.vol)?,
        option_pnl(option, x, down)?,
    ])
}

fn option_pnl(option: &VenueOption, x: f64, vol: f64) -> Result<f64, PricingError> {
    let forward = option.forward * (1.0 + x);
    let (before, after) = (option.value()?, VenueOption { forward, vol, ..*option }.value()?);
    Ok(match option.settlement {
        Settlement::Coin => after / forward - before / option.forward,
        Settlement::Cash => (after - before) / forward,
    })
}

/// What a USD P&L at `X`, over the price at `X`, counts for in coin at the end of the price range.
fn extended_weight(parameters: &DeribitParameters, x: f64) -> f64 {
    let range = parameters.price_range;
    parameters.extended_table_factor * range / (x.abs() * (1.0 + x.signum() * range))
}

fn dampener(parameters: &DeribitParameters, index: f64, x: f64) -> f64 {
    let range = parameters.price_range;
    let multiples = (x.abs() / range).max(1.0) - 1.0;
    multiples * parameters.extended_dampener / (index * (1.0 + x.signum() * range))
}
