//! `mpor data import`: its options, and what it prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use mpor::import::{
    Clock, Duplicates, Format, ImportError, Report, Spec, Stamp, VolUnit, Watch, Zone, import,
};
use mpor::{Progress, Span};
use serde_json::json;

use crate::text::{line, path, plain, table};

const EXAMPLES: &str = "Examples:
  mpor data import BTCUSDT-1h-2024-*.csv --table prices --to btc.parquet --symbol BTC/USDT
  mpor data import coinbase.csv --table prices --to x.parquet --source coinbase --time-zone UTC --stamp open --interval 1h
  mpor data import spx.csv.gz --table prices --to spx.parquet --symbol SPX --source yahoo --stamp 16:00 --time-zone America/New_York
  mpor data import funding.csv --table funding --to f.parquet --source binance --interval 8h   (shows what the clock looks like)
  mpor data import --spec import.toml

What a file does not say (zone of its times, open or close stamps, unit of vols) is asked with the evidence; nothing is
written before it is stated or confirmed. The report goes to <to>.import.toml; an interrupted import goes on where it was.";

/// Options of the command; those given go over those of the spec file.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Files, patterns or folders of CSV or JSON files, plain or in gzip or zip, and of Parquet or feather files.
    files: Vec<String>,
    /// Options as a TOML file, its keys those of this command with `_` for `-`.
    #[arg(long)]
    spec: Option<PathBuf>,
    /// Table to make: prices, funding, vol_index, option_marks, chains or instruments.
    #[arg(long)]
    table: Option<String>,
    /// Parquet file to write.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Who wrote the files: auto, csv, json, parquet, binance-klines, binance-funding, deribit-instruments, deribit-chain, freqtrade or tardis.
    #[arg(long, default_value = "auto", hide_default_value = true)]
    format: Format,
    /// Columns of the table and of the file, such as time=Date,close=Last.
    #[arg(long, value_name = "COLUMN=NAME", value_delimiter = ',', value_parser = pair)]
    map: Vec<(String, String)>,
    /// A column that is one value throughout, such as price_unit=coin.
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Name of the series, where no column has it.
    #[arg(long)]
    symbol: Option<String>,
    /// Venue or provider, where no column has it.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// How times are written, such as "%d %b %Y %H:%M".
    #[arg(long, value_name = "STRFTIME")]
    time_format: Option<String>,
    /// Clock of times without an offset: UTC, +03:00, or a place such as America/New_York.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    time_zone: Option<Zone>,
    /// What the stamp of a bar is: open, close, or for dates the time of day at which they are known, such as 16:00.
    #[arg(long)]
    stamp: Option<Stamp>,
    /// Length of a bar, or time between funding payments: 5m, 1h, 1d.
    #[arg(long)]
    interval: Option<Span>,
    /// Time of day, UTC, of expiries written as a date.
    #[arg(long, value_name = "HH:MM")]
    expiry_time: Option<Clock>,
    /// Unit of volatilities: fraction (0.44), percent or points (44).
    #[arg(long, value_name = "UNIT")]
    vol_unit: Option<VolUnit>,
    /// What stands between cells, where it is not found.
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// Decimal sign: . or ,
    #[arg(long, value_name = "SIGN")]
    decimal: Option<char>,
    /// Round times to a multiple of this; 0s = never. Funding payments are rounded to 1s.
    #[arg(long, value_name = "SPAN")]
    round: Option<Span>,
    /// Which of different rows for one instant stays: keep (all), first or last.
    #[arg(long, value_name = "RULE")]
    duplicates: Option<Duplicates>,
    /// Accept the guesses shown with their evidence.
    #[arg(long)]
    confirm: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (column, value) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` is not of the form column=name, such as time=Date"))?;
    Ok((column.trim().to_owned(), value.trim().to_owned()))
}

impl Options {
    fn spec(&self) -> Result<Spec, ImportError> {
        let stated = Spec {
            files: self.files.clone(),
            table: self.table.clone(),
            to: self.to.clone(),
            format: self.format,
            symbol: self.symbol.clone(),
            source: self.source.clone(),
            time_format: self.time_format.clone(),
            time_zone: self.time_zone,
            stamp: self.stamp,
            interval: self.interval,
            expiry_time: self.expiry_time,
            vol_unit: self.vol_unit,
            delimiter: self.delimiter,
            decimal: self.decimal,
            round: self.round,
            duplicates: self.duplicates,
            confirm: self.confirm,
            map: self.map.iter().cloned().collect(),
            set: self.set.iter().cloned().collect(),
        };
        match &self.spec {
            None => Ok(stated),
            Some(path) => Ok(Spec::read(path)?.under(stated)),
        }
    }
}

/// The progress of a run for an import.
struct Shown<'a>(&'a dyn Progress);

impl Watch for Shown<'_> {
    fn begin(&self, stage: &str, total: usize) {
        self.0.begin(stage, total);
    }
    fn advance(&self, units: usize) {
        self.0.advance(units);
    }
    fn end(&self) {
        self.0.end();
    }
}

/// Imports and prints the report.
pub fn run(options: &Options, as_json: bool, progress: &dyn Progress) -> ExitCode {
    match options.spec().and_then(|spec| import(&spec, &Shown(progress))) {
        Ok(report) => {
            if as_json {
                println!("{}", json!(report));
            } else {
                print(&report);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            if let (true, ImportError::Undecided { questions }) = (as_json, &error) {
                println!("{}", json!({ "undecided": questions }));
            }
            eprintln!("mpor: {}", plain(&error.to_string()));
            ExitCode::from(error.exit_code())
        }
    }
}

fn print(report: &Report) {
    let time = |time: &Option<mpor::Timestamp>| time.map(|t| t.to_string()).unwrap_or_default();
    let files: Vec<Vec<String>> = report
        .files
        .iter()
        .map(|file| {
            vec![
                file.file.clone(),
                file.format.clone(),
                file.rows.to_string(),
                (file.rows - file.kept).to_string(),
                file.order.clone(),
                time(&file.from),
                time(&file.to),
            ]
        })
        .collect();
    let header = ["file", "format", "rows", "refused", "order", "from", "to"];
    println!("{}", table(&header, &files));
    for file in &report.files {
        let name = line(&file.file);
        for assumed in &file.assumed {
            let (about, taken) = (line(&assumed.about), line(&assumed.taken));
            println!("{name}: taken: {about}: {taken} ({})", line(&assumed.because));
        }
        for changed in &file.changed {
            println!("{name}: changed: {} ({} rows)", line(&changed.what), changed.rows);
        }
        for refused in &file.refused {
            println!("{name}: refused: {} ({} rows)", line(&refused.reason), refused.rows);
            for sample in &refused.first {
                println!("    {name}:{}: {}", sample.row, line(&sample.found));
            }
        }
    }
    for finding in &report.findings {
        println!(
            "{} {}: {} findings, {} observations",
            finding.code, finding.check, finding.findings, finding.observations
        );
        for first in finding.first.iter().take(3) {
            println!("    {}", line(first));
        }
    }
    let series = report.series.iter().take(5).map(|name| line(name)).collect::<Vec<_>>().join(", ");
    println!(
        "\n{} rows in = {} refused + {} equal duplicates + {} other duplicates left out + {} rows of `{}` written",
        report.rows_in,
        report.rows_refused,
        report.duplicates_equal,
        report.duplicates_left_out,
        report.rows_out,
        report.table,
    );
    if report.duplicates_kept > 0 {
        println!(
            "{} rows share series and instant with another; --duplicates first or last keeps one",
            report.duplicates_kept
        );
    }
    if report.files_resumed > 0 {
        println!("{} files taken over from an interrupted import", report.files_resumed);
    }
    println!("{series}: {} to {}", time(&report.from), time(&report.to_time));
    println!("Written to {0} and {0}.import.toml", path(Path::new(&report.to)));
}
