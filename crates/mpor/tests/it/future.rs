//! No requirement knows a later price: whatever happens after `T`, what was asked at or before `T` is the same to the bit,
//! through the whole pipeline, for every kind of model and every overlay.

use std::collections::BTreeMap;
use std::path::Path;

use mpor::run::run;
use mpor::{Loaded, Silent, Span, StudyFile, Timestamp, catalog};

use crate::lab::{Lab, Market, STUDY, at, hour_of};
use crate::results::Results;

/// The first hour that the two futures do not share: the day after the crash, at noon.
const FORK: usize = 2412;

type Bits = BTreeMap<(Timestamp, String), Option<u64>>;

struct Found {
    requirements: Bits,
    horizon: Bits,
    worst: Bits,
}

fn found(run: &Path) -> Found {
    let (required, losses) = (Results::read(run, "requirements"), Results::read(run, "losses"));
    Found {
        requirements: required.keyed(&["account", "model", "level"], "amount"),
        horizon: losses.keyed(&["account"], "loss_horizon"),
        worst: losses.keyed(&["account"], "loss_worst"),
    }
}

fn replay(lab: &Lab, name: &str, market: &Market) -> Found {
    lab.market(market);
    let file = StudyFile::read(&lab.path("study.toml")).unwrap();
    run(&file, &lab.path(name), &Silent).unwrap();
    found(&lab.path(name))
}

fn until(bits: &Bits, last: Timestamp) -> Bits {
    bits.range(..=(last, "\u{10ffff}".to_owned())).map(|(k, v)| (k.clone(), *v)).collect()
}

fn assert_same_past(before: &Found, after: &Found, what: &str) {
    let known = at(FORK - 1);
    assert_eq!(until(&before.requirements, known), until(&after.requirements, known), "{what}");
    let over = known - Span::days(2);
    assert_eq!(until(&before.horizon, over), until(&after.horizon, over), "{what}: losses");
    assert_eq!(until(&before.worst, over), until(&after.worst, over), "{what}: worst losses");
}

/// Otherwise equality before the fork would say nothing.
fn assert_other_future(before: &Found, after: &Found) {
    let of = |found: &Found, model: &str| -> Bits {
        let later = found.requirements.iter().filter(|((time, key), _)| {
            *time > at(FORK + 48) && key.contains(&format!(" / {model} / "))
        });
        later.map(|(k, v)| (k.clone(), *v)).collect()
    };
    for model in ["isolated", "scan", "pmrm2", "hs", "fhs", "fhs-calm", "mc"] {
        assert!(!of(before, model).is_empty(), "{model} was asked");
        assert_ne!(of(before, model), of(after, model), "{model} saw the other future");
    }
}

#[test]
fn the_study_has_every_model_and_every_overlay() {
    let lab = Lab::new();
    let file = StudyFile::read(&lab.text("study.toml", STUDY)).unwrap();
    let loaded = Loaded::new(&file).unwrap();
    for kind in catalog::models() {
        let held = loaded.infos.iter().any(|info| info.kind == kind.id);
        assert!(held, "put a model of kind `{}` into the lab's study", kind.id);
    }
    for overlay in catalog::overlays() {
        let held = loaded.overlays.iter().flatten().any(|held| held.id() == overlay.id);
        assert!(held, "put the overlay `{}` into the lab's study", overlay.id);
    }
}

#[test]
fn another_future_changes_no_earlier_requirement_or_loss() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    let before = replay(&lab, "before", &Market::made_up());
    let after = replay(&lab, "after", &Market::made_up().altered(FORK));
    assert_same_past(&before, &after, "altered");
    assert_other_future(&before, &after);
}

#[test]
fn a_history_cut_short_gives_the_same_requirements_up_to_its_end() {
    let lab = Lab::new();
    lab.text("study.toml", STUDY);
    let before = replay(&lab, "before", &Market::made_up());
    let after = replay(&lab, "after", &Market::made_up().until(FORK));
    assert_same_past(&before, &after, "cut");
    let last = after.requirements.keys().next_back().unwrap().0;
    assert_eq!(hour_of(last), 2408, "the last margin date is the last cut that is known");
    let open = after.horizon.iter().filter(|((time, _), _)| *time > last - Span::days(2));
    assert!(open.clone().count() > 0 && open.clone().all(|(_, loss)| loss.is_none()));
}

#[test]
fn trading_days_and_a_finer_step_do_not_look_ahead_either() {
    let days =
        STUDY.replace("kind = \"24x7\"\nstep = \"1d\"\ncut = \"08:00\"", "kind = \"trading_days\"");
    let finer = STUDY
        .replace("step = \"1d\"", "step = \"8h\"")
        .replace("from = \"2021-02-01\"", "from = \"2021-03-20\"\nto = \"2021-04-20\"");
    for study in [days, finer] {
        assert_ne!(study, STUDY);
        let lab = Lab::new();
        lab.text("study.toml", &study);
        let before = replay(&lab, "before", &Market::made_up());
        let after = replay(&lab, "after", &Market::made_up().altered(FORK));
        assert_same_past(&before, &after, "altered");
    }
}
