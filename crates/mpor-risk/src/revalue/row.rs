//! Unit P&L of one contract in every scenario.
//!
//! Conventions are those of [`mpor_pricing::value`]: one long contract, reporting currency, gain positive. An option's
//! value today comes from the same kernel as its values in the scenarios, so that nothing moved is a P&L of exactly zero.

use mpor_core::time::YEAR_DAYS;
use mpor_core::{Contract, Instrument, InstrumentIx, OptionInputs, Right, Settlement, Timestamp};
use mpor_pricing::{ForwardMoves, OptionKernel, PricingError};

use super::Scene;
use super::slice::{Slice, SliceVol};
use crate::error::RiskError;
use crate::set::VolMoves;

/// Memory of one thread: volatilities of one option by scenario, and the move of a scenario in which nothing moves.
#[derive(Debug)]
pub(super) struct Scratch {
    vol: Vec<f64>,
    still: ForwardMoves,
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch { vol: Vec::new(), still: ForwardMoves::new(&[1.0]) }
    }
}

/// The terms of an option.
#[derive(Clone, Copy)]
struct Terms {
    expiry: Timestamp,
    strike: f64,
    right: Right,
    settlement: Settlement,
}

/// Fills `out` with the unit P&L of one instrument, one entry a scenario.
pub(super) fn fill(
    scene: &Scene<'_>,
    ix: InstrumentIx,
    scratch: &mut Scratch,
    out: &mut [f64],
) -> Result<(), RiskError> {
    let instrument = scene.day.universe.instrument(ix);
    let row = instrument.underlying.0;
    let state = scene.day.state.underlying(instrument.underlying);
    let spot = above_zero("spot", state.spot)?;
    let moves = scene.set.spot.row(row);
    match (instrument.contract, scene.slice(instrument)) {
        (Contract::Spot, _) => {
            linear(instrument, Settlement::Cash, spot, moves.iter().map(|x| 1.0 + x), &[], out);
        }
        (Contract::Perpetual { settlement }, _) => {
            let price = above_zero("perpetual mark", state.perpetual)?;
            let premium = scene.set.perpetual.row(row);
            let multiples = moves.iter().zip(premium).map(|(x, p)| (1.0 + x) * (1.0 + p));
            linear(instrument, settlement, price, multiples, &scene.spot[row], out);
        }
        (Contract::Future { settlement, .. }, Some(slice)) => {
            let price = above_zero("forward", state.forward(slice.years))?;
            let multiples = slice.forward.multiples().iter().copied();
            linear(instrument, settlement, price, multiples, &scene.spot[row], out);
        }
        (Contract::Option { expiry, strike, right, settlement }, Some(slice)) => {
            let terms = Terms { expiry, strike, right, settlement };
            option(scene, ix, terms, slice, scratch, out)?;
        }
        (Contract::Future { expiry, .. } | Contract::Option { expiry, .. }, None) => {
            return expired(scene, instrument, expiry, out);
        }
    }
    scene.finish(instrument, out)
}

/// What expired now was settled at this instant's index and moves no more; what expired earlier should not be held.
fn expired(
    scene: &Scene<'_>,
    instrument: &Instrument,
    expiry: Timestamp,
    out: &mut [f64],
) -> Result<(), RiskError> {
    let time = scene.day.time();
    if expiry < time {
        let instrument = instrument.name.clone();
        return Err(PricingError::Expired { instrument, expiry, time }.into());
    }
    out.fill(0.0);
    Ok(())
}

/// A contract whose price moves from `price` to `price` times the multiple; coins gained are worth the moved spot.
fn linear(
    instrument: &Instrument,
    settlement: Settlement,
    price: f64,
    multiples: impl Iterator<Item = f64>,
    spot: &[f64],
    out: &mut [f64],
) {
    let size = instrument.contract_size;
    match settlement {
        Settlement::Cash => {
            for (out, multiple) in out.iter_mut().zip(multiples) {
                *out = size * price * (multiple - 1.0);
            }
        }
        Settlement::Coin => {
            for ((out, multiple), spot) in out.iter_mut().zip(multiples).zip(spot) {
                *out = size / price * ((multiple - 1.0) / multiple) * spot;
            }
        }
    }
}

fn option(
    scene: &Scene<'_>,
    ix: InstrumentIx,
    terms: Terms,
    slice: &Slice,
    scratch: &mut Scratch,
    out: &mut [f64],
) -> Result<(), RiskError> {
    let instrument = scene.day.universe.instrument(ix);
    let (row, size) = (instrument.underlying.0, instrument.contract_size);
    let inputs = scene
        .day
        .state
        .option_inputs(ix, instrument.underlying, terms.expiry, terms.strike)
        .ok_or_else(|| no_volatility(scene, instrument))?;
    let today = above_zero("forward", inputs.forward)?;
    let rolled = rolled_forward(scene, row, slice, today);
    scratch.vol.resize(out.len(), 0.0);
    moved_vols(scene, slice, &inputs, terms.strike, &mut scratch.vol);

    let mut base = [0.0];
    let now = terms.kernel(slice.years, inputs.rate)?;
    now.price_moved(today, &scratch.still, &[inputs.vol], &mut base)?;
    let [base] = base;
    terms.prices(rolled, slice, inputs.rate, &scratch.vol, out)?;
    match terms.settlement {
        Settlement::Cash => out.iter_mut().for_each(|price| *price = size * (*price - base)),
        Settlement::Coin => {
            let base = base / today * scene.day.state.underlyings[row].spot;
            let moved = slice.forward.multiples().iter().zip(&scene.spot[row]);
            for (price, (multiple, spot)) in out.iter_mut().zip(moved) {
                *price = size * (*price / (rolled * multiple) * spot - base);
            }
        }
    }
    Ok(())
}

impl Terms {
    /// Options that settle in coin are not discounted.
    fn kernel(self, years: f64, rate: f64) -> Result<OptionKernel, PricingError> {
        let rate = if self.settlement == Settlement::Coin { 0.0 } else { rate };
        OptionKernel::new(self.strike, years, rate, self.right)
    }

    /// Prices in the scenarios of a slice, from the forward that all of them start from; at expiry what the right pays.
    fn prices(
        self,
        rolled: f64,
        slice: &Slice,
        rate: f64,
        vols: &[f64],
        out: &mut [f64],
    ) -> Result<(), PricingError> {
        if slice.years_after > 0.0 {
            let kernel = self.kernel(slice.years_after, rate)?;
            return kernel.price_moved(rolled, &slice.forward, vols, out);
        }
        for (out, multiple) in out.iter_mut().zip(slice.forward.multiples()) {
            *out = self.right.payoff(rolled * multiple, self.strike);
        }
        Ok(())
    }
}

fn no_volatility(scene: &Scene<'_>, instrument: &Instrument) -> PricingError {
    PricingError::NoVolatility {
        instrument: instrument.name.clone(),
        underlying: scene.day.universe.underlying(instrument.underlying).name.clone(),
        time: scene.day.time(),
    }
}

/// Today's forward, rolled down the contract's own carry instead of the underlying's over the time that passes: a listed
/// mark has its own forward.
fn rolled_forward(scene: &Scene<'_>, row: usize, slice: &Slice, today: f64) -> f64 {
    let passed = slice.years - slice.years_after;
    if passed == 0.0 {
        return today;
    }
    let state = &scene.day.state.underlyings[row];
    let own = libm::log(today / state.spot) / slice.years;
    today * libm::exp((state.carry_between(slice.years_after, slice.years) - own) * passed)
}

fn moved_vols(
    scene: &Scene<'_>,
    slice: &Slice,
    inputs: &OptionInputs,
    strike: f64,
    out: &mut [f64],
) {
    match (&slice.vol, &scene.set.vol) {
        (SliceVol::Expired, _) => out.fill(0.0),
        (SliceVol::Ratios(ratios), _) => {
            for (out, ratio) in out.iter_mut().zip(ratios) {
                *out = inputs.vol * ratio;
            }
        }
        (SliceVol::Smile(smile), _) => {
            smile.vols(libm::log(strike / inputs.forward), inputs.vol, out);
        }
        (SliceVol::Rules, VolMoves::Shocks(shocks)) => {
            for (out, shock) in out.iter_mut().zip(shocks) {
                *out = shock.apply(inputs.vol, slice.years * YEAR_DAYS);
            }
        }
        (SliceVol::Rules, VolMoves::Tenors(_)) => out.fill(inputs.vol),
    }
}

fn above_zero(name: &'static str, found: f64) -> Result<f64, RiskError> {
    if found > 0.0 && found.is_finite() {
        return Ok(found);
    }
    let expected = "a finite number above zero";
    Err(PricingError::Input { name, found, expected }.into())
}
