//! Studies that are refused: each with one thing wrong, told at its place in the file. Exit code 2.

use crate::lab::{Lab, STUDY};
use crate::terminal::mpor;

/// What is wrong, the text of the good study, and what stands in its place.
type Case = (&'static str, &'static str, &'static str);

const SYNTAX_AND_KEYS: &[Case] = &[
    ("not TOML", "seed = 7", "seed = = 7"),
    ("unknown key", "seed = 7", "seeed = 7"),
    ("unknown key of a table", "horizon = \"2d\"", "horizon = \"2d\"\nlos = \"worst\""),
    ("missing key", "currency = \"USD\"\n", ""),
    ("missing key of a table", "horizon = \"2d\"\n", ""),
    ("text for a number", "seed = 7", "seed = \"seven\""),
    ("negative seed", "seed = 7", "seed = -7"),
    ("number for a path", "prices = \"data/prices.parquet\"", "prices = 5"),
    ("number for a table", "[fx]\nUSDT = 1.0", "policy = 5"),
    ("list for a table", "[mpor]\nhorizon = \"2d\"", "[[mpor]]\nhorizon = \"2d\""),
    ("schema of another version", "schema = 1", "schema = 2"),
    ("study name that leaves its folder", "name = \"lab\"", "name = \"../x\""),
    ("empty study name", "name = \"lab\"", "name = \"\""),
];

const TIME: &[Case] = &[
    ("unknown calendar", "kind = \"24x7\"", "kind = \"24/7\""),
    ("step that does not divide a day", "step = \"1d\"", "step = \"7h\""),
    (
        "hours on trading days",
        "kind = \"24x7\"\nstep = \"1d\"",
        "kind = \"trading_days\"\nstep = \"8h\"",
    ),
    ("cut that is no time of day", "cut = \"08:00\"", "cut = \"8 am\""),
    ("date that is none", "from = \"2021-02-01\"", "from = \"1 February\""),
    ("start after the data ends", "from = \"2021-02-01\"", "from = \"2031-02-01\""),
    ("end before the start", "from = \"2021-02-01\"", "from = \"2021-02-01\"\nto = \"2021-01-15\""),
    ("MPOR that is no span", "horizon = \"2d\"", "horizon = \"2 days\""),
    ("MPOR between two steps", "horizon = \"2d\"", "horizon = \"36h\""),
    ("MPOR of nothing", "horizon = \"2d\"", "horizon = \"0d\""),
    ("MPOR longer than the study", "horizon = \"2d\"", "horizon = \"5000d\""),
    ("MPOR longer than all time", "horizon = \"2d\"", "horizon = \"100000000d\""),
    ("unknown loss convention", "horizon = \"2d\"", "horizon = \"2d\"\nloss = \"average\""),
];

const MARKET: &[Case] = &[
    ("currency without a value", "USDT = 1.0", "USDC = 1.0"),
    ("currency worth nothing", "USDT = 1.0", "USDT = 0.0"),
    ("two underlyings of one name", "name = \"ETH\"", "name = \"BTC\""),
    ("unknown check", "[fx]", "[data.policy]\nD999 = \"fail\"\n\n[fx]"),
    ("unknown policy", "[fx]", "[data.policy]\nD001 = \"drop\"\n\n[fx]"),
    ("decay above one", "ewma = 0.94, premium", "ewma = 94, premium"),
    ("carry in percent", "perpetual = \"BTC-PERP\"", "perpetual = \"BTC-PERP\"\ncarry = 5"),
    ("tenors that do not increase", "tenors = [7, 30, 90]", "tenors = [30, 7]"),
    ("funding without files", "funding = \"data/funding.parquet\"\n", ""),
];

const BOOKS: &[Case] = &[
    ("unknown rule", "rule = { strangle", "rule = { strangel"),
    ("unknown key of a rule", "delta = 0.25", "detla = 0.25"),
    (
        "unknown underlying",
        "strangle = { underlying = \"BTC\"",
        "strangle = { underlying = \"DOGE\"",
    ),
    (
        "option without volatility",
        "strangle = { underlying = \"BTC\"",
        "strangle = { underlying = \"ETH\"",
    ),
    ("impossible delta", "delta = 0.25", "delta = 25"),
    ("two sizes", "quantity = 3", "quantity = 3, notional = 10_000"),
    ("tenor below the step", "delta = 0.25, tenor = \"7d\"", "delta = 0.25, tenor = \"6h\""),
    ("two portfolios of one name", "name = \"hedged\"", "name = \"strangle\""),
    ("portfolio without a name", "name = \"hedged\"", "name = \"\""),
    ("two sources of portfolios", "[fx]", "positions = \"data/p.csv\"\n\n[fx]"),
    (
        "accounts without end",
        "strangle = { underlying = \"BTC\", delta = 0.25, tenor = \"7d\", roll = \"7d\", quantity = -5 }",
        "random_book = { accounts = 9223372036854775807, underlyings = [\"BTC\"], roll = \"7d\", notional = 1 }",
    ),
    ("report about nobody", "formats = []", "formats = []\naccount = \"nobody\""),
    ("unknown format", "formats = []", "formats = [\"docx\"]"),
];

const MODELS: &[Case] = &[
    ("unknown kind", "kind = \"scan\"", "kind = \"span\""),
    ("unknown rules", "rules = \"derive/pmrm2\"", "rules = \"derive/pmrm3\""),
    ("neither kind nor rules", "kind = \"scan\"\n", ""),
    ("both kind and rules", "kind = \"scan\"", "kind = \"scan\"\nrules = \"derive/pmrm2\""),
    ("no name", "name = \"scan\"\n", ""),
    ("two models of one name", "name = \"hs\"", "name = \"scan\""),
    ("two baselines", "price_range = 0.12", "price_range = 0.12\nbaseline = true"),
    ("baseline that is no flag", "baseline = true", "baseline = \"yes\""),
    ("unknown parameter", "price_range = 0.12", "price_rang = 0.12"),
    ("missing parameter", "price_range = 0.12\n", ""),
    ("text for a parameter", "price_range = 0.12", "price_range = \"0.12\""),
    ("parameter out of range", "price_range = 0.12", "price_range = -0.12"),
    ("level in percent", "level = 0.975", "level = 97.5"),
    ("level of one", "level = 0.975", "level = 1.0"),
    ("unknown scenarios", "{ historical = { window", "{ historic = { window"),
    ("window of nothing", "historical = { window = 30 }", "historical = { window = 0 }"),
    ("paths without end", "paths = 200", "paths = 9223372036854775807"),
    ("window shorter than the MPOR", "horizon = \"2d\"", "horizon = \"30d\""),
    ("window beyond the history", "historical = { window = 30 }", "historical = { window = 3000 }"),
    ("unknown overlay", "{ buffer =", "{ bufer ="),
    ("unknown parameter of an overlay", "{ buffer = { share", "{ buffer = { shar"),
    (
        "overlays that are no list",
        "overlays = [{ buffer = { share = 0.25 } }]",
        "overlays = \"buffer\"",
    ),
    ("date of a pin that is none", "as_of = \"2025-12-08\"", "as_of = \"soon\""),
    ("pin before the first version", "as_of = \"2025-12-08\"", "as_of = \"2015-12-08\""),
    ("pin without rules", "kind = \"scan\"", "kind = \"scan\"\nas_of = \"2021-01-01\""),
    ("rules not in force on the dates", "as_of = \"2025-12-08\"\n", ""),
    ("contract that rules do not cover", "futures = \"as_perpetual\"\n", ""),
    ("unknown test", "[report]", "[backtest]\ntests = [\"kupiek\"]\n\n[report]"),
    ("tests that are no list", "[report]", "[backtest]\ntests = 5\n\n[report]"),
    ("backtest level in percent", "[report]", "[backtest]\nlevel = 99\n\n[report]"),
];

/// The answers to all cases, one under the other.
fn refusals(cases: &[Case]) -> String {
    let lab = Lab::new();
    let answer = |(what, good, bad): &Case| {
        assert!(STUDY.contains(good), "{what}: the study has no {good}");
        lab.text("study.toml", &STUDY.replacen(good, bad, 1));
        let said = mpor(&lab.path(""), "check study.toml");
        assert_eq!(said.code, 2, "{what}: {}", said.shown());
        format!("## {what}\n{}", said.shown())
    };
    cases.iter().map(answer).collect::<Vec<_>>().join("\n")
}

#[test]
fn syntax_and_keys() {
    insta::assert_snapshot!(refusals(SYNTAX_AND_KEYS));
}

#[test]
fn time() {
    insta::assert_snapshot!(refusals(TIME));
}

#[test]
fn market() {
    insta::assert_snapshot!(refusals(MARKET));
}

#[test]
fn books() {
    insta::assert_snapshot!(refusals(BOOKS));
}

#[test]
fn models() {
    insta::assert_snapshot!(refusals(MODELS));
}

/// What is left of the study without the tables of one list.
fn without(list: &str) -> String {
    let head = format!("[[{list}]]");
    let mut kept = String::new();
    let mut inside = false;
    for line in STUDY.lines() {
        if line.starts_with('[') {
            inside = line == head;
        }
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn something_is_missing() {
    let lab = Lab::new();
    let answer = |what: &str, study: &str| {
        lab.text("study.toml", study);
        let said = mpor(&lab.path(""), "check study.toml");
        assert_eq!(said.code, 2, "{what}: {}", said.shown());
        format!("## {what}\n{}", said.shown())
    };
    let no_models = without("model").replace("seed = 7", "seed = 7\nmodel = []");
    let mut answers = vec![
        answer("no portfolio", &without("portfolio")),
        answer("no model", &without("model")),
        answer("an empty list of models", &no_models),
        answer("an empty file", ""),
    ];
    for study in ["nowhere.toml", "data"] {
        let said = mpor(&lab.path(""), &format!("run {study}"));
        assert_eq!(said.code, 2);
        answers.push(said.shown());
    }
    insta::assert_snapshot!(answers.join("\n"));
}
