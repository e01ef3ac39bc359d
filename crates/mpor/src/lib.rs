//! mpor
