//! CSV of any naming, order, clock and punctuation.

use crate::desk::Desk;

const HEADER: &str = "time,symbol,source,open,high,low,close,volume\n";

#[test]
fn newest_first_with_a_comment_and_hours_of_am_and_pm() {
    let desk = Desk::new();
    let file = desk.write(
        "a.csv",
        "Times are UTC,https://archive.example\ndate,symbol,open,high,low,close,volume_btc,volume\n\
         2020-05-01 01-PM,BTCUSD,11,13,10,12,2,24\n\
         2020-05-01 12-PM,BTCUSD,10,12,9,11,3,33\n\
         2020-05-01 11-AM,BTCUSD,9,11,8,10,1,10\n",
    );
    let keys = "table = \"prices\"\nsource = \"somewhere\"\nstamp = \"open\"\nconfirm = true";
    let (table, report) = desk.table(&file, keys);
    let rows = "2020-05-01T12:00:00Z,BTCUSD,somewhere,9.0,11.0,8.0,10.0,1.0\n\
                2020-05-01T13:00:00Z,BTCUSD,somewhere,10.0,12.0,9.0,11.0,3.0\n\
                2020-05-01T14:00:00Z,BTCUSD,somewhere,11.0,13.0,10.0,12.0,2.0\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
    assert_eq!(report.files[0].order, "newest first");
    let taken = |about: &str| {
        let told = report.files[0].assumed.iter().find(|told| told.about == about).unwrap();
        (told.taken.clone(), told.because.clone())
    };
    // 24 / 2, 33 / 3 and 10 / 1 are the closes, so `volume` is in dollars.
    assert_eq!(taken("column volume"), ("volume_btc".into(), "confirmed".into()));
    assert_eq!(taken("time zone"), ("UTC".into(), "confirmed".into()));
    assert_eq!(taken("length of a bar"), ("1h".into(), "confirmed".into()));
}

#[test]
fn semicolons_decimal_commas_and_days_first() {
    let desk = Desk::new();
    let file = desk.write(
        "a.csv",
        "Datum;Zeit Schluss;Hoch\n13.01.2020 17:30;\"12,5\";13,25\n14.01.2020 17:30;12,75;13\n",
    );
    let keys = "table = \"prices\"\nsymbol = \"DAX\"\nsource = \"x\"\nstamp = \"close\"\n\
                time_zone = \"+01:00\"\ndecimal = \",\"\n[map]\ntime = \"Datum\"\nclose = \"Zeit Schluss\"\nhigh = \"Hoch\"\n";
    let (table, _) = desk.table(&file, keys);
    let rows =
        "2020-01-13T16:30:00Z,DAX,x,,13.25,,12.5,\n2020-01-14T16:30:00Z,DAX,x,,13.0,,12.75,\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
}

#[test]
fn every_clock_gives_the_same_table() {
    let keys = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nstamp = \"close\"\n";
    let expected =
        format!("{HEADER}2020-01-01T00:00:00Z,X,x,,,,1.5,\n2020-01-01T01:00:00Z,X,x,,,,2.5,\n");
    for (first, second, more) in [
        ("1577836800", "1577840400", ""),
        ("1577836800000", "1577840400000", ""),
        ("1577836800000000", "1577840400000000", ""),
        ("1577836800000000000", "1577840400000000000", ""),
        ("2020-01-01T00:00:00Z", "2020-01-01T01:00:00Z", ""),
        ("2019-12-31 14:00:00-10:00", "2019-12-31 15:00:00-10:00", ""),
        ("2020-01-01 03:00", "2020-01-01 04:00", "time_zone = \"+03:00\""),
        (
            "01 Jan 2020 00:00",
            "01 Jan 2020 01:00",
            "time_zone = \"UTC\"\ntime_format = \"%d %b %Y %H:%M\"",
        ),
        ("12/31/2019 07:00 PM", "12/31/2019 08:00 PM", "time_zone = \"-05:00\""),
    ] {
        let desk = Desk::new();
        let file = desk.write("a.csv", &format!("t|close\n{first}|1.5\n{second}|2.5\n"));
        let (table, _) = desk.table(&file, &format!("{keys}{more}"));
        assert_eq!(table, expected, "{first}");
    }
}

#[test]
fn dates_are_known_when_the_user_says() {
    let text = "Date,Close/Last\n01/31/2020,\"$100\"\n02/03/2020,101.5\n";
    let keys = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\n";
    let desk = Desk::new();
    let file = desk.write("a.csv", text);
    let session = format!("{keys}stamp = \"16:00\"\ntime_zone = \"-05:00\"");
    let (table, report) = desk.table(&file, &session);
    assert_eq!(table, format!("{HEADER}2020-02-03T21:00:00Z,X,x,,,,101.5,\n"));
    let refused = &report.files[0].refused;
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].reason.as_str(), refused[0].rows), ("`close` is not a number", 1));
    assert_eq!((refused[0].first[0].row, refused[0].first[0].found.as_str()), (2, "`$100`"));
    let around = format!("{keys}stamp = \"open\"\ninterval = \"1d\"\ntime_zone = \"UTC\"");
    let (table, _) = desk.table(&file, &around);
    assert_eq!(table, format!("{HEADER}2020-02-04T00:00:00Z,X,x,,,,101.5,\n"));
}

#[test]
fn rows_that_cannot_be_used_are_counted_by_reason() {
    let desk = Desk::new();
    let file = desk.write(
        "a.csv",
        "time,symbol,close\n2020-01-01T00:00:00Z,X,1\n2020-01-01T01:00:00Z,X,NaN\n\
         2020-01-01T02:00:00Z,X,\n2020-01-01T03:00:00Z,X,inf\nlater,X,5\n2020-01-01T05:00:00Z,X\n\
         2020-01-01T06:00:00,X,7\n,X,8\n2020-01-01T08:00:00Z,,9\n2020-01-01T09:00:00Z,X,10\n",
    );
    let (table, report) = desk
        .table(&file, "table = \"prices\"\nsource = \"x\"\nstamp = \"close\"\ntime_zone = \"UTC\"");
    let rows = "2020-01-01T00:00:00Z,X,x,,,,1.0,\n2020-01-01T06:00:00Z,X,x,,,,7.0,\n2020-01-01T09:00:00Z,X,x,,,,10.0,\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
    let refused: Vec<(&str, u64, u64)> = report.files[0]
        .refused
        .iter()
        .map(|refused| (refused.reason.as_str(), refused.rows, refused.first[0].row))
        .collect();
    assert_eq!(
        refused,
        [
            ("`close` is empty", 2, 3),
            ("`close` is not a number", 1, 5),
            ("`symbol` is empty", 1, 10),
            ("`time` cannot be read", 1, 6),
            ("`time` is empty", 1, 9),
            ("it does not have 3 cells", 1, 7),
        ]
    );
    assert_eq!((report.rows_in, report.rows_refused, report.rows_out), (10, 7, 3));
}

#[test]
fn a_spec_file_makes_the_same_bytes_as_its_options() {
    let desk = Desk::new();
    let file = desk.write("raw/a.csv", "t,close\n1577836800,1.5\n1577840400,2.5\n");
    let keys = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nstamp = \"close\"\n";
    let (table, _) = desk.table(&file, keys);
    let path = desk
        .write("import.toml", &format!("files = [\"raw/*.csv\"]\nto = \"again.parquet\"\n{keys}"));
    let spec = mpor_data::import::Spec::read(std::path::Path::new(&path)).unwrap();
    desk.import(&spec).unwrap();
    let again = mpor_data::tables::read_parquet(&desk.path("again.parquet")).unwrap();
    assert_eq!(mpor_data::tables::csv_text(&again).unwrap().replace("\r\n", "\n"), table);
    let report = std::fs::read_to_string(desk.path("again.parquet.import.toml")).unwrap();
    assert!(report.contains("[[files]]") && report.contains("blake3 = "), "{report}");
    let metadata = mpor_data::tables::read_parquet_metadata(&desk.path("again.parquet")).unwrap();
    assert!(metadata["mpor.import.spec"].contains("stamp = \"close\""));
    // BLAKE3 of the file's bytes by the reference implementation, which the dependency is.
    let hash = blake3::hash("t,close\n1577836800,1.5\n1577840400,2.5\n".as_bytes()).to_hex();
    assert!(metadata["mpor.import.sources"].starts_with(hash.as_str()));
}

#[test]
fn dates_with_an_offset_are_midnight_there() {
    let keys = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nstamp = \"16:00\"\ntime_zone = \"-05:00\"";
    let expected = format!("{HEADER}2024-01-02T21:00:00Z,X,x,,,,1.5,\n");
    for stamp in ["2024-01-02 00:00:00-05:00", "2024-01-02T00:00:00Z", "2024-01-02"] {
        let desk = Desk::new();
        let file = desk.write("a.csv", &format!("Date,Close\n{stamp},1.5\n"));
        assert_eq!(desk.table(&file, keys).0, expected, "{stamp}");
    }
}

#[test]
fn commas_between_thousands_are_no_decimal_signs() {
    let keys =
        "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nstamp = \"close\"\nconfirm = true";
    let desk = Desk::new();
    let thousands = desk.write("a.csv", "time;close\n1577836800;1,234\n1577840400;2,345\n");
    let asked = desk.refused(&thousands, keys);
    assert!(asked.contains("decimal sign") && !asked.contains("guess:"), "{asked}");
    let decimals = desk.write("b.csv", "time;close\n1577836800;1,23\n1577840400;2,345\n");
    assert!(desk.table(&decimals, keys).0.ends_with("X,x,,,,2.345,\n"));
}
