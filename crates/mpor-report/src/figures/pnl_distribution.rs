//! The distribution of what accounts gained and lost over the margin period, with value at risk and expected shortfall.
//!
//! With `n` observations sorted by loss and `k = floor((1 - level) n)`: value at risk is the `(k + 1)`-th largest loss, the least
//! amount that no more than `k` losses exceed; expected shortfall is the mean of the `k + 1` largest. Both are of the sample
//! itself, after the fact, and no forecast of a model.

use mpor_core::{Column, Table};

use super::Figure;
use crate::drawing::{
    Axis, AxisKind, Drawing, Ink, KeyEntry, KeyMark, Layer, Panel, Scale, Shared, Size,
};
use crate::error::ReportError;
use crate::evidence::Evidence;
use crate::format::{count, counted, money, period, short_percent};

/// See the module.
pub struct PnlDistributionFigure;

/// Most accounts, one a panel; classes of a panel.
const MOST_ACCOUNTS: usize = 6;
const CLASSES: usize = 60;

/// The sample of one account.
struct Sample {
    account: usize,
    value_at_risk: f64,
    expected_shortfall: f64,
    observations: usize,
    /// Lower and upper end in P&L, and share of the observations.
    classes: Vec<(f64, f64, f64)>,
}

impl Figure for PnlDistributionFigure {
    fn id(&self) -> &'static str {
        "pnl-distribution"
    }

    fn question(&self) -> &'static str {
        "What did accounts gain and lose over the margin period?"
    }

    fn build(&self, evidence: &Evidence<'_>) -> Result<Vec<Drawing>, ReportError> {
        let accounts = evidence.ranked_accounts.iter().take(MOST_ACCOUNTS);
        let samples: Vec<Sample> =
            accounts.filter_map(|&account| sample(evidence, account)).collect();
        if samples.is_empty() {
            return Ok(Vec::new());
        }
        let level = short_percent(evidence.result().level.value());
        let all = evidence.result().accounts.len();
        let which = if samples.len() < all {
            format!(
                "The {} of {} accounts with the largest shortfalls. ",
                samples.len(),
                count(all)
            )
        } else {
            String::new()
        };
        Ok(vec![Drawing {
            id: self.id().to_owned(),
            title: format!("P&L over the {} margin period", period(evidence.result().horizon)),
            caption: format!(
                "{which}Realised P&L of all margin dates in {CLASSES} classes of equal width, losses to the left. Value at risk: the loss \
                 that {level} of the margin dates did not exceed; expected shortfall: the mean of it and all larger ones."
            ),
            reading: "The height is the share of margin dates whose P&L fell into the class. A long left tail beyond the value at \
                      risk means that what is not covered can be far more than the margin."
                .to_owned(),
            alt: alt(evidence, &samples),
            size: Size::page(74.0),
            columns: if samples.len() > 1 { 2 } else { 1 },
            panels: samples.iter().map(|sample| panel(evidence, sample)).collect(),
            shared: Shared::Nothing,
            row_titles: Vec::new(),
            key: key(&level),
            source: source(evidence, &samples)?,
        }])
    }
}

/// `None` for an account with fewer than two different outcomes.
fn sample(evidence: &Evidence<'_>, account: usize) -> Option<Sample> {
    let result = evidence.result();
    let mut losses: Vec<f64> =
        result.losses[account].observed(result.convention).map(|(_, loss)| loss).collect();
    losses.sort_by(|a, b| b.total_cmp(a));
    let (&worst, &best) = (losses.first()?, losses.last()?);
    if worst <= best {
        return None;
    }
    let (value_at_risk, expected_shortfall) =
        tail(&losses, result.level.tail_mass(losses.len()).floor() as usize)?;
    Some(Sample {
        account,
        value_at_risk,
        expected_shortfall,
        observations: losses.len(),
        classes: classes(&losses, (-worst, -best)),
    })
}

/// Value at risk and expected shortfall of losses, largest first, of which `allowed` may exceed the former.
fn tail(losses: &[f64], allowed: usize) -> Option<(f64, f64)> {
    let worst = losses.get(..=allowed)?;
    Some((*worst.last()?, worst.iter().sum::<f64>() / worst.len() as f64))
}

/// Classes of equal width from the worst P&L to the best, which is in the last one.
fn classes(losses: &[f64], (low, high): (f64, f64)) -> Vec<(f64, f64, f64)> {
    let width = (high - low) / CLASSES as f64;
    let mut counts = [0_usize; CLASSES];
    for loss in losses {
        let class = ((-loss - low) / width) as usize;
        counts[class.min(CLASSES - 1)] += 1;
    }
    let class = |(i, count): (usize, usize)| {
        let from = low + width * i as f64;
        (from, from + width, count as f64 / losses.len() as f64)
    };
    counts.into_iter().enumerate().map(class).collect()
}

fn panel(evidence: &Evidence<'_>, sample: &Sample) -> Panel {
    let top = sample.classes.iter().map(|class| class.2).fold(0.0, f64::max);
    let ends = sample.classes.first().zip(sample.classes.last());
    let range = ends.map_or((0.0, 1.0), |(first, last)| (first.0, last.1));
    let outline =
        sample.classes.iter().flat_map(|&(from, to, share)| [(from, 0.0, share), (to, 0.0, share)]);
    let mark = |loss: f64, ink| Layer::Stems { stems: vec![(-loss, 0.0, top)], ink, width: 1.2 };
    Panel {
        title: evidence.account_name(sample.account).to_owned(),
        x: Axis::money(&evidence.result().currency, Scale::Linear, range).titled("P&L"),
        y: Axis {
            title: "share of dates".to_owned(),
            kind: AxisKind::Share,
            scale: Scale::Linear,
            range: (0.0, top * 1.05),
        },
        layers: vec![
            Layer::Area { points: outline.collect(), ink: Ink::Loss },
            mark(sample.value_at_risk, Ink::Requirement),
            mark(sample.expected_shortfall, Ink::Breach),
        ],
    }
}

fn key(level: &str) -> Vec<KeyEntry> {
    let entry = |ink, mark, text: String| KeyEntry { ink, mark, text };
    vec![
        entry(Ink::Loss, KeyMark::Block, "realised P&L".to_owned()),
        entry(Ink::Requirement, KeyMark::Line, format!("value at risk, {level}")),
        entry(Ink::Breach, KeyMark::Line, format!("expected shortfall, {level}")),
    ]
}

fn alt(evidence: &Evidence<'_>, samples: &[Sample]) -> String {
    let currency = &evidence.result().currency;
    let parts: Vec<String> = samples
        .iter()
        .map(|sample| {
            format!(
                "{}: {}, value at risk {}, expected shortfall {}",
                evidence.account_name(sample.account),
                counted(sample.observations, "margin date", "margin dates"),
                money(sample.value_at_risk, currency),
                money(sample.expected_shortfall, currency)
            )
        })
        .collect();
    format!("Distribution of P&L over the margin period by account. {}.", parts.join("; "))
}

/// One row an account and class.
fn source(evidence: &Evidence<'_>, samples: &[Sample]) -> Result<Table, ReportError> {
    let rows = || {
        samples.iter().flat_map(|sample| sample.classes.iter().map(move |class| (sample, class)))
    };
    let account = |sample: &Sample| evidence.account_name(sample.account);
    Ok(Table::new(
        "pnl-distribution",
        [
            ("account", Column::texts(rows().map(|(sample, _)| account(sample)))),
            ("pnl_from", Column::numbers(rows().map(|(_, class)| class.0))),
            ("pnl_to", Column::numbers(rows().map(|(_, class)| class.1))),
            ("share", Column::numbers(rows().map(|(_, class)| class.2))),
            ("value_at_risk", Column::numbers(rows().map(|(sample, _)| sample.value_at_risk))),
            (
                "expected_shortfall",
                Column::numbers(rows().map(|(sample, _)| sample.expected_shortfall)),
            ),
        ],
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_ten_losses_by_hand() {
        let losses = [9.0, 7.0, 4.0, 1.0, 0.0, -1.0, -2.0, -3.0, -4.0, -5.0];
        assert_eq!(tail(&losses, 0), Some((9.0, 9.0)));
        assert_eq!(tail(&losses, 1), Some((7.0, 8.0)));
        assert_eq!(tail(&losses, 10), None);
    }

    #[test]
    fn classes_hold_every_observation_once() {
        let losses: Vec<f64> = (0..=600).rev().map(f64::from).collect();
        let classes = classes(&losses, (-600.0, 0.0));
        assert_eq!(classes.len(), CLASSES);
        let total: f64 = classes.iter().map(|class| class.2).sum();
        assert!((total - 1.0).abs() < 1e-12);
        assert_eq!((classes[0].0, classes[CLASSES - 1].1), (-600.0, 0.0));
        // The best outcome belongs to the last class: ten others and it.
        assert_eq!(classes[CLASSES - 1].2, 11.0 / 601.0);
    }
}
