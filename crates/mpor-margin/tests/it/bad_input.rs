//! What no model can answer: an error that names the thing, from every model, and never a part of a requirement.

use mpor_core::{Contract, Instrument, Right, Settlement, Span, UnderlyingIx};
use mpor_margin::{ModelKind, ModelSpec, RuleLibrary, Scratch, build};

use crate::market::{BOOKS, Market, built, models};

#[test]
fn a_missing_volatility_is_named_by_every_model() {
    let mut market = Market::new();
    market.state.underlyings[1].surface = None;
    every_model_refuses(&market, "ETH-C-2600", "volatility");
}

#[test]
fn an_expired_option_is_named_by_every_model() {
    let mut market = Market::new();
    let contract = Contract::Option {
        expiry: market.state.time - Span::days(1),
        strike: 50_000.0,
        right: Right::Call,
        settlement: Settlement::Cash,
    };
    let (name, underlying) = ("BTC-EXPIRED".to_owned(), UnderlyingIx(0));
    let expired = Instrument { name, underlying, contract_size: 1.0, contract };
    let ix = market.history.universe.add(expired).unwrap();
    market.held.push(ix);
    every_model_refuses(&market, "BTC-EXPIRED", "expire");
}

/// One book of every model, whatever else it holds, ends in an error that names the instrument.
fn every_model_refuses(market: &Market, instrument: &str, what: &str) {
    let day = market.day();
    for built in models() {
        let book = market.book(&[(instrument, 1.0), ("BTC-PERP", 1.0)]);
        let name = built.model.id();
        let error = match built.model.prepare(&day) {
            Err(error) => error,
            Ok(prepared) => {
                let error = prepared.requirement(&book).err().unwrap_or_else(|| panic!("{name}"));
                let amounts = prepared.amounts(&book, &mut Scratch::default());
                assert_eq!(amounts.err().map(|e| e.to_string()), Some(error.to_string()));
                error
            }
        };
        let text = error.to_string();
        assert!(text.contains(instrument) && text.contains(what), "{name}: {text}");
    }
}

#[test]
fn a_date_before_the_first_version_is_refused_by_every_dated_rule_set() {
    let (library, market) = (RuleLibrary::embedded().unwrap(), Market::new());
    let mut dated = 0;
    for name in library.names() {
        let Some(first) = library.versions(name).unwrap()[0].valid_from else { continue };
        dated += 1;
        let text = format!("rules = \"{name}\"\nas_of = \"1999-12-31\"");
        let error = built(&text).err().unwrap().to_string();
        let begin = format!("rules `{name}` have no version in force at 1999-12-31T00:00:00Z: ");
        let pin = format!("such as as_of = \"{}\"", first.date());
        assert!(error.starts_with(&begin) && error.ends_with(&pin), "{error}");
        if market.state.time < first {
            let error = market.ask(&format!("rules = \"{name}\""), BOOKS[0]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
    assert!(dated >= 5, "{dated}");
}

#[test]
fn an_unknown_venue_and_an_unknown_model_of_a_known_one_are_named() {
    for name in ["deribitt/pm-style", "derive/pmrm3", "", "derive"] {
        let spec = ModelSpec {
            name: "model".to_owned(),
            kind: ModelKind::Rules(name.to_owned()),
            as_of: None,
            params: toml::Table::new(),
            overlays: Vec::new(),
            baseline: false,
        };
        let error = build(&spec, &RuleLibrary::embedded().unwrap()).err().unwrap().to_string();
        assert!(error.starts_with(&format!("unknown rules `{name}`; ")), "{error}");
        assert!(error.contains("known: aevo/pm-style, "), "{error}");
    }
}
