//! Does a Parquet file declare no more than it can hold?
//!
//! A reader makes room for what headers declare before it looks at the data: a few damaged bytes can ask it for gigabytes. So
//! footer and page headers are walked first, without unpacking anything: chunks lie inside the file, pages inside it too, their
//! values add up to those of the column and the row group, and no page claims to unpack to more than its codec can pack into
//! its bytes. What is left to the decoders is bounded by the file's own size.
//!
//! Source of the field numbers: `parquet.thrift` of the Apache Parquet format, 2.11.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::error::DataError;
use crate::thrift::{self, Struct};

/// At either end of the file.
const MAGIC: &[u8; 4] = b"PAR1";
/// Length of the footer and magic.
const TAIL: u64 = 8;
/// Bytes that a page header is looked for in at first; those with long statistics need more.
const HEADER: usize = 256;
/// Longest page header that is read.
const LONGEST_HEADER: usize = 1 << 24;
/// What small pages may take beyond their codec's best, for its own headers.
const SLACK: u64 = 4096;
/// `FieldRepetitionType::REPEATED`.
const REPEATED: i64 = 2;

/// The body of a file, which ends where its footer begins.
struct Body {
    file: File,
    end: u64,
}

/// One column of one row group.
struct Chunk {
    /// `CompressionCodec`.
    codec: i64,
    values: u64,
    start: u64,
}

/// Checks a local file.
///
/// # Errors
/// [`DataError::Unreadable`] saying what does not fit.
pub(crate) fn check(path: &Path) -> Result<(), DataError> {
    let shown = path.display().to_string();
    let refuse = |problem: String| DataError::unreadable(&shown, problem);
    let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
    look(file).map_err(refuse)
}

fn look(mut file: File) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let size = file.metadata().map_err(told)?.len();
    let mut head = [0; 4];
    let mut tail = [0; TAIL as usize];
    if size < 4 + TAIL {
        return Err(format!("not a Parquet file: {size} bytes are too few"));
    }
    file.read_exact(&mut head).map_err(told)?;
    file.seek(SeekFrom::Start(size - TAIL)).map_err(told)?;
    file.read_exact(&mut tail).map_err(told)?;
    let (length, magic) = tail.split_at(4);
    if head != *MAGIC || magic != MAGIC {
        let whole = "does it begin and end with PAR1, and was it copied to its end?";
        return Err(format!("not a whole Parquet file; {whole}"));
    }
    let length = length.iter().rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
    if length > size - TAIL - 4 {
        return Err(format!("declares a footer of {length} bytes in a file of {size}"));
    }
    let mut body = Body { file, end: size - TAIL - length };
    let footer = body.read(body.end, length as usize).map_err(told)?;
    let (metadata, _) = thrift::read(&footer).map_err(|fault| format!("its footer {fault}"))?;
    row_groups(&metadata, &mut body)
}

/// Every chunk of every row group.
fn row_groups(metadata: &Struct, body: &mut Body) -> Result<(), String> {
    let flat = metadata.structs(2).all(|element| element.int(3) != Some(REPEATED));
    let declared = count(metadata.int(3), "rows")?;
    let mut rows = 0_u64;
    for (number, group) in metadata.structs(4).enumerate() {
        let place = |fault: String| format!("row group {}: {fault}", number + 1);
        let of_group = count(group.int(3), "rows").map_err(place)?;
        rows = rows.saturating_add(of_group);
        for (number, column) in group.structs(1).enumerate() {
            let place = |fault: String| place(format!("column {}: {fault}", number + 1));
            let Some(chunk) = column.inner(3) else { continue };
            let chunk = Chunk::of(chunk, body).map_err(place)?;
            if flat && chunk.values != of_group {
                let fault = format!("declares {} values for {of_group} rows", chunk.values);
                return Err(place(fault));
            }
            body.walk(&chunk).map_err(place)?;
        }
    }
    match rows == declared {
        true => Ok(()),
        false => Err(format!("declares {declared} rows, and its row groups hold {rows}")),
    }
}

impl Chunk {
    fn of(chunk: &Struct, body: &Body) -> Result<Chunk, String> {
        let data = count(chunk.int(9), "bytes before the first page")?;
        let dictionary = chunk.int(11).and_then(|at| u64::try_from(at).ok()).filter(|&at| at > 0);
        let start = dictionary.map_or(data, |dictionary| dictionary.min(data));
        let length = count(chunk.int(7), "bytes")?;
        if start.checked_add(length).is_none_or(|end| end > body.end) {
            return Err(format!("declares {length} bytes from {start} on, beyond the file"));
        }
        let codec = chunk.int(4).unwrap_or(0);
        Ok(Chunk { codec, values: count(chunk.int(5), "values")?, start })
    }

    /// Most bytes that this many packed ones can unpack to: a copy of 64 in snappy takes three, one of 258 in deflate two
    /// bits, a run of 128 KiB in zstd four bytes, and a byte of lz4 makes a run 255 longer.
    fn unpacked(&self, packed: u64) -> u64 {
        let best = match self.codec {
            0 => 1,
            1 => 22,
            2 => 1_032,
            5 | 7 => 255,
            _ => 32_768,
        };
        packed.saturating_mul(best).saturating_add(SLACK)
    }
}

impl Body {
    fn read(&mut self, at: u64, length: usize) -> std::io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(at))?;
        let mut bytes = vec![0; length];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Walks the pages of a chunk until its values are complete.
    fn walk(&mut self, chunk: &Chunk) -> Result<(), String> {
        let (mut at, mut values) = (chunk.start, 0_u64);
        let mut page = 0;
        while values < chunk.values {
            page += 1;
            let place = |fault: String| format!("page {page}: {fault}");
            let header = self.header(at).map_err(place)?;
            if header.data {
                values = values.saturating_add(header.values);
            }
            let end = at.saturating_add(header.length).saturating_add(header.packed);
            if end > self.end {
                return Err(place(format!("declares {} bytes, beyond the file", header.packed)));
            }
            if header.unpacked > chunk.unpacked(header.packed) {
                let (packed, unpacked) = (header.packed, header.unpacked);
                return Err(place(format!("declares {unpacked} bytes packed into {packed}")));
            }
            if !header.data && header.values > header.unpacked {
                let (values, unpacked) = (header.values, header.unpacked);
                return Err(place(format!("declares {values} entries in {unpacked} bytes")));
            }
            at = end;
        }
        match values == chunk.values {
            true => Ok(()),
            false => Err(format!("declares {} values, and its pages {values}", chunk.values)),
        }
    }

    /// The header of the page at a byte of the file.
    fn header(&mut self, at: u64) -> Result<PageHeader, String> {
        let mut wanted = HEADER;
        loop {
            let left = self.end.saturating_sub(at);
            let length = usize::try_from(left).map_or(wanted, |left| left.min(wanted));
            let bytes = self.read(at, length).map_err(|error| error.to_string())?;
            match thrift::read(&bytes) {
                Ok((header, length)) => return PageHeader::of(&header, length as u64),
                Err(thrift::Fault::Short) if length == wanted && wanted < LONGEST_HEADER => {
                    wanted *= 4;
                }
                Err(fault) => return Err(format!("its header {fault}")),
            }
        }
    }
}

/// What a page says of itself.
struct PageHeader {
    /// Bytes of the header itself.
    length: u64,
    packed: u64,
    unpacked: u64,
    values: u64,
    /// Whether its values are the column's: not those of a dictionary or an index.
    data: bool,
}

impl PageHeader {
    fn of(header: &Struct, length: u64) -> Result<PageHeader, String> {
        let (data, dictionary) = (header.inner(5).or(header.inner(8)), header.inner(7));
        let values = data.or(dictionary).map_or(Ok(0), |inner| count(inner.int(1), "values"))?;
        Ok(PageHeader {
            length,
            packed: count(header.int(3), "bytes")?,
            unpacked: count(header.int(2), "bytes unpacked")?,
            values,
            data: data.is_some(),
        })
    }
}

fn count(found: Option<i64>, what: &str) -> Result<u64, String> {
    let found = found.ok_or_else(|| format!("does not say how many {what} it has"))?;
    u64::try_from(found).map_err(|_| format!("declares {found} {what}"))
}
