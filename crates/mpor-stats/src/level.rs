//! A confidence level, kept as the exact decimal it was written as.
//!
//! `500 * (1 - 0.99)` is `5.000000000000004` in binary floating point, and a rank taken from it would be the sixth
//! loss instead of the fifth. A [`Level`] therefore stores the digits, and asks [`Level::tail_rank`] in integers.

use std::fmt;
use std::str::FromStr;

/// A confidence level strictly between 0.5 and 1, for example `0.99`.
///
/// `99`, `1.0` and `0.5` are errors, not silently divided or clamped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level {
    /// The level times `SCALE`.
    units: u64,
}

/// Twelve decimals are exact; a level with more digits is refused.
const SCALE: u64 = 1_000_000_000_000;

/// Why a text or number is not a confidence level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is not a confidence level: write a fraction strictly between 0.5 and 1, such as 0.99"
)]
pub struct NotALevel {
    /// What was given.
    pub found: String,
}

impl Level {
    /// 99 %, the level that most margin standards ask for.
    pub const P99: Level = Level { units: 990_000_000_000 };

    /// Reads the shortest decimal that prints as `value`, so that `0.99_f64` is exactly 99/100.
    ///
    /// # Errors
    /// [`NotALevel`] outside (0.5, 1), for NaN, and for more than twelve decimals.
    pub fn new(value: f64) -> Result<Self, NotALevel> {
        value.to_string().parse()
    }

    /// The level as a fraction, `0.99`.
    #[must_use]
    pub fn value(self) -> f64 {
        self.units as f64 / SCALE as f64
    }

    /// The tail probability as a fraction, `0.01`: the nearest double to the exact decimal.
    #[must_use]
    pub fn tail(self) -> f64 {
        (SCALE - self.units) as f64 / SCALE as f64
    }

    /// `n` times the tail probability, exact where it is an integer.
    #[must_use]
    pub fn tail_mass(self, n: usize) -> f64 {
        let product = n as u128 * u128::from(SCALE - self.units);
        (product / u128::from(SCALE)) as f64 + (product % u128::from(SCALE)) as f64 / SCALE as f64
    }

    /// The level as an exact fraction: numerator and denominator.
    pub(crate) fn fraction(self) -> (u64, u64) {
        (self.units, SCALE)
    }

    /// `ceil(n * tail)`, at least 1: the rank, from the largest, of the historical-simulation VaR loss.
    #[must_use]
    pub fn tail_rank(self, n: usize) -> usize {
        let product = n as u128 * u128::from(SCALE - self.units);
        (product.div_ceil(u128::from(SCALE)) as usize).max(1)
    }
}

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, NotALevel> {
        let refuse = || NotALevel { found: text.to_owned() };
        let decimals = text.strip_prefix("0.").ok_or_else(refuse)?;
        let plain = !decimals.is_empty()
            && decimals.len() <= 12
            && decimals.bytes().all(|byte| byte.is_ascii_digit());
        if !plain {
            return Err(refuse());
        }
        let units = format!("{decimals:0<12}").parse::<u64>().map_err(|_| refuse())?;
        if units <= SCALE / 2 || units >= SCALE {
            return Err(refuse());
        }
        Ok(Level { units })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value())
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Level({self})")
    }
}

impl<'de> serde::Deserialize<'de> for Level {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Level::new(value).map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Level {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_tail_count_stays_an_integer() {
        let level = Level::new(0.99).unwrap();
        assert_eq!(level.tail_rank(500), 5);
        assert_eq!(level.tail_mass(500), 5.0);
        assert_eq!(Level::new(0.975).unwrap().tail_rank(500), 13);
        assert_eq!(Level::new(0.9269).unwrap().tail_rank(10_000), 731);
    }

    #[test]
    fn what_is_not_a_level_is_refused() {
        for bad in [99.0, 1.0, 0.5, 0.0, -0.99, f64::NAN, f64::INFINITY] {
            assert!(Level::new(bad).is_err(), "{bad}");
        }
        assert!("0.9999999999999".parse::<Level>().is_err());
    }

    #[test]
    fn a_level_prints_as_it_was_written() {
        assert_eq!("0.9975".parse::<Level>().unwrap().to_string(), "0.9975");
    }
}
