//! Positions from Parquet and CSV, as snapshots and as trades, give what the rules that made them give.

use std::collections::BTreeMap;

use mpor::run::run;
use mpor::{Loaded, Silent, StudyFile, Timestamp};
use mpor_core::{Column, Contract, Instrument, Right, Settlement, Table};
use mpor_data::tables::write_csv;

use crate::by_hand::over_files;
use crate::folder::{Files, files};
use crate::lab::{Lab, STUDY};

/// Result tables that must agree; what the manifest and the notes say differs, as it should.
const TABLES: [&str; 6] = ["requirements", "losses", "breaches", "explain", "coverage", "cost"];

/// What the rules of the study hold: contracts, snapshots at each change, and the trades between them.
struct Kept {
    instruments: Table,
    positions: Table,
    trades: Table,
}

type Row = (Timestamp, String, String, f64);

fn kept(loaded: &Loaded) -> Kept {
    let history = loaded.history();
    let name = |ix| history.universe.instrument(ix).name.clone();
    let (mut positions, mut trades) = (Vec::<Row>::new(), Vec::<Row>::new());
    for (account, owner) in loaded.books.accounts.iter().enumerate() {
        let mut before = BTreeMap::new();
        for step in loaded.steps.clone() {
            let time = history.panel.times()[step];
            let held: BTreeMap<_, f64> = loaded.books.portfolios[step][account]
                .positions()
                .iter()
                .map(|held| (held.instrument, held.quantity))
                .collect();
            if held == before {
                continue;
            }
            for (&ix, &quantity) in &held {
                positions.push((time, owner.clone(), name(ix), quantity));
            }
            let all: std::collections::BTreeSet<_> = held.keys().chain(before.keys()).collect();
            for &&ix in &all {
                let traded = held.get(&ix).unwrap_or(&0.0) - before.get(&ix).unwrap_or(&0.0);
                if traded != 0.0 {
                    trades.push((time, owner.clone(), name(ix), traded));
                }
            }
            before = held;
        }
    }
    Kept {
        instruments: instruments(loaded),
        positions: rows("positions", &positions, &[]),
        trades: rows("trades", &trades, &["price", "fee"]),
    }
}

fn rows(name: &str, rows: &[Row], zeros: &[&'static str]) -> Table {
    let mut columns = vec![
        ("time", Column::times(rows.iter().map(|row| row.0))),
        ("account", Column::texts(rows.iter().map(|row| row.1.clone()))),
        ("instrument", Column::texts(rows.iter().map(|row| row.2.clone()))),
        ("quantity", Column::numbers(rows.iter().map(|row| row.3))),
    ];
    let zero = || Column::numbers(rows.iter().map(|_| 0.0));
    columns.extend(zeros.iter().map(|&name| (name, zero())));
    Table::new(name, columns).unwrap()
}

/// In the order of the universe, so that sums run in the same order.
fn instruments(loaded: &Loaded) -> Table {
    let universe = &loaded.history().universe;
    let all = || universe.instruments().iter();
    let kind = |contract: &Contract| match contract {
        Contract::Spot => "spot",
        Contract::Future { .. } => "future",
        Contract::Perpetual { .. } => "perpetual",
        Contract::Option { .. } => "option",
    };
    let option = |instrument: &Instrument| match instrument.contract {
        Contract::Option { strike, right, .. } => Some((strike, right)),
        _ => None,
    };
    let right = |right: Right| if right == Right::Call { "call" } else { "put" }.to_owned();
    let inverse = |instrument: &Instrument| match instrument.contract {
        Contract::Spot => false,
        Contract::Future { settlement, .. }
        | Contract::Perpetual { settlement }
        | Contract::Option { settlement, .. } => settlement == Settlement::Coin,
    };
    let columns = [
        ("instrument", Column::texts(all().map(|i| i.name.as_str()))),
        ("kind", Column::texts(all().map(|i| kind(&i.contract)))),
        (
            "underlying",
            Column::texts(all().map(|i| universe.underlying(i.underlying).name.as_str())),
        ),
        ("quote", Column::texts(all().map(|_| "USD"))),
        ("settlement", Column::texts(all().map(|_| "USD"))),
        ("contract_size", Column::numbers(all().map(|i| i.contract_size))),
        ("inverse", Column::Flag(all().map(|i| Some(inverse(i))).collect())),
        ("expiry", Column::Time(all().map(|i| i.contract.expiry()).collect())),
        ("strike", Column::Number(all().map(|i| Some(option(i)?.0)).collect())),
        ("right", Column::Text(all().map(|i| Some(right(option(i)?.1))).collect())),
    ];
    Table::new("instruments", columns).unwrap()
}

fn replay(lab: &Lab, name: &str, study: &str) -> Files {
    let file = StudyFile::read(&lab.text(&format!("{name}.toml"), study)).unwrap();
    run(&file, &lab.path(name), &Silent).unwrap();
    let all = files(&lab.path(name));
    TABLES
        .map(|table| format!("{table}.parquet"))
        .into_iter()
        .map(|t| (t.clone(), all[&t].clone()))
        .collect()
}

#[test]
fn files_give_what_the_rules_gave() {
    let lab = Lab::new();
    // Hedges are fractions of a contract: as trades they add up to the last bit only in exact arithmetic.
    let (before, rest) = STUDY.split_once("[[portfolio]]\nname = \"hedged\"").unwrap();
    let (_, after) = rest.split_once("[[portfolio]]\nname = \"pair\"").unwrap();
    let study = format!("{before}[[portfolio]]\nname = \"pair\"{after}");
    let by_rule = replay(&lab, "by-rule", &study);

    let loaded = Loaded::new(&StudyFile::read(&lab.path("by-rule.toml")).unwrap()).unwrap();
    let Kept { instruments, positions, trades } = kept(&loaded);
    lab.write(&instruments, "data/instruments.parquet");
    lab.write(&positions, "data/positions.parquet");
    lab.write(&trades, "data/trades.parquet");
    write_csv(&instruments, &lab.path("data/instruments.csv")).unwrap();
    write_csv(&positions, &lab.path("data/positions.csv")).unwrap();
    for (table, extension) in
        [("positions", "csv"), ("positions", "parquet"), ("trades", "parquet")]
    {
        let keys = format!(
            "instruments = \"data/instruments.{extension}\"\n{table} = \"data/{table}.{extension}\""
        );
        let name = format!("{table}-{extension}");
        let from_files = replay(&lab, &name, &over_files(&study, &keys));
        crate::folder::assert_same(&from_files, &by_rule, &name);
    }
}
