//! What `margin` and `explain` say is what the run wrote, and adds up.

use mpor::Column;
use mpor::explain::explain;
use mpor::margin_at::{Asked, Node, margin_at, table, write};
use mpor::run::run;
use mpor::{Loaded, Silent, StudyFile, Timestamp};

use crate::lab::{Lab, STUDY};
use crate::results::Results;

fn finished(study: &str) -> (Lab, StudyFile) {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", study)).unwrap();
    run(&file, &lab.path("run"), &Silent).unwrap();
    (lab, file)
}

/// The amount that a node's rule makes of its parts, as the rule is printed.
fn recomputed(node: &Node) -> f64 {
    let parts: Vec<f64> = node.parts.iter().map(|part| part.amount).collect();
    match node.rule.as_str() {
        "" => node.amount,
        "sum" => parts.iter().fold(0.0, |sum, part| sum + part),
        "largest" => parts.iter().copied().reduce(f64::max).unwrap_or(0.0),
        "smallest" => parts.iter().copied().reduce(f64::min).unwrap_or(0.0),
        "root of sum of squares" => parts.iter().map(|part| part * part).sum::<f64>().sqrt(),
        scaled => scaled.strip_prefix("x ").unwrap().parse::<f64>().unwrap() * parts[0],
    }
}

fn check(node: &Node, of: &str) {
    let again = recomputed(node);
    assert_eq!(again, node.amount, "{of}: `{}` is {}", node.name, node.rule);
    assert!(!node.rule.is_empty() || node.parts.is_empty(), "{of}: `{}`", node.name);
    node.parts.iter().for_each(|part| check(part, of));
}

#[test]
fn the_arithmetic_of_a_day_adds_up_to_what_the_run_required() {
    let (lab, file) = finished(STUDY);
    let loaded = Loaded::new(&file).unwrap();
    let written = Results::read(&lab.path("run"), "requirements");
    let written = written.keyed(&["account", "model", "level"], "amount");
    let dates = loaded.dates();
    let crash: Timestamp = "2021-04-10T08:00:00Z".parse().unwrap();
    for time in [dates[0], crash, dates[dates.len() - 1]] {
        let asked = margin_at(&file, &loaded, time, None).unwrap();
        assert_eq!(asked.len(), loaded.books.accounts.len() * file.models.len());
        for Asked { account, model, initial, maintenance, .. } in &asked {
            let of = format!("{account} under {model} at {time}");
            check(initial, &of);
            check(maintenance, &of);
            for (level, node) in [("initial", initial), ("maintenance", maintenance)] {
                let key = (time, format!("{account} / {model} / {level}"));
                assert_eq!(written[&key], Some(node.amount.to_bits()), "{of}: {level}");
            }
        }
    }
}

/// Nodes of a breakdown.
fn nodes(node: &Node) -> usize {
    1 + node.parts.iter().map(nodes).sum::<usize>()
}

#[test]
fn the_arithmetic_as_a_table_has_every_node_once_under_its_parent() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let loaded = Loaded::new(&file).unwrap();
    let asked = margin_at(&file, &loaded, loaded.dates()[3], None).unwrap();
    let rows = table(&asked).unwrap();
    let expected: usize =
        asked.iter().map(|one| nodes(&one.initial) + nodes(&one.maintenance)).sum();
    assert_eq!(rows.rows(), expected);
    let (Some(Column::Text(paths)), Some(Column::Number(amounts))) =
        (rows.column("path"), rows.column("amount"))
    else {
        panic!("paths and amounts");
    };
    let roots = paths.iter().zip(amounts).filter(|(path, _)| path.as_deref() == Some("1"));
    let roots: Vec<f64> = roots.filter_map(|(_, amount)| *amount).collect();
    let told = asked.iter().flat_map(|one| [one.initial.amount, one.maintenance.amount]);
    assert_eq!(roots, told.collect::<Vec<_>>());
    let mut open: Vec<&str> = Vec::new();
    for path in paths.iter().flatten() {
        let parent = path.rsplit_once('.').map(|(parent, _)| parent);
        while !open.is_empty() && open.last().copied() != parent {
            open.pop();
        }
        assert_eq!(open.last().copied(), parent, "{path} stands below its parent");
        open.push(path);
    }
    write(&asked, &lab.path("breakdown.parquet")).unwrap();
    assert_eq!(
        mpor_data::tables::read_parquet(&lab.path("breakdown.parquet")).unwrap().rows(),
        expected
    );
}

#[test]
fn causes_and_positions_add_up_to_the_loss() {
    for convention in ["horizon", "worst"] {
        let study = STUDY
            .replace("horizon = \"2d\"", &format!("horizon = \"2d\"\nloss = \"{convention}\""));
        let (lab, file) = finished(&study);
        let losses = Results::read(&lab.path("run"), "losses");
        let losses = losses.keyed(&["account"], &format!("loss_{convention}"));
        let required = Results::read(&lab.path("run"), "requirements");
        let required = required.keyed(&["account", "model", "level"], "amount");
        let time: Timestamp = "2021-04-10T08:00:00Z".parse().unwrap();
        for account in ["hedged", "pair"] {
            let (_, found) = explain(&lab.path("run"), account, time).unwrap();
            let loss = f64::from_bits(losses[&(time, account.to_owned())].unwrap());
            let told = if convention == "worst" { found.worst_loss } else { found.horizon_loss };
            assert_eq!(told, Some(loss), "{account}");
            let causes: f64 = found.causes.iter().map(|(_, pnl)| pnl).sum();
            let positions: f64 = found.positions.iter().map(|(_, _, pnl)| pnl).sum();
            for (what, pnl) in [("causes", causes), ("positions", positions)] {
                assert!(
                    (pnl + loss).abs() < 1e-9 * (1.0 + loss.abs()),
                    "{account}: {what} {pnl} {loss}"
                );
            }
            assert_eq!(found.required.len(), file.models.len());
            for (model, amount) in found.required {
                let key = (time, format!("{account} / {model} / initial"));
                assert_eq!(required[&key], Some(amount.to_bits()), "{account} {model}");
            }
        }
        // A run whose study has changed is not explained by the new one.
        lab.text("study.toml", &study.replace("quantity = -5", "quantity = -6"));
        let told = explain(&lab.path("run"), "strangle", time).unwrap_err().to_string();
        assert!(told.ends_with("have changed since this run; run it again"), "{told}");
    }
}

#[test]
fn dates_and_accounts_that_are_not_there_are_told_with_those_that_are() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let loaded = Loaded::new(&file).unwrap();
    let told = |time: &str, account| {
        let time = loaded.margin_date(time.parse().unwrap());
        time.and_then(|time| margin_at(&file, &loaded, time, account)).unwrap_err().to_string()
    };
    assert_eq!(
        told("2021-04-10T09:00:00Z", None),
        "2021-04-10T09:00:00Z is not a margin date of the study; the nearest are 2021-04-10T08:00:00Z and 2021-04-11T08:00:00Z"
    );
    assert_eq!(
        told("2021-04-10", Some("nobody")),
        "no account `nobody`; the study has: coin-future, hedged, pair, perpetual, strangle"
    );
}

#[test]
fn a_margin_period_that_the_rules_state_is_compared_with_the_studys() {
    let lab = Lab::new();
    let told = |horizon: &str| {
        let study = STUDY.replace("horizon = \"2d\"", &format!("horizon = \"{horizon}\""));
        let loaded =
            Loaded::new(&StudyFile::read(&lab.text("study.toml", &study)).unwrap()).unwrap();
        let of = |id: &str| {
            let begin = format!("Model {id}: ");
            loaded.market.notes.iter().find(|note| note.starts_with(&begin)).cloned()
        };
        let summary = loaded.infos.iter().find(|info| info.id == "prisma").unwrap().summary.clone();
        (of("prisma"), of("stans"), summary)
    };
    let (prisma, stans, summary) = told("2d");
    assert_eq!(
        prisma.as_deref(),
        Some(
            "Model prisma: the margin period of its rules is 3d; its requirement is over the study's 2d and is not scaled."
        )
    );
    assert_eq!(stans, None, "two days are its own");
    assert!(summary.ends_with("; margin period of the rules 3d, here 2d"), "{summary}");
    let (prisma, stans, _) = told("3d");
    assert!(prisma.is_none() && stans.is_some());
}
