//! Scenarios, revaluation and risk figures, on a small market that every test can see through.

#[cfg(test)]
mod market;

#[cfg(test)]
mod catalog;
#[cfg(test)]
mod caviar;
#[cfg(test)]
mod clearing_sets;
#[cfg(test)]
mod contribution;
#[cfg(test)]
mod correlation;
#[cfg(test)]
mod fhs;
#[cfg(test)]
mod filtered;
#[cfg(test)]
mod gas;
#[cfg(test)]
mod grid;
#[cfg(test)]
mod knowledge;
#[cfg(test)]
mod measure;
#[cfg(test)]
mod monte_carlo;
#[cfg(test)]
mod parametric;
#[cfg(test)]
mod revalue;
#[cfg(test)]
mod series;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod spec;
#[cfg(test)]
mod stress;
#[cfg(test)]
mod volatility;
