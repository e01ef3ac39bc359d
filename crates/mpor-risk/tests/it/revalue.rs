//! The vectorised revaluation against its slow twin: one market state a scenario, one scalar valuation a contract.

use mpor_core::{
    InstrumentIx, MarketState, OptionMark, Pillar, Span, UnderlyingIx, UnderlyingState, VolSurface,
};
use mpor_pricing::{expiry_pnl, pnl};
use mpor_risk::scenario::VolShock;
use mpor_risk::{Day, RiskError, ScenarioSet, SmileDynamics, VolMoves, revalue};

use crate::market::{Market, NOW};
use crate::spec::parse;

/// The market state of scenario `s`, built without the code under test. Listed marks are left out.
fn moved_state(day: &Day<'_>, set: &ScenarioSet, s: usize) -> MarketState {
    let moved = |(u, state): (usize, &UnderlyingState)| {
        let spot = state.spot * (1.0 + set.spot[[u, s]]);
        UnderlyingState {
            spot,
            perpetual: spot * (state.perpetual / state.spot) * (1.0 + set.perpetual[[u, s]]),
            carry: state.carry + set.carry[[u, s]],
            rate: state.rate,
            surface: state.surface.as_ref().map(|surface| moved_surface(surface, set, u, s)),
        }
    };
    MarketState {
        time: day.time() + Span((set.years_forward * 365.0 * 86_400e6).round() as i64),
        underlyings: day.state.underlyings.iter().enumerate().map(moved).collect(),
        marks: Default::default(),
    }
}

fn moved_surface(surface: &VolSurface, set: &ScenarioSet, u: usize, s: usize) -> VolSurface {
    let VolMoves::Tenors(tenors) = &set.vol else { panic!("tenor ratios") };
    let pillars = surface.pillars().iter().enumerate().map(|(at, pillar)| {
        let ratio = tenors[u].ratio[[at, s]];
        Pillar { years: pillar.years, total_variance: pillar.total_variance * ratio * ratio }
    });
    VolSurface::new(pillars.collect(), surface.shape(), surface.origin()).unwrap()
}

fn twin(day: &Day<'_>, to: &MarketState, ix: InstrumentIx) -> f64 {
    let instrument = day.universe.instrument(ix);
    match instrument.contract.expiry() {
        Some(expiry) if expiry == day.time() => 0.0,
        Some(expiry) if expiry <= to.time => {
            let spot = to.underlying(instrument.underlying).spot;
            expiry_pnl(day.state, day.universe, ix, spot, spot).unwrap()
        }
        _ => pnl(day.state, to, day.universe, ix).unwrap(),
    }
}

/// The size of one contract in reporting currency: what rounding is measured against.
fn scale(day: &Day<'_>, ix: InstrumentIx) -> f64 {
    let instrument = day.universe.instrument(ix);
    let spot = day.state.underlying(instrument.underlying).spot;
    instrument.contract_size * spot.max(1.0)
}

#[test]
fn every_contract_is_worth_what_its_slow_twin_says() {
    let market = Market::new();
    let at = market.at(NOW);
    for text in [
        "{ historical = { window = 80 } }",
        "{ historical = { window = 80, time = \"instant\" } }",
        "{ filtered = { window = 80, volatility = { ewma = 0.97 } } }",
    ] {
        let day = at.day(2);
        let set = parse(text).scenarios(&day).unwrap();
        let revaluation = revalue(&day, &set).unwrap();
        for s in (0..set.len()).step_by(7) {
            let to = moved_state(&day, &set, s);
            for (row, &ix) in day.held.iter().enumerate() {
                let (found, expected) = (revaluation.pnl[[row, s]], twin(&day, &to, ix));
                let name = &day.universe.instrument(ix).name;
                let near = (found - expected).abs() < 1e-12 * scale(&day, ix);
                assert!(near, "{text} {name} {}: {found} {expected}", set.names[s]);
            }
        }
    }
}

#[test]
fn a_sticky_strike_keeps_the_volatility_of_its_mark() {
    let market = Market::new();
    let mut at = market.at(NOW);
    let ix = market.find("BTC-90D-130-C");
    let instrument = market.history.universe.instrument(ix).clone();
    let (expiry, spot) = (instrument.contract.expiry().unwrap(), at.state.underlyings[0].spot);
    let mark = OptionMark { vol: 0.77, forward: 1.03 * spot };
    at.state.marks.insert(ix, mark);
    let day = at.day(2);
    let text = "{ historical = { window = 80, smile = \"sticky_strike\" } }";
    let set = parse(text).scenarios(&day).unwrap();
    let revaluation = revalue(&day, &set).unwrap();
    let (years, row) = (day.time().years_to(expiry), day.row(ix).unwrap());
    for s in 0..set.len() {
        let mut to = moved_state(&day, &set, s);
        let after = to.time.years_to(expiry);
        let today = day.state.underlyings[0].surface.as_ref().unwrap();
        let then = to.underlyings[0].surface.as_ref().unwrap();
        let ratio = (then.atm_total_variance(after) / today.atm_total_variance(after)).sqrt();
        // The mark's own carry, moved by the scenario, over the time that is left.
        let carry = 1.03_f64.ln() / years + set.carry[[0, s]];
        let forward = to.underlyings[0].spot * (carry * after).exp();
        to.marks.insert(ix, OptionMark { vol: mark.vol * ratio, forward });
        let (found, expected) = (revaluation.pnl[[row, s]], twin(&day, &to, ix));
        assert!((found - expected).abs() < 1e-12 * scale(&day, ix), "{s}: {found} {expected}");
    }
}

#[test]
fn a_moving_smile_moves_a_mark_in_proportion() {
    let market = Market::new();
    let mut at = market.at(NOW);
    let ix = market.find("ETH-30D-80-P");
    let surface_vol = {
        let instrument = market.history.universe.instrument(ix);
        let expiry = instrument.contract.expiry().unwrap();
        at.state.option_inputs(ix, UnderlyingIx(1), expiry, 1600.0).unwrap()
    };
    let mark = OptionMark { vol: 1.1 * surface_vol.vol, forward: surface_vol.forward };
    at.state.marks.insert(ix, mark);
    let day = at.day(1);
    let set =
        parse("{ historical = { window = 80, time = \"instant\" } }").scenarios(&day).unwrap();
    let revaluation = revalue(&day, &set).unwrap();
    let row = day.row(ix).unwrap();
    for s in 0..set.len() {
        let mut to = moved_state(&day, &set, s);
        let expiry = day.universe.instrument(ix).contract.expiry().unwrap();
        let moved = to.option_inputs(ix, UnderlyingIx(1), expiry, 1600.0).unwrap();
        to.marks.insert(ix, OptionMark { vol: 1.1 * moved.vol, forward: moved.forward });
        let (found, expected) = (revaluation.pnl[[row, s]], twin(&day, &to, ix));
        assert!((found - expected).abs() < 1e-12 * scale(&day, ix), "{s}: {found} {expected}");
    }
}

#[test]
fn grid_rules_move_the_volatility_of_the_strike() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(1);
    let text = "{ grid = { price = [-0.2, 0.1], vol = [-0.3, 0.4], vol_rule = { tenor_power = { p_short = 0.3, p_long = 0.13, min_vol_up = 0.9 } } } }";
    let set = parse(text).scenarios(&day).unwrap();
    let revaluation = revalue(&day, &set).unwrap();
    let VolMoves::Shocks(shocks) = &set.vol else { panic!() };
    for name in ["BTC-30D-100-C", "BTC-90D-80-P-COIN", "ETH-1D-130-C"] {
        let ix = market.find(name);
        let instrument = day.universe.instrument(ix);
        let mpor_core::Contract::Option { expiry, strike, .. } = instrument.contract else {
            panic!()
        };
        let inputs = day.state.option_inputs(ix, instrument.underlying, expiry, strike).unwrap();
        for (s, shock) in shocks.iter().enumerate() {
            let mut to = day.state.clone();
            for (u, state) in to.underlyings.iter_mut().enumerate() {
                state.spot *= 1.0 + set.spot[[u, s]];
            }
            let VolShock::TenorPower { .. } = shock else { panic!() };
            let vol = shock.apply(inputs.vol, 365.0 * inputs.years);
            let forward = inputs.forward * (1.0 + set.spot[[0, s]]);
            to.marks.insert(ix, OptionMark { vol, forward });
            let found = revaluation.pnl[[day.row(ix).unwrap(), s]];
            let expected = twin(&day, &to, ix);
            assert!(
                (found - expected).abs() < 1e-12 * scale(&day, ix),
                "{name}: {found} {expected}"
            );
        }
    }
}

#[test]
fn nothing_moved_is_exactly_nothing() {
    let market = Market::new();
    let mut at = market.at(NOW);
    let marked = market.find("BTC-30D-80-P-COIN");
    at.state.marks.insert(marked, OptionMark { vol: 0.71, forward: 20_123.0 });
    let day = at.day(2);
    for text in [
        "{ grid = { price = [0], vol = [0] } }",
        "{ grid = { price = [0], vol = [0], smile = \"sticky_moneyness\" } }",
        "{ grid = { price = [0], vol = [0], vol_rule = \"points\" } }",
    ] {
        let revaluation = revalue(&day, &parse(text).scenarios(&day).unwrap()).unwrap();
        assert!(revaluation.pnl.iter().all(|pnl| *pnl == 0.0), "{text}");
    }
    let text = "{ historical = { window = 10, time = \"instant\" } }";
    for dynamics in [SmileDynamics::StickyStrike, SmileDynamics::StickyMoneyness] {
        let mut set = parse(text).scenarios(&day).unwrap();
        set.dynamics = dynamics;
        for moves in [&mut set.spot, &mut set.carry, &mut set.perpetual] {
            moves.fill(0.0);
        }
        let VolMoves::Tenors(tenors) = &mut set.vol else { panic!() };
        tenors.iter_mut().for_each(|tenors| tenors.ratio.fill(1.0));
        let revaluation = revalue(&day, &set).unwrap();
        assert!(revaluation.pnl.iter().all(|pnl| *pnl == 0.0), "{dynamics:?}");
    }
}

#[test]
fn time_alone_costs_the_holder_of_an_option() {
    let market = Market::new();
    let at = market.at(NOW);
    let day = at.day(2);
    let mut set = parse("{ grid = { price = [0], vol = [0] } }").scenarios(&day).unwrap();
    set.years_forward = day.horizon.span().years();
    let revaluation = revalue(&day, &set).unwrap();
    for name in ["BTC-30D-100-C", "BTC-30D-100-P", "BTC-1D-100-C", "ETH-90D-100-P-COIN"] {
        let loss = -revaluation.pnl[[day.row(market.find(name)).unwrap(), 0]];
        assert!(loss > 0.0, "{name} {loss}");
    }
    let spot = revaluation.pnl[[day.row(market.find("BTC-SPOT")).unwrap(), 0]];
    assert_eq!(spot, 0.0);
}

#[test]
fn what_cannot_be_valued_is_named() {
    let market = Market::new();
    let late = market.at(NOW + 2);
    let spec = parse("{ historical = { window = 10 } }");
    let error = late.day(1).revaluation(&spec).unwrap_err();
    assert!(error.to_string().contains("expired"), "{error}");
    let mut at = market.at(NOW);
    at.state.underlyings[1].surface = None;
    let error = at.day(1).revaluation(&spec).unwrap_err();
    assert!(error.to_string().contains("no volatility surface"), "{error}");
    let at = market.at(NOW);
    let mut set = spec.scenarios(&at.day(1)).unwrap();
    set.spot[[0, 3]] = -1.0;
    let error = revalue(&at.day(1), &set).unwrap_err();
    let named =
        matches!(&error, RiskError::NotFinite { scenario, .. } if *scenario == set.names[3]);
    assert!(named, "{error}");
    set.names.pop();
    assert!(matches!(revalue(&at.day(1), &set), Err(RiskError::SetShape { .. })));
}
