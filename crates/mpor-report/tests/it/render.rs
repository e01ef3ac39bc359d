//! Which files come out, and that the same input gives the same bytes.

use mpor_report::{Format, Rendered, render};

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
    ] {
        assert!(paths.contains(&format!("figures/{id}.svg").as_str()), "{id}.svg");
        assert!(paths.contains(&format!("figures/{id}.png").as_str()), "{id}.png");
        let source = format!("figures/{id}.csv");
        assert!(rendered.sources.iter().any(|(path, table)| *path == source && table.rows() > 0));
    }
    assert_eq!(paths.last(), Some(&"report.pdf"));
    if let Ok(folder) = std::env::var("MPOR_REPORT_SHOW") {
        for file in &rendered.artifacts {
            let path = std::path::Path::new(&folder).join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &file.bytes).unwrap();
        }
    }
}
