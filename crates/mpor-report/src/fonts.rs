//! The typeface of charts and pages: Source Sans 3, vendored under the SIL Open Font License, and a monospaced
//! face for hashes. No system font is ever looked up, so a report looks the same on every machine.

use std::sync::Arc;

use resvg::usvg::fontdb;
use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontInstance, FontVariant, FontVariations};

use crate::error::ReportError;

/// Family of every text outside hashes.
pub(crate) const FAMILY: &str = "Source Sans 3";
/// The family as SVG wants it: quoted, because a bare name cannot hold a word that starts with a digit.
pub(crate) const SVG_FAMILY: &str = "'Source Sans 3', sans-serif";

const REGULAR: &[u8] = include_bytes!("../assets/fonts/SourceSans3-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../assets/fonts/SourceSans3-Bold.ttf");
const ITALIC: &[u8] = include_bytes!("../assets/fonts/SourceSans3-Italic.ttf");
/// The same for pages for browsers, reduced to what reports are written in.
pub(crate) const WEB_REGULAR: &[u8] = include_bytes!("../assets/fonts/web/regular.woff2");
pub(crate) const WEB_BOLD: &[u8] = include_bytes!("../assets/fonts/web/bold.woff2");

/// Stroke weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Weight {
    /// 400.
    #[default]
    Regular,
    /// 700.
    Bold,
}

/// The loaded faces, and what can be asked of them.
pub(crate) struct Typeface {
    regular: FontInstance,
    bold: FontInstance,
    italic: FontInstance,
    rasteriser: Arc<fontdb::Database>,
}

impl Typeface {
    pub(crate) fn load() -> Result<Self, ReportError> {
        let mut rasteriser = fontdb::Database::new();
        for bytes in [REGULAR, BOLD, ITALIC] {
            rasteriser.load_font_source(fontdb::Source::Binary(Arc::new(bytes)));
        }
        Ok(Typeface {
            regular: face("SourceSans3-Regular.ttf", REGULAR)?,
            bold: face("SourceSans3-Bold.ttf", BOLD)?,
            italic: face("SourceSans3-Italic.ttf", ITALIC)?,
            rasteriser: Arc::new(rasteriser),
        })
    }

    /// The faces for the page setter.
    pub(crate) fn faces(&self) -> [Font; 3] {
        [&self.regular, &self.bold, &self.italic].map(|face| face.font().clone())
    }

    /// The faces for the rasteriser.
    pub(crate) fn rasteriser(&self) -> Arc<fontdb::Database> {
        Arc::clone(&self.rasteriser)
    }

    /// Advance width of a text in the unit of `size`. Kerning is left out: it only makes a text narrower.
    pub(crate) fn width(&self, text: &str, size: f64, weight: Weight) -> f64 {
        let font = match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        };
        let advance = |c| {
            let glyph = font.ttf().glyph_index(c)?;
            font.x_advance(glyph.0).map(|em| em.get())
        };
        text.chars().map(|c| advance(c).unwrap_or(0.6)).sum::<f64>() * size
    }

    /// Whether all faces have a glyph for the character.
    pub(crate) fn covers(&self, c: char) -> bool {
        [&self.regular, &self.bold, &self.italic]
            .into_iter()
            .all(|font| font.ttf().glyph_index(c).is_some())
    }
}

fn face(name: &'static str, bytes: &'static [u8]) -> Result<FontInstance, ReportError> {
    let font = Font::new(Bytes::new(bytes), 0).ok_or(ReportError::Font { name })?;
    // Static faces: the variant and size asked for change nothing.
    Ok(font.instantiate(FontVariant::default(), Abs::pt(10.0), &FontVariations::default()))
}
