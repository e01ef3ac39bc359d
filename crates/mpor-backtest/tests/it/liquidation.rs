//! Liquidations on margin dates and between them, by hand.

use mpor_backtest::liquidation::{
    Liquidation, LivePrices, Pledge, Watched, liquidations, pnl_since_start,
};
use mpor_core::{
    Books, Contract, Factor, History, Instrument, InstrumentIx, Origin, Panel, PriceSeries,
    Settlement, Span, Timestamp, Underlying, UnderlyingHistory, UnderlyingIx, Universe,
};
use ndarray::Array2;

use crate::world::{self, BTC, CALL, PERPETUAL, SPOT, portfolio};

const LINEAR: InstrumentIx = InstrumentIx(0);
const INVERSE: InstrumentIx = InstrumentIx(1);

fn hour(hour: i64) -> Timestamp {
    Timestamp(0) + Span::hours(hour)
}

fn series(rows: &[(i64, f64)]) -> PriceSeries {
    PriceSeries {
        times: rows.iter().map(|row| hour(row.0)).collect(),
        prices: rows.iter().map(|row| row.1).collect(),
    }
}

/// One coin on daily margin dates, its price known each six hours, and two perpetuals marked on it.
fn market(prices: &[(i64, f64)]) -> (History, LivePrices) {
    let spot = series(prices);
    let days = prices.last().unwrap().0 / 24 + 1;
    let times: Vec<Timestamp> = (0..days).map(|day| hour(24 * day)).collect();
    let known: Vec<f64> = times.iter().map(|&time| spot.as_of(time).unwrap().1).collect();
    let panel = Panel::new(
        times,
        vec![Factor::Spot(BTC)],
        Array2::from_shape_vec((1, known.len()), known).unwrap(),
    );
    let mut universe =
        Universe::new(vec![Underlying { name: "BTC".to_owned(), quote: "USD".to_owned() }]);
    for (name, settlement) in [("LINEAR", Settlement::Cash), ("INVERSE", Settlement::Coin)] {
        let contract = Contract::Perpetual { settlement };
        let name = name.to_owned();
        universe
            .add(Instrument { name, underlying: UnderlyingIx(0), contract_size: 1.0, contract })
            .unwrap();
    }
    let underlying = UnderlyingHistory {
        smile: None,
        vol_origin: Origin::Modelled,
        carry_origin: Origin::Modelled,
        index: spot.clone(),
        settlement_window: Span(0),
        quoted: Vec::new(),
        futures: Vec::new(),
    };
    let history = History {
        universe,
        panel: panel.unwrap(),
        underlyings: vec![underlying],
        marks: Vec::new(),
    };
    (history, LivePrices { spot, perpetual: None })
}

/// What is found for one account that holds the same through all dates.
fn found(
    history: &History,
    live: &LivePrices,
    held: &[(InstrumentIx, f64)],
    pledges: &[Pledge<'_>],
    maintenance: &[f64],
) -> Option<Liquidation> {
    let steps = history.panel.times().len();
    let books =
        Books { accounts: vec!["a".to_owned()], portfolios: vec![vec![portfolio(held)]; steps] };
    let pnl = pnl_since_start(history, &books, 0..steps, &[0]).unwrap().remove(0);
    let watched = Watched { account: 0, pledges, pnl: &pnl, maintenance: &[maintenance] };
    liquidations(history, &books, 0..steps, std::slice::from_ref(live), &watched).unwrap()[0]
}

fn cash(amount: f64) -> Pledge<'static> {
    Pledge { amount, prices: None }
}

/// Margin dates see 100, 100 and 90; at 12:00 of the first day the price is 70 for six hours.
const DIP: &[(i64, f64)] =
    &[(0, 100.0), (6, 95.0), (12, 70.0), (18, 99.0), (24, 100.0), (48, 90.0)];

#[test]
fn a_fall_between_margin_dates_liquidates_when_it_happens() {
    let (history, live) = market(DIP);
    // Two coins bought at 100: -60 at 12:00. With 100 put up 40 are left, and 45 are asked for.
    let found =
        |cash_up, asked| found(&history, &live, &[(LINEAR, 2.0)], &[cash(cash_up)], &[asked; 3]);
    let by_hand =
        Liquidation { time: hour(12), step: 0, collateral: 100.0, pnl: -60.0, maintenance: 45.0 };
    assert_eq!(found(100.0, 45.0), Some(by_hand));
    assert_eq!(by_hand.equity(), 40.0);
    // Exactly enough lives on.
    assert_eq!(found(100.0, 40.0), None);
}

#[test]
fn margin_dates_alone_where_no_price_lies_between() {
    let (history, _) = market(DIP);
    let daily =
        LivePrices { spot: series(&[(0, 100.0), (24, 100.0), (48, 90.0)]), perpetual: None };
    let found = |asked| found(&history, &daily, &[(LINEAR, 2.0)], &[cash(100.0)], &[asked; 3]);
    assert_eq!(found(45.0), None, "nobody sees the dip");
    let at_the_end = found(81.0).unwrap();
    assert_eq!((at_the_end.time, at_the_end.step, at_the_end.pnl), (hour(48), 2, -20.0));
}

#[test]
fn collateral_alone_can_liquidate_between_margin_dates() {
    let (history, live) = market(&[(0, 100.0), (24, 100.0), (48, 100.0)]);
    // 100 units at 1.00, and 0.65 from 30:00 to 36:00: 65 is below 80.
    let own = series(&[(0, 1.0), (30, 0.65), (36, 1.0), (48, 1.0)]);
    let pledge = [Pledge { amount: 100.0, prices: Some(&own) }];
    let found = |asked: f64| found(&history, &live, &[(LINEAR, 0.0)], &pledge, &[asked; 3]);
    let by_hand =
        Liquidation { time: hour(30), step: 1, collateral: 65.0, pnl: 0.0, maintenance: 80.0 };
    assert_eq!(found(80.0), Some(by_hand));
    assert_eq!(found(65.0), None);
}

#[test]
fn a_coin_settled_loss_is_worth_the_price_of_its_instant() {
    let (history, live) = market(DIP);
    // 1,000 contracts of one dollar, short: at 70 they have gained, long they have lost 1000 (1/100 - 1/70) coins of 70.
    let loss = 1000.0 * (1.0 / 100.0 - 1.0 / 70.0) * 70.0;
    let one = found(&history, &live, &[(INVERSE, 1000.0)], &[cash(310.0)], &[20.0; 3]).unwrap();
    assert_eq!((one.time, one.step), (hour(12), 0));
    assert!((one.pnl - loss).abs() < 1e-9, "{} and not {loss}", one.pnl);
    assert_eq!(found(&history, &live, &[(INVERSE, -1000.0)], &[cash(310.0)], &[20.0; 3]), None);
}

#[test]
fn a_perpetual_moves_by_its_own_prices_where_it_has_some() {
    let (history, mut live) = market(DIP);
    // Without a row for it in the panel it is marked at spot on the margin dates; between them its own prices say 50.
    live.perpetual = Some(series(&[(0, 100.0), (6, 50.0), (18, 100.0), (24, 100.0), (48, 90.0)]));
    let found = found(&history, &live, &[(LINEAR, 1.0)], &[cash(100.0)], &[60.0; 3]).unwrap();
    assert_eq!((found.time, found.pnl), (hour(6), -50.0));
}

/// In a market with every kind of contract, looked at through the margin dates' own prices, nothing lies between.
#[test]
fn the_same_prices_change_nothing() {
    let history = world::history_with_marks();
    let live = LivePrices { spot: history.underlyings[0].index.clone(), perpetual: None };
    let held = [(SPOT, 1.0), (PERPETUAL, -2.0), (CALL, -3.0)];
    let steps = 30..50;
    let books = Books {
        accounts: vec!["a".to_owned()],
        portfolios: vec![vec![portfolio(&held)]; world::STEPS],
    };
    let pnl = pnl_since_start(&history, &books, steps.clone(), &[0]).unwrap().remove(0);
    let (lowest, at) = pnl
        .iter()
        .zip(0..)
        .fold((0.0, 0), |least, (&pnl, at)| if pnl < least.0 { (pnl, at) } else { least });
    assert!(lowest < 0.0);
    let asked = vec![1.0; pnl.len()];
    // Enough until the lowest date, and one too little there.
    let pledges = [cash(-lowest)];
    let watched = Watched { account: 0, pledges: &pledges, pnl: &pnl, maintenance: &[&asked] };
    let found =
        liquidations(&history, &books, steps.clone(), &[live], &watched).unwrap()[0].unwrap();
    let first = pnl.iter().position(|pnl| pnl - lowest < 1.0).unwrap();
    assert_eq!(found.step, first);
    assert!(first <= at);
    assert_eq!(found.time, history.panel.times()[steps.start + first]);
}

/// An option between margin dates: its listed forward follows spot, its volatility stands.
#[test]
fn a_listed_option_moves_with_spot() {
    let history = world::history_with_marks();
    let at = 30;
    let (from, to) = (history.panel.times()[at], history.panel.times()[at + 1]);
    let spot = history.panel.value(Factor::Spot(BTC), at).unwrap();
    let noon = from + Span((to - from).0 / 2);
    let live = LivePrices {
        spot: PriceSeries { times: vec![from, noon], prices: vec![spot, 1.2 * spot] },
        perpetual: None,
    };
    let books = Books {
        accounts: vec!["a".to_owned()],
        portfolios: vec![vec![portfolio(&[(CALL, -1.0)])]; world::STEPS],
    };
    let (before, mut after) = (history.state(at).unwrap(), history.state(at).unwrap());
    after.time = noon;
    after.underlyings[0].spot *= 1.2;
    if let Some(mark) = after.marks.get_mut(&CALL) {
        mark.forward *= 1.2;
    }
    let universe = &history.universe;
    let loss = -mpor_pricing::pnl(&before, &after, universe, CALL).unwrap();
    assert!(loss < -100.0, "{loss}");
    let (pnl, asked) = ([0.0, 1e9], [1.0, 0.0]);
    let pledges = [cash(1.0 - loss - 0.5)];
    let watched = Watched { account: 0, pledges: &pledges, pnl: &pnl, maintenance: &[&asked] };
    let found = liquidations(&history, &books, at..at + 2, &[live], &watched).unwrap()[0].unwrap();
    assert_eq!((found.time, found.step), (noon, 0));
    assert!((found.pnl - loss).abs() < 1e-9 * loss.abs(), "{} and not {loss}", found.pnl);
}
