//! D016 listing stub: do the first bars of a series stand before real trading?
//!
//! Venues open a new instrument at a round price, at which next to nothing trades until it is announced. Two signs:
//! bars from the first on, two or more, that all stand at one price (open = high = low = close) and are left by a jump of
//! half a percent or more; or bars from the first on whose volume is below a ten-thousandth of the median volume of the
//! fifty bars after them. At most 200 bars are looked at.
//!
//! Default: mark. With `carry` the rows are dropped, and the series begins later.

use super::{Check, Fault, Subject, median};
use crate::policy::Policy;
use crate::raw::SeriesKind;

/// The check.
pub const CHECK: Check = Check {
    code: "D016",
    name: "listing-stub",
    asks: "a series begins with real trading",
    default: Policy::MARK,
    removes: true,
    kinds: &[SeriesKind::Price],
    find,
};

/// Most bars of a stub.
const LONGEST: usize = 200;
/// Fewest bars at one price.
const STILL: usize = 2;
/// Jump that ends them, relative.
const JUMP: f64 = 0.005;
/// Share of the usual volume that is next to nothing.
const NOTHING: f64 = 1e-4;
/// Bars after the stub that tell the usual volume.
const AFTER: usize = 50;

fn find(subject: &Subject<'_>) -> Vec<Fault> {
    let (still, thin) = (still(subject), thin(subject));
    let count = still.max(thin);
    let (Some(first), Some(after)) = (subject.value(0), subject.value(count)) else {
        return Vec::new();
    };
    if count == 0 {
        return Vec::new();
    }
    let why = if still >= thin { "that do not move" } else { "with next to no volume" };
    let detail = format!("{count} at the start {why}: {first} first, {after} after them");
    subject.block(0..count, &detail)
}

/// Bars from the first on at one price, where a jump ends them.
fn still(subject: &Subject<'_>) -> usize {
    let Some(bars) = &subject.raw.bars else { return 0 };
    let Some(first) = subject.value(0) else { return 0 };
    let at_first = |entry: &&usize| {
        let all = [
            bars.open[**entry],
            bars.high[**entry],
            bars.low[**entry],
            subject.raw.values[**entry],
        ];
        all.iter().all(|price| *price == Some(first))
    };
    let count = subject.order.iter().take(LONGEST).take_while(at_first).count();
    let next = subject.order.get(count).and_then(|&entry| bars.open[entry]);
    let jumps = next.is_some_and(|open| (open / first - 1.0).abs() >= JUMP);
    if count >= STILL && jumps { count } else { 0 }
}

/// Bars from the first on in which next to nothing trades, against those after them.
fn thin(subject: &Subject<'_>) -> usize {
    let Some(bars) = &subject.raw.bars else { return 0 };
    let volume = |place: usize| subject.order.get(place).and_then(|&entry| bars.volume[entry]);
    let most = LONGEST.min(subject.order.len());
    // The stub ends where the volume first is what it is afterwards.
    let mut count = 0;
    while count < most {
        let mut after: Vec<f64> = (count + 1..count + 1 + AFTER).filter_map(volume).collect();
        let (Some(now), Some(usual)) = (volume(count), median(&mut after)) else { break };
        if usual <= 0.0 || now > NOTHING * usual {
            break;
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{faults, walk};
    use super::*;
    use crate::raw::RawSeries;

    fn stub(rows: usize, price: f64, volume: f64) -> RawSeries {
        let mut raw = walk(200, 12);
        let bars = raw.bars.as_mut().unwrap();
        for row in 0..rows {
            for column in [&mut bars.open, &mut bars.high, &mut bars.low, &mut raw.values] {
                column[row] = Some(price);
            }
            bars.volume[row] = Some(volume);
        }
        raw
    }

    #[test]
    fn a_constant_price_before_trading_is_a_stub() {
        assert_eq!(faults(&walk(200, 12), find), []);
        let found = faults(&stub(3, 90.0, 10.0), find);
        assert_eq!((found[0].entries.clone(), found[0].count), (0..3, 3));
        assert!(found[0].detail.starts_with("3 at the start that do not move: 90 first"));
        assert_eq!(faults(&stub(1, 90.0, 10.0), find), [], "one bar may be any");
    }

    #[test]
    fn a_price_at_which_nothing_trades_is_a_stub() {
        let found = faults(&stub(1, 90.0, 0.0005), find);
        assert_eq!(found[0].entries, 0..1);
        assert!(found[0].detail.contains("next to no volume"), "{}", found[0].detail);
    }
}
