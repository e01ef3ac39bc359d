//! The report as one page for browsers: the same document and figures as on paper, in one file that needs no network.
//!
//! Words and tables are in the page as text. Figures are data, each array once, that the page's own script draws: values on
//! hovering or by arrow keys, zoom on time axes, one account or model at a time. The script computes no result; it places marks.
//! Names are never markup: text is escaped, data cannot end its element, and the script writes text only.

mod blocks;
mod escape;
mod explorer;
mod figure;
mod pool;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::document::{Chapter, Document};
use crate::drawing::Drawing;
use crate::error::ReportError;
use crate::fonts::{self, Typeface};
use crate::text::elide;
use escape::{Escape, script_json};
use figure::Figure;
use pool::{Array, Pool};

pub(crate) use explorer::{Explorer, explorer};

const STYLE: &str = include_str!("page.css");
const SCRIPTS: [&str; 4] = [
    include_str!("plot.js"),
    include_str!("figure.js"),
    include_str!("explore.js"),
    include_str!("page.js"),
];

/// What the script reads.
#[derive(Debug, Serialize)]
struct Data {
    /// Models, in full and as tables name them.
    models: Vec<(String, String)>,
    /// Accounts that can be chosen, as tables name them, and the figure of each.
    accounts: Vec<(String, usize)>,
    figures: Vec<Option<Figure>>,
    arrays: Vec<Array>,
}

/// The page of a document. `models` are the names that panels and tables can be filtered by.
pub(crate) fn render(
    document: &Document,
    drawings: &[Drawing],
    (models, explorer): (&[&str], Option<&Explorer>),
    typeface: &Typeface,
) -> Result<Vec<u8>, ReportError> {
    let escape = Escape(typeface);
    let mut pool = Pool::default();
    let shown = document.drawings();
    let mut figures: Vec<Option<Figure>> = drawings
        .iter()
        .enumerate()
        .map(|(number, drawing)| {
            shown.contains(&number).then(|| figure::figure(drawing, &mut pool, &escape))
        })
        .collect();
    let mut accounts = Vec::new();
    for (name, drawing) in explorer.iter().flat_map(|explorer| &explorer.accounts) {
        accounts.push((escape.plain(&elide(name, 60)), figures.len()));
        figures.push(Some(figure::figure(drawing, &mut pool, &escape)));
    }
    let both = |name: &&str| (escape.plain(name), escape.plain(&elide(name, 60)));
    let models = models.iter().map(both).collect();
    let data = Data { models, accounts, figures, arrays: pool.arrays };
    let mut page = head(document, &escape);
    body(&mut page, document, explorer, &escape);
    let json = serde_json::to_string(&data)?;
    let _ = writeln!(
        page,
        "<script type=\"application/json\" id=\"report-data\">{}</script>\n<script>\n\"use strict\";",
        script_json(&json)
    );
    SCRIPTS.iter().for_each(|script| page.push_str(script));
    page.push_str("</script>\n</body>\n</html>\n");
    Ok(page.into_bytes())
}

fn head(document: &Document, escape: &Escape<'_>) -> String {
    let face = |weight: u16, bytes: &[u8]| {
        format!(
            "@font-face{{font-family:\"Report Sans\";font-weight:{weight};src:url(data:font/woff2;base64,{}) format(\"woff2\")}}\n",
            STANDARD.encode(bytes)
        )
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; font-src data:; img-src data:\">\n\
         <meta name=\"generator\" content=\"mpor {}\">\n<meta name=\"description\" content=\"{}\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{}{}{STYLE}</style>\n</head>\n",
        escape.attribute(&document.version),
        escape.attribute(&document.plain_answer),
        escape.attribute(&document.plain_title),
        face(400, fonts::WEB_REGULAR),
        face(700, fonts::WEB_BOLD),
    )
}

fn body(page: &mut String, document: &Document, explorer: Option<&Explorer>, escape: &Escape<'_>) {
    let _ = writeln!(
        page,
        "<body>\n<a class=\"skip\" href=\"#content\">Skip to the report</a>\n<header>\n<p class=\"kicker\">{}</p>\n\
         <nav aria-label=\"Sections\">",
        escape.content(&document.kicker)
    );
    let linked = document.chapters.iter().filter(|chapter| !chapter.title.is_empty());
    for chapter in linked {
        let _ =
            writeln!(page, "<a href=\"#{}\">{}</a>", chapter.id, escape.content(&chapter.title));
    }
    page.push_str(
        "</nav>\n<div id=\"filters\" role=\"group\" aria-label=\"Filter\"></div>\n</header>\n",
    );
    page.push_str("<noscript><p class=\"note\">Figures, sorting and filters need JavaScript; texts and tables do not.</p></noscript>\n");
    page.push_str("<main id=\"content\">\n");
    for chapter in &document.chapters {
        match explorer {
            Some(explorer) if chapter.id == EXPLORED && !explorer.accounts.is_empty() => {
                explore(page, chapter, explorer, escape);
            }
            _ => blocks::chapter(page, chapter, escape),
        }
    }
    let _ = writeln!(page, "</main>\n<footer>mpor {}</footer>", escape.content(&document.version));
    page.push_str("<div id=\"tip\" role=\"status\" aria-live=\"polite\" hidden></div>\n");
}

/// The chapter on one account, in whose place the page shows the account chosen.
const EXPLORED: &str = "margin-losses";

fn explore(page: &mut String, chapter: &Chapter, explorer: &Explorer, escape: &Escape<'_>) {
    let _ = writeln!(
        page,
        "<section id=\"{}\">\n<h2>{}</h2>\n<p class=\"note\">Choose an account and a model above. Drag across a plot to zoom, \
         hold Shift and drag to move, double-click to see all; arrow keys, plus, minus and 0 do the same from the keyboard.</p>\n\
         <figure data-explorer>\n<h3></h3>\n<div class=\"plot\"></div>",
        chapter.id,
        escape.content(&chapter.title)
    );
    if let Some((_, drawing)) = explorer.accounts.first() {
        let _ = writeln!(
            page,
            "<figcaption><em>{}</em> <span class=\"source\">Numbers: tables requirements and losses of the run.</span></figcaption>",
            escape.content(&drawing.reading)
        );
    }
    page.push_str("</figure>\n");
    if !explorer.remark.is_empty() {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape.content(&explorer.remark));
    }
    page.push_str("</section>\n");
}
