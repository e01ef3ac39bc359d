//! Errors on the terminal: where in the TOML, what is wrong, what would be right.

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use mpor::{MporError, StudyError};

/// A study error with its source line.
#[derive(Debug)]
struct Shown {
    error: StudyError,
    source: NamedSource<String>,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.error.problem)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.error.span.as_ref().map(|_| &self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.error.span.clone()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".to_owned()), span))))
    }
}

/// Prints an error to standard error.
pub fn print(error: MporError) {
    match error {
        MporError::Study(error) if error.span.is_some() => {
            let name = error.file.display().to_string();
            let source = NamedSource::new(name, error.text.clone()).with_language("TOML");
            eprintln!("{:?}", miette::Report::new(Shown { error: *error, source }));
        }
        other => eprintln!("mpor: {other}"),
    }
}
