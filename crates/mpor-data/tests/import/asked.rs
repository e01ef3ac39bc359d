//! What a file does not say is asked, with the evidence, and nothing is written before it is answered.

use crate::desk::Desk;

#[test]
fn funding_at_three_eleven_and_nineteen() {
    let desk = Desk::new();
    let file = desk.write(
        "f.csv",
        "Symbol,Date,Funding Rate\nBTC,2024-01-01 03:00:00.000,0.0001\nBTC,2024-01-01 11:00:00.002,-0.0002\n\
         BTC,2024-01-01 19:00:00.000,0.0001\nBTC,2024-01-02 03:00:00.001,0.0003\n",
    );
    let asked = desk.refused(&file, "table = \"funding\"\nsource = \"x\"");
    assert_eq!(
        asked,
        "2 things have to be known that the input does not say\n\
         \x20 f.csv: time zone: the times in `Date` carry no offset\n\
         \x20   seen:  payments are at 03:00, 11:00, 19:00; venues pay at 00:00, 08:00, 16:00 UTC, so the clock is +03:00 (or -05:00 or +11:00)\n\
         \x20   seen:  3 of 3 neighbours are 8h apart\n\
         \x20   seen:  the stamps run from 2024-01-01T03:00:00 to 2024-01-02T03:00:00.001\n\
         \x20   guess: +03:00\n\
         \x20   pass:  --time-zone UTC, an offset such as +03:00, or a place such as America/New_York\n\
         \x20 f.csv: interval of funding: no column says how long a rate is for\n\
         \x20   seen:  3 of 3 neighbours are 8h apart\n\
         \x20   guess: 8h\n\
         \x20   pass:  --interval 8h, or --map interval_hours=COLUMN\n\
         --confirm accepts the guesses above and records them in the report"
    );
    assert!(!desk.path("out.parquet").exists() && !desk.path("out.parquet.parts").exists());
    let (table, report) = desk.table(&file, "table = \"funding\"\nsource = \"x\"\nconfirm = true");
    assert_eq!(
        table,
        "time,symbol,source,rate,interval_hours\n2024-01-01T00:00:00Z,BTC,x,0.0001,8.0\n\
         2024-01-01T08:00:00Z,BTC,x,-0.0002,8.0\n2024-01-01T16:00:00Z,BTC,x,0.0001,8.0\n\
         2024-01-02T00:00:00Z,BTC,x,0.0003,8.0\n"
    );
    assert_eq!(
        (report.files[0].changed[0].what.as_str(), report.files[0].changed[0].rows),
        ("time rounded to a multiple of 1s", 2)
    );
}

#[test]
fn a_clock_without_any_evidence_has_no_guess() {
    let desk = Desk::new();
    let file = desk
        .write("p.csv", "time,close\n2024-01-05 00:00,1\n2024-01-05 01:00,2\n2024-01-05 02:00,3\n");
    let keys = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nconfirm = true";
    let asked = desk.refused(&file, keys);
    assert!(asked.contains("stamp of a bar") && asked.contains("time zone"), "{asked}");
    assert!(!asked.contains("guess:"), "{asked}");
    assert!(asked.ends_with("2 of these have none and must be stated"), "{asked}");
}

#[test]
fn a_file_named_for_its_month_shows_open_stamps() {
    let desk = Desk::new();
    let days = |first: u32, count: u32| {
        let day = |at: u32| match first + at {
            day @ ..=29 => format!("2024-02-{day:02} 00:00,{day}\n"),
            day => format!("2024-03-{:02} 00:00,{day}\n", day - 29),
        };
        (0..count).map(day).collect::<String>()
    };
    let keys = "table = \"prices\"\nsource = \"x\"";
    let opens = desk.write("XYZ-1d-2024-02.csv", &format!("time,close\n{}", days(1, 29)));
    let asked = desk.refused(&opens, keys);
    assert!(asked.contains("its stamps begin with it and end 1d before its end\n"), "{asked}");
    assert!(asked.contains("guess: open\n") && asked.contains("guess: XYZ\n"), "{asked}");
    let closes = desk.write("XYZ-1d-2024-02.csv", &format!("time,close\n{}", days(2, 29)));
    let asked = desk.refused(&closes, keys);
    assert!(asked.contains("its stamps begin 1d into it and end with it\n"), "{asked}");
    assert!(asked.contains("guess: close\n"), "{asked}");
}

#[test]
fn vols_of_forty_four_look_like_points() {
    let desk = Desk::new();
    let file = desk.write(
        "v.csv",
        "time,value\n2024-01-01T08:00:00Z,44.5\n2024-01-02T08:00:00Z,46\n2024-01-03T08:00:00Z,41\n",
    );
    let keys = "table = \"vol_index\"\nsymbol = \"BTC\"\nstamp = \"close\"\n";
    let more = "[set]\ntenor_days = \"30\"";
    let asked = desk.refused(&file, &format!("{keys}{more}"));
    assert!(
        asked.contains("the median of `value` is 44.5, which looks like points (44.5 % a year)"),
        "{asked}"
    );
    let (table, report) = desk.table(&file, &format!("{keys}vol_unit = \"points\"\n{more}"));
    assert_eq!(
        table,
        "time,underlying,tenor_days,iv\n2024-01-01T08:00:00Z,BTC,30.0,0.445\n\
         2024-01-02T08:00:00Z,BTC,30.0,0.46\n2024-01-03T08:00:00Z,BTC,30.0,0.41\n"
    );
    assert_eq!(report.files[0].changed[0].what, "volatilities divided by 100");
    let asked = desk.refused(&file, keys);
    assert!(asked.contains("--map tenor_days=COLUMN, or --set tenor_days=VALUE"), "{asked}");
}

#[test]
fn day_and_month_that_could_be_either_are_asked() {
    let desk = Desk::new();
    let file = desk.write("p.csv", "time,close\n03/04/2024 10:00,1\n04/04/2024 10:00,2\n");
    let keys = "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nstamp = \"close\"\ntime_zone = \"UTC\"\n";
    let asked = desk.refused(&file, keys);
    assert!(
        asked.contains("day and month: in `03/04/2024 10:00` either could come first"),
        "{asked}"
    );
    let (table, _) = desk.table(&file, &format!("{keys}time_format = \"%m/%d/%Y %H:%M\""));
    assert!(table.contains("2024-03-04T10:00:00Z") && table.contains("2024-04-04T10:00:00Z"));
}

#[test]
fn options_that_cannot_be_used_are_told_with_what_can() {
    let desk = Desk::new();
    let file = desk.write("p.csv", "time,close\n1577836800,1\n");
    let keys = "symbol = \"X\"\nsource = \"x\"\nstamp = \"close\"\n";
    assert_eq!(
        desk.refused(&file, keys),
        "say which table to make: --table, one of prices, funding, vol_index, option_marks, chains, instruments"
    );
    assert!(
        desk.refused(&file, &format!("{keys}table = \"trades\""))
            .contains("--table trades is not imported; known: prices")
    );
    let map = format!("{keys}table = \"prices\"\n[map]\nclose = \"Last\"");
    assert_eq!(
        desk.refused(&file, &map),
        "p.csv: --map close=Last: there is no column `Last`; there is time, close"
    );
    let map = format!("{keys}table = \"prices\"\n[map]\nlast = \"close\"");
    assert!(
        desk.refused(&file, &map)
            .contains("`prices` has no column `last`; it has time, symbol, source")
    );
    let format = format!("{keys}table = \"prices\"\nformat = \"deribit-instruments\"");
    assert!(
        desk.refused(&file, &format)
            .contains("deribit-instruments files do not hold `prices`; pass --table instruments")
    );
    let none = desk.write("n.csv", "time,close\n1577836800,x\n1577836801,y\n");
    assert_eq!(
        desk.refused(&none, &format!("{keys}table = \"prices\"")),
        "n.csv: none of its 2 rows can be used: `close` is not a number (2 rows, first row 2: `x`)"
    );
    for (name, bytes, told) in [
        ("a.csv", &[0x1f, 0x8b, 8, 0][..], "a.csv"),
        ("b.csv", b"PK\x03\x04", "a zip archive that cannot be read"),
        ("c.csv", &[0xff, 0xfe, b't', 0], "save it as UTF-8 first"),
        ("d.csv", b"", "it is empty"),
        ("e.csv", b"one\ntwo\n", "no line with two cells or more"),
    ] {
        std::fs::write(desk.path(name), bytes).unwrap();
        let path = desk.path(name).to_string_lossy().into_owned();
        let refused = desk.refused(&path, &format!("{keys}table = \"prices\""));
        assert!(refused.contains(told), "{refused}");
    }
}
