//! Items 6.1.1, 6.4 and 6.5.1.2 to .3: what the model is, and how it was tested. Each is filled, or says why it is not.

use mpor_core::{Column, Table, Timestamp};

use crate::error::BacktestError;
use crate::result::{BacktestResult, ModelInfo};

/// Whether a backtest can fill an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Filled.
    Filled,
    /// Filled with what the run knows; the note says what is missing.
    InPart,
    /// A clearing house knows it and a backtest does not.
    NotApplicable,
}

/// One item of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Disclosure {
    /// Index into the result's models.
    pub model: usize,
    /// Number of the item, `6.4.5`.
    pub item: &'static str,
    /// What it asks, in our words.
    pub name: &'static str,
    /// Whether it is filled.
    pub status: Status,
    /// Its number, where it is one.
    pub number: Option<f64>,
    /// Its text, where it is one.
    pub text: Option<String>,
    /// How it was found or why it was not.
    pub note: &'static str,
}

impl Status {
    /// As printed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Filled => "filled",
            Status::InPart => "in part",
            Status::NotApplicable => "not applicable",
        }
    }
}

const CHANGES: &str =
    "a run takes the rules in force at each margin date; no date of change of its own";

/// Items that no backtest fills.
const NOT_APPLICABLE: [(&str, &str, &str); 9] = [
    ("6.4.2", "date of last change of the model type", CHANGES),
    ("6.4.4", "date of last change of the model", CHANGES),
    ("6.4.6", "date of last change of the confidence level", CHANGES),
    ("6.4.8", "date of last change of the look-back", CHANGES),
    ("6.4.10", "date of last change of the adjustments", CHANGES),
    ("6.4.12", "date of last change of the close-out period", CHANGES),
    ("6.4.13", "link to the initial margin rates", "a clearing house's own page"),
    ("6.4.14", "frequency of the parameter review", "governance of the clearing house"),
    ("6.4.15", "date of last change of that frequency", "governance of the clearing house"),
];

pub(super) fn rows(result: &BacktestResult) -> Vec<Disclosure> {
    let of_model = |(model, info): (usize, &ModelInfo)| {
        let mut rows = known(result, model, info);
        rows.extend(NOT_APPLICABLE.map(|(item, name, note)| Disclosure {
            model,
            item,
            name,
            status: Status::NotApplicable,
            number: None,
            text: None,
            note,
        }));
        rows
    };
    result.models.iter().enumerate().flat_map(of_model).collect()
}

/// Items that the run knows something of.
fn known(result: &BacktestResult, model: usize, info: &ModelInfo) -> Vec<Disclosure> {
    let text = |item, name, status, text: String, note| Disclosure {
        model,
        item,
        name,
        status,
        number: None,
        text: Some(text),
        note,
    };
    let named = match &info.rules {
        Some(rules) => format!("{}: {rules}", info.id),
        None => info.id.clone(),
    };
    let required = result.requirements[model].iter().filter_map(|path| path.initial.last());
    let (span, steps) = (result.horizon.span(), result.horizon.steps());
    let mut rows = vec![
        Disclosure {
            model,
            item: "6.1.1",
            name: "total initial margin required",
            status: Status::InPart,
            number: Some(required.sum()),
            text: None,
            note: "sum over accounts on the last margin date; books do not tell house from clients",
        },
        text(
            "6.4.1",
            "type of the model",
            Status::Filled,
            info.kind.clone(),
            "kind in the catalog",
        ),
        text(
            "6.4.3",
            "name of the model",
            Status::Filled,
            named,
            "name in the study, and its rules",
        ),
        Disclosure {
            model,
            item: "6.4.5",
            name: "single-tailed confidence level",
            status: Status::Filled,
            number: Some(result.level.value()),
            text: None,
            note: "the level that the study tests against",
        },
    ];
    let summary = || info.summary.clone();
    let inside = "as far as the model's own line in the study says it";
    rows.extend([
        text("6.4.7", "look-back period", Status::InPart, summary(), inside),
        text("6.4.9", "adjustments: weights, scaling, floors", Status::InPart, summary(), inside),
        text(
            "6.4.11",
            "close-out period",
            Status::Filled,
            format!("{span} ({steps} steps)"),
            "the margin period of risk that losses are measured over, the same for all products",
        ),
    ]);
    rows.extend([frequency(result, model), time_of_day(result, model)]);
    rows
}

fn frequency(result: &BacktestResult, model: usize) -> Disclosure {
    let mut gaps: Vec<i64> = result.times.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    gaps.sort_unstable();
    let median = gaps.get(gaps.len() / 2).map(|&gap| mpor_core::Span(gap).to_string());
    Disclosure {
        model,
        item: "6.5.1.2",
        name: "frequency of the tests",
        status: if median.is_some() { Status::Filled } else { Status::InPart },
        number: None,
        text: median.map(|median| format!("every margin date, most often {median} apart")),
        note: "every margin date of the run; none is left out",
    }
}

fn time_of_day(result: &BacktestResult, model: usize) -> Disclosure {
    let time = |time: &Timestamp| time.utc().time();
    let first = result.times.first().map(time);
    let same = first.filter(|first| result.times.iter().all(|at| time(at) == *first));
    Disclosure {
        model,
        item: "6.5.1.3",
        name: "time of day of the tests",
        status: if same.is_some() { Status::Filled } else { Status::InPart },
        number: None,
        text: same.map(|time| format!("{} UTC", time.format("%H:%M"))),
        note: "missing where margin dates stand at several times of day",
    }
}

pub(super) fn table(result: &BacktestResult) -> Result<Table, BacktestError> {
    let rows = rows(result);
    let model = |row: &Disclosure| result.models[row.model].id.as_str();
    Ok(Table::new(
        "pqd_disclosures",
        [
            ("model", Column::labels(rows.iter().map(model))),
            ("item", Column::labels(rows.iter().map(|row| row.item))),
            ("name", Column::labels(rows.iter().map(|row| row.name))),
            ("status", Column::labels(rows.iter().map(|row| row.status.name()))),
            ("number", Column::Number(rows.iter().map(|row| row.number).collect())),
            ("text", Column::Text(rows.iter().map(|row| row.text.clone()).collect())),
            ("note", Column::labels(rows.iter().map(|row| row.note))),
        ],
    )?)
}
