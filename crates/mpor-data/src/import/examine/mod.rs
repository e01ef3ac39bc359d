//! From a look at a file to a plan, or to the questions that stand in its way.
//!
//! What the user states is taken. What the writer's documentation says is taken and told. Everything else that matters is a
//! [`Question`] with the evidence there is; with `--confirm` the guesses are taken and told.

mod clock;
mod columns;
mod units;

use crate::import::error::ImportError;
use crate::import::evidence::Stamps;
use crate::import::format::{self, Layout, Origin};
use crate::import::plan::{Known, Plan};
use crate::import::probe::Probe;
use crate::import::question::Question;
use crate::import::report::Assumed;
use crate::import::spec::{Duplicates, Format, Spec};
use crate::schema::Schema;

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
}

fn column_of(origin: &Origin) -> Option<usize> {
    match origin {
        Origin::Column(column) => Some(*column),
        _ => None,
    }
}
