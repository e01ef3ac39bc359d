//! From a collected file to a canonical table.

use std::path::Path;

use mpor_core::{Column, Span, Table, Timestamp};

use crate::error::DataError;

/// What is taken from a collected file and how it is changed.
#[derive(Clone, Copy, Debug)]
pub struct Conversion {
    /// The one series taken; `None` = all.
    pub symbol: Option<&'static str>,
    /// How stamps become the instant from which a row is known.
    pub stamp: Stamp,
    /// What the `source` column says.
    pub source: Source,
}

/// How a stamp becomes the instant from which a row is known.
#[derive(Clone, Copy, Debug)]
pub enum Stamp {
    /// The stamp `ts` is the open of a bar of this length.
    Open(Span),
    /// The stamp `date` is a day; the value is known this long after its midnight UTC.
    Date(Span),
    /// The stamp `ts` is already that instant.
    Known,
}

/// What the `source` column says.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The collected file's `venue`.
    Venue,
    /// One text.
    Named(&'static str),
}

/// Points in a volatility of one.
const VOLATILITY_POINTS: f64 = 100.0;
/// The VIX is a volatility over thirty days.
const VIX_TENOR_DAYS: f64 = 30.0;

impl Conversion {
    /// What is done, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let rows = self.symbol.map_or("all rows".to_owned(), |symbol| format!("rows of {symbol}"));
        let time = match self.stamp {
            Stamp::Open(length) => format!("time = bar open + {length}"),
            Stamp::Date(after) => {
                let clock = (Timestamp(0) + after).utc().format("%H:%M");
                format!("time = date at {clock} UTC")
            }
            Stamp::Known => "time as it is".to_owned(),
        };
        format!("{rows}; {time}")
    }

    /// The canonical table of a collected one.
    ///
    /// # Errors
    /// [`DataError::MissingColumns`] when the collected file lacks a column.
    pub fn apply(
        &self,
        table: &'static str,
        from: &Table,
        file: &Path,
    ) -> Result<Table, DataError> {
        let rows = Rows { from, keep: self.keep(from), file };
        let time = self.times(&rows)?;
        let columns = match table {
            "prices" => self.prices(&rows, time)?,
            "vol_index" => vol_index(&rows, time)?,
            _ => self.chains(&rows, time)?,
        };
        Ok(Table::new(table, columns)?)
    }

    fn keep(&self, from: &Table) -> Vec<usize> {
        let symbols = match from.column("symbol") {
            Some(Column::Text(symbols)) => symbols.as_slice(),
            _ => &[],
        };
        let wanted = |row: &usize| {
            let symbol = symbols.get(*row).and_then(Option::as_deref);
            self.symbol.is_none_or(|wanted| symbol == Some(wanted))
        };
        (0..from.rows()).filter(wanted).collect()
    }

    fn times(&self, rows: &Rows<'_>) -> Result<Column, DataError> {
        let (column, shift) = match self.stamp {
            Stamp::Open(length) => ("ts", length),
            Stamp::Date(after) => ("date", after),
            Stamp::Known => ("ts", Span(0)),
        };
        let shifted = |time: Option<Timestamp>| time.map(|time| time + shift);
        Ok(Column::Time(rows.times(column)?.into_iter().map(shifted).collect()))
    }

    fn source(&self, rows: &Rows<'_>) -> Result<Column, DataError> {
        match self.source {
            Source::Venue => Ok(Column::Text(rows.texts("venue")?)),
            Source::Named(name) => Ok(Column::texts(rows.keep.iter().map(|_| name))),
        }
    }

    fn prices(
        &self,
        rows: &Rows<'_>,
        time: Column,
    ) -> Result<Vec<(&'static str, Column)>, DataError> {
        // A collected file of closes alone has none of the other columns.
        let maybe = |name: &str| {
            let none = || vec![None; rows.keep.len()];
            Column::Number(rows.numbers(name).unwrap_or_else(|_| none()))
        };
        Ok(vec![
            ("time", time),
            ("symbol", Column::Text(rows.texts("symbol")?)),
            ("source", self.source(rows)?),
            ("open", maybe("open")),
            ("high", maybe("high")),
            ("low", maybe("low")),
            ("close", Column::Number(rows.numbers("close")?)),
            ("volume", maybe("volume")),
        ])
    }

    fn chains(
        &self,
        rows: &Rows<'_>,
        time: Column,
    ) -> Result<Vec<(&'static str, Column)>, DataError> {
        let right = |letter: Option<String>| match letter.as_deref() {
            Some("C") => Some("call".to_owned()),
            Some("P") => Some("put".to_owned()),
            _ => None,
        };
        let number = |name: &str| Ok::<_, DataError>(Column::Number(rows.numbers(name)?));
        Ok(vec![
            ("time", time),
            ("underlying", Column::Text(rows.texts("underlying")?)),
            ("source", self.source(rows)?),
            ("expiry", Column::Time(rows.times("expiry")?)),
            ("strike", number("strike")?),
            ("right", Column::Text(rows.texts("cp")?.into_iter().map(right).collect())),
            ("bid", number("bid")?),
            ("ask", number("ask")?),
            ("bid_iv", number("bid_iv")?),
            ("ask_iv", number("ask_iv")?),
            ("forward", number("forward")?),
            ("index", number("index")?),
            ("price_unit", Column::Text(rows.texts("price_unit")?)),
            ("open_interest", number("oi")?),
            ("volume", number("volume")?),
        ])
    }
}

/// The volatility index of SPX, from points to decimals.
fn vol_index(rows: &Rows<'_>, time: Column) -> Result<Vec<(&'static str, Column)>, DataError> {
    let decimal = |points: Option<f64>| points.map(|points| points / VOLATILITY_POINTS);
    let iv = rows.numbers("close")?.into_iter().map(decimal).collect();
    Ok(vec![
        ("time", time),
        ("underlying", Column::texts(rows.keep.iter().map(|_| "SPX"))),
        ("tenor_days", Column::numbers(rows.keep.iter().map(|_| VIX_TENOR_DAYS))),
        ("iv", Column::Number(iv)),
    ])
}

/// The rows that are kept of a collected file.
struct Rows<'a> {
    from: &'a Table,
    keep: Vec<usize>,
    file: &'a Path,
}

impl Rows<'_> {
    fn take<T: Clone>(&self, values: &[Option<T>]) -> Vec<Option<T>> {
        self.keep.iter().map(|&row| values.get(row).cloned().flatten()).collect()
    }

    fn texts(&self, name: &str) -> Result<Vec<Option<String>>, DataError> {
        match self.from.column(name) {
            Some(Column::Text(values)) => Ok(self.take(values)),
            _ => Err(self.missing(name)),
        }
    }

    fn times(&self, name: &str) -> Result<Vec<Option<Timestamp>>, DataError> {
        match self.from.column(name) {
            Some(Column::Time(values)) => Ok(self.take(values)),
            _ => Err(self.missing(name)),
        }
    }

    fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, DataError> {
        match self.from.column(name) {
            Some(Column::Number(values)) => Ok(self.take(values)),
            _ => Err(self.missing(name)),
        }
    }

    fn missing(&self, name: &str) -> DataError {
        DataError::MissingColumns {
            file: self.file.display().to_string(),
            table: "collected",
            missing: format!("`{name}`"),
            found: self
                .from
                .columns()
                .iter()
                .map(|(n, _)| format!("`{n}`"))
                .collect::<Vec<_>>()
                .join(", "),
            hint: String::new(),
        }
    }
}
