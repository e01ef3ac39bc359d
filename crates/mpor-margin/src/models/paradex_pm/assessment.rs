//! Unit values of a market, and what the portfolio margin says about one book in it.
//!
//! ```text
//! P&L_s     = weight_s sum of quantity x ( perpetual: mark x move;  option: V(F (1 + move), vol') - V(F, vol) )
//! scan      = max( 0, -min_s P&L_s )
//! hedged    = (gross delta - |net delta|) / 2,   gross position by position
//! minimum   = ( net_rate |net delta| + hedged_rate hedged ) spot
//! initial   = max(scan, minimum) + provisions,   maintenance = mm_factor max(scan, minimum) + provisions
//! ```

use mpor_pricing::PricingError;

use super::parameters::{ParadexParameters, ParadexScenario};
use crate::models::venue::{VenueContract, VenueOption, add, sum};

/// A market's contracts, valued once for everyone. USD a coin.
#[derive(Clone, Debug)]
pub struct ParadexUnits {
    /// Spot price.
    pub spot: f64,
    /// Delta of one coin of each contract.
    pub deltas: Vec<f64>,
    scenarios: usize,
    /// One row a contract: weighted P&L by scenario.
    values: Vec<f64>,
}

/// Everything that the portfolio margin says about one book in one market. USD, deltas in coins.
#[derive(Clone, Debug, PartialEq)]
pub struct ParadexAssessment {
    /// Weighted P&L by scenario, gain positive.
    pub pnl: Vec<f64>,
    /// The largest weighted loss, at least zero.
    pub scan: f64,
    /// Delta of all positions, signed.
    pub net_delta: f64,
    /// Sum of the absolute deltas of the positions.
    pub gross_delta: f64,
    /// Minimum for the net delta.
    pub net_minimum: f64,
    /// Minimum for the hedged delta.
    pub hedged_minimum: f64,
    /// What funding and fees may cost, both levels.
    pub provisions: f64,
    /// Maintenance margin as a share of the initial one, before provisions.
    pub mm_factor: f64,
}

impl ParadexUnits {
    /// Values every contract in every scenario.
    ///
    /// # Errors
    /// [`PricingError::Input`] for a forward, strike or volatility that admits no value.
    pub fn new(
        parameters: &ParadexParameters,
        spot: f64,
        contracts: &[VenueContract],
    ) -> Result<Self, PricingError> {
        let mut values = Vec::with_capacity(contracts.len() * parameters.scenarios.len());
        for contract in contracts {
            for scenario in &parameters.scenarios {
                values.push(scenario.weight * pnl(parameters, contract, scenario)?);
            }
        }
        let deltas = contracts.iter().map(VenueContract::delta).collect::<Result<Vec<_>, _>>()?;
        Ok(ParadexUnits { spot, deltas, scenarios: parameters.scenarios.len(), values })
    }

    fn row(&self, contract: usize) -> &[f64] {
        &self.values[contract * self.scenarios..(contract + 1) * self.scenarios]
    }
}

fn pnl(
    parameters: &ParadexParameters,
    contract: &VenueContract,
    scenario: &ParadexScenario,
) -> Result<f64, PricingError> {
    Ok(match contract {
        VenueContract::Spot { price: mark }
        | VenueContract::Perpetual { mark }
        | VenueContract::Future { mark, .. } => mark * scenario.price,
        VenueContract::Option(option) => {
            let forward = option.forward * (1.0 + scenario.price);
            let vol = parameters.shocked_vol(option.vol, option.days, scenario.vol);
            VenueOption { forward, vol, ..*option }.value()? - option.value()?
        }
    })
}

impl ParadexAssessment {
    /// Assesses a book: positions of contracts in the units, and signed coins. `units` must come from the same parameters.
    #[must_use]
    pub fn new(
        parameters: &ParadexParameters,
        units: &ParadexUnits,
        book: &[(usize, f64)],
        provisions: f64,
    ) -> Self {
        let mut pnl = vec![0.0; units.scenarios];
        for &(contract, coins) in book {
            add(&mut pnl, coins, units.row(contract));
        }
        let deltas = book.iter().map(|&(contract, coins)| coins * units.deltas[contract]);
        let (net_delta, gross_delta) = (sum(deltas.clone()), sum(deltas.map(f64::abs)));
        let hedged = hedged(gross_delta, net_delta);
        ParadexAssessment {
            scan: pnl.iter().fold(0.0, |worst: f64, pnl| worst.max(0.0 - pnl)),
            pnl,
            net_delta,
            gross_delta,
            net_minimum: parameters.net_rate * net_delta.abs() * units.spot,
            hedged_minimum: parameters.hedged_rate * hedged * units.spot,
            provisions,
            mm_factor: parameters.mm_factor,
        }
    }

    /// Delta that other positions hedge, coins.
    #[must_use]
    pub fn hedged_delta(&self) -> f64 {
        hedged(self.gross_delta, self.net_delta)
    }

    /// Minimum for the delta.
    #[must_use]
    pub fn minimum(&self) -> f64 {
        self.net_minimum + self.hedged_minimum
    }

    /// Initial margin.
    #[must_use]
    pub fn initial_margin(&self) -> f64 {
        self.risk() + self.provisions
    }

    /// Maintenance margin.
    #[must_use]
    pub fn maintenance_margin(&self) -> f64 {
        self.mm_factor * self.risk() + self.provisions
    }

    /// The first scenario with the worst P&L.
    #[must_use]
    pub fn worst_scenario(&self) -> usize {
        let start = (0, f64::INFINITY);
        let pnl = self.pnl.iter().enumerate();
        pnl.fold(start, |least, (at, &pnl)| if pnl < least.1 { (at, pnl) } else { least }).0
    }

    fn risk(&self) -> f64 {
        self.scan.max(self.minimum())
    }
}

/// Not below zero: the difference of equal sums may round below.
fn hedged(gross: f64, net: f64) -> f64 {
    ((gross - net.abs()) / 2.0).max(0.0)
}
