//! Text for a terminal: tables with columns as wide as their widest cell, and names that cannot command the terminal.

/// A text from a file as it may be shown: control characters as Rust writes them, so that none of them acts.
pub fn plain(text: &str) -> String {
    let shown = |c: char| match c.is_control() && c != '\n' {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// The same on one line.
pub fn line(text: &str) -> String {
    plain(text).replace('\n', "\\n")
}

/// Renders rows under a header.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| line(cell)).collect()).collect();
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
