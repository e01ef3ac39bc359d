//! The reader's messages in the words of whoever writes the study.

/// Types as the reader names them, and as a person would. A struct's own name is dropped.
const TYPES: [(&str, &str); 19] = [
    ("expected u64", "expected a whole number, 0 or more"),
    ("expected u32", "expected a whole number, 0 or more"),
    ("expected u16", "expected a whole number, 0 or more"),
    ("expected usize", "expected a whole number, 0 or more"),
    ("expected i64", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("expected a string", "expected a text in quotes"),
    ("expected a borrowed string", "expected a text in quotes"),
    ("expected a boolean", "expected true or false"),
    ("expected a sequence", "expected a list"),
    ("expected a map", "expected a table"),
    ("invalid type: string", "found the text"),
    ("invalid type: sequence", "found a list"),
    ("invalid type: map", "found a table"),
    ("invalid type: floating point", "found the number"),
    ("invalid type: integer", "found the number"),
    ("invalid type: boolean", "found"),
    ("invalid value: integer", "found the number"),
    ("missing field", "missing key"),
];

/// A message without programmers' types, and with the nearest known name where a name is unknown.
pub(super) fn plain(message: &str) -> String {
    with_nearest(&in_words(message))
}

/// The same without a guess at what was meant.
pub(super) fn typed(message: &str) -> String {
    in_words(message).replace("unknown field", "unknown key")
}

fn in_words(message: &str) -> String {
    let typed = TYPES
        .iter()
        .fold(message.trim_end().to_owned(), |text, (theirs, ours)| text.replace(theirs, ours));
    without_struct(&typed)
}

/// `expected struct MporSpec` is a table to whoever writes one.
fn without_struct(message: &str) -> String {
    match message.split_once("expected struct ") {
        None => message.to_owned(),
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            format!("{before}expected a table{rest}")
        }
    }
}

/// The words that a message quotes in backticks.
pub(super) fn quoted(message: &str) -> Vec<String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Adds the nearest known name to "unknown field `x`, expected one of `a`, `b`".
fn with_nearest(message: &str) -> String {
    let unknown = ["unknown field", "unknown variant", "unknown test"];
    if !unknown.iter().any(|start| message.contains(start)) {
        return message.to_owned();
    }
    let message = message.replace("unknown field", "unknown key");
    let message = message.replace("unknown variant", "unknown value");
    let words = quoted(&message);
    let Some((found, known)) = words.split_first() else { return message };
    match near(found, known.iter().map(String::as_str)) {
        Some(nearest) => format!("{message}; did you mean `{nearest}`?"),
        None => message,
    }
}

/// The known name that an unknown one is nearest to, if it is near.
fn near<'k>(found: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let nearest = known.min_by_key(|word| strsim::levenshtein(found, word))?;
    (strsim::levenshtein(found, nearest) <= 1 + found.len() / 3).then_some(nearest)
}

/// `did you mean `a`? known: a, b` for the end of a message about an unknown name.
pub(crate) fn nearest<'k>(found: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    let list: Vec<&str> = known.clone().collect();
    let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    match near(found, known) {
        Some(nearest) => format!("did you mean `{nearest}`? known: {list}"),
        None => format!("known: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_named() {
        let message = "unknown field `seeed`, expected one of `seed`, `name`";
        let expected = "unknown key `seeed`, expected one of `seed`, `name`; did you mean `seed`?";
        assert_eq!(plain(message), expected);
    }

    #[test]
    fn types_are_named_as_people_name_them() {
        let message = "invalid type: string \"seven\", expected u64";
        assert_eq!(plain(message), "found the text \"seven\", expected a whole number, 0 or more");
        let message = "invalid type: integer `5`, expected struct MporSpec";
        assert_eq!(plain(message), "found the number `5`, expected a table");
    }
}
