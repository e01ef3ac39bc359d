//! What the user states about an import, on the command line or in a TOML file beside the data.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use mpor_core::Span;
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::import::error::ImportError;
use crate::import::zone::Zone;
use crate::source;

/// Everything that makes an import reproducible, besides the files themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Files, patterns or folders to read; relative to the spec file.
    pub files: Vec<String>,
    /// The canonical table to make.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The Parquet file to write; relative to the spec file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PathBuf>,
    /// Who wrote the files.
    pub format: Format,
    /// Name of the series, where no column has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Venue or provider, where no column has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How times are written (strftime), where that is not seen at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The clock of times without an offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
    /// What the stamp of a bar is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    /// Length of a bar, or time between funding payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// Time of day, UTC, of expiries that are written as a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_time: Option<Clock>,
    /// Unit of volatilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vol_unit: Option<VolUnit>,
    /// What stands between the cells of a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The decimal sign of a CSV file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<char>,
    /// Times are rounded to a multiple of this; `0s` = never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<Span>,
    /// Which of several different rows for one instant stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Duplicates>,
    /// Whether guesses shown with their evidence are accepted.
    pub confirm: bool,
    /// Columns of the table and the columns of the file they are taken from.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Columns of the table that are one value throughout.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($text => Ok($name::$variant),)*
                    _ => Err(format!("`{text}` is not {}; known: {}", $what, [$($text),*].join(", "))),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($name::$variant => $text,)* })
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> { text.parse() }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String { value.to_string() }
        }
    };
}

words! {
    /// Who wrote a file, which decides what its columns mean.
    Format, "a format" {
        /// Told by the file itself.
        Auto = "auto",
        /// Text in columns, of anyone.
        Csv = "csv",
        /// Binance klines, CSV with or without header, or JSON.
        BinanceKlines = "binance-klines",
        /// Binance funding rates, CSV or JSON.
        BinanceFunding = "binance-funding",
        /// Deribit `get_instruments`, JSON.
        DeribitInstruments = "deribit-instruments",
        /// Deribit `get_book_summary_by_currency`, JSON.
        DeribitChain = "deribit-chain",
        /// freqtrade candles, JSON, feather or CSV.
        Freqtrade = "freqtrade",
        /// Tardis CSV: `derivative_ticker` or `options_chain`.
        Tardis = "tardis",
        /// JSON records of anyone.
        Json = "json",
        /// Parquet or Arrow of anyone.
        Parquet = "parquet",
    }
}

words! {
    /// Unit of volatilities in a file.
    VolUnit, "a unit of volatility" {
        /// 0.44 a year.
        Fraction = "fraction",
        /// 44 (%) a year.
        Percent = "percent",
        /// 44 points a year; the same as percent.
        Points = "points",
    }
}

words! {
    /// Which of several different rows for one series and instant stays. Equal rows are always one.
    Duplicates, "a rule for duplicates" {
        /// All; the data checks list them, and a study refuses them until told otherwise.
        Keep = "keep",
        /// The first in the order of the files.
        First = "first",
        /// The last in the order of the files.
        Last = "last",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro's enums have no default of their own")]
impl Default for Format {
    fn default() -> Self {
        Format::Auto
    }
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Minutes after midnight.
    pub minutes: u32,
}

impl Clock {
    /// Microseconds after midnight.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::from(self.minutes) * 60_000_000
    }
}

impl FromStr for Clock {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(hours, minutes)| {
            Some((hours.parse::<u32>().ok()?, minutes.parse::<u32>().ok()?))
        });
        match parts {
            Some((hours, minutes)) if 60 * hours + minutes <= 1440 && minutes < 60 => {
                Ok(Clock { minutes: 60 * hours + minutes })
            }
            _ => Err(format!("`{text}` is not a time of day such as 08:00")),
        }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// What the stamp of a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Stamp {
    /// Its first instant; the bar is known one interval later.
    Open,
    /// Its end, from which it is known.
    Close,
    /// A date; the value is known at this time of day, on the clock of the time zone.
    At(Clock),
}

impl FromStr for Stamp {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "open" => Ok(Stamp::Open),
            "close" => Ok(Stamp::Close),
            _ => text.parse().map(Stamp::At).map_err(|_| {
                format!("`{text}` is not a stamp; known: open, close, and a time of day such as 16:00 for dates")
            }),
        }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stamp::Open => f.write_str("open"),
            Stamp::Close => f.write_str("close"),
            Stamp::At(clock) => clock.fmt(f),
        }
    }
}

macro_rules! serde_by_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    };
}
serde_by_text!(Stamp);
serde_by_text!(Clock);

impl Serialize for Clock {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Spec {
    /// Reads a spec file; its paths become relative to where the command runs.
    ///
    /// # Errors
    /// [`DataError::Unreadable`], or [`ImportError::Spec`] naming the key.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| DataError::unreadable(&name, error))?;
        let mut spec: Spec = toml::from_str(&text)
            .map_err(|error| ImportError::spec(format!("{name}: {}", error.to_string().trim())))?;
        let base = path.parent().unwrap_or(Path::new(""));
        spec.files = spec.files.iter().map(|file| source::resolve(base, file)).collect();
        spec.to = spec.to.map(|to| base.join(to));
        Ok(spec)
    }

    /// This spec with what another states put over it; columns are put over each other one by one.
    #[must_use]
    pub fn under(mut self, over: Spec) -> Spec {
        self.map.extend(over.map);
        self.set.extend(over.set);
        Spec {
            files: if over.files.is_empty() { self.files } else { over.files },
            table: over.table.or(self.table),
            to: over.to.or(self.to),
            format: if over.format == Format::Auto { self.format } else { over.format },
            symbol: over.symbol.or(self.symbol),
            source: over.source.or(self.source),
            time_format: over.time_format.or(self.time_format),
            time_zone: over.time_zone.or(self.time_zone),
            stamp: over.stamp.or(self.stamp),
            interval: over.interval.or(self.interval),
            expiry_time: over.expiry_time.or(self.expiry_time),
            vol_unit: over.vol_unit.or(self.vol_unit),
            delimiter: over.delimiter.or(self.delimiter),
            decimal: over.decimal.or(self.decimal),
            round: over.round.or(self.round),
            duplicates: over.duplicates.or(self.duplicates),
            confirm: over.confirm || self.confirm,
            map: self.map,
            set: self.set,
        }
    }

    /// The spec as TOML, as it could be given with `--spec`.
    ///
    /// # Errors
    /// [`ImportError::Spec`] for what TOML cannot write.
    pub fn to_toml(&self) -> Result<String, ImportError> {
        toml::to_string(self).map_err(|error| ImportError::spec(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spec_reads_back_as_it_was_written() {
        let text = "files = [\"a.csv\"]\ntable = \"prices\"\nformat = \"csv\"\nstamp = \"16:00\"\ninterval = \"1h\"\ntime_zone = \"+03:00\"\n[map]\ntime = \"Date\"\n";
        let spec: Spec = toml::from_str(text).unwrap();
        assert_eq!(spec.stamp, Some(Stamp::At(Clock { minutes: 960 })));
        assert_eq!(toml::from_str::<Spec>(&spec.to_toml().unwrap()).unwrap(), spec);
    }

    #[test]
    fn the_command_line_goes_over_the_file() {
        let map = |column: &str| BTreeMap::from([("time".to_owned(), column.to_owned())]);
        let file = Spec { table: Some("prices".into()), map: map("Date"), ..Spec::default() };
        let line = Spec { map: map("ts"), confirm: true, ..Spec::default() };
        let both = file.under(line);
        assert_eq!((both.table.as_deref(), both.confirm), (Some("prices"), true));
        assert_eq!(both.map, map("ts"));
    }

    #[test]
    fn what_is_not_an_option_is_told_with_what_would_be() {
        assert_eq!(
            "mid".parse::<Stamp>().unwrap_err(),
            "`mid` is not a stamp; known: open, close, and a time of day such as 16:00 for dates"
        );
        assert!("ftx".parse::<Format>().unwrap_err().contains("known: auto, csv, binance-klines"));
        let odd = toml::from_str::<Spec>("tabel = \"prices\"").unwrap_err().to_string();
        assert!(odd.contains("unknown field `tabel`"), "{odd}");
    }
}
