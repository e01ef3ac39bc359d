//! What can be built: the kinds of margin models and the overlays, each one file and one line here.

use toml::Table;

use crate::error::MarginError;
use crate::model::MarginModel;
use crate::nearest;
use crate::{models, overlays};

/// Makes a model of one kind from the study's name for it and its parameters.
pub type BuildModel = fn(&str, Table) -> Result<Box<dyn MarginModel>, MarginError>;

/// One kind of margin model.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// As the study writes it: `kind = "scan"`.
    pub id: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// Where the method is described.
    pub source: &'static str,
    /// Whether twice the book needs twice the money.
    pub size: Size,
    /// Keys of the study's `[[model]]` table, beside `name`, `kind`, `rules`, `as_of`, `overlays`, `baseline`.
    pub parameters: &'static [Parameter],
    /// Its constructor.
    pub build: BuildModel,
}

/// How a requirement follows the size of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// `n` times every position needs `n` times the money.
    Proportional,
    /// Large positions need more than their share, or small ones at least something.
    Dependent,
}

/// One key of a model or an overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The key.
    pub key: &'static str,
    /// What stands where the study says nothing; `None` where it must say something, or where nothing is meant.
    pub default: Option<&'static str>,
    /// What it means, with its unit.
    pub summary: &'static str,
}

/// Every kind of margin model, sorted by id.
#[must_use]
pub fn kinds() -> &'static [KindInfo] {
    models::CATALOG
}

/// Every overlay, sorted by id.
#[must_use]
pub fn overlay_kinds() -> &'static [overlays::OverlayInfo] {
    overlays::CATALOG
}

/// The kind of this id.
///
/// # Errors
/// [`MarginError::UnknownKind`] with the nearest known one.
pub fn kind(id: &str) -> Result<&'static KindInfo, MarginError> {
    kinds().iter().find(|kind| kind.id == id).ok_or_else(|| MarginError::UnknownKind {
        kind: id.to_owned(),
        hint: nearest::hint(id, kinds().iter().map(|kind| kind.id)),
    })
}

impl Parameter {
    /// A key that the study must write.
    #[must_use]
    pub const fn required(key: &'static str, summary: &'static str) -> Self {
        Parameter { key, default: None, summary }
    }

    /// A key with a default.
    #[must_use]
    pub const fn optional(key: &'static str, default: &'static str, summary: &'static str) -> Self {
        Parameter { key, default: Some(default), summary }
    }
}
