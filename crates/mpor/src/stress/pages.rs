//! The words and tables of the short document of a stress test.

use mpor_report::format::{MoneyUnit, minute, percent};
use mpor_report::{ShortPages, ShortTable};
use mpor_risk::contribution::Rung;

use super::Evidence;
use crate::study::StudyFile;

/// Most rows of a table of the document; the Parquet tables have all.
const MOST_ROWS: usize = 20;

pub(super) fn pages(file: &StudyFile, evidence: &Evidence) -> ShortPages {
    let level = evidence.found.level.map(|level| percent(level.value())).unwrap_or_default();
    let fact = |name: &str, value: String| (name.to_owned(), value);
    ShortPages {
        study: file.study.name.clone(),
        description: file.study.description.clone(),
        verdict: evidence.found.verdict.clone(),
        time: evidence.time,
        facts: vec![
            fact("Margin date", format!("{} UTC", minute(evidence.time))),
            fact("MPOR", file.study.mpor.horizon.to_string()),
            fact("Accounts", evidence.accounts.len().to_string()),
            fact("Models", evidence.models.len().to_string()),
            fact("Scenarios", evidence.found.scenarios.to_string()),
            fact("Level of VaR, ES", level),
        ],
        tables: vec![
            answer(evidence),
            titled("Along one factor", "stress-ladders"),
            windows(evidence),
            correlations(evidence),
            titled("Who carries the risk", "stress-contributions"),
            greeks(evidence),
            hedges(evidence),
        ],
        notes: evidence.found.notes.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn titled(title: &str, figure: &str) -> ShortTable {
    ShortTable { title: title.to_owned(), figure: figure.to_owned(), ..ShortTable::default() }
}

/// Titles of columns; those of numbers end with `#`.
fn columns(titles: &[&str]) -> Vec<(String, bool)> {
    let one = |title: &&str| match title.strip_suffix('#') {
        Some(title) => (title.to_owned(), true),
        None => ((*title).to_owned(), false),
    };
    titles.iter().map(one).collect()
}

/// At most so many rows, and what is said of the rest.
fn cut(mut rows: Vec<Vec<String>>, table: &str) -> (Vec<Vec<String>>, String) {
    let all = rows.len();
    rows.truncate(MOST_ROWS);
    let note = match all > rows.len() {
        true => format!("The first {MOST_ROWS} of {all} rows; all are in the table “{table}”."),
        false => String::new(),
    };
    (rows, note)
}

fn maybe(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
}

fn answer(evidence: &Evidence) -> ShortTable {
    let pairs = &evidence.found.pairs;
    let unit = MoneyUnit::of(pairs.iter().map(|pair| pair.requirement), &evidence.currency);
    let rows = pairs.iter().map(|pair| {
        vec![
            pair.account.clone(),
            pair.model.clone(),
            unit.show(pair.requirement),
            pair.scenario.clone().unwrap_or_else(|| "–".to_owned()),
            pair.loss.map_or("–".to_owned(), |loss| unit.show(loss)),
            maybe(pair.ratio, 2),
            maybe(pair.distance, 1),
        ]
    });
    let (rows, note) = cut(rows.collect(), "stress");
    let explained = "Nearest: joint standard deviations over the margin period of the smallest move found that exhausts the requirement.";
    ShortTable {
        columns: columns(&[
            "Account",
            "Model",
            &format!("Asked for,\n{}#", unit.label()),
            "Worst scenario",
            &format!("Loss there,\n{}#", unit.label()),
            "Loss over\nasked for#",
            "Nearest,\nst. dev.#",
        ]),
        rows,
        note: format!("{explained} {note}").trim_end().to_owned(),
        ..titled("Stress against margin", "stress-losses")
    }
}

fn windows(evidence: &Evidence) -> ShortTable {
    let all = &evidence.windows;
    let unit = MoneyUnit::of(all.iter().map(|row| row.worst), &evidence.currency);
    let rows = all.iter().map(|row| {
        vec![
            evidence.accounts[row.account].clone(),
            row.measure.to_uppercase(),
            unit.show(row.recent),
            unit.show(row.worst),
            maybe(super::summary::ratio(row.worst, row.recent), 2),
            format!("{} to {}", row.from.date(), row.to.date()),
        ]
    });
    let (rows, note) = cut(rows.collect(), "stressed_var");
    ShortTable {
        columns: columns(&[
            "Account",
            "Figure",
            &format!("Recent window,\n{}#", unit.label()),
            &format!("Worst window,\n{}#", unit.label()),
            "Worst over\nrecent#",
            "Worst window",
        ]),
        rows,
        note,
        ..titled("Stressed VaR: the worst window of the known history", "")
    }
}

fn correlations(evidence: &Evidence) -> ShortTable {
    let all = &evidence.correlations;
    let unit = MoneyUnit::of(all.tails.iter().map(|tail| tail.es), &evidence.currency);
    let rows = all.tails.iter().map(|tail| {
        let state = &all.states[tail.state];
        vec![
            evidence.accounts[tail.account].clone(),
            state.name.clone(),
            format!("{} ± {}", unit.show(tail.var), unit.show(tail.var_error)),
            format!("{} ± {}", unit.show(tail.es), unit.show(tail.es_error)),
            format!("{:.3}", state.repaired),
        ]
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    rows.sort_by(|a, b| a[0].cmp(&b[0]));
    let (rows, note) = cut(rows, "correlation_var");
    let explained = "Normal moves with the deviations of the recent window, the same draws under every matrix; ± one standard error of the draws. Repaired: how far the matrix asked for was from a valid one.";
    ShortTable {
        columns: columns(&[
            "Account",
            "Correlations",
            &format!("VaR, {}#", unit.label()),
            &format!("ES, {}#", unit.label()),
            "Repaired#",
        ]),
        note: if rows.is_empty() { String::new() } else { format!("{explained} {note}") },
        rows,
        ..titled("If correlations broke", "stress-correlations")
    }
}

fn greeks(evidence: &Evidence) -> ShortTable {
    let net: Vec<_> = evidence.greeks.iter().filter(|greek| greek.bucket == "net").collect();
    let unit = |of: fn(&Rung) -> f64| {
        MoneyUnit::of(net.iter().map(|greek| of(&greek.rung)), &evidence.currency)
    };
    let delta = unit(|rung| 0.01 * rung.delta_cash);
    let (vega, theta) = (unit(|rung| 0.01 * rung.vega), unit(|rung| rung.theta / 365.0));
    let rows = net.iter().map(|greek| {
        let rung = &greek.rung;
        vec![
            evidence.accounts[greek.account].clone(),
            greek.underlying.clone(),
            delta.show(0.01 * rung.delta_cash),
            format!("{:.4}", rung.delta_units),
            format!("{:.3e}", rung.gamma),
            vega.show(0.01 * rung.vega),
            theta.show(rung.theta / 365.0),
        ]
    });
    let (rows, note) = cut(rows.collect(), "greeks");
    ShortTable {
        columns: columns(&[
            "Account",
            "Underlying",
            &format!("Delta, {}\nper 1 %#", delta.label()),
            "Delta,\nunits#",
            "Gamma, units\nper price#",
            &format!("Vega, {}\nper vol point#", vega.label()),
            &format!("Theta, {}\na day#", theta.label()),
        ]),
        rows,
        note: format!("Net of all expiries; the table “greeks” has them by expiry. {note}")
            .trim_end()
            .to_owned(),
        ..titled("Sensitivities", "")
    }
}

fn hedges(evidence: &Evidence) -> ShortTable {
    let all = &evidence.hedges;
    let unit = MoneyUnit::of(all.iter().map(|row| row.before), &evidence.currency);
    let rows = all.iter().map(|row| {
        vec![
            evidence.accounts[row.account].clone(),
            row.instrument.clone(),
            format!("{:.4}", row.quantity),
            format!("{:.4}", row.delta_before),
            format!("{:.4}", row.delta_after),
            unit.show(row.before),
            unit.show(row.neutral),
            unit.show(row.after),
        ]
    });
    let (rows, note) = cut(rows.collect(), "hedges");
    let model = all.first().map_or("", |row| evidence.models[row.model].as_str());
    ShortTable {
        columns: columns(&[
            "Account",
            "Instrument",
            "Contracts#",
            "Delta\nbefore#",
            "Delta\nafter#",
            &format!("Asked for,\n{}#", unit.label()),
            "Delta-\nneutral#",
            "With this\nhedge#",
        ]),
        rows,
        note,
        ..titled(&format!("The hedge that {model} rewards most"), "")
    }
}
