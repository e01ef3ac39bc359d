//! Files in gzip and zip, read as they are.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::desk::Desk;

const KEYS: &str =
    "table = \"prices\"\nsymbol = \"X\"\nsource = \"x\"\nstamp = \"close\"\ntime_zone = \"UTC\"\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn archive(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

impl Desk {
    fn packed(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name).to_string_lossy().into_owned()
    }
}

/// Seven thousand hours: more than are looked at before the plan is made, and more than a buffer.
fn rows() -> String {
    let line = |hour: u32| format!("{},{}.5\n", 1_577_836_800 + 3_600 * hour, 100 + hour % 83);
    std::iter::once("time,close\n".to_owned()).chain((0..7_000).map(line)).collect()
}

#[test]
fn packed_or_not_the_table_is_the_same() {
    let desk = Desk::new();
    let text = rows();
    let (plain, _) = desk.table(&desk.write("a.csv", &text), KEYS);
    assert_eq!(plain.lines().count(), 7_001);
    let hidden: (&str, &[u8]) = ("__MACOSX/._a.csv", b"of a computer");
    for (name, bytes) in [
        ("a.csv.gz", gzip(text.as_bytes())),
        ("a.zip", archive(&[("a.csv", text.as_bytes())], CompressionMethod::Deflated)),
        ("b.zip", archive(&[("a.csv", text.as_bytes())], CompressionMethod::Stored)),
        ("c.zip", archive(&[("a.csv", text.as_bytes()), hidden], CompressionMethod::Deflated)),
    ] {
        let (table, report) = desk.table(&desk.packed(name, &bytes), KEYS);
        assert_eq!(table, plain, "{name}");
        assert_eq!(report.files[0].bytes, bytes.len() as u64, "{name}");
        assert_eq!(report.files[0].blake3, blake3::hash(&bytes).to_hex().to_string());
    }
}

#[test]
fn json_in_gzip_is_json() {
    let desk = Desk::new();
    let text = br#"[{"time": 1577836800, "close": 1.5}, {"time": 1577840400, "close": 2.5}]"#;
    let (table, _) = desk.table(&desk.packed("a.json.gz", &gzip(text)), KEYS);
    assert!(table.ends_with("2020-01-01T01:00:00Z,X,x,,,,2.5,\n"), "{table}");
}

#[test]
fn the_month_in_a_packed_name_is_evidence() {
    let desk = Desk::new();
    let lines: String = (0..744)
        .map(|hour| format!("2024-01-{:02} {:02}:00,1.{hour}\n", 1 + hour / 24, hour % 24))
        .collect();
    let file =
        desk.packed("BTCUSDT-1h-2024-01.csv.gz", &gzip(format!("time,close\n{lines}").as_bytes()));
    let told = desk.refused(&file, "table = \"prices\"\nsource = \"x\"\ntime_zone = \"UTC\"\n");
    assert!(told.contains("guess: open"), "{told}");
    assert!(told.contains("guess: BTCUSDT"), "{told}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let desk = Desk::new();
    let text = rows();
    let two: [(&str, &[u8]); 2] = [("a.csv", text.as_bytes()), ("b.csv", text.as_bytes())];
    let told =
        desk.refused(&desk.packed("two.zip", &archive(&two, CompressionMethod::Deflated)), KEYS);
    assert!(told.contains("two.zip") && told.contains("2 files (a.csv, b.csv, ...)"), "{told}");
    let told =
        desk.refused(&desk.packed("none.zip", &archive(&[], CompressionMethod::Stored)), KEYS);
    assert!(told.contains("the zip archive holds no file"), "{told}");
    // One digit changed behind the archive's back.
    let mut bytes = archive(&[("a.csv", text.as_bytes())], CompressionMethod::Stored);
    let at = bytes.windows(6).rposition(|six| six == b"00,128").unwrap();
    bytes[at + 3] = b'9';
    let told = desk.refused(&desk.packed("damaged.zip", &bytes), KEYS);
    assert!(told.contains("the checksum of the file in the archive does not fit"), "{told}");
    let cut = gzip(text.as_bytes());
    let told = desk.refused(&desk.packed("cut.csv.gz", &cut[..cut.len() / 2]), KEYS);
    assert!(told.contains("cut.csv.gz"), "{told}");
    let twice = gzip(&gzip(text.as_bytes()));
    let told = desk.refused(&desk.packed("twice.csv.gz", &twice), KEYS);
    assert!(told.contains("packed twice"), "{told}");
    let told = desk.refused(&desk.packed("p.parquet.gz", &gzip(b"PAR1 and so on")), KEYS);
    assert!(told.contains("Parquet or feather file in an archive"), "{told}");
}

/// A file of a few kilobytes that unpacks to hundreds of megabytes stops early and fills nothing.
#[test]
fn a_bomb_is_stopped_while_it_is_read() {
    let desk = Desk::new();
    let row = b"1577836800,1.5\n";
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"time,close\n").unwrap();
    for _ in 0..80 {
        encoder.write_all(&row.repeat((1 << 20) / row.len())).unwrap();
    }
    let bytes = encoder.finish().unwrap();
    assert!(bytes.len() < 400_000, "{}", bytes.len());
    let told = desk.refused(&desk.packed("bomb.csv.gz", &bytes), KEYS);
    assert!(told.contains("unpack to more than 200 times as many"), "{told}");
    assert!(!desk.path("out.parquet").exists());
}
