//! Margin by a model of the book's own hypothetical history.

use mpor_core::Portfolio;
use mpor_margin::{BookForecast, FitOutcome, Prepared};
use mpor_risk::ScenarioSpec;

use crate::market::{BOOKS, Market, built};

/// The P&L of a book under the moves of a specification, oldest first.
fn history(market: &Market, book: &Portfolio, spec: &str) -> Vec<f64> {
    let spec: toml::Table = toml::from_str(&format!("s = {spec}")).unwrap();
    let spec: ScenarioSpec = spec["s"].clone().try_into().unwrap();
    let day = market.day();
    let revaluation = day.revaluation(&spec).unwrap();
    let mut pnl = vec![0.0; revaluation.scenarios.len()];
    revaluation.portfolio_pnl(book, &mut pnl);
    pnl
}

fn model(series: &str, rest: &str) -> String {
    format!("kind = \"series-var\"\nseries = \"{series}\"\nlevel = 0.99\nwindow = 250\n{rest}")
}

fn forecast(market: &Market, text: &str, book: &Portfolio) -> BookForecast {
    let (day, built) = (market.day(), built(text).unwrap());
    let prepared = built.model.prepare(&day).unwrap();
    prepared.forecast(book).unwrap().unwrap()
}

/// The plain model is historical simulation: the same bits as the kind `var` on the same moves.
#[test]
fn the_plain_model_is_historical_simulation() {
    let market = Market::new();
    let scenarios = "{ historical = { window = 250, scaling = \"sqrt_time\" } }";
    for measure in ["var", "es"] {
        let var = format!(
            "kind = \"var\"\nlevel = 0.99\nmeasure = \"{measure}\"\nscenarios = {scenarios}"
        );
        let own = model("plain", &format!("measure = \"{measure}\""));
        for book in BOOKS {
            let (var, own) = (market.ask(&var, book).unwrap(), market.ask(&own, book).unwrap());
            assert_eq!(own.initial.amount(), var.initial.amount(), "{book:?}");
        }
    }
}

/// The normal model by hand: 2.3263 standard deviations less the mean of the book's own moves, in time order or not.
#[test]
fn the_normal_model_by_hand() {
    let market = Market::new();
    for book in BOOKS {
        let book = market.book(book);
        let pnl =
            history(&market, &book, "{ historical = { window = 250, scaling = \"sqrt_time\" } }");
        let n = pnl.len() as f64;
        let mean = pnl.iter().sum::<f64>() / n;
        let variance = pnl.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        // SciPy 1.17.1: norm.ppf(0.99), norm.pdf(norm.ppf(0.99)) / 0.01.
        let (z, e) = (2.326_347_874_040_841, 2.665_214_220_345_808);
        let found = forecast(&market, &model("normal", ""), &book);
        let (var, es) = (z * variance.sqrt() - mean, e * variance.sqrt() - mean);
        assert!((found.var - var).abs() < 1e-9 * var.abs(), "{} {var}", found.var);
        assert!((found.es - es).abs() < 1e-9 * es.abs(), "{} {es}", found.es);
    }
}

/// Every model of the catalog answers for every book, or says why not; every answer says how its fit ended.
#[test]
fn every_model_of_the_catalog_answers_for_a_book() {
    let market = Market::new();
    let day = market.day();
    for entry in mpor_risk::series::CATALOG {
        let built = built(&model(entry.name, "draws = 50")).unwrap();
        assert!(built.model.fits());
        let prepared = built.model.prepare(&day).unwrap();
        for book in BOOKS {
            let found = match prepared.forecast(&market.book(book)) {
                Ok(found) => found.unwrap(),
                Err(error) => {
                    // The one model with a domain of its own.
                    assert_eq!(entry.name, "cornish_fisher", "{book:?}: {error}");
                    continue;
                }
            };
            assert!(found.var.is_finite() && found.es >= found.var, "{} {found:?}", entry.name);
            let fit = found.fit.unwrap();
            assert!(!fit.text.is_empty());
            let volatility = ["garch", "gjr"].iter().any(|part| entry.name.contains(part));
            let searched = volatility && !entry.name.starts_with("caviar");
            assert_eq!(fit.gradient_norm.is_some(), searched, "{}", entry.name);
            let likely = searched || entry.name == "gas_student";
            assert_eq!(fit.log_likelihood.is_some(), likely, "{}", entry.name);
        }
    }
}

/// Requirement and forecast are one answer, and a book asked between them changes nothing.
#[test]
fn requirement_and_forecast_are_one_answer() {
    let market = Market::new();
    let (day, built) = (market.day(), built(&model("fhs_gjr", "measure = \"es\"")).unwrap());
    let prepared: Box<dyn Prepared> = built.model.prepare(&day).unwrap();
    let books: Vec<Portfolio> = BOOKS.iter().map(|book| market.book(book)).collect();
    let first: Vec<f64> =
        books.iter().map(|book| prepared.requirement(book).unwrap().initial.amount()).collect();
    for (book, initial) in books.iter().zip(first) {
        let found = prepared.forecast(book).unwrap().unwrap();
        assert_eq!(found.es.max(0.0), initial);
    }
    assert_eq!(prepared.forecast(&Portfolio::default()).unwrap(), None);
}

/// Skewed far beyond what the expansion allows: without a fallback the book is refused, with one the figures are the fallback's, and said.
#[test]
fn a_failed_fit_is_replaced_only_where_the_study_says_so() {
    let market = Market::new();
    // Out of the money with a strike far away: almost always nothing, then a lot.
    let book =
        market.book(&[("BTC-C-55000", -10.0), ("BTC-C-50000-Q", 5.0), ("ETH-C-2600", -400.0)]);
    let pnl = history(&market, &book, "{ historical = { window = 250, scaling = \"sqrt_time\" } }");
    let losses: Vec<f64> = pnl.iter().map(|x| -x).collect();
    let refused = mpor_risk::parametric::CornishFisher::of_losses(&losses).is_err();
    let own = built(&model("cornish_fisher", "")).unwrap();
    let day = market.day();
    let answer = own.model.prepare(&day).unwrap().forecast(&book);
    assert_eq!(answer.is_err(), refused, "{answer:?}");
    let found = forecast(&market, &model("cornish_fisher", "fallback = \"plain\""), &book);
    let plain = forecast(&market, &model("plain", ""), &book);
    let fit = found.fit.clone().unwrap();
    if refused {
        assert_eq!((found.var, found.es), (plain.var, plain.es));
        assert_eq!(fit.outcome, FitOutcome::Replaced);
        assert!(fit.text.ends_with("plain in its place"), "{}", fit.text);
    } else {
        assert_eq!(fit.outcome, FitOutcome::Found);
    }
    assert!(refused, "the book of this test must be outside the domain");
}

#[test]
fn a_book_that_does_not_move_needs_no_fit() {
    let market = Market::new();
    let day = market.day();
    let built = built(&model("garch_student", "")).unwrap();
    let report = built.model.prepare(&day).unwrap().requirement(&Portfolio::default()).unwrap();
    assert_eq!(report.initial.amount(), 0.0);
}

#[test]
fn what_cannot_be_meant_is_refused_by_name() {
    let error = |text: &str| built(text).err().unwrap().to_string();
    let unknown = error(&model("fhs_garsh", ""));
    assert!(
        unknown.contains("`series` is `fhs_garsh`") && unknown.contains("fhs_garch"),
        "{unknown}"
    );
    let fallback = error(&model("fhs_garch", "fallback = \"none\""));
    assert!(fallback.contains("`fallback` is `none`"), "{fallback}");
    let overlap = error(&model("fhs_garch", "scaling = \"overlapping\""));
    assert!(overlap.contains("use \"sqrt_time\""), "{overlap}");
    assert!(built(&model("plain", "scaling = \"overlapping\"")).is_ok());
    assert!(error(&model("hull_white", "decay = 1.0")).contains("`decay`"));
    assert!(error(&model("plain", "maintenance = 2")).contains("`maintenance`"));
    let short = "kind = \"series-var\"\nseries = \"plain\"\nlevel = 0.99\nwindow = 1";
    assert!(error(short).contains("`window`"));
}

/// Prices after the margin date do not exist for the model: a history that goes on gives the same answer.
#[test]
fn history_is_what_the_model_looks_at() {
    let steps = |text: &str| built(text).unwrap().model.history_steps();
    assert_eq!(steps(&model("fhs_garch", "")), 251);
    assert_eq!(steps(&model("hull_white", "burn_in = 30")), 281);
    assert_eq!(steps(&model("fhs_garch", "fallback = \"hull_white\"")), 271);
}
