//! The PDF: same bytes twice, sound for small, large and hostile inputs, of a length that a committee reads.

use mpor_report::{Format, ReportInput, render};

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
    assert!((4..=10).contains(&pages(&first)), "{} pages", pages(&first));
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
