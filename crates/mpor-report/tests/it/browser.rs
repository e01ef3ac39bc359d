//! The page in a real browser: no error in its script, figures drawn, hostile names shown and not run, and the same picture as
//! before. Runs where Chromium is found, and says so where not.

use std::path::Path;
use std::process::Command;

use crate::html::{hostile, page};
use crate::market::{self, Shape};
use crate::pictures;

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

fn browser() -> Option<&'static str> {
    let runs = |name: &&str| {
        Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success())
    };
    let found = NAMES.into_iter().find(|name| runs(name));
    if found.is_none() {
        println!("skipped: none of {NAMES:?} runs here; install the Debian package `chromium`");
    }
    found
}

/// Opens a page, and gives what the browser printed on both streams.
fn open(browser: &str, page: &Path, folder: &Path, further: &[&str]) -> (String, String) {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args([
            "--hide-scrollbars",
            "--virtual-time-budget=30000",
            "--enable-logging=stderr",
            "--v=0",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(further)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

fn complaints(log: &str) -> Vec<&str> {
    log.lines().filter(|line| line.contains("CONSOLE")).collect()
}

#[test]
fn the_page_draws_itself_without_an_error() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (result, findings) =
        (hostile(Shape { days: 200, models: 3, ..Shape::usual() }), market::findings());
    let file = folder.path().join("hostile.html");
    std::fs::write(&file, page(&market::input(&result, &findings))).unwrap();
    let (dom, log) =
        open(browser, &file, folder.path(), &["--window-size=1100,1400", "--dump-dom"]);
    assert!(complaints(&log).is_empty(), "{:#?}", complaints(&log));
    assert!(dom.contains("data-ready=\"yes\""), "the script did not come to its end: {log}");
    let figures = dom.matches("<figure").count();
    assert!(figures > 8 && dom.matches("<svg").count() >= figures, "{figures} figures");
    assert!(dom.contains("<select"));
    // Nothing of a name became an element: the two scripts are the page's own.
    assert_eq!(dom.matches("<script").count(), 2);
}

#[test]
fn the_page_looks_as_before() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let shape = Shape { days: 500, models: 3, ..Shape::usual() };
    let (result, findings) = (market::result(shape), market::findings());
    let file = folder.path().join("report.html");
    std::fs::write(&file, page(&market::input(&result, &findings))).unwrap();
    let shot = folder.path().join("shot.png");
    let shoot = format!("--screenshot={}", shot.display());
    let size = "--window-size=1000,2400";
    let (_, log) =
        open(browser, &file, folder.path(), &[size, "--force-device-scale-factor=0.5", &shoot]);
    assert!(complaints(&log).is_empty(), "{:#?}", complaints(&log));
    pictures::same("page", &std::fs::read(&shot).unwrap());
}
