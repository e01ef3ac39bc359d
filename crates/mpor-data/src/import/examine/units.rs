//! How numbers are written and in which unit.

use mpor_core::Span;

use super::{Examination, column_of};
use crate::import::cell::Cell;
use crate::import::evidence;
use crate::import::format::Origin;
use crate::import::plan::VOLS;
use crate::import::question::Question;
use crate::import::spec::VolUnit;
use crate::schema::ColumnSpec;

/// Where volatilities in points begin: 3 is 300 % a year.
const LARGEST_FRACTION: f64 = 3.0;
/// Payments are stamped up to a few milliseconds late.
const PAYMENT_ROUNDING: Span = Span(1_000_000);

impl Examination<'_> {
    /// Whether the decimal sign is a comma.
    pub(super) fn comma(&mut self) -> bool {
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

    /// What volatilities are divided by.
    pub(super) fn vol_divisor(&mut self, origins: &[Origin], comma: bool) -> f64 {
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
    pub(super) fn round(&self) -> Option<Span> {
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
