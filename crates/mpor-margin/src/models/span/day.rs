//! A margin date as SPAN sees it: risk arrays and composite deltas of what anyone holds, and charges in money.

use mpor_core::time::YEAR_DAYS;
use mpor_core::{Contract, InstrumentIx, Settlement, UnderlyingIx};
use mpor_pricing::PricingError;
use mpor_risk::Day;

use super::array::{RiskArray, SCENARIOS, ScanRange, SpanOption, scenario_name};
use super::assessment::{InterSpread, IntraSpread, SpanTerms, SpanUnit, SpotMonth, SpreadLeg};
use super::parameters::{CommodityParameters, OptionStyle, Parameters};
use crate::error::MarginError;
use crate::models::slots::{Slot, Slots};

/// One commodity on one day.
pub(super) struct DayCommodity<'d> {
    pub name: &'d str,
    pub terms: SpanTerms,
    pub units: Vec<SpanUnit>,
    /// What can bind: the scenarios, the short option minimum, that nothing loses.
    pub texts: Vec<String>,
}

/// What a margin date comes to.
pub(super) struct SpanDay<'d> {
    pub slots: Slots,
    pub commodities: Vec<DayCommodity<'d>>,
    /// Spreads between them.
    pub spreads: Vec<InterSpread>,
}

/// A commodity while its contracts are being collected.
struct Draft<'p> {
    underlying: UnderlyingIx,
    parameters: &'p CommodityParameters,
    scan: ScanRange,
    /// Expiries by days, in the order in which they are met; `None` for what has none.
    expiries: Vec<Option<f64>>,
    units: Vec<SpanUnit>,
}

/// The slot of every held instrument, the commodities they belong to and the spreads between those.
pub(super) fn prepare<'d>(
    parameters: &Parameters,
    day: &'d Day<'_>,
) -> Result<SpanDay<'d>, MarginError> {
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    let slots: Result<Vec<Slot>, MarginError> =
        day.held.iter().map(|&ix| slot(parameters, day, ix, &mut drafts)).collect();
    let slots = Slots::new(drafts.len(), slots?);
    let commodities: Vec<DayCommodity<'d>> =
        drafts.into_iter().map(|draft| draft.finished(day)).collect();
    let spreads = inter_spreads(parameters, &commodities);
    Ok(SpanDay { slots, commodities, spreads })
}

/// The spreads all of whose commodities anyone holds: the others form in no book.
fn inter_spreads(parameters: &Parameters, held: &[DayCommodity<'_>]) -> Vec<InterSpread> {
    let spreads = parameters.inter_spreads.iter().filter_map(|spread| {
        let legs: Option<Vec<SpreadLeg>> = spread
            .legs
            .iter()
            .map(|leg| {
                let of = held.iter().position(|commodity| commodity.name == leg.commodity)?;
                Some(SpreadLeg { of, side: leg.side, ratio: leg.ratio })
            })
            .collect();
        Some(InterSpread { legs: legs?, credit_rate: spread.credit })
    });
    spreads.collect()
}

fn slot<'p>(
    parameters: &'p Parameters,
    day: &Day<'_>,
    ix: InstrumentIx,
    drafts: &mut Vec<Draft<'p>>,
) -> Result<Slot, MarginError> {
    let instrument = day.universe.instrument(ix);
    let name = &day.universe.underlying(instrument.underlying).name;
    let Some(own) = parameters.commodity_of(name) else {
        return Ok(Slot::NotCovered(format!(
            "these rules have no commodity for `{name}`; map it with markets = {{ {name} = \"..\" }}, known: {}",
            parameters.known()
        )));
    };
    let commodity = draft(day, instrument.underlying, own, drafts);
    let unit = drafts[commodity].unit(day, ix)?;
    drafts[commodity].units.push(unit);
    Ok(Slot::covered(commodity, drafts[commodity].units.len() - 1))
}

fn draft<'p>(
    day: &Day<'_>,
    underlying: UnderlyingIx,
    parameters: &'p CommodityParameters,
    drafts: &mut Vec<Draft<'p>>,
) -> usize {
    if let Some(known) = drafts.iter().position(|draft| draft.underlying == underlying) {
        return known;
    }
    let scan = ScanRange {
        price: parameters.price_range.points(day.state.underlying(underlying).spot),
        vol: parameters.vol_range,
        extreme_multiple: parameters.extreme.multiple,
        extreme_cover: parameters.extreme.cover,
        look_ahead_years: parameters.look_ahead_days / YEAR_DAYS,
    };
    let (expiries, units) = (Vec::new(), Vec::new());
    drafts.push(Draft { underlying, parameters, scan, expiries, units });
    drafts.len() - 1
}

impl Draft<'_> {
    fn unit(&mut self, day: &Day<'_>, ix: InstrumentIx) -> Result<SpanUnit, MarginError> {
        let instrument = day.universe.instrument(ix);
        let state = day.state.underlying(self.underlying);
        let time = day.time();
        if let Some(expiry) = instrument.contract.expiry().filter(|&expiry| expiry < time) {
            let instrument = instrument.name.clone();
            return Err(PricingError::Expired { instrument, expiry, time }.into());
        }
        let years = instrument.contract.expiry().map(|expiry| time.years_to(expiry));
        let expiry = self.expiry(years.map(|years| years * YEAR_DAYS));
        let (mut units, mut unit) = (instrument.contract_size, (0.0, 1.0, None));
        let array = match instrument.contract {
            Contract::Option { expiry, strike, right, settlement } => {
                let option = option(day, ix, expiry, strike, right, settlement)?;
                // What settles in coin is worth its coins at spot, and those move with the forward.
                let coin = settlement == Settlement::Coin;
                let per_unit = if coin { state.spot / option.forward } else { 1.0 };
                let value = option.value()? * per_unit * units;
                unit = (value, self.scan.composite_delta(&option)? * per_unit, Some(right));
                self.scan.option(&option, units * per_unit)?
            }
            Contract::Spot => self.scan.future(units),
            Contract::Future { settlement, .. } | Contract::Perpetual { settlement } => {
                let price = match years {
                    Some(years) => state.forward(years),
                    None => state.perpetual,
                };
                if settlement == Settlement::Coin {
                    units /= price;
                }
                self.scan.future(units)
            }
        };
        let (option_value, delta, right) = unit;
        let scale = units / self.parameters.contract_size;
        let (array, delta) = self.given(&instrument.name).unwrap_or((array, delta * scale));
        let paid = self.parameters.option_style == OptionStyle::Premium;
        let option_value = if paid { option_value } else { 0.0 };
        Ok(SpanUnit { expiry, array, delta, option_value, right, scale })
    }

    fn given(&self, name: &str) -> Option<(RiskArray, f64)> {
        self.parameters.contracts.get(name).map(|given| (given.array, given.delta))
    }

    fn expiry(&mut self, days: Option<f64>) -> usize {
        self.expiries.iter().position(|known| *known == days).unwrap_or_else(|| {
            self.expiries.push(days);
            self.expiries.len() - 1
        })
    }

    fn finished<'d>(self, day: &'d Day<'_>) -> DayCommodity<'d> {
        let own = self.parameters;
        let value = day.state.underlying(self.underlying).spot * own.contract_size;
        let range_value = self.scan.price * own.contract_size;
        let money = |amount: super::parameters::Amount| amount.money(value, range_value);
        let intra = own.intra_spreads.iter().map(|spread| IntraSpread {
            legs: spread
                .legs
                .iter()
                .map(|leg| SpreadLeg { of: leg.tier, side: leg.side, ratio: leg.ratio })
                .collect(),
            rate: money(spread.rate),
        });
        let terms = SpanTerms {
            tiers: own.tiers.len().max(1) + 1,
            tier_of: self.expiries.iter().map(|days| own.tier(*days)).collect(),
            range_value,
            intra_spreads: intra.collect(),
            spot_months: own
                .spot_month
                .iter()
                .map(|spot| SpotMonth {
                    tier: 1,
                    rate_spread: money(spot.rate_spread),
                    rate_outright: money(spot.rate_outright),
                })
                .collect(),
            short_option_rate: money(own.short_option_minimum.rate),
            short_option_method: own.short_option_minimum.method,
        };
        let name = day.universe.underlying(self.underlying).name.as_str();
        DayCommodity { name, terms, units: self.units, texts: bindings(name) }
    }
}

fn bindings(commodity: &str) -> Vec<String> {
    let rules = ["short option minimum", "no losing scenario"].map(str::to_owned);
    let all = (0..SCENARIOS).map(scenario_name).chain(rules);
    all.map(|rule| format!("{commodity}: {rule}")).collect()
}

impl CommodityParameters {
    /// The tier of an expiry, from 1; 0 without one. Beyond the last bound the last tier goes on.
    fn tier(&self, days: Option<f64>) -> usize {
        let Some(days) = days else { return 0 };
        let last = self.tiers.len().max(1);
        let within =
            |tier: &super::parameters::Tier| tier.up_to_days.is_none_or(|up_to| days <= up_to);
        self.tiers.iter().position(within).map_or(last, |index| index + 1)
    }
}

fn option(
    day: &Day<'_>,
    ix: InstrumentIx,
    expiry: mpor_core::Timestamp,
    strike: f64,
    right: mpor_core::Right,
    settlement: Settlement,
) -> Result<SpanOption, MarginError> {
    let instrument = day.universe.instrument(ix);
    let inputs = day.state.option_inputs(ix, instrument.underlying, expiry, strike);
    let inputs = inputs.ok_or_else(|| PricingError::NoVolatility {
        instrument: instrument.name.clone(),
        underlying: day.universe.underlying(instrument.underlying).name.clone(),
        time: day.time(),
    })?;
    let rate = if settlement == Settlement::Coin { 0.0 } else { inputs.rate };
    let (forward, years, vol) = (inputs.forward, inputs.years, inputs.vol);
    Ok(SpanOption { forward, strike, years, vol, rate, right })
}
