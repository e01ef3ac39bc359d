//! Names that are formulas, markup, paths or commands, from the files to everything that a run writes: they come out as text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lab::{Lab, STUDY};
use crate::terminal::{Said, mpor, with_args};

/// Of accounts and instruments. The script is looked for in the PDF.
const NAMES: [&str; 17] = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "../../../etc/passwd",
    "C:\\a/b",
    "CON",
    SCRIPT,
    "#set page(fill: red); $x^2$ *b* _i_ `r` @ref <label> //",
    "]]><!-- <![CDATA[ -->",
    "&lt;&#x41;&amp;",
    "\u{202e}gnp.exe\u{2066}",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "two\nlines\rback",
    "{{7*7}} ${x} %s %n",
    "nul\u{0}byte",
];
const SCRIPT: &str = "<script>alert(1)</script>";

/// A CSV cell that reads back as the text.
fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn lab(formats: &str) -> Lab {
    let lab = Lab::new();
    let long = "L".repeat(10_000);
    let names: Vec<&str> = NAMES.into_iter().chain([long.as_str()]).collect();
    let (head, _) = STUDY.split_once("[[portfolio]]").unwrap();
    let keys = "instruments = \"data/instruments.csv\"\npositions = \"data/positions.csv\"\n\n[fx]";
    let models = format!(
        "[[model]]\nname = \"isolated\"\nrules = \"generic/isolated\"\nas_of = \"2021-01-01\"\nbaseline = true\n\n\
         [[model]]\nname = \"{SCRIPT} =1 #let\"\nkind = \"scan\"\nprice_range = 0.05\n\n\
         [report]\nformats = {formats}\n"
    );
    lab.text("study.toml", &(head.replace("[fx]", keys) + &models));
    let mut instruments =
        "instrument,kind,underlying,quote,settlement,contract_size,inverse,expiry,strike,right\n"
            .to_owned();
    let mut positions = "time,account,instrument,quantity\n".to_owned();
    for (number, name) in names.iter().enumerate() {
        let name = cell(name);
        instruments.push_str(&format!("{name},perpetual,BTC,USD,USD,1,false,,,\n"));
        let quantity = if number % 2 == 0 { 1 } else { -1 };
        positions.push_str(&format!("2021-02-01T08:00:00Z,{name},{name},{quantity}\n"));
    }
    lab.text("data/instruments.csv", &instruments);
    lab.text("data/positions.csv", &positions);
    lab
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

fn tame(said: &Said) {
    let acts = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    for text in [&said.out, &said.err] {
        assert_eq!(text.chars().find(acts), None, "{}", said.shown());
    }
}

#[test]
fn hostile_names_are_text_in_everything_that_a_run_writes() {
    let mut lab = lab("[\"pdf\", \"svg\", \"png\", \"html\"]");
    if mpor(&lab.path(""), "check study.toml").code == 2 {
        lab = self::lab("[\"pdf\", \"svg\", \"png\"]");
    }
    let before: BTreeSet<PathBuf> = files(&lab.path("")).into_iter().collect();
    let ran = mpor(&lab.path(""), "run study.toml --out run");
    assert_eq!(ran.code, 0, "{}", ran.shown());
    tame(&ran);
    for words in [["check", "study.toml"], ["verify", "run"]] {
        let said = with_args(&lab.path(""), &words);
        assert_eq!(said.code, 0, "{}", said.shown());
        tame(&said);
    }
    let margin = mpor(&lab.path(""), "margin study.toml --at 2021-04-10");
    assert_eq!(margin.code, 0);
    tame(&margin);
    let inside = lab.path("run");
    let mut kinds = BTreeSet::new();
    for path in files(&lab.path("")) {
        if before.contains(&path) {
            continue;
        }
        assert!(path.starts_with(&inside), "{} is outside of the run", path.display());
        let name = path.strip_prefix(&inside).unwrap().to_str().unwrap();
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./\\".contains(c));
        assert!(plain && name.len() < 100, "{name}");
        let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        match kind.as_str() {
            "svg" => svg(&path),
            "html" => html(&path),
            "csv" => csv(&path),
            "pdf" => pdf(&path),
            _ => {}
        }
        kinds.insert(kind);
    }
    assert!(kinds.contains("svg") && kinds.contains("pdf"), "{kinds:?}");
}

/// A program's output, unless the machine does not have it.
fn output(program: &str, arguments: &[&str], path: &Path) -> Option<String> {
    match Command::new(program).args(arguments).arg(path).output() {
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program} {}: {told}", path.display());
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(error) => {
            println!("not looked at with {program}: {error}");
            None
        }
    }
}

fn svg(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    for markup in ["<script", "]]>", "<!--", "<label"] {
        assert!(!text.contains(markup), "{markup} in {}", path.display());
    }
    assert!(!text.contains(|c: char| c.is_control() && !"\n\t".contains(c)), "{}", path.display());
    // A reader of XML takes it whole.
    let parse = "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])";
    output("python3", &["-c", parse], path);
}

fn html(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains("<script>alert"), "{}", path.display());
}

fn csv(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    for cell in cells(&text) {
        let formula = cell.starts_with(['=', '+', '@', '\t', '\r'])
            || (cell.starts_with('-') && cell.parse::<f64>().is_err());
        assert!(!formula, "{cell:?} in {}", path.display());
    }
}

/// Cells of RFC 4180.
fn cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut inside) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => inside = !inside,
            ',' | '\n' if !inside => {
                let whole = std::mem::take(&mut cell);
                cells.push(if c == '\n' { whole.trim_end_matches('\r').to_owned() } else { whole });
            }
            c => cell.push(c),
        }
    }
    cells
}

fn pdf(path: &Path) {
    // It writes the text beside the file.
    if output("pdftotext", &[], path).is_none() {
        return;
    }
    let beside = path.with_extension("txt");
    let text = std::fs::read_to_string(&beside).unwrap();
    let together: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(together.contains(SCRIPT), "the name is not in the report as it is written:\n{text}");
    std::fs::remove_file(beside).unwrap();
}

/// Where a name becomes a folder it is plain, or refused.
#[test]
fn a_study_whose_name_is_no_folder_is_refused() {
    let lab = Lab::new();
    let long = "n".repeat(10_000);
    for name in
        ["../x", "a/b", "a\\\\b", ".", "..", "con", "NUL.x", "lab.", " ", "a\\u0000b", "é", &long]
    {
        lab.text("study.toml", &STUDY.replacen("name = \"lab\"", &format!("name = \"{name}\""), 1));
        let said = mpor(&lab.path(""), "run study.toml");
        assert_eq!(said.code, 2, "{}", said.shown());
        assert!(said.err.contains("also the run's folder"), "{}", said.shown());
        tame(&said);
        assert!(!lab.path("runs").exists());
    }
}
