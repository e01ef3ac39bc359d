//! Values, P&L and sensitivities of every kind of contract, by hand and against each other.

use std::collections::BTreeMap;

use mpor_core::{
    Contract, ForwardCurve, Instrument, InstrumentIx, MarketState, OptionMark, Origin, Pillar,
    Right, Settlement, SmileShape, Span, Timestamp, Underlying, UnderlyingIx, UnderlyingState,
    Universe, VolSurface,
};
use mpor_pricing::sensitivity::{delta_cash, notional};
use mpor_pricing::{
    Black76, PricingError, expiry_pnl, payoff, pnl, sensitivities, settlement_pnl, value,
};

const START: Timestamp = Timestamp(1_700_000_000_000_000);

fn expiry() -> Timestamp {
    START + Span::days(73)
}

struct Market {
    universe: Universe,
    ix: BTreeMap<&'static str, InstrumentIx>,
}

/// One contract of every kind, with sizes that show when they are forgotten.
fn market() -> Market {
    let (cash, coin) = (Settlement::Cash, Settlement::Coin);
    let option =
        |right, settlement| Contract::Option { expiry: expiry(), strike: 110.0, right, settlement };
    let contracts = [
        ("spot", 2.0, Contract::Spot),
        ("future", 2.0, Contract::Future { expiry: expiry(), settlement: cash }),
        ("coin future", 10.0, Contract::Future { expiry: expiry(), settlement: coin }),
        ("perpetual", 2.0, Contract::Perpetual { settlement: cash }),
        ("coin perpetual", 10.0, Contract::Perpetual { settlement: coin }),
        ("call", 3.0, option(Right::Call, cash)),
        ("put", 3.0, option(Right::Put, cash)),
        ("coin call", 3.0, option(Right::Call, coin)),
        ("coin put", 3.0, option(Right::Put, coin)),
    ];
    let underlying = Underlying { name: "BTC".into(), quote: "USD".into() };
    let mut universe = Universe::new(vec![underlying]);
    let mut ix = BTreeMap::new();
    for (name, contract_size, contract) in contracts {
        let underlying = UnderlyingIx(0);
        let instrument = Instrument { name: name.into(), underlying, contract_size, contract };
        ix.insert(name, universe.add(instrument).unwrap());
    }
    Market { universe, ix }
}

/// A flat surface, so that a move of spot leaves each strike its volatility.
fn state(days: i64, spot: f64, vol: f64) -> MarketState {
    let pillars = vec![Pillar { years: 1.0, total_variance: vol * vol }];
    let flat = SmileShape::new(0.0, 1e-12, 0.5).unwrap();
    let surface = VolSurface::new(pillars, flat, Origin::Modelled).unwrap();
    let underlying = UnderlyingState {
        spot,
        perpetual: spot * 1.001,
        carry: 0.1,
        forwards: ForwardCurve::default(),
        rate: 0.05,
        surface: Some(surface),
    };
    let time = START + Span::days(days);
    MarketState { time, underlyings: vec![underlying], marks: BTreeMap::new() }
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-11 * expected.abs().max(1.0), "{found} for {expected}");
}

/// By hand: 73 days are 0.2 years, so the forward is `100 exp(0.02)` and the discount factor `exp(-0.01)`.
#[test]
fn values_by_hand() {
    let Market { universe, ix } = market();
    let state = state(0, 100.0, 0.6);
    let forward = 100.0 * 0.02_f64.exp();
    let amount = |name| value(&state, &universe, ix[name]).unwrap().amount;
    close(amount("spot"), 200.0);
    close(amount("future"), 2.0 * forward);
    close(amount("perpetual"), 200.2);
    let call = Black76::new(forward, 110.0, 0.2, 0.6, 0.0, Right::Call).unwrap().price();
    close(amount("call"), 3.0 * (-0.01_f64).exp() * call);
    close(amount("coin call"), 3.0 * call / forward * 100.0);
    let parity = 3.0 * (-0.01_f64).exp() * (forward - 110.0);
    close(amount("call") - amount("put"), parity);
    let error = value(&state, &universe, ix["coin future"]).unwrap_err();
    assert!(matches!(error, PricingError::NoValue { .. }));
}

/// By hand: 10 dollars of notional from 100 to 125 gain `10 (1/100 - 1/125) = 0.02` coins, 2.5 dollars at 125.
#[test]
fn coin_contracts_gain_coins() {
    let Market { universe, ix } = market();
    let (from, to) = (state(0, 100.0, 0.6), state(0, 125.0, 0.6));
    let carry = 0.02_f64.exp();
    for (name, factor) in [("coin future", carry), ("coin perpetual", 1.001)] {
        close(settlement_pnl(&from, &to, &universe, ix[name]).unwrap(), 0.02 / factor);
        close(pnl(&from, &to, &universe, ix[name]).unwrap(), 2.5 / factor);
    }
}

#[test]
fn steps_add_in_the_settlement_currency_and_values_in_any() {
    let Market { universe, ix } = market();
    let path = [state(0, 100.0, 0.6), state(1, 80.0, 0.9), state(2, 95.0, 0.7)];
    for (&name, &ix) in &ix {
        let settled = |a: usize, b: usize| settlement_pnl(&path[a], &path[b], &universe, ix);
        close(settled(0, 1).unwrap() + settled(1, 2).unwrap(), settled(0, 2).unwrap());
        let reported = |a: usize, b: usize| pnl(&path[a], &path[b], &universe, ix).unwrap();
        let mut sum = reported(0, 1) + reported(1, 2);
        if name == "coin future" || name == "coin perpetual" {
            // The coins of the first step gain with spot over the second.
            sum += settled(0, 1).unwrap() * (95.0 - 80.0);
        }
        close(sum, reported(0, 2));
    }
}

#[test]
fn sensitivities_are_the_derivatives_of_pnl() {
    let Market { universe, ix } = market();
    let base = state(0, 100.0, 0.6);
    let h = 1e-4;
    for (&name, &ix) in &ix {
        let all = sensitivities(&base, &universe, ix).unwrap();
        let moved = |to: &MarketState| pnl(&base, to, &universe, ix).unwrap();
        let (up, down) =
            (moved(&state(0, 100.0 * (1.0 + h), 0.6)), moved(&state(0, 100.0 * (1.0 - h), 0.6)));
        assert!(((up - down) / (2.0 * h) - all.delta_cash).abs() < 1e-4, "{name} delta");
        assert!((all.delta_units * 100.0 - all.delta_cash).abs() < 1e-11);
        let second = (up + down) / (100.0 * h * 100.0 * h);
        assert!((second - all.gamma).abs() < 1e-6, "{name} gamma {second} {}", all.gamma);
        let vega = moved(&state(0, 100.0, 0.6 + h)) - moved(&state(0, 100.0, 0.6 - h));
        assert!((vega / (2.0 * h) - all.vega).abs() < 1e-4, "{name} vega");
        close(delta_cash(&base, &universe, ix).unwrap(), all.delta_cash);
        close(notional(&base, &universe, ix), all.notional);
    }
}

/// By hand, settlement at 120: the call pays 3 x 10 dollars, or 0.25 coins.
#[test]
fn settlements_by_hand() {
    let Market { universe, ix } = market();
    let paid = |name: &str| payoff(universe.instrument(ix[name]), 120.0);
    close(paid("call").unwrap(), 30.0);
    close(paid("coin call").unwrap(), 0.25);
    close(paid("put").unwrap(), 0.0);
    close(paid("future").unwrap(), 240.0);
    assert!(matches!(paid("spot"), Err(PricingError::NeverSettles { .. })));

    let from = state(0, 100.0, 0.6);
    let forward = 100.0 * 0.02_f64.exp();
    let gain = |name: &str| expiry_pnl(&from, &universe, ix[name], 120.0, 120.0).unwrap();
    close(gain("future"), 2.0 * (120.0 - forward));
    close(gain("coin future"), 10.0 * (1.0 / forward - 1.0 / 120.0) * 120.0);
    let premium = value(&from, &universe, ix["coin call"]).unwrap().amount;
    close(gain("coin call"), 30.0 - premium);
}

/// At its instant of expiry a contract is worth what it pays; after it, nothing can be asked of it.
#[test]
fn at_expiry_and_after() {
    let Market { universe, ix } = market();
    let (at, after) = (state(73, 120.0, 0.6), state(74, 120.0, 0.6));
    for name in ["call", "put", "coin call", "future"] {
        let paid = payoff(universe.instrument(ix[name]), 120.0).unwrap();
        let worth = if name == "coin call" { paid * 120.0 } else { paid };
        close(value(&at, &universe, ix[name]).unwrap().amount, worth);
        let error = value(&after, &universe, ix[name]).unwrap_err();
        assert!(matches!(error, PricingError::Expired { .. }));
    }
}

#[test]
fn marks_come_before_the_surface_and_the_value_says_so() {
    let Market { universe, ix } = market();
    let mut state = state(0, 100.0, 0.6);
    let call = ix["call"];
    assert_eq!(value(&state, &universe, call).unwrap().origin, Origin::Modelled);
    state.marks.insert(call, OptionMark { vol: 0.5, forward: 101.0 });
    let quoted = value(&state, &universe, call).unwrap();
    let black = Black76::new(101.0, 110.0, 0.2, 0.5, 0.05, Right::Call).unwrap();
    assert_eq!(quoted.origin, Origin::Quoted);
    close(quoted.amount, 3.0 * black.price());

    state.underlyings[0].surface = None;
    let error = value(&state, &universe, ix["put"]).unwrap_err();
    assert!(error.to_string().starts_with("option `put` has no mark at"), "{error}");
}
