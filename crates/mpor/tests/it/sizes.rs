//! A run cut into shards and blocks of any size ends with the same bytes, whether all paths stay in memory or not.

use mpor::run::{Sizes, run, run_cut};
use mpor::{Silent, StudyFile};

use crate::folder::{assert_same, files};
use crate::lab::{Lab, STUDY};

/// Random books beside the others, so that there are more accounts than figures look at; two models, one with overlays that look
/// at the account's past.
fn study(disclosures: bool) -> String {
    let (head, _) = STUDY.split_once("[[model]]\nname = \"scan\"").unwrap();
    format!(
        r#"{head}[[portfolio]]
name = "random"
rule = {{ random_book = {{ accounts = 120, underlyings = ["BTC"], roll = "7d", notional = 100_000 }} }}

[[model]]
name = "hs"
kind = "var"
level = 0.975
scenarios = {{ historical = {{ window = 30 }} }}
overlays = [{{ reputation = {{ turnover = 0.2 }} }}, {{ adaptive = {{ coverage = 0.95 }} }}]

[backtest]
disclosures = {disclosures}

[report]
formats = ["svg"]
account = "pair"
"#
    )
}

#[test]
fn shards_and_blocks_of_any_size_end_with_the_same_bytes() {
    let lab = Lab::new();
    let mut found = Vec::new();
    for disclosures in [false, true] {
        let text = study(disclosures);
        let file = StudyFile::read(&lab.text("study.toml", &text)).unwrap();
        let whole = lab.path(&format!("runs/whole-{disclosures}"));
        run(&file, &whole, &Silent).unwrap();
        let whole = files(&whole);
        for (dates, accounts) in [(1_000, 1), (7, 100), (50, 1_000)] {
            let folder = lab.path(&format!("runs/{disclosures}-{dates}-{accounts}"));
            let sizes = Sizes { dates: Some(dates), accounts: Some(accounts) };
            run_cut(&file, &folder, sizes, &Silent).unwrap();
            assert_same(&files(&folder), &whole, &format!("{dates} dates, {accounts} accounts"));
        }
        found.push(whole);
    }
    // With and without supervisors' tables the others are the same, though one run kept all paths and the other did not.
    let (folded, kept) = (&found[0], &found[1]);
    for (name, bytes) in folded.iter().filter(|(name, _)| *name != "manifest.json") {
        assert!(kept.get(name) == Some(bytes), "{name} differs");
    }
}
