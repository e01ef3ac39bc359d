//! The facade from a study file to a run's folder, on a made-up market: what survives a kill, what a later price may change,
//! what verification notices, and sums that must come out.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod breakdown;
mod by_hand;
mod calibrate;
mod chains;
mod data_quality;
mod folder;
mod future;
mod futures;
mod lab;
mod option_marks;
mod oracle;
mod position_files;
mod refused;
mod rerun;
mod results;
mod resume;
mod shares;
mod sizes;
mod threads;
mod verify;
