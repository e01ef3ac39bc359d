//! A figure as data: panels, axes, layers, caption, alternative text and the table it was drawn from.
//!
//! Renderers draw this and nothing else. Coordinates are the data's own: amounts in reporting currency, shares as
//! decimals, times as microseconds since the epoch (see [`at`]), rows as 0, 1, 2... from the top.

use mpor_core::{Table, Timestamp};

/// One figure, ready for any renderer.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// File name without extension, unique in a report.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What was chosen and what the marks are.
    pub caption: String,
    /// How to read it, for someone who sees such a figure for the first time.
    pub reading: String,
    /// What it shows, for someone who cannot see it.
    pub alt: String,
    /// Width of the whole and height of one panel's plotting area, in points.
    pub size: Size,
    /// Panels in a row.
    pub columns: usize,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Which tick labels the panels share.
    pub shared: Shared,
    /// Headings of the rows of panels; empty for none.
    pub row_titles: Vec<String>,
    /// What the colours mean where they are not labelled in place.
    pub key: Vec<KeyEntry>,
    /// The numbers drawn.
    pub source: Table,
}

/// Width of a figure and height of each plotting area, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// The whole figure.
    pub width: f64,
    /// One plotting area, without titles and tick labels.
    pub plot_height: f64,
}

/// Which axes are the same in all panels of a column or row, and need their tick labels only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// None.
    Nothing,
    /// Horizontal axes: labels under the last row.
    X,
    /// Both: labels under the last row and left of the first column.
    XAndY,
}

/// One meaning of one colour.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyEntry {
    /// Colour.
    pub ink: Ink,
    /// Mark.
    pub mark: KeyMark,
    /// Meaning.
    pub text: String,
}

/// How a key entry is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMark {
    /// A stroke.
    Line,
    /// A filled square.
    Block,
    /// A dot.
    Dot,
}

/// One plotting area.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Title above it; may be empty.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// What is drawn, back to front.
    pub layers: Vec<Layer>,
}

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Its title, without unit.
    pub title: String,
    /// What its values are.
    pub kind: AxisKind,
    /// How values are spaced.
    pub scale: Scale,
    /// First and last value shown.
    pub range: (f64, f64),
}

/// What the values of an axis are.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisKind {
    /// Amounts in a currency.
    Money(String),
    /// Shares, shown in percent.
    Share,
    /// Ratios, shown with a cross.
    Ratio,
    /// Instants.
    Time,
    /// Named rows or columns: name `i` belongs to the value `i`. Rows run from the top.
    Names(Vec<String>),
}

/// How values are spaced along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By logarithm; positive values only.
    Log,
    /// Evenly around zero, by logarithm beyond the given size.
    Symlog(f64),
    /// Shares below one, by logarithm of what they lack to one; the number is the least that is told from nothing.
    Nines(f64),
}

/// One set of marks.
#[derive(Clone, Debug)]
pub enum Layer {
    /// A line through points in order.
    Line {
        /// Points.
        points: Vec<(f64, f64)>,
        /// Colour.
        ink: Ink,
        /// Stroke width in points.
        width: f64,
    },
    /// The area between two lines over the same `x`.
    Area {
        /// `(x, lower, upper)`.
        points: Vec<(f64, f64, f64)>,
        /// Colour.
        ink: Ink,
    },
    /// Vertical strokes: `(x, from, to)`.
    Stems {
        /// Strokes.
        stems: Vec<(f64, f64, f64)>,
        /// Colour.
        ink: Ink,
        /// Stroke width in points.
        width: f64,
    },
    /// Horizontal bars: `(y, from, to)`.
    Bars {
        /// Bars.
        bars: Vec<(f64, f64, f64)>,
        /// Colour.
        ink: Ink,
        /// Thickness in points.
        thickness: f64,
    },
    /// Dots.
    Dots {
        /// Centres.
        points: Vec<(f64, f64)>,
        /// Colour.
        ink: Ink,
        /// Radius in points.
        radius: f64,
    },
    /// A grid of coloured cells, one value each, on two [`AxisKind::Names`] axes: `values[row][column]`.
    Cells {
        /// Values, drawn on a scale that diverges from zero.
        values: Vec<Vec<f64>>,
        /// Texts in the cells.
        texts: Vec<Vec<String>>,
        /// The cell to outline, (row, column).
        marked: Option<(usize, usize)>,
    },
    /// A line across the plot.
    Rule {
        /// Whether it is vertical, at `x = at`; else horizontal, at `y = at`.
        vertical: bool,
        /// Where.
        at: f64,
        /// Text beside it.
        label: String,
    },
    /// Texts beside points.
    Labels(Vec<Label>),
}

/// A text beside a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The point.
    pub at: (f64, f64),
    /// The text.
    pub text: String,
    /// Colour.
    pub ink: Ink,
    /// Where the text goes.
    pub place: Place,
}

/// Where a label goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Right of the plotting area, at the point's height.
    Margin,
    /// Near the point, where there is room.
    Near,
}

/// A colour by its meaning. Every colour is opaque and can be told from the others by colour-blind readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// A requirement.
    Requirement,
    /// A realised loss.
    Loss,
    /// A loss above a requirement.
    Breach,
    /// Context: what the eye should pass over.
    Muted,
    /// Text and axes.
    Text,
    /// The n-th of several series.
    Series(usize),
}

impl Size {
    /// As wide as the text of an A4 page.
    #[must_use]
    pub fn page(plot_height: f64) -> Self {
        Size { width: 482.0, plot_height }
    }
}

impl Axis {
    /// A time axis from the first to the last of the instants, widened to a day when they are one.
    #[must_use]
    pub fn time(times: &[Timestamp]) -> Self {
        let first = times.first().map_or(0.0, |&time| at(time));
        let last = times.last().map_or(0.0, |&time| at(time));
        let pad = if last > first { 0.0 } else { 43_200e6 };
        Axis {
            title: String::new(),
            kind: AxisKind::Time,
            scale: Scale::Linear,
            range: (first - pad, last + pad),
        }
    }

    /// Named rows or columns, in order.
    #[must_use]
    pub fn names(names: Vec<String>) -> Self {
        let range = (-0.5, names.len() as f64 - 0.5);
        Axis { title: String::new(), kind: AxisKind::Names(names), scale: Scale::Linear, range }
    }

    /// An axis of amounts.
    #[must_use]
    pub fn money(currency: &str, scale: Scale, range: (f64, f64)) -> Self {
        Axis { title: String::new(), kind: AxisKind::Money(currency.to_owned()), scale, range }
    }

    /// The same axis with a title.
    #[must_use]
    pub fn titled(self, title: &str) -> Self {
        Axis { title: title.to_owned(), ..self }
    }
}

/// An instant as a coordinate.
#[must_use]
pub fn at(time: Timestamp) -> f64 {
    time.0 as f64
}
