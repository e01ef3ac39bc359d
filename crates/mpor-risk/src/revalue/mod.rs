//! Revaluation: the unit P&L of every held instrument in every scenario, by full repricing.
//!
//! Done once a day and scenario set; accounts are weights over its rows. What depends on an expiry only (forward
//! multiples, volatility ratios, moved smiles) is worked out once for it; what is left a contract and scenario is one call
//! of the vector kernel of `mpor-pricing`. Rows are filled in parallel, each by one thread from start to end, so their bits
//! do not depend on the number of threads.
//!
//! Time passes where the set says so ([`ScenarioSet::years_forward`]): options lose their time value, forwards roll down
//! the carry, and what expires inside it settles on the moved spot. Historical, filtered and Monte Carlo sets let the
//! margin period pass, because the loss they are compared with does; grids are instantaneous, as the venues' are.
//! Funding and the change of discount rates are not in the P&L.

mod row;
mod slice;
mod smile;

use std::collections::BTreeMap;
use std::sync::Arc;

use mpor_core::{Instrument, Timestamp, UnderlyingState};
use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;

use self::row::Scratch;
use self::slice::Slice;
use crate::day::Day;
use crate::error::RiskError;
use crate::revaluation::Revaluation;
use crate::scenario::ScenarioSpec;
use crate::set::ScenarioSet;

/// Revalues every instrument that is held on a day under every scenario of a set.
///
/// An instrument that expires at the day's own instant is settled and moves no more.
///
/// # Errors
/// [`RiskError::NoScenarios`] for an empty set, [`RiskError::SetShape`] for one of other underlyings,
/// [`RiskError::Pricing`] for an option without volatility, an expired instrument or prices that are not above zero,
/// [`RiskError::NotFinite`] naming the instrument and scenario.
pub fn revalue(day: &Day<'_>, set: &ScenarioSet) -> Result<Revaluation, RiskError> {
    set.check(day.universe.underlyings().len())?;
    let scene = Scene::new(day, set);
    let mut pnl = vec![0.0; day.held.len() * set.len()];
    let rows: Vec<Result<(), RiskError>> = pnl
        .par_chunks_mut(set.len())
        .zip(day.held)
        .map_init(Scratch::default, |scratch, (out, &ix)| row::fill(&scene, ix, scratch, out))
        .collect();
    rows.into_iter().collect::<Result<(), _>>()?;
    let pnl = Array2::from_shape_vec((day.held.len(), set.len()), pnl)
        .map_err(|_| RiskError::NoScenarios)?;
    Ok(Revaluation {
        scenarios: set.names.clone(),
        held: day.held.to_vec(),
        pnl,
        weights: set.weights.clone(),
    })
}

impl Day<'_> {
    /// The revaluation under the scenarios of `spec`, made the first time it is asked for and shared by all models whose
    /// specification is equal.
    ///
    /// # Errors
    /// As [`ScenarioSpec::scenarios`] and [`revalue`].
    pub fn revaluation(&self, spec: &ScenarioSpec) -> Result<Arc<Revaluation>, RiskError> {
        self.shared(&spec.canonical(), || revalue(self, &spec.scenarios(self)?))
    }
}

/// A day and a set, with what is worked out once for all rows.
#[derive(Debug)]
struct Scene<'a> {
    day: &'a Day<'a>,
    set: &'a ScenarioSet,
    /// Moved spot prices by underlying and scenario.
    spot: Vec<Vec<f64>>,
    /// By row of the set and expiry; expiries that are still to come.
    slices: BTreeMap<(usize, Timestamp), Slice>,
}

impl<'a> Scene<'a> {
    fn new(day: &'a Day<'a>, set: &'a ScenarioSet) -> Self {
        let moved = |(state, moves): (&UnderlyingState, ArrayView1<'_, f64>)| {
            moves.iter().map(|x| state.spot * (1.0 + x)).collect()
        };
        let spot = day.state.underlyings.iter().zip(set.spot.rows()).map(moved).collect();
        let mut slices = BTreeMap::new();
        for held in day.held.iter().map(|&ix| day.universe.instrument(ix)) {
            let Some(expiry) = held.contract.expiry().filter(|&e| e > day.time()) else { continue };
            slices.entry((held.underlying.0, expiry)).or_insert_with(|| {
                let (state, row) = (day.state.underlying(held.underlying), held.underlying.0);
                Slice::new(state, set, row, day.time().years_to(expiry))
            });
        }
        Scene { day, set, spot, slices }
    }

    /// The slice of an instrument that has an expiry still to come.
    fn slice(&self, instrument: &Instrument) -> Option<&Slice> {
        self.slices.get(&(instrument.underlying.0, instrument.contract.expiry()?))
    }

    /// Counts the covered share of each scenario's P&L, and lets nothing through that is not a number.
    fn finish(&self, instrument: &Instrument, out: &mut [f64]) -> Result<(), RiskError> {
        if let Some(cover) = &self.set.cover {
            out.iter_mut().zip(cover).for_each(|(pnl, share)| *pnl *= share);
        }
        // Without an early exit the check is a vector loop; which scenario it was is only looked for when one was.
        if out.iter().fold(true, |all, pnl| all & pnl.is_finite()) {
            return Ok(());
        }
        let s = out.iter().position(|pnl| !pnl.is_finite()).unwrap_or(0);
        Err(RiskError::NotFinite {
            instrument: instrument.name.clone(),
            scenario: self.set.names[s].clone(),
            time: self.day.time(),
        })
    }
}
