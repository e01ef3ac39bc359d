//! From days to the result: overlays, breaches, rows and tables.

use mpor_backtest::cost::costs;
use mpor_backtest::coverage::Wanted;
use mpor_backtest::explain::CAUSES;
use mpor_backtest::{
    Assembly, BacktestError, BacktestResult, DayResult, ModelInfo, assemble, replay, tables,
};
use mpor_core::{Column, History, Level, LossConvention};
use mpor_margin::{
    AccountPast, Component, MarginError, MarginModel, MarginReport, Memory as Cache, Overlay,
};

use crate::world::{STEPS, Toy, WINDOW, books, config, history, horizon};

/// The mean of the account's own requirements so far, where it is larger: an overlay that needs the past.
struct Memory;

impl Overlay for Memory {
    fn id(&self) -> &'static str {
        "memory"
    }

    fn apply(
        &self,
        report: MarginReport,
        past: &AccountPast<'_>,
        _memory: &mut Cache,
    ) -> Result<MarginReport, MarginError> {
        assert_eq!(past.times.len(), past.unmitigated.len());
        assert_eq!(past.times.len(), past.required.len());
        let sum: f64 = past.unmitigated.iter().sum();
        let mean = sum / past.unmitigated.len().max(1) as f64;
        let memory = Component::leaf("memory", mean);
        Ok(MarginReport {
            initial: Component::max("with memory", vec![report.initial.clone(), memory]),
            ..report
        })
    }
}

fn days(history: &History) -> Vec<DayResult> {
    let (narrow, wide) = (Toy { id: "narrow", width: 0.5 }, Toy { id: "wide", width: 4.0 });
    let models: [&dyn MarginModel; 2] = [&narrow, &wide];
    replay(history, &books(STEPS), &models, &config(WINDOW..STEPS, 2)).unwrap()
}

fn info(id: &str, baseline: bool) -> ModelInfo {
    let (kind, summary) = ("toy".to_owned(), "a toy".to_owned());
    ModelInfo { id: id.to_owned(), kind, summary, rules: None, baseline }
}

fn result(
    overlays: &[Vec<Box<dyn Overlay>>],
    convention: LossConvention,
) -> Result<BacktestResult, BacktestError> {
    let (history, books) = (history(), books(STEPS));
    let assembly = Assembly {
        currency: "USD".to_owned(),
        horizon: horizon(2),
        convention,
        level: Level::P99,
        models: vec![info("narrow", false), info("wide", true)],
        overlays,
        history: &history,
        books: &books,
        late_calls: &[],
        tests: Wanted::All,
    };
    assemble(days(&history), assembly)
}

#[test]
fn every_breach_and_no_other_is_listed_and_explained() {
    for convention in [LossConvention::Horizon, LossConvention::Worst] {
        let result = result(&[], convention).unwrap();
        let mut expected = 0;
        for paths in &result.requirements {
            for (path, losses) in paths.iter().zip(&result.losses) {
                let pairs = path.initial.iter().zip(losses.by(convention));
                expected += pairs.filter(|(m, l)| l.is_some_and(|loss| loss > **m)).count();
            }
        }
        assert!(expected > 10, "the toy must breach");
        assert_eq!(result.breaches.len(), expected);
        for breach in &result.breaches {
            let sum: f64 = breach.causes.iter().map(|cause| cause.1).sum();
            assert!((sum + breach.loss).abs() < 1e-8 * breach.loss, "{breach:?}");
            assert_eq!(breach.causes.len(), CAUSES.len());
            assert!(breach.shortfall() > 0.0);
        }
    }
}

#[test]
fn pooled_rows_sum_the_accounts() {
    let result = result(&[], LossConvention::Horizon).unwrap();
    for model in 0..2 {
        let rows = || result.coverage.iter().filter(|row| row.model == model);
        let pooled = rows().find(|row| row.account.is_none()).unwrap();
        let sum: usize = rows().filter(|row| row.account.is_some()).map(|row| row.breaches).sum();
        assert_eq!(pooled.breaches, sum);
        let listed = result.breaches.iter().filter(|breach| breach.model == model).count();
        assert_eq!(pooled.breaches, listed);
        let empty = rows().find(|row| row.account == Some(4)).unwrap();
        assert_eq!((empty.observations, empty.coverage), (0, None));
        let full = rows().find(|row| row.account == Some(0)).unwrap();
        assert_eq!(full.observations, STEPS - WINDOW - 2);
        assert!(full.zone.is_some() && full.bounds.is_some());
    }
}

#[test]
fn parts_add_up_to_the_requirement_with_and_without_overlays() {
    let overlays: Vec<Vec<Box<dyn Overlay>>> = vec![vec![Box::new(Memory)], Vec::new()];
    for overlays in [&[][..], &overlays] {
        let result = result(overlays, LossConvention::Horizon).unwrap();
        for path in result.requirements.iter().flatten() {
            for (step, amount) in path.initial.iter().enumerate() {
                let sum: f64 = path.components.iter().map(|part| part.1[step]).sum();
                assert!((sum - amount).abs() <= 1e-9 * amount.max(1.0), "{sum} {amount}");
            }
        }
    }
}

#[test]
fn an_overlay_sees_its_own_past_only() {
    let overlays: Vec<Vec<Box<dyn Overlay>>> = vec![vec![Box::new(Memory)], Vec::new()];
    let (plain, with) =
        (result(&[], LossConvention::Horizon).unwrap(), result(&overlays, LossConvention::Horizon));
    let with = with.unwrap();
    assert_eq!(plain.requirements[1], with.requirements[1]);
    let (own, required) = (&plain.requirements[0][0].initial, &with.requirements[0][0].initial);
    for step in 0..own.len() {
        let mean = own[..step].iter().sum::<f64>() / step.max(1) as f64;
        assert_eq!(required[step], own[step].max(mean));
    }
}

#[test]
fn cost_compares_with_the_baseline() {
    let result = result(&[], LossConvention::Horizon).unwrap();
    let costs = costs(&result);
    assert_eq!(costs.len(), 2 * 6);
    let baseline = costs.iter().find(|row| row.model == 1 && row.account.is_none()).unwrap();
    assert_eq!(baseline.ratio_to_baseline, Some(1.0));
    let narrow = costs.iter().find(|row| row.model == 0 && row.account.is_none()).unwrap();
    assert!(narrow.offset_benefit.unwrap() > 0.5);
    let nothing = costs.iter().find(|row| row.account == Some(4)).unwrap();
    assert_eq!((nothing.mean, nothing.ratio_to_baseline), (0.0, None));
}

#[test]
fn tables_hold_a_row_for_everything() {
    let result = result(&[], LossConvention::Horizon).unwrap();
    let (dates, accounts, models) = (STEPS - WINDOW, 5, 2);
    let expected = [
        ("requirements", dates * accounts * models * 2),
        ("losses", dates * accounts),
        ("breaches", result.breaches.len()),
        ("explain", result.breaches.len() * CAUSES.len()),
        ("coverage", models * (accounts + 1)),
        ("coverage_tests", result.coverage.iter().map(|row| row.tests.len()).sum()),
        ("procyclicality", models * accounts),
        ("cost", models * (accounts + 1)),
        // Two means, a pair by two tests, two places in the set.
        ("comparison", 6),
        // One account never holds anything; the pooled rows come instead.
        ("monitoring", models * accounts),
        ("monitoring_path", models * dates),
        ("discoveries", result.evidence.discoveries.len()),
        ("pooled_view", models),
    ];
    let accounts = 0..result.accounts.len();
    let long = tables::LONG.map(|(_, table)| table(&result, accounts.clone()).unwrap());
    let tables = [long.to_vec(), tables::short(&result).unwrap()].concat();
    for (table, (name, rows)) in tables.iter().zip(expected) {
        assert_eq!((table.name(), table.rows()), (name, rows));
        for (_, column) in table.columns() {
            if let Column::Number(values) = column {
                assert!(values.iter().flatten().all(|value| value.is_finite()));
            }
        }
    }
    assert_eq!(tables.len(), expected.len());
    for (_, table) in tables::LONG {
        let (whole, last) = (table(&result, 0..5).unwrap(), table(&result, 3..5).unwrap());
        for ((name, whole), (_, last)) in whole.columns().iter().zip(last.columns()) {
            assert_eq!(end_of(whole, last.len()), end_of(last, last.len()), "{name}");
        }
    }
}

/// The last `rows` rows, printed.
fn end_of(column: &Column, rows: usize) -> Vec<String> {
    let from = column.len() - rows;
    let text = |row| match column {
        Column::Number(values) => format!("{:?}", values[row]),
        Column::Count(values) => format!("{:?}", values[row]),
        Column::Text(values) => format!("{:?}", values[row]),
        Column::Label(values) => format!("{:?}", values.get(row)),
        Column::Time(values) => format!("{:?}", values[row]),
        Column::Flag(values) => format!("{:?}", values[row]),
    };
    (from..column.len()).map(text).collect()
}

#[test]
fn a_missing_day_is_refused() {
    let (history, books) = (history(), books(STEPS));
    let mut days = days(&history);
    days.remove(3);
    let assembly = Assembly {
        currency: "USD".to_owned(),
        horizon: horizon(2),
        convention: LossConvention::Horizon,
        level: Level::P99,
        models: vec![info("narrow", false), info("wide", true)],
        overlays: &[],
        history: &history,
        books: &books,
        late_calls: &[],
        tests: Wanted::All,
    };
    let error = assemble(days, assembly).unwrap_err();
    assert_eq!(
        error.to_string(),
        "margin dates must follow each other: step 24 comes after step 22"
    );
}

/// What stands below the overlays is what the plain replay asked, amounts and parts.
#[test]
fn a_path_with_overlays_keeps_the_models_own() {
    let overlays: Vec<Vec<Box<dyn Overlay>>> = vec![vec![Box::new(Memory)], Vec::new()];
    let plain = result(&[], LossConvention::Horizon).unwrap();
    let with = result(&overlays, LossConvention::Horizon).unwrap();
    assert!(with.requirements[1].iter().all(|path| path.own.is_none()));
    for (path, plain) in with.requirements[0].iter().zip(&plain.requirements[0]) {
        let own = path.own.as_ref().unwrap();
        assert_eq!(own.initial, plain.initial);
        assert_eq!(path.core(&[]), plain.initial);
        let lots = ["lots".to_owned()];
        let (found, expected) = (path.core(&lots), plain.core(&lots));
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9 * b.abs().max(1.0)));
    }
}
