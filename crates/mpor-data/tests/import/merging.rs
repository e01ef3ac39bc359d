//! Several files and files larger than a run: order, duplicates, and going on after an interruption.

use std::fmt::Write;

use mpor_data::import::Duplicates;

use crate::desk::Desk;

const KEYS: &str = "table = \"prices\"\nsource = \"x\"\nstamp = \"close\"\n";

#[test]
fn files_overlap_and_duplicates_are_counted() {
    let desk = Desk::new();
    let a =
        desk.write("a.csv", "time,symbol,close\n1577840400,X,2\n1577836800,X,1\n1577836800,Y,10\n");
    let b = desk
        .write("b.csv", "time,symbol,close\n1577840400,X,2\n1577836800,X,1.5\n1577844000,A,7\n");
    let rows = |rule: Option<Duplicates>| {
        let mut spec = desk.spec(&a, KEYS);
        spec.files.push(b.clone());
        spec.duplicates = rule;
        let report = desk.import(&spec).unwrap();
        assert!(report.adds_up());
        let table = desk.written();
        let short: Vec<String> = table
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                format!("{} {} {}", cells[1], &cells[0][11..16], cells[6])
            })
            .collect();
        (short, [report.duplicates_equal, report.duplicates_left_out, report.duplicates_kept])
    };
    let (kept, counts) = rows(None);
    assert_eq!(kept, ["A 02:00 7.0", "X 00:00 1.0", "X 00:00 1.5", "X 01:00 2.0", "Y 00:00 10.0"]);
    assert_eq!(counts, [1, 0, 1]);
    let (first, counts) = rows(Some(Duplicates::First));
    assert_eq!(first, ["A 02:00 7.0", "X 00:00 1.0", "X 01:00 2.0", "Y 00:00 10.0"]);
    assert_eq!(counts, [1, 1, 0]);
    let (last, _) = rows(Some(Duplicates::Last));
    assert_eq!(last, ["A 02:00 7.0", "X 00:00 1.5", "X 01:00 2.0", "Y 00:00 10.0"]);
}

#[test]
fn duplicates_that_stay_are_found_by_the_data_checks() {
    let desk = Desk::new();
    let rows: String = (0..30)
        .map(|hour| format!("{},X,{}\n", 1_577_836_800 + 3600 * hour, 1.0 + f64::from(hour)))
        .collect();
    let file = desk.write("a.csv", &format!("time,symbol,close\n{rows}1577840400,X,77\n"));
    let (_, report) = desk.table(&file, KEYS);
    let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert!(codes.contains(&"D002"), "{codes:?}");
    assert_eq!(report.files[0].order, "mixed: 1 of 30 steps go back");
}

/// A price that any row can be checked by.
fn close(minute: u64, series: u64) -> f64 {
    (minute * 31 + series * 7) as f64 / 4.0
}

/// More rows than a run and a row group hold, of three series by turns, the newest first in one file.
#[test]
fn runs_are_merged_into_one_order() {
    let desk = Desk::new();
    const MINUTES: u64 = 120_000;
    let text = |minutes: &mut dyn Iterator<Item = u64>| {
        let mut text = "time,symbol,close\n".to_owned();
        for minute in minutes {
            for series in 0..3 {
                let time = 1_577_836_800 + 60 * minute;
                writeln!(text, "{time},S{series},{}", close(minute, series)).unwrap();
            }
        }
        text
    };
    let old = desk.write("old.csv", &text(&mut (0..MINUTES / 2).rev()));
    let new = desk.write("new.csv", &text(&mut (MINUTES / 2..MINUTES)));
    let mut spec = desk.spec(&new, KEYS);
    spec.files.push(old);
    let report = desk.import(&spec).unwrap();
    assert!(report.adds_up());
    assert_eq!(report.rows_out, 3 * MINUTES);
    assert_eq!(report.files[1].order, "newest first");
    assert!(
        report
            .findings
            .iter()
            .all(|finding| !["D001", "D002", "D004"].contains(&finding.code.as_str())),
        "{:?}",
        report.findings
    );
    let table = mpor_data::tables::read_parquet(&desk.path("out.parquet")).unwrap();
    let times = match table.column("time").unwrap() {
        mpor_core::Column::Time(times) => times,
        other => panic!("{other:?}"),
    };
    let closes = match table.column("close").unwrap() {
        mpor_core::Column::Number(closes) => closes,
        other => panic!("{other:?}"),
    };
    for row in 0..report.rows_out {
        let (series, minute) = (row / MINUTES, row % MINUTES);
        let row = usize::try_from(row).unwrap();
        let seconds = i64::try_from(1_577_836_800 + 60 * minute).unwrap();
        assert_eq!(times[row], Some(mpor_core::Timestamp(1_000_000 * seconds)));
        assert_eq!(closes[row], Some(close(minute, series)));
    }
}

#[test]
fn an_interrupted_import_goes_on_where_it_was() {
    let desk = Desk::new();
    let a = desk.write("a.csv", "time,symbol,close\n1577836800,X,1\n1577840400,X,2\n");
    let b = desk.write("b.csv", "time,symbol,close\n1577844000,X,oops\n");
    let mut spec = desk.spec(&a, KEYS);
    spec.files.push(b);
    let stopped = desk.import(&spec).unwrap_err().to_string();
    assert!(stopped.contains("none of its 1 rows can be used"), "{stopped}");
    assert!(!desk.path("out.parquet").exists());
    assert!(desk.path("out.parquet.parts/00001.toml").exists());

    desk.write("b.csv", "time,symbol,close\n1577844000,X,3\n");
    let report = desk.import(&spec).unwrap();
    assert_eq!((report.files_resumed, report.rows_out), (1, 3));
    let resumed = std::fs::read(desk.path("out.parquet")).unwrap();
    assert!(!desk.path("out.parquet.parts").exists());

    // A whole import from the start gives the same bytes.
    std::fs::remove_file(desk.path("out.parquet")).unwrap();
    let report = desk.import(&spec).unwrap();
    assert_eq!(report.files_resumed, 0);
    assert_eq!(std::fs::read(desk.path("out.parquet")).unwrap(), resumed);
}

#[test]
fn a_part_of_other_bytes_or_another_plan_is_made_again() {
    let desk = Desk::new();
    let a = desk.write("a.csv", "time,symbol,close\n1577836800,X,1\n");
    let b = desk.write("b.csv", "time,symbol,close\n1577844000,X,oops\n");
    let mut spec = desk.spec(&a, KEYS);
    spec.files.push(b);
    desk.import(&spec).unwrap_err();
    desk.write("a.csv", "time,symbol,close\n1577836800,X,5\n");
    desk.write("b.csv", "time,symbol,close\n1577844000,X,3\n");
    let report = desk.import(&spec).unwrap();
    assert_eq!(report.files_resumed, 0);
    assert!(desk.written().contains("2020-01-01T00:00:00Z,X,x,,,,5.0,"));

    desk.write("b.csv", "time,symbol,close\n1577844000,X,oops\n");
    desk.import(&spec).unwrap_err();
    desk.write("b.csv", "time,symbol,close\n1577844000,X,3\n");
    spec.stamp = Some("open".parse().unwrap());
    spec.interval = Some("1h".parse().unwrap());
    let report = desk.import(&spec).unwrap();
    assert_eq!(report.files_resumed, 0);
    assert!(desk.written().contains("2020-01-01T01:00:00Z,X,x,,,,5.0,"));
}
