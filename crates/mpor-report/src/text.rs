//! Names as a reader can see them: any text a user chose, made printable, shortened and breakable.
//!
//! A character that the embedded typeface lacks is written by its code point, because a page with missing glyphs
//! is neither readable nor valid PDF/A. The full names are in the result's tables.

use crate::fonts::Typeface;

/// Longest run of characters without a place to break a line.
const LONGEST_RUN: usize = 18;
/// Length of the pieces that a longer run is broken into.
const PIECE: usize = 6;
/// Zero-width space: a place where a line may break.
const BREAK: char = '\u{200B}';

/// The text with what the typeface cannot show written as `\u{4E2D}`, and line ends as spaces.
pub(crate) fn printable(text: &str, typeface: &Typeface) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\r' => shown.push(' '),
            BREAK => shown.push(BREAK),
            _ if is_hidden(c) || !typeface.covers(c) => {
                shown.push_str(&format!("\\u{{{:X}}}", u32::from(c)));
            }
            _ => shown.push(c),
        }
    }
    shown
}

/// The same on a page, where lines may break between two code points.
pub(crate) fn printable_on_page(text: &str, typeface: &Typeface) -> String {
    printable(text, typeface).replace("}\\u{", &format!("}}{BREAK}\\u{{"))
}

/// Controls, and characters that reorder or hide text.
fn is_hidden(c: char) -> bool {
    let bidi = matches!(c, '\u{061C}' | '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}');
    c.is_control() || bidi || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{00AD}')
}

/// The text, with its middle left out when it is longer than `longest` characters.
pub(crate) fn elide(text: &str, longest: usize) -> String {
    let count = text.chars().count();
    if count <= longest || longest < 3 {
        return text.to_owned();
    }
    let head = longest.div_ceil(2);
    let tail = longest - head - 1;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

/// The text with places to break inside long words, so that no cell overflows: after marks that join words, and
/// anywhere in runs that have none.
pub(crate) fn breakable(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    let long = |word: &str| word.chars().count() > LONGEST_RUN;
    words.map(|word| if long(word) { broken(word) } else { word.to_owned() }).collect()
}

fn broken(word: &str) -> String {
    let joins = |c: char| matches!(c, '-' | '_' | '/' | '.' | ':' | '=' | '\\' | '{' | '}');
    let mut broken = String::with_capacity(2 * word.len());
    for run in word.split_inclusive(joins) {
        let long = run.chars().count() > LONGEST_RUN;
        for (position, c) in run.chars().enumerate() {
            if long && position > 0 && position % PIECE == 0 {
                broken.push(BREAK);
            }
            broken.push(c);
        }
        // Lines break at a hyphen anyway.
        if !run.ends_with('-') {
            broken.push(BREAK);
        }
    }
    broken
}

/// A name in a table's cell: at most 60 characters, breakable.
pub(crate) fn name(text: &str) -> String {
    breakable(&elide(text, 60))
}

/// A name as a file name: lower-case ASCII letters, digits and dashes; never empty.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().take(60) {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "unnamed".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_typeface_lacks_is_written_by_code_point() {
        let typeface = Typeface::load().unwrap();
        assert_eq!(printable("ETH–α €5", &typeface), "ETH–α €5");
        assert_eq!(printable("中\u{202E}\n", &typeface), "\\u{4E2D}\\u{202E} ");
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(elide("short", 10), "short");
        assert_eq!(elide("abcdefghijkl", 7), "abcd…kl");
        assert_eq!(breakable(&"a".repeat(20)).matches(BREAK).count(), 4);
        assert_eq!(breakable("christoffersen-independence").matches(BREAK).count(), 1);
        assert_eq!(breakable("coverage of 98.1 %: low"), "coverage of 98.1 %: low");
    }

    #[test]
    fn slugs_are_file_names() {
        assert_eq!(slug("Derive PMRM/2"), "derive-pmrm-2");
        assert_eq!(slug("../中"), "unnamed");
    }
}
