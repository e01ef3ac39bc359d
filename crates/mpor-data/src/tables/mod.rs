//! Result tables to files and back: Parquet for programs, CSV for people.
//!
//! A file appears under its name only when it is complete. The same table gives the same bytes, on any machine and
//! with any number of threads. Missing cells are nulls in Parquet and empty in CSV; a NaN is refused.

mod atomic;
pub(crate) mod batch;
mod csv;
mod numbers;
mod parquet;

pub use atomic::{AtomicFile, write_bytes};
pub use csv::{csv_text, write_csv};
pub use numbers::read_numbers;
pub use parquet::{
    Metadata, TableWriter, read_parquet, read_parquet_metadata, read_parquet_pieces, write_parquet,
    write_working_parquet,
};
