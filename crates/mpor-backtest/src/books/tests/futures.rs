//! Futures that are rolled: when, into what, and that a roll gains nothing.

use mpor_core::{
    Contract, Factor, ForwardCurve, FuturePrice, FuturesMarket, History, InstrumentIx,
    ListedFuture, MarketState, Origin, PriceSeries, Timestamp,
};

use super::{BTC, STEPS, build, built, changes, history, names, refusal, rules};
use crate::realised::{Source, UnitPnl};

/// Friday 08:00, the last of each month and one in the middle of February.
const EXPIRIES: [&str; 6] = [
    "2020-01-31T08:00",
    "2020-02-14T08:00",
    "2020-02-28T08:00",
    "2020-03-27T08:00",
    "2020-04-24T08:00",
    "2020-06-26T08:00",
];

fn expiries() -> Vec<Timestamp> {
    EXPIRIES.iter().map(|text| text.parse().unwrap()).collect()
}

/// A price that no carry explains: it depends on the step and on the expiry alone.
fn price(step: usize, expiry: usize, spot: f64) -> f64 {
    let wave = ((step * 7 + expiry * 13) % 17) as f64;
    spot * (1.0 + 0.002 * wave + 0.003 * expiry as f64)
}

/// The made-up market with prices of futures on BTC; every fifth step has none of the step itself.
fn with_futures() -> History {
    let mut history = history();
    let times = history.panel.times().to_vec();
    let spots = history.panel.series(Factor::Spot(BTC)).unwrap().to_vec();
    let market = |step: usize| {
        let (now, spot) = (times[step], spots[step]);
        let (mut points, mut listed) = (Vec::new(), Vec::new());
        for (at, expiry) in expiries().into_iter().enumerate().filter(|(_, day)| *day > now) {
            points.push((now.years_to(expiry), price(step, at, spot)));
            let of_step = if step % 5 == 4 { FuturePrice::Carried } else { FuturePrice::Own };
            listed.push(ListedFuture { expiry, price: of_step });
        }
        let forwards = ForwardCurve::new(spot, &points).unwrap().with_listed(listed);
        FuturesMarket { forwards, perpetual: Origin::Quoted }
    };
    history.underlyings[BTC.0].futures = (0..STEPS).map(market).collect();
    history.underlyings[BTC.0].index = PriceSeries { times, prices: spots };
    history
}

const LISTED: &str =
    r#"futures = { underlying = "BTC", roll_before = "3d", quantity = 2, listing = "listed" }"#;

/// By the calendar: the last Fridays of 2020 are 31 January, 28 February, 27 March, 24 April and 29 May.
#[test]
fn a_future_is_rolled_its_days_before_expiry_into_the_next_of_the_schedule() {
    let (history, books) = built(
        r#"futures = { underlying = "BTC", roll_before = "3d", quantity = 2, listing = "monthly" }"#,
    );
    assert_eq!(changes(&books), [27, 55, 83, 111]);
    let held = |step: usize| names(&history, &books.portfolios[step][0]);
    assert_eq!(held(26), ["BTC-31JAN20"]);
    assert_eq!(held(27), ["BTC-28FEB20"], "28 January");
    assert_eq!(held(119), ["BTC-29MAY20"]);
}

#[test]
fn only_futures_that_have_prices_are_listed() {
    let mut history = with_futures();
    let books = build(&rules(&[("book", LISTED)]), &mut history, 0..STEPS, 1).unwrap();
    let rolled: Vec<String> = changes(&books)
        .iter()
        .map(|&at| names(&history, &books.portfolios[at][0])[0].clone())
        .collect();
    assert_eq!(rolled, ["BTC-14FEB20", "BTC-28FEB20", "BTC-27MAR20", "BTC-24APR20", "BTC-26JUN20"]);
    // A tenor chooses among them too.
    let outright = r#"outright = { underlying = "BTC", contract = "future", tenor = "20d", roll = "90d", quantity = 1, listing = "listed" }"#;
    let books = build(&rules(&[("book", outright)]), &mut history, 0..STEPS, 1).unwrap();
    assert_eq!(names(&history, &books.portfolios[0][0]), ["BTC-31JAN20"]);
}

#[test]
fn a_roll_with_nothing_to_roll_into_is_refused_with_its_time() {
    let mut history = with_futures();
    let far = LISTED.replace("\"3d\"", "\"80d\"");
    let error = build(&rules(&[("book", &far)]), &mut history, 0..STEPS, 1).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("no future on `BTC` is listed that expires after"), "{text}");
    let negative = LISTED.replace("\"3d\"", "\"-1d\"");
    assert!(
        toml::from_str::<super::NamedRule>(&format!("name = \"a\"\nrule = {{ {negative} }}"))
            .is_err()
            || refusal(&negative).contains("roll_before")
    );
}

fn states(history: &History, step: usize) -> [MarketState; 2] {
    [history.state(step).unwrap(), history.state(step + 1).unwrap()]
}

/// Held one step after the other, the book gains what each future gained between its roll in and its roll out, at the futures'
/// own prices: a roll itself gains nothing.
#[test]
fn profit_adds_up_across_rolls() {
    let mut history = with_futures();
    let books = build(&rules(&[("book", LISTED)]), &mut history, 0..STEPS, 1).unwrap();
    let last = STEPS - 2;
    let mut stepwise = 0.0;
    for step in 0..=last {
        let portfolio = &books.portfolios[step][0];
        let held: Vec<InstrumentIx> =
            portfolio.positions().iter().map(|position| position.instrument).collect();
        let unit = UnitPnl::realise(&history, step, &states(&history, step), held).unwrap();
        stepwise += unit.portfolio(portfolio, 0).0;
    }
    let spots = history.panel.series(Factor::Spot(BTC)).unwrap().to_vec();
    let mut rolls = changes(&books);
    rolls.insert(0, 0);
    let by_future: f64 = rolls
        .iter()
        .zip(rolls.iter().skip(1).chain([&(last + 1)]))
        .enumerate()
        .map(|(at, (&from, &to))| 2.0 * (price(to, at, spots[to]) - price(from, at, spots[from])))
        .sum();
    assert!((stepwise - by_future).abs() < 1e-8 * spots[0], "{stepwise} {by_future}");
}

#[test]
fn a_future_held_to_expiry_is_delivered_at_the_settlement_price() {
    let mut history = with_futures();
    let rule = LISTED.replace("\"3d\"", "\"0d\"");
    let books = build(&rules(&[("book", &rule)]), &mut history, 0..STEPS, 1).unwrap();
    // 31 January is step 30: the book holds it until then, and the margin period ends there.
    let portfolio = &books.portfolios[29][0];
    let ix = portfolio.positions()[0].instrument;
    let unit = UnitPnl::realise(&history, 29, &states(&history, 29), vec![ix]).unwrap();
    let spots = history.panel.series(Factor::Spot(BTC)).unwrap().to_vec();
    let expected = spots[30] - price(29, 0, spots[29]);
    assert!((unit.reporting[[0, 0]] - expected).abs() < 1e-9 * spots[0]);
    assert_eq!(unit.sources[[0, 0]], Source::Settlement);
    assert_eq!(names(&history, &books.portfolios[30][0]), ["BTC-14FEB20"]);
}

#[test]
fn own_prices_are_marks_and_a_held_carry_is_not() {
    let mut history = with_futures();
    let books = build(&rules(&[("book", LISTED)]), &mut history, 0..STEPS, 1).unwrap();
    let source = |step: usize| {
        let ix = books.portfolios[step][0].positions()[0].instrument;
        let unit = UnitPnl::realise(&history, step, &states(&history, step), vec![ix]).unwrap();
        unit.sources[[0, 0]]
    };
    assert_eq!(source(1), Source::Mark, "valued at step 2");
    assert_eq!(source(3), Source::Surface, "valued at step 4, which has no price of its own");
    // Without prices of futures the flat carry is a model's.
    let plain = super::history();
    let mut other = plain.clone();
    let books =
        build(&rules(&[("book", &LISTED.replace("listed", "monthly"))]), &mut other, 0..STEPS, 1);
    let ix = books.unwrap().portfolios[1][0].positions()[0].instrument;
    assert!(matches!(other.universe.instrument(ix).contract, Contract::Future { .. }));
    let unit = UnitPnl::realise(&other, 1, &states(&other, 1), vec![ix]).unwrap();
    assert_eq!(unit.sources[[0, 0]], Source::Surface);
}

#[test]
fn later_prices_change_nothing_held_before() {
    let mut history = with_futures();
    let mut other = with_futures();
    for step in 60..STEPS {
        other.underlyings[BTC.0].futures[step].forwards = ForwardCurve::default()
            .with_listed(vec![ListedFuture { expiry: expiries()[5], price: FuturePrice::Own }]);
    }
    let books = build(&rules(&[("book", LISTED)]), &mut history, 0..STEPS, 1).unwrap();
    let changed = build(&rules(&[("book", LISTED)]), &mut other, 0..STEPS, 1).unwrap();
    for step in 0..60 {
        let held = |history: &History, books: &mpor_core::Books| {
            names(history, &books.portfolios[step][0])
        };
        assert_eq!(held(&history, &books), held(&other, &changed));
    }
    assert_eq!(names(&history, &books.portfolios[90][0]), ["BTC-24APR20"]);
    assert_eq!(names(&other, &changed.portfolios[90][0]), ["BTC-26JUN20"]);
}
