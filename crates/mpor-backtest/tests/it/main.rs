//! Integration tests of the backtest: laws over a synthetic market, and numbers that others computed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod assembling;
mod attribution;
mod auction;
mod blocks;
mod default_fund;
mod evidence;
mod evidence_rows;
mod explained;
mod laws;
mod liquidation;
mod null;
mod offsets;
mod overlays;
mod realised;
mod reference;
mod severity;
mod shards;
mod supervisory;
mod world;
mod zones;
