//! A finished run is rendered again beside itself, with the same numbers; what is not a finished, untouched run is refused.

use mpor::report_again::{REPORT_MANIFEST, report_again};
use mpor::run::run;
use mpor::study::{ReportFormat, ReportKind};
use mpor::{ReportAsked, Silent, StudyFile};

use crate::folder::{assert_same, files};
use crate::lab::{Lab, STUDY};

fn finished() -> Lab {
    finished_with(&[])
}

/// A finished run of the lab's study with some of its text replaced.
fn finished_with(replaced: &[(&str, &str)]) -> Lab {
    let lab = Lab::new();
    let study =
        STUDY.replace("\"data/", "\"../data/").replace("formats = []", "formats = [\"svg\"]");
    let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    let study = replaced.iter().fold(study, replace);
    let file = StudyFile::read(&lab.text("studies/study.toml", &study)).unwrap();
    run(&file, &lab.path("runs/lab"), &Silent).unwrap();
    lab
}

fn asked(kinds: &[ReportKind], formats: &[ReportFormat]) -> ReportAsked {
    ReportAsked { kinds: kinds.to_vec(), formats: formats.to_vec() }
}

#[test]
fn other_kinds_stand_beside_the_run_and_leave_it_as_it_was() {
    let lab = finished();
    let before = files(&lab.path("runs/lab"));
    let kinds = asked(&[ReportKind::Summary, ReportKind::Validation], &[ReportFormat::Html]);
    let again = report_again(&lab.path("runs/lab"), &kinds, None, &Silent).unwrap();
    assert_same(&files(&lab.path("runs/lab")), &before, "rendered again");
    assert_eq!(again.folder, lab.path("runs/lab-report").canonicalize().unwrap());
    let made = files(&again.folder);
    assert!(made.contains_key("summary.html") && made.contains_key("validation.html"));
    assert!(made.contains_key(REPORT_MANIFEST) && !made.contains_key("manifest.json"));
    // The tables behind figures are those of the run, to the byte.
    let sources = before.keys().filter(|name| name.ends_with(".csv")).count();
    assert!(sources > 0 && again.same == 2 * sources, "{} of {sources}", again.same);

    // Another call leaves nothing of this one.
    let report = asked(&[ReportKind::Report], &[ReportFormat::Svg]);
    let again = report_again(&lab.path("runs/lab"), &report, None, &Silent).unwrap();
    let made = files(&again.folder);
    assert!(!made.contains_key("summary.html") && made.keys().any(|name| name.ends_with(".svg")));
}

#[test]
fn a_touched_or_unfinished_run_is_refused_before_anything_is_written() {
    let lab = finished();
    let refused = |folder: &str, out: Option<&str>| {
        let out = out.map(|out| lab.path(out));
        let asked = asked(&[], &[ReportFormat::Html]);
        let error = report_again(&lab.path(folder), &asked, out.as_deref(), &Silent);
        assert!(!lab.path("runs/lab-report").exists());
        error.unwrap_err().to_string()
    };
    let own = refused("runs/lab", Some("runs/lab"));
    assert!(own.contains("the run's own folder"), "{own}");
    std::fs::create_dir_all(lab.path("runs/empty")).unwrap();
    let unfinished = refused("runs/empty", None);
    assert!(unfinished.contains("is this the folder of a finished run?"), "{unfinished}");
    let path = lab.path("runs/lab/coverage.parquet");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let touched = refused("runs/lab", None);
    assert!(touched.contains("coverage.parquet") && touched.contains("manifest"), "{touched}");
}

/// What a run does not keep is not there when it is rendered again either.
#[test]
fn a_run_without_parts_of_requirements_is_rendered_again_as_it_was() {
    let lab = finished_with(&[("[report]", "[backtest]\ncomponents = false\n\n[report]")]);
    let run = files(&lab.path("runs/lab"));
    let svg = asked(&[ReportKind::Report], &[ReportFormat::Svg]);
    let again = report_again(&lab.path("runs/lab"), &svg, None, &Silent).unwrap();
    let figures = run.keys().filter(|name| name.starts_with("figures/")).count();
    assert_eq!(again.same, figures, "all figures of the run and no others");
    assert_eq!(again.manifest.outputs.len(), figures);
}
