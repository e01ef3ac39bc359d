//! A model that follows its rule set through time: at each margin date, the version in force.

use mpor_core::{Span, Timestamp};
use mpor_risk::Day;

use crate::error::MarginError;
use crate::model::{MarginModel, Merging, Prepared};
use crate::rules::{RuleSet, in_force};

/// One model a version.
pub(crate) struct Dated {
    id: String,
    versions: Versions,
    models: Vec<Box<dyn MarginModel>>,
}

enum Versions {
    /// The one model, at every date.
    Pinned,
    /// By date; as many as models.
    ByDate(Vec<RuleSet>),
}

impl Dated {
    /// The model of the version in force at each margin date. `versions` and `models` go together.
    pub fn new(id: &str, versions: &[RuleSet], models: Vec<Box<dyn MarginModel>>) -> Self {
        Dated { id: id.to_owned(), versions: Versions::ByDate(versions.to_vec()), models }
    }

    /// The first of `models` at every margin date.
    pub fn pinned(id: &str, models: Vec<Box<dyn MarginModel>>) -> Self {
        Dated { id: id.to_owned(), versions: Versions::Pinned, models }
    }

    fn at(&self, time: Timestamp) -> Result<&dyn MarginModel, MarginError> {
        let index = match &self.versions {
            Versions::Pinned => 0,
            Versions::ByDate(versions) => {
                let name = versions.first().map_or("", |set| set.name.as_str());
                let set = in_force(name, versions, time)?;
                versions.iter().position(|known| known.version == set.version).unwrap_or(0)
            }
        };
        Ok(self.models[index].as_ref())
    }
}

impl MarginModel for Dated {
    fn id(&self) -> &str {
        &self.id
    }

    fn history_steps(&self) -> usize {
        self.models.iter().map(|model| model.history_steps()).max().unwrap_or(1)
    }

    fn fits(&self) -> bool {
        self.models.iter().any(|model| model.fits())
    }

    /// What holds for every version.
    fn merging(&self) -> Merging {
        let all: Vec<Merging> = self.models.iter().map(|model| model.merging()).collect();
        match all.first() {
            _ if all.contains(&Merging::MayBeMore) => Merging::MayBeMore,
            Some(Merging::NeverMore) if !all.contains(&Merging::NotStated) => Merging::NeverMore,
            _ => Merging::NotStated,
        }
    }

    /// That of the latest version.
    fn margin_period(&self) -> Option<Span> {
        self.models.last()?.margin_period()
    }

    fn prepare<'d>(&self, day: &'d Day<'_>) -> Result<Box<dyn Prepared + 'd>, MarginError> {
        self.at(day.time())?.prepare(day)
    }
}
