//! The tables of evidence: tests of forecasts, the comparison of models, and what one who looks every day would know.

use mpor_backtest::evidence::{EvidenceRow, contest::Contest};

use super::{Material, Section};
use crate::document::grid::{Cell, Grid, figures, short, words};
use crate::document::{Block, Kind};
use crate::evidence::Evidence;
use crate::format::{self, count};
use crate::text::name;

/// Most tests a table, and most rows of monitors.
const MOST_TESTS: usize = 6;
const MOST_ROWS: usize = 24;

pub(super) const SECTION: Section = Section {
    id: "evidence",
    title: "Evidence",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

/// A table, its heading and how to read it.
#[derive(Debug)]
struct Part {
    title: String,
    grid: Grid,
    reading: String,
}

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let mut blocks = material.figures(&["pit", "e-process"]);
    for part in parts(material.evidence) {
        blocks.push(Block::heading(&part.title));
        blocks.extend(Block::small_table(part.grid));
        blocks.push(Block::note(part.reading));
    }
    blocks
}

/// The tables that the result has something for.
fn parts(evidence: &Evidence<'_>) -> Vec<Part> {
    let all = &evidence.result().evidence;
    let mut parts = Vec::new();
    let mut tests = |title: &str, rows: &[EvidenceRow], table: &str, reading: &str| {
        if !rows.is_empty() {
            let (grid, reading) = (tested(evidence, rows, table), reading.to_owned());
            parts.push(Part { title: title.to_owned(), grid, reading });
        }
    };
    tests(
        "Expected shortfall",
        &all.shortfall,
        "es_tests",
        "Each number says for how many accounts the test rejects at 5 %, of those it has an answer for; about one in twenty does \
         so by chance under a right model. Some tests reject a cautious model too: the table has the statistics.",
    );
    tests(
        "The whole forecast law",
        &all.transforms,
        "pit_tests",
        "As above, for tests of where losses fell in the forecast law.",
    );
    for contest in &all.contests {
        parts.push(Part {
            title: format!("Comparison by {}", contest_name(contest)),
            grid: compared(evidence, contest),
            reading: "The score is a mean over dates, lower is better. The other p-values are those of the test against the model \
                      with the best score: a small one says that the difference is not chance. Models in the set may each be the \
                      best, given how uncertain scores are."
                .to_owned(),
        });
    }
    if !all.watched.rows.is_empty() {
        parts.push(Part {
            title: "Monitoring".to_owned(),
            grid: watched(evidence),
            reading: "Wealth of a bettor against the model, from 1: 20 is reached with probability 5 % at most if the model is \
                      right, 100 with 1 %, on whatever day one looks. The date is the one on which it is known."
                .to_owned(),
        });
    }
    parts
}

fn contest_name(contest: &Contest) -> String {
    let level = format::short_percent(contest.level.value());
    match contest.score {
        "pinball" => format!("the pinball loss of requirements at {level}"),
        _ => format!("the FZ0 score of forecasts at {level}"),
    }
}

/// Accounts rejected, by model and test.
fn tested(evidence: &Evidence<'_>, rows: &[EvidenceRow], table: &str) -> Grid {
    let mut names: Vec<&str> = Vec::new();
    let mut models: Vec<usize> = Vec::new();
    for row in rows {
        if !names.contains(&row.test.test) {
            names.push(row.test.test);
        }
        if !models.contains(&row.model) {
            models.push(row.model);
        }
    }
    let all = names.len();
    names.truncate(MOST_TESTS);
    let mut columns = vec![words("Model", 1.0)];
    columns.extend(names.iter().map(|test| figures(test.replacen('-', "\n", 2))));
    let cell = |model: usize, test: &str| {
        let of = rows.iter().filter(|row| row.model == model && row.test.test == test);
        let p: Vec<f64> = of.filter_map(|row| row.test.p_value).collect();
        let rejected = p.iter().filter(|p| **p < 0.05).count();
        match p.len() {
            0 => Cell::toned("–", "quiet"),
            n => Cell::from(format!("{} of {}", count(rejected), count(n))),
        }
    };
    let row = |&model: &usize| {
        let first = Cell::toned(name(evidence.model_name(model)), "strong");
        std::iter::once(first).chain(names.iter().map(|test| cell(model, test))).collect()
    };
    let shown = if all > MOST_TESTS {
        format!("Shown are {MOST_TESTS} of {all} tests. ")
    } else {
        String::new()
    };
    let note = format!(
        "{shown}Accounts rejected at 5 %; by account, with reasons where there is no answer, in the results table “{table}”."
    );
    Grid { columns, rows: models.iter().map(row).collect(), note }
}

fn compared(evidence: &Evidence<'_>, contest: &Contest) -> Grid {
    let means = || contest.rows.iter().filter(|row| row.test == contest.score);
    let score =
        |row: &&mpor_backtest::evidence::contest::ContestRow| row.value.unwrap_or(f64::INFINITY);
    let best = means().min_by(|a, b| score(a).total_cmp(&score(b))).map(|row| row.model);
    let p_of = |test: &str, model: usize| {
        let pair = |one: usize, other: Option<usize>| {
            (Some(one) == best && other == Some(model)) || (one == model && other == best)
        };
        let mut rows = contest.rows.iter().filter(|row| row.test == test);
        rows.find(|row| pair(row.model, row.against)).and_then(|row| row.p_value)
    };
    let cell =
        |p: Option<f64>| p.map_or(Cell::toned("–", "quiet"), |p| format::p_value(p).into());
    let in_set = |model: usize| {
        let mut rows = contest.rows.iter().filter(|row| row.test == "model-confidence-set");
        rows.find(|row| row.model == model).map_or("–", |row| match row.note.as_str() {
            "in the 90 % set" => "yes",
            "not in the 90 % set" => "no",
            _ => "–",
        })
    };
    let row = |row: &mpor_backtest::evidence::contest::ContestRow| {
        vec![
            Cell::toned(name(evidence.model_name(row.model)), "strong"),
            row.value.map_or("–".to_owned(), |value| format!("{value:.5}")).into(),
            cell(p_of("diebold-mariano", row.model)),
            cell(p_of("giacomini-white", row.model)),
            in_set(row.model).into(),
        ]
    };
    let columns = vec![
        words("Model", 1.0),
        figures("Mean score"),
        figures("p,\nDiebold-Mariano"),
        figures("p,\nGiacomini-White"),
        short("In the\n90 % set"),
    ];
    let left_out = match contest.left_out {
        0 => String::new(),
        n => format!(
            " {} account-dates without a score of some model are left out for all.",
            count(n)
        ),
    };
    let note = format!("{} dates, accounts pooled by date.{left_out}", count(contest.dates));
    Grid { columns, rows: means().map(row).collect(), note }
}

fn watched(evidence: &Evidence<'_>) -> Grid {
    let result = evidence.result();
    let rows = &result.evidence.watched.rows;
    let pooled = rows.iter().any(|row| row.account.is_none());
    let shown = rows.iter().filter(|row| !pooled || row.account.is_none()).take(MOST_ROWS);
    let date = |step: Option<usize>| match step {
        Some(step) => Cell::toned(evidence.dates.show(result.times[step]), "bad"),
        None => Cell::toned("never", "quiet"),
    };
    let wealth = |log: Option<f64>| match log {
        None => "–".to_owned(),
        Some(log) if log > 14.0 => "over a million".to_owned(),
        Some(log) => format!("{:.2}", log.exp()),
    };
    let row = |row: &mpor_backtest::evidence::watch::WatchRow| {
        let account = row.account.map_or("all accounts", |account| evidence.account_name(account));
        vec![
            Cell::toned(name(evidence.model_name(row.model)), "strong"),
            name(account).into(),
            row.monitor.replacen("monitor-", "", 1).to_uppercase().into(),
            wealth(row.log_most).into(),
            wealth(row.log_wealth).into(),
            date(row.alarms[0]),
            date(row.alarms[1]),
        ]
    };
    let columns = vec![
        words("Model", 1.0),
        words("Account", 0.8),
        short("Of"),
        figures("Largest\nwealth"),
        figures("Last\nwealth"),
        short("Reached 20\n(5 %)"),
        short("Reached 100\n(1 %)"),
    ];
    let note = "By account in the results table “monitoring”.".to_owned();
    Grid { columns, rows: shown.map(row).collect(), note }
}
