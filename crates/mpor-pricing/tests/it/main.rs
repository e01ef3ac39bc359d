//! Integration tests of the pricing crate.

mod chains;
mod laws;
mod oracle;
mod values;
