//! Calls that were met late, for the overlay `reputation`: the study's `data.calls`, by account.
//!
//! A call is late from the first instant after it was due, so no margin date sees how a call that is still open will end. As all of an
//! account's record it counts from the margin date after the one on which it is known.

use mpor_core::{Books, Timestamp};
use mpor_data::Query;
use mpor_data::calls::{CallRow, calls};

use crate::error::MporError;
use crate::study::{StudyFile, nearest};

/// Names in a message.
const SHOWN: usize = 20;

/// When calls became late, by account in the books' order, and what must be said of them; nothing for a study without `data.calls`.
///
/// # Errors
/// [`MporError::Data`] naming file, row and column; [`MporError::Study`] where no call is of an account of the study.
pub(crate) fn load(
    file: &StudyFile,
    books: &Books,
) -> Result<(Vec<Vec<Timestamp>>, Vec<String>), MporError> {
    let paths = file.resolve_all(&file.study.data.calls);
    if paths.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let rows = calls(&Query::all(paths))?;
    let mut late = vec![Vec::new(); books.accounts.len()];
    let (mut counted, mut others) = (0, Vec::new());
    for row in &rows {
        match books.accounts.iter().position(|known| *known == row.account) {
            Some(account) => {
                counted += 1;
                late[account].extend(row.late_from());
            }
            None => others.push(row),
        }
    }
    if counted == 0 {
        return Err(none(file, books, &rows));
    }
    late.iter_mut().for_each(|times| times.sort_unstable());
    let notes = notes(file, counted, &late, &others);
    Ok((late, notes))
}

/// Accounts that are all unknown are a mistake; that a venue's list has more of them than a study is none.
fn none(file: &StudyFile, books: &Books, rows: &[CallRow]) -> MporError {
    let names = books.accounts.iter().map(String::as_str).take(SHOWN);
    let problem = match rows.first() {
        None => "the files have no rows; leave `calls` out where there are no calls".to_owned(),
        Some(row) => format!(
            "no call is of an account of the study; the first is of `{}`; {}",
            row.account,
            nearest(&row.account, names)
        ),
    };
    file.error_at(&["data", "calls"], problem).into()
}

fn notes(
    file: &StudyFile,
    counted: usize,
    late: &[Vec<Timestamp>],
    others: &[&CallRow],
) -> Vec<String> {
    let were: usize = late.iter().map(Vec::len).sum();
    let mut notes =
        vec![format!("Margin calls: {counted}, of which {were} were met late or never.")];
    if let Some(first) = others.first() {
        let (count, account) = (others.len(), &first.account);
        notes.push(format!(
            "Margin calls of accounts that the study does not have are left out: {count}, the first of `{account}`."
        ));
    }
    let overlays = || file.models.iter().flat_map(|model| &model.overlays);
    if !overlays().any(|overlay| overlay.contains_key("reputation")) {
        notes
            .push("Margin calls change nothing: no model has the overlay `reputation`.".to_owned());
    }
    notes
}
