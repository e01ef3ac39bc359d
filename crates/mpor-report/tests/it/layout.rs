//! Nothing is clipped and no text covers another, for small, large, plain and hostile inputs.
//!
//! The figures' SVG is read back by the rasteriser's own parser, which lays the text out with the embedded typeface.

use std::sync::Arc;

use mpor_report::{Format, render};
use resvg::usvg;

use crate::market::{self, Shape};

const FONTS: [&str; 3] =
    ["SourceSans3-Regular.ttf", "SourceSans3-Bold.ttf", "SourceSans3-Italic.ttf"];

fn typeface() -> Arc<usvg::fontdb::Database> {
    let mut fonts = usvg::fontdb::Database::new();
    for file in FONTS {
        let path = format!("{}/assets/fonts/{file}", env!("CARGO_MANIFEST_DIR"));
        fonts.load_font_data(std::fs::read(path).unwrap());
    }
    Arc::new(fonts)
}

fn texts(group: &usvg::Group, found: &mut Vec<(String, usvg::Rect)>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => texts(group, found),
            usvg::Node::Text(text) => {
                let words: String = text.chunks().iter().map(usvg::TextChunk::text).collect();
                found.push((words, text.abs_bounding_box()));
            }
            _ => {}
        }
    }
}

/// Boxes include the line's full height, so a little overlap is only white space.
const SLACK: f32 = 2.5;

fn overlap(a: &usvg::Rect, b: &usvg::Rect) -> bool {
    a.left() + SLACK < b.right()
        && b.left() + SLACK < a.right()
        && a.top() + SLACK < b.bottom()
        && b.top() + SLACK < a.bottom()
}

fn check(name: &str, svg: &[u8], fonts: &Arc<usvg::fontdb::Database>) {
    let options = usvg::Options { fontdb: Arc::clone(fonts), ..usvg::Options::default() };
    let tree = usvg::Tree::from_data(svg, &options).unwrap();
    let (width, height) = (tree.size().width(), tree.size().height());
    let mut found = Vec::new();
    texts(tree.root(), &mut found);
    assert!(!found.is_empty(), "{name}: no text at all");
    for (words, place) in &found {
        let inside = place.left() > -0.5
            && place.top() > -0.5
            && place.right() < width + 0.5
            && place.bottom() < height + 0.5;
        assert!(inside, "{name}: `{words}` at {place:?} leaves {width} x {height}");
    }
    for (i, (words, place)) in found.iter().enumerate() {
        for (others, other) in &found[i + 1..] {
            assert!(!overlap(place, other), "{name}: `{words}` and `{others}` overlap");
        }
    }
}

fn check_all(shape: Shape, rename: impl Fn(&str) -> String) {
    let (mut result, findings) = (market::result(shape), market::findings());
    result.accounts.iter_mut().for_each(|name| *name = rename(name));
    result.models.iter_mut().for_each(|model| model.id = rename(&model.id));
    let mut input = market::input(&result, &findings);
    input.oracle = vec![crate::oracle::scenario(&result)];
    let rendered = render(&input, &[Format::Svg]).unwrap();
    let fonts = typeface();
    // The models' own charts are alike: one of them is enough.
    let alike = |path: &str| path.contains("margin-loss-0") && !path.contains("-01-");
    for file in rendered.artifacts.iter().filter(|file| !alike(&file.path)) {
        check(&file.path, &file.bytes, &fonts);
    }
}

fn same(name: &str) -> String {
    name.to_owned()
}

#[test]
fn the_usual() {
    check_all(Shape { days: 700, ..Shape::usual() }, same);
}

#[test]
fn one_day_one_account_one_model() {
    check_all(Shape { days: 1, accounts: 1, models: 1, ..Shape::usual() }, same);
    check_all(Shape { days: 3, accounts: 2, models: 2, ..Shape::usual() }, same);
}

#[test]
fn twelve_models_and_many_accounts() {
    check_all(Shape { models: 12, accounts: 40, days: 150, ..Shape::usual() }, same);
}

#[test]
fn no_breach() {
    check_all(Shape { safety: 50.0, days: 150, ..Shape::usual() }, same);
}

#[test]
fn a_crash_far_beyond_the_rest() {
    check_all(Shape { crash: 200.0, days: 1_250, accounts: 3, models: 3, ..Shape::usual() }, same);
}

#[test]
fn long_and_hostile_names() {
    let hostile = "<b>#let x = \"y\" & \\ 中文 𝔘\u{202E} a very very long name that goes on and on";
    let shape = Shape { days: 120, accounts: 4, models: 4, ..Shape::usual() };
    check_all(shape, |name| format!("{name} {hostile}"));
    check_all(shape, |name| format!("{}{}", name, "W".repeat(150)));
}
