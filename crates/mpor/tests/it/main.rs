//! The facade from a study file to a run's folder, on a made-up market: what survives a kill, what a later price may change,
//! what verification notices, and sums that must come out.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod bench;
mod breakdown;
mod by_hand;
mod calibrate;
mod chains;
mod compare;
mod data_quality;
mod default_fund;
mod evidence;
mod folder;
mod future;
mod futures;
mod lab;
mod late_calls;
mod offsets;
mod option_marks;
mod oracle;
mod position_files;
mod refused;
mod report_again;
mod rerun;
mod results;
mod resume;
mod shares;
mod sizes;
mod stress;
mod threads;
mod verify;
