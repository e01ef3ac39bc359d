//! mpor-py
