//! Project chores, and the runner that holds mpor against published and computed numbers.

pub mod chores;
pub mod data;
pub mod methods;
pub mod python;
pub mod vectors;
