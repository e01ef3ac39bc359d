//! Clearing houses' models against numbers worked out by hand and against their own parts.

use mpor_core::{Panel, Position};
use mpor_margin::{Component, MarginReport};
use mpor_risk::{Day, ScenarioSpec};

use crate::market::{BOOKS, DAYS, Market, SPOT, built, models};

/// The worst of ten per cent either way, all underlyings alike.
const TEN: &str =
    "[measures.m]\nscenarios = { grid = { price = [-0.1, 0.1] } }\nfigure = { worst = 1 }";
const VAR: &str =
    "[measures.m]\nscenarios = { historical = { window = 300 } }\nfigure = { var = 0.97 }";
const PAIR: &[(&str, f64)] = &[("BTC-SPOT", 1.0), ("ETH-PERP", -20.0)];

fn ask(model: &str, book: &[(&str, f64)]) -> MarginReport {
    Market::new().ask(&format!("kind = \"clearing-var\"\n{model}"), book).unwrap()
}

fn amount(model: &str, book: &[(&str, f64)]) -> f64 {
    ask(model, book).initial.amount()
}

fn close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-9 * SPOT[0], "{actual}, expected {expected}");
}

/// All underlyings in one group, with keys before the measures.
fn together(keys: &str, measures: &str) -> String {
    format!("groups = {{ default = \"all\" }}\n{keys}\n{measures}")
}

#[test]
fn measures_are_scaled_weighted_and_added_or_the_largest_holds() {
    let forty = "[measures.n]\nscenarios = { grid = { price = [-0.4] } }\nfigure = { worst = 1 }\nweight = 0.25";
    let both = format!("{TEN}\nscale = 1.5\nweight = 0.75\n{forty}");
    // hand: .75 x 1.5 x 5,000 + .25 x 20,000
    close(amount(&both, &[("BTC-SPOT", 1.0)]), 0.75 * 1.5 * 5_000.0 + 0.25 * 20_000.0);
    close(amount(&format!("combine = \"max\"\n{both}"), &[("BTC-SPOT", 1.0)]), 5_625.0);
    // hand: a short gains in the second, which pays for nothing
    close(amount(&both, &[("BTC-PERP", -1.0)]), 0.75 * 1.5 * 5_005.0);
}

#[test]
fn groups_offset_inside_and_add_outside() {
    // hand: up ten per cent the short loses 5,005 and the long gains 5,000
    close(amount(&together("", TEN), PAIR), 5.0);
    let report = ask(TEN, PAIR);
    close(report.initial.amount(), 5_000.0 + 5_005.0);
    assert_eq!(
        report.binding.as_deref(),
        Some("BTC: m: spot -10 %, vol 0 %; ETH: m: spot +10 %, vol 0 %")
    );
    let by_name = format!("groups = {{ BTC = \"coins\", ETH = \"coins\" }}\n{TEN}");
    close(amount(&by_name, PAIR), 5.0);
}

#[test]
fn diversification_is_given_in_part() {
    // hand: .8 x 5 + .2 x (5,000 + 5,005)
    close(amount(&together("diversification = 0.8", TEN), PAIR), 2_005.0);
    close(amount(&together("diversification = 0", TEN), PAIR), 10_005.0);
}

#[test]
fn perfect_dependence_adds_the_tails_of_linear_books() {
    let book = [("BTC-SPOT", 1.0), ("ETH-PERP", 20.0)];
    let stressed = together("stress = { share = 1, dependence = [\"perfect\"] }", VAR);
    let alone = amount(VAR, &book[..1]) + amount(VAR, &book[1..]);
    let base = amount(&together("", VAR), &book);
    assert!(base < alone, "the market must diversify for this to mean anything");
    // closed form: the value at risk of comonotone losses is the sum of their values at risk
    close(amount(&stressed, &book), alone);
    let quarter =
        together("stress = { share = 0.25, dependence = [\"perfect\", \"independent\"] }", VAR);
    let least = base + 0.25 * (alone - base);
    assert!(amount(&quarter, &book) >= least - 1e-9 * least);
}

#[test]
fn independence_takes_an_offset_away() {
    // hand: a grid moves both alike, so the pair loses 5 at most; apart, at most 5,000 and 5,005
    let moves: Vec<String> = (-20..=20).map(|k| (0.005 * f64::from(k)).to_string()).collect();
    let grid = TEN.replace("-0.1, 0.1", &moves.join(", "));
    let keys = "stress = { share = 1, dependence = [\"independent\"] }";
    let (base, stressed) = (together("", &grid), together(keys, &grid));
    close(amount(&base, PAIR), 5.0);
    let apart = amount(&stressed, PAIR);
    assert!(apart > 5_000.0 && apart <= 10_005.0, "{apart}");
    let perfect = keys.replace("independent", "perfect");
    close(amount(&together(&perfect, &grid), PAIR), 5.0);
    for single in [&[("BTC-PERP", 1.0)][..], &[("ETH-C-2600", -9.0), ("ETH-PERP", 3.0)]] {
        let (base, stressed) = (together("", VAR), together(keys, VAR));
        assert_eq!(amount(&stressed, single), amount(&base, single), "one depends on none");
    }
}

#[test]
fn the_largest_underlyings_each_have_their_own_tail() {
    let book = [("BTC-SPOT", 2.0), ("ETH-PERP", 20.0), ("SPX-FUT", 0.1)];
    let keys = "stress = { share = 0.5, concentration = { level = 0.99, largest = 2 } }";
    let deeper = VAR.replace("0.97", "0.99");
    let base = amount(&together("", VAR), &book);
    let spread: f64 = (0..3).map(|at| amount(&deeper, &book[at..=at])).sum();
    close(amount(&together(keys, VAR), &book), base + 0.5 * (spread - base));
    // hand: of two, the second is the rest, and is alone too
    let one = keys.replace("largest = 2", "largest = 1");
    let rest = amount(&together("", &deeper), &book[1..]);
    let own = amount(&deeper, &book[..1]);
    close(amount(&together(&one, VAR), &book), base + 0.5 * (own + rest - base));
}

#[test]
fn closing_out_costs_the_spread_and_what_is_beyond_the_threshold() {
    let keys = "liquidity = { BTC = { half_spread = 0.001, threshold = 60_000, rate = 0.05 } }";
    let model = format!("{keys}\n{TEN}");
    // hand: 100,000 of notional; 10 % of 2 x 50,050, .1 % and 5 % of 40,000
    close(amount(&model, &[("BTC-PERP", 2.0)]), 10_010.0 + 100.0 + 2_000.0);
    let market = Market::new();
    let error = market.ask(&format!("kind = \"clearing-var\"\n{model}"), &[("ETH-PERP", 1.0)]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "`model` has no rule for `ETH-PERP`: these rules say nothing about the liquidity of `ETH`; add liquidity.ETH or liquidity.default"
    );
}

#[test]
fn long_options_need_at_most_their_value() {
    let market = Market::new();
    let model = format!("long_option_cap = true\n{TEN}\nscale = 50");
    let ix = market.history.universe.find("BTC-C-55000").unwrap();
    let value = mpor_pricing::value(&market.state, &market.history.universe, ix).unwrap().amount;
    close(amount(&model, &[("BTC-C-55000", 4.0)]), 4.0 * value);
    let hedged = [("BTC-C-55000", 4.0), ("BTC-PERP", -0.001)];
    assert!(amount(&model, &hedged) > 4.0 * value, "not of long options only");
}

#[test]
fn a_correlation_break_is_the_mean_excess_of_sub_windows() {
    let market = Market::new();
    let book = [("BTC-PERP", 1.0), ("ETH-PERP", -15.0)];
    let day = market.day();
    let spec: toml::Table = toml::from_str("s = { historical = { window = 301 } }").unwrap();
    let spec: ScenarioSpec = spec["s"].clone().try_into().unwrap();
    let revaluation = day.revaluation(&spec).unwrap();
    let mut pnl = vec![0.0; 300];
    revaluation.portfolio_pnl(&market.book(&book), &mut pnl);
    let tenth = |pnl: &[f64]| {
        let mut losses: Vec<f64> = pnl.iter().map(|gain| -gain).collect();
        losses.sort_by(|a, b| b.total_cmp(a));
        losses[losses.len() / 10 - 1]
    };
    let whole = tenth(&pnl);
    let windows: Vec<f64> = (0..=200).step_by(50).map(|at| tenth(&pnl[at..at + 100])).collect();
    assert_eq!(windows.len(), 5);
    let excess = windows.iter().map(|v| (v - whole).max(0.0)).sum::<f64>() / 5.0;
    assert!(excess > 0.0 && excess < whole, "{excess} of {whole}");
    let model = |own: &str| {
        format!(
            "groups = {{ default = \"all\" }}\n[measures.m]\nscenarios = {{ historical = {{ window = 301 }} }}\nfigure = {{ var = 0.9 }}\ncorrelation_break = {{ window = 100, step = 50, {own} }}"
        )
    };
    close(amount(&model("share = 0.5, cap = 1"), &book), whole + 0.5 * excess);
    close(amount(&model("share = 0.5, cap = 0"), &book), whole);
    close(amount(&model("share = 0, floor = 0.2, cap = 0.3"), &book), 1.2 * whole);
}

#[test]
fn stress_periods_count_from_the_day_on_which_they_are_known() {
    let stress = |list: &str| {
        format!(
            "[measures.stress]\nscenarios = {{ periods = {{ list = [{list}] }} }}\nfigure = {{ worst = 1 }}"
        )
    };
    let (known, unknown) = (
        "{ first = \"2023-08-01\", last = \"2023-08-31\" }",
        "{ first = \"2030-01-01\", last = \"2030-02-01\" }",
    );
    let one = ask(&stress(known), &[("BTC-PERP", 1.0)]);
    let both = ask(&stress(&format!("{known}, {unknown}")), &[("BTC-PERP", 1.0)]);
    assert!(one.initial.amount() > 0.0);
    assert_eq!(one.initial.amount(), both.initial.amount());
    assert!(one.initial.to_string().contains("stress (largest)"), "{}", one.initial);
    assert!(both.initial.to_string().contains("stress, 1 of 2 listed periods known"));
    let none = ask(&stress(unknown), &[("BTC-PERP", 1.0)]);
    assert_eq!(none.initial.amount(), 0.0);
    assert!(none.initial.to_string().contains("stress, 0 of 1 listed periods known"));
    assert_eq!(none.binding.as_deref(), Some("BTC: no losing scenario"));
}

#[test]
fn more_stress_never_asks_less() {
    let worst =
        "[measures.m]\nscenarios = { historical = { window = 300 } }\nfigure = { worst = 1 }";
    let more = format!(
        "{worst}\nappended = [{{ scenarios = {{ grid = {{ price = [-0.3, 0.3], vol = [0.5] }} }} }}]"
    );
    let largest = format!(
        "combine = \"max\"\n{VAR}\n[measures.stress]\nscenarios = {{ grid = {{ price = [-0.3, 0.3] }} }}\nfigure = {{ worst = 1 }}"
    );
    for book in BOOKS {
        let of = |measures: &str| amount(&together("", measures), book);
        assert!(of(&more) >= of(worst), "{book:?}");
        assert!(amount(&largest, book) >= amount(VAR, book), "{book:?}");
    }
}

#[test]
fn without_a_charge_for_size_twice_the_book_is_twice_the_money() {
    let market = Market::new();
    let day = market.day();
    for built in models().iter().filter(|built| built.kind == "clearing-var") {
        if built.model.id() == "span2" || built.model.id() == "irm2" {
            continue;
        }
        let prepared = built.model.prepare(&day).unwrap();
        for book in BOOKS {
            let book = market.book(book);
            let twice =
                book.positions().iter().map(|p| Position { quantity: 2.0 * p.quantity, ..*p });
            let twice = mpor_core::Portfolio::new(twice.collect());
            let once = prepared.requirement(&book).unwrap().initial.amount();
            let twice = prepared.requirement(&twice).unwrap().initial.amount();
            assert_eq!(twice, 2.0 * once, "{}", built.model.id());
        }
    }
}

#[test]
fn what_happens_later_changes_no_requirement() {
    let now = 320;
    let (market, mut other) = (Market::new(), Market::new());
    let panel = &market.history.panel;
    let mut values = ndarray::Array2::zeros((panel.factors().len(), DAYS));
    for (mut row, &factor) in values.rows_mut().into_iter().zip(panel.factors()) {
        row.assign(&panel.series(factor).unwrap());
        row.iter_mut().skip(now + 1).for_each(|value| *value *= 1.7);
    }
    let (times, factors) = (panel.times().to_vec(), panel.factors().to_vec());
    other.history.panel = Panel::new(times, factors, values).unwrap();
    let answers = |market: &Market| {
        let state = market.history.state(now).unwrap();
        let horizon = market.day().horizon;
        let past = market.history.panel.until(now);
        let day = Day::new(past, &state, &market.history.universe, &market.held, horizon, 7);
        let of = |built: &mpor_margin::BuiltModel| {
            let prepared = built.model.prepare(&day).unwrap();
            let of = |book: &&[(&str, f64)]| prepared.requirement(&market.book(book)).unwrap();
            BOOKS.iter().map(of).collect::<Vec<_>>()
        };
        let own = models()
            .into_iter()
            .filter(|own| ["clearing-var", "oms2"].contains(&own.kind.as_str()));
        own.map(|built| of(&built)).collect::<Vec<_>>()
    };
    assert_eq!(answers(&market), answers(&other));
}

#[test]
fn every_house_says_what_it_leaves_out() {
    let market = Market::new();
    for built in models().iter().filter(|built| built.kind == "clearing-var") {
        let report = market.ask_built(built, BOOKS[0]).unwrap();
        assert!(
            report.initial.parts().iter().any(left_out),
            "{}\n{}",
            built.model.id(),
            report.initial
        );
        assert!(report.initial.amount() > 0.0 && report.binding.is_some());
    }
}

fn left_out(part: &Component) -> bool {
    part.amount() == 0.0 && part.name().ends_with(": left out")
}

#[test]
fn impossible_parameters_are_named() {
    let refused = |model: &str| {
        built(&format!("kind = \"clearing-var\"\n{model}")).err().unwrap().to_string()
    };
    let filtered = "scenarios = { filtered = { window = 300, volatility = { ewma = 0.97 }, scaling = \"sqrt_time\" } }\nfigure = { var = 0.99 }";
    for (model, expected) in [
        ("".to_owned(), "`measures` is missing"),
        (
            "measures = {}".to_owned(),
            "`measures` has none; write one, such as measures.filtered = { scenarios = { filtered = { .. } }, figure = { var = 0.99 } }",
        ),
        (
            TEN.replace("worst = 1", "var = 0.99"),
            "`measures.m.scenarios` is a grid, whose points have no probability; read it with figure = { worst = 1 }",
        ),
        (TEN.replace("worst = 1", "worst = 0"), "`measures.m.figure.worst` is 0: 1 loss or more"),
        (format!("{VAR}\nscale = 0"), "`measures.m.scale` is 0: above 0"),
        (format!("{VAR}\nweight = -1"), "`measures.m.weight` is -1: 0 or more"),
        (
            VAR.replace("window = 300", "window = 1"),
            "`measures.m.scenarios` cannot be used: window = 1 is outside its range: at least 2 returns",
        ),
        (
            format!("[measures.m]\n{filtered}\nsamples = \"interleaved\""),
            "`measures.m.samples` is `interleaved`, which needs one set of overlapping moves over the margin period: bucketed, periods, or filtered or historical without sqrt_time",
        ),
        (
            format!(
                "stress = {{ share = 1, dependence = [\"perfect\"] }}\n{VAR}\nsamples = \"interleaved\""
            ),
            "`measures.m.samples` and `correlation_break` look at scenarios in the order of time, which stress.dependence undoes; leave one out",
        ),
        (
            format!("stress = {{ share = 1 }}\n{VAR}"),
            "`stress` has neither `dependence` nor `concentration`; write one or leave it out",
        ),
        (
            format!("diversification = 80\n{VAR}"),
            "`diversification` is 80: a share between 0 and 1",
        ),
        (
            format!("liquidity = {{ BTC = {{ rate = -1 }} }}\n{VAR}"),
            "`liquidity.BTC.rate` is -1: 0 or more",
        ),
        (
            format!(
                "{VAR}\ncorrelation_break = {{ window = 100, share = 1, floor = 0.2, cap = 0.1 }}"
            ),
            "`measures.m.correlation_break.cap` is 0.1: a share of the figure, not below `floor`, 0.2",
        ),
        (
            format!(
                "{VAR}\nappended = [{{ scenarios = {{ periods = {{ list = [{{ first = \"2020-03-01\", last = \"2020-02-01\" }}] }} }} }}]"
            ),
            "`measures.m.appended[0].scenarios` cannot be used: list = 2020-03-01 to 2020-02-01 is outside its range: periods whose last day is not before the first",
        ),
        (
            format!(
                "{VAR}\nappended = [{{ scenarios = {{ historical = {{ window = 9 }} }}, share = 1 }}]"
            ),
            "`measures.m.appended` has shares of 1 together: below 1, the rest is that of `scenarios`",
        ),
        (
            format!(
                "{TEN}\nappended = [{{ scenarios = {{ grid = {{ price = [0.3] }} }}, share = 0.1 }}]"
            ),
            "`measures.m.appended[0].share` is a weight, and the worst scenarios have none; leave it out",
        ),
        (
            format!(
                "{VAR}\nappended = [{{ scenarios = {{ historical = {{ window = 9 }} }} }}]\ncorrelation_break = {{ window = 100, share = 1, cap = 1 }}"
            ),
            "`measures.m.correlation_break` looks at sub-windows of one set, and there are appended ones; leave one out",
        ),
    ] {
        assert_eq!(refused(&model), format!("model `model`: {expected}"));
    }
}

#[test]
fn a_day_with_too_few_scenarios_is_refused() {
    let market = Market::new();
    let refused = |model: &str| {
        let error = market.ask(&format!("kind = \"clearing-var\"\n{model}"), &[("BTC-PERP", 1.0)]);
        error.unwrap_err().to_string()
    };
    assert_eq!(
        refused(&VAR.replace("var = 0.97", "worst = 300")),
        "model `model`: `measures.m.figure.worst` is 300, and this day has 299 scenarios"
    );
    let break_ = format!("{VAR}\ncorrelation_break = {{ window = 300, share = 1, cap = 1 }}");
    assert_eq!(
        refused(&break_),
        "model `model`: `measures.m.correlation_break.window` is 300, and a sub-sample of this day has 299 scenarios"
    );
    let long = VAR.replace("window = 300", "window = 2500");
    assert_eq!(
        refused(&long),
        "a historical scenario set needs 2501 observations, and 400 are known at 2024-07-04T08:00:00Z; start the study later or shorten the window"
    );
}
