//! Project chores, and the runner that holds mpor against published and computed numbers.

pub mod bench;
pub mod chores;
pub mod data;
pub mod methods;
pub mod power;
pub mod python;
mod test_pages;
pub mod vectors;
