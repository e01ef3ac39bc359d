//! Where in the study file a thing is, so that an error can point at it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The place of what one of `names` names inside the `index`-th table of `[[list]]`: a key, else a text; else the place of the
/// table's own name, which is not looked for elsewhere: a strangle may be called `strangle`.
pub(super) fn in_list(
    text: &str,
    list: &str,
    index: usize,
    names: &[String],
) -> Option<Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let entry = document.get_ref().get(list)?.get_ref().as_array()?.get(index)?;
    let table = entry.get_ref().as_table()?;
    let own = table.get("name");
    let own_text = own.and_then(|name| name.get_ref().as_str());
    let names = || names.iter().filter(|name| Some(name.as_str()) != own_text);
    names()
        .find_map(|name| key_span(table, name))
        .or_else(|| names().find_map(|name| text_span(table, name)))
        .or_else(|| own.map(Spanned::span))
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

/// A key, or the end of a dotted path of keys that begins anywhere in the table: `buffer.share`.
fn key_span(table: &DeTable<'_>, path: &str) -> Option<Range<usize>> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
    table.iter().find_map(|(key, value)| {
        if key.get_ref() != first {
            return inside(value.get_ref(), &|table| key_span(table, path));
        }
        let deeper = rest.and_then(|rest| key_span(value.get_ref().as_table()?, rest));
        deeper.or_else(|| Some(key.span()))
    })
}

fn text_span(table: &DeTable<'_>, text: &str) -> Option<Range<usize>> {
    table.values().find_map(|value| {
        if value.get_ref().as_str() == Some(text) {
            return Some(value.span());
        }
        inside(value.get_ref(), &|table| text_span(table, text))
    })
}

/// What `find` finds in the tables of a value.
fn inside(
    value: &DeValue<'_>,
    find: &dyn Fn(&DeTable<'_>) -> Option<Range<usize>>,
) -> Option<Range<usize>> {
    if let Some(table) = value.as_table() {
        return find(table);
    }
    value.as_array()?.iter().find_map(|element| inside(element.get_ref(), find))
}
