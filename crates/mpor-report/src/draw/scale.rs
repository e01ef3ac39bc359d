//! From a value to a place on the page.

use crate::drawing::{Axis, AxisKind, Scale};

/// One axis of one panel: the value range and the stretch of page it covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping {
    scale: Scale,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Mapping {
    /// Maps the axis' range onto `from..to`; the two may be in either order.
    pub(crate) fn new(axis: &Axis, from: f64, to: f64) -> Self {
        let (low, high) = (warp(axis.scale, axis.range.0), warp(axis.scale, axis.range.1));
        // Rows of names run from the top, where page coordinates are small.
        let flip = matches!(axis.kind, AxisKind::Names(_)) && from > to;
        let (from, to) = if flip { (to, from) } else { (from, to) };
        Mapping { scale: axis.scale, low, high, from, to }
    }

    /// The place of a value; values outside the range go to its ends.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let span = self.high - self.low;
        if span == 0.0 {
            return (self.from + self.to) / 2.0;
        }
        let share = ((warp(self.scale, value) - self.low) / span).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }
}

/// The scale as a monotone function onto an even spacing.
fn warp(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Log => value.max(f64::MIN_POSITIVE).log10(),
        Scale::Nines(least) => -(1.0 - value).max(least).log10(),
        Scale::Symlog(even) => value.signum() * (1.0 + value.abs() / even).log10(),
    }
}
