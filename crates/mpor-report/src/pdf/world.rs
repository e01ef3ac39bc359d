//! What the page setter can see: one template, one data file, the figures, the embedded fonts. No disk, no clock.

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_kit::fonts::FontStore;

use crate::error::ReportError;
use crate::fonts::Typeface;

const TEMPLATE: &str = include_str!("report.typ");

pub(super) struct Pages {
    library: LazyHash<Library>,
    fonts: FontStore,
    template: Source,
    files: Vec<(FileId, Bytes)>,
}

impl Pages {
    /// The data as `data.json`, the pictures as `figure-<number>.svg`.
    pub(super) fn new(
        data: Vec<u8>,
        pictures: Vec<(usize, Vec<u8>)>,
        typeface: &Typeface,
    ) -> Result<Self, ReportError> {
        let mut files = vec![(file("data.json")?, Bytes::new(data))];
        for (number, picture) in pictures {
            files.push((file(&format!("figure-{number}.svg"))?, Bytes::new(picture)));
        }
        let mut fonts = FontStore::new();
        fonts.extend(typeface.faces().map(|font| {
            let info = font.info().clone();
            (font, info)
        }));
        // For hashes: DejaVu Sans Mono. The embedded serif faces are left out, so that nothing falls back to them.
        fonts.extend(typst_kit::fonts::embedded().filter(|(_, info)| info.family.contains("Mono")));
        let template = Source::new(file("report.typ")?, TEMPLATE.to_owned());
        Ok(Pages { library: LazyHash::new(Library::default()), fonts, template, files })
    }
}

fn file(name: &str) -> Result<FileId, ReportError> {
    let path = VirtualPath::new(name).map_err(|error| ReportError::Typeset(error.to_string()))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// The page setter's complaints in one text.
pub(super) fn refused(errors: &[SourceDiagnostic]) -> ReportError {
    let messages: Vec<String> = errors
        .iter()
        .map(|error| {
            let hints: Vec<String> = error.hints.iter().map(|hint| format!("{}", hint.v)).collect();
            format!("{} {}", error.message, hints.join(" "))
        })
        .collect();
    ReportError::Typeset(messages.join("; "))
}

impl World for Pages {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.template.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.template.id() { Ok(self.template.clone()) } else { Err(missing(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let known = self.files.iter().find(|(known, _)| *known == id);
        known.map(|(_, bytes)| bytes.clone()).ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}
