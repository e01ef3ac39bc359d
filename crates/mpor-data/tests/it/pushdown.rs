//! What is not asked for is not read: columns, row groups and whole files.

use std::fs;
use std::path::Path;

use mpor_core::{Column, Span, Table};
use mpor_data::tables::{Metadata, TableWriter, read_parquet};
use mpor_data::{Policies, Query, raw, series};

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::{hourly, time, write};

fn query(path: &str) -> Query {
    Query::all([path])
}

/// Overwrites the end of the last page of some column chunks of a file. Headers, which are looked at for all, stay whole.
fn spoil(path: &Path, chunk: impl Fn(usize, &str) -> bool) {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let mut bytes = fs::read(path).unwrap();
    for (index, group) in reader.metadata().row_groups().iter().enumerate() {
        for column in group
            .columns()
            .iter()
            .filter(|column| chunk(index, column.column_path().string().as_str()))
        {
            let (start, length) = column.byte_range();
            let end = usize::try_from(start + length).unwrap();
            bytes[end - 8..end].fill(0xff);
        }
    }
    fs::write(path, bytes).unwrap();
    assert!(read_parquet(path).is_err(), "the file is spoilt");
}

#[test]
fn columns_of_no_table_are_not_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let mut columns = hourly("BTC", "2020-01-01", 10).columns().to_vec();
    columns.push(("desk".to_owned(), Column::texts((0..10).map(|row| format!("desk {row}")))));
    let path = folder.path().join("p.parquet");
    let name = write(&Table::new("prices", columns).unwrap(), &path);
    spoil(&path, |_, column| column == "desk");
    assert_eq!(raw::prices(&query(&name)).unwrap().values().next().unwrap().len(), 10);
}

#[test]
fn row_groups_out_of_range_are_not_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.parquet");
    let mut writer = TableWriter::create(&path, Metadata::new()).unwrap();
    writer.append(&hourly("BTC", "2020-01-01", 24)).unwrap();
    writer.append(&hourly("BTC", "2020-02-01", 24)).unwrap();
    writer.finish().unwrap();
    spoil(&path, |group, _| group == 1);
    let path = path.to_string_lossy().into_owned();
    let january = query(&path).between(time("2020-01-01"), time("2020-01-10"));
    let all = raw::prices(&january).unwrap();
    assert_eq!(all.values().next().unwrap().len(), 24);
    assert!(raw::prices(&query(&path)).is_err());
}

#[test]
fn files_that_their_folders_rule_out_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    for year in [2019, 2020, 2021] {
        let path = folder.path().join(format!("year={year}/part.parquet"));
        write(&hourly("BTC", &format!("{year}-06-01"), 24), &path);
    }
    fs::write(folder.path().join("year=2019/part.parquet"), "not parquet at all").unwrap();
    let other = folder.path().join("year=2020/symbol=ETH");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("part.parquet"), "nor this").unwrap();
    let root = folder.path().to_string_lossy();
    let wanted = query(&root).of(["BTC"]).between(time("2020-03-01"), time("2021-12-31"));
    let all = raw::prices(&wanted).unwrap();
    assert_eq!(all.values().map(raw::RawSeries::len).sum::<usize>(), 48);
    let error = raw::prices(&query(&root)).unwrap_err().to_string();
    assert!(error.contains("year=2019/part.parquet: cannot be read"), "{error}");
}

#[test]
fn a_folder_can_stand_for_a_column() {
    let folder = tempfile::tempdir().unwrap();
    for symbol in ["BTC%2FUSDT", "ETH%2FUSDT"] {
        let table = hourly("ignored", "2020-01-01", 5);
        let columns = table.columns().iter().filter(|(name, _)| name != "symbol").cloned();
        let path = folder.path().join(format!("symbol={symbol}/part.parquet"));
        write(&Table::new("prices", columns.collect::<Vec<_>>()).unwrap(), &path);
    }
    let root = folder.path().to_string_lossy();
    let loaded = series::prices(&query(&root).of(["BTC/USDT"]), &Policies::default()).unwrap();
    assert_eq!(loaded.value.keys().collect::<Vec<_>>(), ["BTC/USDT"]);
    assert_eq!(loaded.value["BTC/USDT"].closes.values, [1.0, 2.0, 3.0, 4.0, 5.0]);
}

#[test]
fn rows_are_cut_to_the_range_and_keep_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&hourly("BTC", "2020-01-01", 48), &folder.path().join("p.parquet"));
    let from = time("2020-01-01T10:00");
    let all = raw::prices(&query(&path).between(from, from + Span::hours(2))).unwrap();
    let series = all.values().next().unwrap();
    assert_eq!(series.times, [from, from + Span::hours(1), from + Span::hours(2)]);
    assert_eq!(series.rows, [11, 12, 13]);
}
