//! A first study of one's own data: what series there are, over which range and at which step, written as a commented study that
//! runs as it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mpor_core::{Action, Span, Timestamp};
use mpor_data::cadence::is_weekend;
use mpor_data::checks;
use mpor_data::raw::{self, RawSeries, RawSeriesBySymbol};
use mpor_data::tables::write_bytes;
use mpor_data::{DataError, Policies, Query};

use crate::error::MporError;
use crate::manifest::relative;

/// Fewest days of prices that a study is written for.
const FEWEST_DAYS: i64 = 60;
/// Most series that a first study takes up.
const MOST_SERIES: usize = 5;
/// Quote currencies that count as a dollar.
const DOLLARS: [&str; 7] = ["USD", "USDT", "USDC", "DAI", "BUSD", "FDUSD", "TUSD"];

/// What a first study is made of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Folder of the study; made if need be.
    pub folder: PathBuf,
    /// Prices in the schema `prices`, Parquet or CSV.
    pub prices: String,
    /// Snapshots of positions; two example portfolios are written where absent.
    pub positions: Option<String>,
    /// Terms of the contracts that positions name.
    pub instruments: Option<String>,
}

/// A series that becomes an underlying.
struct Found {
    /// Name of the underlying.
    name: String,
    symbol: String,
    quote: String,
}

/// Writes `study.toml` and gives its path.
///
/// # Errors
/// [`MporError`] for prices that cannot be read or are too few, and for a study that is there already.
pub fn init(wanted: &Wanted) -> Result<PathBuf, MporError> {
    let path = wanted.folder.join("study.toml");
    if path.exists() {
        let problem = "is there already: move it, or name another folder";
        return Err(MporError::folder(&path, problem));
    }
    if wanted.positions.is_some() != wanted.instruments.is_some() {
        let problem = "--positions and --instruments go together: the table of instruments says what the names in the positions stand for";
        return Err(MporError::Question(problem.to_owned()));
    }
    let series = raw::prices(&Query::all([wanted.prices.clone()]))
        .map_err(|error| foreign(error, &wanted.prices))?;
    let folder = |error: std::io::Error| MporError::folder(&wanted.folder, error);
    std::fs::create_dir_all(&wanted.folder).map_err(folder)?;
    let text = study(wanted, &series)?;
    write_bytes(&path, text.as_bytes())?;
    Ok(path)
}

/// What to do about prices of another form.
fn foreign(error: DataError, prices: &str) -> MporError {
    match error {
        DataError::MissingColumns { .. } => MporError::Question(format!(
            "{error}\nmake a canonical table of it first: mpor data import {prices} --table prices --to prices.parquet"
        )),
        DataError::NoFiles { pattern } => {
            MporError::Question(format!("no file matches `{pattern}`"))
        }
        other => other.into(),
    }
}

fn study(wanted: &Wanted, series: &RawSeriesBySymbol) -> Result<String, MporError> {
    let mut used: Vec<&RawSeries> = series.values().collect();
    used.sort_by_key(|series| std::cmp::Reverse(series.len()));
    used.truncate(MOST_SERIES);
    used.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    let first = used.iter().filter_map(|series| series.times.iter().min()).max().copied();
    let last = used.iter().filter_map(|series| series.times.iter().max()).min().copied();
    let (Some(first), Some(last)) = (first, last) else {
        return Err(MporError::Question(format!("{}: no row of prices", wanted.prices)));
    };
    let days = (last - first).0 / Span::days(1).0;
    if days < FEWEST_DAYS {
        return Err(MporError::Question(format!(
            "{}: the series share {days} days, from {first} to {last}; a study needs {FEWEST_DAYS} at least",
            wanted.prices
        )));
    }
    let found = underlyings(&used);
    let quotes: BTreeSet<&str> = found.iter().map(|found| found.quote.as_str()).collect();
    let currency = match quotes.iter().next() {
        Some(only) if quotes.len() == 1 && !DOLLARS.contains(only) => only,
        _ => "USD",
    };
    let window = (days / 3).clamp(30, 365);
    let mut text = String::new();
    text.push_str(&head(wanted, currency));
    text.push_str(&policies(series));
    text.push_str(&rates(&quotes, currency));
    text.push_str(&calendar(&used, first));
    found.iter().for_each(|found| text.push_str(&underlying(found, currency)));
    if wanted.positions.is_none() {
        text.push_str(&portfolios(&found));
    }
    text.push_str(&models(window, last));
    Ok(text)
}

/// A text as TOML writes it, whatever is in it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn head(wanted: &Wanted, currency: &str) -> String {
    let seen = |path: &str| quoted(&relative(Path::new(path), &wanted.folder));
    let mut text = format!(
        "# A first study: would these margin models have covered the losses of these positions?
# Check it with `mpor check`, run it with `mpor run`; `mpor schema` says what else can be written.
schema = 1
name = \"study\"                       # also the run's folder: runs/study
currency = \"{currency}\"                    # what margin and losses are stated in
seed = 1                             # of the random streams; the same seed gives the same bytes

[data]
prices = {}
",
        seen(&wanted.prices)
    );
    if let (Some(positions), Some(instruments)) = (&wanted.positions, &wanted.instruments) {
        let (positions, instruments) = (seen(positions), seen(instruments));
        text.push_str(&format!("positions = {positions}\ninstruments = {instruments}\n"));
    }
    text
}

/// What the data checks found that would stop a run, each let pass with what was found.
fn policies(series: &RawSeriesBySymbol) -> String {
    let findings = checks::findings_of_all(series, &Policies::default());
    let stopping: BTreeSet<(&str, &str)> = findings
        .iter()
        .filter(|finding| finding.action == Action::Fail)
        .map(|finding| (finding.code, finding.check))
        .collect();
    if stopping.is_empty() {
        return String::new();
    }
    let line = |(code, check): (&str, &str)| {
        let count = findings.iter().filter(|finding| finding.code == code).count();
        format!(
            "{code} = \"carry\"                     # {check}: {count} found; see `mpor data check`\n"
        )
    };
    let lines: String = stopping.into_iter().map(line).collect();
    format!(
        "\n[data.policy]                        # the last good value stands, and is counted; \"fail\" stops\n{lines}"
    )
}

fn rates(quotes: &BTreeSet<&str>, currency: &str) -> String {
    let others = quotes.iter().filter(|quote| **quote != currency);
    let line = |quote: &&str| {
        let known =
            if DOLLARS.contains(quote) { "held constant" } else { "SET THIS: held constant" };
        format!(
            "{} = 1.0                           # value of one in {currency}, {known}\n",
            key(quote)
        )
    };
    let lines: String = others.map(line).collect();
    if lines.is_empty() { lines } else { format!("\n[fx]\n{lines}") }
}

/// A bare key where it can be one.
fn key(name: &str) -> String {
    let bare =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { quoted(name) }
}

fn calendar(used: &[&RawSeries], first: Timestamp) -> String {
    let weekends = used.iter().any(|series| series.times.iter().any(|time| is_weekend(*time)));
    let from = (first + Span::days(1)).date();
    if !weekends {
        return format!(
            "
[calendar]
kind = \"trading_days\"                # the days on which the first underlying has a price
from = \"{from}\"                  # models that need more history start later, and the report says so

[mpor]
horizon = \"2d\"                       # how long until a defaulter's positions are closed: trading days
loss = \"horizon\"                     # the loss at its end; or \"worst\", on the way
"
        );
    }
    format!(
        "
[calendar]
kind = \"24x7\"
step = \"1d\"
cut = \"00:00\"                        # time of day of the margin run, UTC
from = \"{from}\"                  # models that need more history start later, and the report says so

[mpor]
horizon = \"2d\"                       # how long until a defaulter's positions are closed: days, or hours such as \"48h\"
loss = \"horizon\"                     # the loss at its end; or \"worst\", on the way
"
    )
}

/// `BTC/USDT` is BTC in USDT; other symbols stand for themselves, in the reporting currency.
fn underlyings(used: &[&RawSeries]) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for series in used {
        let pair = series
            .symbol
            .split_once('/')
            .filter(|(base, quote)| !base.is_empty() && !quote.is_empty());
        let (base, quote) = match pair {
            Some((base, quote)) => (base, quote.split(':').next().unwrap_or(quote)),
            None => (series.symbol.as_str(), "USD"),
        };
        let taken = all.iter().any(|found| found.name == base);
        let name = if taken { series.symbol.clone() } else { base.to_owned() };
        all.push(Found { name, symbol: series.symbol.clone(), quote: quote.to_owned() });
    }
    all
}

fn underlying(found: &Found, currency: &str) -> String {
    let Found { name, symbol, quote } = found;
    let (name, symbol) = (quoted(name), quoted(symbol));
    let quote =
        if quote == currency { String::new() } else { format!("quote = {}\n", quoted(quote)) };
    format!(
        "\n[[underlying]]\nname = {name}\nprices = {symbol}                  # the series in the prices table\n{quote}"
    )
}

fn portfolios(found: &[Found]) -> String {
    let rule = |name: &str, underlying: &str, notional: i64| {
        let underlying = quoted(underlying);
        format!(
            "\n[[portfolio]]\nname = \"{name}\"\nrule = {{ outright = {{ underlying = {underlying}, contract = \"perpetual\", roll = \"7d\", notional = {notional} }} }}\n"
        )
    };
    let Some(first) = found.first() else { return String::new() };
    let mut text = "\n# --- books by rule; `data.positions` takes your own instead\n".to_owned();
    text.push_str(&rule("long", &first.name, 1_000_000));
    text.push_str(&rule("short", &first.name, -1_000_000));
    if let Some(second) = found.get(1) {
        let (long, short) = (quoted(&second.name), quoted(&first.name));
        text.push_str(&format!(
            "\n[[portfolio]]\nname = \"pair\"\nrule = {{ spread = {{ long = {long}, short = {short}, contract = \"perpetual\", roll = \"7d\", notional = 1_000_000 }} }}\n"
        ));
    }
    text
}

fn models(window: i64, last: Timestamp) -> String {
    format!(
        "
# --- models; `mpor models` lists kinds and overlays, `mpor rules` those of venues

[[model]]
name = \"isolated\"                    # each position by itself: what the others are compared with
rules = \"generic/isolated\"
as_of = \"{}\"
baseline = true

[[model]]
name = \"historical\"                  # the worst of the last {window} days, at 99 %
kind = \"var\"
level = 0.99
scenarios = {{ historical = {{ window = {window} }} }}

[[model]]
name = \"filtered\"                    # the same, scaled to today's volatility, with a buffer against procyclicality
kind = \"var\"
level = 0.99
scenarios = {{ filtered = {{ window = {window}, volatility = {{ ewma = 0.97 }} }} }}
overlays = [{{ buffer = {{ share = 0.25 }} }}]

[backtest]
level = 0.99                         # the coverage that models are tested against

[report]
formats = [\"pdf\", \"png\"]
",
        last.date()
    )
}
