//! Which hedge makes a model's requirement least?
//!
//! One instrument an underlying that the account is exposed to: one that somebody holds already where there is one of the kind
//! (so that positions net), else a new one. All sizes are searched together from no hedge and from the delta-neutral one, within
//! twice the gross delta of the underlying either way; overlays are part of what is minimised. See
//! [`mpor_risk::contribution::hedge`]: the best point of its neighbourhood, never worse than no hedge.

use mpor_core::{
    Contract, Instrument, InstrumentIx, Portfolio, Position, Settlement, Span, UnderlyingIx,
    Universe,
};
use mpor_margin::{MarginError, Now, Overlay, Prepared, Walk};
use mpor_pricing::sensitivity::sensitivities;
use mpor_risk::contribution::least_requirement;
use mpor_risk::{Day, RiskError};
use rayon::prelude::*;

use super::scene::Scene;
use crate::error::MporError;
use crate::lived::Lived;
use crate::loaded::replay_error;
use crate::study::stress::{HedgeSpec, HedgeWith};

/// Time to expiry of a new future where the study says nothing.
const TENOR: Span = Span::days(30);
/// A hedge may turn the gross delta of an underlying over this many times.
const REACH: f64 = 2.0;

/// One leg of one account's hedge.
#[derive(Clone, Debug)]
pub(crate) struct Hedged {
    pub account: usize,
    pub model: usize,
    pub underlying: String,
    pub instrument: String,
    /// Whether somebody holds the instrument already.
    pub held: bool,
    pub quantity: f64,
    /// Units of the underlying: of the account, and with the hedge.
    pub delta_before: f64,
    pub delta_after: f64,
    /// Requirement of the account: without hedge, with the delta-neutral one, with this one.
    pub before: f64,
    pub neutral: f64,
    pub after: f64,
    pub evaluations: usize,
}

/// Hedges by account; and what must be said.
pub(super) fn run(
    scene: &Scene<'_>,
    day: &Day<'_>,
) -> Result<(Vec<Hedged>, Vec<String>), MporError> {
    let default = HedgeSpec::default();
    let spec = scene.spec.hedge.as_ref().unwrap_or(&default);
    let ids = || scene.loaded.infos.iter().map(|info| info.id.as_str());
    let model = spec.model.as_ref().and_then(|name| ids().position(|id| id == name)).unwrap_or(0);
    let market = Market::new(scene, day, spec)?;
    let extended =
        Day::new(day.past, day.state, &market.universe, &market.held, day.horizon, day.seed);
    let failed = |error: MarginError| {
        let (model, time) = (scene.loaded.infos[model].id.clone(), scene.time());
        let source = Box::new(error);
        replay_error(scene.file, mpor_backtest::BacktestError::Prepare { model, time, source })
    };
    let prepared = scene.loaded.models[model].prepare(&extended).map_err(failed)?;
    let lived = Lived::until(scene.file, scene.loaded, scene.moment.step)?;
    let search = |account: usize| {
        let walk = lived.account(scene.loaded, model, scene.accounts[account]);
        let overlays = &scene.loaded.overlays[model];
        let asked = Asked { prepared: &*prepared, overlays, walk, time: scene.time() };
        market.hedge(scene, &extended, account, model, &asked)
    };
    let accounts: Vec<usize> = (0..scene.accounts.len()).collect();
    let found: Vec<Result<Vec<Hedged>, Refused>> = accounts.into_par_iter().map(search).collect();
    let (mut all, mut notes) = (Vec::new(), Vec::new());
    for one in found {
        match one {
            Ok(hedges) => all.extend(hedges),
            Err(Refused::Model(error)) if scene.spec.hedge.is_none() => {
                let id = &scene.loaded.infos[model].id;
                let said = format!(
                    "No hedge of an account is looked for where {id} refuses it; `stress.hedge` names another model or instrument: {error}."
                );
                if !notes.contains(&said) {
                    notes.push(said);
                }
            }
            Err(Refused::Model(error)) => return Err(failed(error)),
            Err(Refused::Risk(error)) => return Err(scene.failed(&["hedge"], error)),
        }
    }
    Ok((all, notes))
}

/// Why a hedge could not be valued.
enum Refused {
    Model(MarginError),
    Risk(RiskError),
}

impl From<RiskError> for Refused {
    fn from(error: RiskError) -> Self {
        Refused::Risk(error)
    }
}

/// One account under the model, overlays included.
struct Asked<'a> {
    prepared: &'a dyn Prepared,
    overlays: &'a [Box<dyn Overlay>],
    walk: Walk,
    time: mpor_core::Timestamp,
}

impl Asked<'_> {
    fn requirement(&self, portfolio: &Portfolio) -> Result<f64, MarginError> {
        let report = self.prepared.requirement(portfolio)?;
        if self.overlays.is_empty() {
            return Ok(report.initial.amount());
        }
        let figures = self.prepared.figures(portfolio)?;
        let now = Now { time: self.time, figures: &figures, ..Now::default() };
        Ok(self.walk.clone().step(self.overlays, report, now)?.initial.amount())
    }
}

/// The instruments of the margin date with a hedge an underlying.
struct Market {
    universe: Universe,
    held: Vec<InstrumentIx>,
    /// By underlying: the hedge, and whether somebody holds it.
    hedges: Vec<(InstrumentIx, bool)>,
}

impl Market {
    fn new(scene: &Scene<'_>, day: &Day<'_>, spec: &HedgeSpec) -> Result<Self, MporError> {
        let mut universe = day.universe.clone();
        let mut hedges = Vec::new();
        for index in 0..universe.underlyings().len() {
            let underlying = UnderlyingIx(index);
            let fits = |ix: &&InstrumentIx| {
                let known = day.universe.instrument(**ix);
                let alive = known.contract.expiry().is_none_or(|end| end > day.time());
                known.underlying == underlying && alive && known.contract.kind() == spec.with.name()
            };
            if let Some(&ix) = day.held.iter().find(fits) {
                hedges.push((ix, true));
                continue;
            }
            let expiry = day.time() + spec.tenor.unwrap_or(TENOR);
            let settlement = Settlement::Cash;
            let contract = match spec.with {
                HedgeWith::Spot => Contract::Spot,
                HedgeWith::Perpetual => Contract::Perpetual { settlement },
                HedgeWith::Future => Contract::Future { expiry, settlement },
            };
            let name = format!("{} hedge: {}", scene.underlying(index), spec.with.name());
            let instrument = Instrument { name, underlying, contract_size: 1.0, contract };
            let added = universe.add(instrument);
            let ix = added.map_err(|error| MporError::History(error.to_string()))?;
            hedges.push((ix, false));
        }
        let mut held = day.held.to_vec();
        held.extend(hedges.iter().map(|(ix, _)| *ix));
        held.sort_unstable();
        held.dedup();
        Ok(Market { universe, held, hedges })
    }

    fn hedge(
        &self,
        scene: &Scene<'_>,
        day: &Day<'_>,
        account: usize,
        model: usize,
        asked: &Asked<'_>,
    ) -> Result<Vec<Hedged>, Refused> {
        let portfolio = scene.portfolio(account);
        let legs = self.legs(day, &scene.alive(day, portfolio))?;
        if legs.is_empty() {
            return Ok(Vec::new());
        }
        let with = |quantities: &[f64]| {
            let added = legs.iter().zip(quantities);
            let added = added.map(|(leg, &quantity)| Position { instrument: leg.ix, quantity });
            Portfolio::new(portfolio.positions().iter().copied().chain(added).collect())
        };
        let bounds: Vec<(f64, f64)> = legs.iter().map(|leg| (-leg.reach, leg.reach)).collect();
        let neutral: Vec<f64> = legs.iter().map(|leg| -leg.net / leg.unit).collect();
        let mut refused = None;
        let found = least_requirement(&bounds, std::slice::from_ref(&neutral), &mut |quantities| {
            asked.requirement(&with(quantities)).map_err(|error| {
                refused = Some(error);
                RiskError::NoScenarios
            })
        });
        if let Some(error) = refused {
            return Err(Refused::Model(error));
        }
        let found = found?;
        let at_neutral = asked.requirement(&with(&neutral)).map_err(Refused::Model)?;
        let row = |(leg, &quantity): (&Leg, &f64)| Hedged {
            account,
            model,
            underlying: scene.underlying(leg.underlying).to_owned(),
            instrument: self.universe.instrument(leg.ix).name.clone(),
            held: leg.held,
            quantity,
            delta_before: leg.net,
            delta_after: leg.net + quantity * leg.unit,
            before: found.before,
            neutral: at_neutral,
            after: found.after,
            evaluations: found.evaluations,
        };
        Ok(legs.iter().zip(&found.quantities).map(row).collect())
    }

    /// A leg for each underlying that the positions have delta on.
    fn legs(&self, day: &Day<'_>, alive: &[Position]) -> Result<Vec<Leg>, RiskError> {
        let mut sums = vec![(0.0, 0.0); self.hedges.len()];
        for held in alive {
            let unit = sensitivities(day.state, day.universe, held.instrument)?;
            let at = day.universe.instrument(held.instrument).underlying.0;
            let delta = held.quantity * unit.delta_units;
            sums[at].0 += delta;
            sums[at].1 += delta.abs();
        }
        let mut legs = Vec::new();
        for (underlying, (&(net, gross), &(ix, held))) in sums.iter().zip(&self.hedges).enumerate()
        {
            if gross == 0.0 {
                continue;
            }
            let unit = sensitivities(day.state, day.universe, ix)?.delta_units;
            legs.push(Leg { underlying, ix, held, unit, net, reach: REACH * gross / unit });
        }
        Ok(legs)
    }
}

struct Leg {
    underlying: usize,
    ix: InstrumentIx,
    held: bool,
    /// Delta of one contract, above zero.
    unit: f64,
    /// Delta of the account.
    net: f64,
    /// Most contracts either way.
    reach: f64,
}
