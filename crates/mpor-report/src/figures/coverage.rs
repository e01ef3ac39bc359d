//! Coverage with confidence bounds by model and account: did the requirement hold as often as it should?

use mpor_backtest::CoverageRow;
use mpor_core::{Column, Table};

use super::{Figure, axes};
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Shared, Size,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;

/// See the module.
pub struct CoverageFigure;

/// Most accounts in a model's panel; most panels in one column.
const MOST_ACCOUNTS: usize = 6;
const MOST_IN_ONE_COLUMN: usize = 6;
/// Height of a row, in points.
const ROW: f64 = 9.5;

/// A model's accounts, those with the lowest coverage where they are too many.
struct Group<'a> {
    model: usize,
    rows: Vec<&'a CoverageRow>,
}

impl Figure for CoverageFigure {
    fn id(&self) -> &'static str {
        "coverage"
    }

    fn question(&self) -> &'static str {
        "Did the requirement hold as often as it should?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let groups = groups(evidence);
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let x = axis(evidence, &groups);
        let panels: Vec<Panel> = if evidence.result().accounts.len() == 1 {
            vec![by_model(evidence, &groups, &x)]
        } else {
            groups.iter().map(|group| by_account(evidence, group, &x)).collect()
        };
        let rows = panels.iter().map(rows_of).fold(1, usize::max);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Coverage against the target".to_owned(),
            caption: caption(evidence) + axes::note(&x),
            reading: "Coverage is the share of margin dates on which the requirement was at least the loss. A bar wholly left \
                      of the target line means more breaches than chance explains; a bar across it means that the data cannot \
                      tell the coverage from the target."
                .to_owned(),
            alt: alt(evidence),
            size: Size::page(ROW * rows as f64 + 3.0),
            columns: if panels.len() > MOST_IN_ONE_COLUMN { 2 } else { 1 },
            panels,
            shared: Shared::X,
            row_titles: Vec::new(),
            key: key(),
            source: source(evidence)?,
        }])
    }
}

fn rows_of(panel: &Panel) -> usize {
    match &panel.y.kind {
        AxisKind::Names(names) => names.len(),
        _ => 0,
    }
}

fn groups<'a>(evidence: &Evidence<'a>) -> Vec<Group<'a>> {
    let group = |model: usize| {
        let all = evidence.result().coverage.iter();
        let mut rows: Vec<&CoverageRow> = all
            .filter(|row| row.model == model && row.account.is_some() && row.coverage.is_some())
            .collect();
        if rows.len() > MOST_ACCOUNTS {
            let coverage = |row: &CoverageRow| row.coverage.unwrap_or(1.0);
            rows.sort_by(|a, b| coverage(a).total_cmp(&coverage(b)));
            rows.truncate(MOST_ACCOUNTS);
        }
        Group { model, rows }
    };
    (0..evidence.models.len()).map(group).filter(|group| !group.rows.is_empty()).collect()
}

fn caption(evidence: &Evidence<'_>) -> String {
    let mut caption = "Dots: coverage; bars: two-sided 95 % Clopper-Pearson bounds".to_owned();
    if evidence.result().horizon.steps() > 1 {
        caption.push_str(", of as many observations as do not overlap");
    }
    caption.push('.');
    let accounts = evidence.result().accounts.len();
    if accounts > MOST_ACCOUNTS {
        caption.push_str(&format!(
            " Shown are the {MOST_ACCOUNTS} of {} accounts with the lowest coverage under each model.",
            format::count(accounts)
        ));
    }
    if accounts > 1 {
        caption.push_str(
            " Beside each model's name: all accounts together, without bounds because they move together.",
        );
    }
    caption
}

fn alt(evidence: &Evidence<'_>) -> String {
    let of_model = |(model, summary): (usize, &crate::evidence::ModelSummary)| {
        let coverage = summary.coverage.map_or("not observed".to_owned(), format::percent);
        format!("{} {coverage} ({})", evidence.model_name(model), summary.standing.text())
    };
    let parts: Vec<String> = evidence.models.iter().enumerate().map(of_model).collect();
    let target = format::short_percent(evidence.result().level.value());
    format!("Coverage by model and account against a target of {target}: {}.", parts.join("; "))
}

fn key() -> Vec<KeyEntry> {
    let entry = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Dot, text: text.to_owned() };
    vec![
        entry(Ink::Requirement, "coverage with 95 % bounds"),
        entry(Ink::Breach, "bounds wholly below the target"),
    ]
}

/// One account only: one row a model.
fn by_model(evidence: &Evidence<'_>, groups: &[Group<'_>], x: &Axis) -> Panel {
    let names = groups.iter().map(|group| evidence.model_name(group.model).to_owned()).collect();
    let rows: Vec<&CoverageRow> = groups.iter().flat_map(|group| &group.rows).copied().collect();
    let title = String::new();
    panel(evidence, title, names, &rows, x)
}

fn by_account(evidence: &Evidence<'_>, group: &Group<'_>, x: &Axis) -> Panel {
    let account = |row: &&CoverageRow| evidence.account_name(row.account.unwrap_or(0)).to_owned();
    let names = group.rows.iter().map(account).collect();
    let summary = &evidence.models[group.model];
    let title = format!(
        "{} · {}",
        evidence.model_name(group.model),
        counts(summary.coverage, summary.breaches)
    );
    panel(evidence, title, names, &group.rows, x)
}

fn panel(
    evidence: &Evidence<'_>,
    title: String,
    names: Vec<String>,
    rows: &[&CoverageRow],
    x: &Axis,
) -> Panel {
    let target = evidence.result().level.value();
    let label = if title.is_empty() {
        format!("target {}", format::short_percent(target))
    } else {
        String::new()
    };
    let mut layers = vec![Layer::Rule { vertical: true, at: target, label }];
    for (y, row) in rows.iter().enumerate() {
        layers.extend(marks(row, y as f64, target));
    }
    let label = |(y, row): (usize, &&CoverageRow)| Label {
        at: (0.0, y as f64),
        text: counts(row.coverage, row.breaches),
        ink: Ink::Text,
        place: Place::Margin,
    };
    layers.push(Layer::Labels(rows.iter().enumerate().map(label).collect()));
    Panel { title, x: x.clone(), y: Axis::names(names), layers }
}

fn marks(row: &CoverageRow, y: f64, target: f64) -> Vec<Layer> {
    let Some(coverage) = row.coverage else { return Vec::new() };
    let (low, high) = row.bounds.unwrap_or((coverage, coverage));
    let ink = if high < target { Ink::Breach } else { Ink::Requirement };
    vec![
        Layer::Bars { bars: vec![(y, low, high)], ink, thickness: 1.2 },
        Layer::Dots { points: vec![(coverage, y)], ink, radius: 2.1 },
    ]
}

/// `99.12 %, 26 breaches`.
fn counts(coverage: Option<f64>, breaches: usize) -> String {
    let breaches = format::counted(breaches, "breach", "breaches");
    coverage.map_or("not observed".to_owned(), |share| {
        format!("{}, {breaches}", format::percent(share))
    })
}

/// From below the lowest mark to 100 %.
fn axis(evidence: &Evidence<'_>, groups: &[Group<'_>]) -> Axis {
    let target = evidence.result().level.value();
    let rows = groups.iter().flat_map(|group| &group.rows);
    let low = |row: &&CoverageRow| row.bounds.map(|bounds| bounds.0).or(row.coverage);
    let marks = rows.clone().filter_map(low).chain(rows.filter_map(|row| row.coverage));
    let title = format!("coverage; the line is the target of {}", format::short_percent(target));
    axes::coverage(target, marks).titled(&title)
}

fn source(evidence: &Evidence<'_>) -> Result<Table, ReportError> {
    let rows = &evidence.result().coverage;
    let bound = |side: fn(&(f64, f64)) -> f64| {
        Column::Number(rows.iter().map(|row| row.bounds.as_ref().map(side)).collect())
    };
    let account = |row: &CoverageRow| row.account.map(|a| evidence.account_name(a).to_owned());
    Ok(Table::new(
        "coverage",
        [
            ("model", Column::texts(rows.iter().map(|row| evidence.model_name(row.model)))),
            ("account", Column::Text(rows.iter().map(account).collect())),
            ("observations", Column::counts(rows.iter().map(|row| row.observations))),
            ("breaches", Column::counts(rows.iter().map(|row| row.breaches))),
            ("coverage", Column::Number(rows.iter().map(|row| row.coverage).collect())),
            ("lower_95", bound(|bounds| bounds.0)),
            ("upper_95", bound(|bounds| bounds.1)),
        ],
    )?)
}
