//! Any text as text: in a page's content, in an attribute, in data for a script.

use crate::fonts::Typeface;
use crate::text::printable;

/// Writes text into a page. What the typeface cannot show, or what would hide or reorder text, is written by its code point.
pub(super) struct Escape<'a>(pub &'a Typeface);

impl Escape<'_> {
    /// As content or in a quoted attribute; places to break become `<wbr>`.
    pub fn content(&self, text: &str) -> String {
        let mut page = String::with_capacity(text.len() + 16);
        for c in printable(text, self.0).chars() {
            match c {
                '&' => page.push_str("&amp;"),
                '<' => page.push_str("&lt;"),
                '>' => page.push_str("&gt;"),
                '"' => page.push_str("&quot;"),
                '\'' => page.push_str("&#39;"),
                '\u{200B}' => page.push_str("<wbr>"),
                c => page.push(c),
            }
        }
        page
    }

    /// In a quoted attribute, without places to break.
    pub fn attribute(&self, text: &str) -> String {
        self.content(&self.plain(text))
    }

    /// As a string of the page's data.
    pub fn plain(&self, text: &str) -> String {
        printable(text, self.0).replace('\u{200B}', "")
    }
}

/// JSON that can stand in a `script` element: no character of it can end the element or open a comment.
pub(super) fn script_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        let typeface = Typeface::load().unwrap();
        let escape = Escape(&typeface);
        assert_eq!(
            escape.content("</script><b a='1' c=\"2\">&\u{200B}\u{202E}"),
            "&lt;/script&gt;&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;<wbr>\\u{202E}"
        );
        assert_eq!(escape.attribute("a\u{200B}\"b"), "a&quot;b");
    }

    #[test]
    fn data_stays_in_its_element_and_means_the_same() {
        let hostile = "]]> </script><!-- <script> \u{2028} & \"";
        let json = serde_json::to_string(hostile).unwrap();
        let safe = script_json(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }
}
