//! The numbers of all figures, each array once: times as steps, values as 32-bit floats.
//!
//! Seven digits are more than a screen or a reader can tell; the tables beside the figures have all of them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// One array as the page reads it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Array {
    /// `n` values from `o` in steps of `s`.
    Even { o: f64, s: f64, n: usize },
    /// `o` plus `s` times each of these whole numbers, 32 bits each.
    Whole { o: f64, s: f64, u: String },
    /// 32-bit floats; not-a-number for none.
    Floats { f: String },
}

/// Arrays by content.
#[derive(Debug, Default)]
pub(super) struct Pool {
    pub arrays: Vec<Array>,
    known: BTreeMap<Vec<u64>, usize>,
}

impl Pool {
    /// The number of an array with these values.
    pub fn add(&mut self, values: impl Iterator<Item = f64>) -> usize {
        let values: Vec<f64> = values.collect();
        let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
        if let Some(&known) = self.known.get(&bits) {
            return known;
        }
        self.arrays.push(array(&values));
        self.known.insert(bits, self.arrays.len() - 1);
        self.arrays.len() - 1
    }
}

fn array(values: &[f64]) -> Array {
    let (Some(&first), Some(&last)) = (values.first(), values.last()) else {
        return Array::Even { o: 0.0, s: 0.0, n: 0 };
    };
    let even = if values.len() > 1 { values[1] - first } else { 0.0 };
    let on_grid = |(i, &value): (usize, &f64)| first + even * i as f64 == value;
    if last.is_finite() && values.iter().enumerate().all(on_grid) {
        return Array::Even { o: first, s: even, n: values.len() };
    }
    whole(values).unwrap_or_else(|| {
        let bytes: Vec<u8> = values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect();
        Array::Floats { f: STANDARD.encode(bytes) }
    })
}

/// As whole multiples of their greatest common step from the smallest on; `None` where that does not fit.
fn whole(values: &[f64]) -> Option<Array> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let whole = |value: &f64| value.fract() == 0.0 && value.abs() < 9e15;
    if !least.is_finite() || !values.iter().all(whole) {
        return None;
    }
    let from_least = || values.iter().map(|value| (value - least) as u64);
    let step = from_least().fold(0, gcd).max(1);
    let multiples: Option<Vec<u32>> =
        from_least().map(|distance| u32::try_from(distance / step).ok()).collect();
    let bytes: Vec<u8> = multiples?.into_iter().flat_map(u32::to_le_bytes).collect();
    Some(Array::Whole { o: least, s: step as f64, u: STANDARD.encode(bytes) })
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_kept_once_and_as_short_as_it_can_be() {
        let mut pool = Pool::default();
        let day = 86_400e6;
        let daily = |days: &[f64]| days.iter().map(|d| 1.58e15 + d * day).collect::<Vec<_>>();
        let even = pool.add(daily(&[0.0, 1.0, 2.0]).into_iter());
        let gaps = pool.add(daily(&[0.0, 1.0, 4.0]).into_iter());
        let prices = pool.add([0.1, f64::NAN, 1e9].into_iter());
        assert_eq!(pool.add(daily(&[0.0, 1.0, 2.0]).into_iter()), even);
        assert_eq!(pool.arrays.len(), 3);
        assert_eq!(pool.arrays[even], Array::Even { o: 1.58e15, s: day, n: 3 });
        let u = STANDARD.encode([0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0]);
        assert_eq!(pool.arrays[gaps], Array::Whole { o: 1.58e15, s: day, u });
        let Array::Floats { f } = &pool.arrays[prices] else { panic!("not floats") };
        assert_eq!(STANDARD.decode(f).unwrap()[8..], 1e9_f32.to_le_bytes());
    }
}
