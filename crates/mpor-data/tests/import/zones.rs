//! Times of a place with summer time.
//!
//! New York is five hours behind UTC in winter and four in summer. In 2024 its clocks went forward on 10 March at 02:00 and
//! back on 3 November at 02:00.

use crate::desk::Desk;

const HEADER: &str = "time,symbol,source,open,high,low,close,volume\n";
const YORK: &str =
    "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\ntime_zone = \"America/New_York\"\n";

#[test]
fn the_offset_follows_the_season() {
    let desk = Desk::new();
    let file = desk.write(
        "a.csv",
        "time,close\n2024-03-08 16:00,1\n2024-03-11 16:00,2\n2024-11-01 16:00,3\n2024-11-04 16:00,4\n",
    );
    let (table, _) = desk.table(&file, &format!("{YORK}stamp = \"close\"\n"));
    let rows = "2024-03-08T21:00:00Z,X,x,,,,1.0,\n2024-03-11T20:00:00Z,X,x,,,,2.0,\n\
                2024-11-01T20:00:00Z,X,x,,,,3.0,\n2024-11-04T21:00:00Z,X,x,,,,4.0,\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
}

#[test]
fn dates_are_known_at_a_time_of_the_place() {
    let desk = Desk::new();
    let file = desk.write("a.csv", "date,close\n2024-03-08,1\n2024-03-11,2\n");
    let (table, report) = desk.table(&file, &format!("{YORK}stamp = \"16:00\"\n"));
    let rows = "2024-03-08T21:00:00Z,X,x,,,,1.0,\n2024-03-11T20:00:00Z,X,x,,,,2.0,\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
    assert_eq!(report.files[0].changed[0].what, "date put at 16:00 America/New_York");
}

#[test]
fn a_day_ends_by_the_clock_of_the_place() {
    // 10 March 2024 has 23 hours there: it begins at 05:00 UTC and ends at 04:00 UTC.
    let desk = Desk::new();
    let file = desk.write("a.csv", "date,close\n2024-03-09,1\n2024-03-10,2\n2024-03-11,3\n");
    let (table, _) = desk.table(&file, &format!("{YORK}stamp = \"open\"\ninterval = \"1d\"\n"));
    let rows = "2024-03-10T05:00:00Z,X,x,,,,1.0,\n2024-03-11T04:00:00Z,X,x,,,,2.0,\n\
                2024-03-12T04:00:00Z,X,x,,,,3.0,\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
}

#[test]
fn times_that_are_no_instant_are_refused_with_their_rows() {
    let desk = Desk::new();
    let file = desk.write(
        "a.csv",
        "time,close\n2024-03-10 01:30,1\n2024-03-10 02:30,2\n2024-03-10 03:30,3\n\
         2024-11-03 00:30,4\n2024-11-03 01:30,5\n2024-11-03 01:30,6\n2024-11-03 02:30,7\n",
    );
    let (table, report) = desk.table(&file, &format!("{YORK}stamp = \"close\"\n"));
    let rows = "2024-03-10T06:30:00Z,X,x,,,,1.0,\n2024-03-10T07:30:00Z,X,x,,,,3.0,\n\
                2024-11-03T04:30:00Z,X,x,,,,4.0,\n2024-11-03T07:30:00Z,X,x,,,,7.0,\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
    let refused = &report.files[0].refused;
    let told: Vec<(u64, u64)> = refused.iter().map(|why| (why.rows, why.first[0].row)).collect();
    assert_eq!(told, [(2, 6), (1, 3)]);
    assert!(refused[0].reason.contains("America/New_York shows twice"), "{}", refused[0].reason);
    assert!(refused[1].reason.contains("America/New_York skips"), "{}", refused[1].reason);
}

#[test]
fn times_with_an_offset_are_what_they_say() {
    let desk = Desk::new();
    let file = desk
        .write("a.csv", "time,close\n2024-11-03 01:30:00-04:00,5\n2024-11-03 01:30:00-05:00,6\n");
    let (table, _) = desk.table(&file, &format!("{YORK}stamp = \"close\"\n"));
    let rows = "2024-11-03T05:30:00Z,X,x,,,,5.0,\n2024-11-03T06:30:00Z,X,x,,,,6.0,\n";
    assert_eq!(table, format!("{HEADER}{rows}"));
}
