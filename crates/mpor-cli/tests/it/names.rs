//! Names from files that are also commands to a terminal, markup, or paths: they come out as text.

use crate::lab::{Lab, STUDY};
use crate::terminal::{mpor, with_args};

/// Escape sequence, bell, line break, Markdown, Typst and HTML in one.
const HOSTILE: &str = "a\u{1b}[31m\u{7} <b>&amp; *_#$`x`/../../etc";

fn lab() -> Lab {
    let lab = Lab::new();
    let (head, rest) = STUDY.split_once("[[portfolio]]").unwrap();
    let (_, models) = rest.split_once("[[model]]").unwrap();
    let keys = "instruments = \"data/instruments.csv\"\npositions = \"data/positions.csv\"\n\n[fx]";
    let head = head.replace("[fx]", keys);
    let study = format!("{head}[[model]]{models}").replace("name = \"mc\"", "name = \"<i>m*_#c&\"");
    lab.text("study.toml", &study.replace("formats = []", "formats = [\"svg\", \"png\"]"));
    lab.text(
        "data/instruments.csv",
        &format!(
            "instrument,kind,underlying,quote,settlement,contract_size,inverse,expiry,strike,right\n\"{HOSTILE}\",perpetual,BTC,USD,USD,1,false,,,\n"
        ),
    );
    lab.text(
        "data/positions.csv",
        &format!("time,account,instrument,quantity\n2021-02-01T08:00:00Z,\"{HOSTILE}\",\"{HOSTILE}\",-3\n"),
    );
    lab
}

fn assert_tame(said: &crate::terminal::Said) {
    for text in [&said.out, &said.err] {
        let control = text.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{}", said.shown());
    }
}

#[test]
fn hostile_names_come_out_as_text() {
    let lab = lab();
    let folder = lab.path("");
    let ran = mpor(&folder, "run study.toml --out run");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    let margin = mpor(&folder, "margin study.toml --at 2021-04-10");
    let explained =
        with_args(&folder, &["explain", "run", "--at", "2021-04-10", "--account", HOSTILE]);
    let unknown =
        with_args(&folder, &["explain", "run", "--at", "2021-04-10", "--account", "\u{1b}[2Jx"]);
    assert_eq!([margin.code, explained.code, unknown.code], [0, 0, 1]);
    for said in [&ran, &margin, &explained, &unknown] {
        assert_tame(said);
    }
    assert!(margin.out.contains(r"a\u{1b}[31m\u{7} <b>&amp; *_#$`x`/../../etc under isolated"));

    for entry in std::fs::read_dir(lab.path("run/figures")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains("<b>") && !text.contains("<i>"), "{}", path.display());
            assert!(!text.contains('\u{1b}'), "{}", path.display());
        }
    }
}

#[test]
fn control_characters_in_a_study_are_refused() {
    let lab = Lab::new();
    let mut answers = Vec::new();
    for (good, bad) in [
        ("name = \"strangle\"", "name = \"a\\u001b[31mb\""),
        ("name = \"scan\"", "name = \"a\\nb\""),
        ("name = \"ETH\"", "name = \"\\u0007\""),
        ("name = \"lab\"", "name = \"a\\u001b[31mb\""),
    ] {
        lab.text("study.toml", &STUDY.replacen(good, bad, 1));
        let said = mpor(&lab.path(""), "check study.toml");
        assert_eq!(said.code, 2, "{}", said.shown());
        assert_tame(&said);
        answers.push(said.shown());
    }
    insta::assert_snapshot!(answers.join("\n"));
}
