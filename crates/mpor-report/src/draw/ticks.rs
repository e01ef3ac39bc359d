//! Where an axis has ticks, and what they say: few, round, and with their unit named once.

use super::time_ticks;
use crate::drawing::{Axis, AxisKind, Scale};
use crate::format::{self, MoneyUnit};

/// Ticks of one axis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ticks {
    /// Values and texts.
    pub at: Vec<(f64, String)>,
    /// Unit to name once beside the axis; may be empty.
    pub unit: String,
}

/// At most about `most` ticks.
pub(crate) fn ticks(axis: &Axis, most: usize) -> Ticks {
    match &axis.kind {
        AxisKind::Names(names) => Ticks {
            at: names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect(),
            unit: String::new(),
        },
        AxisKind::Time => Ticks { at: time_ticks::ticks(axis.range, most), unit: String::new() },
        AxisKind::Share if matches!(axis.scale, Scale::Nines(_)) => {
            label(values(axis, most).0, format::short_percent)
        }
        AxisKind::Share => {
            let (values, step) = values(axis, most);
            let show = |share: f64| format!("{}\u{A0}%", trimmed(share * 100.0, step * 100.0));
            label(values, show)
        }
        AxisKind::Ratio => {
            let (values, step) = values(axis, most);
            label(values, |ratio| format!("{}×", trimmed(ratio, step)))
        }
        AxisKind::Money(currency) => money(axis, currency, most),
    }
}

fn money(axis: &Axis, currency: &str, most: usize) -> Ticks {
    let (values, step) = values(axis, most);
    if axis.scale == Scale::Linear {
        let unit = MoneyUnit::of([axis.range.0, axis.range.1], currency);
        let factor = unit.factor();
        let show = |amount: f64| trimmed(amount / factor, step / factor);
        return Ticks { unit: unit.label().to_owned(), ..label(values, show) };
    }
    let show = |amount: f64| {
        let text = format::money(amount, "");
        text.trim_end().replace(".00", "").replace(".0", "")
    };
    let values = values.into_iter();
    let at = values.map(|v| (v, if v == 0.0 { "0".to_owned() } else { show(v) })).collect();
    Ticks { at, unit: currency.to_owned() }
}

fn label(values: Vec<f64>, show: impl Fn(f64) -> String) -> Ticks {
    Ticks { at: values.into_iter().map(|v| (v, show(v))).collect(), unit: String::new() }
}

/// Tick values, and the step between them (the smallest of them where it varies).
fn values(axis: &Axis, most: usize) -> (Vec<f64>, f64) {
    let (low, high) = axis.range;
    match axis.scale {
        Scale::Linear => even(low, high, most),
        Scale::Log => decades(low, high, most),
        Scale::Nines(least) => (nines(low, least, most), least),
        Scale::Symlog(even_up_to) => around_zero(low, high, even_up_to, most),
    }
}

fn even(low: f64, high: f64, most: usize) -> (Vec<f64>, f64) {
    let mut step = round_step((high - low) / most.max(1) as f64);
    // An axis with fewer than three ticks does not tell its scale.
    if (high / step).floor() - (low / step).ceil() < 2.0 {
        step = round_step(step / 2.6);
    }
    if step <= 0.0 || !step.is_finite() {
        return (vec![low], 1.0);
    }
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    ((first..=last).map(|k| k as f64 * step).collect(), step)
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
pub(crate) fn round_step(least: f64) -> f64 {
    if least <= 0.0 || !least.is_finite() {
        return 0.0;
    }
    let power = 10f64.powf(least.log10().floor());
    let lead = least / power;
    let round = [1.0, 2.0, 5.0].into_iter().find(|&nice| lead <= nice * (1.0 + 1e-9));
    round.unwrap_or(10.0) * power
}

fn decades(low: f64, high: f64, most: usize) -> (Vec<f64>, f64) {
    let (low, high) = (low.max(f64::MIN_POSITIVE), high.max(f64::MIN_POSITIVE));
    let within = |leads: &[f64]| -> Vec<f64> {
        let powers = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let all = powers.flat_map(|power| leads.iter().map(move |lead| lead * 10f64.powi(power)));
        all.filter(|&v| v >= low * (1.0 - 1e-9) && v <= high * (1.0 + 1e-9)).collect()
    };
    let (fine, coarse) = (within(&[1.0, 2.0, 5.0]), within(&[1.0]));
    let all = if fine.len() <= most.max(3) + 1 || coarse.len() < 2 { fine } else { coarse };
    let skip = all.len().div_ceil(most.max(4)).max(1);
    let step = all.first().copied().unwrap_or(1.0);
    (all.into_iter().step_by(skip).collect(), step)
}

/// Shares whose lack is 1, 2 or 5 times a power of ten, and one.
fn nines(low: f64, least: f64, most: usize) -> Vec<f64> {
    let lacks = |leads: &'static [f64]| {
        let powers = (least.log10().floor() as i32)..=0;
        let all =
            powers.flat_map(move |power| leads.iter().map(move |lead| lead * 10f64.powi(power)));
        // The last tick before one needs room for the label of one.
        all.filter(|&lack| lack > 1.9 * least && lack <= (1.0 - low) * (1.0 + 1e-9)).rev()
    };
    let fine: Vec<f64> = lacks(&[1.0, 2.0, 5.0]).collect();
    let shown = if fine.len() < most.max(4) { fine } else { lacks(&[1.0]).collect() };
    shown.into_iter().map(|lack| 1.0 - lack).chain([1.0]).collect()
}

fn around_zero(low: f64, high: f64, even: f64, most: usize) -> (Vec<f64>, f64) {
    let largest = low.abs().max(high.abs()).max(even);
    let first = even.log10().ceil() as i32;
    let last = largest.log10().floor() as i32;
    let skip = ((last - first + 1).max(1) as usize).div_ceil(most.max(2) - 1).max(1);
    let powers: Vec<f64> = (first..=last).rev().step_by(skip).map(|p| 10f64.powi(p)).collect();
    let negative = powers.iter().map(|value| -value);
    let positive = powers.iter().rev().copied();
    let all = negative.chain([0.0]).chain(positive).filter(|&v| v >= low && v <= high).collect();
    (all, even)
}

/// The value with as many decimals as the step needs.
fn trimmed(value: f64, step: f64) -> String {
    let decimals = (0..6).find(|&places| {
        let scaled = step * 10f64.powi(places);
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
    });
    let decimals = decimals.unwrap_or(6) as usize;
    let text = format!("{value:.decimals$}");
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'));
    if zero { "0".to_owned() } else { text.replace('-', "\u{2212}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, most: usize) -> Vec<String> {
        ticks(axis, most).at.into_iter().map(|(_, text)| text.replace('\u{A0}', " ")).collect()
    }

    #[test]
    fn amounts_share_one_unit() {
        let axis = Axis::money("USD", Scale::Linear, (0.0, 1_000_000.0));
        assert_eq!(texts(&axis, 5), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks(&axis, 5).unit.replace('\u{A0}', " "), "m USD");
    }

    #[test]
    fn wide_ranges_go_by_powers_of_ten() {
        let axis = Axis::money("USD", Scale::Symlog(1_000.0), (0.0, 2e6));
        assert_eq!(texts(&axis, 6), ["0", "1 k", "10 k", "100 k", "1 m"]);
    }

    #[test]
    fn coverage_far_below_its_target_goes_by_nines() {
        let axis = Axis {
            title: String::new(),
            kind: AxisKind::Share,
            scale: Scale::Nines(0.0005),
            range: (0.85, 1.0),
        };
        assert_eq!(texts(&axis, 5), ["90 %", "99 %", "99.9 %", "100 %"]);
        assert_eq!(texts(&axis, 20)[..3], ["90 %", "95 %", "98 %"]);
    }

    #[test]
    fn steps_are_round() {
        for (least, expected) in [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (7.0, 10.0), (0.0, 0.0)] {
            assert!((round_step(least) - expected).abs() < 1e-12, "{least}");
        }
    }
}
