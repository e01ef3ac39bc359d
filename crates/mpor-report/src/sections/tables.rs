//! The tables of evidence: verdicts, breaches with their reasons, procyclicality.

use mpor_backtest::{Breach, Cause, ProcyclicalityRow};
use mpor_core::Pnl;

use crate::document::grid::{Cell, Grid, figures, short, words};
use crate::evidence::{Evidence, ModelSummary, Standing, Verdict, ZoneCounts, events};
use crate::format::{self, MoneyUnit, count, money, percent, ratio};
use crate::text::name;

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
        short("Against\ntarget"),
        figures("Breaches"),
        figures(format!("Largest\nshortfall,\n{}", worst.label())),
        figures(format!("Mean\nmargin,\n{}", means.label())),
    ];
    if relative {
        columns.push(figures("Cost to\nbaseline"));
    }
    columns.push(figures("Peak to\ntrough"));
    columns.push(figures("Accounts\ngreen / yellow / red"));
    let row = |(model, summary): (usize, &ModelSummary)| {
        let mut row = vec![
            model_cell(evidence, model),
            summary.coverage.map_or("–".to_owned(), percent).into(),
            standing_cell(summary.standing),
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

fn standing_cell(standing: Standing) -> Cell {
    let tone = match standing.verdict() {
        Verdict::Below => "bad",
        Verdict::Consistent | Verdict::Above => "good",
        Verdict::Unknown => "quiet",
    };
    Cell::toned(standing.text(), tone)
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
    let all = format::counted(observations, "observation", "observations");
    let mut note = match accounts {
        1 => format!(
            "One account, {all}. Against target: whether the 95 % interval of the coverage lies wholly below or above it, "
        ),
        _ => format!(
            "All {}, {all}. Against target: in how many accounts the 95 % interval of the coverage lies wholly below it (with \
             many accounts about one in forty does by chance), above it in all, ",
            format::counted(accounts, "account", "accounts")
        ),
    };
    note.push_str("or consistent with it. Mean margin is the sum over accounts. Peak to trough: how many times its earlier trough a \
                   requirement grew to, the largest of any account. Green, yellow, red: zones of the supervisory traffic light.");
    note
}

/// One row a loss event, the largest first and at most `most`: what was lost, under which models it breached, and why.
pub(super) fn ledger(evidence: &Evidence<'_>, most: usize) -> Grid {
    let result = evidence.result();
    let all = events(result, &evidence.ranked_breaches, usize::MAX);
    let shown = &all[..all.len().min(most)];
    let unit = MoneyUnit::of(shown.iter().map(|breach| breach.loss), &result.currency);
    let row = |breach: &&Breach| {
        vec![
            evidence.dates.show(breach.time).into(),
            Cell::toned(name(evidence.account_name(breach.account)), "strong"),
            unit.show(breach.loss).into(),
            under(evidence, breach, &unit).into(),
            reasons(breach, &unit).into(),
            bound(evidence, breach),
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

fn bound(evidence: &Evidence<'_>, breach: &Breach) -> Cell {
    if breach.binding.trim().is_empty() {
        return Cell::toned("–", "quiet");
    }
    name(&format::with_instants(&breach.binding, |time| evidence.dates.show(time))).into()
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
        figures("Volatility\nof changes"),
    ];
    let plural = |n: usize| if n == 1 { "step" } else { "steps" };
    columns.extend(steps.iter().map(|&n| figures(format!("Largest rise\nin {n} {}", plural(n)))));
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
