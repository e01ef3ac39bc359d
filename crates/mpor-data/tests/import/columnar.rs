//! Parquet and feather as pandas and polars write them; see `fixtures/make.py`.

use crate::desk::{Desk, fixture};

const HEADER: &str = "time,symbol,source,open,high,low,close,volume\n";

#[test]
fn an_index_in_new_york_in_nanoseconds_and_categories() {
    let desk = Desk::new();
    let file = fixture("pandas_index_zone_ns_categories.parquet");
    let keys = "table = \"prices\"\nsource = \"x\"\nstamp = \"open\"\ninterval = \"1h\"";
    let (table, _) = desk.table(&file, keys);
    assert_eq!(
        table,
        format!(
            "{HEADER}2024-03-01T01:00:00Z,BTC,x,100.0,102.0,99.0,101.0,10.0\n\
             2024-03-01T02:00:00Z,BTC,x,101.0,103.0,100.5,102.5,0.0\n\
             2024-03-01T03:00:00Z,ETH,x,102.5,103.0,99.5,99.75,12.5\n"
        )
    );
}

#[test]
fn times_without_a_zone_are_asked_in_parquet_too() {
    let desk = Desk::new();
    let file = fixture("pandas_naive.parquet");
    let keys = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nstamp = \"close\"\n";
    let asked = desk.refused(&file, keys);
    assert!(asked.contains("time zone: the times in `date` carry no offset"), "{asked}");
    let (table, _) = desk.table(&file, &format!("{keys}time_zone = \"-05:00\""));
    assert!(table.contains("\n2024-03-01T05:00:00Z,X,x,100.0"), "{table}");
}

#[test]
fn freqtrade_feather_with_both_codecs() {
    for (name, symbol) in
        [("BTC_USDT_USDT-1h-futures.feather", "BTC/USDT:USDT"), ("ETH_USDT-1h.feather", "ETH/USDT")]
    {
        let desk = Desk::new();
        let (table, report) =
            desk.table(&fixture(name), "table = \"prices\"\nsource = \"binance\"");
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 501);
        assert_eq!(
            lines[1],
            format!("2024-03-01T01:00:00Z,{symbol},binance,100.0,102.0,99.0,101.0,0.0")
        );
        // 500 hours after the first midnight of March is 20:00 on the 21st.
        assert_eq!(
            lines[500],
            format!("2024-03-21T20:00:00Z,{symbol},binance,599.0,601.0,598.0,600.0,499.0")
        );
        assert_eq!(report.files[0].format, "freqtrade");
    }
}

#[test]
fn polars_types() {
    let desk = Desk::new();
    let (table, report) = desk
        .table(&fixture("polars.parquet"), "table = \"prices\"\nsource = \"x\"\nstamp = \"close\"");
    assert_eq!(
        table,
        format!(
            "{HEADER}2024-03-01T00:00:00Z,BTC,x,,,,101.0,10.0\n2024-03-01T01:00:00Z,BTC,x,,,,102.5,0.0\n"
        )
    );
    assert_eq!(report.files[0].refused[0].reason, "`symbol` is empty");
    let keys = "table = \"vol_index\"\nsymbol = \"SPX\"\nstamp = \"21:00\"\ntime_zone = \"UTC\"\nvol_unit = \"points\"\n[set]\ntenor_days = \"30\"";
    let (table, _) = desk.table(&fixture("polars_dates.arrow"), keys);
    assert_eq!(
        table,
        "time,underlying,tenor_days,iv\n2024-03-01T21:00:00Z,SPX,30.0,0.4411\n2024-03-04T21:00:00Z,SPX,30.0,0.455\n"
    );
}
