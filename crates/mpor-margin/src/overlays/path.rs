//! Anti-procyclicality rules as functions of a path of requirements: what the overlays apply, date by date.
//!
//! With `M[t]` the requirement before the rule,
//!
//! ```text
//! buffer, release level R   max( min((1 + share) M[t], R), M[t] )
//! stress blend              (1 - weight) M[t] + weight S[t]
//! floor                     max( M[t], floor[t] )
//! cap                       min( M[t], cap )
//! speed limit               M'[t] = min( M[t], limit M'[t - n] ),  free for the first n dates
//! ```
//!
//! Source: buffer, stress weight and floor are the three options of Delegated Regulation (EU) 153/2013, Art. 28(1);
//! cap and speed limit are tools that clearing houses use beside them. A speed limit that starts from nothing would hold
//! a new account at nothing for ever, so the rule is free where `M'[t - n]` is not above zero.
//! Amounts in any unit, positive = money needed. Says nothing about whether the mitigated margin still covers the risk.

/// `(1 + share) m`, but no more than the release level, and never less than `m`.
#[must_use]
pub fn buffered(m: f64, share: f64, release: Option<f64>) -> f64 {
    let full = (1.0 + share) * m;
    release.map_or(full, |level| full.min(level)).max(m)
}

/// `m` held below `limit` times what was required `n` dates ago; free where that was nothing.
#[must_use]
pub fn limited(m: f64, before: Option<f64>, limit: f64) -> f64 {
    match before {
        Some(before) if before > 0.0 => m.min(limit * before),
        _ => m,
    }
}

/// The buffer on each date of a path. Without a release level it is always held in full.
#[must_use]
pub fn buffer(path: &[f64], share: f64, release: Option<f64>) -> Vec<f64> {
    path.iter().map(|&m| buffered(m, share, release)).collect()
}

/// `(1 - weight)` of the path and `weight` of the stress requirement of the same date; as long as the shorter of the two.
#[must_use]
pub fn stress_blend(path: &[f64], stress: &[f64], weight: f64) -> Vec<f64> {
    path.iter().zip(stress).map(|(m, s)| (1.0 - weight) * m + weight * s).collect()
}

/// The larger of the path and the floor of the same date; as long as the shorter of the two.
#[must_use]
pub fn floor(path: &[f64], floor: &[f64]) -> Vec<f64> {
    path.iter().zip(floor).map(|(m, floor)| m.max(*floor)).collect()
}

/// The smaller of the path and the cap.
#[must_use]
pub fn cap(path: &[f64], cap: f64) -> Vec<f64> {
    path.iter().map(|m| m.min(cap)).collect()
}

/// The path, held to at most `limit` times its own limited value `n` dates before.
#[must_use]
pub fn speed_limit(path: &[f64], n: usize, limit: f64) -> Vec<f64> {
    let mut out: Vec<f64> = Vec::with_capacity(path.len());
    for (t, &m) in path.iter().enumerate() {
        let before = t.checked_sub(n.max(1)).map(|earlier| out[earlier]);
        out.push(limited(m, before, limit));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_released_above_its_level() {
        assert_eq!(buffer(&[4.0, 10.0, 20.0], 0.25, Some(11.0)), [5.0, 11.0, 20.0], "hand");
        assert_eq!(buffer(&[4.0], 0.25, None), [5.0]);
    }

    #[test]
    fn a_speed_limit_is_taken_from_the_limited_path() {
        let path = speed_limit(&[1.0, 1.0, 10.0, 10.0, 10.0], 1, 2.0);
        assert_eq!(path, [1.0, 1.0, 2.0, 4.0, 8.0], "hand");
    }

    #[test]
    fn a_new_account_is_not_held_at_nothing() {
        assert_eq!(speed_limit(&[0.0, 0.0, 5.0, 20.0], 1, 2.0), [0.0, 0.0, 5.0, 10.0]);
    }
}
