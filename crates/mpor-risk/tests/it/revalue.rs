//! The vectorised revaluation against its slow twin: one market state a scenario, one scalar valuation a contract.

use mpor_core::{
    ForwardCurve, InstrumentIx, MarketState, OptionMark, Origin, Pillar, Right, Span, SsviSlice,
    UnderlyingIx, UnderlyingState, VolSurface,
};
use mpor_pricing::{Black76, expiry_pnl, implied_vol, pnl};
use mpor_risk::scenario::VolShock;
use mpor_risk::{Day, RiskError, ScenarioSet, SmileDynamics, VolMoves, revalue};

use crate::market::{Market, NOW};
use crate::spec::parse;

/// The market state of scenario `s`, built without the code under test. Listed marks are left out.
fn moved_state(day: &Day<'_>, set: &ScenarioSet, s: usize) -> MarketState {
    let mut moved = moved_state_but_surface(day, set, s);
    for (u, state) in day.state.underlyings.iter().enumerate() {
        let surface = state.surface.as_ref();
        moved.underlyings[u].surface = surface.map(|surface| moved_surface(surface, set, u, s));
    }
    moved
}

fn moved_state_but_surface(day: &Day<'_>, set: &ScenarioSet, s: usize) -> MarketState {
    let moved = |(u, state): (usize, &UnderlyingState)| {
        let spot = state.spot * (1.0 + set.spot[[u, s]]);
        UnderlyingState {
            spot,
            perpetual: spot * (state.perpetual / state.spot) * (1.0 + set.perpetual[[u, s]]),
            carry: state.carry + set.carry[[u, s]],
            forwards: ForwardCurve::default(),
            rate: state.rate,
            surface: None,
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
    let shape = surface.shape().unwrap();
    VolSurface::new(pillars.collect(), shape, surface.origin()).unwrap()
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
        "{ grid = { price = [0], vol = [0], smile = \"sticky_delta\" } }",
        "{ grid = { price = [0], vol = [0], vol_rule = \"points\" } }",
    ] {
        let revaluation = revalue(&day, &parse(text).scenarios(&day).unwrap()).unwrap();
        assert!(revaluation.pnl.iter().all(|pnl| *pnl == 0.0), "{text}");
    }
    let text = "{ historical = { window = 10, time = \"instant\" } }";
    for dynamics in
        [SmileDynamics::StickyStrike, SmileDynamics::StickyMoneyness, SmileDynamics::StickyDelta]
    {
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

const DYNAMICS: [SmileDynamics; 3] =
    [SmileDynamics::StickyStrike, SmileDynamics::StickyMoneyness, SmileDynamics::StickyDelta];

const SLICES: [SsviSlice; 2] = [
    SsviSlice { theta: 0.03, rho: -0.4, psi: 0.15 },
    SsviSlice { theta: 0.30, rho: -0.3, psi: 0.50 },
];

fn own_smiles(slices: &[SsviSlice]) -> [VolSurface; 2] {
    let years = [30.0 / 365.0, 1.0];
    let raw = slices.iter().map(SsviSlice::raw).collect();
    [
        VolSurface::from_ssvi(&years, slices.to_vec(), Origin::Quoted).unwrap(),
        VolSurface::from_svi(&years, raw, Origin::Quoted).unwrap(),
    ]
}

/// What an option on the first coin costs in the one scenario of `text`, as a volatility: found from its P&L.
fn moved_vol(surface: &VolSurface, text: &str, dynamics: SmileDynamics) -> Moved {
    let market = Market::new();
    let mut at = market.at(NOW);
    at.state.underlyings[0].surface = Some(surface.clone());
    let (forward, carry) = (20_000.0, 0.0);
    (at.state.underlyings[0].spot, at.state.underlyings[0].carry) = (forward, carry);
    let ix = market.find("BTC-90D-130-C");
    let day = at.day(1);
    let mut set = parse(text).scenarios(&day).unwrap();
    set.dynamics = dynamics;
    let pnl = revalue(&day, &set).unwrap().pnl[[day.row(ix).unwrap(), 0]];
    let instrument = market.history.universe.instrument(ix);
    let mpor_core::Contract::Option { strike, .. } = instrument.contract else { panic!() };
    let (years, rate) = (90.0 / 365.0, day.state.underlyings[0].rate);
    let vol = surface.vol((strike / forward).ln(), years);
    let today = Black76::new(forward, strike, years, vol, rate, Right::Call).unwrap().price();
    let moved = forward * (1.0 + set.spot[[0, 0]]);
    let price = today + pnl / instrument.contract_size;
    let now = implied_vol(price, moved, strike, years, rate, Right::Call).unwrap();
    Moved { years, k: (strike / forward).ln(), moved_k: (strike / moved).ln(), before: vol, now }
}

struct Moved {
    years: f64,
    k: f64,
    moved_k: f64,
    before: f64,
    now: f64,
}

#[test]
fn what_sticks_keeps_its_volatility_when_spot_falls() {
    let text = "{ grid = { price = [-0.1], vol = [0] } }";
    for surface in own_smiles(&SLICES) {
        let moved = moved_vol(&surface, text, SmileDynamics::StickyStrike);
        assert!((moved.now - moved.before).abs() < 1e-10);
        for dynamics in [SmileDynamics::StickyMoneyness, SmileDynamics::StickyDelta] {
            let moved = moved_vol(&surface, text, dynamics);
            // By hand: nothing but the forward moves, so the smile over moneyness, and over delta, is today's.
            let hand = surface.vol(moved.moved_k, moved.years);
            assert!((moved.now - hand).abs() < 1e-10, "{dynamics:?}: {} {hand}", moved.now);
            assert!((moved.now - moved.before).abs() > 1e-3, "{}", moved.k);
        }
    }
}

/// With the level up by half, the volatility at a delta is half higher; the strike of that delta is looked for by bisection.
#[test]
fn a_delta_keeps_its_volatility_when_the_level_moves() {
    let text = "{ grid = { price = [0.05], vol = [0.5], vol_rule = \"relative\" } }";
    for surface in own_smiles(&SLICES) {
        let moved = moved_vol(&surface, text, SmileDynamics::StickyDelta);
        let root = moved.years.sqrt();
        let d1 = |k: f64, vol: f64| -k / (vol * root) + 0.5 * vol * root;
        let smile = surface.smile(moved.years);
        let aim = d1(moved.moved_k, moved.now);
        let (mut low, mut high) = (-3.0, 3.0);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if d1(middle, smile.vol(middle)) > aim { low = middle } else { high = middle }
        }
        let hand = 1.5 * smile.vol(low);
        assert!((moved.now - hand).abs() < 1e-9, "{} {hand}", moved.now);
        let moneyness = moved_vol(&surface, text, SmileDynamics::StickyMoneyness);
        assert!((moneyness.now - moved.now).abs() > 1e-4);
    }
}

#[test]
fn on_a_flat_smile_all_rules_are_one() {
    let flat = SLICES.map(|slice| SsviSlice { rho: 0.0, psi: 0.0, ..slice });
    for text in [
        "{ grid = { price = [-0.2], vol = [0] } }",
        "{ grid = { price = [0.2], vol = [0.4], vol_rule = \"relative\" } }",
    ] {
        for surface in own_smiles(&flat) {
            let [strike, moneyness, delta] =
                DYNAMICS.map(|dynamics| moved_vol(&surface, text, dynamics).now);
            assert!((strike - moneyness).abs() < 1e-10 && (strike - delta).abs() < 1e-10);
        }
    }
}

/// All levels up by a fifth: the moved surface is built here by hand, and checked for arbitrage by its constructor.
#[test]
fn a_surface_of_slices_moves_with_its_slow_twin() {
    let market = Market::new();
    let up = |slice: SsviSlice| SsviSlice {
        theta: slice.theta * 1.2 * 1.2,
        psi: slice.psi * 1.2,
        ..slice
    };
    for (today, moved) in own_smiles(&SLICES).into_iter().zip(own_smiles(&SLICES.map(up))) {
        let mut at = market.at(NOW);
        at.state.underlyings[0].surface = Some(today);
        let day = at.day(2);
        for text in [
            "{ historical = { window = 40 } }",
            "{ historical = { window = 40, time = \"instant\" } }",
        ] {
            let mut set = parse(text).scenarios(&day).unwrap();
            let VolMoves::Tenors(tenors) = &mut set.vol else { panic!() };
            tenors.iter_mut().for_each(|tenors| tenors.ratio.fill(1.2));
            let revaluation = revalue(&day, &set).unwrap();
            for s in (0..set.len()).step_by(5) {
                let mut to = moved_state_but_surface(&day, &set, s);
                to.underlyings[0].surface = Some(moved.clone());
                let held = day.held.iter().enumerate();
                for (row, &ix) in held
                    .filter(|(_, ix)| day.universe.instrument(**ix).underlying == UnderlyingIx(0))
                {
                    let (found, expected) = (revaluation.pnl[[row, s]], twin(&day, &to, ix));
                    let name = &day.universe.instrument(ix).name;
                    let near = (found - expected).abs() < 1e-11 * scale(&day, ix);
                    assert!(near, "{name} {}: {found} {expected}", set.names[s]);
                }
            }
        }
    }
}
