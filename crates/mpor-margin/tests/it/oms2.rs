//! OMS II against numbers worked out by hand and against a grid scan of the same cells.

use mpor_risk::ScenarioSpec;

use crate::market::{BOOKS, Market, SPOT, built};

const INTERVAL: &str = "kind = \"oms2\"\nintervals = { default = { price = 0.15, vol = 0.2 } }";
const PAIR: &[(&str, f64)] = &[("BTC-SPOT", 1.0), ("ETH-PERP", -20.0)];

fn window(points: usize, vols: usize) -> String {
    format!(
        "{INTERVAL}\nwindows.coins = {{ members = [\"BTC\", \"ETH\"], points = {points}, vols = {vols} }}"
    )
}

fn amount(model: &str, book: &[(&str, f64)]) -> f64 {
    Market::new().ask(model, book).unwrap().initial.amount()
}

fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-9 * SPOT[0], "{actual}, expected {expected}");
}

#[test]
fn a_window_says_how_far_underlyings_can_be_apart() {
    // hand: 15 % of 50,000 and of 20 x 2,502.5
    let (long, short) = (7_500.0, 7_507.5);
    close(amount(INTERVAL, PAIR), long + short);
    close(amount(&window(31, 3), PAIR), long + short);
    close(amount(&window(1, 3), PAIR), short - long);
    // hand: the short at the highest point, the long two points, 2/15 of the interval, below
    let report = Market::new().ask(&window(3, 3), PAIR).unwrap();
    close(report.initial.amount(), short - 13.0 / 15.0 * long);
    assert_eq!(report.binding.as_deref(), Some("coins: points 29 to 31 of 31"));
    let text = report.initial.to_string();
    assert!(text.contains("BTC: point 29 of 31, vol up: -6500.00"), "{text}");
    assert!(text.contains("ETH: point 31 of 31, vol up: 7507.50"), "{text}");
}

#[test]
fn options_have_the_worst_of_93_cells() {
    let market = Market::new();
    let book = [("BTC-C-55000", -10.0), ("BTC-P-45000", -10.0), ("BTC-PERP", 1.0)];
    let moves: Vec<String> = (-15..=15).map(|k| (0.15 * f64::from(k) / 15.0).to_string()).collect();
    let grid =
        format!("s = {{ grid = {{ price = [{}], vol = [0.2, 0.0, -0.2] }} }}", moves.join(", "));
    let spec: toml::Table = toml::from_str(&grid).unwrap();
    let spec: ScenarioSpec = spec["s"].clone().try_into().unwrap();
    let day = market.day();
    let revaluation = day.revaluation(&spec).unwrap();
    let mut pnl = vec![0.0; 93];
    revaluation.portfolio_pnl(&market.book(&book), &mut pnl);
    let worst = pnl.iter().copied().fold(0.0, f64::min);
    close(amount(INTERVAL, &book), -worst);
    assert_eq!(amount(INTERVAL, &[("BTC-C-55000", 0.0)]), 0.0);
}

#[test]
fn a_wider_window_never_asks_less() {
    for book in BOOKS {
        let mut before = 0.0;
        for points in [1, 2, 5, 11, 30, 31] {
            let now = amount(&window(points, 3), book);
            assert!(now >= before, "{book:?} at {points}");
            assert!(now >= amount(&window(points, 1), book), "{book:?}: volatility tied");
            before = now;
        }
        close(before, amount(INTERVAL, book));
    }
}

#[test]
fn windows_stand_in_windows() {
    let market = Market::new();
    let nested = format!(
        "{INTERVAL}\nwindows.coins = {{ members = [\"BTC\", \"ETH\"], points = 1 }}\nwindows.all = {{ members = [\"coins\", \"SPX\"], points = 11 }}"
    );
    let book = [("BTC-SPOT", 1.0), ("ETH-PERP", -20.0), ("SPX-FUT", -1.0)];
    let report = market.ask(&nested, &book).unwrap();
    assert_eq!(report.initial.recomputed(), report.initial.amount());
    // hand: the future's forward is the spot's times a constant, and the pair's gain or loss is 7.5 x share of the interval
    let future = amount(INTERVAL, &book[2..]);
    close(report.initial.amount(), future + 7.5);
    assert_eq!(report.initial.parts().len(), 1);
}

#[test]
fn impossible_parameters_are_named() {
    let refused = |text: &str| built(text).err().unwrap().to_string();
    for (model, expected) in [
        ("kind = \"oms2\"".to_owned(), "`intervals` is missing"),
        (
            INTERVAL.replace("0.15", "15"),
            "`intervals.default.price` is 15: a share of spot above 0 and below 1",
        ),
        (
            format!("{INTERVAL}\npoints = 30"),
            "`points` is 30: an odd number, 3 to 1001, so that one point is unmoved",
        ),
        (window(32, 3), "`windows.coins.points` is 32: 1 to 31 points"),
        (window(3, 4), "`windows.coins.vols` is 4: 1 to 3 states"),
        (
            format!("{}\nwindows.b = {{ members = [\"ETH\"], points = 3 }}", window(3, 3)),
            "`windows.coins.members` has `ETH`, which is in a window already; each belongs to one",
        ),
        (
            format!("{}\nwindows.d = {{ members = [\"coins\"], points = 2 }}", window(3, 3)),
            "`windows.d.members` has the window `coins`, which is wider than this one; the outer one is at least as wide",
        ),
        (
            format!(
                "{INTERVAL}\nwindows.a = {{ members = [\"b\"], points = 3 }}\nwindows.b = {{ members = [\"a\"], points = 3 }}"
            ),
            "`windows.a.members` holds itself; write a tree",
        ),
    ] {
        assert_eq!(refused(&model), format!("model `model`: {expected}"));
    }
    let error = Market::new().ask("kind = \"oms2\"\nintervals = { BTC = { price = 0.1 } }", PAIR);
    assert_eq!(
        error.unwrap_err().to_string(),
        "`model` has no rule for `ETH-PERP`: these rules have no valuation interval for `ETH`; add intervals.ETH = { price = .. }, known: BTC"
    );
}
