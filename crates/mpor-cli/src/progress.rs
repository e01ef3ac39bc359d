//! A progress bar on a terminal, plain lines elsewhere, nothing with `--quiet`.

use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use mpor::Progress;

/// Shows the stages of a run on standard error.
pub struct Shown {
    bar: Mutex<Option<ProgressBar>>,
    terminal: bool,
}

impl Shown {
    /// Decides by whether standard error is a terminal.
    pub fn new() -> Self {
        Shown { bar: Mutex::new(None), terminal: std::io::stderr().is_terminal() }
    }

    fn with(&self, then: impl FnOnce(&mut Option<ProgressBar>)) {
        let mut bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        then(&mut bar);
    }
}

impl Progress for Shown {
    fn begin(&self, stage: &str, total: usize) {
        if !self.terminal {
            eprintln!("{stage}{}", if total > 1 { format!(" ({total})") } else { String::new() });
            return;
        }
        let bar = ProgressBar::new(total as u64).with_message(stage.to_owned());
        if let Ok(style) = ProgressStyle::with_template(
            "{msg:<28} {bar:40} {pos}/{len}  {elapsed_precise}, {eta_precise} left",
        ) {
            bar.set_style(style);
        }
        self.with(|shown| *shown = Some(bar));
    }

    fn advance(&self, units: usize) {
        self.with(|shown| {
            if let Some(bar) = shown {
                bar.inc(units as u64);
            }
        });
    }

    fn end(&self) {
        self.with(|shown| {
            if let Some(bar) = shown.take() {
                bar.finish();
            }
        });
    }
}
