//! What is written at the wrong place or as the wrong kind of table, told as such: the reader's own message speaks of the types
//! that it met on the way.

use std::ops::Range;

use toml::de::DeTable;

use super::json_schema::{Holds, Section, sections};

/// A table written as a list of tables or the other way round, with its place.
pub(super) fn wrong_brackets(text: &str) -> Option<(Range<usize>, String)> {
    let document = DeTable::parse(text).ok()?;
    let sections = sections();
    document.get_ref().iter().find_map(|(key, value)| {
        let name: &str = key.get_ref();
        let section = sections.iter().find(|section| section.name == name)?;
        let (table, list) = (value.get_ref().as_table(), value.get_ref().as_array());
        let problem = match section.holds {
            Holds::Table if list.is_some() => {
                format!("there is one `{name}` in a study: write `[{name}]`, not `[[{name}]]`")
            }
            Holds::Tables if table.is_some() => {
                format!("`{name}` may come several times: write `[[{name}]]`, not `[{name}]`")
            }
            _ => return None,
        };
        Some((value.span(), problem))
    })
}

/// Where an unknown key belongs, if the study has one of this name elsewhere.
pub(super) fn elsewhere(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("unknown field `")?;
    let (key, _) = rest.split_once('`')?;
    let sections = sections();
    if let Some(section) = sections.iter().find(|section| section.name == key) {
        return Some(match section.holds {
            Holds::Other => {
                format!("`{key}` is a key of the study itself: write it above the first `[table]`")
            }
            Holds::Table => format!("`{key}` is a table of its own: write `[{key}]`"),
            Holds::Tables => format!("`{key}` is a list of its own: write `[[{key}]]`"),
        });
    }
    let home = |section: &Section| match section.holds {
        Holds::Tables => format!("`[[{}]]`", section.name),
        _ => format!("`[{}]`", section.name),
    };
    let has = |section: &&Section| section.keys.iter().any(|k| k == key);
    let homes: Vec<String> = sections.iter().filter(has).map(home).collect();
    (!homes.is_empty()).then(|| format!("`{key}` is a key of {}", homes.join(" and of ")))
}
