//! Overlays over a replay: they see the account's own past and book, whatever the accounts' order and the future.

use mpor_backtest::assemble::walks;
use mpor_backtest::paths::paths as without_tests;
use mpor_backtest::shard::{from_tables, to_tables};
use mpor_backtest::{
    Assembly, BacktestError, DayResult, ModelInfo, RequirementPath, assemble, replay,
};
use mpor_core::{Books, History, Level, LossConvention, Portfolio, Position, Timestamp};
use mpor_margin::{
    BuiltModel, Component, MarginReport, ModelKind, ModelSpec, Now, RuleLibrary, build,
};
use toml::Table;

use crate::world::{STEPS, WINDOW, books, config, history, history_changed_after, horizon};

/// Everything that looks at the book, the past or its outcomes.
const OVERLAYS: &str = r#"[
    { offset_cap = {} },
    { concentration = { depth = { BTC = 5e4 }, tiers = [{ above = 0.5, rate = 0.01 }] } },
    { wrong_way = { underlyings = ["BTC"], accounts = ["long future"] } },
    { reputation = { turnover = 0.3, late = 0.2, grown = 20 } },
    { adaptive = { coverage = 0.9, rate = 0.2 } },
    { buffer = { released = { rise = 1.1, steps = 2, hold = 2, rebuild = 10 } } },
    { floor = { lookback = { steps = 10, share = 0.5 } } },
    { speed_limit = { steps = 1, limit = 1.5 } },
]"#;

/// Those whose charge is proportional to the book.
const PROPORTIONAL: &str = r#"[
    { offset_cap = {} },
    { wrong_way = { underlyings = ["BTC"] } },
    { reputation = { turnover = 0.3 } },
    { adaptive = { coverage = 0.9, rate = 0.2 } },
]"#;

fn model(overlays: &str) -> BuiltModel {
    let text = format!("price_range = 0.05\nvol_range = 0.2\noverlays = {overlays}");
    let mut params: Table = toml::from_str(&text).unwrap();
    let overlays = params.remove("overlays").unwrap().try_into().unwrap();
    let (name, kind) = ("scan".to_owned(), ModelKind::Kind("scan".to_owned()));
    let spec = ModelSpec { name, kind, as_of: None, params, overlays, baseline: false };
    build(&spec, &RuleLibrary::embedded().unwrap()).unwrap()
}

fn days(history: &History, books: &Books, model: &BuiltModel, end: usize) -> Vec<DayResult> {
    replay(history, books, &[model.model.as_ref()], &config(WINDOW..end, 2)).unwrap()
}

fn assembly<'a>(
    history: &'a History,
    books: &'a Books,
    overlays: &'a [Vec<Box<dyn mpor_margin::Overlay>>],
    late_calls: &'a [Vec<Timestamp>],
) -> Assembly<'a> {
    let name = || "scan".to_owned();
    let info = ModelInfo { id: name(), kind: name(), summary: name(), rules: None, baseline: true };
    Assembly {
        currency: "USD".to_owned(),
        horizon: horizon(2),
        convention: LossConvention::Horizon,
        level: Level::P99,
        models: vec![info],
        overlays,
        history,
        books,
        late_calls,
        tests: mpor_backtest::coverage::Wanted::Standard,
    }
}

fn paths(
    history: &History,
    books: &Books,
    overlays: &str,
    late: &[Vec<Timestamp>],
) -> Vec<RequirementPath> {
    let model = model(overlays);
    let days = days(history, books, &model, STEPS);
    let overlays = vec![model.overlays];
    let result = assemble(days, assembly(history, books, &overlays, late)).unwrap();
    result.requirements.into_iter().next().unwrap()
}

#[test]
fn parts_add_up_and_show_what_each_overlay_added() {
    let paths = paths(&history(), &books(STEPS), OVERLAYS, &[]);
    for path in &paths[..4] {
        for (step, amount) in path.initial.iter().enumerate() {
            let sum: f64 = path.components.iter().map(|part| part.1[step]).sum();
            assert!((sum - amount).abs() <= 1e-9 * amount.max(1.0), "{sum} {amount}");
        }
        let named = |name: &str| path.components.iter().any(|(known, _)| known == name);
        for name in ["offset cap", "concentration", "reputation", "adaptive", "buffer"] {
            assert!(named(name), "{name}");
        }
    }
    let charged = |path: &RequirementPath| {
        let part = path.components.iter().find(|(name, _)| name == "wrong-way charge");
        part.map_or(0.0, |(_, amounts)| amounts.iter().sum())
    };
    assert!(charged(&paths[2]) > 0.0, "the long future is tied to its account");
    assert_eq!(charged(&paths[0]), 0.0, "nothing is tied to the other accounts");
    assert!(paths[4].initial.iter().all(|&amount| amount == 0.0), "nothing held, nothing asked");
}

#[test]
fn the_order_of_accounts_does_not_matter() {
    let mut backwards = books(STEPS);
    backwards.accounts.reverse();
    backwards.portfolios.iter_mut().for_each(|portfolios| portfolios.reverse());
    let history = history();
    let (one, mut other) =
        (paths(&history, &books(STEPS), OVERLAYS, &[]), paths(&history, &backwards, OVERLAYS, &[]));
    other.reverse();
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one.initial, other.initial);
        assert_eq!(one.maintenance, other.maintenance);
    }
}

#[test]
fn another_future_changes_no_earlier_requirement() {
    let changed = 50;
    let books = books(STEPS);
    let one = paths(&history(), &books, OVERLAYS, &[]);
    let other = paths(&history_changed_after(changed, STEPS), &books, OVERLAYS, &[]);
    let until = changed + 1 - WINDOW;
    for (one, other) in one.iter().zip(&other).take(4) {
        assert_eq!(one.initial[..until], other.initial[..until]);
        assert_ne!(one.initial[until..], other.initial[until..], "or the test is blind");
    }
}

#[test]
fn twice_the_books_need_twice_the_money() {
    let (history, once) = (history(), books(STEPS));
    let twice = |portfolio: &Portfolio| {
        let double = |held: &Position| Position { quantity: 2.0 * held.quantity, ..*held };
        Portfolio::new(portfolio.positions().iter().map(double).collect())
    };
    let doubled = Books {
        portfolios: once.portfolios.iter().map(|all| all.iter().map(twice).collect()).collect(),
        ..once.clone()
    };
    let (one, two) =
        (paths(&history, &once, PROPORTIONAL, &[]), paths(&history, &doubled, PROPORTIONAL, &[]));
    for (one, two) in one.iter().zip(&two) {
        for (one, two) in one.initial.iter().zip(&two.initial) {
            assert!((2.0 * one - two).abs() <= 1e-12 * two.abs(), "{one} {two}");
        }
    }
}

/// What is asked about the books travels with the shards, and a shard cut anywhere comes to the same.
#[test]
fn figures_survive_their_tables() {
    let (history, books) = (history(), books(STEPS));
    let model = model(OVERLAYS);
    let days = days(&history, &books, &model, STEPS);
    assert!(!days[0].models[0].figures.of(0).is_empty());
    let (early, late) = days.split_at(13);
    let back = |days: &[DayResult]| {
        let all = 0..days[0].losses.len();
        from_tables(&to_tables(days, &all).unwrap()).unwrap()
    };
    let again = [back(early), back(late)].concat();
    assert_eq!(again, days);
    assert_eq!(again[0].models[0].figures.of(0), days[0].models[0].figures.of(0));
}

/// The walk up to a date, and one more step, is what the whole replay says of that date.
#[test]
fn a_date_asked_alone_is_the_date_of_the_replay() {
    let (history, books) = (history(), books(STEPS));
    let model = model(OVERLAYS);
    let all = days(&history, &books, &model, STEPS);
    let overlays = vec![model.overlays];
    let expected = paths(&history, &books, OVERLAYS, &[]);
    for step in [1, 7, 30] {
        let lived = walks(&all[..step], &assembly(&history, &books, &overlays, &[])).unwrap();
        for account in 0..4 {
            let of = &all[step].models[0];
            let report = MarginReport {
                initial: Component::leaf("model", of.initial[account]),
                maintenance: Component::leaf("model", of.maintenance[account]),
                binding: None,
                gross_notional: all[step].losses[account].gross_notional,
            };
            let (time, figures) = (all[step].time, of.figures.of(account));
            let now = Now { time, figures: &figures, ..Now::default() };
            let mut walk = lived[0][account].clone();
            let report = walk.step(&overlays[0], report, now).unwrap();
            assert_eq!(report.initial.amount(), expected[account].initial[step], "{step}");
        }
    }
}

/// With no memory the multiplier of a date is decided by the one outcome that became known on it: that of two dates before.
#[test]
fn an_outcome_counts_on_the_date_on_which_its_margin_period_ends() {
    let (history, books) = (history(), books(STEPS));
    let list = "[{ reputation = { newcomer = 0, credit = 0, breach = 0.25, decay = 0 } }]";
    let model = model(list);
    let days = days(&history, &books, &model, STEPS);
    let overlays = vec![model.overlays];
    let result = assemble(days.clone(), assembly(&history, &books, &overlays, &[])).unwrap();
    let mut breaches = 0;
    for account in 0..4 {
        let required = &result.requirements[0][account].initial;
        for (at, day) in days.iter().enumerate() {
            let breached = at.checked_sub(2).is_some_and(|before| {
                days[before].losses[account].horizon.unwrap() > required[before]
            });
            breaches += usize::from(breached);
            let multiplier = if breached { 1.25 } else { 1.0 };
            assert_eq!(required[at], multiplier * day.models[0].initial[account], "{at}");
        }
    }
    assert!(breaches > 10, "the market must breach");
}

#[test]
fn late_calls_are_counted_from_the_date_after() {
    let (history, books) = (history(), books(STEPS));
    let list = "[{ reputation = { newcomer = 0, credit = 0, breach = 0, late = 0.2 } }]";
    let plain = paths(&history, &books, list, &[]);
    let late = vec![vec![history.panel.times()[WINDOW + 9]]];
    let with = paths(&history, &books, list, &late);
    assert_eq!(plain[1], with[1], "another account's record");
    let (plain, with) = (&plain[0].initial, &with[0].initial);
    assert_eq!(plain[..10], with[..10]);
    // hand: one late call, then faded once
    assert!((with[10] / plain[10] - 1.2).abs() < 1e-12);
    assert!((with[11] / plain[11] - 1.198).abs() < 1e-12);
}

#[test]
fn paths_are_those_of_an_assembly_and_may_skip_days() {
    let (history, books, built) = (history(), books(STEPS), model(OVERLAYS));
    let days = days(&history, &books, &built, STEPS);
    let overlays = [built.overlays];
    let of = || assembly(&history, &books, &overlays, &[]);
    let all = without_tests(&days, &of()).unwrap();
    let whole = assemble(days.clone(), of()).unwrap();
    assert_eq!((&all.requirements, &all.losses), (&whole.requirements, &whole.losses));

    let mut third: Vec<DayResult> = days.iter().step_by(3).cloned().collect();
    let skipped = without_tests(&third, &of()).unwrap();
    let expected: Vec<f64> = whole.losses[0].gross_notional.iter().step_by(3).copied().collect();
    assert_eq!(skipped.losses[0].gross_notional, expected);
    assert_eq!(skipped.requirements[0][0].initial.len(), third.len());
    third.swap(1, 2);
    assert!(matches!(without_tests(&third, &of()), Err(BacktestError::DayOrder { .. })));
}
