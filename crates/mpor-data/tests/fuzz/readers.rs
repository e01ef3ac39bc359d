//! What is read, and by what.

use std::path::Path;

use mpor_data::describe::summarise;
use mpor_data::import::{Spec, Stamp, Watch, import};
use mpor_data::raw::RawSeriesBySymbol;
use mpor_data::tables::{read_parquet, read_parquet_metadata};
use mpor_data::{DataError, Policies, Query, chains, checks, positions, raw, series};

use crate::{seeds, time};

/// One kind of file and its reader.
pub struct Target {
    pub group: &'static str,
    pub name: &'static str,
    pub extension: &'static str,
    /// Whether lines and numbers are changed as well as bytes.
    pub text: bool,
    /// Good files.
    pub seeds: fn(&Path) -> Vec<Vec<u8>>,
    /// Reads a file; the message of a refusal.
    pub read: fn(&Path) -> Result<(), String>,
}

macro_rules! table {
    ($name:literal, $read:expr) => {
        [
            Target {
                group: "parquet",
                name: $name,
                extension: "parquet",
                text: false,
                seeds: |folder| seeds::parquet(&seeds::table($name), folder),
                read: |path| told(path, $read),
            },
            Target {
                group: "csv",
                name: $name,
                extension: "csv",
                text: true,
                seeds: |_| seeds::csv(&seeds::table($name)),
                read: |path| told(path, $read),
            },
        ]
    };
}

/// Every kind of file.
pub fn targets() -> Vec<Target> {
    let tables = [
        table!("prices", |query| {
            series::prices(query, &lenient()).map(drop)?;
            examined("prices", raw::prices(query)?, query, raw::prices)
        }),
        table!("funding", |query| {
            series::funding(query, &lenient()).map(drop)?;
            examined("funding", raw::funding(query)?, query, raw::funding)
        }),
        table!("vol_index", |query| {
            series::vol_index(query, &lenient()).map(drop)?;
            examined("vol_index", raw::vol_index(query)?, query, raw::vol_index)
        }),
        table!("rates", |query| {
            series::rates(query, &lenient()).map(drop)?;
            examined("rates", raw::rates(query)?, query, raw::rates)
        }),
        table!("option_marks", |query| chains::option_marks(query).map(drop)),
        table!("chains", |query| chains::chains(query).map(drop)),
        table!("vols", |query| chains::vols(query).map(drop)),
        table!("positions", |query| positions::positions(query).map(drop)),
        table!("trades", |query| positions::trades(query).map(drop)),
        table!("collateral", |query| positions::collateral(query).map(drop)),
        table!("instruments", |query| positions::instruments(query).map(drop)),
    ];
    tables.into_iter().flatten().chain(others()).collect()
}

fn others() -> [Target; 5] {
    [
        Target {
            group: "parquet",
            name: "results",
            extension: "parquet",
            text: false,
            seeds: |folder| seeds::parquet(&seeds::table("trades"), folder),
            read: |path| {
                let read = read_parquet(path).map(drop);
                read.and(read_parquet_metadata(path).map(drop)).map_err(|error| error.to_string())
            },
        },
        Target {
            group: "import",
            name: "parquet",
            extension: "parquet",
            text: false,
            seeds: |folder| seeds::parquet(&seeds::table("prices"), folder),
            read: imported,
        },
        Target {
            group: "import",
            name: "csv",
            extension: "csv",
            text: true,
            seeds: |_| seeds::csv(&seeds::table("prices")),
            read: imported,
        },
        Target {
            group: "import",
            name: "feather",
            extension: "feather",
            text: false,
            seeds: |_| vec![include_bytes!("../import/fixtures/ETH_USDT-1h.feather").to_vec()],
            read: imported,
        },
        Target {
            group: "import",
            name: "json",
            extension: "json",
            text: true,
            seeds: |_| vec![seeds::klines().into_bytes()],
            read: imported,
        },
    ]
}

fn told(path: &Path, read: fn(&Query) -> Result<(), DataError>) -> Result<(), String> {
    read(&Query::all([path.to_string_lossy()])).map_err(|error| error.to_string())
}

/// Findings are noted and nothing is refused for them.
fn lenient() -> Policies {
    let codes = checks::codes();
    let text: String = codes.iter().map(|code| format!("{code} = \"mark\"\n")).collect();
    toml::from_str(&text).unwrap()
}

/// What `describe` and `check` do with the series, and a reading of a part.
fn examined(
    table: &str,
    all: RawSeriesBySymbol,
    query: &Query,
    read: fn(&Query) -> Result<RawSeriesBySymbol, DataError>,
) -> Result<(), DataError> {
    let findings = checks::findings_of_all(&all, &Policies::default());
    assert!(findings.iter().all(|finding| !finding.detail.is_empty()));
    all.values().for_each(|series| drop(summarise(table, series)));
    let some = query.clone().of(["BTC"]);
    read(&some.between(time("2020-01-01T05:00"), time("2020-01-01T09:00"))).map(drop)
}

fn imported(path: &Path) -> Result<(), String> {
    let spec = Spec {
        files: vec![path.to_string_lossy().into_owned()],
        table: Some("prices".to_owned()),
        to: Some(path.with_file_name("out.parquet")),
        symbol: Some("X".to_owned()),
        source: Some("made up".to_owned()),
        stamp: (!is(path, "json") && !is(path, "feather")).then_some(Stamp::Close),
        confirm: true,
        ..Spec::default()
    };
    import(&spec, &Unwatched).map(drop).map_err(|error| error.to_string())
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _stage: &str, _total: usize) {}
    fn advance(&self, _units: usize) {}
    fn end(&self) {}
}
