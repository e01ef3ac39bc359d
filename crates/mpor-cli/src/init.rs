//! `mpor init`: a first study of one's own data.

use std::path::PathBuf;

use clap::Args;
use mpor::init::{Wanted, init};
use mpor::{Loaded, MporError, StudyFile};
use serde_json::json;

use crate::help;
use crate::text::path;

/// Options of the command.
#[derive(Args)]
#[command(after_help = help::INIT)]
pub struct Options {
    /// Folder of the study; here where absent.
    #[arg(default_value = ".", hide_default_value = true)]
    folder: PathBuf,
    /// Prices, Parquet or CSV: time, symbol, source, open, high, low, close, volume.
    #[arg(long, value_name = "FILE")]
    prices: String,
    /// Positions: time, account, instrument, quantity.
    #[arg(long, value_name = "FILE")]
    positions: Option<String>,
    /// What the instruments of the positions are.
    #[arg(long, value_name = "FILE")]
    instruments: Option<String>,
}

/// Writes the study, and checks it as `mpor check` does.
pub fn run(options: &Options, as_json: bool) -> Result<(), MporError> {
    let Options { folder, prices, positions, instruments } = options;
    let wanted = Wanted {
        folder: folder.clone(),
        prices: prices.clone(),
        positions: positions.clone(),
        instruments: instruments.clone(),
    };
    let written = init(&wanted)?;
    if !as_json {
        println!("Written to {}", path(&written));
    }
    let file = StudyFile::read(&written)?;
    let loaded = Loaded::new(&file)?;
    mpor::margin_at::try_models(&file, &loaded)?;
    let (accounts, models, dates) =
        (loaded.books.accounts.len(), file.models.len(), loaded.dates().len());
    if as_json {
        let study = path(&written);
        println!(
            "{}",
            json!({ "study": study, "accounts": accounts, "models": models, "margin_dates": dates })
        );
        return Ok(());
    }
    let study = path(&written);
    println!("It is sound: {accounts} accounts, {models} models, {dates} margin dates.");
    println!("Next: mpor run {study}");
    Ok(())
}
