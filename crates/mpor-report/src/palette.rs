//! Colours by meaning, after Okabe and Ito (2008), "Color Universal Design": told apart by readers with any common
//! form of colour blindness. All are opaque: a translucent mark costs a PDF ten times its size.

use plotters::style::RGBColor;

use crate::drawing::Ink;

pub(crate) const WHITE: RGBColor = RGBColor(255, 255, 255);
/// Lines of the grid.
pub(crate) const GRID: RGBColor = RGBColor(228, 230, 233);
/// Axis lines and ticks.
pub(crate) const AXIS: RGBColor = RGBColor(120, 126, 134);
/// Secondary text.
pub(crate) const QUIET: RGBColor = RGBColor(88, 94, 102);
/// Text.
pub(crate) const TEXT: RGBColor = RGBColor(28, 32, 38);

const BLUE: RGBColor = RGBColor(0, 114, 178);
const VERMILION: RGBColor = RGBColor(213, 94, 0);
const LOSS: RGBColor = RGBColor(158, 164, 172);
const MUTED: RGBColor = RGBColor(176, 181, 188);
const SERIES: [RGBColor; 9] = [
    BLUE,
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    VERMILION,
    RGBColor(120, 126, 134),
    RGBColor(240, 228, 66),
    RGBColor(97, 61, 138),
];

/// The colour of an ink.
pub(crate) fn colour(ink: Ink) -> RGBColor {
    match ink {
        Ink::Requirement => BLUE,
        Ink::Loss => LOSS,
        Ink::Breach => VERMILION,
        Ink::Muted => MUTED,
        Ink::Text => TEXT,
        Ink::Series(n) => SERIES[n % SERIES.len()],
    }
}

/// A colour on a scale that diverges from white at 0: blue for gains towards 1, vermilion for losses towards -1.
pub(crate) fn diverging(share: f64) -> RGBColor {
    let end = if share < 0.0 { VERMILION } else { BLUE };
    let weight = share.abs().clamp(0.0, 1.0) * 0.85;
    let mix =
        |from: u8, to: u8| (f64::from(from) + weight * (f64::from(to) - f64::from(from))).round();
    RGBColor(mix(255, end.0) as u8, mix(255, end.1) as u8, mix(255, end.2) as u8)
}

/// Whether black or white text is easier to read on a colour (relative luminance of WCAG 2.2 without gamma).
pub(crate) fn text_on(background: RGBColor) -> RGBColor {
    let RGBColor(red, green, blue) = background;
    let luminance = 0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue);
    if luminance > 130.0 { TEXT } else { WHITE }
}

/// As a page for browsers writes it.
pub(crate) fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
