//! The years that market history can be of.
//!
//! A stamp in a wrong unit, or a damaged one, lands a hundred thousand years away: it is refused where it is read, and the
//! distance of any two instants that are not is a number that can be reckoned with.

/// First instant: 1600-01-01, in microseconds since the epoch.
const FIRST: i64 = -11_676_096_000_000_000;
/// First instant after the era: 2400-01-01.
const AFTER: i64 = 13_569_465_600_000_000;

/// Whether an instant, in microseconds since the epoch, is within the era.
pub(crate) fn holds(micros: i64) -> bool {
    (FIRST..AFTER).contains(&micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Timestamp;

    #[test]
    fn the_era_is_the_years_1600_to_2399() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap().0;
        assert_eq!((FIRST, AFTER), (time("1600-01-01"), time("2400-01-01")));
        assert!(holds(0) && holds(FIRST) && !holds(AFTER) && !holds(i64::MIN));
    }
}
