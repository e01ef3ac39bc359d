//! Drawdown of the default fund through time by model: how much of it would defaults have used, and did it suffice?

use mpor_backtest::default_fund::{FundDay, FundPath};
use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Label, Layer, Panel, Place, Scale, Shared,
    Size, at,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format;

/// See the module.
pub struct DefaultFundFigure;

/// The least that the axis shows, so that a fund that is hardly touched looks like one.
const LEAST: f64 = 0.1;

impl Figure for DefaultFundFigure {
    fn id(&self) -> &'static str {
        "default-fund"
    }

    fn question(&self) -> &'static str {
        "How much of the default fund would defaults have used, and did it suffice?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let paths = evidence.input.default_fund;
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let columns = if paths.len() > 7 { 2 } else { 1 };
        let height = (330.0 / paths.len().div_ceil(columns) as f64 - 17.0).clamp(36.0, 110.0);
        let y = axis(paths);
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: "Drawdown of the default fund by model".to_owned(),
            caption: "One stroke a margin date on which an account loses more than its margin over the next margin period: the \
                      share of the fund, as it was sized then, that pays for it. Each date stands on its own."
                .to_owned(),
            reading: "Short strokes are losses that the fund was made for. A stroke at 100 % means that fund and skin in the \
                      game do not suffice, and that the rest is covered by nobody."
                .to_owned(),
            alt: alt(evidence, paths),
            size: Size::page(height),
            columns,
            panels: paths.iter().map(|path| panel(evidence, path, &y)).collect(),
            shared: Shared::X,
            row_titles: Vec::new(),
            key: key(),
            source: source(evidence, paths)?,
        }])
    }
}

/// Share used; all of it where something is left uncovered, also of a fund of nothing.
fn used(day: &FundDay) -> f64 {
    if uncovered(day) > 0.0 { 1.0 } else { day.drawdown().unwrap_or(0.0) }
}

fn uncovered(day: &FundDay) -> f64 {
    day.after.as_ref().map_or(0.0, |after| after.uncovered)
}

fn axis(paths: &[FundPath]) -> Axis {
    let most = paths.iter().flat_map(|path| &path.days).map(used).fold(LEAST, f64::max);
    let (title, kind) = (String::new(), AxisKind::Share);
    Axis { title, kind, scale: Scale::Linear, range: (0.0, most * 1.1) }
}

fn key() -> Vec<KeyEntry> {
    let entry = |ink, text: &str| KeyEntry { ink, mark: KeyMark::Line, text: text.to_owned() };
    vec![
        entry(Ink::Loss, "the fund suffices"),
        entry(Ink::Breach, "a loss is left that nobody covers"),
    ]
}

fn panel(evidence: &Evidence<'_>, path: &FundPath, y: &Axis) -> Panel {
    let times = &evidence.result().times;
    let stems = |left: bool| {
        let days = path.days.iter().zip(times);
        let of = days.filter(|(day, _)| used(day) > 0.0 && (uncovered(day) > 0.0) == left);
        of.map(|(day, &time)| (at(time), 0.0, used(day))).collect()
    };
    let layer = |ink, left| Layer::Stems { stems: stems(left), ink, width: 0.8 };
    Panel {
        title: format!("{} · {}", evidence.model_name(path.model), verdict(path)),
        x: Axis::time(times),
        y: y.clone(),
        layers: vec![
            layer(Ink::Loss, false),
            layer(Ink::Breach, true),
            Layer::Labels(worst(evidence, path).into_iter().collect()),
        ],
    }
}

fn verdict(path: &FundPath) -> String {
    let summary = path.summary();
    match (summary.with_defaults, summary.insufficient) {
        (0, _) => "no loss beyond margin".to_owned(),
        (dates, 0) => format!("sufficed on all {dates} dates with losses beyond margin"),
        (dates, short) => {
            format!("too small on {short} of {dates} dates with losses beyond margin")
        }
    }
}

fn worst(evidence: &Evidence<'_>, path: &FundPath) -> Option<Label> {
    let step = path.summary().worst?;
    let (day, time) = (&path.days[step], evidence.result().times[step]);
    let beyond = day.after.as_ref().map_or(0.0, |after| after.beyond);
    let amount = format::money(beyond, &evidence.result().currency);
    let date = evidence.dates.show(time);
    Some(Label {
        at: (at(time), used(day)),
        text: format!("{amount} beyond margin on {date}"),
        ink: Ink::Text,
        place: Place::Near,
    })
}

fn alt(evidence: &Evidence<'_>, paths: &[FundPath]) -> String {
    let of = |path: &FundPath| {
        let worst = worst(evidence, path).map(|label| format!(", worst {}", label.text));
        let name = evidence.model_name(path.model);
        format!("{name}: {}{}", verdict(path), worst.unwrap_or_default())
    };
    let parts: Vec<String> = paths.iter().map(of).collect();
    format!("Share of the default fund used through time. {}.", parts.join("; "))
}

fn source(evidence: &Evidence<'_>, paths: &[FundPath]) -> Result<Table, ReportError> {
    let times = &evidence.result().times;
    let all = || {
        paths.iter().flat_map(|path| {
            path.days.iter().zip(times).map(move |(day, time)| (path.model, *time, day))
        })
    };
    let after = |of: fn(&FundDay) -> Option<f64>| {
        Column::Number(all().map(|(_, _, day)| of(day)).collect())
    };
    Ok(Table::new(
        "default-fund",
        [
            ("time", Column::times(all().map(|row| row.1))),
            ("model", Column::texts(all().map(|row| evidence.model_name(row.0)))),
            ("fund", Column::numbers(all().map(|row| row.2.fund))),
            ("beyond_margin", after(|day| day.after.as_ref().map(|after| after.beyond))),
            ("drawdown", after(FundDay::drawdown)),
            ("uncovered", after(|day| day.after.as_ref().map(|after| after.uncovered))),
        ],
    )?)
}
