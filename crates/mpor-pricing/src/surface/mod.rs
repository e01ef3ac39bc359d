//! Volatility surfaces from quotes, from parameters, and from models where there are no quotes.

pub mod svi;
