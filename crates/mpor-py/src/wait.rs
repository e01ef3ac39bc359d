//! Long work beside the interpreter: it tells how far it is, and stops when whoever waits presses Ctrl-C.
//!
//! The work has a thread of its own. The calling thread, which is where Python delivers signals, waits without the interpreter
//! lock, and takes it for a moment to look for signals and to call the user's `progress`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use mpor::{MporError, Progress};
use pyo3::prelude::*;

use crate::errors::raised;

/// How long a signal may go unseen.
const BLINK: Duration = Duration::from_millis(50);

/// What the work tells.
enum Event {
    Begin(String, usize),
    Advance(usize),
}

struct Teller<'s> {
    events: Sender<Event>,
    stop: &'s AtomicBool,
}

impl Progress for Teller<'_> {
    fn begin(&self, stage: &str, total: usize) {
        self.send(Event::Begin(stage.to_owned(), total));
    }

    fn advance(&self, units: usize) {
        self.send(Event::Advance(units));
    }

    fn end(&self) {}

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Teller<'_> {
    fn send(&self, event: Event) {
        // Nobody listens any more once an exception is on its way, and then it does not matter.
        let _ = self.events.send(event);
    }
}

/// Who is told: `progress(stage, done, total)`.
struct Listener {
    callback: Option<Py<PyAny>>,
    stage: String,
    done: usize,
    total: usize,
}

impl Listener {
    fn hear(&mut self, event: Event) -> PyResult<()> {
        match event {
            Event::Begin(stage, total) => {
                (self.stage, self.done, self.total) = (stage, 0, total);
            }
            Event::Advance(units) => self.done += units,
        }
        let Some(callback) = &self.callback else { return Ok(()) };
        Python::attach(|py| {
            callback.call1(py, (self.stage.as_str(), self.done, self.total)).map(drop)
        })
    }
}

/// Does the work and waits for it. An exception from a signal or from `progress` stops the work, between two of its pieces, and is
/// then raised.
pub fn wait<T: Send>(
    py: Python<'_>,
    progress: Option<Py<PyAny>>,
    work: impl FnOnce(&dyn Progress) -> Result<T, MporError> + Send,
) -> PyResult<T> {
    let stop = AtomicBool::new(false);
    let mut listener = Listener { callback: progress, stage: String::new(), done: 0, total: 0 };
    let mut exception: Option<PyErr> = None;
    let done = py.detach(|| {
        std::thread::scope(|scope| {
            let (events, heard) = mpsc::channel();
            let teller = Teller { events, stop: &stop };
            let worker = scope.spawn(move || work(&teller));
            loop {
                let event = heard.recv_timeout(BLINK);
                let over = matches!(event, Err(RecvTimeoutError::Disconnected));
                if exception.is_none() {
                    let told = event.map_or(Ok(()), |event| listener.hear(event));
                    exception = told.and_then(|()| Python::attach(|py| py.check_signals())).err();
                    stop.store(exception.is_some(), Ordering::Relaxed);
                }
                if over {
                    break worker.join();
                }
            }
        })
    });
    match (exception, done) {
        (Some(exception), _) => Err(exception),
        (None, Ok(done)) => done.map_err(|error| raised(&error)),
        (None, Err(panic)) => std::panic::resume_unwind(panic),
    }
}
