//! Oracle faults: a figure a scenario, with the numbers drawn, and a section of the report.

use mpor_backtest::BacktestResult;
use mpor_core::{Column, Span, Timestamp};
use mpor_report::{FaultPrices, FaultRow, FaultScenario, Format, Rendered, render};

use crate::market::{self, Shape};

/// An index of two sources at 100, and at 82.5 while one of them is a third off.
pub fn scenario(result: &BacktestResult) -> FaultScenario {
    let middle = result.times[result.times.len() / 2];
    let at = |hour: i64| middle + Span::hours(hour);
    let path = |low: f64| -> Vec<(Timestamp, f64)> {
        let value = |hour: i64| if (0..6).contains(&hour) { low } else { 100.0 };
        (-200..200).map(|hour| (at(hour), value(hour))).collect()
    };
    let initial = &result.requirements[0][0].initial;
    FaultScenario {
        name: "own book".to_owned(),
        faults: "own BTC spiked by -35.0 %".to_owned(),
        from: at(0),
        to: at(6),
        remarks: vec!["Fault own book: a remark.".to_owned()],
        prices: vec![FaultPrices {
            name: "BTC index".to_owned(),
            recorded: path(100.0),
            faulted: path(82.5),
            sources: vec![("own".to_owned(), path(65.0)), ("east".to_owned(), path(100.0))],
        }],
        rows: vec![FaultRow {
            margin: (1000.0, 900.0),
            fall: 250.0,
            breaches: (0, 1),
            shortfall: (0.0, 12.0),
            has_collateral: true,
            liquidated: (None, Some(at(2))),
            ..FaultRow::default()
        }],
        largest: Some((0, 0, initial.iter().map(|margin| 0.8 * margin).collect())),
    }
}

fn rendered(formats: &[Format], faults: usize) -> Rendered {
    let shape = Shape { days: 120, accounts: 2, models: 2, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let mut input = market::input(&result, &findings);
    input.oracle = vec![scenario(&result); faults];
    render(&input, formats).unwrap()
}

#[test]
fn each_scenario_has_its_figure_with_the_numbers_drawn() {
    let rendered = rendered(&[Format::Svg, Format::Png], 2);
    for id in ["oracle-01-own-book", "oracle-02-own-book"] {
        for kind in ["svg", "png"] {
            let path = format!("figures/{id}.{kind}");
            let file = rendered.artifacts.iter().find(|file| file.path == path);
            market::keep(&path, &file.unwrap().bytes);
        }
    }
    let (_, table) =
        rendered.sources.iter().find(|(path, _)| path == "figures/oracle-01-own-book.csv").unwrap();
    let Some(Column::Number(prices)) = table.column("price") else { unreachable!() };
    let count = |price: f64| prices.iter().filter(|known| **known == Some(price)).count();
    // Six hours of the fault: the index under it, and the source.
    assert_eq!((count(82.5), count(65.0)), (6, 6));
}

#[test]
fn the_report_has_a_section_only_where_there_are_faults() {
    let pdf = |faults| {
        let rendered = rendered(&[Format::Pdf], faults);
        rendered.artifacts.into_iter().next().unwrap().bytes
    };
    let (without, with) = (pdf(0), pdf(1));
    market::keep("oracle.pdf", &with);
    // The outline of a document holds its headings, in UTF-16 or plain.
    let has = |pdf: &[u8], heading: &str| {
        let plain = heading.as_bytes();
        let wide: Vec<u8> = heading.encode_utf16().flat_map(u16::to_be_bytes).collect();
        pdf.windows(plain.len()).any(|part| part == plain)
            || pdf.windows(wide.len()).any(|part| part == wide.as_slice())
    };
    assert!(has(&with, "Oracle faults") && !has(&without, "Oracle faults"));
}
