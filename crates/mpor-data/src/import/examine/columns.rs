//! Which column of the file is which of the table.

use super::Examination;
use crate::import::aliases::{candidates, folded};
use crate::import::cell::Cell;
use crate::import::error::ImportError;
use crate::import::evidence::{self, Stamps};
use crate::import::format::Origin;
use crate::import::question::Question;
use crate::schema::{ColumnSpec, Empty, Kind};
use mpor_core::Span;

impl Examination<'_> {
    /// Where a column of the table comes from: stated, documented, or of a known name.
    pub(super) fn origin(
        &mut self,
        column: &ColumnSpec,
        comma: bool,
    ) -> Result<Origin, ImportError> {
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

    /// Hours between payments: a column, stated, or the grid.
    pub(super) fn interval_hours(&mut self, origin: &Origin, stamps: Option<&Stamps>) -> Origin {
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
}
