//! How an axis of amounts is spaced, by rule.

use crate::draw::round_step;
use crate::drawing::{Axis, AxisKind, Scale};

/// An axis goes by logarithm beyond the typical amount when its largest amount is this many times that.
const WIDE: f64 = 40.0;

/// An axis from zero (or below, where there are negative amounts) to just above the largest amount: even, unless the
/// largest is more than 40 times the median of those above zero.
pub(super) fn money(currency: &str, amounts: impl Iterator<Item = f64>) -> Axis {
    let amounts: Vec<f64> = amounts.collect();
    let high = amounts.iter().copied().fold(0.0, f64::max);
    let low = amounts.iter().copied().fold(0.0, f64::min);
    let largest = high.max(-low);
    if largest <= 0.0 {
        return Axis::money(currency, Scale::Linear, (0.0, 1.0));
    }
    let typical = median_size(amounts);
    if largest > WIDE * typical {
        let even = 10f64.powf(typical.log10().floor());
        let room = |end: f64| if end == 0.0 { 0.0 } else { end * 1.3 };
        return Axis::money(currency, Scale::Symlog(even), (room(low), room(high)));
    }
    let step = round_step((high - low) / 16.0);
    let range = ((low / step).floor() * step, (high / step).ceil() * step);
    Axis::money(currency, Scale::Linear, range)
}

/// An axis of coverage for these values around their target: even, unless the lowest lacks more than five times what the
/// target does; then by nines.
pub(super) fn coverage(target: f64, values: impl Iterator<Item = f64>) -> Axis {
    let (tail, mut low, mut least) = (1.0 - target, target, (1.0 - target) / 4.0);
    for value in values {
        low = low.min(value);
        if value < 1.0 {
            least = least.min((1.0 - value) / 1.5);
        }
    }
    let wide = 1.0 - low > 5.0 * tail;
    let pad = (1.0 - low) * if wide { 0.2 } else { 0.06 };
    Axis {
        title: String::new(),
        kind: AxisKind::Share,
        scale: if wide { Scale::Nines(least.max(1e-6)) } else { Scale::Linear },
        range: ((low - pad).max(0.0), if wide { 1.0 } else { 1.0 + pad / 2.0 }),
    }
}

fn median_size(amounts: Vec<f64>) -> f64 {
    let mut sizes: Vec<f64> =
        amounts.into_iter().map(f64::abs).filter(|&size| size > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(1.0)
}

/// Said in a caption when an axis is not even.
pub(super) fn note(axis: &Axis) -> &'static str {
    match axis.scale {
        Scale::Linear => "",
        Scale::Nines(_) => " The scale of coverage is logarithmic in the share of breaches.",
        _ => " The scale of amounts is logarithmic, because the largest is far above the usual.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_makes_the_axis_logarithmic() {
        let calm = money("USD", [1.0, 2.0, 30.0].into_iter());
        assert_eq!(calm.scale, Scale::Linear);
        assert_eq!(calm.range, (0.0, 30.0));
        let spike = money("USD", [100.0, 200.0, 300.0, 50_000.0].into_iter());
        assert_eq!(spike.scale, Scale::Symlog(100.0));
        assert_eq!(money("USD", std::iter::empty()).range, (0.0, 1.0));
    }
}
