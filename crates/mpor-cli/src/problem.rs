//! Errors on the terminal: where in the TOML, what is wrong, what would be right.

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use mpor::{MporError, StudyError};

use crate::text::plain;

/// A study error with its source line.
#[derive(Debug)]
struct Shown {
    error: StudyError,
    source: NamedSource<String>,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&plain(&self.error.problem))
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

/// Prints an error to standard error. Messages are not wrapped: a date or name cut in two cannot be searched for.
pub fn print(error: MporError) {
    // Fails only where a handler is set already, and it would be this one.
    let _ = miette::set_hook(Box::new(|_| {
        Box::new(miette::MietteHandlerOpts::new().wrap_lines(false).build())
    }));
    match error {
        MporError::Study(error) if error.span.is_some() => {
            let name = error.file.display().to_string();
            let source = NamedSource::new(name, error.text.clone()).with_language("TOML");
            eprintln!("{:?}", miette::Report::new(Shown { error: *error, source }));
        }
        other => eprintln!("mpor: {}", plain(&other.to_string())),
    }
}
