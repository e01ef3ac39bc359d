//! The border to the libraries that decode files: what they panic at is an error of the file.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::DataError;

/// Runs a step of the reader. Corrupt files can make a decoder panic; here that is an error like any other.
pub(crate) fn guarded<T, E: Display>(
    file: &str,
    step: impl FnOnce() -> Result<T, E>,
) -> Result<T, DataError> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(DataError::unreadable(file, error)),
        Err(payload) => {
            Err(DataError::unreadable(file, format!("the decoder stopped: {}", reason(&*payload))))
        }
    }
}

/// What a panic says, where it says something.
fn reason(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text =
        text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("the file is corrupt");
    match text.split_once(" not supported by Polars") {
        Some((kind, _)) => format!(
            "{kind} is not read here: write numbers as 64-bit floats, and drop what is not needed"
        ),
        None => text.to_owned(),
    }
}
