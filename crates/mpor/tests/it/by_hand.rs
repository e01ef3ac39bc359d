//! Realised losses and their sources, by hand, on a small book read from files; and sums over accounts.

use mpor::run::run;
use mpor::{Silent, StudyFile, Timestamp};

use crate::lab::{Lab, Market, STUDY, hour_of};
use crate::results::Results;

/// Spot, perpetual, dated future and a call that expires within the MPOR of the second margin date.
const INSTRUMENTS: &str = "\
instrument,kind,underlying,quote,settlement,contract_size,inverse,expiry,strike,right
spot,spot,ETH,USD,USD,1,false,,,
perp,perpetual,BTC,USD,USD,1,false,,,
dated,future,BTC,USD,USD,1,false,2021-06-25T08:00:00Z,,
call,option,BTC,USD,USD,1,false,2021-03-05T08:00:00Z,25000,call
";
const HELD: [(&str, f64); 4] = [("spot", -20.0), ("perp", 2.0), ("dated", -1.0), ("call", 3.0)];

/// One account with everything, and one account a position.
fn positions() -> String {
    let row = |account: &str, name: &str, quantity: f64| {
        format!("2021-02-01T08:00:00Z,{account},{name},{quantity}\n")
    };
    let all = HELD.map(|(name, quantity)| row("all", name, quantity));
    let each = HELD.map(|(name, quantity)| row(&format!("only-{name}"), name, quantity));
    format!("time,account,instrument,quantity\n{}{}", all.concat(), each.concat())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The lab's study with positions from files in place of its rules.
pub fn over_files(study: &str, keys: &str) -> String {
    let (head, rest) = study.split_once("[[portfolio]]").unwrap();
    let (_, models) = rest.split_once("[[model]]").unwrap();
    let head = head.replace("\n[fx]", &format!("{keys}\n\n[fx]"));
    format!("{head}[[model]]{models}")
}

fn replayed() -> Lab {
    let lab = Lab::new();
    lab.text("data/instruments.csv", INSTRUMENTS);
    lab.text("data/positions.csv", &positions());
    let keys = "instruments = \"data/instruments.csv\"\npositions = \"data/positions.csv\"";
    let study = over_files(STUDY, keys);
    // Without the models of venues, which have no rule for a book that is short of coins.
    let (before, rest) = study.split_once("[[model]]\nname = \"pmrm2\"").unwrap();
    let (_, after) = rest.split_once("[[model]]\nname = \"hs\"").unwrap();
    let file = StudyFile::read(
        &lab.text("study.toml", &format!("{before}[[model]]\nname = \"hs\"{after}")),
    )
    .unwrap();
    run(&file, &lab.path("run"), &Silent).unwrap();
    lab
}

struct Losses(Results);

impl Losses {
    fn at(&self, when: &str, account: &str, column: &str) -> Option<f64> {
        let (times, accounts) = (self.0.times(), self.0.texts("account"));
        let row =
            (0..self.0.rows()).find(|&row| times[row] == time(when) && accounts[row] == account);
        self.0.numbers(column)[row.unwrap()]
    }
}

#[test]
fn losses_and_sources_are_those_worked_out_by_hand() {
    let lab = replayed();
    let losses = Losses(Results::read(&lab.path("run"), "losses"));
    let market = Market::made_up();
    let close = |symbol: &str, when: &str| market.close(symbol, hour_of(time(when)));
    let count = |when: &str, account: &str| {
        ["marks", "surface", "settlements"].map(|column| losses.at(when, account, column).unwrap())
    };
    let (first, second) = ("2021-03-01T08:00:00Z", "2021-03-04T08:00:00Z");

    // Spot and perpetual have prices of their own; the future and the option are modelled, until the option settles.
    assert_eq!(count(first, "all"), [2.0, 2.0, 0.0]);
    assert_eq!(count(second, "all"), [2.0, 1.0, 1.0]);
    assert_eq!(count(first, "only-spot"), [1.0, 0.0, 0.0]);
    assert_eq!(count(first, "only-perp"), [1.0, 0.0, 0.0]);
    assert_eq!(count(first, "only-dated"), [0.0, 1.0, 0.0]);
    assert_eq!(count(second, "only-call"), [0.0, 0.0, 1.0]);
    // After its expiry the option is no longer held.
    assert_eq!(count("2021-03-05T08:00:00Z", "only-call"), [0.0, 0.0, 0.0]);

    // Twenty coins short from 1 to 3 March.
    let after = "2021-03-03T08:00:00Z";
    let by_hand = 20.0 * (close("ETH/USDT", after) - close("ETH/USDT", first));
    let found = losses.at(first, "only-spot", "loss_horizon").unwrap();
    assert!((found - by_hand).abs() < 1e-9 * by_hand.abs(), "{found} {by_hand}");

    // A future without carry moves with the index.
    let by_hand = close("BTC/USDT", after) - close("BTC/USDT", first);
    let found = losses.at(first, "only-dated", "loss_horizon").unwrap();
    assert!((found - by_hand).abs() < 1e-9 * close("BTC/USDT", first), "{found} {by_hand}");

    // The call settles at the index of 5 March, whatever the index of 6 March is: both steps show one loss.
    let payoff = (close("BTC/USDT", "2021-03-05T08:00:00Z") - 25_000.0).max(0.0);
    let horizon = losses.at(second, "only-call", "loss_horizon").unwrap();
    assert_eq!(losses.at(second, "only-call", "loss_worst"), Some(horizon));
    let value = payoff + horizon / 3.0;
    let spot = close("BTC/USDT", second);
    let intrinsic = (spot - 25_000.0).max(0.0);
    assert!(
        value > intrinsic && value < intrinsic + 0.05 * spot,
        "a day's call: {value} of {spot}"
    );
}

#[test]
fn an_account_loses_what_its_positions_lose() {
    let lab = replayed();
    let losses = Results::read(&lab.path("run"), "losses");
    let (times, accounts) = (losses.times(), losses.texts("account"));
    let (horizon, gross) = (losses.numbers("loss_horizon"), losses.numbers("gross_notional"));
    let sum =
        |column: &[Option<f64>], when: Timestamp, wanted: &dyn Fn(&str) -> bool| -> Option<f64> {
            let rows = (0..times.len()).filter(|&row| times[row] == when && wanted(&accounts[row]));
            rows.map(|row| column[row]).sum()
        };
    let dates: std::collections::BTreeSet<Timestamp> = times.iter().copied().collect();
    assert!(dates.len() > 100);
    for when in dates {
        let all = |column: &[Option<f64>]| sum(column, when, &|name| name == "all");
        let each = |column: &[Option<f64>]| sum(column, when, &|name| name.starts_with("only-"));
        for column in [&horizon, &gross] {
            match (all(column), each(column)) {
                (None, None) => {}
                (Some(all), Some(each)) => {
                    assert!((all - each).abs() <= 1e-9 * (1.0 + all.abs()), "{when}: {all} {each}");
                }
                other => unreachable!("{when}: {other:?}"),
            }
        }
    }
}
