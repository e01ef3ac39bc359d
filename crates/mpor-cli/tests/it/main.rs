//! The command line as its user meets it: what it prints, word for word, and how it exits.
//!
//! Every run is a process of its own in a folder of its own, with relative paths, so that no snapshot knows a machine. After a
//! change that is meant, `INSTA_UPDATE=always` writes the snapshots anew; their diff is the review.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod answers;
mod bad_data;
mod bad_questions;
mod bad_studies;
mod calibrate;
mod hostile;
mod imports;
mod json;
mod killed;
/// The made-up market of the facade's tests.
#[expect(dead_code, reason = "the facade's tests do more with it")]
#[path = "../../../mpor/tests/it/lab.rs"]
mod lab;
mod names;
mod spn;
mod stress;
mod terminal;
mod verbs;
