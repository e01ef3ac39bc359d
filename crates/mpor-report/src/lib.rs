//! mpor-report
