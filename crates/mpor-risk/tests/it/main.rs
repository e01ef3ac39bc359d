//! Scenarios, revaluation and risk figures, on a small market that every test can see through.

mod market;

mod filtered;
mod grid;
mod knowledge;
mod measure;
mod monte_carlo;
mod revalue;
mod series;
mod spec;
