//! The tables of evidence: verdicts, breaches with their reasons, coverage tests, procyclicality.

use mpor_backtest::coverage::{CoverageRow, Light, TestRow};
use mpor_backtest::{Breach, Cause, ProcyclicalityRow};
use mpor_core::Pnl;

use super::grid::{Cell, Grid, figures, short, words};
use crate::evidence::{Evidence, ModelSummary, Verdict, ZoneCounts, events};
use crate::format::{self, MoneyUnit, count, money, percent, ratio};
use crate::text::name;

/// Most rows of the breach ledger, of tests, and of test columns.
const MOST_EVENTS: usize = 30;
const MOST_TEST_ROWS: usize = 24;
const MOST_TESTS: usize = 5;
/// Most models named in one row of the ledger.
const MOST_NAMED: usize = 4;

/// One row a model: was it enough, how far not, at what cost, how calmly?
pub(super) fn verdicts(evidence: &Evidence<'_>) -> Grid {
    let currency = &evidence.result().currency;
    let means = MoneyUnit::of(evidence.models.iter().map(|model| model.mean_requirement), currency);
    let worst = MoneyUnit::of(evidence.models.iter().map(|m| shortfall(evidence, m)), currency);
    let relative = evidence.models.iter().any(|model| model.cost.is_some());
    let mut columns = vec![
        words("Model", 1.0),
        figures("Coverage"),
        short("Against target"),
        figures("Breaches"),
        figures(format!("Largest shortfall, {}", worst.label())),
        figures(format!("Mean margin, {}", means.label())),
    ];
    if relative {
        columns.push(figures("Cost to baseline"));
    }
    columns.push(figures("Peak to trough"));
    columns.push(figures("Accounts green / yellow / red"));
    let row = |(model, summary): (usize, &ModelSummary)| {
        let mut row = vec![
            model_cell(evidence, model),
            summary.coverage.map_or("–".to_owned(), percent).into(),
            verdict_cell(summary.verdict),
            count(summary.breaches).into(),
            if summary.worst.is_none() {
                "–".into()
            } else {
                worst.show(shortfall(evidence, summary)).into()
            },
            means.show(summary.mean_requirement).into(),
        ];
        if relative {
            row.push(summary.cost.map_or("–".to_owned(), ratio).into());
        }
        row.push(summary.peak_to_trough.map_or("–".to_owned(), |(worst, _)| ratio(worst)).into());
        row.push(zone_cell(summary.zones));
        row
    };
    let rows = evidence.models.iter().enumerate().map(row).collect();
    Grid { columns, rows, note: verdict_note(evidence) }
}

fn model_cell(evidence: &Evidence<'_>, model: usize) -> Cell {
    let baseline = evidence.result().models.get(model).is_some_and(|model| model.baseline);
    let suffix = if baseline { " (baseline)" } else { "" };
    Cell::toned(format!("{}{suffix}", name(evidence.model_name(model))), "strong")
}

fn shortfall(evidence: &Evidence<'_>, summary: &ModelSummary) -> f64 {
    let worst = summary.worst.and_then(|index| evidence.result().breaches.get(index));
    worst.map_or(0.0, Breach::shortfall)
}

fn verdict_cell(verdict: Verdict) -> Cell {
    let tone = match verdict {
        Verdict::Below => "bad",
        Verdict::Consistent | Verdict::Above => "good",
        Verdict::Unknown => "quiet",
    };
    Cell::toned(verdict.name(), tone)
}

fn zone_cell(zones: ZoneCounts) -> Cell {
    if zones.total() == 0 {
        return Cell::toned("–", "quiet");
    }
    let tone = match zones {
        ZoneCounts { red: 1.., .. } => "bad",
        ZoneCounts { yellow: 1.., .. } => "warn",
        _ => "good",
    };
    Cell::toned(format!("{} / {} / {}", zones.green, zones.yellow, zones.red), tone)
}

fn verdict_note(evidence: &Evidence<'_>) -> String {
    let accounts = evidence.result().accounts.len();
    let observations = evidence.models.iter().map(|model| model.observations).max().unwrap_or(0);
    let pooled = if accounts > 1 { "pooled over " } else { "of " };
    format!(
        "Coverage and breaches {pooled}{}, {} a model at most. “Below target”: the whole 95 % interval of the coverage \
         lies below the target; “consistent”: the target lies inside it. Mean margin is the sum over accounts. Peak to \
         trough is the largest of any account.",
        format::counted(accounts, "account", "accounts"),
        format::counted(observations, "observation", "observations"),
    )
}

/// One row a loss event, the largest first: what was lost, under which models it breached, and why.
pub(super) fn ledger(evidence: &Evidence<'_>) -> Grid {
    let result = evidence.result();
    let all = events(result, &evidence.ranked_breaches, usize::MAX);
    let shown = &all[..all.len().min(MOST_EVENTS)];
    let unit = MoneyUnit::of(shown.iter().map(|breach| breach.loss), &result.currency);
    let row = |breach: &&Breach| {
        vec![
            evidence.dates.show(breach.time).into(),
            Cell::toned(name(evidence.account_name(breach.account)), "strong"),
            unit.show(breach.loss).into(),
            under(evidence, breach, &unit).into(),
            reasons(breach, &unit).into(),
            name(&breach.binding).into(),
        ]
    };
    Grid {
        columns: vec![
            short("Margin date"),
            words("Account", 1.0),
            figures(format!("Loss, {}", unit.label())),
            words("Shortfall by model, largest first", 1.9),
            words("What lost money", 1.3),
            words("What bound the margin", 1.0),
        ],
        rows: shown.iter().map(row).collect(),
        note: ledger_note(result.breaches.len(), all.len(), shown.len()),
    }
}

fn ledger_note(breaches: usize, events: usize, shown: usize) -> String {
    let which = if shown < events {
        format!("The {shown} largest of {} loss events", count(events))
    } else {
        format!("All {}", format::counted(events, "loss event", "loss events"))
    };
    format!(
        "{which}, by their largest shortfall; one event is one account on one margin date, and may breach several \
         models ({} in all). Every breach is in the results table “breaches”. What bound the margin is that of the model \
         with the largest shortfall.",
        format::counted(breaches, "breach", "breaches")
    )
}

fn under(evidence: &Evidence<'_>, event: &Breach, unit: &MoneyUnit) -> String {
    let same = |breach: &&Breach| breach.account == event.account && breach.step == event.step;
    let mut breaches: Vec<&Breach> = evidence.result().breaches.iter().filter(same).collect();
    breaches.sort_by(|a, b| b.shortfall().total_cmp(&a.shortfall()));
    let shown = breaches.len().min(MOST_NAMED);
    let mut parts: Vec<String> = breaches[..shown]
        .iter()
        .map(|b| {
            let model = name(evidence.model_name(b.model));
            format!("{model}\u{A0}{}", unit.show(b.shortfall()))
        })
        .collect();
    if shown < breaches.len() {
        parts.push(format!("{} more", breaches.len() - shown));
    }
    parts.join(", ")
}

/// The two causes that lost most; positive = lost.
fn reasons(breach: &Breach, unit: &MoneyUnit) -> String {
    let mut lost: Vec<(Cause, f64)> =
        breach.causes.iter().map(|&(cause, pnl)| (cause, Pnl(pnl).loss().0)).collect();
    lost.sort_by(|a, b| b.1.total_cmp(&a.1));
    let parts: Vec<String> = lost
        .into_iter()
        .filter(|(_, amount)| *amount > 0.0)
        .take(2)
        .map(|(cause, amount)| format!("{}\u{A0}{}", cause.name(), unit.show(amount)))
        .collect();
    if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
}

/// Coverage tests: pooled and by account.
pub(super) fn tests(evidence: &Evidence<'_>) -> Grid {
    let names = test_names(evidence);
    let rows = test_rows(evidence);
    let mut columns = vec![
        words("Model", 1.0),
        words("Account", 1.0),
        figures("Breaches"),
        figures("Coverage"),
        short("Zone"),
    ];
    columns.extend(names.iter().map(|test| figures(format!("p, {test}"))));
    let row = |row: &&CoverageRow| {
        let account =
            row.account.map_or("all, pooled".to_owned(), |a| name(evidence.account_name(a)));
        let mut cells = vec![
            Cell::toned(name(evidence.model_name(row.model)), "strong"),
            account.into(),
            format!("{} of {}", count(row.breaches), count(row.observations)).into(),
            row.coverage.map_or("–".to_owned(), percent).into(),
            light_cell(row),
        ];
        cells.extend(names.iter().map(|test| p_cell(row, test)));
        cells
    };
    let all = evidence.result().coverage.len();
    Grid { columns, rows: rows.iter().map(row).collect(), note: tests_note(rows.len(), all) }
}

fn tests_note(shown: usize, all: usize) -> String {
    if shown < all {
        "Shown are the pooled row of each model and its two accounts with the lowest coverage; all rows are in the results \
         table “coverage”."
            .to_owned()
    } else {
        String::new()
    }
}

/// Tests in the order in which they first appear.
fn test_names<'a>(evidence: &Evidence<'a>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for test in evidence.result().coverage.iter().flat_map(|row| &row.tests) {
        if !names.contains(&test.test.as_str()) && names.len() < MOST_TESTS {
            names.push(&test.test);
        }
    }
    names
}

fn test_rows<'a>(evidence: &Evidence<'a>) -> Vec<&'a CoverageRow> {
    let all = &evidence.result().coverage;
    if all.len() <= MOST_TEST_ROWS {
        return all.iter().collect();
    }
    let mut shown = Vec::new();
    for model in 0..evidence.models.len() {
        let rows = || all.iter().filter(move |row| row.model == model);
        shown.extend(rows().filter(|row| row.account.is_none()));
        let mut single: Vec<&CoverageRow> = rows().filter(|row| row.account.is_some()).collect();
        let coverage = |row: &CoverageRow| row.coverage.unwrap_or(1.0);
        single.sort_by(|a, b| coverage(a).total_cmp(&coverage(b)));
        shown.extend(single.into_iter().take(2));
    }
    shown
}

fn light_cell(row: &CoverageRow) -> Cell {
    match row.zone.map(|zone| zone.light) {
        None => Cell::toned("–", "quiet"),
        Some(Light::Green) => Cell::toned("green", "good"),
        Some(Light::Yellow) => Cell::toned("yellow", "warn"),
        Some(Light::Red) => Cell::toned("red", "bad"),
    }
}

fn p_cell(row: &CoverageRow, test: &str) -> Cell {
    let p = row.tests.iter().find(|found| found.test == test).and_then(|found| found.p_value);
    match p {
        None => Cell::toned("–", "quiet"),
        Some(p) if p < 0.05 => Cell::toned(format::p_value(p), "bad"),
        Some(p) => format::p_value(p).into(),
    }
}

/// What the tests say about themselves: each distinct remark once, at most six.
pub(super) fn test_remarks(evidence: &Evidence<'_>) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    let remark = |test: &TestRow| format!("{}: {}", test.test, test.note);
    let tests = evidence.result().coverage.iter().flat_map(|row| &row.tests);
    for remark in tests.filter(|test| !test.note.is_empty()).map(remark) {
        if remarks.len() < 6 && !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks
}

/// One row a model, for the focus account: level, swing and calls.
pub(super) fn procyclicality(evidence: &Evidence<'_>) -> Grid {
    let account = evidence.focus.account;
    let of_account: Vec<&ProcyclicalityRow> =
        evidence.result().procyclicality.iter().filter(|row| row.account == account).collect();
    let peaks = of_account.iter().filter_map(|row| row.metrics.as_ref().map(|m| m.maximum));
    let unit = MoneyUnit::of(peaks, &evidence.result().currency);
    let steps = call_steps(&of_account);
    let mut columns = vec![
        words("Model", 1.0),
        figures(format!("Mean, {}", unit.label())),
        figures(format!("Peak, {}", unit.label())),
        figures("Peak to trough"),
        figures("Volatility of changes"),
    ];
    let plural = |n: usize| if n == 1 { "step" } else { "steps" };
    columns.extend(steps.iter().map(|&n| figures(format!("Largest rise in {n} {}", plural(n)))));
    let row = |row: &&ProcyclicalityRow| {
        let mut cells = vec![Cell::toned(name(evidence.model_name(row.model)), "strong")];
        match &row.metrics {
            None => cells.extend(vec![Cell::toned("–", "quiet"); 4 + steps.len()]),
            Some(metrics) => {
                cells.push(unit.show(metrics.mean).into());
                cells.push(unit.show(metrics.maximum).into());
                cells.push(ratio(metrics.peak_to_trough).into());
                let volatility = metrics.log_change_volatility;
                cells.push(volatility.map_or("–".to_owned(), percent).into());
                cells.extend(steps.iter().map(|&n| call_cell(&metrics.calls, n, evidence)));
            }
        }
        cells
    };
    let note = format!(
        "Account {}. Volatility of changes: standard deviation of the logarithmic change of the requirement from step to step. \
         A dash: the requirement was zero on some date.",
        evidence.account_name(account)
    );
    Grid { columns, rows: of_account.iter().map(row).collect(), note }
}

fn call_steps(rows: &[&ProcyclicalityRow]) -> Vec<usize> {
    let longest = rows.iter().filter_map(|row| row.metrics.as_ref()).map(|metrics| &metrics.calls);
    let longest = longest.max_by_key(|calls| calls.len());
    longest.map_or(Vec::new(), |calls| calls.iter().map(|call| call.0).collect())
}

fn call_cell(calls: &[(usize, f64, f64)], steps: usize, evidence: &Evidence<'_>) -> Cell {
    let call = calls.iter().find(|call| call.0 == steps);
    call.map_or(Cell::toned("–", "quiet"), |&(_, factor, amount)| {
        format!("{}, {}", ratio(factor), money(amount, &evidence.result().currency)).into()
    })
}
