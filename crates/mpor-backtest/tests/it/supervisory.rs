//! Tables as supervisors ask for them: the ten-day toy by hand, windows, and a replay with overlays.

use mpor_backtest::adequacy::{self, AddOns};
use mpor_backtest::pqd::{self, Status};
use mpor_backtest::{
    BacktestResult, CoverageRow, Evidence, Light, LossPath, ModelInfo, OwnPath, RequirementPath,
    Zone, supervisory,
};
use mpor_core::{Column, Horizon, Level, LossConvention, Span, Timestamp};

/// `../shared/reference/clearing/backtest_micro_vector.json`: ten days and their figures by an independent implementation.
pub const MARGIN: [f64; 10] =
    [100.0, 100.0, 110.0, 130.0, 180.0, 240.0, 200.0, 150.0, 120.0, 100.0];
pub const LOSSES: [f64; 10] = [50.0, -20.0, 115.0, 90.0, 200.0, 260.0, 40.0, -60.0, 130.0, 80.0];

pub struct Account {
    pub name: &'static str,
    pub initial: Vec<f64>,
    pub own: Option<Vec<f64>>,
    pub losses: Vec<Option<f64>>,
}

/// A result of one model, of daily dates from the start of 2020.
pub fn made_of(accounts: &[Account]) -> BacktestResult {
    let steps = accounts[0].initial.len();
    let start: Timestamp = "2020-01-01T08:00:00Z".parse().unwrap();
    let path = |account: &Account| RequirementPath {
        initial: account.initial.clone(),
        maintenance: account.initial.clone(),
        own: account.own.clone().map(|initial| OwnPath { initial, components: Vec::new() }),
        ..RequirementPath::default()
    };
    let loss = |account: &Account| LossPath {
        horizon: account.losses.clone(),
        worst: account.losses.clone(),
        gross_notional: vec![1.0; steps],
        sources: vec![Default::default(); steps],
    };
    let coverage = |account: usize| CoverageRow {
        model: 0,
        account: Some(account),
        observations: steps,
        breaches: 0,
        coverage: None,
        bounds: None,
        worst_shortfall: 0.0,
        mean_shortfall: 0.0,
        zone: Some(Zone { light: Light::Green, green_max: 1, yellow_max: 3 }),
        tests: Vec::new(),
    };
    let text = |text: &str| text.to_owned();
    BacktestResult {
        currency: text("USD"),
        times: (0..steps).map(|step| start + Span::days(step as i64)).collect(),
        horizon: Horizon::new(Span::days(2), 2).unwrap(),
        convention: LossConvention::Horizon,
        level: Level::P99,
        accounts: accounts.iter().map(|account| text(account.name)).collect(),
        models: vec![ModelInfo {
            id: text("toy"),
            kind: text("var"),
            summary: text("a toy"),
            rules: Some(text("toy 1")),
            baseline: false,
        }],
        requirements: vec![accounts.iter().map(path).collect()],
        losses: accounts.iter().map(loss).collect(),
        breaches: Vec::new(),
        coverage: (0..accounts.len()).map(coverage).collect(),
        procyclicality: Vec::new(),
        folded: None,
        forecasts: Vec::new(),
        evidence: Evidence::default(),
    }
}

fn toy(name: &'static str) -> Account {
    let losses = LOSSES.iter().map(|loss| Some(*loss)).collect();
    Account { name, initial: MARGIN.to_vec(), own: None, losses }
}

#[test]
fn item_6_5_of_the_toy() {
    let achieved = pqd::Achieved::new(LOSSES.into_iter().zip(MARGIN)).unwrap();
    assert_eq!((achieved.breaches, achieved.observations), (4, 10));
    assert_eq!(achieved.coverage, Some(0.6));
    assert_eq!((achieved.peak_uncovered, achieved.average_uncovered), (20.0, Some(13.75)));
    let none = pqd::Achieved::new([(1.0, 1.0)]).unwrap();
    assert_eq!((none.breaches, none.coverage, none.average_uncovered), (0, Some(1.0), None));
    assert_eq!(pqd::Achieved::new([]).unwrap().coverage, None);
    assert!(pqd::Achieved::new([(1.0, f64::NAN)]).is_err());
}

#[test]
fn accounts_pool_and_open_losses_do_not_count() {
    let mut open = toy("open");
    open.losses[8] = None;
    open.losses[9] = None;
    let rows = pqd::achieved(&made_of(&[toy("one"), open])).unwrap();
    let all = |account| {
        let mut of = rows.iter().filter(|row| row.window.name == "all");
        of.find(|row| row.account == account).unwrap().achieved
    };
    assert_eq!((all(Some(0)).breaches, all(Some(0)).observations), (4, 10));
    assert_eq!((all(Some(1)).breaches, all(Some(1)).observations), (3, 8));
    assert_eq!((all(None).breaches, all(None).observations), (7, 18));
    assert_eq!(all(None).average_uncovered, Some(100.0 / 7.0));
}

/// 550 days from 1 January 2020, one breach of 1 on each date: a window holds as many as it has days.
#[test]
fn windows_reach_back_twelve_months() {
    let steps = 550;
    let result = made_of(&[Account {
        name: "one",
        initial: vec![1.0; steps],
        own: None,
        losses: vec![Some(2.0); steps],
    }]);
    let rows = pqd::achieved(&result).unwrap();
    let pooled: Vec<_> = rows.iter().filter(|row| row.account.is_none()).collect();
    let found: Vec<(&str, usize, bool)> = pooled
        .iter()
        .map(|row| (row.window.name.as_str(), row.achieved.breaches, row.window.complete))
        .collect();
    // 2020 was a leap year; 550 days end on 3 July 2021.
    assert_eq!(
        found,
        [
            ("12 months to 2020-03-31", 91, false),
            ("12 months to 2020-06-30", 182, false),
            ("12 months to 2020-09-30", 274, false),
            ("12 months to 2020-12-31", 366, true),
            ("12 months to 2021-03-31", 365, true),
            ("12 months to 2021-06-30", 365, true),
            ("12 months to 2021-07-03", 365, true),
            ("all", 550, true),
        ]
    );
    let single: Vec<_> = rows.iter().filter(|row| row.account == Some(0)).collect();
    assert_eq!(single.len(), 2, "the last window and the whole run");
    assert_eq!(single[0].window.name, "12 months to 2021-07-03");
}

/// Rises of the toy: 10, 20, 50, 60. Two accounts call together; a fall of one does not pay the other's call.
#[test]
fn item_6_8_by_hand() {
    let mut falling = toy("falling");
    falling.initial = (0..10).map(|day| 1000.0 - 90.0 * f64::from(day)).collect();
    let rows = pqd::margin_calls(&made_of(&[toy("one"), toy("two"), falling]));
    let all = |account| {
        let mut of = rows.iter().filter(|row| row.window.name == "all");
        of.find(|row| row.account == account).unwrap().calls
    };
    let one = all(Some(0));
    assert_eq!((one.days, one.days_with_call, one.largest), (9, 4, 60.0));
    assert_eq!(one.average, Some(35.0));
    assert_eq!(one.largest_on.unwrap().to_string(), "2020-01-06");
    assert_eq!((all(None).largest, all(None).average), (120.0, Some(70.0)));
    assert_eq!((all(Some(2)).days_with_call, all(Some(2)).average), (0, None));
    let quarter = rows.iter().find(|row| row.account.is_none()).unwrap();
    assert_eq!((quarter.window.name.as_str(), quarter.window.complete), ("2020 Q1", false));
    assert_eq!(quarter.calls, all(None));
}

/// Margin dates of one day are one day's call.
#[test]
fn a_day_sums_its_margin_dates() {
    let day = |day: u32| chrono::NaiveDate::from_ymd_opt(2020, 1, day).unwrap();
    let calls = pqd::DayCalls::new([(day(1), 3.0), (day(1), 4.0), (day(2), 5.0), (day(3), 0.0)]);
    assert_eq!((calls.days, calls.days_with_call), (3, 2));
    assert_eq!((calls.largest, calls.largest_on, calls.average), (7.0, Some(day(1)), Some(6.0)));
}

#[test]
fn every_item_is_filled_or_says_why_not() {
    let rows = pqd::disclosures(&made_of(&[toy("one"), toy("two")]));
    let of = |item: &str| rows.iter().find(|row| row.item == item).unwrap();
    for number in 1..=15 {
        let row = of(&format!("6.4.{number}"));
        let empty = row.number.is_none() && row.text.is_none();
        assert_eq!(row.status == Status::NotApplicable, empty, "{row:?}");
        assert!(!row.note.is_empty());
    }
    assert_eq!(of("6.1.1").number, Some(200.0));
    assert_eq!(of("6.4.5").number, Some(0.99));
    assert_eq!(of("6.4.3").text.as_deref(), Some("toy: toy 1"));
    assert_eq!(of("6.4.11").text.as_deref(), Some("2d (2 steps)"));
    assert_eq!(of("6.5.1.3").text.as_deref(), Some("08:00 UTC"));
    assert_eq!(of("6.5.1.2").text.as_deref(), Some("every margin date, most often 1d apart"));
}

/// The toy as core model under a flat requirement of 125: losses of 115 are cured, 200, 260 and 130 are not.
#[test]
fn the_core_model_beside_the_requirement() {
    let account = Account { initial: vec![125.0; 10], own: Some(MARGIN.to_vec()), ..toy("one") };
    let result = made_of(&[account, toy("plain")]);
    let rows = adequacy::rows(&result, &AddOns::new()).unwrap();
    let row = rows[0];
    assert_eq!((row.observations, row.core.breaches, row.collected.breaches), (10, 4, 3));
    assert_eq!((row.cured, row.made), (1, 0));
    assert_eq!((row.core.coverage, row.collected.coverage), (Some(0.6), Some(0.7)));
    assert_eq!((row.core.worst_shortfall, row.collected.worst_shortfall), (20.0, 135.0));
    assert_eq!(row.core.mean_shortfall, Some(13.75));
    assert_eq!(
        (row.core.mean_requirement, row.collected.mean_requirement),
        (Some(143.0), Some(125.0))
    );
    // Bounds of the coverage row: green to 1, yellow to 3.
    assert_eq!((row.core.zone, row.collected.zone), (Some(Light::Red), Some(Light::Yellow)));
    assert_eq!(rows[1].core, rows[1].collected);
    let pooled = rows[2];
    assert_eq!((pooled.account, pooled.core.zone), (None, None));
    assert_eq!((pooled.observations, pooled.core.breaches, pooled.collected.breaches), (20, 8, 7));
}

#[test]
fn parts_named_as_add_ons_are_no_core() {
    let mut result = made_of(&[toy("one")]);
    let add_on = vec![30.0; 10];
    result.requirements[0][0].components =
        vec![("scan".to_owned(), MARGIN.map(|m| m - 30.0).to_vec()), ("spread".to_owned(), add_on)];
    let names: AddOns = [("toy".to_owned(), vec!["spread".to_owned(), "none".to_owned()])].into();
    let row = adequacy::rows(&result, &names).unwrap()[0];
    assert_eq!(row.core.mean_requirement, Some(113.0));
    assert_eq!(row.collected.mean_requirement, Some(143.0));
    // Losses above margin less 30: 115, 90 is not above 100, 200, 260, 130 and 80 above 70.
    assert_eq!((row.core.breaches, row.collected.breaches, row.cured), (5, 4, 1));
}

#[test]
fn all_tables_of_a_result() {
    let result = made_of(&[toy("one"), toy("two")]);
    let tables = supervisory::tables(&result, &AddOns::new()).unwrap();
    let found: Vec<(&str, usize)> =
        tables.iter().map(|table| (table.name(), table.rows())).collect();
    assert_eq!(
        found,
        [
            ("calls", 6),
            ("margin_to_volatility", 2),
            ("severity", 3),
            ("adequacy", 3),
            ("pqd_disclosures", 18),
            ("pqd_6_5", 6),
            ("pqd_6_8", 4),
        ]
    );
    for table in &tables {
        for (name, column) in table.columns() {
            if let Column::Number(values) = column {
                assert!(values.iter().flatten().all(|value| value.is_finite()), "{name}");
            }
        }
    }
}
