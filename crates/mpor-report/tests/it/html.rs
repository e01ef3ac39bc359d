//! The page for browsers: same bytes twice, no name is markup, nothing from elsewhere, as many accounts as a page holds.

use mpor_backtest::BacktestResult;
use mpor_report::{Format, Kind, ReportInput, render, render_kinds};

use crate::market::{self, Shape};

/// What a name may try: to end an element, to open one, to leave an attribute, to hide, to end data.
pub const HOSTILE: &str =
    "<script>alert(1)</script> \"q\" 'p' ]]> <!-- </script> &amp; \u{202E} \u{2028} `${1}`";

pub fn page(input: &ReportInput<'_>) -> String {
    let rendered = render(input, &[Format::Html]).unwrap();
    let file = rendered.artifacts.into_iter().next().unwrap();
    assert_eq!(file.path, "report.html");
    String::from_utf8(file.bytes).unwrap()
}

pub fn hostile(shape: Shape) -> BacktestResult {
    let mut result = market::result(shape);
    result.accounts.iter_mut().for_each(|name| *name = format!("{name} {HOSTILE}"));
    result.models.iter_mut().for_each(|model| {
        model.id = format!("{} {HOSTILE}", model.id);
        model.summary = HOSTILE.to_owned();
        model.rules = Some(HOSTILE.to_owned());
    });
    result.breaches.iter_mut().for_each(|breach| breach.binding = HOSTILE.to_owned());
    result
}

#[test]
fn the_same_input_gives_the_same_page() {
    let (result, findings) = (market::result(Shape::usual()), market::findings());
    let input = market::input(&result, &findings);
    let first = page(&input);
    market::keep("report.html", first.as_bytes());
    assert!(first == page(&input));
    assert!(first.starts_with("<!DOCTYPE html>\n<html lang=\"en-GB\">"));
    for id in ["verdicts", "margin-losses", "coverage", "breaches", "models", "limitations"] {
        assert!(first.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    let (result, findings) =
        (market::result(Shape { days: 60, ..Shape::usual() }), market::findings());
    let page = page(&market::input(&result, &findings));
    // The one address is the name of the SVG namespace, which nobody fetches.
    let rest = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=\"", "@import", "url(h", "fetch(", "XMLHttpRequest"] {
        assert!(!rest.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
    for writes_markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
    {
        assert!(!page.contains(writes_markup), "{writes_markup}");
    }
}

#[test]
fn names_are_text_and_never_markup() {
    let (result, findings) = (hostile(Shape { days: 120, ..Shape::usual() }), market::findings());
    let page = page(&market::input(&result, &findings));
    market::keep("hostile.html", page.as_bytes());
    // The data and the script, and nothing else, are script elements.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<!--") && !page.contains('\u{202E}') && !page.contains('\u{2028}'));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    let data = page.split("id=\"report-data\">").nth(1).unwrap();
    let data: serde_json::Value =
        serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();
    let name = data["models"][0][0].as_str().unwrap();
    assert!(name.starts_with("isolated <script>alert(1)</script>"), "{name}");
}

#[test]
fn a_page_of_many_accounts_says_which_it_holds() {
    let shape = Shape { days: 30, accounts: 200, models: 2, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let page = page(&market::input(&result, &findings));
    assert!(page.contains("the 50 of 200 accounts of most concern"));
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}

#[test]
fn the_numbers_of_the_page_are_those_of_the_result() {
    use base64::Engine as _;
    let shape = Shape { days: 40, accounts: 1, models: 1, ..Shape::usual() };
    let (mut result, findings) = (market::result(shape), market::findings());
    result.requirements[0][0].initial[7] = 123_456.0;
    let page = page(&market::input(&result, &findings));
    let data = page.split("id=\"report-data\">").nth(1).unwrap();
    let data: serde_json::Value =
        serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();
    let figure = data["accounts"][0][1].as_u64().unwrap() as usize;
    let layers = data["figures"][figure]["panels"][0]["layers"].as_array().unwrap();
    let line = layers.iter().find(|layer| layer["mark"] == "line").unwrap();
    let array = &data["arrays"][line["y"].as_u64().unwrap() as usize];
    let bytes =
        base64::engine::general_purpose::STANDARD.decode(array["f"].as_str().unwrap()).unwrap();
    let values: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let expected: Vec<f32> =
        result.requirements[0][0].initial.iter().map(|&margin| margin as f32).collect();
    assert_eq!(values, expected);
    let times = &data["arrays"][line["x"].as_u64().unwrap() as usize];
    assert_eq!(times["o"].as_f64().unwrap(), result.times[0].0 as f64);
    assert_eq!((times["s"].as_f64(), times["n"].as_u64()), (Some(86_400e6), Some(40)));
}

#[test]
fn each_kind_has_its_files() {
    let (result, findings) =
        (market::result(Shape { days: 400, ..Shape::usual() }), market::findings());
    let input = market::input(&result, &findings);
    let kinds = [Kind::Summary, Kind::Validation];
    let rendered = render_kinds(&input, None, &kinds, &[Format::Html, Format::Pdf]).unwrap();
    let paths: Vec<&str> = rendered.artifacts.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["summary.html", "summary.pdf", "validation.html", "validation.pdf"]);
    let text = |path: &str| {
        let file = rendered.artifacts.iter().find(|file| file.path == path).unwrap();
        String::from_utf8(file.bytes.clone()).unwrap()
    };
    assert!(text("validation.html").contains("6.5: achieved coverage"));
    assert!(!text("summary.html").contains("6.5: achieved coverage"));
}
