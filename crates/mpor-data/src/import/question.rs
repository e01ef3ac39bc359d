//! What a file cannot say: the question, the evidence, the guess, and how to answer.

use serde::Serialize;

/// One thing that has to be known and is not written in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// The file, or the first of several with the same question.
    pub file: String,
    /// What is asked, such as `time zone`.
    pub about: String,
    /// Why the file does not say.
    pub because: String,
    /// What speaks for the guess, or what was looked at in vain.
    pub evidence: Vec<String>,
    /// The most likely answer, where the evidence gives one.
    pub guess: Option<String>,
    /// The option that answers it, with examples.
    pub pass: String,
}

impl Question {
    /// A question without evidence and guess.
    pub(crate) fn new(about: &str, because: impl Into<String>, pass: impl Into<String>) -> Self {
        Question {
            file: String::new(),
            about: about.to_owned(),
            because: because.into(),
            evidence: Vec::new(),
            guess: None,
            pass: pass.into(),
        }
    }

    pub(crate) fn seen(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    pub(crate) fn guessing(mut self, guess: Option<String>) -> Self {
        self.guess = guess;
        self
    }
}

/// The message of an import that waits for answers.
pub(crate) fn refusal(questions: &[Question]) -> String {
    let mut lines = vec![match questions.len() {
        1 => "one thing has to be known that the input does not say".to_owned(),
        count => format!("{count} things have to be known that the input does not say"),
    }];
    for question in questions {
        lines.push(format!("  {}: {}: {}", question.file, question.about, question.because));
        lines.extend(question.evidence.iter().map(|seen| format!("    seen:  {seen}")));
        if let Some(guess) = &question.guess {
            lines.push(format!("    guess: {guess}"));
        }
        lines.push(format!("    pass:  {}", question.pass));
    }
    let open = questions.iter().filter(|question| question.guess.is_none()).count();
    lines.push(match open {
        0 => "--confirm accepts the guesses above and records them in the report".to_owned(),
        _ => format!("--confirm accepts guesses; {open} of these have none and must be stated"),
    });
    lines.join("\n")
}
