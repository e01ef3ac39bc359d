//! The part of the modules that does not depend on a book: P&L, delta and closing cost of one coin of each contract.
//!
//! ```text
//! spot, future, perpetual   P&L = index x                          whatever the mark
//! option                    P&L = V(F + index x, vol') - V(F, vol),   vol' = max( vol +- move, 0 )
//! decay                     P&L = V(F, vol, one day less, not below none) - V(F, vol)
//! delta in USD              delta x mark;   of options N(d1) x forward
//! cost                      futures, perpetuals: mark x rate
//!                           options: max(|delta|, least) rate index + min( fee index, cap V )
//! ```
//!
//! all times the USD price of the coin that things are quoted in.

use mpor_pricing::PricingError;

use super::parameters::OkxParameters;
use crate::models::venue::{VenueContract, VenueOption, YEAR_DAYS};

/// Volatilities of MR1: down, same, up.
pub const VOLS: usize = 3;

/// The two extreme moves of MR6: down, up.
const EXTREMES: usize = 2;

/// An underlying's contracts, valued once for everyone. USD a coin.
#[derive(Clone, Debug)]
pub struct OkxUnits {
    /// Delta of one coin of each, USD; none of spot, which is not charged for basis.
    pub deltas: Vec<f64>,
    /// Closing cost of one coin of each.
    pub costs: Vec<f64>,
    /// Expiries in the order in which the contracts name them; `None` is the perpetual.
    pub expiries: Vec<Option<f64>>,
    /// By expiry: share of its delta that MR4 takes.
    pub basis_rates: Vec<f64>,
    /// By contract: its expiry, `None` for spot.
    pub expiry_of: Vec<Option<usize>>,
    /// Cells of MR1.
    grid: usize,
    /// One row a contract: grid of MR1, move-major; MR6 down and up; decay.
    values: Vec<f64>,
}

impl OkxUnits {
    /// Values every contract in every module. `index` in the quote coin, `stable_price` USD per quote coin.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a forward, strike or volatility that admits no value.
    pub fn new(
        parameters: &OkxParameters,
        index: f64,
        stable_price: f64,
        contracts: &[VenueContract],
    ) -> Result<Self, PricingError> {
        let extremes = [-parameters.extreme_move, parameters.extreme_move];
        let (mut values, mut deltas, mut costs) = (Vec::new(), Vec::new(), Vec::new());
        for contract in contracts {
            let from = values.len();
            for &x in &parameters.spot_moves {
                values.extend(cells(parameters, contract, index, x)?);
            }
            for x in extremes {
                let [_, same, _] = cells(parameters, contract, index, x)?;
                values.push(same);
            }
            values.push(decay(contract)?);
            values[from..].iter_mut().for_each(|value| *value *= stable_price);
            deltas.push(delta_usd(contract)? * stable_price);
            costs.push(cost(parameters, contract, index)? * stable_price);
        }
        let mut expiries: Vec<Option<f64>> = Vec::new();
        let expiry_of = contracts.iter().map(|contract| expiry(contract, &mut expiries)).collect();
        let rate = |days: &Option<f64>| match days {
            Some(days) => parameters.annual_basis * days / YEAR_DAYS,
            None => parameters.perp_basis,
        };
        let basis_rates = expiries.iter().map(rate).collect();
        let grid = VOLS * parameters.spot_moves.len();
        Ok(OkxUnits { deltas, costs, expiries, basis_rates, expiry_of, grid, values })
    }

    /// Number of columns of a row: grid of MR1, MR6 down and up, decay.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.grid + EXTREMES + 1
    }

    /// Number of cells of MR1.
    #[must_use]
    pub fn grid(&self) -> usize {
        self.grid
    }

    /// P&L of one coin of a contract: grid of MR1, move-major, volatility down, same, up; MR6 down and up; decay.
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

/// P&L at one move, volatility down, same and up.
fn cells(
    parameters: &OkxParameters,
    contract: &VenueContract,
    index: f64,
    x: f64,
) -> Result<[f64; VOLS], PricingError> {
    let VenueContract::Option(option) = contract else {
        return Ok([index * x; VOLS]);
    };
    let forward = option.forward + index * x;
    let move_ = parameters.vol_move(option.vol, option.days);
    let base = option.value()?;
    let at = |vol: f64| -> Result<f64, PricingError> {
        Ok(VenueOption { forward, vol: vol.max(0.0), ..*option }.value()? - base)
    };
    Ok([at(option.vol - move_)?, at(option.vol)?, at(option.vol + move_)?])
}

fn decay(contract: &VenueContract) -> Result<f64, PricingError> {
    let VenueContract::Option(option) = contract else { return Ok(0.0) };
    let days = (option.days - 1.0).max(0.0);
    Ok(VenueOption { days, ..*option }.value()? - option.value()?)
}

fn delta_usd(contract: &VenueContract) -> Result<f64, PricingError> {
    Ok(match contract {
        VenueContract::Spot { .. } => 0.0,
        VenueContract::Perpetual { mark } | VenueContract::Future { mark, .. } => *mark,
        VenueContract::Option(option) => option.delta()? * option.forward,
    })
}

fn cost(
    parameters: &OkxParameters,
    contract: &VenueContract,
    index: f64,
) -> Result<f64, PricingError> {
    let rate = parameters.futures_cost_rate;
    Ok(match contract {
        VenueContract::Spot { .. } => 0.0,
        VenueContract::Perpetual { mark } | VenueContract::Future { mark, .. } => mark * rate,
        VenueContract::Option(option) => {
            let delta = option.delta()?.abs().max(parameters.option_min_delta);
            let most = parameters.option_taker_cap * option.value()?;
            delta * rate * index + (parameters.option_taker_rate * index).min(most)
        }
    })
}
