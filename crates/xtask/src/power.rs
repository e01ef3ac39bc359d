//! How often does each test reject, by how wrong the model is? `docs/methods/tests/power.csv` and the figures drawn of it.
//!
//! Each cell is the share of `SERIES` drawn series that a test rejects at 5 % by its own p-value, as a study would; a series for which it
//! is not defined is not rejected. Where nothing is wrong the share is the test's size: a curve that starts above 5 % owes
//! its height to false alarms. Every cell has streams of its own, so it can be drawn again alone, to the last digit.
//!
//! ```text
//! coverage    independent hits promised at 99 %, true coverage 97 % to 99.5 %
//! clustering  hits at the promised 1 %, P(hit | hit the period before) from 1 % to 50 %
//! tails       normal losses 1 to 1.5 times as large as value at risk and expected shortfall at 97.5 % say
//! ```

use std::fmt::Write as _;
use std::fs;

use mpor_backtest::coverage::power::{Alternative, series};
use mpor_backtest::coverage::{self, CoverageError, Forecasts, TestOutcome};
use mpor_backtest::es_tests::{self, TailLaw};
use mpor_core::{Column, Level, Table};
use mpor_report::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Scale, Shared, Size,
};
use mpor_report::{Format, render_drawings};
use mpor_stats::random::Streams;
use rayon::prelude::*;

use crate::chores::root;

/// Where the shares are kept.
const FILE: &str = "docs/methods/tests/power.csv";

/// Series of a cell: a share has a standard error of at most 2.5 %.
const SERIES: u64 = 400;

/// Periods of a series.
const LENGTHS: [usize; 3] = [250, 500, 1000];

const SIZE: f64 = 0.05;
const SEED: u64 = 20_261_124;
const HEADER: &str = "family,test,periods,wrong,rejected\n";

/// A kind of error and how much of it.
struct Family {
    id: &'static str,
    title: &'static str,
    /// What is on the horizontal axis.
    axis: &'static str,
    ratio: bool,
    wrong: &'static [f64],
}

const FAMILIES: [Family; 3] = [
    Family {
        id: "coverage",
        title: "Power against wrong coverage, 99 % promised",
        axis: "true coverage",
        ratio: false,
        wrong: &[0.97, 0.975, 0.98, 0.985, 0.99, 0.9925, 0.995],
    },
    Family {
        id: "clustering",
        title: "Power against clustered hits, 99 % promised and kept",
        axis: "P(hit after a hit)",
        ratio: false,
        wrong: &[0.01, 0.1, 0.2, 0.3, 0.4, 0.5],
    },
    Family {
        id: "tails",
        title: "Power against understated tails at 97.5 %",
        axis: "losses relative to forecast",
        ratio: true,
        wrong: &[1.0, 1.1, 1.2, 1.3, 1.4, 1.5],
    },
];

/// One share.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Kind of error.
    pub family: String,
    /// Catalog name of the test.
    pub test: String,
    /// Periods of a series.
    pub periods: usize,
    /// How wrong the model is, in the unit of the family's axis.
    pub wrong: f64,
    /// Share of series rejected.
    pub rejected: f64,
}

/// Draws all cells anew and writes them.
///
/// # Errors
/// A forecast that cannot be made, or the file that cannot be written.
pub fn write() -> Result<(), String> {
    let path = root().join(FILE);
    let mut text = HEADER.to_owned();
    for family in &FAMILIES {
        for test in tests(family.id) {
            for periods in LENGTHS {
                for &wrong in family.wrong {
                    let rejected = share(family.id, test, periods, wrong)?;
                    let _ = writeln!(text, "{},{test},{periods},{wrong},{rejected}", family.id);
                }
            }
        }
    }
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Whether shares are kept.
#[must_use]
pub fn is_kept() -> bool {
    root().join(FILE).is_file()
}

/// The shares that are kept.
///
/// # Errors
/// The file or the line that cannot be read.
pub fn kept() -> Result<Vec<Cell>, String> {
    let text = fs::read_to_string(root().join(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
    text.lines().skip(1).enumerate().map(|(at, line)| cell(line, at + 2)).collect()
}

fn cell(line: &str, at: usize) -> Result<Cell, String> {
    let fail = || {
        format!("{FILE}, line {at}: `{line}` is not {HEADER}; run `cargo xtask methods --power`")
    };
    let [family, test, periods, wrong, rejected] =
        line.split(',').collect::<Vec<_>>().try_into().map_err(|_| fail())?;
    Ok(Cell {
        family: family.to_owned(),
        test: test.to_owned(),
        periods: periods.parse().map_err(|_| fail())?,
        wrong: wrong.parse().map_err(|_| fail())?,
        rejected: rejected.parse().map_err(|_| fail())?,
    })
}

fn tests(family: &str) -> Vec<&'static str> {
    match family {
        "tails" => es_tests::TESTS.iter().map(|test| test.id()).collect(),
        _ => coverage::TESTS.iter().map(|test| test.id()).collect(),
    }
}

/// The share of drawn series that a test rejects.
///
/// # Errors
/// A test or a family that is not known, or a forecast that cannot be made.
pub fn share(family: &str, test: &str, periods: usize, wrong: f64) -> Result<f64, String> {
    let answer: Box<dyn Fn(u64) -> Result<TestOutcome, CoverageError> + Sync> = match family {
        "tails" => {
            let test = es_tests::find(test).ok_or_else(|| format!("no test {test}"))?;
            let level = Level::new(0.975).map_err(|error| error.to_string())?;
            let (var, es) = TailLaw::Normal.var_es(level).map_err(|error| error.to_string())?;
            Box::new(move |path| {
                let mut stream = Streams::new(SEED, "power tails", periods as i64).path(path);
                // The scale moves, because regressions explain nothing by a constant forecast.
                let scale: Vec<f64> =
                    (0..periods).map(|at| 1.1 + 0.5 * libm::sin(at as f64 / 40.0)).collect();
                let times = |by: f64| scale.iter().map(|scale| by * scale).collect::<Vec<f64>>();
                let loss: Vec<f64> =
                    scale.iter().map(|scale| wrong * scale * stream.normal()).collect();
                let (var, es) = (times(var), times(es));
                test.test(&Forecasts::new(&loss, &var, level)?.with_shortfall(&es)?)
            })
        }
        _ => {
            let test = coverage::find(test).ok_or_else(|| format!("no test {test}"))?;
            let alternative = match family {
                "coverage" => Alternative::Rate { times: (1.0 - wrong) / Level::P99.tail() },
                "clustering" => Alternative::Cluster { stay: wrong },
                _ => return Err(format!("no family {family}")),
            };
            Box::new(move |path| {
                let mut stream = Streams::new(SEED, "power hits", periods as i64).path(path);
                test.test(&series(&mut stream, periods, Level::P99, alternative))
            })
        }
    };
    let rejects = |path: &u64| answer(*path).is_ok_and(|found| found.p_value <= SIZE + 1e-12);
    let rejected = (0..SERIES).into_par_iter().filter(rejects).count();
    Ok(rejected as f64 / SERIES as f64)
}

/// The figures of the shares and the page that shows them, by file name.
///
/// # Errors
/// Shares that cannot be read, or a figure that cannot be drawn.
pub(crate) fn files() -> Result<Vec<(String, String)>, String> {
    let cells = kept()?;
    let drawings: Result<Vec<Drawing>, String> =
        FAMILIES.iter().map(|family| drawing(family, &cells)).collect();
    let mut page = "# Power\n\nMade by `cargo xtask methods` of `power.csv`, which `cargo xtask methods --power` draws anew.\n\n".to_owned();
    page.push_str(&crate::methods::unlinked(&crate::methods::documentation(include_str!(
        "power.rs"
    ))));
    page.push('\n');
    let drawings = drawings?;
    for drawing in &drawings {
        let (title, id, alt) = (&drawing.title, &drawing.id, &drawing.alt);
        let _ = writeln!(page, "\n## {title}\n\n![{alt}]({id}.svg)\n\n{}", drawing.caption);
    }
    let rendered = render_drawings(drawings, &[Format::Svg]).map_err(|error| error.to_string())?;
    let mut files = vec![("tests/power.md".to_owned(), page)];
    for artifact in rendered.artifacts {
        let name = artifact.path.rsplit('/').next().unwrap_or_default().to_owned();
        let text = String::from_utf8(artifact.bytes).map_err(|error| error.to_string())?;
        files.push((format!("tests/{name}"), text));
    }
    Ok(files)
}

fn drawing(family: &Family, cells: &[Cell]) -> Result<Drawing, String> {
    let own: Vec<&Cell> = cells.iter().filter(|cell| cell.family == family.id).collect();
    let panels = tests(family.id).into_iter().map(|test| panel(family, test, &own)).collect();
    let key = LENGTHS.iter().enumerate().map(|(at, periods)| KeyEntry {
        ink: Ink::Series(at),
        mark: KeyMark::Line,
        text: format!("{periods} periods"),
    });
    let source = Table::new(
        family.id,
        [
            ("test", Column::texts(own.iter().map(|cell| cell.test.as_str()))),
            ("periods", Column::counts(own.iter().map(|cell| cell.periods))),
            ("wrong", Column::numbers(own.iter().map(|cell| cell.wrong))),
            ("rejected", Column::numbers(own.iter().map(|cell| cell.rejected))),
        ],
    );
    Ok(Drawing {
        id: format!("power-{}", family.id),
        title: family.title.to_owned(),
        caption: format!(
            "Share of {SERIES} series that each test rejects at 5 %, by {}. The grey line is 5 %.",
            family.axis
        ),
        reading: "A good test stays at 5 % where nothing is wrong and climbs fast beside it."
            .to_owned(),
        alt: format!("{}: share rejected by {}, one panel a test.", family.title, family.axis),
        size: Size::page(70.0),
        columns: 3,
        panels,
        shared: Shared::XAndY,
        row_titles: Vec::new(),
        key: key.collect(),
        source: source.map_err(|error| error.to_string())?,
    })
}

fn panel(family: &Family, test: &str, own: &[&Cell]) -> Panel {
    let mut layers = vec![Layer::Rule { vertical: false, at: SIZE, label: String::new() }];
    for (at, periods) in LENGTHS.into_iter().enumerate() {
        let line = own.iter().filter(|cell| cell.test == test && cell.periods == periods);
        let points = line.map(|cell| (cell.wrong, cell.rejected)).collect();
        layers.push(Layer::Line { points, ink: Ink::Series(at), width: 1.0 });
    }
    let ends = (family.wrong[0], family.wrong[family.wrong.len() - 1]);
    let kind = if family.ratio { AxisKind::Ratio } else { AxisKind::Share };
    let x = Axis { title: family.axis.to_owned(), kind, scale: Scale::Linear, range: ends };
    let y = Axis {
        title: String::new(),
        kind: AxisKind::Share,
        scale: Scale::Linear,
        range: (0.0, 1.0),
    };
    Panel { title: test.to_owned(), x, y, layers }
}
