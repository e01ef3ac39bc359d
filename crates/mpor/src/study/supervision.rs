//! What supervisors' tables must be told: which accounts are parts of which, and which parts of a requirement are add-ons.

use std::collections::BTreeSet;

use mpor_backtest::standards::OFFSET_SHARE;
use serde::{Deserialize, Serialize};

use super::{StudyError, StudyFile, nearest};

/// An account that holds what some others hold together: what do offsets between them save?
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OffsetSpec {
    /// The account of the whole.
    pub whole: String,
    /// Accounts of its product groups, two or more, which together hold what the whole holds on every margin date.
    pub groups: Vec<String>,
    /// Share of the saving that may be granted, 0 to 1: 0.8 by the European regulation, 1 where the clearing house bears no risk from it.
    #[serde(default = "share")]
    pub share: f64,
}

fn share() -> f64 {
    OFFSET_SHARE
}

impl StudyFile {
    pub(super) fn check_supervision(&self) -> Result<(), StudyError> {
        for (at, spec) in self.study.offset.iter().enumerate() {
            if let Some(problem) = spec.fault() {
                return Err(self.list_error("offset", at, &problem));
            }
        }
        self.check_add_ons()
    }

    /// Add-ons are parts of a model that the study has, and parts have to be kept.
    fn check_add_ons(&self) -> Result<(), StudyError> {
        let backtest = &self.study.backtest;
        let place = ["backtest", "add_ons"];
        if backtest.add_ons.is_empty() {
            return Ok(());
        }
        let names = self.study.model.iter().filter_map(|table| table.get("name")?.as_str());
        if let Some(name) = backtest.add_ons.keys().find(|name| !names.clone().any(|n| n == *name))
        {
            let problem = format!("no model `{name}`; {}", nearest(name, names));
            return Err(self.error_at(&place, problem));
        }
        if !backtest.components || !backtest.disclosures {
            let problem = "add-ons are parts of a requirement, told apart in the table `adequacy`: that needs `components` and `disclosures`";
            return Err(self.error_at(&place, problem));
        }
        Ok(())
    }
}

impl OffsetSpec {
    fn fault(&self) -> Option<String> {
        if !(0.0..=1.0).contains(&self.share) {
            return Some(format!("`share` is {}: 0 to 1, such as 0.8", self.share));
        }
        if self.groups.len() < 2 {
            return Some("`groups` needs two accounts or more to offset".to_owned());
        }
        let mut seen = BTreeSet::from([&self.whole]);
        let twice = self.groups.iter().find(|name| !seen.insert(name))?;
        Some(format!("`{twice}` is named twice; the whole and its groups are different accounts"))
    }
}
