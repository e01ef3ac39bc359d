//! The canonical tables: which columns a file must have, of which type, in which unit.
//!
//! Long form, one row an observation. `time` is the **end** of the interval it closes: the instant from which the
//! row is known. Extra columns are allowed and never read.

use crate::error::DataError;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `timestamp[us, UTC]`; other units of a UTC timestamp are converted.
    Time,
    /// UTF-8 text.
    Text,
    /// A number: 64-bit float, or anything that converts to it without loss of meaning.
    Number,
    /// Yes or no.
    Flag,
}

/// Whether cells of a column may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// A cell may be missing, which is null.
    Allowed,
    /// The whole column may be absent, which is null throughout.
    Absent,
    /// A missing cell is a fault.
    Refused,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Name in the file.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether cells may be empty.
    pub empty: Empty,
    /// Unit and meaning.
    pub meaning: &'static str,
}

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Name of the table.
    pub table: &'static str,
    /// Its columns.
    pub columns: &'static [ColumnSpec],
}

const fn must(name: &'static str, kind: Kind, meaning: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, empty: Empty::Refused, meaning }
}

const fn may(name: &'static str, kind: Kind, meaning: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, empty: Empty::Allowed, meaning }
}

const fn extra(name: &'static str, kind: Kind, meaning: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, empty: Empty::Absent, meaning }
}

const TIME: ColumnSpec = must("time", Kind::Time, "end of the interval, UTC");
const SYMBOL: ColumnSpec = must("symbol", Kind::Text, "name of the series");
const SOURCE: ColumnSpec = must("source", Kind::Text, "venue or provider");
const UNDERLYING: ColumnSpec = must("underlying", Kind::Text, "what it is written on");
const INSTRUMENT: ColumnSpec = must("instrument", Kind::Text, "name of the contract");
const ACCOUNT: ColumnSpec = must("account", Kind::Text, "who holds it");

/// Bars of prices. Only the close is always known; where just a close exists the others are null.
pub const PRICES: Schema = Schema {
    table: "prices",
    columns: &[
        TIME,
        SYMBOL,
        SOURCE,
        may("open", Kind::Number, "first price of the bar, quote currency"),
        may("high", Kind::Number, "highest price of the bar, quote currency"),
        may("low", Kind::Number, "lowest price of the bar, quote currency"),
        must("close", Kind::Number, "last price of the bar, quote currency"),
        may("volume", Kind::Number, "traded in the bar, base units"),
    ],
};

/// Funding payments of perpetuals.
pub const FUNDING: Schema = Schema {
    table: "funding",
    columns: &[
        TIME,
        SYMBOL,
        SOURCE,
        must("rate", Kind::Number, "fraction of notional an interval; longs pay when positive"),
        must("interval_hours", Kind::Number, "length of the interval, hours"),
    ],
};

/// Points of implied volatility surfaces.
pub const VOLS: Schema = Schema {
    table: "vols",
    columns: &[
        TIME,
        UNDERLYING,
        must("expiry", Kind::Time, "instant of expiry, UTC"),
        must("moneyness", Kind::Text, "what `point` is: delta, log_moneyness or strike"),
        must("point", Kind::Number, "where on the smile"),
        must("iv", Kind::Number, "Black volatility a year, decimal"),
    ],
};

/// Volatility indices.
pub const VOL_INDEX: Schema = Schema {
    table: "vol_index",
    columns: &[
        TIME,
        UNDERLYING,
        must("tenor_days", Kind::Number, "tenor in days"),
        must("iv", Kind::Number, "volatility a year, decimal"),
    ],
};

/// Venue marks of listed options.
pub const OPTION_MARKS: Schema = Schema {
    table: "option_marks",
    columns: &[
        TIME,
        INSTRUMENT,
        may("mark_price", Kind::Number, "mark of one unit of the underlying, settlement currency"),
        may("mark_iv", Kind::Number, "Black volatility a year, decimal"),
        may("underlying_price", Kind::Number, "index or spot, quote currency"),
        may("forward", Kind::Number, "forward of the expiry, quote currency"),
    ],
};

/// Option chains as quoted: the raw material of a surface.
pub const CHAINS: Schema = Schema {
    table: "chains",
    columns: &[
        TIME,
        UNDERLYING,
        SOURCE,
        must("expiry", Kind::Time, "instant of expiry, UTC"),
        must("strike", Kind::Number, "strike, quote currency"),
        must("right", Kind::Text, "call or put"),
        may("bid", Kind::Number, "best bid, in price_unit"),
        may("ask", Kind::Number, "best offer, in price_unit"),
        may("bid_iv", Kind::Number, "Black volatility of the bid a year, decimal"),
        may("ask_iv", Kind::Number, "Black volatility of the offer a year, decimal"),
        may("forward", Kind::Number, "forward of the expiry, quote currency"),
        may("index", Kind::Number, "index, quote currency"),
        extra("mark", Kind::Number, "the venue's mark, in price_unit"),
        extra("mark_iv", Kind::Number, "Black volatility of the mark a year, decimal"),
        must("price_unit", Kind::Text, "coin (price in units of the underlying) or the currency"),
    ],
};

/// Interest rates.
pub const RATES: Schema = Schema {
    table: "rates",
    columns: &[
        TIME,
        must("currency", Kind::Text, "currency"),
        must("tenor_days", Kind::Number, "tenor in days"),
        must("rate", Kind::Number, "continuously compounded a year, decimal"),
    ],
};

/// Terms of contracts.
pub const INSTRUMENTS: Schema = Schema {
    table: "instruments",
    columns: &[
        INSTRUMENT,
        must("kind", Kind::Text, "spot, future, perpetual or option"),
        UNDERLYING,
        must("quote", Kind::Text, "currency of the price"),
        must("settlement", Kind::Text, "currency or coin it settles in"),
        must("contract_size", Kind::Number, "units of the underlying a contract"),
        must("inverse", Kind::Flag, "whether it settles in the coin"),
        may("expiry", Kind::Time, "instant of expiry, UTC"),
        may("strike", Kind::Number, "strike, quote currency"),
        may("right", Kind::Text, "call or put"),
    ],
};

/// Snapshots of positions: all an account holds at a time, held until its next snapshot.
pub const POSITIONS: Schema = Schema {
    table: "positions",
    columns: &[
        TIME,
        ACCOUNT,
        INSTRUMENT,
        must("quantity", Kind::Number, "contracts, short negative"),
    ],
};

/// Trades.
pub const TRADES: Schema = Schema {
    table: "trades",
    columns: &[
        TIME,
        ACCOUNT,
        INSTRUMENT,
        must("quantity", Kind::Number, "contracts bought, sales negative"),
        must("price", Kind::Number, "price a unit, as the contract is quoted"),
        may("fee", Kind::Number, "fee paid, reporting currency; empty = none"),
    ],
};

/// Collateral.
pub const COLLATERAL: Schema = Schema {
    table: "collateral",
    columns: &[
        TIME,
        ACCOUNT,
        must("asset", Kind::Text, "currency or coin"),
        must("amount", Kind::Number, "units of the asset"),
    ],
};

/// Margin calls.
pub const CALLS: Schema = Schema {
    table: "calls",
    columns: &[
        must("time", Kind::Time, "when the account was called, UTC"),
        must("account", Kind::Text, "who was called"),
        must("due_at", Kind::Time, "the last instant at which it is met in time, UTC"),
        may("met_at", Kind::Time, "when it was met, UTC; empty = it was not"),
    ],
};

/// Every table, by name.
pub const TABLES: &[Schema] = &[
    CALLS,
    CHAINS,
    COLLATERAL,
    FUNDING,
    INSTRUMENTS,
    OPTION_MARKS,
    POSITIONS,
    PRICES,
    RATES,
    TRADES,
    VOL_INDEX,
    VOLS,
];

impl Kind {
    /// How the kind is spelt in messages and documentation.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Time => "timestamp[us, UTC]",
            Kind::Text => "text",
            Kind::Number => "a number",
            Kind::Flag => "true or false",
        }
    }
}

impl Schema {
    /// The table of this name.
    #[must_use]
    pub fn named(table: &str) -> Option<Schema> {
        TABLES.iter().copied().find(|schema| schema.table == table)
    }

    /// Whether the table has a `time` column.
    #[must_use]
    pub fn timed(&self) -> bool {
        self.columns.iter().any(|column| column.name == "time")
    }

    /// The first text column that names a series: `symbol`, `underlying`, `currency` or `instrument`.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        let keys = ["symbol", "underlying", "currency", "instrument"];
        keys.into_iter().find(|key| self.columns.iter().any(|column| column.name == *key))
    }

    /// Checks that all columns are among `found`.
    ///
    /// # Errors
    /// [`DataError::MissingColumns`] naming all that are missing, all that are there, and a near match.
    pub fn check_names(&self, file: &str, found: &[String]) -> Result<(), DataError> {
        let missing: Vec<&str> = self
            .columns
            .iter()
            .filter(|column| column.empty != Empty::Absent)
            .map(|column| column.name)
            .filter(|name| !found.iter().any(|known| known == name))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(DataError::MissingColumns {
            file: file.to_owned(),
            table: self.table,
            missing: quoted(missing.iter().copied()),
            found: quoted(found.iter().map(String::as_str)),
            hint: hint(&missing, found),
        })
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "no column".to_owned() } else { names.join(", ") }
}

/// Names that other tools give to our columns.
const ALIASES: &[(&str, &[&str])] = &[
    ("time", &["ts", "timestamp", "datetime", "date", "open_time", "close_time"]),
    ("source", &["venue", "exchange", "provider"]),
    ("symbol", &["ticker", "pair", "market", "name"]),
    ("volume", &["vol", "amount", "base_volume"]),
    ("right", &["cp", "option_type", "type"]),
    ("quantity", &["qty", "size", "position", "amount"]),
    ("account", &["user", "client", "subaccount"]),
    ("rate", &["funding_rate", "fundingRate"]),
    ("iv", &["implied_vol", "volatility", "vol"]),
];

fn hint(missing: &[&str], found: &[String]) -> String {
    let near = missing.iter().find_map(|name| {
        let twin = found.iter().find(|known| resembles(name, known))?;
        Some(format!(". Is `{twin}` meant to be `{name}`? Rename it"))
    });
    let mut hint = near.unwrap_or_default();
    if missing.contains(&"time") && !hint.is_empty() {
        hint.push_str("; `time` is the end of the interval, in UTC");
    }
    hint
}

fn resembles(name: &str, known: &str) -> bool {
    let lower = known.to_lowercase();
    let alias = ALIASES.iter().any(|(column, others)| {
        *column == name && others.iter().any(|other| other.to_lowercase() == lower)
    });
    alias || lower == name || distance(name, &lower) <= name.len() / 3
}

/// Edits between two names (Levenshtein), on bytes: enough for a hint.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(left);
            let value = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            left = value;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = value;
            }
        }
    }
    row.last().copied().map_or(a.len(), |last| if b.is_empty() { a.len() } else { last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_missing_column_is_named_with_its_look_alike() {
        let found = names(&["ts", "symbol", "source", "open", "high", "low", "close", "volume"]);
        let error = PRICES.check_names("bars.parquet", &found).unwrap_err().to_string();
        assert_eq!(
            error,
            "bars.parquet: not a `prices` table: missing `time`; found `ts`, `symbol`, `source`, `open`, `high`, `low`, \
             `close`, `volume`. Is `ts` meant to be `time`? Rename it; `time` is the end of the interval, in UTC"
        );
    }

    #[test]
    fn extra_columns_are_allowed() {
        let found = names(&["time", "account", "instrument", "quantity", "desk"]);
        assert!(POSITIONS.check_names("p.csv", &found).is_ok());
    }

    #[test]
    fn edit_distances_by_hand() {
        assert_eq!(distance("close", "clsoe"), 2);
        assert_eq!(distance("close", "closed"), 1);
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn tables_are_sorted_and_found_by_name() {
        assert!(TABLES.windows(2).all(|pair| pair[0].table < pair[1].table));
        assert_eq!(Schema::named("funding"), Some(FUNDING));
        assert_eq!(Schema::named("fundings"), None);
    }
}
