//! Streams over the bytes: events of the XML reader become elements, within limits.

use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;

use super::frame::{Frame, Record};
use super::{SpnError, SpnFile};

/// Longest tag with its attributes, comment or text, bytes.
const LONGEST_MARKUP: u64 = 64 * 1024;

/// Deepest nesting; the format needs ten.
const DEEPEST: usize = 32;

/// Most elements directly in one element that are kept.
const MOST_CHILDREN: usize = 4_000_000;

impl SpnFile {
    /// Reads a file from its first byte to its last.
    ///
    /// # Errors
    /// [`SpnError`] naming the byte and the element. Nothing of a bad file is returned.
    pub fn read(source: impl BufRead) -> Result<Self, SpnError> {
        let mut reader = Reader::from_reader(Bounded { source, left: LONGEST_MARKUP, over: false });
        reader.config_mut().expand_empty_elements = true;
        let mut state = State::default();
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            reader.get_mut().left = LONGEST_MARKUP;
            let at = reader.buffer_position();
            let event = match reader.read_event_into(&mut buffer) {
                Ok(event) => event,
                Err(error) => {
                    let over = reader.get_ref().over;
                    return Err(state.failed(reader.buffer_position(), &error, over));
                }
            };
            match event {
                Event::Eof => return state.finished(at),
                event => state.take(at, event)?,
            }
        }
    }
}

/// A source that hands out only so many bytes until it is told to go on.
struct Bounded<S> {
    source: S,
    left: u64,
    over: bool,
}

impl<S: BufRead> Read for Bounded<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = {
            let bytes = self.fill_buf()?;
            let count = bytes.len().min(into.len());
            into[..count].copy_from_slice(&bytes[..count]);
            count
        };
        self.consume(count);
        Ok(count)
    }
}

impl<S: BufRead> BufRead for Bounded<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            self.over = true;
            return Err(io::Error::other("too long"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let bytes = self.source.fill_buf()?;
        Ok(&bytes[..bytes.len().min(most)])
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.source.consume(count);
    }
}

/// The elements that are open, and what is finished.
#[derive(Default)]
struct State {
    open: Vec<Frame>,
    file: Option<SpnFile>,
    skipped: std::collections::BTreeMap<String, usize>,
}

impl State {
    fn take(&mut self, at: u64, event: Event<'_>) -> Result<(), SpnError> {
        match event {
            Event::Start(tag) => self.start(at, &text(tag.name().as_ref())),
            Event::End(_) => self.end(),
            Event::Text(bytes) => self.text(at, &text(&bytes)),
            Event::CData(bytes) => self.text(at, &text(&bytes)),
            Event::GeneralRef(reference) => self.reference(at, &text(&reference)),
            Event::DocType(_) => {
                Err(self.refused(at, "a document type declaration", "the format has none"))
            }
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {
                Ok(())
            }
        }
    }

    fn start(&mut self, at: u64, name: &str) -> Result<(), SpnError> {
        if self.open.len() == DEEPEST {
            let expected = format!("at most {DEEPEST} elements deep");
            return Err(self.refused(at, &format!("<{name}>"), &expected));
        }
        if self.open.is_empty() && (name != "spanFile" || self.file.is_some()) {
            let problem = "stands where one <spanFile> belongs; is this a SPAN file in XML?";
            return Err(SpnError::Element {
                at,
                element: name.to_owned(),
                problem: problem.to_owned(),
            });
        }
        self.open.push(Frame::new(name, at));
        Ok(())
    }

    fn end(&mut self) -> Result<(), SpnError> {
        // The XML reader has checked that the tags match.
        let Some(frame) = self.open.pop() else { return Ok(()) };
        let (at, path) = (frame.at, self.path_to(&frame.name));
        let Some(parent) = self.open.last_mut() else {
            let mut file = frame.into_file().map_err(|problem| element(at, path, problem))?;
            file.skipped = std::mem::take(&mut self.skipped);
            self.file = Some(file);
            return Ok(());
        };
        if parent.children() == MOST_CHILDREN {
            let expected = format!("at most {MOST_CHILDREN} elements in one");
            return Err(self.refused(at, "one more element", &expected));
        }
        parent.has_parts = true;
        if !frame.has_parts {
            let Frame { name, text, .. } = frame;
            parent.fields.push((name, text.trim().to_owned()));
            return Ok(());
        }
        let name = frame.name.clone();
        match frame.into_record().map_err(|problem| element(at, path, problem))? {
            Record::Skipped => *self.skipped.entry(name).or_default() += 1,
            record => parent.records.push(record),
        }
        Ok(())
    }

    fn text(&mut self, at: u64, text: &str) -> Result<(), SpnError> {
        match self.open.last_mut() {
            Some(frame) if frame.text.len() + text.len() <= LONGEST_MARKUP as usize => {
                frame.text.push_str(text);
                Ok(())
            }
            Some(_) => {
                let expected = format!("at most {LONGEST_MARKUP} bytes");
                Err(self.refused(at, "so long a text", &expected))
            }
            None if text
                .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
                .is_empty() =>
            {
                Ok(())
            }
            None => Err(SpnError::Malformed {
                at,
                open: "nothing".to_owned(),
                problem: "text outside the root element; is this a SPAN file in XML?".to_owned(),
            }),
        }
    }

    /// `&name;` in a text: characters by number and the five names of XML, nothing that a file defines.
    fn reference(&mut self, at: u64, name: &str) -> Result<(), SpnError> {
        let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => number.and_then(char::from_u32),
        };
        match character {
            Some(character) => self.text(at, character.encode_utf8(&mut [0; 4])),
            None => {
                let name: String = name.chars().take(40).collect();
                let what = format!("the reference `&{name};`");
                Err(self.refused(at, &what, "no entity but those of XML itself"))
            }
        }
    }

    fn finished(self, at: u64) -> Result<SpnFile, SpnError> {
        match self.file {
            Some(file) if self.open.is_empty() => Ok(file),
            _ => Err(SpnError::Truncated { at, open: self.path() }),
        }
    }

    fn failed(&self, at: u64, error: &Error, over: bool) -> SpnError {
        let open = self.path();
        match error {
            Error::Io(_) if over => {
                let what = format!("a tag, comment or text of more than {LONGEST_MARKUP} bytes");
                let expected = "the format needs none so long".to_owned();
                SpnError::Refused { at, open, what, expected }
            }
            Error::Io(problem) => SpnError::Io { at, problem: problem.to_string() },
            Error::Syntax(
                SyntaxError::UnclosedTag
                | SyntaxError::UnclosedComment
                | SyntaxError::UnclosedCData
                | SyntaxError::UnclosedDoctype
                | SyntaxError::UnclosedPIOrXmlDecl,
            )
            | Error::IllFormed(IllFormedError::MissingEndTag(_)) => {
                SpnError::Truncated { at, open }
            }
            other => SpnError::Malformed { at, open, problem: other.to_string() },
        }
    }

    fn refused(&self, at: u64, what: &str, expected: &str) -> SpnError {
        let (what, expected) = (what.to_owned(), expected.to_owned());
        SpnError::Refused { at, open: self.path(), what, expected }
    }

    fn path(&self) -> String {
        if self.open.is_empty() {
            return "nothing".to_owned();
        }
        self.open.iter().map(|frame| frame.name.as_str()).collect::<Vec<_>>().join("/")
    }

    fn path_to(&self, name: &str) -> String {
        let open = self.open.iter().map(|frame| frame.name.as_str());
        open.chain([name]).collect::<Vec<_>>().join("/")
    }
}

fn element(at: u64, element: String, problem: String) -> SpnError {
    SpnError::Element { at, element, problem }
}

/// UTF-8 where it is that, Latin-1 otherwise: the format's files declare the one or the other, and its codes are ASCII.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}
