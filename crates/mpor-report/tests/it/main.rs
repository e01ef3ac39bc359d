//! Integration tests of mpor-report, one binary.

mod layout;
mod market;
mod pdf;
mod render;
mod story;
