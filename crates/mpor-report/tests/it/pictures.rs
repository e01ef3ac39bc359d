//! Pages compared as pictures with those kept in `tests/pages`, with a tolerance for how different machines smooth edges.
//!
//! A changed page is kept beside the old one as `<name>.new.png`; `INSTA_UPDATE=always` takes it over.

use std::path::PathBuf;
use std::process::Command;

use mpor_report::{Format, Kind, render_kinds};
use resvg::tiny_skia::Pixmap;

use crate::market::{self, Shape};

/// Side of the squares that are compared by their mean grey, how far two may differ of 255, and the share that may differ more.
const SQUARE: u32 = 10;
const CLOSE: f64 = 14.0;
const MOST_CHANGED: f64 = 0.01;

/// Mean grey of each square, row by row.
fn squares(picture: &Pixmap) -> Vec<f64> {
    let (columns, rows) = (picture.width() / SQUARE, picture.height() / SQUARE);
    let grey = |x: u32, y: u32| {
        let pixel = picture.pixel(x, y).unwrap();
        (f64::from(pixel.red()) + f64::from(pixel.green()) + f64::from(pixel.blue())) / 3.0
    };
    let mean = |column: u32, row: u32| {
        let all = (0..SQUARE).flat_map(|y| (0..SQUARE).map(move |x| (x, y)));
        let sum: f64 = all.map(|(x, y)| grey(column * SQUARE + x, row * SQUARE + y)).sum();
        sum / f64::from(SQUARE * SQUARE)
    };
    (0..rows).flat_map(|row| (0..columns).map(move |column| mean(column, row))).collect()
}

/// Share of the squares that differ; one for pictures of different size.
fn changed(old: &Pixmap, new: &Pixmap) -> f64 {
    if (old.width(), old.height()) != (new.width(), new.height()) {
        return 1.0;
    }
    let (old, new) = (squares(old), squares(new));
    let far = old.iter().zip(&new).filter(|(a, b)| (*a - *b).abs() > CLOSE).count();
    far as f64 / old.len() as f64
}

/// Holds a picture against the one kept under this name.
pub fn same(name: &str, png: &[u8]) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let (known, fresh) =
        (folder.join(format!("{name}.png")), folder.join(format!("{name}.new.png")));
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&known, png).unwrap();
        return;
    }
    let old = Pixmap::decode_png(&std::fs::read(&known).unwrap()).unwrap();
    let share = changed(&old, &Pixmap::decode_png(png).unwrap());
    if share > MOST_CHANGED {
        std::fs::write(&fresh, png).unwrap();
    }
    let shown = fresh.display();
    assert!(
        share <= MOST_CHANGED,
        "{name}: {:.1} % of the page changed; look at {shown}",
        100.0 * share
    );
    let _ = std::fs::remove_file(fresh);
}

#[test]
fn a_changed_word_is_seen_and_a_shade_is_not() {
    let mut old = Pixmap::new(200, 200).unwrap();
    old.fill(resvg::tiny_skia::Color::WHITE);
    let mut new = old.clone();
    new.fill(resvg::tiny_skia::Color::from_rgba8(250, 250, 250, 255));
    assert_eq!(changed(&old, &new), 0.0);
    let black = resvg::tiny_skia::PremultipliedColorU8::from_rgba(0, 0, 0, 255).unwrap();
    // A word of 20 by 50 pixels.
    for y in 100..120 {
        (100..150).for_each(|x| new.pixels_mut()[y * 200 + x] = black);
    }
    assert!(changed(&old, &new) > MOST_CHANGED);
}

#[test]
fn the_pages_of_a_summary_look_as_before() {
    let tool = Command::new("pdftoppm").arg("-v").output();
    if !tool.is_ok_and(|output| output.status.success()) {
        println!(
            "skipped: no `pdftoppm` here to turn pages into pictures; install `poppler-utils`"
        );
        return;
    }
    let (result, findings) =
        (market::result(Shape { days: 700, ..Shape::usual() }), market::findings());
    let input = market::input(&result, &findings);
    let rendered = render_kinds(&input, None, &[Kind::Summary], &[Format::Pdf]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pdf = folder.path().join("summary.pdf");
    std::fs::write(&pdf, &rendered.artifacts[0].bytes).unwrap();
    let pages = folder.path().join("page");
    let made =
        Command::new("pdftoppm").args(["-r", "45", "-png"]).arg(&pdf).arg(&pages).status().unwrap();
    assert!(made.success());
    for page in 1..=2 {
        let picture = folder.path().join(format!("page-{page}.png"));
        same(&format!("summary-{page}"), &std::fs::read(picture).unwrap());
    }
    assert!(!folder.path().join("page-3.png").exists(), "a summary has two pages");
}
