//! The tables of what went in: history, findings, models, hashes.

use mpor_core::Action;
use mpor_core::finding::by_year;

use crate::document::Card;
use crate::document::grid::{Cell, Grid, figures, short, words};
use crate::evidence::Evidence;
use crate::format::{count, counted, day, minute, with_instants};
use crate::input::{DataOrigin, DataRow, ModelCard};
use crate::text::{breakable, elide, name};

/// Most rows of the table of series, of findings and of inputs.
const MOST_SERIES: usize = 30;
const MOST_FINDINGS: usize = 24;
const MOST_INPUTS: usize = 40;

/// One row a series.
pub(super) fn history(evidence: &Evidence<'_>) -> Grid {
    let all = &evidence.input.data;
    let row = |row: &DataRow| {
        vec![
            Cell::toned(name(&row.symbol), "strong"),
            name(&row.dataset).into(),
            day(row.from).into(),
            day(row.to).into(),
            count(row.rows).into(),
            count(row.missing).into(),
            origin_cell(row.origin),
            breakable(&elide(&row.source, 200)).into(),
            breakable(&elide(&row.licence, 60)).into(),
        ]
    };
    let note = if all.len() > MOST_SERIES {
        format!("The first {MOST_SERIES} of {} series.", count(all.len()))
    } else {
        String::new()
    };
    Grid {
        columns: vec![
            words("Series", 1.0),
            words("Dataset", 0.8),
            short("From"),
            short("To"),
            figures("Rows"),
            figures("Missing"),
            short("Origin"),
            words("Source", 1.4),
            words("Licence", 0.9),
        ],
        rows: all.iter().take(MOST_SERIES).map(row).collect(),
        note,
    }
}

fn origin_cell(origin: DataOrigin) -> Cell {
    match origin {
        DataOrigin::Quoted => "quoted".into(),
        DataOrigin::Modelled => Cell::toned("modelled", "warn"),
    }
}

/// One row a check, series and year.
pub(super) fn findings(evidence: &Evidence<'_>) -> Grid {
    let mut groups = by_year(evidence.input.findings);
    let all = groups.len();
    if all > MOST_FINDINGS {
        groups.sort_by_key(|group| std::cmp::Reverse(group.observations));
        groups.truncate(MOST_FINDINGS);
    }
    let rows = groups
        .iter()
        .map(|group| {
            vec![
                Cell::toned(group.code, "strong"),
                name(group.check).into(),
                name(&group.symbol).into(),
                group.year.to_string().into(),
                count(group.findings).into(),
                count(group.observations).into(),
                done(group.action).into(),
                breakable(&elide(&with_instants(&group.example, minute), 160)).into(),
            ]
        })
        .collect();
    Grid {
        columns: vec![
            short("Code"),
            words("Check", 0.6),
            words("Series", 0.7),
            figures("Year"),
            figures("Findings"),
            figures("Rows"),
            short("Done"),
            words("First of them", 2.0),
        ],
        rows,
        note: findings_note(evidence.input.findings.len(), all, MOST_FINDINGS),
    }
}

fn findings_note(findings: usize, groups: usize, most: usize) -> String {
    let all = counted(findings, "finding", "findings");
    if groups > most {
        format!(
            "{all}, gathered by check, series and year; shown are the {most} groups of {} that concern most rows. All \
             groups are in the results table “data_quality”, all findings in “findings”.",
            count(groups)
        )
    } else {
        format!(
            "{all}, gathered by check, series and year, as in the results table “data_quality”."
        )
    }
}

fn done(action: Action) -> &'static str {
    match action {
        Action::Fail => "stopped",
        Action::Mark => "kept, marked",
        Action::Carry => "last value carried",
        Action::Prefer => "taken from another source",
    }
}

/// One card a model.
pub(super) fn cards(evidence: &Evidence<'_>) -> Vec<Card> {
    let card = |model: &mpor_backtest::ModelInfo| {
        let extra = evidence.input.models.iter().find(|card| card.id == model.id);
        let extra = extra.cloned().unwrap_or_default();
        Card {
            name: name(&model.id),
            kind: name(&model.kind),
            summary: breakable(&model.summary),
            rules: rules(model.rules.as_deref(), &extra),
            parameters: extra
                .parameters
                .iter()
                .map(|(key, value)| (name(key), breakable(&elide(value, 120))))
                .collect(),
            modelled: extra.modelled.iter().map(|text| breakable(text)).collect(),
        }
    };
    evidence.result().models.iter().map(card).collect()
}

fn rules(of_result: Option<&str>, card: &ModelCard) -> Vec<String> {
    let vintages = card.vintages.iter().map(|text| breakable(text));
    if card.vintages.is_empty() {
        return of_result.map(breakable).into_iter().collect();
    }
    vintages.collect()
}

/// Name and hash of each input.
pub(super) fn hashes(evidence: &Evidence<'_>) -> Grid {
    let inputs = &evidence.input.manifest.inputs;
    let row = |(file, hash): &(String, String)| {
        vec![breakable(&elide(file, 90)).into(), Cell::toned(hash.clone(), "code")]
    };
    let note = if inputs.len() > MOST_INPUTS {
        format!(
            "The first {MOST_INPUTS} of {} inputs; all are in manifest.json.",
            count(inputs.len())
        )
    } else {
        String::new()
    };
    Grid {
        columns: vec![words("Input", 1.0), short("BLAKE3")],
        rows: inputs.iter().take(MOST_INPUTS).map(row).collect(),
        note,
    }
}
