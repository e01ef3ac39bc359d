//! Why market data cannot be read, trusted or written.

use mpor_core::{CoreError, Span, Timestamp};

/// A fault of a data file or of a question asked of it. Every message names the file or series and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A path or pattern that matches nothing.
    #[error("no file matches `{pattern}`; paths are relative to the study file")]
    NoFiles {
        /// What was asked for.
        pattern: String,
    },
    /// A pattern or URL that cannot be used.
    #[error("`{pattern}` is not a path, pattern or URL that can be read: {problem}")]
    BadPattern {
        /// What was asked for.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file that lacks columns of its table.
    #[error("{file}: not a `{table}` table: missing {missing}; found {found}{hint}")]
    MissingColumns {
        /// The file.
        file: String,
        /// The table it was read as.
        table: &'static str,
        /// Columns that are not there.
        missing: String,
        /// Columns that are there.
        found: String,
        /// A near match, or nothing.
        hint: String,
    },
    /// A column of the wrong type.
    #[error("{file}: column `{column}` is {found}, expected {expected}")]
    WrongType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its type in the file.
        found: String,
        /// What the table wants.
        expected: &'static str,
    },
    /// A file that cannot be opened or decoded.
    #[error("{file}: cannot be read: {problem}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the reader says.
        problem: String,
    },
    /// A cell that is not a value of its column.
    #[error("{file}: row {row}, column `{column}`: found {found}, expected {expected}")]
    BadCell {
        /// The file.
        file: String,
        /// Row, counted from 1 without the header.
        row: usize,
        /// The column.
        column: String,
        /// What is in the cell.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A series that the files do not hold.
    #[error("no `{symbol}` in the {table} of {files}; there is {known}")]
    NoSuchSymbol {
        /// The symbol asked for.
        symbol: String,
        /// The table.
        table: &'static str,
        /// Where it was looked for.
        files: String,
        /// What there is.
        known: String,
    },
    /// One symbol from several sources.
    #[error(
        "`{symbol}` comes from several sources ({sources}); keep the files of one, or name the others as substitutes under [data.policy], such as D001 = {{ prefer = \"...\" }}"
    )]
    SeveralSources {
        /// The symbol.
        symbol: String,
        /// The sources found.
        sources: String,
    },
    /// A finding whose policy is to stop.
    #[error(
        "{code} {check}: {symbol} in {source_name}: {detail}{}. Mend the data, or set the policy of {code} under [data.policy] to `mark`, `carry` or another source with {{ prefer = \"...\" }}",
        more(*others)
    )]
    Refused {
        /// Code of the check.
        code: &'static str,
        /// Its name.
        check: &'static str,
        /// The series.
        symbol: String,
        /// File or dataset.
        source_name: String,
        /// What was found.
        detail: String,
        /// How many further findings are refused too.
        others: usize,
    },
    /// A value carried longer than the policy allows.
    #[error(
        "{code} {check}: {symbol} in {source_name}: the value of {known} would be carried to {wanted}, {age} in all; the limit is {limit}. Shorten the study, mend the data, or raise the limit under [data.policy]"
    )]
    CarriedTooLong {
        /// Code of the check.
        code: &'static str,
        /// Its name.
        check: &'static str,
        /// The series.
        symbol: String,
        /// File or dataset.
        source_name: String,
        /// Instant of the last good value.
        known: Timestamp,
        /// Instant it is wanted at.
        wanted: Timestamp,
        /// The distance.
        age: Span,
        /// The most that is allowed.
        limit: Span,
    },
    /// Faulty rows that the preferred source does not have either.
    #[error(
        "{code} {check}: {symbol}: its faulty rows cannot be taken from `{preferred}`: {problem}. Mend the data, or name another source or policy of {code} under [data.policy]"
    )]
    Prefer {
        /// Code of the check.
        code: &'static str,
        /// Its name.
        check: &'static str,
        /// The series.
        symbol: String,
        /// The source that the study prefers.
        preferred: String,
        /// What is missing, and which sources there are.
        problem: String,
    },
    /// A grid that begins before its data.
    #[error(
        "{symbol} in {source_name} begins at {first}, after {wanted}, the first time of the study's grid: start later or shorten the warm-up"
    )]
    StartsLate {
        /// The series.
        symbol: String,
        /// File or dataset.
        source_name: String,
        /// First known instant.
        first: Timestamp,
        /// First grid time.
        wanted: Timestamp,
    },
    /// A calendar that cannot be built.
    #[error("calendar: {problem}")]
    Calendar {
        /// What is wrong and what would be right.
        problem: String,
    },
    /// An impossible policy.
    #[error("data policy: {problem}")]
    Policy {
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A number that is not finite on its way into a result.
    #[error("table `{table}`, row {row}, column `{column}`: {value} is not a finite number")]
    NotFinite {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Row, counted from 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A table appended to a file of other columns.
    #[error("{file}: a table of columns {found} cannot follow one of columns {expected}")]
    OtherColumns {
        /// The file being written.
        file: String,
        /// Columns of the first table.
        expected: String,
        /// Columns of this one.
        found: String,
    },
    /// A file that cannot be written.
    #[error("{file}: cannot be written: {problem}")]
    Unwritable {
        /// The file.
        file: String,
        /// What the system says.
        problem: String,
    },
    /// A dataset description that does not parse or does not hold.
    #[error("{file}: {problem}")]
    Metadata {
        /// The file.
        file: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// An index rule that does not parse or cannot be followed.
    #[error("{file}: {problem}")]
    IndexRule {
        /// The file.
        file: String,
        /// The key, what is wrong and what would be right.
        problem: String,
    },
    /// An index that its rule cannot make of its sources.
    #[error("index `{name}`: {problem}")]
    Index {
        /// The index.
        name: String,
        /// What is wrong, when, and what to do.
        problem: String,
    },
    /// A noun that cannot be built.
    #[error(transparent)]
    Core(#[from] CoreError),
}

/// How many further findings are like the one told, where there are any.
fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        others => format!(" ({others} more like it)"),
    }
}

impl DataError {
    pub(crate) fn unreadable(file: &str, problem: impl std::fmt::Display) -> Self {
        let problem = problem.to_string().lines().next().unwrap_or_default().to_owned();
        DataError::Unreadable { file: file.to_owned(), problem }
    }

    pub(crate) fn unwritable(file: &std::path::Path, problem: impl std::fmt::Display) -> Self {
        DataError::Unwritable {
            file: file.display().to_string(),
            problem: advised(&problem.to_string()),
        }
    }
}

/// What the system says of a disk without room, and what to do.
const NO_ROOM: [&str; 3] = ["No space left", "quota exceeded", "File too large"];

/// A problem of the system with what to do about it, where that is known: a disk without room.
#[must_use]
pub fn advised(problem: &str) -> String {
    if !NO_ROOM.iter().any(|known| problem.contains(known)) {
        return problem.to_owned();
    }
    format!(
        "{problem}: there is no more room; make some and run again, what is done so far is kept"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_what_to_do() {
        // ENOSPC, EDQUOT and EFBIG of Linux.
        for number in [28, 122, 27] {
            let told = advised(&std::io::Error::from_raw_os_error(number).to_string());
            assert!(cfg!(not(target_os = "linux")) || told.contains("run again"), "{told}");
        }
        assert_eq!(advised("Permission denied"), "Permission denied");
    }
}
