//! Faulty history on its way through a study: refused with its row, mended from another source, counted in the results.

use mpor::run::run;
use mpor::{Loaded, MporError, Silent, StudyFile};
use mpor_core::{Column, Table};
use mpor_data::tables::read_parquet;

use crate::folder::files;
use crate::lab::{HOURS, Lab, Market, STUDY};

/// A market with some closes changed, under the name of a source.
fn prices(market: &Market, source: &str, change: impl Fn(&str, usize, f64) -> f64) -> Table {
    let mut market = market.clone();
    for (symbol, closes) in &mut market.series {
        for (hour, close) in closes.iter_mut().enumerate() {
            *close = change(symbol, hour, *close);
        }
    }
    let table = market.table();
    let rows = table.rows();
    let columns = table.columns().iter().cloned().map(|(name, column)| {
        let column =
            if name == "source" { Column::texts((0..rows).map(|_| source)) } else { column };
        (name, column)
    });
    Table::new("prices", columns.collect::<Vec<_>>()).unwrap()
}

fn study(lab: &Lab, policy: &str) -> StudyFile {
    let asked = format!("funding = \"data/funding.parquet\"\npolicy = {{ {policy} }}\n");
    let text = STUDY
        .replace("data/prices.parquet", "data/prices*.parquet")
        .replace("funding = \"data/funding.parquet\"\n", &asked);
    StudyFile::read(&lab.text("study.toml", &text)).unwrap()
}

fn refused(lab: &Lab, policy: &str) -> MporError {
    match Loaded::new(&study(lab, policy)) {
        Ok(_) => unreachable!("{policy} lets it through"),
        Err(error) => error,
    }
}

/// West Texas oil closed at -37.63 on 2020-04-20; here a close of the made-up market does.
#[test]
fn a_price_below_zero_is_refused_with_its_row_and_what_to_do() {
    let lab = Lab::new();
    let oil = |symbol: &str, hour: usize, close: f64| {
        if symbol == "ETH/USDT" && (1000..1002).contains(&hour) { -37.63 } else { close }
    };
    lab.write(&prices(&Market::made_up(), "made up", oil), "data/prices.parquet");
    let row = 2 * HOURS + 1000 + 1;
    for (policy, wanted) in [
        (
            "",
            vec!["D006 non-positive: ETH/USDT in ", "2 at or below zero from 2021-02-11T16:00:00Z"],
        ),
        (
            "D006 = \"mark\"",
            vec![
                "the price of ETH/USDT at 2021-02-11T16:00:00Z is -37.63",
                "Log returns, relative shocks and Black-76 exist above zero only",
                "set D006 under [data.policy] to `carry`",
            ],
        ),
    ] {
        let error = refused(&lab, policy);
        assert_eq!(error.exit_code(), 3);
        let told = error.to_string();
        assert!(told.contains(&format!("row {row}:")), "{told}");
        assert!(wanted.iter().all(|part| told.contains(part)), "{told}");
        assert!(!told.contains("more like it"), "{told}");
    }
    let carried = Loaded::new(&study(&lab, "D006 = \"carry\"")).unwrap();
    let found = carried.market.findings.iter().find(|finding| finding.code == "D006").unwrap();
    assert_eq!((found.count, found.row), (2, Some(row)));
}

#[test]
fn rows_taken_from_another_source_give_what_good_rows_give_and_are_counted() {
    let lab = Lab::new();
    let market = Market::made_up();
    let truth = |_: &str, _: usize, close: f64| close;
    lab.write(&prices(&market, "made up", truth), "data/prices.parquet");
    run(&study(&lab, ""), &lab.path("runs/good"), &Silent).unwrap();
    // Twelve hours of bitcoin are those of a day before, and the second venue has them right.
    let copied = |symbol: &str, hour: usize, close: f64| {
        let copy = symbol == "BTC/USDT" && (3000..3012).contains(&hour);
        if copy { market.close(symbol, hour - 24) } else { close }
    };
    lab.write(&prices(&market, "made up", copied), "data/prices.parquet");
    let error = refused(&lab, "").to_string();
    assert!(error.contains("D009 repeated-block: BTC/USDT in "), "{error}");
    let error = refused(&lab, "D009 = { prefer = \"second\" }").to_string();
    assert!(error.contains("the files have BTC/USDT from `made up` alone"), "{error}");
    lab.write(&prices(&market, "second", truth), "data/prices-second.parquet");
    let error = refused(&lab, "D009 = { prefer = \"third\" }").to_string();
    assert!(error.contains("comes from several sources (made up, second)"), "{error}");
    let folder = lab.path("runs/mended");
    run(&study(&lab, "D009 = { prefer = \"second\" }"), &folder, &Silent).unwrap();
    let (good, mended) = (files(&lab.path("runs/good")), files(&folder));
    for table in ["requirements.parquet", "losses.parquet", "breaches.parquet"] {
        assert_eq!(good[table], mended[table], "{table}");
    }
    let counted = read_parquet(&folder.join("data_quality.parquet")).unwrap();
    let text = |name: &str| match counted.column(name) {
        Some(Column::Text(texts)) => texts.clone().into_iter().flatten().collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let count = |name: &str| match counted.column(name) {
        Some(Column::Count(counts)) => counts.clone().into_iter().flatten().collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let row = text("code").iter().position(|code| code == "D009").unwrap();
    assert_eq!(
        (text("symbol")[row].as_str(), text("action")[row].as_str()),
        ("BTC/USDT", "prefer")
    );
    assert_eq!(
        (count("year")[row], count("findings")[row], count("observations")[row]),
        (2021, 1, 12)
    );
}
