//! Parameters of TIMS: moves by type of underlying, the class of each underlying, offsets of product groups.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The entry of `classes` for underlyings without their own.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    pub types: BTreeMap<String, Moves>,
    pub classes: BTreeMap<String, ClassParameters>,
    #[serde(default)]
    pub groups: BTreeMap<String, GroupParameters>,
    #[serde(default)]
    pub minimum: f64,
}

/// Largest moves of a type of underlying, shares of spot.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Moves {
    pub down: f64,
    pub up: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassParameters {
    #[serde(rename = "type")]
    pub kind: String,
    /// Moves are multiplied by it.
    #[serde(default = "one")]
    pub leverage: f64,
    /// A group of its own where there is none.
    pub group: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupParameters {
    pub offset: f64,
}

fn one() -> f64 {
    1.0
}

/// A key and what is wrong with it.
type Fault = (String, String);

impl Parameters {
    /// The first parameter that is impossible, as key and sentence.
    pub fn check(&self) -> Result<(), Fault> {
        if !(self.minimum >= 0.0 && self.minimum.is_finite()) {
            return Err(("minimum".to_owned(), format!("is {}: 0 or more", self.minimum)));
        }
        for (name, group) in &self.groups {
            if !(0.0..=1.0).contains(&group.offset) {
                let problem = format!("is {}: a share between 0 and 1", group.offset);
                return Err((format!("groups.{name}.offset"), problem));
            }
        }
        for (name, class) in &self.classes {
            let key = |key: &str| format!("classes.{name}.{key}");
            let Some(moves) = self.types.get(&class.kind) else {
                let problem = format!(
                    "is `{}`, which is not in `types`; known: {}",
                    class.kind,
                    known(&self.types)
                );
                return Err((key("type"), problem));
            };
            let fits = |move_: f64, below: f64| {
                let move_ = move_ * class.leverage;
                move_ > 0.0 && move_ < below
            };
            if !(fits(moves.down, 1.0) && fits(moves.up, f64::INFINITY)) {
                let problem = format!(
                    "has moves {} down and {} up times {}: above 0, and down below 1",
                    moves.down, moves.up, class.leverage
                );
                return Err((key("leverage"), problem));
            }
            if let Some(group) =
                class.group.as_ref().filter(|&group| !self.groups.contains_key(group))
            {
                let problem = format!(
                    "is `{group}`, which is not in `groups`; known: {}",
                    known(&self.groups)
                );
                return Err((key("group"), problem));
            }
        }
        Ok(())
    }

    /// The class of an underlying and its moves, leverage included.
    pub fn class_of(&self, underlying: &str) -> Option<(&ClassParameters, Moves)> {
        let class = self.classes.get(underlying).or_else(|| self.classes.get(DEFAULT))?;
        let Moves { down, up } = *self.types.get(&class.kind)?;
        Some((class, Moves { down: down * class.leverage, up: up * class.leverage }))
    }

    /// The names of the classes, for errors.
    pub fn known(&self) -> String {
        known(&self.classes)
    }
}

fn known<T>(map: &BTreeMap<String, T>) -> String {
    map.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}
