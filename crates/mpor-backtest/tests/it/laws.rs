//! What must hold for every model and every market: no sight of the future, no memory of order, no trace of threads.

use mpor_backtest::{DayResult, first_step, replay};
use mpor_margin::MarginModel;

use crate::world::{STEPS, Toy, WINDOW, books, config, history, history_changed_after};

const TOYS: [Toy; 2] = [Toy { id: "narrow", width: 1.0 }, Toy { id: "wide", width: 3.0 }];

fn models() -> Vec<&'static dyn MarginModel> {
    TOYS.iter().map(|toy| toy as &dyn MarginModel).collect()
}

fn bits(days: &[DayResult]) -> Vec<u64> {
    let models = days.iter().flat_map(|day| &day.models);
    models
        .flat_map(|model| model.initial.iter().chain(&model.maintenance))
        .map(|amount| amount.to_bits())
        .collect()
}

fn all_bits(days: &[DayResult]) -> Vec<u64> {
    let losses = days.iter().flat_map(|day| &day.losses);
    let numbers = losses.flat_map(|loss| [loss.horizon, loss.worst, Some(loss.gross_notional)]);
    bits(days).into_iter().chain(numbers.map(|n| n.map_or(u64::MAX, f64::to_bits))).collect()
}

#[test]
fn cutting_the_future_changes_no_earlier_requirement() {
    let (steps, cut) = (WINDOW..50, 50);
    let whole = replay(&history(), &books(STEPS), &models(), &config(steps.clone(), 2)).unwrap();
    let short = history_changed_after(usize::MAX, cut);
    let truncated = replay(&short, &books(cut), &models(), &config(steps, 2)).unwrap();
    assert_eq!(bits(&whole), bits(&truncated));
    // Only the losses know that the history ends: the last two MPORs are not over.
    assert_eq!(truncated[29].losses[0].horizon, None);
    assert!(truncated[27].losses[0].horizon.is_some());
}

#[test]
fn another_future_changes_no_earlier_requirement() {
    let (steps, changed) = (WINDOW..50, 49);
    let one = replay(&history(), &books(STEPS), &models(), &config(steps.clone(), 2)).unwrap();
    let other = history_changed_after(changed, STEPS);
    let other = replay(&other, &books(STEPS), &models(), &config(steps, 2)).unwrap();
    assert_eq!(bits(&one), bits(&other));
    assert_ne!(all_bits(&one), all_bits(&other), "the losses must differ, or the test is blind");
}

#[test]
fn the_order_of_accounts_does_not_matter() {
    let mut backwards = books(STEPS);
    backwards.accounts.reverse();
    backwards.portfolios.iter_mut().for_each(|portfolios| portfolios.reverse());
    let config = config(WINDOW..STEPS, 2);
    let one = replay(&history(), &books(STEPS), &models(), &config).unwrap();
    let other = replay(&history(), &backwards, &models(), &config).unwrap();
    for (one, other) in one.iter().zip(&other) {
        assert!(one.losses.iter().eq(other.losses.iter().rev()));
        for (one, other) in one.models.iter().zip(&other.models) {
            assert!(one.initial.iter().eq(other.initial.iter().rev()));
        }
    }
}

#[test]
fn threads_leave_no_trace() {
    let (history, books) = (history(), books(STEPS));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| replay(&history, &books, &models(), &config(WINDOW..STEPS, 2)).unwrap())
    };
    let one = on(1);
    for threads in [2, 8] {
        let other = on(threads);
        assert_eq!(one, other);
        assert_eq!(all_bits(&one), all_bits(&other), "{threads} threads");
    }
}

#[test]
fn a_range_of_days_is_the_same_range_of_the_whole() {
    let (history, books) = (history(), books(STEPS));
    let whole = replay(&history, &books, &models(), &config(WINDOW..STEPS, 2)).unwrap();
    let shards = [WINDOW..33, 33..61, 61..STEPS];
    let parts = shards.map(|steps| replay(&history, &books, &models(), &config(steps, 2)).unwrap());
    assert_eq!(whole, parts.concat());
}

#[test]
fn the_first_margin_date_has_the_history_that_models_need() {
    assert_eq!(first_step(&models(), &history()).unwrap(), WINDOW);
    let short = history_changed_after(usize::MAX, WINDOW);
    let error = first_step(&models(), &short).unwrap_err().to_string();
    assert_eq!(
        error,
        "model `wide` needs 21 steps of history and there are 20; start the data earlier or shorten its window"
    );
}

#[test]
fn an_empty_account_needs_and_loses_nothing() {
    let days = replay(&history(), &books(STEPS), &models(), &config(WINDOW..STEPS - 2, 2)).unwrap();
    for day in &days {
        assert_eq!(day.models[0].initial[4], 0.0);
        assert_eq!(day.losses[4].horizon, Some(0.0));
        assert_eq!(day.losses[4].gross_notional, 0.0);
    }
}
