//! CSV of any tool: delimiter, comment lines and header found, records split one by one from a buffer of fixed size.
//!
//! RFC 4180 quoting, any of `,` `;` tab `|` between cells, any line ending. Lines before the header are those with another
//! number of cells than the rows have; a first line that is numbers or times is no header.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::DataError;
use crate::import::bytes::{Bytes, Packing};
use crate::import::cell::Cell;
use crate::import::error::ImportError;
use crate::import::records::{Record, Visit};
use crate::import::time;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// The longest record that is believed: beyond it a quote was opened and never closed.
const LONGEST_RECORD: usize = 16 << 20;
/// Lines that decide delimiter and header.
const HEAD_LINES: usize = 40;
/// What may stand between cells.
const DELIMITERS: &[u8] = b",;\t|";

/// A CSV file before its first row.
pub(crate) struct CsvFile {
    name: String,
    buffer: Buffer,
    delimiter: u8,
    columns: Vec<String>,
    comments: Vec<String>,
    named: bool,
    /// Line of the first record not yet visited.
    line: u64,
}

struct Buffer {
    file: Bytes,
    bytes: Vec<u8>,
    start: usize,
    ended: bool,
}

/// One record, split.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    unescaped: &'a [u8],
    fields: &'a [Field],
}

/// Where a cell lies: in the record, or, with quotes taken off inside, in the unescaped text.
#[derive(Clone, Copy)]
struct Field {
    start: usize,
    end: usize,
    escaped: bool,
}

impl Fields<'_> {
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn cell(&self, column: usize) -> Cell<'_> {
        let Some(field) = self.fields.get(column) else { return Cell::Empty };
        let from = if field.escaped { self.unescaped } else { self.bytes };
        match std::str::from_utf8(&from[field.start..field.end]) {
            Ok(text) => Cell::text(text),
            Err(_) => Cell::Garbled,
        }
    }
}

impl Buffer {
    /// Reads more; false at the end of the file.
    fn more(&mut self) -> std::io::Result<bool> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let filled = self.bytes.len();
        self.bytes.resize(filled + CHUNK, 0);
        let count = self.file.read(&mut self.bytes[filled..])?;
        self.bytes.truncate(filled + count);
        self.ended = count == 0;
        Ok(count > 0)
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// The scratch space of the splitter.
#[derive(Default)]
struct Split {
    fields: Vec<Field>,
    unescaped: Vec<u8>,
    /// Bytes of the record with its line ending.
    length: usize,
    /// Lines it spans.
    lines: u64,
}

impl Split {
    /// Splits the first record; false where its end is not in `bytes` and more may come.
    fn record(&mut self, bytes: &[u8], delimiter: u8, ended: bool) -> bool {
        self.fields.clear();
        self.unescaped.clear();
        self.lines = 1;
        let mut at = 0;
        loop {
            let quoted = bytes.get(at) == Some(&b'"');
            let field = if quoted { self.quoted(bytes, at) } else { plain(bytes, at, delimiter) };
            let Some((field, next)) = field else { return false };
            at = next;
            if quoted {
                // Anything between the closing quote and the delimiter is a fault of the writer and is dropped.
                while at < bytes.len() && ![delimiter, b'\n', b'\r'].contains(&bytes[at]) {
                    at += 1;
                }
            }
            self.fields.push(field);
            match bytes.get(at) {
                None if ended => break self.length = at,
                None => return false,
                Some(b'\n') => break self.length = at + 1,
                Some(b'\r') => match bytes.get(at + 1) {
                    None if !ended => return false,
                    Some(b'\n') => break self.length = at + 2,
                    _ => break self.length = at + 1,
                },
                Some(_) => at += 1,
            }
        }
        true
    }

    /// A cell in quotes from `at` on, and where it ends behind its closing quote.
    fn quoted(&mut self, bytes: &[u8], at: usize) -> Option<(Field, usize)> {
        let (start, mut end, mut escaped) = (at + 1, at + 1, false);
        let from = self.unescaped.len();
        loop {
            match bytes.get(end)? {
                b'"' if bytes.get(end + 1) == Some(&b'"') => {
                    if !escaped {
                        self.unescaped.extend_from_slice(&bytes[start..end]);
                    }
                    escaped = true;
                    self.unescaped.push(b'"');
                    end += 2;
                }
                b'"' => break,
                byte => {
                    self.lines += u64::from(*byte == b'\n');
                    if escaped {
                        self.unescaped.push(*byte);
                    }
                    end += 1;
                }
            }
        }
        let field = match escaped {
            true => Field { start: from, end: self.unescaped.len(), escaped },
            false => Field { start, end, escaped },
        };
        Some((field, end + 1))
    }

    fn view<'a>(&'a self, bytes: &'a [u8]) -> Fields<'a> {
        Fields { bytes, unescaped: &self.unescaped, fields: &self.fields }
    }
}

/// A cell without quotes from `at` on, which may end with the bytes.
fn plain(bytes: &[u8], at: usize, delimiter: u8) -> Option<(Field, usize)> {
    let stop = |byte: &u8| *byte == delimiter || *byte == b'\n' || *byte == b'\r';
    let end = bytes[at..].iter().position(stop).map_or(bytes.len(), |length| at + length);
    Some((Field { start: at, end, escaped: false }, end))
}

impl CsvFile {
    pub fn open(path: &Path, delimiter: Option<char>) -> Result<Self, ImportError> {
        let name = path.display().to_string();
        let refuse = |error: std::io::Error| DataError::unreadable(&name, error);
        let delimiter = match delimiter.map(u8::try_from) {
            None => None,
            Some(Ok(byte)) if byte != b'"' && byte != b'\n' => Some(byte),
            Some(_) => {
                return Err(ImportError::spec("--delimiter is one ASCII character, such as ;"));
            }
        };
        let (_, file) = Bytes::open(path)?;
        let mut buffer = Buffer { file, bytes: Vec::new(), start: 0, ended: false };
        buffer.more().map_err(refuse)?;
        if buffer.rest().starts_with(&[0xef, 0xbb, 0xbf]) {
            buffer.start = 3;
        }
        let delimiter = delimiter.unwrap_or_else(|| sniffed(&buffer));
        let mut file = CsvFile {
            name,
            buffer,
            delimiter,
            columns: Vec::new(),
            comments: Vec::new(),
            named: true,
            line: 1,
        };
        file.head();
        if file.columns.len() < 2 {
            let problem = "it has no line with two cells or more; if the cells are divided by something else than , ; tab or |, pass --delimiter";
            return Err(DataError::unreadable(&file.name, problem).into());
        }
        Ok(file)
    }

    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn comments(&self) -> &[String] {
        &self.comments
    }

    pub fn named(&self) -> bool {
        self.named
    }

    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Finds the header: the first line as wide as most lines are.
    fn head(&mut self) {
        let lines = head_lines(&self.buffer, self.delimiter);
        let width = usual_width(&lines.iter().map(|line| line.cells.len()).collect::<Vec<_>>()).0;
        let is_row = |line: &HeadLine| line.cells.len() == width && !line.text.starts_with('#');
        let header = lines.iter().position(is_row).unwrap_or(0);
        for line in &lines[..header] {
            self.comments.push(line.text.clone());
            self.skip(line);
        }
        let Some(line) = lines.get(header) else { return };
        self.named = !is_data(&line.cells);
        self.columns = match self.named {
            true => line.cells.clone(),
            false => (1..=line.cells.len()).map(|column| column.to_string()).collect(),
        };
        if self.named {
            self.skip(line);
        }
    }

    fn skip(&mut self, line: &HeadLine) {
        self.buffer.start += line.length;
        self.line += line.lines;
    }

    pub fn each(
        mut self,
        moved: &mut dyn FnMut(u64),
        visit: &mut Visit<'_>,
    ) -> Result<(), ImportError> {
        let mut split = Split::default();
        moved(self.buffer.file.moved());
        loop {
            let whole = {
                let rest = self.buffer.rest();
                !rest.is_empty() && split.record(rest, self.delimiter, self.buffer.ended)
            };
            if !whole {
                if self.buffer.ended && self.buffer.rest().is_empty() {
                    return Ok(());
                }
                if self.buffer.ended || self.buffer.rest().len() > LONGEST_RECORD {
                    let problem = format!("line {}: a quote is opened and not closed", self.line);
                    return Err(DataError::unreadable(&self.name, problem).into());
                }
                let more = self.buffer.more();
                more.map_err(|error| DataError::unreadable(&self.name, error))?;
                moved(self.buffer.file.moved());
                continue;
            }
            let fields = split.view(self.buffer.rest());
            let blank = fields.len() == 1 && fields.cell(0) == Cell::Empty;
            if !blank && visit(self.line, &Record::Fields(&fields))?.is_break() {
                return Ok(());
            }
            self.buffer.start += split.length;
            self.line += split.lines;
        }
    }
}

struct HeadLine {
    text: String,
    cells: Vec<String>,
    length: usize,
    lines: u64,
}

fn head_lines(buffer: &Buffer, delimiter: u8) -> Vec<HeadLine> {
    let mut split = Split::default();
    let (mut at, mut lines) = (buffer.start, Vec::new());
    while lines.len() < HEAD_LINES && at < buffer.bytes.len() {
        let rest = &buffer.bytes[at..];
        if !split.record(rest, delimiter, true) {
            break;
        }
        let fields = split.view(rest);
        let cell = |column: usize| match fields.cell(column) {
            Cell::Text(text) => text.into_owned(),
            _ => String::new(),
        };
        let cells: Vec<String> = (0..fields.len()).map(cell).collect();
        let text = String::from_utf8_lossy(&rest[..split.length]).trim().to_owned();
        lines.push(HeadLine { text, cells, length: split.length, lines: split.lines });
        at += split.length;
    }
    // The last line may have been cut by the end of the buffer.
    if lines.len() > 1 && at >= buffer.bytes.len() && buffer.bytes.len() >= CHUNK {
        lines.pop();
    }
    lines
}

/// The number of cells that most lines have, and how many lines that is; the wider of equals.
fn usual_width(widths: &[usize]) -> (usize, usize) {
    let count = |width: usize| widths.iter().filter(|&&other| other == width).count();
    widths.iter().map(|&width| (width, count(width))).max_by_key(|&(w, c)| (c, w)).unwrap_or((0, 0))
}

/// The delimiter that most lines, the header among them, agree on.
fn sniffed(buffer: &Buffer) -> u8 {
    let score = |delimiter: u8| {
        let lines = head_lines(buffer, delimiter);
        let (width, count) = usual_width(&lines.iter().map(|l| l.cells.len()).collect::<Vec<_>>());
        if width < 2 { (0, 0) } else { (count, width) }
    };
    let scored = DELIMITERS.iter().rev().map(|&delimiter| (score(delimiter), delimiter));
    scored.max().map_or(b',', |(score, delimiter)| if score == (0, 0) { b',' } else { delimiter })
}

/// Whether a line is values rather than names.
fn is_data(cells: &[String]) -> bool {
    let value = |cell: &&String| cell.parse::<f64>().is_ok() || time::looks_like_time(cell);
    let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
    2 * cells.iter().filter(value).count() > filled
}

/// The last record of a file, for evidence: where the history ends. Of a packed one it is not known before all is read.
pub(crate) fn last_record(path: &Path, delimiter: u8) -> Option<Vec<String>> {
    use std::io::{Seek, SeekFrom};
    let (packing, _) = Bytes::open(path).ok()?;
    if packing != Packing::Plain {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(1 << 16))).ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    let text = String::from_utf8_lossy(&tail);
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    let mut split = Split::default();
    if !split.record(line.as_bytes(), delimiter, true) {
        return None;
    }
    let fields = split.view(line.as_bytes());
    let cell = |column: usize| match fields.cell(column) {
        Cell::Text(text) => text.into_owned(),
        _ => String::new(),
    };
    Some((0..fields.len()).map(cell).collect())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    fn read(text: &str) -> (CsvFile, Vec<(u64, Vec<String>)>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, text).unwrap();
        let mut all = Vec::new();
        let visited = CsvFile::open(&path, None).unwrap();
        visited
            .each(&mut |_| (), &mut |line, record| {
                let cells = (0..record.len().unwrap()).map(|column| record.cell(column).shown());
                all.push((line, cells.collect()));
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        (CsvFile::open(&path, None).unwrap(), all)
    }

    #[test]
    fn quotes_breaks_and_empty_cells() {
        let (file, rows) = read("a,b,c\r\n1,\"x, \"\"y\"\"\",\r\n\"two\nlines\",,3\r\n\r\n4,5,6");
        assert_eq!(file.columns(), ["a", "b", "c"]);
        let shown: Vec<(u64, Vec<&str>)> = rows
            .iter()
            .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            shown,
            [
                (2, vec!["`1`", "`x, \"y\"`", "nothing"]),
                (3, vec!["`two\nlines`", "nothing", "`3`"]),
                (6, vec!["`4`", "`5`", "`6`"]),
            ]
        );
    }

    #[test]
    fn comment_lines_and_delimiters_are_found() {
        let (file, rows) = read(
            "Times are UTC,https://x.example\ndate;open;close\n2020-01-01;1,5;1,6\n2020-01-02;1,7;1,8\n",
        );
        assert_eq!(file.delimiter(), b';');
        assert_eq!(file.comments(), ["Times are UTC,https://x.example"]);
        assert_eq!(file.columns(), ["date", "open", "close"]);
        assert_eq!(rows[0], (3, vec!["`2020-01-01`".into(), "`1,5`".into(), "`1,6`".into()]));
    }

    #[test]
    fn a_file_without_a_header_is_numbered() {
        let (file, rows) = read("1577836800000,7195.2,7200\n1577840400000,7196,7201\n");
        assert!(!file.named());
        assert_eq!(file.columns(), ["1", "2", "3"]);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].0, 1);
    }

    #[test]
    fn a_quote_that_never_closes_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, "a,b\n1,2\n\"3,4\n5,6\n").unwrap();
        let file = CsvFile::open(&path, None).unwrap();
        let error = file.each(&mut |_| (), &mut |_, _| Ok(ControlFlow::Continue(()))).unwrap_err();
        assert!(error.to_string().ends_with("line 3: a quote is opened and not closed"), "{error}");
    }
}
