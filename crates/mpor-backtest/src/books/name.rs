//! What a contract is called: the only place where names of listed contracts are made.
//!
//! `BTC-SPOT`, `BTC-PERPETUAL`, `BTC-27MAR20`, `BTC-27MAR20-8000-C`. A contract that settles in the coin ends in `.COIN`, one whose
//! size is not 1 in `.x10`, so that contracts with different terms never share a name.

use chrono::Datelike;
use mpor_core::{Contract, Right, Timestamp};

/// The name of a contract on an underlying.
#[must_use]
pub fn contract_name(underlying: &str, contract: &Contract, contract_size: f64) -> String {
    let mut name = match contract {
        Contract::Spot => format!("{underlying}-SPOT"),
        Contract::Perpetual { .. } => format!("{underlying}-PERPETUAL"),
        Contract::Future { expiry, .. } => format!("{underlying}-{}", date(*expiry)),
        Contract::Option { expiry, strike, right, .. } => {
            let letter = if *right == Right::Call { 'C' } else { 'P' };
            format!("{underlying}-{}-{strike}-{letter}", date(*expiry))
        }
    };
    if contract.is_inverse() {
        name.push_str(".COIN");
    }
    if contract_size != 1.0 {
        name.push_str(&format!(".x{contract_size}"));
    }
    name
}

fn date(expiry: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let date = expiry.date();
    let month = MONTHS[date.month0() as usize % 12];
    format!("{}{month}{:02}", date.day(), date.year().rem_euclid(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mpor_core::Settlement;

    #[test]
    fn names_are_those_of_a_venue() {
        let expiry: Timestamp = "2020-03-27T08:00".parse().unwrap();
        let early: Timestamp = "2020-04-03T08:00".parse().unwrap();
        let option = |settlement| Contract::Option {
            expiry,
            strike: 8000.0,
            right: Right::Call,
            settlement,
        };
        let future = Contract::Future { expiry: early, settlement: Settlement::Cash };
        let perpetual = Contract::Perpetual { settlement: Settlement::Coin };
        assert_eq!(contract_name("BTC", &option(Settlement::Cash), 1.0), "BTC-27MAR20-8000-C");
        assert_eq!(
            contract_name("BTC", &option(Settlement::Coin), 0.1),
            "BTC-27MAR20-8000-C.COIN.x0.1"
        );
        assert_eq!(contract_name("BTC", &future, 1.0), "BTC-3APR20");
        assert_eq!(contract_name("BTC", &perpetual, 10.0), "BTC-PERPETUAL.COIN.x10");
        assert_eq!(contract_name("SPX", &Contract::Spot, 1.0), "SPX-SPOT");
    }
}
