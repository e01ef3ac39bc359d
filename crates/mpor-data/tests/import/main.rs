//! Foreign files, imported, against tables written by hand.
//!
//! Every number is made up. `fixtures` holds what pandas and polars wrote, with the script. The real files beside the
//! repository are imported where the checkout has them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

mod asked;
mod collected;
mod columnar;
mod desk;
mod merging;
mod packed;
mod text;
mod venues;
mod zones;
