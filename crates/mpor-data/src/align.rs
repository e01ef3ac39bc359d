//! Series on the study's grid: at each time, the last value known by then, with its age.
//!
//! `value(t) = last value with known time <= t`. Nothing later than `t` is looked at. A value that is older than it
//! should be, because rows are absent, is *carried*: it is counted, listed as a finding of check `D001`, and obeys that
//! check's policy: `fail` refuses, `mark` lets it stand for ever, `carry` lets it stand up to the limit.

use std::ops::Range;

use mpor_core::{Finding, Span, Timestamp};

use crate::cadence::Cadence;
use crate::calendar::Calendar;
use crate::checks::{self, Check};
use crate::error::DataError;
use crate::payments::Payments;
use crate::policy::{Policies, Policy};
use crate::series::{Loaded, Series};
use mpor_core::Action;

/// How long before the grid a series should begin so that its first values are known: the longest closure.
pub const LOOKBACK: Span = crate::cadence::LONGEST_CLOSURE;

const GAP: &Check = &checks::d001_gap::CHECK;

/// The longest age at which a value is not yet carried, on a calendar.
///
/// A series around the clock is as old as its step at most. One of sessions is of the same day on a calendar of trading
/// days; around the clock it lives through a long weekend.
#[must_use]
pub fn freshness(cadence: Cadence, calendar: &Calendar) -> Span {
    match (cadence, calendar) {
        (Cadence::Every { step, .. }, _) => step,
        (Cadence::Sessions { .. }, Calendar::TradingDays { .. }) => Span::days(1),
        (Cadence::Sessions { .. }, Calendar::AroundTheClock { .. }) => Span::days(4),
        (Cadence::Irregular, _) => LOOKBACK,
    }
}

/// The values of a series known at the times of a grid.
///
/// A value of age below `fresh` is fresh; an older one is carried.
///
/// # Errors
/// [`DataError::StartsLate`] when nothing is known at the first time, [`DataError::Refused`] and
/// [`DataError::CarriedTooLong`] as the policy of `D001` says.
pub fn as_of(
    series: &Series,
    grid: &[Timestamp],
    fresh: Span,
    policies: &Policies,
) -> Result<Loaded<Vec<f64>>, DataError> {
    let known = known_at(series, grid)?;
    let carried = carried(series, grid, &known, fresh);
    let policy = policies.of(GAP);
    for run in &carried {
        refuse(series, run, &policy)?;
    }
    let value = known.into_iter().map(|entry| series.values[entry]).collect();
    let findings = carried.iter().map(|run| finding(series, run, &policy)).collect();
    Ok(Loaded { value, findings })
}

/// What was paid over each step of a grid: the sum of the payments with time in `(t[i-1], t[i]]`, where the first step is as
/// long as the second; zero where nothing was paid. A payment is the rate of its own interval, so the sum over several steps is
/// the same whatever their length.
///
/// Payments are expected at the interval that each states (see [`Payments`]), from the first row on: absent ones are findings
/// of `D001`; steps that end before the first row are marked whatever its policy.
///
/// # Errors
/// [`DataError::Refused`] when the policy of `D001` is to fail and a payment after the first is absent.
pub fn paid_over(
    payments: &Payments,
    grid: &[Timestamp],
    policies: &Policies,
) -> Result<Loaded<Vec<f64>>, DataError> {
    let series = &payments.rates;
    let first = match grid {
        [first, second, ..] => *first - (*second - *first),
        [only] => *only - Span::days(1),
        [] => return Ok(Loaded { value: Vec::new(), findings: Vec::new() }),
    };
    let absent = payments.absent(grid[grid.len() - 1]);
    let policy = policies.of(GAP);
    let (mut value, mut findings) = (Vec::with_capacity(grid.len()), Vec::new());
    let mut from = first;
    for &to in grid {
        let paid = within(&series.times, from, to);
        value.push(series.values[paid].iter().sum());
        let count = within(&absent, from, to).len();
        if count > 0 {
            findings.push(unpaid(series, from, to, count, &policy));
        }
        from = to;
    }
    if let Some(first) = findings.first().filter(|_| policy.action == Action::Fail) {
        return Err(refused(series, first.detail.clone(), findings.len() - 1));
    }
    findings.extend(before_the_first(series, grid));
    Ok(Loaded { value, findings })
}

/// The entries of increasing times that lie in `(from, to]`.
fn within(times: &[Timestamp], from: Timestamp, to: Timestamp) -> Range<usize> {
    let after = |bound: Timestamp| times.partition_point(|&time| time <= bound);
    after(from)..after(to)
}

/// Steps that end before a series begins: nothing accrues in them, which the reader must know.
fn before_the_first(series: &Series, grid: &[Timestamp]) -> Option<Finding> {
    let first = *series.times.first()?;
    let count = grid.partition_point(|&time| time < first);
    let (from, to) = (*grid[..count].first()?, *grid[..count].last()?);
    let steps = if count == 1 { "step".to_owned() } else { format!("{count} steps") };
    Some(Finding {
        code: GAP.code,
        check: "unpaid",
        source: series.place.clone(),
        symbol: series.symbol.clone(),
        from,
        to,
        row: None,
        count,
        detail: format!("begins at {first}: nothing is paid in the {steps} before"),
        action: Action::Mark,
    })
}

/// A run of grid times at which the same old value stands.
struct Run {
    known: Timestamp,
    from: Timestamp,
    to: Timestamp,
    count: usize,
}

/// For each grid time the entry of the last known value.
fn known_at(series: &Series, grid: &[Timestamp]) -> Result<Vec<usize>, DataError> {
    let mut after = 0;
    let mut entries = Vec::with_capacity(grid.len());
    for &time in grid {
        while series.times.get(after).is_some_and(|&known| known <= time) {
            after += 1;
        }
        match after.checked_sub(1) {
            Some(entry) => entries.push(entry),
            None => {
                return Err(DataError::StartsLate {
                    symbol: series.symbol.clone(),
                    source_name: series.place.clone(),
                    first: series.times.first().copied().unwrap_or(time),
                    wanted: time,
                });
            }
        }
    }
    Ok(entries)
}

fn carried(series: &Series, grid: &[Timestamp], known: &[usize], fresh: Span) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (&time, &entry) in grid.iter().zip(known) {
        let stamp = series.times[entry];
        if time - stamp < fresh {
            continue;
        }
        match runs.last_mut().filter(|run| run.known == stamp) {
            Some(run) => (run.to, run.count) = (time, run.count + 1),
            None => runs.push(Run { known: stamp, from: time, to: time, count: 1 }),
        }
    }
    runs
}

fn refuse(series: &Series, run: &Run, policy: &Policy) -> Result<(), DataError> {
    let age = run.to - run.known;
    match (policy.action, policy.limit) {
        (Action::Fail, _) => Err(refused(series, detail(run), 0)),
        (Action::Carry, Some(limit)) if age > limit => Err(DataError::CarriedTooLong {
            code: GAP.code,
            check: GAP.name,
            symbol: series.symbol.clone(),
            source_name: series.place.clone(),
            known: run.known,
            wanted: run.to,
            age,
            limit,
        }),
        _ => Ok(()),
    }
}

fn refused(series: &Series, detail: String, others: usize) -> DataError {
    DataError::Refused {
        code: GAP.code,
        check: GAP.name,
        symbol: series.symbol.clone(),
        source_name: series.place.clone(),
        detail,
        others,
    }
}

fn detail(run: &Run) -> String {
    let what = if run.count == 1 { "time of the grid has" } else { "times of the grid have" };
    let (count, known, age) = (run.count, run.known, run.to - run.known);
    format!("{count} {what} no fresh value: that of {known} is carried, {age} at most")
}

fn finding(series: &Series, run: &Run, policy: &Policy) -> Finding {
    Finding {
        code: GAP.code,
        check: "carried",
        source: series.place.clone(),
        symbol: series.symbol.clone(),
        from: run.from,
        to: run.to,
        row: None,
        count: run.count,
        detail: detail(run),
        action: done(policy),
    }
}

/// What is done about a value that is still absent once the preferred source was asked: it is carried.
fn done(policy: &Policy) -> Action {
    if policy.action == Action::Prefer { Action::Carry } else { policy.action }
}

fn unpaid(
    series: &Series,
    from: Timestamp,
    to: Timestamp,
    count: usize,
    policy: &Policy,
) -> Finding {
    let (what, zero) = match count {
        1 => ("1 payment is".to_owned(), "it counts as zero"),
        _ => (format!("{count} payments are"), "they count as zero"),
    };
    Finding {
        code: GAP.code,
        check: "unpaid",
        source: series.place.clone(),
        symbol: series.symbol.clone(),
        from,
        to,
        row: None,
        count,
        detail: format!("{what} missing between {from} and {to}; {zero}"),
        action: done(policy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        "2020-01-06T00:00".parse::<Timestamp>().unwrap() + Span::hours(hour)
    }

    fn series(hours: &[i64], values: &[f64]) -> Series {
        let times: Vec<Timestamp> = hours.iter().map(|&hour| at(hour)).collect();
        Series {
            symbol: "X".to_owned(),
            source: String::new(),
            place: "x.parquet".to_owned(),
            cadence: Cadence::Every { step: Span::hours(1), anchor: Span(0) },
            times,
            values: values.to_vec(),
        }
    }

    /// Payments that do not state their interval.
    fn unstated(series: &Series) -> Payments {
        Payments { rates: series.clone(), intervals: Vec::new() }
    }

    /// Payments every 8 hours, then every 4, then every hour: a day at each, and what falls into a step is its sum.
    #[test]
    fn payments_are_summed_over_each_step_whatever_their_interval() {
        let hours: Vec<i64> =
            (8..=24).step_by(8).chain((28..=48).step_by(4)).chain(49..=72).collect();
        let values: Vec<f64> = (1..=hours.len()).map(|number| number as f64).collect();
        let funding = series(&hours, &values);
        let paid = |grid: &[i64]| {
            let grid: Vec<Timestamp> = grid.iter().map(|&hour| at(hour)).collect();
            let policies = policies("D001 = \"mark\"");
            paid_over(&unstated(&funding), &grid, &policies).unwrap().value
        };
        // 1 + 2 + 3, then 4 to 9, then 10 to 33.
        assert_eq!(paid(&[24, 48, 72]), [6.0, 39.0, 516.0]);
        // Steps of eight hours hold one, two and eight payments.
        assert_eq!(paid(&[16, 24, 32, 40])[..], [2.0, 3.0, 4.0 + 5.0, 6.0 + 7.0]);
        assert_eq!(paid(&[48, 56])[1], (10..=17).sum::<i32>() as f64);
    }

    /// Eight hours, four, one, and eight again, each for a day: hour and interval of every payment.
    fn changing() -> Vec<(i64, i64)> {
        let day = |from: i64, step: i64| (1..=24 / step).map(move |nth| (from + nth * step, step));
        [(0, 8), (24, 4), (48, 1), (72, 8)]
            .into_iter()
            .flat_map(|(from, step)| day(from, step))
            .collect()
    }

    fn stated(rows: &[(i64, i64)]) -> Payments {
        let hours: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let values: Vec<f64> = (1..=rows.len()).map(|number| number as f64).collect();
        let mut rates = series(&hours, &values);
        rates.cadence = Cadence::infer(&rates.times);
        Payments { rates, intervals: rows.iter().map(|row| Some(Span::hours(row.1))).collect() }
    }

    #[test]
    fn an_interval_that_changes_leaves_nothing_missing() {
        let payments = stated(&changing());
        assert_eq!(payments.rates.cadence.step(), Some(Span::hours(1)), "most are hourly");
        for step in [1, 2, 4, 8, 24] {
            let grid: Vec<Timestamp> = (1..=96 / step).map(|nth| at(nth * step)).collect();
            let paid = paid_over(&payments, &grid, &policies("D001 = \"fail\"")).unwrap();
            let unpaid = paid.findings.iter().filter(|finding| finding.action != Action::Mark);
            assert_eq!(unpaid.count(), 0, "{:?}", paid.findings);
        }
    }

    #[test]
    fn an_absent_payment_is_told_at_the_interval_of_its_time() {
        let mut rows = changing();
        rows.retain(|row| ![36, 60, 61, 88].contains(&row.0));
        let grid: Vec<Timestamp> = (1..=4).map(|day| at(24 * day)).collect();
        let paid = paid_over(&stated(&rows), &grid, &policies("D001 = \"mark\"")).unwrap();
        let told: Vec<(Timestamp, usize)> =
            paid.findings.iter().map(|finding| (finding.to, finding.count)).collect();
        assert_eq!(told, [(at(48), 1), (at(72), 2), (at(96), 1)]);
    }

    #[test]
    fn after_the_last_payment_its_interval_goes_on() {
        let payments = stated(&[(0, 8), (8, 8), (12, 4), (16, 4)]);
        let paid = paid_over(&payments, &[at(8), at(16), at(24)], &policies("D001 = \"mark\""));
        let counts: Vec<usize> =
            paid.unwrap().findings.iter().map(|finding| finding.count).collect();
        assert_eq!(counts, [2], "at 20 and 24");
    }

    /// Whatever the steps, what is paid over the whole time is the same.
    #[test]
    fn the_sum_paid_does_not_depend_on_the_length_of_the_steps() {
        let payments = stated(&changing());
        let total: f64 = payments.rates.values.iter().sum();
        for step in [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48] {
            let grid: Vec<Timestamp> = (1..=96 / step).map(|nth| at(nth * step)).collect();
            let paid = paid_over(&payments, &grid, &policies("D001 = \"mark\"")).unwrap().value;
            assert_eq!(paid.iter().sum::<f64>(), total, "steps of {step} hours");
        }
    }

    fn policies(text: &str) -> Policies {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_last_value_known_by_then_stands() {
        let series = series(&[0, 1, 2, 5, 6], &[10.0, 11.0, 12.0, 15.0, 16.0]);
        let grid: Vec<Timestamp> = (1..7).map(at).collect();
        let on_grid = as_of(&series, &grid, Span::hours(1), &Policies::default()).unwrap();
        assert_eq!(on_grid.value, [11.0, 12.0, 12.0, 12.0, 15.0, 16.0]);
        assert_eq!(on_grid.findings.len(), 1);
        let carried = &on_grid.findings[0];
        assert_eq!((carried.from, carried.to, carried.count), (at(3), at(4), 2));
        assert!(carried.detail.ends_with("is carried, 2h at most"), "{}", carried.detail);
    }

    #[test]
    fn policies_say_how_long() {
        let series = series(&[0, 1, 2, 5, 6], &[10.0, 11.0, 12.0, 15.0, 16.0]);
        let grid: Vec<Timestamp> = (1..7).map(at).collect();
        let with = |text| as_of(&series, &grid, Span::hours(1), &policies(text));
        assert!(matches!(with("D001 = \"fail\""), Err(DataError::Refused { code: "D001", .. })));
        assert!(with("D001 = { carry = { limit = \"2h\" } }").is_ok());
        let error = with("D001 = { carry = { limit = \"1h\" } }").unwrap_err();
        assert!(matches!(error, DataError::CarriedTooLong { age, .. } if age == Span::hours(2)));
        assert!(with("D001 = \"mark\"").is_ok());
    }

    #[test]
    fn changing_the_future_changes_nothing_before() {
        let mut series = series(&[0, 1, 2, 3], &[10.0, 11.0, 12.0, 13.0]);
        let grid: Vec<Timestamp> = (0..3).map(at).collect();
        let before = as_of(&series, &grid, Span::hours(1), &Policies::default()).unwrap();
        series.values[3] = 1e9;
        assert_eq!(as_of(&series, &grid, Span::hours(1), &Policies::default()).unwrap(), before);
    }

    #[test]
    fn a_grid_before_the_data_is_refused() {
        let error = as_of(&series(&[5], &[1.0]), &[at(4)], Span::hours(1), &Policies::default());
        assert!(matches!(error, Err(DataError::StartsLate { first, .. }) if first == at(5)));
    }

    #[test]
    fn payments_are_expected_from_the_first_row_on() {
        let mut series = series(&[32, 40, 48, 56, 64, 72], &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        series.cadence = Cadence::Every { step: Span::hours(8), anchor: Span(0) };
        let grid = [at(24), at(48), at(72)];
        // The series begins at hour 32: (0, 24] is before it, (24, 48] holds all three that can be.
        let paid = paid_over(&unstated(&series), &grid, &policies("D001 = \"fail\"")).unwrap();
        assert_eq!(paid.value, [0.0, 7.0, 56.0]);
        assert_eq!(paid.findings.len(), 1);
        assert_eq!((paid.findings[0].count, paid.findings[0].action), (1, Action::Mark));
        assert!(paid.findings[0].detail.contains("nothing is paid in the step before"));
        // In the middle of a step, and at its very end.
        for (hours, values) in
            [(vec![40, 48, 56, 64, 72], [0.0, 2.0, 3.0]), (vec![48, 56, 64, 72], [0.0, 1.0, 3.0])]
        {
            series.values = vec![1.0; hours.len()];
            series.times = hours.into_iter().map(at).collect();
            let paid = paid_over(&unstated(&series), &grid, &policies("D001 = \"fail\"")).unwrap();
            assert_eq!(paid.value, values);
        }
        series.times.remove(1);
        series.values.remove(1);
        let missing = paid_over(&unstated(&series), &grid, &policies("D001 = \"fail\""))
            .unwrap_err()
            .to_string();
        assert!(missing.contains("1 payment is missing between"), "{missing}");
        assert!(!missing.contains("more like it"), "{missing}");
    }

    #[test]
    fn payments_add_up_over_a_step() {
        let mut series = series(&[0, 8, 16, 24, 32, 48], &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        series.cadence = Cadence::Every { step: Span::hours(8), anchor: Span(0) };
        let paid = paid_over(&unstated(&series), &[at(24), at(48)], &Policies::default()).unwrap();
        // (0, 24] holds 2 + 4 + 8; (24, 48] holds 16 + 32, and the payment of hour 40 is absent.
        assert_eq!(paid.value, [14.0, 48.0]);
        assert_eq!(paid.findings.len(), 1);
        assert_eq!(paid.findings[0].count, 1);
    }
}
