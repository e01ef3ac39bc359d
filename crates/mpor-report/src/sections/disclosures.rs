//! What supervisors ask a clearing house to publish: items 6.4, 6.5 and 6.8 of the public quantitative disclosures.
//!
//! Source: CPMI-IOSCO (2015), "Public quantitative disclosure standards for central counterparties", principle 6; the
//! numbers are those of the results tables `pqd_disclosures`, `pqd_6_5` and `pqd_6_8`.

use mpor_backtest::pqd::{self, AchievedRow, CallsRow, Disclosure, Window};

use super::{Material, Section};
use crate::document::grid::{Cell, Grid, figures, short, words};
use crate::document::{Block, Kind};
use crate::evidence::Evidence;
use crate::format::{MoneyUnit, count, money, percent};
use crate::text::{breakable, elide, name};

pub(super) const SECTION: Section = Section {
    id: "disclosures",
    title: "Quantitative disclosures",
    kinds: &[Kind::Validation],
    new_page: false,
    blocks,
};

/// Most windows of all accounts together, the last ones, and most rows of single accounts.
const MOST_WINDOWS: usize = 5;
const MOST_ACCOUNTS: usize = 40;

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let evidence = material.evidence;
    let mut blocks = vec![Block::heading("6.4 and 6.5.1: the models and how they were tested")];
    blocks.extend(Block::small_table(items(evidence)));
    blocks.push(Block::heading("6.5: achieved coverage"));
    match pqd::achieved(evidence.result()) {
        Ok(rows) => {
            blocks.extend(Block::small_table(pooled(evidence, &rows)));
            blocks.push(Block::heading("6.5 by account over the whole run"));
            blocks.extend(Block::small_table(single(evidence, &rows)));
        }
        Err(error) => {
            blocks.push(Block::Text { text: breakable(&format!("Not available: {error}.")) })
        }
    }
    blocks.push(Block::heading("6.8: calls of initial margin"));
    blocks.extend(Block::small_table(calls(evidence)));
    blocks
}

/// One row an item and answer, with the models that give it.
fn items(evidence: &Evidence<'_>) -> Grid {
    let mut all = pqd::disclosures(evidence.result());
    // 6.4.10 comes after 6.4.9.
    let places = |item: &str| -> Vec<usize> {
        item.split('.').map(|part| part.parse().unwrap_or(usize::MAX)).collect()
    };
    all.sort_by_cached_key(|item| (places(item.item), item.model));
    let mut groups: Vec<(Disclosure, Vec<usize>)> = Vec::new();
    for item in all {
        let same = |known: &Disclosure| {
            (known.item, known.status, known.number, &known.text)
                == (item.item, item.status, item.number, &item.text)
        };
        match groups.iter_mut().find(|(known, _)| same(known)) {
            Some((_, models)) => models.push(item.model),
            None => groups.push((item.clone(), vec![item.model])),
        }
    }
    Grid {
        columns: vec![
            short("Item"),
            words("What it asks", 1.2),
            words("Models", 1.0),
            words("Answer", 1.6),
            short("Status"),
        ],
        rows: groups.into_iter().map(|(item, models)| item_row(evidence, item, &models)).collect(),
        note: "Items that only a clearing house can fill are marked so. Notes to each are in the results table “pqd_disclosures”."
            .to_owned(),
    }
}

fn item_row(evidence: &Evidence<'_>, item: Disclosure, models: &[usize]) -> Vec<Cell> {
    let currency = &evidence.result().currency;
    // Of the numbers one is an amount, the other a level.
    let shown = |number: f64| match item.item {
        "6.1.1" => money(number, currency),
        _ => number.to_string(),
    };
    let value = item.text.or_else(|| item.number.map(shown));
    let names: Vec<String> = models.iter().map(|&model| name(evidence.model_name(model))).collect();
    let whole = models.len() == evidence.models.len();
    let filled = value.is_some();
    vec![
        item.item.into(),
        item.name.into(),
        Cell::toned(if whole { "all".to_owned() } else { names.join(", ") }, "strong"),
        breakable(&elide(&value.unwrap_or_else(|| "–".to_owned()), 200)).into(),
        Cell::toned(item.status.name(), if filled { "" } else { "quiet" }),
    ]
}

/// The last windows and the whole run, of all accounts together.
fn pooled(evidence: &Evidence<'_>, rows: &[AchievedRow]) -> Grid {
    let all: Vec<&AchievedRow> = rows.iter().filter(|row| row.account.is_none()).collect();
    let mut shown = Vec::new();
    for model in 0..evidence.result().models.len() {
        let own: Vec<&AchievedRow> = all.iter().copied().filter(|row| row.model == model).collect();
        shown.extend(own[own.len().saturating_sub(MOST_WINDOWS)..].iter().copied());
    }
    let note = "All accounts together. Twelve months to the end of a quarter; “all” is the whole run. An asterisk: the run does not \
                cover the whole window. Every window is in the results table “pqd_6_5”.";
    achieved(evidence, &shown, note.to_owned())
}

/// Single accounts over the whole run, those with the lowest coverage.
fn single(evidence: &Evidence<'_>, rows: &[AchievedRow]) -> Grid {
    let whole = evidence.result().times.len();
    let own = |row: &&AchievedRow| row.account.is_some() && row.window.steps.len() == whole;
    let mut all: Vec<&AchievedRow> =
        rows.iter().filter(own).filter(|row| row.window.name == "all").collect();
    let coverage = |row: &AchievedRow| row.achieved.coverage.unwrap_or(1.0);
    all.sort_by(|a, b| coverage(a).total_cmp(&coverage(b)));
    let note = if all.len() > MOST_ACCOUNTS {
        format!(
            "The {MOST_ACCOUNTS} of {} pairs of model and account with the lowest coverage.",
            count(all.len())
        )
    } else {
        "Lowest coverage first.".to_owned()
    };
    all.truncate(MOST_ACCOUNTS);
    achieved(evidence, &all, note)
}

fn achieved(evidence: &Evidence<'_>, rows: &[&AchievedRow], note: String) -> Grid {
    let unit = MoneyUnit::of(
        rows.iter().map(|row| row.achieved.peak_uncovered),
        &evidence.result().currency,
    );
    let row = |row: &&AchievedRow| {
        let achieved = &row.achieved;
        vec![
            Cell::toned(name(evidence.model_name(row.model)), "strong"),
            row.account
                .map_or("all".to_owned(), |account| name(evidence.account_name(account)))
                .into(),
            window(&row.window).into(),
            count(achieved.breaches).into(),
            count(achieved.observations).into(),
            achieved.coverage.map_or("–".to_owned(), percent).into(),
            unit.show(achieved.peak_uncovered).into(),
            achieved.average_uncovered.map_or("–".to_owned(), |amount| unit.show(amount)).into(),
        ]
    };
    Grid {
        columns: vec![
            words("Model", 0.9),
            words("Account", 0.9),
            words("Window", 1.0),
            figures("6.5.1.1\nbreaches"),
            figures("6.5.2\nobservations"),
            figures("6.5.3\ncoverage"),
            figures(format!("6.5.4 peak\nuncovered,\n{}", unit.label())),
            figures(format!("6.5.5 average\nuncovered,\n{}", unit.label())),
        ],
        rows: rows.iter().map(row).collect(),
        note,
    }
}

fn window(window: &Window) -> String {
    format!("{}{}", window.name, if window.complete { "" } else { " *" })
}

/// Calls of all accounts together in the last windows.
fn calls(evidence: &Evidence<'_>) -> Grid {
    let all = pqd::margin_calls(evidence.result());
    let mut shown: Vec<&CallsRow> = Vec::new();
    for model in 0..evidence.result().models.len() {
        let own: Vec<&CallsRow> =
            all.iter().filter(|row| row.model == model && row.account.is_none()).collect();
        shown.extend(own[own.len().saturating_sub(MOST_WINDOWS)..].iter().copied());
    }
    let unit =
        MoneyUnit::of(shown.iter().map(|row| row.calls.largest), &evidence.result().currency);
    let row = |row: &&CallsRow| {
        let calls = &row.calls;
        let date = calls
            .largest_on
            .map_or("–".to_owned(), |date| date.format("%-d\u{A0}%b\u{A0}%Y").to_string());
        vec![
            Cell::toned(name(evidence.model_name(row.model)), "strong"),
            window(&row.window).into(),
            count(calls.days).into(),
            count(calls.days_with_call).into(),
            unit.show(calls.largest).into(),
            date.into(),
            calls.average.map_or("–".to_owned(), |amount| unit.show(amount)).into(),
        ]
    };
    Grid {
        columns: vec![
            words("Model", 1.0),
            words("Window", 1.0),
            figures("Days"),
            figures("Days with\na call"),
            figures(format!("Largest,\n{}", unit.label())),
            short("On"),
            figures(format!("Average,\n{}", unit.label())),
        ],
        rows: shown.iter().map(row).collect(),
        note: "A call is a rise of the initial margin of all accounts together from one margin date to the next. Every window and \
               account is in the results table “pqd_6_8”."
            .to_owned(),
    }
}
