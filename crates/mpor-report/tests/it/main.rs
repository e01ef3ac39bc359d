//! Integration tests of mpor-report, one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod browser;
mod default_fund;
mod evidence;
mod html;
mod layout;
mod market;
mod oracle;
mod pdf;
mod pictures;
mod render;
mod story;
