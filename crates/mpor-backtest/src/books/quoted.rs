//! Which contracts does the market list at this step? Those that the option chain marks there, and no others.

use std::collections::BTreeMap;
use std::sync::Arc;

use mpor_core::{Contract, MarketState, Right, Timestamp, UnderlyingIx, Universe};

/// Expiries and strikes that are marked at one step, by underlying. Both the call and the put of a strike are.
pub(super) struct Quoted {
    chains: BTreeMap<(UnderlyingIx, Timestamp), Arc<[f64]>>,
}

impl Quoted {
    /// What a market state marks.
    pub(super) fn new(universe: &Universe, state: &MarketState) -> Self {
        let mut strikes: BTreeMap<(UnderlyingIx, Timestamp), [Vec<f64>; 2]> = BTreeMap::new();
        for ix in state.marks.keys() {
            let instrument = universe.instrument(*ix);
            let Contract::Option { expiry, strike, right, .. } = instrument.contract else {
                continue;
            };
            let sides = strikes.entry((instrument.underlying, expiry)).or_default();
            sides[usize::from(right == Right::Put)].push(strike);
        }
        let both = |[mut calls, mut puts]: [Vec<f64>; 2]| -> Arc<[f64]> {
            calls.sort_by(f64::total_cmp);
            puts.sort_by(f64::total_cmp);
            calls.dedup();
            calls.retain(|strike| puts.binary_search_by(|put| put.total_cmp(strike)).is_ok());
            Arc::from(calls)
        };
        let chains = strikes.into_iter().map(|(key, sides)| (key, both(sides)));
        Quoted { chains: chains.filter(|(_, strikes)| !strikes.is_empty()).collect() }
    }

    /// The expiry after `now` that is nearest to `target`; the earlier of two equally near ones.
    pub(super) fn nearest(
        &self,
        underlying: UnderlyingIx,
        now: Timestamp,
        target: Timestamp,
    ) -> Option<Timestamp> {
        let expiries = self.chains.keys().filter(|(of, expiry)| *of == underlying && *expiry > now);
        expiries.map(|(_, expiry)| *expiry).min_by_key(|expiry| (expiry.0 - target.0).abs())
    }

    /// All expiries of an underlying, in order.
    pub(super) fn expiries(&self, underlying: UnderlyingIx) -> Vec<Timestamp> {
        let of = self.chains.keys().filter(|(of, _)| *of == underlying);
        of.map(|(_, expiry)| *expiry).collect()
    }

    /// The strikes of an expiry, increasing.
    pub(super) fn strikes(
        &self,
        underlying: UnderlyingIx,
        expiry: Timestamp,
    ) -> Option<Arc<[f64]>> {
        self.chains.get(&(underlying, expiry)).cloned()
    }
}
