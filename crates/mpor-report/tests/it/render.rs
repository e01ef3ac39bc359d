//! Which files come out, and that the same input gives the same bytes.

use mpor_backtest::BacktestResult;
use mpor_core::Column;
use mpor_report::figures::CATALOG;
use mpor_report::{Format, Rendered, render, render_about};

use crate::market::{self, Shape};

const ALL: [Format; 3] = [Format::Svg, Format::Png, Format::Pdf];

pub fn rendered(shape: Shape, formats: &[Format]) -> Rendered {
    let (result, findings) = (market::result(shape), market::findings());
    render(&market::input(&result, &findings), formats).unwrap()
}

#[test]
fn the_usual_report_has_every_figure() {
    let rendered = rendered(Shape::usual(), &ALL);
    let paths: Vec<&str> = rendered.artifacts.iter().map(|file| file.path.as_str()).collect();
    for id in [
        "margin-loss",
        "margin-loss-01-isolated",
        "margin-loss-grid",
        "coverage",
        "shortfalls",
        "components",
        "scan-map",
        "frontier",
        "data-coverage",
        "procyclicality",
        "explanation",
        "breach-timeline",
        "offset-benefit",
        "pnl-distribution",
    ] {
        assert!(paths.contains(&format!("figures/{id}.svg").as_str()), "{id}.svg");
        assert!(paths.contains(&format!("figures/{id}.png").as_str()), "{id}.png");
        let source = format!("figures/{id}.csv");
        assert!(rendered.sources.iter().any(|(path, table)| *path == source && table.rows() > 0));
    }
    assert_eq!(paths.last(), Some(&"report.pdf"));
    for file in &rendered.artifacts {
        market::keep(&file.path, &file.bytes);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let shape = Shape { days: 200, accounts: 2, models: 2, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let input = market::input(&result, &findings);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| render(&input, &[Format::Svg, Format::Png]).unwrap().artifacts)
    };
    assert!(on(1) == on(4));
}

#[test]
fn a_figure_of_two_models_as_svg() {
    let shape = Shape { days: 30, accounts: 1, models: 2, ..Shape::usual() };
    let rendered = rendered(shape, &[Format::Svg]);
    let file = rendered.artifacts.iter().find(|file| file.path == "figures/coverage.svg").unwrap();
    insta::assert_snapshot!(String::from_utf8(file.bytes.clone()).unwrap());
}

#[test]
fn broken_results_are_refused_in_words() {
    let findings = market::findings();
    let refused = |change: &dyn Fn(&mut BacktestResult)| {
        let mut result = market::result(Shape { days: 50, ..Shape::usual() });
        change(&mut result);
        render(&market::input(&result, &findings), &[]).unwrap_err().to_string()
    };
    let messages = [
        refused(&|result| result.models.clear()),
        refused(&|result| result.requirements[1][2].initial.truncate(49)),
        refused(&|result| result.requirements[1][2].initial[7] = f64::NAN),
        refused(&|result| result.losses[0].horizon[3] = Some(f64::INFINITY)),
        refused(&|result| result.coverage[0].model = 9),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn the_named_account_is_shown() {
    let (result, findings) =
        (market::result(Shape { days: 100, ..Shape::usual() }), market::findings());
    let input = market::input(&result, &findings);
    let shown = render_about(&input, Some("covered-call"), &[]).unwrap();
    let table =
        &shown.sources.iter().find(|(path, _)| path == "figures/margin-loss.csv").unwrap().1;
    let Some(Column::Text(accounts)) = table.column("account") else { panic!("no account column") };
    assert!(accounts.iter().all(|account| account.as_deref() == Some("covered-call")));
    let unknown = render_about(&input, Some("nobody"), &[]).unwrap_err().to_string();
    assert!(unknown.contains("`nobody`"));
}

#[test]
fn ten_thousand_accounts_are_shown_by_the_worst_of_them() {
    let shape = Shape { days: 8, accounts: 10_000, models: 2, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let input = market::input(&result, &findings);
    let evidence = mpor_report::Evidence::gather(&input, None).unwrap();
    let shown = |id: &str| {
        let figure = CATALOG.iter().find(|figure| figure.id() == id).unwrap();
        figure.build(&evidence).unwrap().remove(0).caption.replace('\u{A0}', " ")
    };
    assert!(
        shown("margin-loss-grid").contains("the 6 accounts of 10,000 with the largest shortfalls")
    );
    assert!(shown("coverage").contains("the 6 of 10,000 accounts with the lowest coverage"));
}
