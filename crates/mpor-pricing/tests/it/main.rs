//! Integration tests of the pricing crate.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod chains;
mod laws;
mod oracle;
mod surfaces;
mod values;
