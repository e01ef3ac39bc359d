//! The binary in a folder, and what it said.

use std::path::Path;

use assert_cmd::Command;

/// What a command printed and how it ended.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
    command: String,
}

/// Runs `mpor` with these words in a folder.
pub fn mpor(folder: &Path, words: &str) -> Said {
    let args: Vec<&str> = words.split_whitespace().collect();
    with_args(folder, &args)
}

/// The same where an argument holds a space.
pub fn with_args(folder: &Path, args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_mpor"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("RUST_BACKTRACE")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let said = Said {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
        command: format!("mpor {}", args.join(" ")),
    };
    assert!(!said.err.contains("panicked"), "{}\n{}", said.command, said.err);
    said
}

impl Said {
    /// Command, exit code and both streams, without trailing space.
    pub fn shown(&self) -> String {
        let mut text = format!("$ {}\nexit {}\n", self.command, self.code);
        for (stream, said) in [("out", &self.out), ("err", &self.err)] {
            if !said.trim().is_empty() {
                let lines: Vec<&str> = said.trim_matches('\n').lines().map(str::trim_end).collect();
                text.push_str(&format!("--- {stream}\n{}\n", lines.join("\n")));
            }
        }
        text
    }
}
