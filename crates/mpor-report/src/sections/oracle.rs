//! The section on oracle faults: what each did, one row an account and model.

use super::{Material, Section};
use crate::document::grid::{Cell, Grid, figures, words};
use crate::document::{Block, Kind};
use crate::evidence::Evidence;
use crate::figures::oracle::drawing_id;
use crate::format::{MoneyUnit, count, minute, with_instants};
use crate::input::{FaultRow, FaultScenario};
use crate::text::{breakable, name};

pub(super) const SECTION: Section = Section {
    id: "oracle",
    title: "Oracle faults",
    kinds: &[Kind::Report, Kind::Validation],
    new_page: false,
    blocks,
};

/// Most rows of the table of one scenario.
const MOST_ROWS: usize = 24;

fn blocks(material: &Material<'_>) -> Vec<Block> {
    let scenarios = material.evidence.input.oracle.iter().enumerate();
    scenarios.flat_map(|(number, scenario)| fault(material, number, scenario)).collect()
}

fn fault(material: &Material<'_>, number: usize, scenario: &FaultScenario) -> Vec<Block> {
    let remarks = scenario.remarks.iter();
    let items = remarks.map(|text| breakable(&with_instants(text, minute))).collect();
    let mut blocks = vec![Block::heading(&name(&scenario.name)), Block::List { items }];
    blocks.extend(material.figures(&[&drawing_id(number, scenario)]));
    blocks.extend(Block::small_table(effects(material.evidence, scenario)));
    blocks
}

/// Rows that a fault changes come first.
fn effects(evidence: &Evidence<'_>, scenario: &FaultScenario) -> Grid {
    let mut rows: Vec<&FaultRow> = scenario.rows.iter().collect();
    rows.sort_by_key(|row| !row.changed());
    let amounts = || scenario.rows.iter();
    let unit = |of: fn(&FaultRow) -> [f64; 2]| {
        MoneyUnit::of(amounts().flat_map(of), &evidence.result().currency)
    };
    let margin = unit(|row| [row.margin.0, row.margin.1]);
    let moves = unit(|row| [row.rise, row.fall]);
    let shortfall = unit(|row| [row.shortfall.0, row.shortfall.1]);
    let columns = vec![
        words("Account", 1.0),
        words("Model", 1.0),
        figures(format!("Mean margin,\nwithout / with,\n{}", margin.label())),
        figures(format!("Largest\nrise / fall,\n{}", moves.label())),
        figures("Breaches,\nwithout / with"),
        figures(format!("Shortfall,\nwithout / with,\n{}", shortfall.label())),
        words("Liquidated\nwithout", 0.9),
        words("Liquidated\nwith", 0.9),
    ];
    let row = |row: &&FaultRow| {
        let pair =
            |unit: &MoneyUnit, (a, b): (f64, f64)| format!("{} / {}", unit.show(a), unit.show(b));
        let (without, with) = row.breaches;
        vec![
            Cell::toned(name(evidence.account_name(row.account)), "strong"),
            name(evidence.model_name(row.model)).into(),
            pair(&margin, row.margin).into(),
            pair(&moves, (row.rise, row.fall)).into(),
            Cell::toned(
                format!("{} / {}", count(without), count(with)),
                if with > without { "bad" } else { "" },
            ),
            pair(&shortfall, row.shortfall).into(),
            liquidated(row, row.liquidated.0),
            liquidated(row, row.liquidated.1),
        ]
    };
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    let more = match left_out {
        0 => String::new(),
        some => format!(
            " The first {MOST_ROWS} of {}; all are in the results table “oracle”.",
            count(some + MOST_ROWS)
        ),
    };
    Grid {
        columns,
        rows: rows.iter().take(MOST_ROWS).map(row).collect(),
        note: format!(
            "Without: on the recorded prices; with: under the fault, the same positions on the same margin dates. Liquidated: when collateral and \
             P&L first are below the maintenance margin, looked at with every price between margin dates; – = never, blank = no collateral is stated.{more}"
        ),
    }
}

fn liquidated(row: &FaultRow, when: Option<mpor_core::Timestamp>) -> Cell {
    match (row.has_collateral, when) {
        (false, _) => "".into(),
        (true, None) => Cell::toned("–", "quiet"),
        (true, Some(time)) => Cell::toned(minute(time), "bad"),
    }
}
