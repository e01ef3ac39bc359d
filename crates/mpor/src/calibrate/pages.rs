//! The words and tables of the document of a calibration: what was chosen, on what terms, and how sure is that?

use mpor_report::format::{count, counted, day, percent, ratio, short_percent};
use mpor_report::{ShortPages, ShortTable};

use super::candidate::label;
use super::lattice::Point;
use super::outcome::{Outcome, valid_from};
use super::record::Score;
use super::{CHOSEN, rules};
use crate::study::StudyFile;
use crate::study::calibrate::{CalibrateSpec, Search, WorstZone};

/// Most rows of a table of the document; the Parquet tables have all.
const MOST_ROWS: usize = 20;
/// Fewer breaches than this, expected at the coverage asked for, are remarked upon: one standard deviation of their number
/// is then a third of it or more.
const FEW: f64 = 10.0;

pub(super) fn pages(file: &StudyFile, spec: &CalibrateSpec, outcome: &Outcome) -> ShortPages {
    ShortPages {
        study: file.study.name.clone(),
        description: file.study.description.clone(),
        verdict: verdict(spec, outcome),
        time: outcome.span().1,
        facts: facts(file, spec, outcome),
        tables: vec![
            against_written(outcome),
            frontier(outcome),
            folds(outcome),
            ShortTable {
                title: "The objective over two parameters".to_owned(),
                figure: "calibration-map".to_owned(),
                ..ShortTable::default()
            },
            sensitivity(outcome),
        ],
        notes: notes(file, outcome),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn verdict(spec: &CalibrateSpec, outcome: &Outcome) -> String {
    let (chosen, tested) = (outcome.chosen(), &outcome.out_of_sample.1);
    let point = label(&outcome.axes, outcome.point());
    let tried = outcome.scores.len() + outcome.searched.dropped.len();
    let covering = outcome.scores.values().filter(|score| score.feasible).count();
    let head = match chosen.feasible {
        true => format!(
            "{}: {point} is the cheapest and calmest of {} that cover, of {} tried.",
            spec.model,
            counted(covering, "point", "points"),
            count(tried)
        ),
        false => format!(
            "{}: none of {} covers; the nearest is {point}.",
            spec.model,
            counted(tried, "point", "points")
        ),
    };
    format!(
        "{head} Its coverage is {} against {} asked for; it costs {} of gross notional on average and rises by at most {} of it within \
         five steps. Chosen walk-forward, the coverage out of sample is {}.",
        share(chosen.coverage),
        short_percent(outcome.terms.level.value()),
        share(chosen.cost),
        percent(chosen.calm),
        share(tested.coverage)
    )
}

fn facts(file: &StudyFile, spec: &CalibrateSpec, outcome: &Outcome) -> Vec<(String, String)> {
    let (first, last) = outcome.span();
    let zone = if spec.zone == WorstZone::Green { "green" } else { "yellow" };
    let search = match spec.search {
        Search::Grid => "the whole grid".to_owned(),
        Search::Random(drawn) => format!("{} drawn", counted(drawn.points, "point", "points")),
        Search::Halving(halving) => format!(
            "successive halving from {}, one of {} kept",
            counted(halving.points, "point", "points"),
            halving.keep
        ),
    };
    let rule = match outcome.chosen().feasible {
        true => {
            format!("{} in {CHOSEN}, valid from {}", rules::name(file), day(valid_from(outcome)))
        }
        false => "none: no point covers".to_owned(),
    };
    let relative = outcome.relative(outcome.chosen().cost);
    let baseline = relative.map(|times| ("Cost over baseline's", ratio(times)));
    let facts = [
        ("Model", spec.model.clone()),
        ("Coverage asked for", short_percent(outcome.terms.level.value())),
        ("Worst zone allowed", format!("{zone}, of any account")),
        ("Minimised", format!("{} × cost + {} × calm", spec.objective.cost, spec.objective.calm)),
        ("MPOR", file.study.mpor.horizon.to_string()),
        ("Margin dates", count(outcome.market.times.len())),
        ("From, to", format!("{} to {}", day(first), day(last))),
        ("Search", search),
        ("Folds", outcome.folds.len().to_string()),
        ("Resampled records", count(spec.bootstrap.draws)),
        ("Rule set written", rule),
    ];
    let named = |(name, value): (&str, String)| (name.to_owned(), value);
    facts.into_iter().chain(baseline).map(named).collect()
}

/// Titles of columns; those of numbers end with `#`.
fn columns(titles: &[&str]) -> Vec<(String, bool)> {
    let one = |title: &&str| match title.strip_suffix('#') {
        Some(title) => (title.to_owned(), true),
        None => ((*title).to_owned(), false),
    };
    titles.iter().map(one).collect()
}

fn share(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), percent)
}

fn between((low, high): (f64, f64)) -> String {
    format!("{} to {}", percent(low), percent(high))
}

fn covers(score: &Score) -> String {
    if score.feasible { "yes" } else { "no" }.to_owned()
}

/// Coverage, breaches, cost, calm, zone and whether it covers.
fn figures(score: &Score) -> [String; 6] {
    [
        share(score.coverage),
        format!("{} of {}", count(score.breaches), count(score.observations)),
        share(score.cost),
        percent(score.calm),
        score.zone().unwrap_or("–").to_owned(),
        covers(score),
    ]
}

/// Titles of what [`figures`] gives.
const FIGURES: [&str; 6] =
    ["Coverage#", "Breaches#", "Cost#", "Largest\nrise#", "Worst\nzone#", "Covers#"];

fn row(first: impl IntoIterator<Item = String>, score: &Score) -> Vec<String> {
    first.into_iter().chain(figures(score)).collect()
}

fn against_written(outcome: &Outcome) -> ShortTable {
    let chosen = if outcome.chosen().feasible { "chosen" } else { "nearest to covering" };
    let tested = &outcome.out_of_sample.1;
    ShortTable {
        title: "The choice against the model as the study writes it".to_owned(),
        columns: columns(&[&["On"], &FIGURES[..]].concat()),
        rows: vec![
            row(["as the study writes it".to_owned()], &outcome.written),
            row([chosen.to_owned()], outcome.chosen()),
            row(["out of sample, walk-forward".to_owned()], tested),
        ],
        note: "Cost: mean requirement over gross notional. Largest rise: within five steps, of gross notional. Zones account for \
               overlapping margin periods."
            .to_owned(),
        ..ShortTable::default()
    }
}

/// The points of the frontier, the best first.
fn frontier(outcome: &Outcome) -> ShortTable {
    let mut points: Vec<(&Point, &Score)> =
        outcome.frontier.keys().map(|point| (point, &outcome.scores[point])).collect();
    let behind = |point: &Point| point != outcome.point();
    points.sort_by(|a, b| behind(a.0).cmp(&behind(b.0)).then_with(|| a.1.rank(b.1)));
    let all = points.len();
    points.truncate(MOST_ROWS);
    let region = |point: &Point| outcome.frontier.get(point).copied().flatten();
    let row = |(point, score): &(&Point, &Score)| {
        let sides = region(point);
        vec![
            label(&outcome.axes, point),
            share(score.coverage),
            sides.map_or("–".to_owned(), |sides| between(sides.coverage)),
            share(score.cost),
            sides.map_or("–".to_owned(), |sides| between(sides.cost)),
            percent(score.calm),
            covers(score),
        ]
    };
    let rest = match all > points.len() {
        true => format!(" The first {MOST_ROWS} of {all}; all are in the table “frontier”."),
        false => String::new(),
    };
    ShortTable {
        title: "What coverage costs".to_owned(),
        figure: "calibration-frontier".to_owned(),
        columns: columns(&[
            "Parameters",
            "Coverage#",
            "90 % region:\ncoverage#",
            "Cost#",
            "90 % region:\ncost#",
            "Largest\nrise#",
            "Covers#",
        ]),
        rows: points.iter().map(row).collect(),
        note: format!(
            "The chosen point, and those that no other beats in coverage, cost and calm at once, the best first. Regions by \
             the stationary bootstrap; each holds coverage and cost together.{rest}"
        ),
    }
}

/// Each fold's choice on the block that no choice has seen.
fn folds(outcome: &Outcome) -> ShortTable {
    let times = &outcome.market.times;
    let choices = outcome.folds.iter().zip(&outcome.searched.folds).zip(&outcome.tests);
    let fold =
        |((fold, choice), score): ((&super::search::Fold, &super::search::Choice), &Score)| {
            let (from, to) = (times[fold.test.start], times[fold.test.end - 1]);
            row(
                [format!("{} to {}", day(from), day(to)), label(&outcome.axes, &choice.point)],
                score,
            )
        };
    let mut rows: Vec<Vec<String>> = choices.map(fold).collect();
    let all = rows.len();
    rows.truncate(MOST_ROWS);
    let rest = match all > rows.len() {
        true => format!(" The first {MOST_ROWS} of {all} blocks; all are in the table “folds”."),
        false => String::new(),
    };
    rows.push(row(["all blocks".to_owned(), String::new()], &outcome.out_of_sample.1));
    ShortTable {
        title: "Out of sample".to_owned(),
        columns: columns(&[&["Test block", "Chosen on the dates before"], &FIGURES[..]].concat()),
        rows,
        note: format!(
            "Each block is margined with what the dates before it choose; their margin periods end before the block begins.{rest}"
        ),
        ..ShortTable::default()
    }
}

fn sensitivity(outcome: &Outcome) -> ShortTable {
    let one = |(axis, distance, point, score): &(usize, isize, Point, Score)| {
        let axis_of = &outcome.axes[*axis];
        let value = axis_of.values[point[*axis]].to_string();
        let steps = if *distance == 0 { "chosen".to_owned() } else { format!("{distance:+}") };
        row([axis_of.key.clone(), value, steps.replace('-', "−")], score)
    };
    ShortTable {
        title: "Around the chosen point".to_owned(),
        columns: columns(&[&["Parameter", "Value#", "Steps\naway#"], &FIGURES[..]].concat()),
        rows: outcome.around.iter().map(one).collect(),
        note: "One parameter moved at a time, the others as chosen.".to_owned(),
        ..ShortTable::default()
    }
}

/// The remarks of the search, and what this history cannot tell.
fn notes(file: &StudyFile, outcome: &Outcome) -> Vec<String> {
    let chosen = outcome.chosen();
    let mut notes = outcome.notes.clone();
    let others = || {
        let covering = outcome.scores.iter().filter(|(_, score)| score.feasible);
        covering.filter(|(point, _)| *point != outcome.point()).map(|(_, score)| score)
    };
    let ties = others().filter(|score| score.objective == chosen.objective).count();
    if chosen.feasible && ties > 0 {
        notes.push(format!(
            "Points that cover and come to the very same objective as the chosen one, the first of them in the search: {ties}."
        ));
    }
    let region = outcome.frontier.get(outcome.point()).copied().flatten();
    let inside = |cost: f64| region.is_some_and(|r| r.cost.0 <= cost && cost <= r.cost.1);
    let near = others().filter(|score| score.cost.is_some_and(inside)).count();
    if chosen.feasible && near > 0 {
        notes.push(format!(
            "Points that cover and whose cost lies inside the 90 % region of the chosen one's: {near}. This history hardly tells them apart."
        ));
    }
    let expected = outcome.terms.level.tail_mass(chosen.observations);
    if expected < FEW {
        notes.push(format!(
            "Few breaches: at the coverage asked for, {expected:.1} are expected among {} observations and {} were seen. A longer \
             history says more.",
            count(chosen.observations),
            count(chosen.breaches)
        ));
    }
    if chosen.feasible {
        notes.push(format!(
            "A study uses the choice through data.rules, the folder of {CHOSEN}, and rules = “{}”; earlier dates than {} ask for as_of.",
            rules::name(file),
            day(valid_from(outcome))
        ));
    }
    notes.push(
        "The chosen point has seen all dates: only the record out of sample is free of hindsight."
            .to_owned(),
    );
    notes
}
