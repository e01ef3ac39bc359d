//! Chapters as page content. Words are in the page itself; only figures need its script.

use std::fmt::Write as _;

use super::escape::Escape;
use crate::document::grid::{Cell, Grid, GridColumn};
use crate::document::{Block, Card, Chapter, Picture};

/// Writes one chapter.
pub(super) fn chapter(page: &mut String, chapter: &Chapter, escape: &Escape<'_>) {
    let _ = writeln!(page, "<section id=\"{}\">", chapter.id);
    if !chapter.title.is_empty() {
        let _ = writeln!(page, "<h2>{}</h2>", escape.content(&chapter.title));
    }
    for one in &chapter.blocks {
        block(page, one, escape);
    }
    page.push_str("</section>\n");
}

// Writing into a string cannot fail.
fn block(page: &mut String, block: &Block, escape: &Escape<'_>) {
    let text = |text: &str| escape.content(text);
    let _ = match block {
        Block::Title { title, description } => {
            writeln!(page, "<h1>{}</h1>\n<p class=\"lead\">{}</p>", text(title), text(description))
        }
        Block::Answer { question, answer } => writeln!(
            page,
            "<div class=\"answer\"><p>{}</p><p><strong>{}</strong></p></div>",
            text(question),
            text(answer)
        ),
        Block::Heading { text: heading } => writeln!(page, "<h3>{}</h3>", text(heading)),
        Block::Text { text: words } => writeln!(page, "<p>{}</p>", text(words)),
        Block::Note { text: words } => writeln!(page, "<p class=\"note\">{}</p>", text(words)),
        Block::List { items } => {
            let items: String =
                items.iter().map(|item| format!("<li>{}</li>\n", text(item))).collect();
            writeln!(page, "<ul>\n{items}</ul>")
        }
        Block::Facts { rows, code } => {
            let class = if *code { "facts code" } else { "facts" };
            let row = |(name, value): &(String, String)| {
                format!("<div><dt>{}</dt><dd>{}</dd></div>\n", text(name), text(value))
            };
            let rows: String = rows.iter().map(row).collect();
            writeln!(page, "<dl class=\"{class}\">\n{rows}</dl>")
        }
        Block::Table { grid, .. } => {
            table(page, grid, escape);
            Ok(())
        }
        // A page for browsers has no first page: such a figure stands where it is sent first.
        Block::Figure(shown) | Block::FirstPage(shown) => {
            picture(page, shown, escape);
            Ok(())
        }
        Block::ElseHere(_) => Ok(()),
        Block::Cards { cards } => {
            let cards: String = cards.iter().map(|one| card(one, escape)).collect();
            writeln!(page, "<div class=\"cards\">\n{cards}</div>")
        }
    };
}

/// The frame of a figure, which the script fills.
fn picture(page: &mut String, picture: &Picture, escape: &Escape<'_>) {
    let _ = writeln!(
        page,
        "<figure data-figure=\"{}\">\n<h3>{}</h3>\n<div class=\"plot\"></div>\n\
         <figcaption>{} <em>{}</em> <span class=\"source\">Numbers: figures/{}.csv and .parquet.</span></figcaption>\n\
         </figure>",
        picture.number,
        escape.content(&picture.title),
        escape.content(&picture.caption),
        escape.content(&picture.reading),
        escape.content(&picture.id),
    );
}

fn table(page: &mut String, grid: &Grid, escape: &Escape<'_>) {
    if !grid.rows.is_empty() {
        let heads: String = grid.columns.iter().map(|column| head(column, escape)).collect();
        let _ =
            writeln!(page, "<div class=\"wide\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>");
        for row in &grid.rows {
            page.push_str("<tr>");
            for (cell, column) in row.iter().zip(&grid.columns) {
                self::cell(page, cell, column, escape);
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody></table></div>\n");
    }
    if !grid.note.is_empty() {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape.content(&grid.note));
    }
}

fn head(column: &GridColumn, escape: &Escape<'_>) -> String {
    let title: Vec<String> = column.title.iter().map(|line| escape.content(line)).collect();
    format!("<th scope=\"col\" class=\"{}\">{}</th>", column.align, title.join(" "))
}

fn cell(page: &mut String, cell: &Cell, column: &GridColumn, escape: &Escape<'_>) {
    let _ = write!(
        page,
        "<td class=\"{} {}\">{}</td>",
        column.align,
        cell.tone,
        escape.content(&cell.text)
    );
}

fn card(card: &Card, escape: &Escape<'_>) -> String {
    let text = |text: &str| escape.content(text);
    let mut shown = format!(
        "<article data-model=\"{}\"><h3>{} <small>{}</small></h3>\n<p>{}</p>\n",
        escape.attribute(&card.name),
        text(&card.name),
        text(&card.kind),
        text(&card.summary)
    );
    for rule in &card.rules {
        let _ = writeln!(shown, "<p class=\"note\"><b>Rules:</b> {}</p>", text(rule));
    }
    if !card.parameters.is_empty() {
        let all: Vec<String> = card
            .parameters
            .iter()
            .map(|(key, value)| format!("{} = {}", text(key), text(value)))
            .collect();
        let _ = writeln!(shown, "<p class=\"note\"><b>Parameters:</b> {}</p>", all.join("; "));
    }
    for modelled in &card.modelled {
        let _ = writeln!(
            shown,
            "<p class=\"note\"><b class=\"warn\">Modelled:</b> {}</p>",
            text(modelled)
        );
    }
    shown + "</article>\n"
}
