//! A margin date as TIMS sees it: P&L of what anyone holds at the ten points, by class, and the groups of the classes.

use mpor_core::{Contract, InstrumentIx, Settlement, UnderlyingIx};
use mpor_pricing::PricingError;
use mpor_risk::Day;

use super::assessment::{POINTS, TimsClass, TimsOption, TimsUnit, point_name};
use super::parameters::Parameters;
use crate::error::MarginError;
use crate::models::slots::{Slot, Slots};

/// One class on one day.
pub(super) struct DayClass<'d> {
    pub name: &'d str,
    pub units: Vec<TimsUnit>,
    underlying: UnderlyingIx,
    class: TimsClass,
}

/// A product group on one day.
pub(super) struct DayGroup {
    pub name: String,
    pub offset: f64,
    /// Positions of its classes.
    pub classes: Vec<usize>,
    /// What can bind: the points, the minimum, that nothing loses.
    pub texts: Vec<String>,
}

/// What a margin date comes to.
pub(super) struct TimsDay<'d> {
    pub slots: Slots,
    pub classes: Vec<DayClass<'d>>,
    pub groups: Vec<DayGroup>,
}

/// The slot of every held instrument, the classes they belong to, and their groups in the order in which they are met.
pub(super) fn prepare<'d>(
    parameters: &Parameters,
    day: &'d Day<'_>,
) -> Result<TimsDay<'d>, MarginError> {
    let mut classes: Vec<DayClass<'d>> = Vec::new();
    let mut groups: Vec<DayGroup> = Vec::new();
    let mut slots = Vec::with_capacity(day.held.len());
    for &ix in day.held {
        let underlying = day.universe.instrument(ix).underlying;
        let name = day.universe.underlying(underlying).name.as_str();
        let Some((own, moves)) = parameters.class_of(name) else {
            slots.push(Slot::NotCovered(format!(
                "these rules have no class for `{name}`; add classes.{name} = {{ type = \"..\" }}, known: {}",
                parameters.known()
            )));
            continue;
        };
        let known = classes.iter().position(|class| class.underlying == underlying);
        let class = known.unwrap_or_else(|| {
            let class = TimsClass {
                spot: day.state.underlying(underlying).spot,
                down_move: moves.down,
                up_move: moves.up,
                minimum_per_unit: parameters.minimum,
            };
            classes.push(DayClass { name, units: Vec::new(), underlying, class });
            join(parameters, name, own.group.as_deref(), classes.len() - 1, &mut groups);
            classes.len() - 1
        });
        let unit = unit(day, ix, &classes[class].class)?;
        classes[class].units.push(unit);
        slots.push(Slot::covered(class, classes[class].units.len() - 1));
    }
    Ok(TimsDay { slots: Slots::new(classes.len(), slots), classes, groups })
}

/// Puts a class into its group; without one it is a group of its own.
fn join(
    parameters: &Parameters,
    name: &str,
    group: Option<&str>,
    class: usize,
    groups: &mut Vec<DayGroup>,
) {
    let offset = group.and_then(|group| parameters.groups.get(group)).map_or(0.0, |own| own.offset);
    let known = group.and_then(|group| groups.iter_mut().find(|known| known.name == group));
    match known {
        Some(known) => known.classes.push(class),
        None => {
            let name = group.unwrap_or(name).to_owned();
            let texts = bindings(&name);
            groups.push(DayGroup { name, offset, classes: vec![class], texts });
        }
    }
}

fn bindings(group: &str) -> Vec<String> {
    let rules = ["minimum", "no losing point"].map(str::to_owned);
    let all = (0..POINTS).map(point_name).chain(rules);
    all.map(|rule| format!("{group}: {rule}")).collect()
}

fn unit(day: &Day<'_>, ix: InstrumentIx, class: &TimsClass) -> Result<TimsUnit, MarginError> {
    let instrument = day.universe.instrument(ix);
    let state = day.state.underlying(instrument.underlying);
    let time = day.time();
    if let Some(expiry) = instrument.contract.expiry().filter(|&expiry| expiry < time) {
        let instrument = instrument.name.clone();
        return Err(PricingError::Expired { instrument, expiry, time }.into());
    }
    let size = instrument.contract_size;
    match instrument.contract {
        Contract::Spot => Ok(class.linear(size)),
        // The price of a future moves by the share that spot moves by.
        Contract::Future { expiry, settlement } => {
            let price = state.forward(time.years_to(expiry));
            Ok(class.linear(units(size, price, state.spot, settlement)))
        }
        Contract::Perpetual { settlement } => {
            Ok(class.linear(units(size, state.perpetual, state.spot, settlement)))
        }
        Contract::Option { expiry, strike, right, settlement } => {
            let inputs = day.state.option_inputs(ix, instrument.underlying, expiry, strike);
            let inputs = inputs.ok_or_else(|| PricingError::NoVolatility {
                instrument: instrument.name.clone(),
                underlying: day.universe.underlying(instrument.underlying).name.clone(),
                time,
            })?;
            let (forward, years, vol) = (inputs.forward, inputs.years, inputs.vol);
            // What settles in coin is worth its coins at spot, and those move with the forward.
            let coin = settlement == Settlement::Coin;
            let (rate, per_unit) =
                if coin { (0.0, state.spot / forward) } else { (inputs.rate, 1.0) };
            let option = TimsOption { forward, strike, years, vol, rate, right };
            Ok(class.option(&option, size, per_unit)?)
        }
    }
}

/// Units of spot that gain what a futures contract gains.
fn units(size: f64, price: f64, spot: f64, settlement: Settlement) -> f64 {
    match settlement {
        Settlement::Cash => size * price / spot,
        Settlement::Coin => size / spot,
    }
}
