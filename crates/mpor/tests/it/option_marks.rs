//! Venue marks of listed options take precedence over the surface, from the instant that they are known, and are counted.

use mpor::run::run;
use mpor::{Loaded, MporError, Silent, Span, StudyFile, Timestamp};
use mpor_core::{Column, Contract, Instrument, InstrumentIx, OptionMark, Table};
use mpor_pricing::Black76;

use crate::lab::{Lab, STUDY};
use crate::results::Results;

const WITH_MARKS: &str = "[data]\noption_marks = \"data/option_marks.parquet\"";

/// One row of the table: instant, contract, price, volatility, forward.
type Row = (Timestamp, String, Option<f64>, Option<f64>, Option<f64>);

fn table(rows: &[Row]) -> Table {
    let columns = [
        ("time", Column::times(rows.iter().map(|row| row.0))),
        ("instrument", Column::texts(rows.iter().map(|row| row.1.clone()))),
        ("mark_price", Column::Number(rows.iter().map(|row| row.2).collect())),
        ("mark_iv", Column::Number(rows.iter().map(|row| row.3).collect())),
        ("underlying_price", Column::Number(vec![None; rows.len()])),
        ("forward", Column::Number(rows.iter().map(|row| row.4).collect())),
    ];
    Table::new("option_marks", columns).unwrap()
}

fn load(lab: &Lab, study: &str) -> Result<Loaded, MporError> {
    Loaded::new(&StudyFile::read(&lab.text("study.toml", study)).unwrap())
}

fn marked(lab: &Lab, rows: &[Row]) -> Result<Loaded, MporError> {
    lab.write(&table(rows), "data/option_marks.parquet");
    load(lab, &STUDY.replace("[data]", WITH_MARKS))
}

/// The options of the study that live at a step, with what the surface says of them there.
fn listed(loaded: &Loaded, step: usize) -> Vec<(InstrumentIx, Instrument, OptionMark)> {
    let history = loaded.history();
    let state = history.state(step).unwrap();
    let instruments = history.universe.instruments().iter().enumerate();
    instruments
        .filter_map(|(ix, instrument)| {
            let Contract::Option { expiry, strike, .. } = instrument.contract else { return None };
            let years = (expiry > state.time).then(|| (expiry - state.time).years())?;
            let underlying = state.underlying(instrument.underlying);
            let forward = underlying.forward(years);
            let vol = underlying.surface.as_ref()?.vol((strike / forward).ln(), years);
            Some((InstrumentIx(ix), instrument.clone(), OptionMark { vol, forward }))
        })
        .collect()
}

#[test]
fn marks_that_agree_with_the_surface_change_the_source_and_not_the_loss() {
    let lab = Lab::new();
    let plain = load(&lab, STUDY).unwrap();
    run(&StudyFile::read(&lab.path("study.toml")).unwrap(), &lab.path("plain"), &Silent).unwrap();
    let mut rows = Vec::new();
    for (step, &time) in plain.history().panel.times().iter().enumerate() {
        for (_, instrument, mark) in listed(&plain, step) {
            rows.push((time, instrument.name, None, Some(mark.vol), Some(mark.forward)));
        }
    }
    marked(&lab, &rows).unwrap();
    run(&StudyFile::read(&lab.path("study.toml")).unwrap(), &lab.path("marked"), &Silent).unwrap();
    let (before, after) =
        (Results::read(&lab.path("plain"), "losses"), Results::read(&lab.path("marked"), "losses"));
    for (a, b) in before.numbers("loss_horizon").iter().zip(after.numbers("loss_horizon")) {
        if let (Some(a), Some(b)) = (a, b) {
            assert!(
                (a - b).abs() <= 1e-9 * a.abs().max(1.0),
                "{a} with the surface, {b} with marks"
            );
        }
    }
    let total =
        |results: &Results, column: &str| results.numbers(column).iter().flatten().sum::<f64>();
    let moved = total(&before, "surface") - total(&after, "surface");
    assert!(moved > 100.0, "no option was valued by its mark");
    assert_eq!(total(&after, "marks") - total(&before, "marks"), moved);
}

#[test]
fn a_mark_counts_from_when_it_is_known_and_for_one_step() {
    let lab = Lab::new();
    let plain = load(&lab, STUDY).unwrap();
    let step = plain.steps.start + 3;
    let time = plain.history().panel.times()[step];
    let (ix, option, seen) = listed(&plain, step).pop().unwrap();
    let row = |after: Span, vol: f64| {
        (time + after, option.name.clone(), None, Some(vol), Some(seen.forward))
    };
    let rows = [
        row(Span::hours(-2), 0.91),
        row(Span::hours(-1), 0.92),
        row(Span::hours(-3), 0.93),
        row(Span::hours(1), 0.94),
        (time, "NOBODY-HOLDS-THIS".to_owned(), None, Some(0.5), Some(1.0)),
    ];
    let loaded = marked(&lab, &rows).unwrap();
    let at = |step: usize| loaded.history().marks[step].get(&ix).map(|mark| mark.vol);
    assert_eq!([at(step - 1), at(step), at(step + 1)], [None, Some(0.92), Some(0.94)]);
    assert_eq!(at(step + 2), None);
    let said = loaded.market.notes.iter().find(|note| note.starts_with("Option marks")).unwrap();
    assert!(said.contains("4 of 5 rows") && said.contains("1 of contracts"), "{said}");
}

#[test]
fn a_price_alone_gives_its_implied_volatility() {
    let lab = Lab::new();
    let plain = load(&lab, STUDY).unwrap();
    let step = plain.steps.start + 3;
    let time = plain.history().panel.times()[step];
    let mut rows = Vec::new();
    let options = listed(&plain, step);
    for (_, option, seen) in &options {
        let Contract::Option { expiry, strike, right, .. } = option.contract else { continue };
        let years = (expiry - time).years();
        let price = Black76::new(seen.forward, strike, years, 0.8, 0.0, right).unwrap().price();
        let unit = if option.contract.is_inverse() { price / seen.forward } else { price };
        // The forward is left out: the study's own carry gives it.
        rows.push((time, option.name.clone(), Some(unit), None, None));
    }
    let loaded = marked(&lab, &rows).unwrap();
    for (ix, option, _) in &options {
        let mark = loaded.history().marks[step][ix];
        assert!((mark.vol - 0.8).abs() < 1e-9, "{}: {}", option.name, mark.vol);
    }
}

#[test]
fn a_mark_that_no_option_can_have_is_refused_by_name() {
    let lab = Lab::new();
    let plain = load(&lab, STUDY).unwrap();
    let time = plain.history().panel.times()[plain.steps.start + 3];
    let (_, option, _) = listed(&plain, plain.steps.start + 3).pop().unwrap();
    for (row, expected) in [
        ((time, option.name.clone(), None, Some(-0.4), None), "mark_iv -0.4"),
        ((time, option.name.clone(), Some(-1.0), None, None), "mark_price -1"),
        ((time, option.name.clone(), None, Some(0.4), Some(-5.0)), "forward -5"),
    ] {
        let problem = marked(&lab, &[row]).err().unwrap().to_string();
        assert!(problem.contains(expected) && problem.contains(&option.name), "{problem}");
    }
    let future = plain.history().universe.instruments().iter();
    let future = future.clone().find(|one| one.contract.kind() == "future").unwrap();
    let row = (time, future.name.clone(), None, Some(0.4), None);
    let problem = marked(&lab, &[row]).err().unwrap().to_string();
    assert!(problem.contains("names a future"), "{problem}");
}
