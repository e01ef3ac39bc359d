//! Records to typed rows, and why some cannot be.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::import::cell::Cell;
use crate::import::format::{Derived, LeftOut, Origin};
use crate::import::option_name::{self, OptionName};
use crate::import::plan::{Known, Plan, VOLS};
use crate::import::records::Record;
use crate::import::report::{Changed, Refused, Sample};
use crate::import::rows::{LabelBook, Shape};
use crate::import::time::Written;
use crate::import::zone::Zone;
use crate::schema::{Empty, Kind};

const DAY: i64 = 86_400_000_000;
/// Rows shown for a reason.
const SHOWN: usize = 5;
/// Reasons told apart; a file of nothing but faults must not fill the memory.
const REASONS: usize = 200;

/// Why a row is refused.
struct Refusal {
    reason: String,
    found: String,
}

/// Turns the records of one file into rows and counts what happens to them.
pub(crate) struct Converter<'a> {
    plan: &'a Plan,
    shape: &'a Shape,
    file: u32,
    /// By column, what is asked for each value.
    columns: Vec<ColumnPlan>,
    books: LabelBook,
    /// By column, the last text and its number: most rows repeat it.
    last: Vec<Option<(String, u32)>>,
    pub read: u64,
    pub kept: u64,
    refused: BTreeMap<String, Refused>,
    rounded: u64,
    shifted: u64,
    divided: u64,
}

#[derive(Clone, Copy)]
struct ColumnPlan {
    name: &'static str,
    kind: Kind,
    must: bool,
    vol: bool,
}

fn refusal(reason: impl Into<String>, cell: &Cell<'_>) -> Refusal {
    Refusal { reason: reason.into(), found: cell.shown() }
}

impl<'a> Converter<'a> {
    pub fn new(plan: &'a Plan, shape: &'a Shape, file: u32) -> Self {
        let column = |spec: &crate::schema::ColumnSpec| ColumnPlan {
            name: spec.name,
            kind: spec.kind,
            must: spec.empty == Empty::Refused,
            vol: VOLS.contains(&spec.name),
        };
        let columns: Vec<ColumnPlan> = plan.table.columns.iter().map(column).collect();
        Converter {
            plan,
            shape,
            file,
            last: vec![None; columns.len()],
            columns,
            books: LabelBook::default(),
            read: 0,
            kept: 0,
            refused: BTreeMap::new(),
            rounded: 0,
            shifted: 0,
            divided: 0,
        }
    }

    pub fn labels(&self) -> &LabelBook {
        &self.books
    }

    /// Appends a record's row, or counts why not.
    pub fn row(&mut self, place: u64, record: &Record<'_>, rows: &mut Vec<u8>) {
        self.read += 1;
        let before = rows.len();
        match self.fill(place, record, rows) {
            Ok(()) => self.kept += 1,
            Err(refusal) => {
                rows.truncate(before);
                self.refuse(place, refusal);
            }
        }
    }

    fn refuse(&mut self, place: u64, refusal: Refusal) {
        let reason =
            match self.refused.len() < REASONS || self.refused.contains_key(&refusal.reason) {
                true => refusal.reason,
                false => "other reasons".to_owned(),
            };
        let entry = self.refused.entry(reason.clone()).or_insert_with(|| Refused {
            reason,
            rows: 0,
            first: Vec::new(),
        });
        entry.rows += 1;
        if entry.first.len() < SHOWN {
            entry.first.push(Sample { row: place, found: refusal.found });
        }
    }

    /// Refusals, most frequent first.
    pub fn refused(&self) -> Vec<Refused> {
        let mut all: Vec<Refused> = self.refused.values().cloned().collect();
        all.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.reason.cmp(&b.reason)));
        all
    }

    pub fn changed(&self) -> Vec<Changed> {
        let mut all = Vec::new();
        let mut add = |what: String, rows: u64| {
            if rows > 0 {
                all.push(Changed { what, rows });
            }
        };
        if let Known::After(interval) = self.plan.known {
            add(
                format!("time moved from the open of the bar to its end, {interval} later"),
                self.shifted,
            );
        }
        if let Known::On(clock) = self.plan.known {
            let zone = self.plan.zone.unwrap_or_default();
            add(format!("date put at {clock} {zone}"), self.shifted);
        }
        if let Some(round) = self.plan.round {
            add(format!("time rounded to a multiple of {round}"), self.rounded);
        }
        add(format!("volatilities divided by {}", self.plan.vol_divisor), self.divided);
        all
    }

    fn fill(&mut self, place: u64, record: &Record<'_>, rows: &mut Vec<u8>) -> Result<(), Refusal> {
        if let Some(count) = record.len().filter(|count| *count != self.plan.width) {
            let reason = format!("it does not have {} cells", self.plan.width);
            return Err(Refusal { reason, found: format!("{count} cells") });
        }
        self.leave_out(record)?;
        let plan = self.plan;
        let shape = self.shape;
        let row = shape.begin(rows, self.file, place);
        for (at, origin) in plan.origins.iter().enumerate() {
            let column = self.columns[at];
            let cell = cell(origin, record);
            if cell == Cell::Empty {
                if column.must {
                    return Err(refusal(format!("`{}` is empty", column.name), &cell));
                }
                put_nothing(shape, row, at, column.kind);
                continue;
            }
            match column.kind {
                Kind::Time if column.name == "time" => {
                    let time = self.time(&cell)?;
                    shape.put_time(row, at, Some(time));
                }
                Kind::Time => shape.put_time(row, at, Some(self.expiry(&cell, column.name)?)),
                Kind::Number => shape.put_number(row, at, Some(self.number(&cell, column)?)),
                Kind::Text => {
                    let label = self.label(at, &cell, column.name)?;
                    shape.put_label(row, at, Some(label));
                }
                Kind::Flag => {
                    let flag = flag(&cell).ok_or_else(|| {
                        refusal(format!("`{}` is neither true nor false", column.name), &cell)
                    })?;
                    shape.put_flag(row, at, Some(flag));
                }
            }
        }
        Ok(())
    }

    fn leave_out(&self, record: &Record<'_>) -> Result<(), Refusal> {
        let Some(left_out) = self.plan.left_out else { return Ok(()) };
        let (cell, out, reason) = match left_out {
            LeftOut::NotAnOption(column) => {
                let cell = record.cell(column);
                let out = option_of(&cell).is_none();
                (cell, out, "it is not an option")
            }
            LeftOut::Combination(column) => {
                let cell = record.cell(column);
                let out = matches!(&cell, Cell::Text(kind) if kind.contains("combo"));
                (cell, out, "it is a combination of contracts")
            }
            LeftOut::Empty(column, reason) => {
                let cell = record.cell(column);
                let out = cell == Cell::Empty;
                (cell, out, reason)
            }
        };
        if out { Err(refusal(reason, &cell)) } else { Ok(()) }
    }

    /// The instant from which a row is known.
    fn time(&mut self, cell: &Cell<'_>) -> Result<i64, Refusal> {
        let written =
            self.plan.form.read(cell).ok_or_else(|| refusal("`time` cannot be read", cell))?;
        let zone = || {
            self.plan.zone.ok_or_else(|| {
                refusal(
                    "`time` has no offset where the rows before had one; pass --time-zone",
                    cell,
                )
            })
        };
        let instant = |civil: i64| instant(zone()?, civil, cell, "time");
        let known = match (self.plan.known, written) {
            (Known::On(clock), written) => {
                let day = match written {
                    Written::Day(days) => Some(days * DAY),
                    Written::Civil(micros) => Some(micros),
                    // A date with an offset is midnight there; as a timestamp it is midnight UTC.
                    Written::Utc(micros) => {
                        [zone()?.civil(micros), micros].into_iter().find(|civil| civil % DAY == 0)
                    }
                };
                let Some(day) = day.filter(|civil| civil % DAY == 0) else {
                    return Err(refusal(
                        "`time` has a time of day where --stamp expects a date",
                        cell,
                    ));
                };
                instant(day + clock.micros())?
            }
            (Known::AtStamp, Written::Day(_)) => {
                return Err(refusal(
                    "`time` is a date where the rows before had a time of day",
                    cell,
                ));
            }
            (Known::AtStamp, Written::Utc(micros)) => micros,
            (Known::AtStamp, Written::Civil(micros)) => instant(micros)?,
            (Known::After(interval), Written::Utc(micros)) => micros + interval.0,
            // A bar of days ends by the clock, which may be 23 or 25 hours later; a shorter one by the time gone.
            (Known::After(interval), Written::Civil(micros)) if interval.0 % DAY == 0 => {
                instant(micros + interval.0)?
            }
            (Known::After(interval), Written::Civil(micros)) => instant(micros)? + interval.0,
            (Known::After(interval), Written::Day(days)) if interval.0 % DAY == 0 => {
                instant(days * DAY + interval.0)?
            }
            (Known::After(interval), Written::Day(days)) => instant(days * DAY)? + interval.0,
        };
        self.shifted += u64::from(self.plan.known != Known::AtStamp);
        let Some(round) = self.plan.round.map(|round| round.0) else { return Ok(known) };
        let rounded = (known + round / 2).div_euclid(round) * round;
        self.rounded += u64::from(rounded != known);
        Ok(rounded)
    }

    fn expiry(&self, cell: &Cell<'_>, name: &str) -> Result<i64, Refusal> {
        match (self.plan.form.read(cell), self.plan.expiry, self.plan.zone) {
            (Some(Written::Utc(micros)), ..) => Ok(micros),
            (Some(Written::Civil(micros)), _, Some(zone)) => instant(zone, micros, cell, name),
            (Some(Written::Day(days)), Some(clock), _) => Ok(days * DAY + clock.micros()),
            (Some(Written::Day(_)), None, _) => {
                Err(refusal(format!("`{name}` is a date; pass --expiry-time"), cell))
            }
            (Some(Written::Civil(_)), _, None) => {
                Err(refusal(format!("`{name}` has no offset; pass --time-zone"), cell))
            }
            (None, ..) => Err(refusal(format!("`{name}` cannot be read"), cell)),
        }
    }

    fn number(&mut self, cell: &Cell<'_>, column: ColumnPlan) -> Result<f64, Refusal> {
        let value = cell
            .number(self.plan.comma)
            .ok_or_else(|| refusal(format!("`{}` is not a number", column.name), cell))?;
        // One is no unit to change.
        #[expect(clippy::float_cmp, reason = "one of two constants")]
        if column.vol && self.plan.vol_divisor != 1.0 {
            self.divided += 1;
            return Ok(value / self.plan.vol_divisor);
        }
        Ok(value)
    }

    fn label(&mut self, at: usize, cell: &Cell<'_>, name: &str) -> Result<u32, Refusal> {
        let text: Cow<'_, str> = match cell {
            Cell::Text(text) => Cow::Borrowed(text.as_ref()),
            Cell::Whole(value) => Cow::Owned(value.to_string()),
            Cell::Number(value) => Cow::Owned(value.to_string()),
            _ => return Err(refusal(format!("`{name}` is not text"), cell)),
        };
        if let Some((last, number)) = &self.last[at]
            && *last == text
        {
            return Ok(*number);
        }
        let number = match name {
            "right" => self.books.number(
                right(&text).ok_or_else(|| refusal("`right` is neither call nor put", cell))?,
            ),
            "kind" => self.books.number(&text.to_lowercase()),
            _ => self.books.number(&text),
        };
        self.last[at] = Some((text.into_owned(), number));
        Ok(number)
    }
}

/// The instant at which a zone's clock shows a time; a row whose time is none is refused and counted.
fn instant(zone: Zone, civil: i64, cell: &Cell<'_>, column: &str) -> Result<i64, Refusal> {
    zone.instant(civil).map_err(|none| refusal(none.reason(column, zone), cell))
}

fn put_nothing(shape: &Shape, row: &mut [u8], at: usize, kind: Kind) {
    match kind {
        Kind::Time => shape.put_time(row, at, None),
        Kind::Number => shape.put_number(row, at, None),
        Kind::Text => shape.put_label(row, at, None),
        Kind::Flag => shape.put_flag(row, at, None),
    }
}

fn flag(cell: &Cell<'_>) -> Option<bool> {
    match cell {
        Cell::Flag(flag) => Some(*flag),
        Cell::Whole(0) => Some(false),
        Cell::Whole(1) => Some(true),
        Cell::Text(text) => match text.to_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn right(text: &str) -> Option<&'static str> {
    match text.to_lowercase().as_str() {
        "c" | "call" => Some("call"),
        "p" | "put" => Some("put"),
        _ => None,
    }
}

fn option_of<'c>(cell: &'c Cell<'_>) -> Option<OptionName<'c>> {
    match cell {
        Cell::Text(name) => option_name::parse(name),
        _ => None,
    }
}

/// The value of a column of the table in a record.
fn cell<'r>(origin: &'r Origin, record: &'r Record<'_>) -> Cell<'r> {
    match origin {
        Origin::Column(column) => record.cell(*column),
        Origin::Constant(text) => Cell::text(text),
        Origin::Nothing => Cell::Empty,
        Origin::Derived(what, of, and) => {
            derived(*what, &record.cell(*of), and.map(|at| record.cell(at)))
        }
    }
}

fn derived(what: Derived, of: &Cell<'_>, and: Option<Cell<'_>>) -> Cell<'static> {
    let text = |text: &str| Cell::Text(Cow::Owned(text.to_owned()));
    let says = |cell: &Cell<'_>, word: &str| matches!(cell, Cell::Text(text) if text == word);
    let perpetual = and.as_ref().is_some_and(|period| says(period, "perpetual"));
    let name = || option_of(of);
    match what {
        Derived::OptionCoin => name().map_or(Cell::Empty, |name| text(name.coin)),
        Derived::OptionExpiry => {
            name().map_or(Cell::Empty, |name| Cell::Instant { micros: name.expiry, zoned: true })
        }
        Derived::OptionStrike => name().map_or(Cell::Empty, |name| Cell::Number(name.strike)),
        Derived::OptionRight => name().map_or(Cell::Empty, |name| text(name.right)),
        Derived::OptionPriceUnit => {
            name().map_or(Cell::Empty, |name| text(name.quote.unwrap_or("coin")))
        }
        Derived::DeribitKind if perpetual => text("perpetual"),
        Derived::DeribitExpiry if perpetual => Cell::Empty,
        Derived::DeribitInverse => Cell::Flag(says(of, "reversed")),
        Derived::FirstOf if *of == Cell::Empty => and.map_or(Cell::Empty, |cell| cell.owned()),
        Derived::DeribitKind | Derived::DeribitExpiry | Derived::FirstOf => of.owned(),
    }
}
