//! `[data]`: where history and positions are, and what is done about findings.

use mpor_data::Policies;
use serde::{Deserialize, Serialize};

/// Where history and positions are. Paths are relative to the study file; globs and object-store URLs are allowed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// The folder that paths of the study are relative to, itself relative to the study file; that file's own where absent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub base: String,
    /// Bars.
    pub prices: Paths,
    /// Volatility indices.
    pub vol_index: Paths,
    /// Funding payments.
    pub funding: Paths,
    /// Instruments, where positions name listed contracts.
    pub instruments: Paths,
    /// Venue marks of listed options, by name of the contract; they take precedence over the surface.
    pub option_marks: Paths,
    /// Position snapshots.
    pub positions: Paths,
    /// Trades, instead of snapshots.
    pub trades: Paths,
    /// Margin calls and when they were met, for the overlay `reputation`.
    #[serde(skip_serializing_if = "Paths::is_none")]
    pub calls: Paths,
    /// Folders of the user's own rule sets.
    pub rules: Vec<String>,
    /// What to do about a finding, by its code.
    pub policy: Policies,
}

/// One path or several.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(untagged, expecting = "write a path in quotes, or a list of paths")]
pub enum Paths {
    /// None given.
    #[default]
    None,
    /// One path, glob or URL.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Paths {
    fn is_none(&self) -> bool {
        self.list().is_empty()
    }

    /// The paths in order.
    #[must_use]
    pub fn list(&self) -> &[String] {
        match self {
            Paths::None => &[],
            Paths::One(path) => std::slice::from_ref(path),
            Paths::Many(paths) => paths,
        }
    }
}

impl Serialize for Paths {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list().serialize(serializer)
    }
}
