//! What `mpor spn` prints: an exchange's risk parameter file in short, or whole as JSON.

use std::path::Path;

use mpor::spn::{self, SpnTables};
use mpor::{Column, MporError};
use serde_json::{Map, Value, json};

use crate::text::{line, path as clean, table};

/// Reads a file, writes its tables where a folder is given, and prints what is in it.
pub fn run(file: &Path, out: Option<&Path>, as_json: bool) -> Result<(), MporError> {
    let read = spn::read(file)?;
    let written = out.map(|folder| read.write(folder)).transpose()?.unwrap_or_default();
    if as_json {
        println!("{}", whole(&read));
        return Ok(());
    }
    let (arrays, spreads) = (read.arrays.rows(), read.spreads.rows());
    println!(
        "SPAN {} of {}: {arrays} contracts, {spreads} spreads\n",
        line(&read.format),
        line(&read.date)
    );
    println!("{}", commodities(&read));
    for (element, count) in &read.skipped {
        println!("- <{}> passed over {count} times", line(element));
    }
    for problem in &read.not_applied {
        println!("- not applied: {}", line(problem));
    }
    for path in written {
        println!("Written to {}", clean(&path));
    }
    Ok(())
}

fn commodities(read: &SpnTables) -> String {
    let columns = read.commodities.columns();
    let header: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let rows: Vec<Vec<String>> = (0..read.commodities.rows())
        .map(|row| columns.iter().map(|(_, column)| text(&cell(column, row))).collect())
        .collect();
    table(&header, &rows)
}

fn cell(column: &Column, row: usize) -> Value {
    match column {
        Column::Number(values) => json!(values[row]),
        Column::Count(values) => json!(values[row]),
        Column::Text(values) => json!(values[row]),
        Column::Label(values) => json!(values.get(row)),
        Column::Time(values) => json!(values[row]),
        Column::Flag(values) => json!(values[row]),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn whole(read: &SpnTables) -> Value {
    let mut all = Map::new();
    all.insert("date".to_owned(), json!(read.date));
    all.insert("format".to_owned(), json!(read.format));
    for table in read.tables() {
        let row = |row: usize| -> Value {
            let cells = table.columns().iter();
            Value::Object(cells.map(|(name, column)| (name.clone(), cell(column, row))).collect())
        };
        all.insert(table.name().to_owned(), (0..table.rows()).map(row).collect());
    }
    all.insert(
        "skipped".to_owned(),
        read.skipped
            .iter()
            .map(|(name, count)| json!({ "element": name, "count": count }))
            .collect(),
    );
    all.insert("not_applied".to_owned(), json!(read.not_applied));
    Value::Object(all)
}
