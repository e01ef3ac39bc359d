//! Text for a terminal: tables with columns as wide as their widest cell, and names that cannot command the terminal.

use std::path::{Component, Path, PathBuf};

/// Longest cell of a table; JSON and files have it whole.
const LONGEST_CELL: usize = 400;

/// A text from a file as it may be shown: what acts on a terminal instead of being seen is written as Rust writes it.
pub fn plain(text: &str) -> String {
    let shown = |c: char| match acts(c) && c != '\n' {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// Control characters, and those that turn the direction of writing, break lines or have no width.
fn acts(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    c.is_control() || invisible
}

/// A path without the detours of `a/../b`, where it leads to the same place without them.
pub fn path(path: &Path) -> String {
    let mut clean = PathBuf::new();
    for part in path.components() {
        let inside = matches!(clean.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::ParentDir if inside => drop(clean.pop()),
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    let same = path.canonicalize().ok().zip(clean.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    line(&if same { clean } else { path.to_owned() }.to_string_lossy())
}

/// The same on one line.
pub fn line(text: &str) -> String {
    plain(text).replace('\n', "\\n")
}

/// Renders rows under a header.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cut(line(cell))).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let right: Vec<bool> = (0..header.len())
        .map(|column| rows.iter().filter_map(|row| row.get(column)).all(|cell| numeric(cell)))
        .collect();
    let laid_out = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let width = widths[column];
                if right[column] { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![laid_out(header.to_vec())];
    lines.push(widths.iter().map(|&width| "-".repeat(width)).collect::<Vec<_>>().join("  "));
    lines.extend(rows.iter().map(|row| laid_out(row.iter().map(String::as_str).collect())));
    lines.join("\n") + "\n"
}

fn cut(cell: String) -> String {
    match cell.char_indices().nth(LONGEST_CELL) {
        None => cell,
        Some((end, _)) => format!("{}...", &cell[..end]),
    }
}

fn numeric(cell: &str) -> bool {
    cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit() || "+-–".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(line("a\u{1b}[31mb\nc"), "a\\u{1b}[31mb\\nc");
        assert_eq!(plain("<b>*_é\n"), "<b>*_é\n");
        assert_eq!(line("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
    }

    #[test]
    fn a_long_name_does_not_fill_the_terminal() {
        let shown = table(&["name"], &[vec!["x".repeat(10_000)]]);
        assert_eq!(shown.lines().map(str::len).max(), Some(LONGEST_CELL + 3));
    }

    #[test]
    fn detours_are_left_out_where_they_are_none() {
        let folder = std::env::temp_dir();
        let detour = folder.join("x/..").join(".");
        // There is no `x`, so that the path leads nowhere as it is written.
        assert_eq!(path(&detour), detour.to_string_lossy());
        assert_eq!(path(&folder.join(".").join("")), path(&folder));
    }

    #[test]
    fn numbers_align_to_the_right() {
        let rows = vec![vec!["scan".into(), "9.5 %".into()], vec!["var".into(), "10.2 %".into()]];
        assert_eq!(
            table(&["model", "rate"], &rows),
            "model    rate\n-----  ------\nscan    9.5 %\nvar    10.2 %\n"
        );
    }
}
