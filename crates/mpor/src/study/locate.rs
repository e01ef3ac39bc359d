//! Where in the study file a thing is, so that an error can point at it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The place of the first key, inside the `index`-th table of `[[list]]`, that is one of `names`; else of its name.
pub(super) fn in_list(
    text: &str,
    list: &str,
    index: usize,
    names: &[String],
) -> Option<Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let entry = document.get_ref().get(list)?.get_ref().as_array()?.get(index)?;
    let table = entry.get_ref().as_table()?;
    names
        .iter()
        .find_map(|name| key_span(table, name))
        .or_else(|| table.get("name").map(Spanned::span))
        .or_else(|| Some(entry.span()))
}

/// The place of the value at a dotted path of tables, such as `data.prices`.
pub(super) fn at(text: &str, path: &[&str]) -> Option<Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let (last, tables) = path.split_last()?;
    let mut table = document.get_ref();
    for name in tables {
        table = table.get(*name)?.get_ref().as_table()?;
    }
    table.get(*last).map(Spanned::span)
}

fn key_span(table: &DeTable<'_>, name: &str) -> Option<Range<usize>> {
    table.iter().find_map(|(key, value)| {
        if key.get_ref() == name {
            return Some(key.span());
        }
        inside(value.get_ref(), name)
    })
}

fn inside(value: &DeValue<'_>, name: &str) -> Option<Range<usize>> {
    if let Some(table) = value.as_table() {
        return key_span(table, name);
    }
    value.as_array()?.iter().find_map(|element| inside(element.get_ref(), name))
}
