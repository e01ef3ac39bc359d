use super::*;

#[test]
fn refusals_name_the_portfolio_and_what_to_change() {
    let cases = [
        (
            r#"straddle = { underlying = "DOGE", tenor = "30d", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: underlying `DOGE` is not in the study, which has BTC, ETH, SPX",
        ),
        (
            r#"straddle = { underlying = "SPX", tenor = "30d", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: options on `SPX` need volatilities; give the underlying a volatility source in the study, or hold futures instead",
        ),
        (
            r#"straddle = { underlying = "BTC", tenor = "12h", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: `tenor` is 12h, shorter than the 1d between margin dates; make it longer, or the step finer",
        ),
        (
            r#"straddle = { underlying = "BTC", tenor = "30d", roll = "1h", quantity = 1 }"#,
            "portfolio `book`: `roll` is 1h, shorter than the 1d between margin dates; make it longer, or the step finer",
        ),
        (
            r#"straddle = { underlying = "BTC", tenor = "30d", roll = "7d" }"#,
            "portfolio `book`: give exactly one of `quantity` (contracts) and `notional` (reporting currency)",
        ),
        (
            r#"straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = 1, notional = 1 }"#,
            "portfolio `book`: give exactly one of `quantity` (contracts) and `notional` (reporting currency)",
        ),
        (
            r#"straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = 0 }"#,
            "portfolio `book`: `quantity` is 0, and must be a number other than zero: above for long, below for short",
        ),
        (
            r#"strangle = { underlying = "BTC", delta = 25, tenor = "30d", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: `delta` is 25, and must be strictly between 0 and 1, such as 0.25",
        ),
        (
            r#"butterfly = { underlying = "BTC", width = 1.2, tenor = "30d", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: `width` is 1.2, and must be above 0 and below 1, such as 0.1",
        ),
        (
            r#"outright = { underlying = "BTC", contract = "future", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: a future needs a `tenor`, such as tenor = \"90d\"",
        ),
        (
            r#"calendar = { underlying = "BTC", of = "futures", near = "30d", far = "31d", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: `near` 30d and `far` 31d both fall on the expiry 2020-01-31T08:00:00Z; move them apart, or list expiries more often",
        ),
        (
            r#"delta_hedged = { rule = { random_book = { accounts = 2, underlyings = ["BTC"], roll = "7d", notional = 1 } }, every = "1d" }"#,
            "portfolio `book`: `delta_hedged` cannot wrap `random_book`; wrap a rule of listed positions, such as a strangle",
        ),
        (
            r#"random_book = { accounts = 2, underlyings = [], roll = "7d", notional = 1 }"#,
            "portfolio `book`: `underlyings` is 0, and must be a list of at least one",
        ),
        (
            r#"outright = { underlying = "BTC", contract = "spot", roll = "7d", quantity = 1, contract_size = 0 }"#,
            "portfolio `book`: `contract_size` is 0, and must be above zero",
        ),
        (
            r#"straddle = { underlying = "BTC", tenor = "100000000d", roll = "7d", quantity = 1 }"#,
            "portfolio `book`: `tenor` is 100000000, and must be at most 3650 days",
        ),
    ];
    for (rule, expected) in cases {
        assert_eq!(refusal(rule), expected, "{rule}");
    }
}

#[test]
fn names_and_steps_are_checked() {
    let rule = r#"outright = { underlying = "BTC", contract = "spot", roll = "7d", quantity = 1 }"#;
    let twice = rules(&[("book", rule), ("book", rule)]);
    let error = build(&twice, &mut history(), 0..STEPS, 1).unwrap_err();
    assert_eq!(error.to_string(), "two portfolios are called `book`; give each its own name");
    let error = build(&twice[..1], &mut history(), 0..STEPS + 1, 1).unwrap_err();
    assert_eq!(error, BookError::Steps { from: 0, to: STEPS + 1, len: STEPS });
}

#[test]
fn unknown_keys_and_rules_are_refused() {
    let read = |text: &str| toml::from_str::<NamedRule>(text).unwrap_err().to_string();
    let error = read(
        r#"
        name = "book"
        rule = { strangle = { underlying = "BTC", delta = 0.25, tenor = "30d", rol = "7d", quantity = 1 } }"#,
    );
    assert!(error.contains("unknown field `rol`"), "{error}");
    let error = read("name = \"book\"\nrule = { condor = {} }");
    assert!(error.contains("unknown variant `condor`") && error.contains("strangle"), "{error}");
}

#[test]
fn a_rule_prints_as_it_is_read() {
    let texts = [
        r#"strangle = { underlying = "BTC", delta = 0.25, tenor = "30d", roll = "7d", quantity = -10 }"#,
        r#"delta_hedged = { rule = { straddle = { underlying = "BTC", tenor = "30d", roll = "7d", quantity = 1 } }, every = "1d" }"#,
        r#"random_book = { accounts = 2, underlyings = ["BTC"], roll = "7d", notional = 1, mix = { options = 1 } }"#,
    ];
    for text in texts {
        let rule = rules(&[("book", text)]).remove(0);
        let printed = toml::to_string(&rule).unwrap();
        assert_eq!(toml::from_str::<NamedRule>(&printed).unwrap(), rule, "{printed}");
    }
}
