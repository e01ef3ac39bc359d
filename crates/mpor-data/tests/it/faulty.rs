//! Files that are wrong, and the messages that say so.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float32Array, RecordBatch,
    TimestampMillisecondArray,
};
use arrow::datatypes::Int32Type;
use mpor_core::{Column, Right, Table};
use mpor_data::positions::{instruments, positions, trades};
use mpor_data::{Policies, Query, chains, raw, series};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{data, hourly, time, write};

/// A message with the folder taken out.
fn told<T: std::fmt::Debug>(folder: &Path, result: Result<T, mpor_data::DataError>) -> String {
    result.unwrap_err().to_string().replace(&*folder.to_string_lossy(), "")
}

fn csv(folder: &Path, text: &str) -> Query {
    let path = folder.join("file.csv");
    fs::write(&path, text).unwrap();
    Query::all([path.to_string_lossy()])
}

#[test]
fn truncated_and_corrupt_parquet_is_an_error_with_the_files_name() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read(data().join("vol-index/vol_index.parquet")).unwrap();
    let path = folder.path().join("bad.parquet");
    let query = Query::all([path.to_string_lossy()]);
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        raw::vol_index(&query)
    };
    for keep in [0, 3, 100, good.len() / 2, good.len() - 1] {
        let message = told(folder.path(), read(&good[..keep]));
        assert!(message.starts_with("/bad.parquet: cannot be read: "), "{keep}: {message}");
    }
    // A flipped byte in the footer or in a page must not stop the program; it may or may not be noticed.
    for position in (4..good.len()).step_by(97) {
        let mut bytes = good.clone();
        bytes[position] ^= 0xff;
        let _ = read(&bytes);
    }
}

#[test]
fn columns_and_types_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.parquet");
    let with = |name: &str, column: Option<Column>, renamed: &str| {
        let table = hourly("BTC", "2020-01-01", 3);
        let columns = table.columns().iter().cloned().map(|(known, old)| {
            if known != name {
                return (known, old);
            }
            (renamed.to_owned(), column.clone().unwrap_or(old))
        });
        let query =
            Query::all([write(&Table::new("p", columns.collect::<Vec<_>>()).unwrap(), &path)]);
        told(folder.path(), raw::prices(&query))
    };
    let missing = with("source", None, "exchange");
    assert!(missing.contains("missing `source`; found `time`, `symbol`, `exchange`"), "{missing}");
    assert!(missing.ends_with("Is `exchange` meant to be `source`? Rename it"), "{missing}");
    let text = with("close", Some(Column::texts(["1", "2", "3"])), "close");
    assert_eq!(text, "/p.parquet: column `close` is text, expected a number");
    let count = with("time", Some(Column::counts([1, 2, 3])), "time");
    assert_eq!(count, "/p.parquet: column `time` is i64, expected timestamp[us, UTC]");
    let hole = with("time", Some(Column::Time(vec![Some(time("2020-01-01")), None, None])), "time");
    assert_eq!(
        hole,
        "/p.parquet: row 2, column `time`: found nothing, expected timestamp[us, UTC]"
    );
    let nameless = with("symbol", Some(Column::Text(vec![None, None, None])), "symbol");
    assert_eq!(nameless, "/p.parquet: row 1, column `symbol`: found nothing, expected text");
}

#[test]
fn a_symbol_that_is_not_there_is_told_with_those_that_are() {
    let query = Query::all([data().join("crypto/prices/*.parquet").to_string_lossy()]).of(["BTC"]);
    let error = series::prices(&query, &Policies::default()).unwrap_err().to_string();
    assert!(error.starts_with("no `BTC` in the prices of "), "{error}");
    assert!(error.ends_with("there is BTC/USDT, ETH/USDT"), "{error}");
}

#[test]
fn one_symbol_of_two_venues_needs_a_choice() {
    let folder = tempfile::tempdir().unwrap();
    let mut query = Query::default();
    for venue in ["a", "b"] {
        let table = hourly("BTC", "2020-01-01", 12);
        let columns = table.columns().iter().cloned().map(|(name, column)| {
            let source = Column::texts((0..12).map(|_| venue));
            if name == "source" { (name, source) } else { (name, column) }
        });
        let path = folder.path().join(format!("{venue}.parquet"));
        query.paths.push(write(&Table::new("p", columns.collect::<Vec<_>>()).unwrap(), &path));
    }
    let message = told(folder.path(), series::prices(&query, &Policies::default()));
    assert!(
        message.starts_with("`BTC` comes from several sources (a, b); keep the files of one"),
        "{message}"
    );
    query.source = Some("b".to_owned());
    let loaded = series::prices(&query, &Policies::default()).unwrap();
    assert_eq!(loaded.value["BTC"].closes.source, "b");
}

#[test]
fn positions_and_trades_come_from_csv() {
    let folder = tempfile::tempdir().unwrap();
    let text = "time,account,instrument,quantity,desk\n\
                2020-03-12T08:00:00Z,alice,BTC-PERP,-1.5,x\n\
                2020-03-13,bob,\"ETH, spot\",2,y\n";
    let rows = positions(&csv(folder.path(), text)).unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].quantity, rows[0].time), (-1.5, time("2020-03-12T08:00")));
    assert_eq!((rows[1].instrument.as_str(), rows[1].time), ("ETH, spot", time("2020-03-13")));
    let text = "time,account,instrument,quantity,price,fee\n2020-03-12,alice,X,1,100,\n";
    assert_eq!(trades(&csv(folder.path(), text)).unwrap()[0].fee, 0.0);
}

#[test]
fn a_bad_cell_is_named_by_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let head = "time,account,instrument,quantity\n2020-03-12,a,X,1\n";
    let read = |line: &str| {
        told(folder.path(), positions(&csv(folder.path(), &format!("{head}{line}\n"))))
    };
    assert_eq!(
        read("2020-03-12,a,X,ten"),
        "/file.csv: row 2, column `quantity`: found `ten`, expected a number"
    );
    assert_eq!(
        read("12.03.2020,a,X,1"),
        "/file.csv: row 2, column `time`: found `12.03.2020`, expected a time such as 2020-03-12T08:00:00Z"
    );
    assert_eq!(
        read("2020-03-12,a,X,nan"),
        "/file.csv: row 2, column `quantity`: found `nan`, expected a number"
    );
    assert_eq!(
        read("2020-03-12,a,X,"),
        "/file.csv: row 2, column `quantity`: found nothing, expected a number"
    );
    assert_eq!(
        read("2020-03-12,,X,1"),
        "/file.csv: row 2, column `account`: found nothing, expected text"
    );
}

#[test]
fn terms_of_contracts_come_from_csv() {
    let folder = tempfile::tempdir().unwrap();
    let head =
        "instrument,kind,underlying,quote,settlement,contract_size,inverse,expiry,strike,right\n";
    let line = "BTC-27MAR20-8000-P,option,BTC,USD,BTC,1,true,2020-03-27T08:00:00Z,8000,P\n";
    let perpetual = "BTC-PERP,perpetual,BTC,USD,USD,1,no,,,\n";
    let rows = instruments(&csv(folder.path(), &format!("{head}{line}{perpetual}"))).unwrap();
    assert_eq!((rows[0].right, rows[0].inverse), (Some(Right::Put), true));
    assert_eq!((rows[1].expiry, rows[1].strike, rows[1].right), (None, None, None));
    let odd = told(
        folder.path(),
        instruments(&csv(folder.path(), &format!("{head}{}", line.replace(",P", ",straddle")))),
    );
    assert_eq!(odd, "/file.csv: row 1, column `right`: found `straddle`, expected call or put");
}

#[test]
fn the_embedded_chains_are_read() {
    let query = Query::all([data().join("option-chains/chains.parquet").to_string_lossy()]);
    let btc = chains::chains(&query.clone().of(["BTC"])).unwrap();
    assert_eq!(btc.len(), 387);
    assert!(btc.iter().all(|quote| quote.price_unit == "coin" && quote.forward.is_some()));
    let calls = btc.iter().filter(|quote| quote.right == Right::Call).count();
    assert!(calls > 100 && calls < 387);
    assert_eq!(chains::chains(&query.of(["SPX"])).unwrap().len(), 348 + 367 + 353 + 373);
}

/// Writes a prices file with one column replaced by an Arrow array that mpor itself would not write.
fn foreign(path: &Path, name: &str, array: ArrayRef) -> Query {
    let rows = array.len();
    let file = fs::File::open(write(&hourly("BTC", "2020-01-01", rows), path)).unwrap();
    let batch = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next();
    let batch = batch.unwrap().unwrap();
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let column = if field.name() == name { array.clone() } else { column.clone() };
        (field.name().clone(), column)
    });
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    Query::all([path.to_string_lossy()])
}

#[test]
fn what_other_tools_write_is_read_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.parquet");
    let between = |query: Query| {
        query.of(["BTC"]).between(time("2020-01-01T01:00"), time("2020-01-01T02:00"))
    };
    let closes = |query: Query| {
        let loaded = series::prices(&between(query), &Policies::default())?;
        Ok(loaded.value["BTC"].closes.values.clone())
    };
    let category: DictionaryArray<Int32Type> = ["BTC", "BTC", "BTC", "ETH"].into_iter().collect();
    assert_eq!(closes(foreign(&path, "symbol", Arc::new(category))), Ok(vec![2.0, 3.0]));
    let single = Float32Array::from(vec![1.5, 2.5, 3.5, 4.5]);
    assert_eq!(closes(foreign(&path, "close", Arc::new(single))), Ok(vec![2.5, 3.5]));
    let hours = [0, 1, 2, 3].map(|hour| time("2020-01-01").0 / 1000 + hour * 3_600_000);
    let millis = TimestampMillisecondArray::from(hours.to_vec());
    let zoned = millis.clone().with_timezone("Europe/Berlin");
    assert_eq!(closes(foreign(&path, "time", Arc::new(zoned))), Ok(vec![2.0, 3.0]));
    let naive = told(folder.path(), closes(foreign(&path, "time", Arc::new(millis))));
    assert!(naive.contains("a time without a zone may be any"), "{naive}");
    let exact = Decimal128Array::from(vec![100, 200, 300, 400]);
    let decimal = told(folder.path(), closes(foreign(&path, "close", Arc::new(exact))));
    assert!(decimal.contains("is decimal") && decimal.contains("expected a number"), "{decimal}");
}
