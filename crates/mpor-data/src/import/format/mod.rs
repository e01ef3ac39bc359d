//! Who wrote a file, and what the writer's documentation says that the file does not.
//!
//! One file a writer: how its files are recognised, which of its columns are ours, and the facts that need not be asked.

use std::collections::BTreeMap;

use mpor_core::Span;

use crate::import::error::ImportError;
use crate::import::probe::Probe;
use crate::import::records::Kind;
use crate::import::spec::{Duplicates, Format, Stamp, VolUnit};
use crate::import::zone::Zone;
use crate::schema::Schema;

mod binance;
mod deribit;
mod freqtrade;
mod tardis;

/// Where a column of the table comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Origin {
    /// A column of the file.
    Column(usize),
    /// One value throughout.
    Constant(String),
    /// Worked out of one or two columns of the file.
    Derived(Derived, usize, Option<usize>),
    /// Nothing: the column stays empty.
    Nothing,
}

/// What is worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derived {
    /// The coin in the name of an option.
    OptionCoin,
    /// The expiry in it.
    OptionExpiry,
    /// The strike in it.
    OptionStrike,
    /// The right in it.
    OptionRight,
    /// `coin`, or the currency in it.
    OptionPriceUnit,
    /// Kind of contract, of Deribit's kind and settlement period.
    DeribitKind,
    /// Expiry, of Deribit's expiration and settlement period.
    DeribitExpiry,
    /// Whether Deribit's type of instrument is `reversed`.
    DeribitInverse,
    /// The first column, or the second where it is empty.
    FirstOf,
}

/// Rows that belong to another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// The column does not name an option.
    NotAnOption(usize),
    /// The column says that it is a combination.
    Combination(usize),
    /// The column is empty.
    Empty(usize, &'static str),
}

/// What a writer's files are known to mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    /// Columns of the table.
    pub origins: BTreeMap<&'static str, Origin>,
    /// Clock of times without an offset.
    pub zone: Option<Zone>,
    /// What the stamp of a bar is.
    pub stamp: Option<Stamp>,
    /// Length of a bar.
    pub interval: Option<Span>,
    /// Unit of volatilities.
    pub vol_unit: Option<VolUnit>,
    /// Which of several rows for one instant stays.
    pub duplicates: Option<Duplicates>,
    /// Rows that are not of the table.
    pub left_out: Option<LeftOut>,
    /// The above in words, for the report.
    pub says: Vec<String>,
    /// Whether columns not named here may be found by their usual names.
    pub by_name: bool,
}

impl Layout {
    fn column(&mut self, target: &'static str, column: Option<usize>) {
        if let Some(column) = column {
            self.origins.insert(target, Origin::Column(column));
        }
    }

    fn constant(&mut self, target: &'static str, value: &str) {
        self.origins.insert(target, Origin::Constant(value.to_owned()));
    }

    fn derived(
        &mut self,
        target: &'static str,
        what: Derived,
        of: Option<usize>,
        and: Option<usize>,
    ) {
        if let Some(of) = of {
            self.origins.insert(target, Origin::Derived(what, of, and));
        }
    }

    fn says(&mut self, text: impl Into<String>) {
        self.says.push(text.into());
    }
}

/// The writer of a file: the one stated, or the one that its columns show.
pub(crate) fn detect(probe: &Probe, stated: Format, table: &Schema) -> Result<Format, ImportError> {
    let format = match stated {
        Format::Auto => recognised(probe, table),
        stated => stated,
    };
    let text = matches!(probe.kind, Kind::Csv | Kind::Json);
    let fits = match format {
        Format::Csv => probe.kind == Kind::Csv,
        Format::Json | Format::DeribitInstruments | Format::DeribitChain => {
            probe.kind == Kind::Json || (stated != Format::Json && probe.kind == Kind::Csv)
        }
        Format::BinanceKlines | Format::BinanceFunding => text,
        Format::Tardis => probe.kind == Kind::Csv,
        Format::Parquet => matches!(probe.kind, Kind::Parquet | Kind::Arrow),
        Format::Auto | Format::Freqtrade => true,
    };
    if fits {
        return Ok(format);
    }
    let found = match probe.kind {
        Kind::Csv => "text",
        Kind::Json => "JSON",
        Kind::Parquet => "Parquet",
        Kind::Arrow => "Arrow (feather)",
    };
    Err(ImportError::spec(format!(
        "{}: it is {found}, which is not --format {format}; leave --format out to have it found",
        probe.shown()
    )))
}

fn recognised(probe: &Probe, table: &Schema) -> Format {
    if binance::is_klines(probe) {
        Format::BinanceKlines
    } else if binance::is_funding(probe) {
        Format::BinanceFunding
    } else if deribit::is_instruments(probe) {
        Format::DeribitInstruments
    } else if deribit::is_chain(probe) {
        Format::DeribitChain
    } else if tardis::is_tardis(probe) {
        Format::Tardis
    } else if freqtrade::is_candles(probe, table) {
        Format::Freqtrade
    } else {
        match probe.kind {
            Kind::Csv => Format::Csv,
            Kind::Json => Format::Json,
            Kind::Parquet | Kind::Arrow => Format::Parquet,
        }
    }
}

/// What a writer's documentation says about a file.
pub(crate) fn layout(format: Format, probe: &Probe, table: &Schema) -> Result<Layout, ImportError> {
    let layout = match format {
        Format::BinanceKlines => binance::klines(probe, table),
        Format::BinanceFunding => binance::funding(probe, table),
        Format::DeribitInstruments => deribit::instruments(probe, table),
        Format::DeribitChain => deribit::chain(probe, table),
        Format::Freqtrade => freqtrade::candles(probe, table),
        Format::Tardis => tardis::layout(probe, table),
        Format::Auto | Format::Csv | Format::Json | Format::Parquet => {
            Some(Layout { by_name: true, ..Layout::default() })
        }
    };
    layout.ok_or_else(|| {
        ImportError::spec(format!(
            "{}: {format} files do not hold `{}`; {}",
            probe.shown(),
            table.table,
            holds(format)
        ))
    })
}

fn holds(format: Format) -> &'static str {
    match format {
        Format::BinanceKlines => "pass --table prices",
        Format::BinanceFunding => "pass --table funding",
        Format::DeribitInstruments => "pass --table instruments",
        Format::DeribitChain => "pass --table chains or --table option_marks",
        Format::Freqtrade => "pass --table prices or --table funding",
        Format::Tardis => {
            "derivative_ticker holds funding and prices, options_chain holds chains and option_marks"
        }
        _ => "pass --format csv to map its columns by hand",
    }
}
