//! JSON records one by one: the first array of objects or arrays in the file, wherever it is nested.
//!
//! The file is never held whole: the text of one element is cut out by counting brackets outside strings, and only that is
//! parsed. So an answer of a venue such as `{"result": [{...}, {...}]}` and a list of candles `[[...], [...]]` read alike.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::error::DataError;
use crate::import::bytes::Bytes;
use crate::import::cell::Cell;
use crate::import::error::ImportError;
use crate::import::records::{Record, Visit};

/// Bytes read at once.
const CHUNK: usize = 1 << 18;
/// The longest record that is believed.
const LONGEST_RECORD: usize = 16 << 20;
/// Records whose keys are the columns.
const HEAD: usize = 2_000;

/// A JSON file before its first record.
pub(crate) struct JsonFile {
    elements: Elements,
    columns: Vec<String>,
    named: bool,
    nested: bool,
}

/// One record.
pub(crate) struct JsonRecord<'a> {
    value: &'a Value,
    columns: &'a [String],
}

impl JsonRecord<'_> {
    pub fn cell(&self, column: usize) -> Cell<'_> {
        let value = match self.value {
            Value::Array(cells) => cells.get(column),
            Value::Object(cells) => self.columns.get(column).and_then(|name| cells.get(name)),
            _ => None,
        };
        match value {
            None | Some(Value::Null) => Cell::Empty,
            Some(Value::Bool(flag)) => Cell::Flag(*flag),
            Some(Value::String(text)) => Cell::text(text),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(whole) => Cell::Whole(whole),
                None => number.as_f64().map_or(Cell::Empty, Cell::Number),
            },
            Some(nested) => Cell::Text(nested.to_string().into()),
        }
    }
}

impl JsonFile {
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let mut elements = Elements::open(path)?;
        let (mut columns, mut named, mut count) = (Vec::<String>::new(), false, 0);
        while count < HEAD
            && let Some(value) = elements.next()?
        {
            count += 1;
            match value {
                Value::Object(cells) => {
                    named = true;
                    let fresh = cells.keys().filter(|key| !columns.contains(key));
                    let fresh: Vec<String> = fresh.cloned().collect();
                    columns.extend(fresh);
                }
                Value::Array(cells) => {
                    columns.extend((columns.len() + 1..=cells.len()).map(|c| c.to_string()));
                }
                _ => (),
            }
        }
        let elements = Elements::open(path)?;
        let nested = elements.nested;
        Ok(JsonFile { elements, columns, named, nested })
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn named(&self) -> bool {
        self.named
    }

    /// Whether the list is inside an object.
    pub fn nested(&self) -> bool {
        self.nested
    }

    pub fn each(
        mut self,
        moved: &mut dyn FnMut(u64),
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        let mut number = 0;
        while let Some(value) = self.elements.next()? {
            number += 1;
            moved(self.elements.file.moved());
            let record = JsonRecord { value: &value, columns: &self.columns };
            if visit(number, &Record::Json(&record))?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The elements of the array of records.
struct Elements {
    name: String,
    file: Bytes,
    bytes: Vec<u8>,
    at: usize,
    ended: bool,
    nested: bool,
}

impl Elements {
    /// Opens a file at its first array of objects or arrays.
    fn open(path: &Path) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let (_, file) = Bytes::open(path)?;
        let mut elements =
            Elements { name, file, bytes: Vec::new(), at: 0, ended: false, nested: false };
        let mut in_string = Quoting::default();
        while let Some(byte) = elements.peek(0)? {
            elements.at += 1;
            if in_string.outside(byte) {
                elements.nested |= byte == b'{';
                if byte == b'[' && elements.opens_a_record()? {
                    return Ok(elements);
                }
            }
        }
        Err(elements.refuse("it holds no array of records ([{...}, ...] or [[...], ...])").into())
    }

    fn refuse(&self, problem: impl std::fmt::Display) -> DataError {
        DataError::unreadable(&self.name, problem)
    }

    /// Whether the next thing is an object or an array.
    fn opens_a_record(&mut self) -> Result<bool, DataError> {
        let mut ahead = 0;
        while let Some(byte) = self.peek(ahead)? {
            if !byte.is_ascii_whitespace() {
                return Ok(byte == b'{' || byte == b'[');
            }
            ahead += 1;
        }
        Ok(false)
    }

    /// The byte this far ahead, reading on where needed.
    fn peek(&mut self, ahead: usize) -> Result<Option<u8>, DataError> {
        while self.at + ahead >= self.bytes.len() && !self.ended {
            self.bytes.drain(..self.at);
            self.at = 0;
            let filled = self.bytes.len();
            self.bytes.resize(filled + CHUNK, 0);
            let count = self.file.read(&mut self.bytes[filled..]);
            let count = count.map_err(|error| DataError::unreadable(&self.name, error))?;
            self.bytes.truncate(filled + count);
            self.ended = count == 0;
        }
        Ok(self.bytes.get(self.at + ahead).copied())
    }

    fn next(&mut self) -> Result<Option<Value>, DataError> {
        while let Some(byte) = self.peek(0)? {
            match byte {
                b']' => return Ok(None),
                b',' => self.at += 1,
                byte if byte.is_ascii_whitespace() => self.at += 1,
                _ => return self.element().map(Some),
            }
        }
        Err(self.refuse("it ends in the middle of its records"))
    }

    /// The element that starts here.
    fn element(&mut self) -> Result<Value, DataError> {
        let (mut length, mut depth) = (0, 0_usize);
        let mut in_string = Quoting::default();
        loop {
            let Some(byte) = self.peek(length)? else {
                return Err(self.refuse("it ends in the middle of a record"));
            };
            if length > LONGEST_RECORD {
                return Err(self.refuse("a record is longer than 16 MB: it is no list of records"));
            }
            if in_string.outside(byte) {
                match byte {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth > 1 => depth -= 1,
                    b'}' | b']' if depth == 1 => {
                        length += 1;
                        break;
                    }
                    b',' | b']' if depth == 0 => break,
                    _ => (),
                }
            }
            length += 1;
        }
        let text = &self.bytes[self.at..self.at + length];
        let value = serde_json::from_slice(text).map_err(|error| self.refuse(error))?;
        self.at += length;
        Ok(value)
    }
}

/// Follows strings, whose brackets and commas are no structure.
#[derive(Default)]
struct Quoting {
    inside: bool,
    escaped: bool,
}

impl Quoting {
    fn outside(&mut self, byte: u8) -> bool {
        if !self.inside {
            self.inside = byte == b'"';
            return !self.inside;
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.inside = false,
            _ => (),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn read(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), ImportError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, text).unwrap();
        let file = JsonFile::open(&path)?;
        let columns = file.columns().to_vec();
        let mut rows = Vec::new();
        file.each(&mut |_| (), &mut |_, record| {
            rows.push((0..columns.len()).map(|column| record.cell(column).shown()).collect());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((columns, rows))
    }

    #[test]
    fn records_are_found_inside_an_answer() {
        let text =
            r#"{"id": [1, 2], "result": [{"n": "a [b", "v": 1.5}, {"n": "q\"]", "w": null}]}"#;
        let (columns, rows) = read(text).unwrap();
        assert_eq!(columns, ["n", "v", "w"]);
        assert_eq!(rows, [["`a [b`", "1.5", "nothing"], ["`q\"]`", "nothing", "nothing"]]);
    }

    #[test]
    fn lists_are_numbered() {
        let (columns, rows) = read("[[1, 2.5], [3, null]]").unwrap();
        assert_eq!(columns, ["1", "2"]);
        assert_eq!(rows, [["1", "2.5"], ["3", "nothing"]]);
    }

    #[test]
    fn a_file_that_is_cut_is_told() {
        let error = read("[[1, 2], [3").unwrap_err().to_string();
        assert!(error.contains("ends in the middle of a record"), "{error}");
        let error = read("{\"a\": [1, 2]}").unwrap_err().to_string();
        assert!(error.contains("no array of records"), "{error}");
    }
}
