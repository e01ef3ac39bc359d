//! The PDF: same bytes twice, sound for small, large and hostile inputs, of a length that a committee reads.

use mpor_report::{Format, Kind, ReportInput, render, render_kinds};

use crate::market::{self, Shape};

fn pdf(input: &ReportInput<'_>) -> Vec<u8> {
    let rendered = render(input, &[Format::Pdf]).unwrap();
    rendered.artifacts.into_iter().next().unwrap().bytes
}

/// Pages by the page tree's own count, which the PDF writer leaves uncompressed.
fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    let tree = text.split("/Type/Pages").nth(1).unwrap();
    let count = tree.split("/Count ").nth(1).unwrap();
    count.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

fn of(name: &str, shape: Shape, change: impl Fn(&mut mpor_backtest::BacktestResult)) -> usize {
    let (mut result, findings) = (market::result(shape), market::findings());
    change(&mut result);
    let bytes = pdf(&market::input(&result, &findings));
    market::keep(&format!("{name}.pdf"), &bytes);
    pages(&bytes)
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (result, findings) = (market::result(Shape::usual()), market::findings());
    let input = market::input(&result, &findings);
    let first = pdf(&input);
    assert!(first.starts_with(b"%PDF-1.7"));
    assert!(first == pdf(&input));
    assert!((4..=12).contains(&pages(&first)), "{} pages", pages(&first));
}

#[test]
fn it_says_that_it_is_archivable_tagged_and_accessible() {
    let shape = Shape { days: 300, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let input = market::input(&result, &findings);
    for kind in [Kind::Report, Kind::Summary, Kind::Validation] {
        let rendered = render_kinds(&input, None, &[kind], &[Format::Pdf]).unwrap();
        let bytes = &rendered.artifacts[0].bytes;
        let text = String::from_utf8_lossy(bytes);
        // XMP metadata of an archivable document is never compressed: PDF/A-2a, PDF/UA-1.
        for mark in [
            "pdfaid:part>2<",
            "pdfaid:conformance>A<",
            "pdfuaid:part>1<",
            "/StructTreeRoot",
            "/Marked true",
            "/Lang(en-GB)",
        ] {
            assert!(text.contains(mark), "{}: no {mark}", kind.name());
        }
        sound(kind.name(), bytes);
    }
}

/// Structure and streams, by `qpdf` where it is installed.
fn sound(name: &str, pdf: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{name}.pdf"));
    std::fs::write(&file, pdf).unwrap();
    match std::process::Command::new("qpdf").arg("--check").arg(&file).output() {
        Ok(checked) => assert!(checked.status.success(), "{checked:?}"),
        Err(_) => println!("skipped: no `qpdf` here to check the structure of {name}.pdf"),
    }
}

#[test]
fn one_day() {
    let shape = Shape { days: 1, accounts: 1, models: 1, ..Shape::usual() };
    assert!((2..=6).contains(&of("one-day", shape, |_| {})));
}

#[test]
fn twelve_models_many_accounts() {
    let shape = Shape { models: 12, accounts: 60, days: 200, ..Shape::usual() };
    assert!((4..=14).contains(&of("twelve-models", shape, |_| {})));
}

#[test]
fn no_breach_at_all() {
    let shape = Shape { safety: 50.0, days: 150, ..Shape::usual() };
    assert!((4..=10).contains(&of("no-breach", shape, |_| {})));
}

#[test]
fn names_are_text_and_never_markup() {
    let hostile = "#panic() *bold* $x$ <i> @ref \"q\" \\ 中文\u{202E}\u{0} // end";
    let shape = Shape { days: 120, ..Shape::usual() };
    let pages = of("hostile", shape, |result| {
        result.accounts.iter_mut().for_each(|name| *name = format!("{name} {hostile}"));
        result.models.iter_mut().for_each(|model| {
            model.id = format!("{}{}", model.id, "W".repeat(120));
            model.summary = hostile.to_owned();
            model.rules = Some(hostile.to_owned());
        });
        result.breaches.iter_mut().for_each(|breach| breach.binding = hostile.repeat(4));
    });
    assert!(pages >= 4);
}
