//! Index rules: the shipped ones by hand, the laws that all of them keep, and rule files of a user's own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod files;
mod laws;
mod shipped;

use mpor_core::{Span, Timestamp};
use mpor_data::cadence::Cadence;
use mpor_data::index::{Index, IndexLibrary, IndexSource, Validity, build};
use mpor_data::series::Series;

/// A second after the start.
fn at(second: i64) -> Timestamp {
    "2025-10-10T21:00".parse::<Timestamp>().unwrap() + Span(second * 1_000_000)
}

/// A source with prices by second.
fn source(name: &str, rows: &[(i64, f64)]) -> IndexSource {
    let series = Series {
        symbol: "BTC/USD".to_owned(),
        source: name.to_owned(),
        place: format!("{name}.parquet"),
        cadence: Cadence::Irregular,
        times: rows.iter().map(|row| at(row.0)).collect(),
        values: rows.iter().map(|row| row.1).collect(),
    };
    IndexSource { series, weight: None, absent: Vec::new() }
}

/// The only version of a shipped rule.
fn shipped(name: &str) -> Vec<Validity> {
    let library = IndexLibrary::embedded().unwrap();
    let versions = library.versions(name);
    assert_eq!(versions.len(), 1, "{name}");
    vec![mpor_data::index::validity(&versions[0])]
}

fn index(rule: &[Validity], sources: &[IndexSource]) -> Index {
    build("BTC index", rule, sources).unwrap()
}
