//! The default fund by hand: cover, reviews, shares, waterfall; and what must hold whatever the figures.

use mpor_backtest::BacktestError;
use mpor_backtest::default_fund::{
    Cover, FundPath, FundRules, Stress, StressDay, fund_path, tables,
};
use mpor_core::{Column, Span};
use mpor_risk::ScenarioSpec;
use proptest::prelude::*;

use crate::supervisory::{Account, made_of};
use crate::world::{STEPS, WINDOW, books, history, history_changed_after, horizon};

fn rules(cover: Cover) -> FundRules {
    FundRules {
        cover,
        buffer: 0.0,
        minimum: 0.0,
        skin_in_the_game: 10.0,
        review: Span::days(3),
        look_back: Span(0),
        most_defaults: None,
    }
}

fn account(name: &'static str, initial: &[f64], losses: &[Option<f64>]) -> Account {
    Account { name, initial: initial.to_vec(), own: None, losses: losses.to_vec() }
}

fn covers(covers: &[f64]) -> Vec<StressDay> {
    let day = |&cover: &f64| StressDay { cover, scenario: None, scenarios: 1 };
    covers.iter().map(day).collect()
}

/// Three accounts that margin 50, 30 and 20, of which some lose more on the second date; a fund of 100.
fn path(losses: [f64; 3], rules: &FundRules) -> FundPath {
    let of = |name, margin: f64, loss: f64| account(name, &[margin; 2], &[Some(0.0), Some(loss)]);
    let [a, b, c] = losses;
    let result = made_of(&[of("a", 50.0, a), of("b", 30.0, b), of("c", 20.0, c)]);
    fund_path(&result, 0, covers(&[100.0, 7.0]), rules).unwrap()
}

#[test]
fn what_a_scenario_asks_for() {
    // hand: the accounts lose 50, 30 and 25 beyond margin; the house's own money is 10
    let need = |cover| rules(cover).need([50.0, 30.0, 25.0]);
    assert_eq!(need(Cover::One), 50.0);
    assert_eq!(need(Cover::Two), 80.0);
    assert_eq!(need(Cover::Emir), 70.0, "the two largest less 10, above 50 and 30 + 25");
    let rich = FundRules { skin_in_the_game: 40.0, ..rules(Cover::Emir) };
    assert_eq!(rich.need([50.0, 30.0, 25.0]), 55.0, "the second and third");
    assert_eq!(rich.need([50.0, 3.0, 2.0]), 50.0, "the largest");
}

#[test]
fn the_waterfall_by_hand() {
    // hand: shares of 100 by margin 50, 30, 20. a loses 80 beyond: 50 of its own; 10 the house; 20 the others, who have 50.
    let path = path([130.0, 0.0, 0.0], &rules(Cover::Two));
    let after = path.days[1].after.clone().unwrap();
    assert_eq!((after.beyond, after.own, after.skin), (80.0, 50.0, 10.0));
    assert_eq!((after.others, after.uncovered), (20.0, 0.0));
    assert_eq!(path.days[1].drawdown(), Some(0.7));
    let only = &after.defaults[0];
    assert_eq!((only.account, only.margin, only.loss, only.share), (0, 50.0, 130.0, 50.0));
    assert_eq!((only.beyond, only.own), (80.0, 50.0));
    assert!(path.days[0].after.as_ref().unwrap().defaults.is_empty());
    assert_eq!(path.days[0].drawdown(), Some(0.0));
}

#[test]
fn a_share_covers_its_own_loss_alone() {
    // hand: b loses 5 beyond and has 30 in the fund, c loses 100 beyond and has 20: 80 are left, the house 10, a's 50, 20 by nobody.
    let path = path([0.0, 35.0, 120.0], &rules(Cover::Two));
    let after = path.days[1].after.clone().unwrap();
    assert_eq!((after.beyond, after.own, after.skin), (105.0, 25.0, 10.0));
    assert_eq!((after.others, after.uncovered), (50.0, 20.0));
    assert_eq!(path.days[1].drawdown(), Some(0.75), "b's unused 25 pay for nobody else");
    let summary = path.summary();
    assert_eq!((summary.dates, summary.with_defaults, summary.insufficient), (2, 1, 1));
    assert_eq!((summary.worst, summary.mean_fund), (Some(1), 100.0));
}

#[test]
fn a_loss_of_exactly_the_margin_is_no_default() {
    let path = path([50.0, 30.0, 20.0], &rules(Cover::Two));
    assert!(path.days[1].after.as_ref().unwrap().defaults.is_empty());
    assert_eq!(path.summary().worst, None);
}

#[test]
fn so_many_default_as_may() {
    let most = FundRules { most_defaults: Some(2), ..rules(Cover::Two) };
    let path = path([60.0, 50.0, 60.0], &most);
    let after = path.days[1].after.as_ref().unwrap();
    let who: Vec<usize> = after.defaults.iter().map(|own| own.account).collect();
    assert_eq!(who, [1, 2], "20 and 40 beyond margin, not the 10 of a");
    assert_eq!(after.beyond, 60.0);
}

#[test]
fn the_fund_is_sized_at_reviews_and_held_between() {
    let result = made_of(&[account("a", &[1.0; 8], &[None; 8])]);
    let stress = || covers(&[5.0, 90.0, 20.0, 30.0, 10.0, 0.0, 40.0, 0.0]);
    let sizes = |rules: &FundRules| -> Vec<f64> {
        let path = fund_path(&result, 0, stress(), rules).unwrap();
        path.days.iter().map(|day| day.fund).collect()
    };
    // hand: reviews on the dates 0, 3 and 6
    let plain = rules(Cover::Two);
    assert_eq!(sizes(&plain), [5.0, 5.0, 5.0, 30.0, 30.0, 30.0, 40.0, 40.0]);
    // hand: the 90 of date 1 are two days old at the review of date 3 and count for a look-back of three days, not of two
    let back = |days| FundRules { look_back: Span::days(days), ..plain };
    assert_eq!(sizes(&back(3))[3], 90.0);
    assert_eq!(sizes(&back(2))[3], 30.0);
    let more = FundRules { buffer: 0.5, minimum: 12.0, ..plain };
    assert_eq!(sizes(&more), [12.0, 12.0, 12.0, 45.0, 45.0, 45.0, 60.0, 60.0]);
    let path = fund_path(&result, 0, stress(), &plain).unwrap();
    assert_eq!(
        path.days.iter().map(|day| day.reviewed).collect::<Vec<_>>(),
        [0, 0, 0, 3, 3, 3, 6, 6]
    );
    assert!(path.days.iter().all(|day| day.after.is_none() && day.drawdown().is_none()));
    let error = fund_path(&result, 0, covers(&[1.0]), &plain).unwrap_err();
    assert!(matches!(error, BacktestError::Counts { found: 1, expected: 8, .. }), "{error}");
}

#[test]
fn a_fund_of_nothing_covers_nothing() {
    let result = made_of(&[account("a", &[0.0], &[Some(15.0)])]);
    let path = fund_path(&result, 0, covers(&[0.0]), &rules(Cover::One)).unwrap();
    let after = path.days[0].after.as_ref().unwrap();
    assert_eq!((after.own, after.skin, after.others, after.uncovered), (0.0, 10.0, 0.0, 5.0));
    assert_eq!(path.days[0].drawdown(), None);
}

#[test]
fn the_tables_say_the_same() {
    let of = |name, loss: f64| account(name, &[50.0], &[Some(loss)]);
    let result = made_of(&[of("a", 130.0), of("b", 60.0), of("c", 0.0)]);
    let rules = rules(Cover::Two);
    let path = fund_path(&result, 0, covers(&[90.0]), &rules).unwrap();
    let made = tables(&result, &[path], &rules).unwrap();
    let number = |table: usize, name: &str| match &made[table]
        .columns()
        .iter()
        .find(|(known, _)| known == name)
        .unwrap()
        .1
    {
        Column::Number(values) => values.clone(),
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!((made[0].name(), made[1].name()), ("default_fund", "default_losses"));
    // hand: 30 each in the fund; a loses 80 beyond, b 10; 40 from themselves, 10 from the house, 30 from c, 10 from nobody
    assert_eq!(number(0, "fund"), [Some(90.0)]);
    assert_eq!(number(0, "beyond_margin"), [Some(90.0)]);
    assert_eq!(number(0, "from_defaulters"), [Some(40.0)]);
    assert_eq!(number(0, "from_skin"), [Some(10.0)]);
    assert_eq!(number(0, "from_others"), [Some(30.0)]);
    assert_eq!(number(0, "uncovered"), [Some(10.0)]);
    assert_eq!(number(1, "loss"), [Some(130.0), Some(60.0)]);
    assert_eq!(number(1, "from_own_share"), [Some(30.0), Some(10.0)]);
    assert_eq!(number(1, "from_others"), [Some(50.0), Some(0.0)]);
}

proptest! {
    /// Every unit of loss beyond margin is paid by somebody or left over, nobody pays more than there is, and a larger fund leaves no more.
    #[test]
    fn all_losses_are_accounted_for(
        margins in prop::collection::vec(0.0..100.0_f64, 1..6),
        losses in prop::collection::vec(-50.0..300.0_f64, 6),
        cover in 0.0..200.0_f64,
        skin in 0.0..50.0_f64,
    ) {
        let names = ["a", "b", "c", "d", "e", "f"];
        let accounts: Vec<Account> = margins
            .iter()
            .enumerate()
            .map(|(at, &margin)| account(names[at], &[margin], &[Some(losses[at])]))
            .collect();
        let result = made_of(&accounts);
        let rules = FundRules { skin_in_the_game: skin, ..rules(Cover::Two) };
        let of = |cover: f64| {
            let path = fund_path(&result, 0, covers(&[cover]), &rules).unwrap();
            path.days[0].clone()
        };
        let day = of(cover);
        let after = day.after.clone().unwrap();
        let paid = after.own + after.skin + after.others + after.uncovered;
        prop_assert!((paid - after.beyond).abs() <= 1e-9 * after.beyond.max(1.0));
        prop_assert!(after.own + after.others <= day.fund * (1.0 + 1e-12));
        prop_assert!(after.skin <= skin && after.own >= 0.0 && after.others >= 0.0);
        let larger = of(2.0 * cover).after.unwrap();
        prop_assert!(larger.uncovered <= after.uncovered + 1e-9);
    }
}

const GRID: &str = "{ grid = { price = [-0.3, 0.3], vol = [0.0, 0.5] } }";

fn sets(texts: &[&str]) -> Vec<ScenarioSpec> {
    let text = format!("sets = [{}]", texts.join(", "));
    let mut table: toml::Table = toml::from_str(&text).unwrap();
    table.remove("sets").unwrap().try_into().unwrap()
}

/// A result without requirements: stress losses are then losses.
fn unmargined(accounts: usize, steps: usize) -> mpor_backtest::BacktestResult {
    let of = |_| account("any", &vec![0.0; steps], &vec![None; steps]);
    made_of(&(0..accounts).map(of).collect::<Vec<_>>())
}

#[test]
fn stress_is_that_of_the_worst_scenario_with_what_is_known() {
    let (history, books) = (history(), books(STEPS));
    let steps = WINDOW..WINDOW + 20;
    let result = unmargined(books.accounts.len(), 20);
    let days = |history: &mpor_core::History, texts: &[&str], cover| {
        let sets = sets(texts);
        let (steps, horizon) = (steps.clone(), horizon(2));
        let stress = Stress { history, books: &books, steps, horizon, seed: 1, sets: &sets };
        stress.days(&result, &[0], &rules(cover)).unwrap().remove(0)
    };
    let (one, two) = (days(&history, &[GRID], Cover::One), days(&history, &[GRID], Cover::Two));
    assert!(one.iter().zip(&two).all(|(one, two)| one.cover > 0.0 && one.cover <= two.cover));
    assert!(one.iter().all(|day| day.scenarios == 4 && day.scenario.is_some()));
    // A period that lies beyond the history is none, and changes nothing beside another set.
    let later = "{ periods = { list = [{ first = \"2090-01-01\", last = \"2090-02-01\" }] } }";
    assert_eq!(days(&history, &[GRID, later], Cover::One), one);
    let unknown = days(&history, &[later], Cover::One);
    assert!(unknown.iter().all(|day| *day == StressDay::default()));
    // What happens later changes nothing: the eleven dates up to the change are the same to the bit, and the rest are not.
    let moves = "{ historical = { window = 15 } }";
    let (known, altered) =
        (days(&history, &[moves], Cover::Two), history_changed_after(WINDOW + 10, STEPS));
    let changed = days(&altered, &[moves], Cover::Two);
    assert_eq!(known[..=10], changed[..=10]);
    assert_ne!(known[11..], changed[11..]);
    // More margin, less stress beyond it.
    let mut margined = unmargined(books.accounts.len(), 20);
    margined.requirements[0].iter_mut().for_each(|path| path.initial.fill(1.0));
    let sets = sets(&[GRID]);
    let stress = Stress {
        history: &history,
        books: &books,
        steps: steps.clone(),
        horizon: horizon(2),
        seed: 1,
        sets: &sets,
    };
    let less = stress.days(&margined, &[0], &rules(Cover::One)).unwrap().remove(0);
    assert!(less.iter().zip(&one).all(|(less, one)| (less.cover - (one.cover - 1.0)).abs() < 1e-6));
}
