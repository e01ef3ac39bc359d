//! Overlays that ask about the book: the figures of a day, and what they add.

use std::path::Path;

use mpor_core::{Horizon, InstrumentIx, Portfolio, Span};
use mpor_margin::{BuiltModel, Component, MarginReport, Now, RuleLibrary, Walk};
use mpor_risk::Day;

use crate::market::{DAYS, Market, built};

const SCAN: &str = "kind = \"scan\"\nprice_range = 0.15\noffset = 0.5\n";
const VAR: &str = "kind = \"var\"\nlevel = 0.99\nscenarios = { historical = { window = 250 } }\n";
const FILTERED: &str = "kind = \"var\"\nlevel = 0.99\nmaintenance = 0.75\nscenarios = { filtered = { window = 250, volatility = { ewma = 0.97 } } }\n";
const BOOK: &[(&str, f64)] = &[("BTC-PERP", 2.0), ("ETH-PERP", -30.0), ("SPX-FUT", 1.0)];

#[test]
fn offsets_count_up_to_four_fifths_of_what_they_save() {
    let market = Market::new();
    let combined = market.ask(SCAN, BOOK).unwrap().initial.amount();
    let alone = |of: &[(&str, f64)]| market.ask(SCAN, of).unwrap().initial.amount();
    let sum: f64 = BOOK.iter().map(|one| alone(&[*one])).sum();
    assert!(sum > 1.2 * combined, "the book must offset: {sum} {combined}");
    let capped = ask(&market, SCAN, "{ offset_cap = {} }", BOOK);
    // Delegated Regulation (EU) 153/2013, Art. 27, as the specification restates it: 0.2 sum + 0.8 combined
    close(capped.initial.amount(), 0.2 * sum + 0.8 * combined);
    let all = ask(&market, SCAN, "{ offset_cap = { share = 1 } }", BOOK);
    close(all.initial.amount(), combined);
    let none = ask(&market, SCAN, "{ offset_cap = { share = 0 } }", BOOK);
    close(none.initial.amount(), sum);
    let coins = "{ offset_cap = { groups = { coins = [\"BTC\", \"ETH\"] } } }";
    let grouped = ask(&market, SCAN, coins, BOOK).initial.amount();
    close(grouped, 0.2 * (alone(&BOOK[..2]) + alone(&BOOK[2..])) + 0.8 * combined);
}

#[test]
fn an_offset_cap_fills_up_and_does_not_pile_up() {
    let market = Market::new();
    let once = ask(&market, SCAN, "{ offset_cap = {} }", BOOK).initial.amount();
    let twice = ask(&market, SCAN, "{ offset_cap = {} }, { offset_cap = {} }", BOOK);
    close(twice.initial.amount(), once);
    let lifted = ask(&market, SCAN, "{ buffer = { share = 9 } }, { offset_cap = {} }", BOOK);
    assert_eq!(lifted.initial.parts()[2].amount(), 0.0, "nothing is short after such a buffer");
    let one = ask(&market, SCAN, "{ offset_cap = {} }", &BOOK[..1]);
    close(one.initial.parts()[1].amount(), 0.0);
}

#[test]
fn the_amounts_reading_blends_two_models() {
    let market = Market::new();
    let overlay = format!("{{ stress_weight = {{ stress = {{ {} }} }} }}", inline(SCAN));
    let blended = ask(&market, FILTERED, &overlay, BOOK);
    let (own, stress) = (market.ask(FILTERED, BOOK).unwrap(), market.ask(SCAN, BOOK).unwrap());
    let level = |own: &Component, stress: &Component| 0.75 * own.amount() + 0.25 * stress.amount();
    close(blended.initial.amount(), level(&own.initial, &stress.initial));
    close(blended.maintenance.amount(), level(&own.maintenance, &stress.maintenance));
}

#[test]
fn the_observations_reading_pools_the_scenarios() {
    let market = Market::new();
    let pool = |weight: f64, stress: &str| {
        let overlay = format!(
            "{{ stress_weight = {{ reading = \"observations\", weight = {weight}, stress = {{ {} }} }} }}",
            inline(stress)
        );
        ask(&market, FILTERED, &overlay, BOOK)
    };
    let own = market.ask(FILTERED, BOOK).unwrap();
    let stress = market.ask(VAR, BOOK).unwrap();
    // Everything stressed is the stress model's own figure: both read the third largest of 250 losses.
    close(pool(1.0, VAR).initial.amount(), stress.initial.amount());
    close(pool(0.0, VAR).initial.amount(), own.initial.amount());
    // Pooled with itself nothing changes, and maintenance keeps its share.
    close(pool(0.25, FILTERED).initial.amount(), own.initial.amount());
    close(pool(0.25, FILTERED).maintenance.amount(), own.maintenance.amount());
    close(pool(0.25, VAR).initial.amount(), by_hand(&market, 0.25));
}

/// Sorts both samples' losses together and counts weights from the largest down to the tail.
fn by_hand(market: &Market, weight: f64) -> f64 {
    let day = market.day();
    let mut losses = Vec::new();
    for (model, total) in [(FILTERED, 1.0 - weight), (VAR, weight)] {
        let built = built(model).unwrap();
        let prepared = built.model.prepare(&day).unwrap();
        let sample = prepared.sample(&market.book(BOOK)).unwrap().unwrap();
        let each = total / sample.pnl.len() as f64;
        losses.extend(sample.pnl.iter().map(|pnl| (-pnl, each)));
    }
    losses.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut sum = 0.0;
    for (loss, weight) in losses {
        sum += weight;
        if sum >= 0.01 - 1e-12 {
            return loss;
        }
    }
    f64::NAN
}

#[test]
fn a_model_without_a_sample_cannot_be_pooled() {
    let market = Market::new();
    let overlay = format!(
        "overlays = [{{ stress_weight = {{ reading = \"observations\", stress = {{ {} }} }} }}]",
        inline(VAR)
    );
    let built = built(&format!("{SCAN}{overlay}")).unwrap();
    let day = market.day();
    let prepared = built.model.prepare(&day).unwrap();
    let error = prepared.figures(&market.book(BOOK)).unwrap_err().to_string();
    assert!(error.contains("`stress_weight.reading` is \"observations\""), "{error}");
    assert!(error.contains("reading = \"amounts\""), "{error}");
}

#[test]
fn a_floor_from_a_model_needs_that_models_history() {
    let market = Market::new();
    let long = "kind = \"var\"\nlevel = 0.99\nscenarios = { historical = { window = 390 } }\n";
    let overlay = format!("{{ floor = {{ model = {{ {} }} }} }}", inline(long));
    let floored = ask(&market, VAR, &overlay, BOOK);
    let (own, other) = (market.ask(VAR, BOOK).unwrap(), market.ask(long, BOOK).unwrap());
    close(floored.initial.amount(), own.initial.amount().max(other.initial.amount()));
    let built = built(&format!("{VAR}overlays = [{overlay}]")).unwrap();
    assert_eq!(built.model.history_steps(), 391, "the window and the date before it");
    assert_eq!(ask(&market, VAR, &overlay, &[]).initial.amount(), 0.0);
}

#[test]
fn a_concentrated_book_pays_for_its_size() {
    let market = Market::new();
    let overlay = |depth: f64| {
        format!(
            "{{ concentration = {{ depth = {{ BTC = {depth}, default = 1e12 }}, tiers = [{{ above = 0.5, rate = 0.02 }}], participation = 0.25 }} }}"
        )
    };
    let charge = |depth: f64, book: &[(&str, f64)]| {
        let with = ask(&market, SCAN, &overlay(depth), book);
        let own = market.ask(SCAN, book).unwrap();
        let charge = with.initial.amount() - own.initial.amount();
        close_to(with.maintenance.amount() - own.maintenance.amount(), charge, 1e-6);
        charge
    };
    // hand: two perpetuals 0.1 % above a spot of 50,000 are 100,100 of delta; of a depth of 40,000 they are 2.5025 days
    // at a quarter of the volume 10.01 days, five times the period of two days
    let long = charge(40_000.0, &[("BTC-PERP", 2.0)]);
    close_to(long, 0.02 * (100_100.0 - 20_000.0) * (10.01_f64 / 2.0).sqrt(), 1e-6 * long);
    close_to(charge(40_000.0, &[("BTC-PERP", -2.0)]), long, 1e-6 * long);
    assert_eq!(charge(400_000.0, &[("BTC-PERP", 2.0)]), 0.0, "a quarter of a day is free");
    close_to(charge(1.0, &[("BTC-PERP", 2.0), ("BTC-PERP", -2.0)]), 0.0, 1e-9);
    // A position against it that nets its delta leaves little: a spot of 2.002 coins.
    assert!(charge(40_000.0, &[("BTC-PERP", -2.0), ("BTC-SPOT", 2.002)]) < 1e-6);
}

#[test]
fn a_position_that_fails_with_the_account_is_charged_in_full() {
    let market = Market::new();
    let charge = |list: &str, book: &[(&str, f64)]| {
        let own = market.ask(SCAN, book).unwrap().initial.amount();
        ask(&market, SCAN, list, book).initial.amount() - own
    };
    let tied = "{ wrong_way = { underlyings = [\"BTC\"], fall = 0.8 } }";
    // hand: two perpetuals at 50,050 lose 80 % of it; what is short gains, and so does what is long and hedged
    close(charge(tied, &[("BTC-PERP", 2.0), ("ETH-PERP", 10.0)]), 2.0 * 50_050.0 * 0.8);
    assert_eq!(charge(tied, &[("BTC-PERP", -2.0)]), 0.0);
    assert_eq!(charge(tied, &[("BTC-PERP", -2.0), ("BTC-SPOT", 2.0)]), 0.0);
    assert_eq!(charge(tied, &[("ETH-PERP", 10.0)]), 0.0);
    let half = "{ wrong_way = { underlyings = [\"BTC\"], fall = 0.8, share = 0.5 } }";
    close(charge(half, &[("BTC-PERP", 2.0)]), 50_050.0 * 0.8);
    let others = "{ wrong_way = { underlyings = [\"BTC\"], accounts = [\"somebody\"] } }";
    assert_eq!(charge(others, &[("BTC-PERP", 2.0)]), 0.0);
    let desk = "{ wrong_way = { underlyings = [\"BTC\"], accounts = [\"desk\"] } }";
    close(charge(desk, &[("BTC-PERP", 2.0)]), 2.0 * 50_050.0 * 0.9);
}

#[test]
fn collateral_is_posted_at_market_value() {
    let mix = "mix = { gold = 0.5, sovereign-step1-5y = 0.5 }";
    let ask = |more: &str| {
        let list = format!("{{ collateral = {{ rules = \"eu/2016-2251\", {mix}{more} }} }}");
        let report = fixed(&list, 100.0, 80.0);
        (report.initial.amount(), report.maintenance.amount())
    };
    // hand, haircuts 15 % and 2 %: 50 / 0.85 + 50 / 0.98
    let full = 50.0 / 0.85 + 50.0 / 0.98;
    close(ask("").0, full);
    close(ask("").1, 0.8 * full);
    // the limit lets gold meet 40, and 10 are cash; the cap lets it meet 20 of both levels
    close(ask(", limits = { gold = 0.4 }").0, 40.0 / 0.85 + 50.0 / 0.98 + 10.0);
    close(ask(", caps = { gold = 20 }").0, 20.0 / 0.85 + 50.0 / 0.98 + 30.0);
    close(ask(", caps = { gold = 20 }").1, 20.0 / 0.85 + 40.0 / 0.98 + 20.0);
    // 8 % more where the currency differs
    close(ask(", mismatch = [\"gold\"]").0, 50.0 / 0.77 + 50.0 / 0.98);
}

#[test]
fn maintenance_has_its_own_haircut_and_tables_their_dates() {
    let list = "{ collateral = { rules = \"derive/collateral\", as_of = \"2026-01-01\", mix = { BTC = 1.0 } } }";
    let report = fixed(list, 100.0, 80.0);
    close(report.initial.amount(), 100.0 / 0.88);
    close(report.maintenance.amount(), 80.0 / 0.894);
    let undated = "{ collateral = { rules = \"derive/collateral\", mix = { BTC = 1.0 } } }";
    let built = built(&format!("{SCAN}overlays = [{undated}]")).unwrap();
    let now = Now { time: "2024-07-04".parse().unwrap(), ..Now::default() };
    let mut walk = Walk::new("desk", 1);
    let error = walk.step(&built.overlays, leaf(100.0, 80.0), now).unwrap_err().to_string();
    assert!(error.contains("have no version in force at 2024-07-04"), "{error}");
}

/// The table of the regulation, cell by cell, against the project's reference file.
#[test]
fn the_european_haircuts_are_those_of_the_reference() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/reference/clearing/collateral_haircuts_2016_2251.csv");
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("skipped: {} is not there", file.display());
        return;
    };
    let library = RuleLibrary::embedded().unwrap();
    let set = &library.versions("eu/2016-2251").unwrap()[0];
    let haircut = |name: &str| set.parameters["assets"][name]["haircut"].as_float().unwrap();
    let mut checked = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let step = match cells[1] {
            "1" => "step1",
            "2-3" | "2-3 or below" => "step2-3",
            _ => continue,
        };
        let maturity = match cells[2] {
            "<=1y" => "-1y",
            "1-5y" => "-5y",
            ">5y" => "-long",
            _ => "",
        };
        let prefix = if cells[0] == "T1" { "" } else { "short-term-" };
        for (issuer, cell) in ["sovereign", "other", "securitisation"].iter().zip(&cells[3..]) {
            let name = format!("{prefix}{issuer}-{step}{maturity}");
            close(haircut(&name), cell.parse::<f64>().unwrap() / 100.0);
            checked += 1;
        }
    }
    assert_eq!(checked, 24, "six rows of the first table and two of the second");
    for (name, percent) in [("sovereign-step4", 15.0), ("gold", 15.0), ("cash", 0.0)] {
        close(haircut(name), percent / 100.0);
    }
    close(set.parameters["currency_mismatch"].as_float().unwrap(), 0.08);
}

#[test]
fn the_haircuts_of_derive_are_those_of_its_risk_manager() {
    let library = RuleLibrary::embedded().unwrap();
    let of = |name: &str| library.versions(name).unwrap()[0].parameters.clone();
    let (table, manager) = (of("derive/collateral"), of("derive/pmrm2"));
    let assets = table["assets"].as_table().unwrap();
    let market = manager["coins"]["BTC"]["collaterals"].as_table().unwrap();
    assert!(assets.keys().eq(market.keys()));
    for (name, asset) in market {
        let number = |key: &str| asset[key].as_float().unwrap();
        close(assets[name]["maintenance"].as_float().unwrap(), number("mm_haircut"));
        let initial = number("mm_haircut") + number("im_haircut_extra");
        close(assets[name]["haircut"].as_float().unwrap(), initial.min(1.0));
    }
}

#[test]
fn an_underlying_that_the_study_does_not_have_is_named() {
    let market = Market::new();
    for (list, key) in [
        ("{ offset_cap = { groups = { a = [\"BTX\"] } } }", "offset_cap.groups"),
        (
            "{ concentration = { depth = { BTX = 1 }, tiers = [{ above = 0, rate = 0 }] } }",
            "concentration.depth",
        ),
        ("{ wrong_way = { underlyings = [\"BTX\"] } }", "wrong_way.underlyings"),
    ] {
        let built = built(&format!("{SCAN}overlays = [{list}]")).unwrap();
        let day = market.day();
        let error = built.model.prepare(&day).err().unwrap().to_string();
        let expected = format!(
            "model `model`: `{key}` has `BTX`, which is not an underlying of the study; did you mean `BTC`? known: BTC, ETH, SPX"
        );
        assert_eq!(error, expected);
    }
    let no_depth = "{ concentration = { depth = { BTC = 1 }, tiers = [{ above = 0, rate = 0 }] } }";
    let built = built(&format!("{SCAN}overlays = [{no_depth}]")).unwrap();
    let day = market.day();
    let prepared = built.model.prepare(&day).unwrap();
    let error = prepared.figures(&market.book(&[("ETH-PERP", 1.0)])).unwrap_err().to_string();
    assert!(
        error.ends_with("has no entry for `ETH`, which is held; add it or `default`"),
        "{error}"
    );
}

/// What is asked with the figures of a day must not depend on who else holds something.
#[test]
fn figures_do_not_depend_on_the_other_accounts() {
    let market = Market::new();
    let list = "{ offset_cap = {} }, { concentration = { depth = { default = 1e4 }, tiers = [{ above = 0, rate = 0.01 }] } }, { wrong_way = { underlyings = [\"ETH\", \"BTC\"] } }";
    let built = built(&format!("{SCAN}overlays = [{list}]")).unwrap();
    let book = market.book(BOOK);
    let held: Vec<InstrumentIx> = book.positions().iter().map(|held| held.instrument).collect();
    let (past, universe) = (market.history.panel.until(DAYS - 1), &market.history.universe);
    let horizon = Horizon::new(Span::days(2), 2).unwrap();
    let alone = Day::new(past, &market.state, universe, &held, horizon, 7);
    let figures =
        |day: &Day<'_>, book: &Portfolio| built.model.prepare(day).unwrap().figures(book).unwrap();
    assert_eq!(figures(&alone, &book), figures(&market.day(), &book));
    assert!(figures(&alone, &Portfolio::default()).iter().all(|figure| figure.amount == 0.0));
}

/// The report of a model with overlays, on its first date.
fn ask(market: &Market, model: &str, list: &str, book: &[(&str, f64)]) -> MarginReport {
    let built = built(&format!("{model}overlays = [{list}]")).unwrap();
    let report = with_overlays(market, &built, &market.book(book));
    for tree in [&report.initial, &report.maintenance] {
        assert_eq!(tree.recomputed(), tree.amount(), "{list}:\n{tree}");
    }
    assert!(report.initial.amount() >= report.maintenance.amount(), "{list}");
    report
}

fn with_overlays(market: &Market, built: &BuiltModel, book: &Portfolio) -> MarginReport {
    let day = market.day();
    let prepared = built.model.prepare(&day).unwrap();
    let figures = prepared.figures(book).unwrap();
    let now = Now { time: day.time(), figures: &figures, ..Now::default() };
    let mut walk = Walk::new("desk", built.overlays.len());
    walk.step(&built.overlays, prepared.requirement(book).unwrap(), now).unwrap()
}

/// The report of overlays that ask nothing about the book, over fixed amounts.
fn fixed(list: &str, initial: f64, maintenance: f64) -> MarginReport {
    let built = built(&format!("{SCAN}overlays = [{list}]")).unwrap();
    let now = Now { time: "2024-07-04".parse().unwrap(), ..Now::default() };
    let mut walk = Walk::new("desk", built.overlays.len());
    walk.step(&built.overlays, leaf(initial, maintenance), now).unwrap()
}

fn leaf(initial: f64, maintenance: f64) -> MarginReport {
    MarginReport {
        initial: Component::leaf("initial", initial),
        maintenance: Component::leaf("maintenance", maintenance),
        binding: None,
        gross_notional: 1_000.0,
    }
}

/// The lines of a table as one inline table's content.
fn inline(model: &str) -> String {
    model.trim().replace('\n', ", ")
}

fn close(found: f64, expected: f64) {
    close_to(found, expected, 1e-9 * expected.abs().max(1.0));
}

fn close_to(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} {expected}");
}
