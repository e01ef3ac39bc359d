//! Losses of stress scenarios against what each model asks: which scenario takes more than the margin?

use mpor_core::{Column, Table};

use super::{axes, stress_contributions, stress_correlations, stress_ladders};
use crate::document::Kind;
use crate::drawing::{Axis, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Shared, Size};
use crate::error::ReportError;
use crate::fonts::Typeface;
use crate::format;
use crate::render::{Format, Rendered, documents, render_drawings};
use crate::short_pages::{self, ShortPages};

pub use super::stress_contributions::Waterfall;
pub use super::stress_correlations::{Heat, Heats};
pub use super::stress_ladders::Ladder;

/// Most accounts that have a panel.
const MOST_PANELS: usize = 6;
/// Most scenarios of a panel.
const MOST_SCENARIOS: usize = 14;
/// Most models that have a line.
const MOST_LINES: usize = 8;

/// What the report of a stress test shows.
#[derive(Clone, Debug)]
pub struct StressView {
    /// Reporting currency.
    pub currency: String,
    /// Accounts, those to be shown first in front.
    pub accounts: Vec<String>,
    /// Models, in the study's order.
    pub models: Vec<String>,
    /// Initial margin by account, then model.
    pub requirements: Vec<Vec<f64>>,
    /// Scenarios.
    pub scenarios: Vec<String>,
    /// Losses by account, then scenario, positive = loss.
    pub losses: Vec<Vec<f64>>,
    /// Ladders of all underlyings together.
    pub ladders: Vec<Ladder>,
    /// Correlations in calm and in stress.
    pub correlations: Option<Heats>,
    /// The expected shortfall of the account in front by position.
    pub contributions: Option<Waterfall>,
    /// Words and tables of the document.
    pub pages: ShortPages,
}

/// The figures and the document of a stress test as files. Pure: the same view gives the same bytes.
///
/// # Errors
/// [`ReportError`] when a figure or the document cannot be made.
pub fn render_stress(view: &StressView, formats: &[Format]) -> Result<Rendered, ReportError> {
    let mut drawings = Vec::new();
    if !view.scenarios.is_empty() {
        drawings.push(drawing(view)?);
    }
    drawings.extend(stress_ladders::drawing(view)?);
    drawings.extend(view.correlations.as_ref().map(stress_correlations::drawing).transpose()?);
    let contributions = view.contributions.as_ref();
    drawings.extend(
        contributions.map(|one| stress_contributions::drawing(one, &view.currency)).transpose()?,
    );
    let document = short_pages::document(Kind::Stress, &view.pages, &drawings);
    let models: Vec<&str> = view.models.iter().map(String::as_str).collect();
    let filters = (models.as_slice(), None);
    let typeface = Typeface::load()?;
    let files = documents(&document, Kind::Stress, (&drawings, filters), formats, &typeface)?;
    let mut rendered = render_drawings(drawings, formats)?;
    rendered.artifacts.extend(files);
    Ok(rendered)
}

fn drawing(view: &StressView) -> Result<Drawing, ReportError> {
    let accounts = view.accounts.len().min(MOST_PANELS);
    let shown = shown(view, accounts);
    let lines = view.models.len().min(MOST_LINES);
    Ok(Drawing {
        id: "stress-losses".to_owned(),
        title: "Losses in stress against what is asked for".to_owned(),
        caption: format!(
            "Bars: loss of the account in each scenario by full revaluation; to the left of zero it gains. Lines: initial margin of each model.{}{}{}",
            left_out("account", "accounts", accounts, view.accounts.len()),
            left_out("scenario", "scenarios", shown.len(), view.scenarios.len()),
            left_out("model", "models", lines, view.models.len())
        ),
        reading: "A bar that reaches beyond a line takes more than that model asked for. An episode is told by the account's own \
                  worst move over the margin period inside it."
            .to_owned(),
        alt: format!(
            "Horizontal bars of losses in {} for {}, with the requirements of {} as lines.",
            format::counted(shown.len(), "scenario", "scenarios"),
            format::counted(accounts, "account", "accounts"),
            format::counted(lines, "model", "models")
        ),
        size: Size::page((11.0 * shown.len() as f64).clamp(40.0, 170.0)),
        columns: if accounts > 1 { 2 } else { 1 },
        panels: (0..accounts).map(|account| panel(view, account, &shown, lines)).collect(),
        shared: Shared::Nothing,
        row_titles: Vec::new(),
        key: (0..lines)
            .map(|model| KeyEntry {
                ink: Ink::Series(model),
                mark: KeyMark::Line,
                text: view.models[model].clone(),
            })
            .collect(),
        source: source(view)?,
    })
}

/// The scenarios of the largest losses among the accounts shown, in their order.
fn shown(view: &StressView, accounts: usize) -> Vec<usize> {
    let worst = |scenario: usize| {
        view.losses[..accounts].iter().map(|losses| losses[scenario]).fold(f64::MIN, f64::max)
    };
    let mut order: Vec<usize> = (0..view.scenarios.len()).collect();
    order.sort_by(|&a, &b| worst(b).total_cmp(&worst(a)));
    order.truncate(MOST_SCENARIOS);
    order.sort_unstable();
    order
}

fn panel(view: &StressView, account: usize, shown: &[usize], lines: usize) -> Panel {
    let losses = &view.losses[account];
    let asked = &view.requirements[account][..lines];
    let bars = shown.iter().enumerate().map(|(row, &s)| (row as f64, 0.0, losses[s])).collect();
    let bottom = shown.len() as f64 - 0.5;
    let names = shown.iter().map(|&s| view.scenarios[s].clone()).collect();
    let amounts = shown.iter().map(|&s| losses[s]).chain(asked.iter().copied());
    let mut layers = vec![Layer::Bars { bars, ink: Ink::Loss, thickness: 6.0 }];
    layers.extend(asked.iter().enumerate().map(|(model, &amount)| Layer::Line {
        points: vec![(amount, -0.5), (amount, bottom)],
        ink: Ink::Series(model),
        width: 1.2,
    }));
    Panel {
        title: view.accounts[account].clone(),
        x: axes::money(&view.currency, amounts).titled("loss"),
        y: Axis::names(names),
        layers,
    }
}

/// What a caption says of what is not drawn.
pub(super) fn left_out(one: &str, many: &str, shown: usize, all: usize) -> String {
    match shown == all {
        true => String::new(),
        false => {
            format!(" {} of {}; all are in the tables.", shown, format::counted(all, one, many))
        }
    }
}

fn source(view: &StressView) -> Result<Table, ReportError> {
    let rows = || {
        (0..view.accounts.len()).flat_map(|account| {
            (0..view.scenarios.len()).flat_map(move |scenario| {
                (0..view.models.len()).map(move |model| (account, scenario, model))
            })
        })
    };
    Ok(Table::new(
        "stress-losses",
        [
            ("account", Column::texts(rows().map(|(a, ..)| view.accounts[a].as_str()))),
            ("scenario", Column::texts(rows().map(|(_, s, _)| view.scenarios[s].as_str()))),
            ("model", Column::texts(rows().map(|(.., m)| view.models[m].as_str()))),
            ("loss", Column::numbers(rows().map(|(a, s, _)| view.losses[a][s]))),
            ("requirement", Column::numbers(rows().map(|(a, _, m)| view.requirements[a][m]))),
        ],
    )?)
}
