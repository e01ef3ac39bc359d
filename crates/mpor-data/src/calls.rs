//! Margin calls: when an account was called, until when it had to pay, and when it did.
//!
//! A call is late when it was not met by `due_at`, and that is known from the first instant after it: not earlier, although a row
//! says from the start when the call was met.

use mpor_core::Timestamp;

use crate::chains::rows;
use crate::error::DataError;
use crate::part::Part;
use crate::scan::Query;
use crate::schema::CALLS;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallRow {
    /// Who was called.
    pub account: String,
    /// When.
    pub called_at: Timestamp,
    /// The last instant at which it is met in time.
    pub due_at: Timestamp,
    /// When it was met; `None` where it was not.
    pub met_at: Option<Timestamp>,
}

impl CallRow {
    /// The instant from which the call is known to be late; `None` for one that was met in time.
    #[must_use]
    pub fn late_from(&self) -> Option<Timestamp> {
        let in_time = self.met_at.is_some_and(|met| met <= self.due_at);
        (!in_time).then(|| Timestamp(self.due_at.0.saturating_add(1)))
    }
}

/// Calls from Parquet or CSV, in file order.
///
/// # Errors
/// [`DataError`] naming the file, row and column: also for a call that is due or met before it was made, and for one that stands in a
/// file twice.
pub fn calls(query: &Query) -> Result<Vec<CallRow>, DataError> {
    rows(&CALLS, query, call_rows)
}

fn call_rows(part: &Part) -> Result<Vec<CallRow>, DataError> {
    let (times, accounts) = (part.known_times("time")?, part.known_texts("account")?);
    let (due, met) = (part.known_times("due_at")?, part.times("met_at")?);
    let row = |i: usize| {
        let called_at = times[i];
        let not_before = |column, time: Timestamp| {
            let expected = format!("a time not before the call, {called_at}");
            part.bad_cell(i, column, &time.to_string(), &expected)
        };
        if due[i] < called_at {
            return Err(not_before("due_at", due[i]));
        }
        if let Some(met) = met[i].filter(|&met| met < called_at) {
            return Err(not_before("met_at", met));
        }
        Ok(CallRow { account: accounts[i].clone(), called_at, due_at: due[i], met_at: met[i] })
    };
    let all: Vec<CallRow> = (0..part.height()).map(row).collect::<Result<_, _>>()?;
    refuse_twins(part, &all)?;
    Ok(all)
}

/// A call written twice would count twice.
fn refuse_twins(part: &Part, all: &[CallRow]) -> Result<(), DataError> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|&a, &b| all[a].cmp(&all[b]).then(a.cmp(&b)));
    let twins = order.windows(2).filter(|pair| all[pair[0]] == all[pair[1]]);
    let Some((first, second)) = twins.map(|pair| (pair[0], pair[1])).min_by_key(|pair| pair.1)
    else {
        return Ok(());
    };
    let found = format!("the call of row {} again", part.row(first));
    Err(part.bad_cell(second, "time", &found, "each call once"))
}

#[cfg(test)]
mod tests {
    use mpor_core::Span;

    use super::*;

    #[test]
    fn a_call_is_late_after_it_was_due_and_not_before() {
        let hour = |hours: i64| Timestamp::default() + Span::hours(hours);
        let call = |met_at| CallRow {
            account: "a".to_owned(),
            called_at: hour(8),
            due_at: hour(12),
            met_at,
        };
        assert_eq!(call(Some(hour(9))).late_from(), None);
        assert_eq!(call(Some(hour(12))).late_from(), None, "at the last instant");
        assert_eq!(call(Some(hour(20))).late_from(), Some(hour(12) + Span(1)));
        assert_eq!(call(None).late_from(), Some(hour(12) + Span(1)), "never met");
    }
}
