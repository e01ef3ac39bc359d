//! From a look at a file to a plan, or to the questions that stand in its way.
//!
//! What the user states is taken. What the writer's documentation says is taken and told. Everything else that matters is a
//! [`Question`] with the evidence there is; with `--confirm` the guesses are taken and told.

use mpor_core::Span;

use crate::import::aliases::{candidates, folded};
use crate::import::cell::Cell;
use crate::import::error::ImportError;
use crate::import::evidence::{self, Fit, Stamps};
use crate::import::format::{self, Layout, Origin};
use crate::import::plan::{Known, Plan, VOLS};
use crate::import::probe::Probe;
use crate::import::question::Question;
use crate::import::report::Assumed;
use crate::import::spec::{Duplicates, Format, Spec, Stamp, VolUnit};
use crate::import::time::{self, Order, TimeForm};
use crate::import::zone::Zone;
use crate::schema::{ColumnSpec, Empty, Kind, Schema};

/// What a look at a file comes to.
pub(crate) struct Examined {
    /// How it is read, if no question is open.
    pub plan: Plan,
    /// What was taken to be so without the user's word.
    pub assumed: Vec<Assumed>,
    /// What is open.
    pub open: Vec<Question>,
}

/// The state of an examination.
struct Examination<'a> {
    probe: &'a Probe,
    spec: &'a Spec,
    table: Schema,
    layout: Layout,
    assumed: Vec<Assumed>,
    open: Vec<Question>,
}

/// Tables whose rows are bars, which can be stamped at either end.
const BARS: &[&str] = &["prices", "vol_index"];
/// Where volatilities in points begin: 3 is 300 % a year.
const LARGEST_FRACTION: f64 = 3.0;
/// Payments are stamped up to a few milliseconds late.
const PAYMENT_ROUNDING: Span = Span(1_000_000);

/// Examines a file.
pub(crate) fn examine(probe: &Probe, spec: &Spec, table: Schema) -> Result<Examined, ImportError> {
    check_columns(spec, &table)?;
    let format = format::detect(probe, spec.format, &table)?;
    let layout = format::layout(format, probe, &table)?;
    let mut examination =
        Examination { probe, spec, table, layout, assumed: Vec::new(), open: Vec::new() };
    let plan = examination.plan(format)?;
    let Examination { assumed, open, .. } = examination;
    Ok(Examined { plan, assumed, open })
}

/// Refuses columns that the table does not have.
fn check_columns(spec: &Spec, table: &Schema) -> Result<(), ImportError> {
    let known = |name: &String| table.columns.iter().any(|column| column.name == name);
    let all =
        spec.map.keys().map(|name| ("--map", name)).chain(spec.set.keys().map(|n| ("--set", n)));
    for (option, name) in all {
        if !known(name) {
            let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            return Err(ImportError::spec(format!(
                "{option} {name}=...: `{}` has no column `{name}`; it has {}",
                table.table,
                columns.join(", ")
            )));
        }
    }
    Ok(())
}

impl Examination<'_> {
    fn plan(&mut self, format: Format) -> Result<Plan, ImportError> {
        if self.spec.format == Format::Auto && !self.layout.by_name {
            self.tell("format", &format.to_string(), "the columns are those of this writer", &[]);
        }
        let says = std::mem::take(&mut self.layout.says);
        for text in &says {
            self.tell("layout", &format.to_string(), text, &[]);
        }
        let comma = self.comma();
        let mut origins = Vec::new();
        for column in self.table.columns {
            origins.push(self.origin(column, comma)?);
        }
        let time_at = self.table.columns.iter().position(|column| column.name == "time");
        let time = time_at.and_then(|at| origins.get(at)).cloned();
        let form = self.form(time.as_ref())?;
        let series = self.table.key().and_then(|key| {
            let at = self.table.columns.iter().position(|column| column.name == key)?;
            column_of(origins.get(at)?)
        });
        let stamps = time
            .as_ref()
            .and_then(column_of)
            .map(|time| (time, Stamps::of(self.probe, time, series, &form)));
        let (zone, known) = match &stamps {
            Some((time, stamps)) => self.clock(*time, stamps),
            None => (self.spec.time_zone, Known::AtStamp),
        };
        if let Some(at) = self.column_at("interval_hours") {
            let resolved = self.interval_hours(&origins[at], stamps.as_ref().map(|(_, s)| s));
            origins[at] = resolved;
        }
        self.expiry(&origins, &form);
        Ok(Plan {
            format,
            table: self.table,
            vol_divisor: self.vol_divisor(&origins, comma),
            origins,
            width: self.probe.columns.len(),
            form,
            zone,
            known,
            expiry: self.spec.expiry_time,
            round: self.round(),
            comma,
            left_out: self.layout.left_out,
            duplicates: self.spec.duplicates.or(self.layout.duplicates).unwrap_or(Duplicates::Keep),
        })
    }

    fn column_at(&self, name: &str) -> Option<usize> {
        self.table.columns.iter().position(|column| column.name == name)
    }

    fn tell(&mut self, about: &str, taken: &str, because: &str, evidence: &[String]) {
        self.assumed.push(Assumed {
            about: about.to_owned(),
            taken: taken.to_owned(),
            because: because.to_owned(),
            evidence: evidence.to_vec(),
        });
    }

    /// Asks; with `--confirm`, the guess is the answer.
    fn ask(&mut self, question: Question) -> Option<String> {
        let question = Question { file: self.probe.shown(), ..question };
        match &question.guess {
            Some(guess) if self.spec.confirm => {
                let guess = guess.clone();
                self.tell(&question.about, &guess, "confirmed", &question.evidence);
                Some(guess)
            }
            _ => {
                self.open.push(question);
                None
            }
        }
    }

    /// Where a column of the table comes from: stated, documented, or of a known name.
    fn origin(&mut self, column: &ColumnSpec, comma: bool) -> Result<Origin, ImportError> {
        let name = column.name;
        if let Some(value) = self.spec.set.get(name).or_else(|| self.stated(name)) {
            return Ok(Origin::Constant(value.clone()));
        }
        if let Some(wanted) = self.spec.map.get(name) {
            return self.mapped(name, wanted);
        }
        if let Some(origin) = self.layout.origins.get(name) {
            return Ok(origin.clone());
        }
        if self.layout.by_name {
            let found = candidates(name, &self.probe.columns);
            if name == "volume" && self.probe.named {
                return Ok(self.volume(&found, comma));
            }
            match found.as_slice() {
                [] => (),
                [one] => {
                    let column = self.probe.columns[*one].clone();
                    self.tell("column", &format!("{name} = {column}"), "by its name", &[]);
                    return Ok(Origin::Column(*one));
                }
                several => return Ok(self.one_of(name, several)),
            }
        }
        Ok(self.absent(column))
    }

    /// `--symbol` and `--source`.
    fn stated(&self, name: &str) -> Option<&String> {
        match name {
            "source" => self.spec.source.as_ref(),
            name if self.table.key() == Some(name) => self.spec.symbol.as_ref(),
            _ => None,
        }
    }

    fn mapped(&self, name: &str, wanted: &str) -> Result<Origin, ImportError> {
        self.probe.column(wanted).map(Origin::Column).ok_or_else(|| {
            ImportError::spec(format!(
                "{}: --map {name}={wanted}: there is no column `{wanted}`; {}",
                self.probe.shown(),
                self.columns_in_words()
            ))
        })
    }

    fn columns_in_words(&self) -> String {
        let columns = self.probe.columns.join(", ");
        match self.probe.named {
            true => format!("there is {columns}"),
            false => format!("the file names none, so they are counted: {columns}"),
        }
    }

    /// Several columns could be it. Of times, a number since 1970 leaves nothing else open.
    fn one_of(&mut self, name: &str, several: &[usize]) -> Origin {
        let epoch = |column: &usize| {
            matches!(self.probe.cells(*column).next(), Some(Cell::Whole(_)))
                || self.probe.cells(*column).take(20).all(
                    |cell| matches!(cell, Cell::Text(text) if text.len() >= 9 && text.parse::<i64>().is_ok()),
                )
        };
        let best = several.iter().find(|column| name == "time" && epoch(column));
        let best = *best.unwrap_or(&several[0]);
        let names: Vec<String> =
            several.iter().map(|&column| format!("`{}`", self.probe.columns[column])).collect();
        let guess = self.probe.columns[best].clone();
        let question = Question::new(
            &format!("column {name}"),
            format!("{} could be it", names.join(" and ")),
            format!("--map {name}={guess}, or another"),
        );
        self.ask(question.guessing(Some(guess)));
        Origin::Column(best)
    }

    /// Volume is wanted in base units; where there are several, prices tell them apart.
    fn volume(&mut self, found: &[usize], comma: bool) -> Origin {
        let of_volume = |at: &usize| folded(&self.probe.columns[*at]).starts_with("volume");
        let mut all: Vec<usize> = (0..self.probe.columns.len()).filter(of_volume).collect();
        all.extend(found.iter().filter(|at| !all.contains(at)).collect::<Vec<_>>());
        let Some((&first, others)) = all.split_first() else { return Origin::Nothing };
        if others.is_empty() {
            let column = self.probe.columns[first].clone();
            self.tell(
                "column",
                &format!("volume = {column}"),
                "by its name; taken as base units",
                &[],
            );
            return Origin::Column(first);
        }
        let close = candidates("close", &self.probe.columns).first().copied();
        let price = close.and_then(|close| evidence::median(self.probe, close, comma));
        let second = others[0];
        let ratio = evidence::median_ratio(self.probe, second, first, comma);
        let near = |ratio: f64, price: f64| (ratio / price - 1.0).abs() < 0.2;
        let (base, quote) = match ratio.zip(price) {
            Some((ratio, price)) if near(ratio, price) => (first, Some(second)),
            Some((ratio, price)) if near(1.0 / ratio, price) => (second, Some(first)),
            _ => (first, None),
        };
        let name = |at: usize| self.probe.columns[at].clone();
        let seen = quote.map(|quote| {
            format!(
                "`{}` / `{}` is about the price, so `{}` is in quote currency",
                name(quote),
                name(base),
                name(quote)
            )
        });
        let guess = quote.map(|_| name(base));
        let names: Vec<String> = all.iter().map(|&at| format!("`{}`", name(at))).collect();
        let question = Question::new(
            "column volume",
            format!("{} could be it; it is wanted in base units", names.join(" and ")),
            format!("--map volume={}, or another", name(base)),
        );
        self.ask(question.seen(seen).guessing(guess));
        Origin::Column(base)
    }

    /// A column that the file does not have.
    fn absent(&mut self, column: &ColumnSpec) -> Origin {
        let name = column.name;
        // The interval of funding can be seen once the times are read.
        if column.empty != Empty::Refused || name == "interval_hours" {
            return Origin::Nothing;
        }
        if name == "rate"
            && let Some(origin) = self.rate_in_open()
        {
            return origin;
        }
        let because = match self.layout.by_name {
            true => {
                format!("no column has a name that is known for it; {}", self.columns_in_words())
            }
            false => format!("the format has no column for it; {}", self.columns_in_words()),
        };
        let mut guess = None;
        let mut seen = Vec::new();
        let pass = match name {
            "source" => {
                let folder = self.probe.path.parent().and_then(|folder| folder.file_name());
                seen.extend(
                    folder.map(|name| format!("the folder is called `{}`", name.to_string_lossy())),
                );
                "--source NAME, the venue or provider".to_owned()
            }
            name if self.table.key() == Some(name) => {
                guess.clone_from(&self.probe.name.pair);
                seen.extend(
                    guess.iter().map(|pair| format!("the name of the file begins with `{pair}`")),
                );
                format!("--symbol NAME, or --map {name}=COLUMN")
            }
            name if column.kind == Kind::Text || column.kind == Kind::Number => {
                format!(
                    "--map {name}=COLUMN, or --set {name}=VALUE for one value throughout ({})",
                    column.meaning
                )
            }
            name => format!("--map {name}=COLUMN ({})", column.meaning),
        };
        let question = Question::new(&format!("column {name}"), because, pass).seen(seen);
        match self.ask(question.guessing(guess)) {
            Some(value) => Origin::Constant(value),
            None => Origin::Nothing,
        }
    }

    /// Funding rates kept as candles: `open` moves, the rest is zero.
    fn rate_in_open(&mut self) -> Option<Origin> {
        let at = |name: &str| self.probe.column(name);
        let zeros = ["high", "low", "close", "volume"];
        let zero = |name: &&str| {
            at(name).is_some_and(|column| {
                self.probe.cells(column).all(|c| c.number(false) == Some(0.0))
            })
        };
        let open = at("open").filter(|_| zeros.iter().all(zero))?;
        let question = Question::new(
            "column rate",
            "no column is called a rate",
            "--map rate=open, or another",
        );
        let seen =
            "high, low, close and volume are all 0, as freqtrade keeps funding rates in `open`";
        let open_name = self.probe.columns[open].clone();
        self.ask(question.seen([seen.to_owned()]).guessing(Some(open_name)));
        Some(Origin::Column(open))
    }

    /// Whether the decimal sign is a comma.
    fn comma(&mut self) -> bool {
        if let Some(sign) = self.spec.decimal {
            return sign == ',';
        }
        let cells = self.probe.rows.iter().take(200).flatten();
        let after: Vec<(String, usize)> =
            cells.filter_map(|cell| Some((cell.shown(), behind_comma(cell)?))).collect();
        let Some((first, _)) = after.first() else { return false };
        // Three digits each time could as well be thousands.
        let decimal = after.iter().find(|(_, digits)| *digits != 3);
        let shown = decimal.map_or(first, |(cell, _)| cell).clone();
        let question = Question::new(
            "decimal sign",
            "numbers are written with a comma",
            "--decimal , for 1,5 = 1.5; commas between thousands have to be taken out of the file",
        );
        let guess = decimal.map(|_| ",".to_owned());
        self.ask(question.seen([format!("{shown} in a row")]).guessing(guess)).is_some()
    }

    /// How times are written.
    fn form(&mut self, time: Option<&Origin>) -> Result<TimeForm, ImportError> {
        if let Some(format) = &self.spec.time_format {
            return TimeForm::custom(format);
        }
        let Some(column) = time.and_then(column_of) else {
            return Ok(TimeForm::Shape(Order::Unknown));
        };
        let texts = self.probe.cells(column).filter_map(|cell| match cell {
            Cell::Text(text) => time::ambiguous_pair(text),
            _ => None,
        });
        let pairs: Vec<(i64, i64)> = texts.collect();
        let order =
            match (pairs.iter().any(|pair| pair.0 > 12), pairs.iter().any(|pair| pair.1 > 12)) {
                _ if pairs.is_empty() => Order::Unknown,
                (true, false) => Order::Day,
                (false, true) => Order::Month,
                _ => {
                    let example =
                        self.probe.cells(column).next().map(Cell::shown).unwrap_or_default();
                    let question = Question::new(
                        "day and month",
                        format!("in {example} either could come first"),
                        "--time-format %d/%m/%Y or %m/%d/%Y, with the clock if there is one",
                    );
                    self.ask(question);
                    Order::Day
                }
            };
        let form = TimeForm::Shape(order);
        let read = self.probe.cells(column).any(|cell| form.read(cell).is_some());
        let example = self.probe.cells(column).find(|cell| **cell != Cell::Empty).map(Cell::shown);
        if !read && let Some(example) = example {
            let question = Question::new(
                "time format",
                format!(
                    "{example} in column `{}` is not a time of a known shape",
                    self.probe.columns[column]
                ),
                "--time-format, such as \"%d %b %Y %H:%M\", or --map time=COLUMN for another column",
            );
            self.ask(question);
        }
        Ok(form)
    }

    /// Zone and meaning of the stamps.
    fn clock(&mut self, time: usize, stamps: &Stamps) -> (Option<Zone>, Known) {
        let stamp = match BARS.contains(&self.table.table) {
            true => self.stamp(time, stamps),
            false => Some(self.spec.stamp.unwrap_or(Stamp::Close)),
        };
        let known = match stamp {
            Some(Stamp::Open) => Known::After(self.interval(stamps).unwrap_or(Span(0))),
            Some(Stamp::Close) | None => Known::AtStamp,
            Some(Stamp::At(clock)) => Known::On(clock),
        };
        if stamp == Some(Stamp::Close) && stamps.dates {
            let question = Question::new(
                "time of day",
                "the dates have no clock, so they are no instants",
                "--stamp open --interval 1d where a day is over at midnight, or --stamp 16:00 where it is known then",
            );
            self.ask(question.seen(evidence::week_in_words(stamps)));
        }
        (self.zone(time, stamps), known)
    }

    fn stamp(&mut self, time: usize, stamps: &Stamps) -> Option<Stamp> {
        if let Some(stamp) = self.spec.stamp.or(self.layout.stamp) {
            return Some(stamp);
        }
        let column = self.probe.columns[time].clone();
        let name = folded(&column);
        let mut seen: Vec<String> = Vec::new();
        let mut guess = None;
        if let Some((fit, text)) = evidence::period_fit(self.probe, stamps) {
            guess = Some(if matches!(fit, Fit::Open) { "open" } else { "close" });
            seen.push(text);
        }
        for word in ["open", "close"] {
            if name.contains(word) {
                guess = Some(word);
                seen.push(format!("the column is called `{column}`"));
            }
        }
        seen.extend(evidence::grid_in_words(stamps));
        seen.extend(evidence::range_in_words(stamps));
        let mut pass =
            "--stamp open (the bar is known one interval later) or --stamp close".to_owned();
        if stamps.dates {
            seen.extend(evidence::week_in_words(stamps));
            pass = "--stamp open --interval 1d (a day is known at its end) or --stamp 16:00 (at that time of the day, on the clock of --time-zone)".to_owned();
        }
        let because = format!("whether `{column}` is the open or the close of a bar is not said");
        let question = Question::new("stamp of a bar", because, pass).seen(seen);
        self.ask(question.guessing(guess.map(str::to_owned)))?.parse().ok()
    }

    fn interval(&mut self, stamps: &Stamps) -> Option<Span> {
        if let Some(interval) = self.spec.interval.or(self.layout.interval) {
            return Some(interval);
        }
        let guess = evidence::grid(stamps).map(|(step, ..)| step);
        let mut seen: Vec<String> = evidence::grid_in_words(stamps).into_iter().collect();
        if let Some(named) = self.probe.name.interval {
            seen.push(format!("the name of the file says {named}"));
        }
        let question = Question::new(
            "length of a bar",
            "bars stamped at their open are known one interval later",
            "--interval 1h, 5m, 1d",
        );
        let guess = guess.map(|step| step.to_string());
        self.ask(question.seen(seen).guessing(guess))?.parse().ok()
    }

    fn zone(&mut self, time: usize, stamps: &Stamps) -> Option<Zone> {
        let stated = self.spec.time_zone;
        // A time of day, stated for dates, needs a clock even where the dates are instants.
        let at_a_clock = matches!(self.spec.stamp, Some(Stamp::At(_)));
        if stated.is_some() || !(stamps.without_offset || stamps.dates || at_a_clock) {
            return stated;
        }
        if let Some(zone) = self.layout.zone {
            return Some(zone);
        }
        let column = self.probe.columns[time].clone();
        let mut seen: Vec<String> = Vec::new();
        let mut guess = None;
        if let Some(text) = evidence::says_utc(self.probe, &column) {
            (guess, seen) = (Some(Zone::UTC), vec![text]);
        } else if self.table.table == "funding"
            && let Some((zone, text)) = evidence::funding_zone(stamps)
        {
            (guess, seen) = (Some(zone), vec![text]);
        } else if self.layout.stamp.is_some() && !self.layout.by_name {
            guess = Some(Zone::UTC);
            seen.push(
                "the venue writes UTC, but as a number: another tool has written these times"
                    .to_owned(),
            );
        } else if let Some((_, text)) = evidence::period_fit(self.probe, stamps) {
            guess = Some(Zone::UTC);
            seen.push(format!("{text}: the clock of its name, which archives keep in UTC"));
        }
        seen.extend(evidence::grid_in_words(stamps));
        seen.extend(evidence::range_in_words(stamps));
        let because = match self.spec.stamp {
            Some(Stamp::At(clock)) => format!("on which clock it is {clock} is not said"),
            _ => format!("the times in `{column}` carry no offset"),
        };
        let question =
            Question::new("time zone", because, "--time-zone UTC, or an offset such as +03:00");
        self.ask(question.seen(seen).guessing(guess.map(|zone| zone.to_string())))?.parse().ok()
    }

    /// Hours between payments: a column, stated, or the grid.
    fn interval_hours(&mut self, origin: &Origin, stamps: Option<&Stamps>) -> Origin {
        if *origin != Origin::Nothing {
            return origin.clone();
        }
        let hours = |span: Span| Origin::Constant((span.as_days() * 24.0).to_string());
        if let Some(interval) = self.spec.interval {
            return hours(interval);
        }
        let grid = stamps.and_then(evidence::grid).map(|(step, ..)| step);
        let seen = stamps.and_then(evidence::grid_in_words);
        let question = Question::new(
            "interval of funding",
            "no column says how long a rate is for",
            "--interval 8h, or --map interval_hours=COLUMN",
        );
        let guess = grid.map(|step| step.to_string());
        let answer = self.ask(question.seen(seen).guessing(guess));
        answer.and_then(|text| text.parse().ok()).map_or(Origin::Nothing, hours)
    }

    /// Expiries that are dates need a time of day.
    fn expiry(&mut self, origins: &[Origin], form: &TimeForm) {
        let expiry = self.column_at("expiry").and_then(|at| column_of(origins.get(at)?));
        let Some(column) = expiry.filter(|_| self.spec.expiry_time.is_none()) else { return };
        let dates = self.probe.cells(column).filter_map(|cell| form.read(cell));
        if dates.into_iter().any(|written| matches!(written, time::Written::Day(_))) {
            let because = format!(
                "`{}` is a date, and contracts expire at a time",
                self.probe.columns[column]
            );
            let pass = "--expiry-time 08:00 (UTC)";
            self.ask(Question::new("time of expiry", because, pass));
        }
    }

    /// What volatilities are divided by.
    fn vol_divisor(&mut self, origins: &[Origin], comma: bool) -> f64 {
        let is_vol = |column: &&ColumnSpec| VOLS.contains(&column.name);
        let columns: Vec<usize> = self
            .table
            .columns
            .iter()
            .zip(origins)
            .filter(|(column, _)| is_vol(column))
            .filter_map(|(_, origin)| column_of(origin))
            .collect();
        let divisor = |unit: VolUnit| if unit == VolUnit::Fraction { 1.0 } else { 100.0 };
        if let Some(unit) = self.spec.vol_unit.or(self.layout.vol_unit) {
            return divisor(unit);
        }
        let Some(&column) = columns.first() else { return 1.0 };
        let median = evidence::median(self.probe, column, comma);
        let unit = median.map(|value| match value > LARGEST_FRACTION {
            true => VolUnit::Points,
            false => VolUnit::Fraction,
        });
        let name = self.probe.columns[column].clone();
        let seen = median.zip(unit).map(|(median, unit)| {
            let as_points = match unit {
                VolUnit::Fraction => format!("{} % a year", 100.0 * median),
                _ => format!("{median} % a year"),
            };
            format!("the median of `{name}` is {median}, which looks like {unit} ({as_points})")
        });
        let question = Question::new(
            "unit of volatility",
            format!("`{name}` does not say whether 0.44 or 44 is 44 % a year"),
            "--vol-unit fraction, percent or points",
        );
        let answer = self.ask(question.seen(seen).guessing(unit.map(|unit| unit.to_string())));
        answer.and_then(|text| text.parse().ok()).map_or(1.0, divisor)
    }

    /// What times are rounded to.
    fn round(&self) -> Option<Span> {
        match self.spec.round {
            Some(round) => Some(round).filter(|round| round.0 > 0),
            None => (self.table.table == "funding").then_some(PAYMENT_ROUNDING),
        }
    }
}

/// Digits behind the comma of a number that has one, and nothing else.
fn behind_comma(cell: &Cell<'_>) -> Option<usize> {
    let Cell::Text(text) = cell else { return None };
    let (whole, part) = text.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits(whole.trim_start_matches('-')) && digits(part)).then_some(part.len())
}

fn column_of(origin: &Origin) -> Option<usize> {
    match origin {
        Origin::Column(column) => Some(*column),
        _ => None,
    }
}
