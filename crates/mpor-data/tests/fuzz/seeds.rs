//! Good files: every table as several writers lay it out.

use std::path::Path;

use mpor_core::{Column, Span, Table};
use mpor_data::schema::{Kind, Schema};
use mpor_data::tables::{Metadata, csv_text, write_parquet};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::time;

const ROWS: usize = 40;

/// A table with every column of its schema and a value in every cell.
pub fn table(name: &str) -> Table {
    let schema = Schema::named(name).unwrap();
    let columns = schema.columns.iter().map(|spec| {
        let rows = 0..ROWS;
        let column = match (spec.kind, spec.name) {
            (Kind::Time, "expiry") => Column::times(rows.map(|_| time("2021-06-25T08:00"))),
            (Kind::Time, _) => {
                Column::times(rows.map(|row| time("2020-01-01") + Span::hours(row as i64)))
            }
            (Kind::Flag, _) => Column::Flag(vec![Some(false); ROWS]),
            (Kind::Number, "tenor_days") => Column::numbers(rows.map(|_| 30.0)),
            (Kind::Number, "interval_hours") => Column::numbers(rows.map(|_| 8.0)),
            (Kind::Number, _) => Column::numbers(rows.map(|row| 100.0 + (row * row % 7) as f64)),
            (Kind::Text, "right") => Column::texts(rows.map(|_| "call")),
            (Kind::Text, "kind") => Column::texts(rows.map(|_| "option")),
            (Kind::Text, "moneyness") => Column::texts(rows.map(|_| "strike")),
            (Kind::Text, "instrument") => Column::texts(rows.map(|row| format!("BTC-{row}"))),
            (Kind::Text, _) => Column::texts(rows.map(|_| "BTC")),
        };
        (spec.name, column)
    });
    Table::new(name, columns.collect::<Vec<_>>()).unwrap()
}

/// The table as mpor writes it, and in the layouts of other tools: plain and packed, with and without dictionaries, in both
/// versions of pages, in one row group and in several.
pub fn parquet(table: &Table, folder: &Path) -> Vec<Vec<u8>> {
    let path = folder.join("seed.parquet");
    let metadata = Metadata::from([("study".to_owned(), "0123".to_owned())]);
    write_parquet(table, &path, metadata).unwrap();
    let mut all = vec![std::fs::read(&path).unwrap()];
    let layouts = [
        (Compression::UNCOMPRESSED, true, WriterVersion::PARQUET_1_0, 1_000),
        (Compression::UNCOMPRESSED, false, WriterVersion::PARQUET_2_0, 1_000),
        (Compression::SNAPPY, true, WriterVersion::PARQUET_2_0, 15),
        (Compression::SNAPPY, false, WriterVersion::PARQUET_1_0, 25),
    ];
    for (compression, dictionary, version, group) in layouts {
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(dictionary)
            .set_writer_version(version)
            .set_max_row_group_row_count(Some(group))
            .set_data_page_row_count_limit(10)
            .set_write_batch_size(10)
            .build();
        let file = std::fs::File::open(&path).unwrap();
        let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let mut writer: Option<ArrowWriter<Vec<u8>>> = None;
        for batch in batches.map(Result::unwrap) {
            writer
                .get_or_insert_with(|| {
                    let properties = Some(properties.clone());
                    ArrowWriter::try_new(Vec::new(), batch.schema(), properties).unwrap()
                })
                .write(&batch)
                .unwrap();
        }
        all.push(writer.unwrap().into_inner().unwrap());
    }
    all
}

pub fn csv(table: &Table) -> Vec<Vec<u8>> {
    vec![csv_text(table).unwrap().into_bytes()]
}

/// Hourly klines in the form of Binance's interface.
pub fn klines() -> String {
    let row = |hour: i64| {
        let open = 1_735_689_600_000 + hour * 3_600_000;
        let close = open + 3_599_999;
        format!(
            "[{open},\"100\",\"102\",\"99\",\"101\",\"5\",{close},\"500\",9,\"2\",\"200\",\"0\"]"
        )
    };
    format!("[{}]", (0..20).map(row).collect::<Vec<_>>().join(",\n"))
}
