//! Margin against realised loss: was each day's requirement above the loss that followed?
//!
//! One account. All models together for comparison, and one drawing a model for the model's own page.

use mpor_backtest::Breach;
use mpor_core::{Column, Table, Timestamp};

use super::{Figure, axes};
use crate::drawing::{Axis, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Shared, Size, at};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::{format, text};

/// See the module.
pub struct MarginLossFigure;

/// More models than this stand in two columns.
const MOST_IN_ONE_COLUMN: usize = 6;

impl Figure for MarginLossFigure {
    fn id(&self) -> &'static str {
        "margin-loss"
    }

    fn question(&self) -> &'static str {
        "Was the requirement above the loss that followed?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let account = evidence.focus.account;
        let count = evidence.models.len();
        let all: Vec<usize> = (0..count).collect();
        let mut drawings = vec![together(evidence, account, &all)?];
        if count > 1 {
            for model in all {
                drawings.push(alone(evidence, account, model)?);
            }
        }
        Ok(drawings)
    }
}

/// One account under these models, a panel each.
pub(crate) fn together(
    evidence: &Evidence<'_>,
    account: usize,
    models: &[usize],
) -> Result<Drawing, ReportError> {
    let columns = if models.len() > MOST_IN_ONE_COLUMN { 2 } else { 1 };
    let rows = models.len().div_ceil(columns) as f64;
    let height = (580.0 / rows - 22.0).clamp(42.0, 160.0);
    Ok(Drawing {
        id: "margin-loss".to_owned(),
        title: format!("Initial margin and realised loss, {}", evidence.account_name(account)),
        columns,
        size: Size::page(height),
        ..drawing(evidence, account, models)?
    })
}

fn alone(evidence: &Evidence<'_>, account: usize, model: usize) -> Result<Drawing, ReportError> {
    let name = evidence.model_name(model);
    Ok(Drawing {
        id: format!("margin-loss-{:02}-{}", model + 1, text::slug(name)),
        title: format!(
            "{name}: initial margin and realised loss, {}",
            evidence.account_name(account)
        ),
        size: Size::page(170.0),
        ..drawing(evidence, account, &[model])?
    })
}

fn drawing(
    evidence: &Evidence<'_>,
    account: usize,
    models: &[usize],
) -> Result<Drawing, ReportError> {
    let y = axis(evidence, &[account], models);
    let caption = format!(
        "Account {}: shown is the account {}. All panels share one scale.{}",
        evidence.account_name(account),
        evidence.focus.reason,
        axes::note(&y),
    );
    Ok(Drawing {
        id: String::new(),
        title: String::new(),
        caption,
        reading: reading(evidence),
        alt: alt(evidence, account, models),
        size: Size::page(100.0),
        columns: 1,
        panels: models.iter().map(|&model| panel(evidence, account, model, &y, 1.4)).collect(),
        shared: Shared::X,
        row_titles: Vec::new(),
        key: key(evidence),
        source: source(evidence, &[account], models)?,
    })
}

fn reading(evidence: &Evidence<'_>) -> String {
    format!(
        "Each grey stroke is the loss over the margin period of risk that began on that date; gains are not drawn. \
         The blue line is the initial margin asked for on that date. Where a stroke rises above the line, its \
         uncovered part is drawn in vermilion: a breach. Losses are taken {}.",
        convention(evidence)
    )
}

fn convention(evidence: &Evidence<'_>) -> String {
    let period = format::period(evidence.result().horizon);
    match evidence.result().convention {
        mpor_core::LossConvention::Horizon => format!("at the end of the {period} period"),
        mpor_core::LossConvention::Worst => {
            format!("at their worst within the {period} period")
        }
    }
}

fn alt(evidence: &Evidence<'_>, account: usize, models: &[usize]) -> String {
    let parts: Vec<String> = models
        .iter()
        .map(|&model| {
            let count = breaches(evidence, account, model).count();
            format!(
                "{}: {}",
                evidence.model_name(model),
                format::counted(count, "breach", "breaches")
            )
        })
        .collect();
    format!(
        "Initial margin and realised losses through time for account {}. {}.",
        evidence.account_name(account),
        parts.join("; ")
    )
}

/// The meaning of the colours of any panel of this kind.
pub(super) fn key(evidence: &Evidence<'_>) -> Vec<KeyEntry> {
    let entry = |ink, mark, text: &str| KeyEntry { ink, mark, text: text.to_owned() };
    let loss = format!("realised {} loss", format::period(evidence.result().horizon));
    vec![
        entry(Ink::Requirement, KeyMark::Line, "initial margin"),
        entry(Ink::Loss, KeyMark::Block, &loss),
        entry(Ink::Breach, KeyMark::Dot, "breach: loss above margin"),
    ]
}

/// One axis for these accounts and models.
pub(super) fn axis(evidence: &Evidence<'_>, accounts: &[usize], models: &[usize]) -> Axis {
    let result = evidence.result();
    let margins = accounts.iter().flat_map(|&account| {
        models.iter().flat_map(move |&model| result.requirements[model][account].initial.iter())
    });
    let losses = accounts.iter().flat_map(|&account| {
        result.losses[account].by(result.convention).iter().flatten().filter(|&&loss| loss > 0.0)
    });
    axes::money(&result.currency, margins.chain(losses).copied())
}

/// One account under one model, with dots of `dot` points at the breaches.
pub(super) fn panel(
    evidence: &Evidence<'_>,
    account: usize,
    model: usize,
    y: &Axis,
    dot: f64,
) -> Panel {
    let result = evidence.result();
    let times = || result.times.iter().map(|&time| at(time));
    let losses = result.losses[account].by(result.convention).iter();
    let stems = times()
        .zip(losses)
        .filter_map(|(x, loss)| loss.filter(|&loss| loss > 0.0).map(|loss| (x, 0.0, loss)))
        .collect();
    let margin = times().zip(result.requirements[model][account].initial.iter().copied()).collect();
    let breaches: Vec<&Breach> = breaches(evidence, account, model).collect();
    let uncovered = breaches.iter().map(|b| (at(b.time), b.requirement, b.loss)).collect();
    let tops = breaches.iter().map(|b| (at(b.time), b.loss)).collect();
    Panel {
        title: evidence.model_name(model).to_owned(),
        x: Axis::time(&result.times),
        y: y.clone(),
        layers: vec![
            Layer::Stems { stems, ink: Ink::Loss, width: 0.6 },
            Layer::Line { points: margin, ink: Ink::Requirement, width: 0.9 },
            Layer::Stems { stems: uncovered, ink: Ink::Breach, width: 0.8 * dot },
            Layer::Dots { points: tops, ink: Ink::Breach, radius: dot },
        ],
    }
}

fn breaches<'a>(
    evidence: &Evidence<'a>,
    account: usize,
    model: usize,
) -> impl Iterator<Item = &'a Breach> {
    let all = evidence.result().breaches.iter();
    all.filter(move |breach| breach.model == model && breach.account == account)
}

/// One row a model, account and margin date.
pub(super) fn source(
    evidence: &Evidence<'_>,
    accounts: &[usize],
    models: &[usize],
) -> Result<Table, ReportError> {
    let result = evidence.result();
    let (mut times, mut names, mut owners) = (Vec::<Timestamp>::new(), Vec::new(), Vec::new());
    let (mut margins, mut losses, mut flags) = (Vec::new(), Vec::new(), Vec::new());
    for &account in accounts {
        let realised = result.losses[account].by(result.convention);
        for &model in models {
            let initial = &result.requirements[model][account].initial;
            for ((&time, &margin), &loss) in result.times.iter().zip(initial).zip(realised) {
                times.push(time);
                names.push(evidence.model_name(model));
                owners.push(evidence.account_name(account));
                margins.push(margin);
                losses.push(loss);
                flags.push(loss.map(|loss| loss > margin));
            }
        }
    }
    Ok(Table::new(
        "margin-loss",
        [
            ("time", Column::times(times)),
            ("account", Column::texts(owners)),
            ("model", Column::texts(names)),
            ("initial_margin", Column::numbers(margins)),
            ("loss", Column::Number(losses)),
            ("breach", Column::Flag(flags)),
        ],
    )?)
}
