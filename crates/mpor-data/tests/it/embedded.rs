//! The datasets in `data/`: their hashes, rows, known defects and remaking.

use std::fs;
use std::path::Path;

use mpor_core::{Action, Finding};
use mpor_data::describe::describe;
use mpor_data::embedded::{RECIPES, rebuild, verify};
use mpor_data::metadata::datasets;
use mpor_data::{Policies, Query, checks, raw, series};

use crate::{collected, data, time};

fn findings(glob: &str) -> Vec<Finding> {
    let query = Query::all([data().join(glob).to_string_lossy()]);
    let all =
        if glob.starts_with("vol-index") { raw::vol_index(&query) } else { raw::prices(&query) };
    all.unwrap().values().flat_map(|raw| checks::findings(raw, &Policies::default())).collect()
}

#[test]
fn the_hashes_hold() {
    verify(&data()).unwrap();
    assert_eq!(datasets(&data()).unwrap().len(), RECIPES.len());
}

#[test]
fn a_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("vol-index");
    fs::create_dir(&copy).unwrap();
    for name in ["metadata.toml", "vol_index.parquet"] {
        fs::copy(data().join("vol-index").join(name), copy.join(name)).unwrap();
    }
    let (_, dataset) = datasets(&copy).unwrap().remove(0);
    dataset.verify(&copy).unwrap();
    let mut bytes = fs::read(copy.join("vol_index.parquet")).unwrap();
    bytes[100] ^= 1;
    fs::write(copy.join("vol_index.parquet"), bytes).unwrap();
    let error = dataset.verify(&copy).unwrap_err().to_string();
    assert!(error.contains("SHA-256 is"), "{error}");
    fs::write(copy.join("extra.parquet"), "x").unwrap();
    fs::copy(data().join("vol-index/vol_index.parquet"), copy.join("vol_index.parquet")).unwrap();
    let error = dataset.verify(&copy).unwrap_err().to_string();
    assert!(error.ends_with("not listed in metadata.toml"), "{error}");
}

#[test]
fn everything_is_remade_to_the_same_bytes() {
    let Some(collected) = collected() else {
        println!("skipped: the collected files are not beside this checkout");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    rebuild(&collected, folder.path()).unwrap();
    for (path, dataset) in datasets(&data()).unwrap() {
        let remade = folder.path().join(&dataset.name);
        let files = dataset.file.iter().map(|file| file.path.as_str());
        for file in files.chain(["metadata.toml"]) {
            assert!(same(&path.join(file), &remade.join(file)), "{}/{file} differs", dataset.name);
        }
    }
}

fn same(a: &Path, b: &Path) -> bool {
    fs::read(a).unwrap() == fs::read(b).unwrap()
}

/// Rows, gaps and extremes as the collection's own report gives them, found there with another program (polars in
/// Python); it stamps bars at their open, an hour before ours.
#[test]
fn rows_gaps_and_extremes_are_those_reported() {
    let all = describe(&data()).unwrap();
    let of = |symbol: &str| all.iter().find(|summary| summary.symbol == symbol).unwrap();
    let rows: usize = all.iter().map(|summary| summary.rows).sum();
    assert_eq!(rows, 73_266 + 23_398 + 177_580 + 9_580 + 49_882 + 2_120);
    let reported = [
        ("BTC/USDT", 64_482, 170, "2020-03-12T11:00", -0.201, "2020-03-13T03:00", 0.1603),
        ("ETH/USDT", 8_784, 0, "2024-08-05T02:00", -0.0857, "2024-05-20T20:00", 0.0881),
        ("SPX", 18_367, 0, "1987-10-19T21:00", -0.229, "2008-10-13T21:00", 0.1096),
        ("NASDAQ_COMP", 5_031, 0, "2000-04-14T21:00", -0.1017, "2001-01-03T21:00", 0.1325),
        ("RRC", 8_313, 0, "1990-04-10T21:00", -1.0989, "1998-10-19T21:00", 0.4283),
        ("MTUM", 2_264, 0, "2020-03-16T21:00", -0.132, "2020-03-24T21:00", 0.1012),
        ("SPX 30d", 1_259, 0, "2017-04-24T21:00", -0.2998, "2018-02-05T21:00", 0.7682),
        ("WTI_SPOT_FRED", 8_321, 0, "1991-01-17T21:00", -0.4064, "1986-08-04T21:00", 0.1915),
        ("EUR/USD", 7_126, 0, "2008-12-19T13:15", -0.0474, "2000-09-22T13:15", 0.042),
    ];
    for (symbol, rows, missing, worst_at, worst, best_at, best) in reported {
        let summary = of(symbol);
        assert_eq!((summary.rows, summary.missing), (rows, missing), "{symbol}");
        let (at, value) = summary.worst.unwrap();
        assert_eq!(at, time(worst_at), "{symbol}");
        assert!((value - worst).abs() < 6e-5, "{symbol}: {value}");
        let (at, value) = summary.best.unwrap();
        assert_eq!(at, time(best_at), "{symbol}");
        assert!((value - best).abs() < 6e-5, "{symbol}: {value}");
    }
    assert_eq!(of("BTC/USDT").licence, "MIT");
}

#[test]
fn bars_are_stamped_when_they_are_known() {
    let query =
        Query::all([data().join("crypto/prices/*.parquet").to_string_lossy()]).of(["BTC/USDT"]);
    let loaded = series::prices(&query, &Policies::default()).unwrap();
    let bars = &loaded.value["BTC/USDT"];
    // The first bar of the archive opens at 04:00.
    assert_eq!(bars.closes.times[0], time("2017-08-17T05:00"));
    assert_eq!((bars.open[0], bars.closes.values[0]), (Some(4261.48), 4308.83));
}

#[test]
fn the_checks_find_the_known_defects_and_nothing_else() {
    let crypto = findings("crypto/prices/*.parquet");
    assert!(crypto.iter().all(|finding| finding.code == "D001" && finding.symbol == "BTC/USDT"));
    assert_eq!(crypto.iter().map(|finding| finding.count).sum::<usize>(), 170);
    // The outage of 2018-02-08: no bar opens on the hour from 01:00 of the 8th to 03:00 of the 11th, by hand 23 + 24 + 24 + 4.
    let longest = crypto.iter().max_by_key(|finding| finding.count).unwrap();
    assert_eq!((longest.count, longest.from), (75, time("2018-02-08T01:00")));
    assert_eq!(longest.action, Action::Carry);

    for clean in ["equity-index", "fx", "commodity"] {
        assert_eq!(findings(&format!("{clean}/prices/*.parquet")), [], "{clean}");
    }
    assert_eq!(findings("vol-index/vol_index.parquet"), []);

    let panel = findings("equity-panel/prices/*.parquet");
    assert!(panel.iter().all(|finding| finding.code == "D005" && finding.symbol == "RRC"));
    assert_eq!(panel.iter().map(|finding| finding.count).max(), Some(69));
    let (first, last) = (panel.iter().map(|f| f.from).min(), panel.iter().map(|f| f.to).max());
    assert!(first >= Some(time("1990-01-02")) && last < Some(time("1993-01-01")), "{last:?}");
}

#[test]
fn nothing_wrong_reaches_the_default_policies() {
    let every = "{crypto,equity-index,equity-panel,fx,commodity}";
    for folder in every.trim_matches(['{', '}']).split(',') {
        let query = Query::all([data().join(folder).join("prices").to_string_lossy()]);
        assert!(series::prices(&query, &Policies::default()).is_ok(), "{folder}");
    }
}
