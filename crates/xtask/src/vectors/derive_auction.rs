//! Derive's liquidation auction: solvent sequences of bids, and bids on insolvent accounts.

use std::collections::BTreeMap;
use std::path::Path;

use mpor_backtest::auction::{
    Auction, AuctionRules, AuctionState, Bid, Sale, auction, insolvent_sale,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Case, FileReport, read_json};

/// Of the larger of one, the expected figure and the account's maintenance margin.
const TOLERANCE: f64 = 1e-11;

#[derive(Deserialize)]
struct Vectors {
    parameter_sets: BTreeMap<String, AuctionRules>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    #[serde(default)]
    name: String,
    parameter_set: String,
    account: Account,
    expected: Value,
}

#[derive(Deserialize)]
struct Account {
    mtm: f64,
    mm: f64,
    whole_below_mtm: Option<f64>,
    #[serde(default)]
    bids: Vec<GivenBid>,
    #[serde(default)]
    time_s: f64,
    #[serde(default)]
    fraction: f64,
}

#[derive(Deserialize)]
struct GivenBid {
    time_s: f64,
    fraction: f64,
}

/// Compares one vector.
type Check = fn(&AuctionRules, &Vector, &mut Case<'_>);

/// Runs `vectors.json` and `insolvent.json`, where they are there.
///
/// # Errors
/// A file that cannot be read, as a sentence.
pub fn run(folder: &Path) -> Result<Vec<FileReport>, String> {
    let files: [(&str, Check); 2] = [("insolvent.json", insolvent), ("vectors.json", solvent)];
    let mut reports = Vec::new();
    for (file, check) in files {
        let path = folder.join(file);
        if !path.exists() {
            continue;
        }
        let vectors: Vectors = serde_json::from_value(read_json(&path)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let mut report = FileReport::new(file);
        for vector in &vectors.vectors {
            let mut case = report.case(format!("{} {}", vector.id, vector.name));
            match vectors.parameter_sets.get(&vector.parameter_set) {
                Some(rules) => check(rules, vector, &mut case),
                None => case.fail("parameter_set", "no such parameter set"),
            }
        }
        reports.push(report);
    }
    Ok(reports)
}

fn insolvent(rules: &AuctionRules, vector: &Vector, case: &mut Case<'_>) {
    let Account { mtm, mm, time_s, fraction, .. } = vector.account;
    match insolvent_sale(rules, mtm, mm, Bid { seconds: time_s, fraction }) {
        Ok(sale) => {
            number(case, "bid_price", sale.price, &vector.expected, mm);
            number(case, "payout_from_fund", sale.payout, &vector.expected, mm);
        }
        Err(problem) => case.fail("auction", problem),
    }
}

fn solvent(rules: &AuctionRules, vector: &Vector, case: &mut Case<'_>) {
    let Account { mtm, mm, whole_below_mtm, ref bids, .. } = vector.account;
    let bids: Vec<Bid> =
        bids.iter().map(|bid| Bid { seconds: bid.time_s, fraction: bid.fraction }).collect();
    match auction(rules, AuctionState::whole(mtm, mm, whole_below_mtm), &bids) {
        Ok(Auction { fee, sales }) => {
            number(case, "fee", fee, &vector.expected, mm);
            let expected = vector.expected["bids"].as_array().map_or(&[][..], Vec::as_slice);
            case.same("bids", &sales.len(), &expected.len());
            for (sale, expected) in sales.iter().zip(expected) {
                compare(case, sale, expected, mm);
            }
        }
        Err(problem) => case.fail("auction", problem),
    }
}

fn compare(case: &mut Case<'_>, sale: &Sale, expected: &Value, mm: f64) {
    for (field, actual) in [
        ("mtm", sale.before.mtm),
        ("mm", sale.before.maintenance_margin),
        ("buffer_margin", sale.buffer_margin),
        ("reserved_cash", sale.before.reserved_cash),
        ("cash_from_bidder", sale.cash_from_bidder),
        ("bidder_cash_needed", sale.bidder_cash_needed),
        ("mtm_after", sale.after.mtm),
        ("mm_after", sale.after.maintenance_margin),
        ("buffer_margin_after", sale.buffer_margin_after),
    ] {
        number(case, field, actual, expected, mm);
    }
    for (field, actual) in [
        ("discount", sale.discount),
        ("f_max", sale.largest_fraction),
        ("fraction", sale.fraction),
        ("share_left", sale.after.share_left),
    ] {
        number(case, field, actual, expected, 1.0);
    }
    case.same("ended", &Some(sale.ended), &expected["ended"].as_bool());
}

fn number(case: &mut Case<'_>, field: &str, actual: f64, expected: &Value, scale: f64) {
    match expected[field].as_f64() {
        Some(expected) => {
            let scale = expected.abs().max(scale.abs()).max(1.0);
            case.close(field, actual, expected, TOLERANCE * scale);
        }
        None => case.fail(field, "not in the vector"),
    }
}
