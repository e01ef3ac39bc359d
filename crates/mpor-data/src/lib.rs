//! mpor-data
