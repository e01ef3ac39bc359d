//! The bytes of a text file, plain or out of a gzip file or a zip archive, as a stream.
//!
//! Nothing is unpacked to disk or held whole: memory is that of the decoder's window. An archive holds one file, since two
//! would be two sources of rows under one name. What unpacks to an absurd size is refused while it is read, and the sum that
//! an archive states of its file is compared at the end.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

use crate::error::DataError;

/// Unpacked bytes that a byte of a file may stand for: rows of text pack to a fifth, rarely to a fiftieth.
const MOST_UNPACKED: u64 = 200;
/// Unpacked bytes below which the ratio is not looked at.
const ALWAYS_UNPACKED: u64 = 64 << 20;

/// What a file is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Nothing.
    Plain,
    /// Gzip, of one member or several.
    Gzip,
    /// A zip archive.
    Zip,
}

/// A stream of the bytes inside a file.
pub(crate) struct Bytes {
    inside: Box<dyn Read>,
    /// Bytes of the file itself that were read, and those that were told.
    taken: Rc<Cell<u64>>,
    told: u64,
}

impl Bytes {
    pub fn open(path: &Path) -> Result<(Packing, Self), DataError> {
        let name = path.display().to_string();
        let refuse = |error: io::Error| DataError::unreadable(&name, error);
        let mut file = File::open(path).map_err(refuse)?;
        let size = file.metadata().map_err(refuse)?.len();
        let mut head = [0; 4];
        let count = read_head(&mut file, &mut head).map_err(refuse)?;
        file.seek(SeekFrom::Start(0)).map_err(refuse)?;
        let taken = Rc::new(Cell::new(0));
        let packing = packing(&head[..count]);
        let inside: Box<dyn Read> = match packing {
            Packing::Plain => Box::new(Counted { inside: file, taken: Rc::clone(&taken) }),
            Packing::Gzip => {
                let counted = Counted { inside: BufReader::new(file), taken: Rc::clone(&taken) };
                bounded(MultiGzDecoder::new(counted), size)
            }
            Packing::Zip => {
                let stored = Stored::of(&name, &mut file)?;
                file.seek(SeekFrom::Start(stored.start)).map_err(refuse)?;
                let own = BufReader::new(file).take(stored.packed);
                let counted = Counted { inside: own, taken: Rc::clone(&taken) };
                let sum = stored.sum;
                match stored.deflated {
                    true => bounded(Summed::new(DeflateDecoder::new(counted), sum), size),
                    false => bounded(Summed::new(counted, sum), size),
                }
            }
        };
        Ok((packing, Bytes { inside, taken, told: 0 }))
    }

    /// Bytes of the file itself that were read since this was last asked.
    pub fn moved(&mut self) -> u64 {
        let taken = self.taken.get();
        taken - std::mem::replace(&mut self.told, taken)
    }

    /// The first bytes, as many as there are up to the length of `head`.
    pub fn head(&mut self, head: &mut [u8]) -> io::Result<usize> {
        read_head(&mut self.inside, head)
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inside.read(buffer)
    }
}

fn packing(head: &[u8]) -> Packing {
    match head {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Packing::Zip,
        _ => Packing::Plain,
    }
}

/// Reads until the buffer is full or the stream ends; a decoder may give less at a time.
fn read_head(from: &mut impl Read, head: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < head.len() {
        match from.read(&mut head[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Where the one file of an archive lies.
struct Stored {
    start: u64,
    packed: u64,
    deflated: bool,
    sum: u32,
}

impl Stored {
    fn of(name: &str, file: &mut File) -> Result<Self, DataError> {
        let refuse = |problem: String| DataError::unreadable(name, problem);
        let broken = |error| refuse(format!("it is a zip archive that cannot be read: {error}"));
        let mut archive = ZipArchive::new(file).map_err(broken)?;
        let hidden = |name: &str| name.starts_with("__MACOSX/") || name.ends_with('/');
        let names: Vec<String> =
            archive.file_names().filter(|name| !hidden(name)).map(str::to_owned).collect();
        let [only] = names.as_slice() else {
            let what = match names.as_slice() {
                [] => "no file".to_owned(),
                several => format!("{} files ({}, ...)", several.len(), several[..2].join(", ")),
            };
            return Err(refuse(format!(
                "the zip archive holds {what}; one file an archive is read: unpack it first, and name its files by a pattern"
            )));
        };
        let at = archive.index_for_name(only).unwrap_or_default();
        let inside = archive.by_index_raw(at).map_err(broken)?;
        if inside.encrypted() {
            return Err(refuse(format!("`{only}` in it is locked by a password; unpack it first")));
        }
        let deflated = match inside.compression() {
            CompressionMethod::Deflated => true,
            CompressionMethod::Stored => false,
            other => {
                return Err(refuse(format!(
                    "`{only}` in it is packed by {other}; deflate is read: unpack it first"
                )));
            }
        };
        let start =
            inside.data_start().ok_or_else(|| refuse("the zip archive is cut".to_owned()))?;
        Ok(Stored { start, packed: inside.compressed_size(), deflated, sum: inside.crc32() })
    }
}

/// Counts what is read.
struct Counted<R> {
    inside: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inside.read(buffer)?;
        self.taken.set(self.taken.get() + count as u64);
        Ok(count)
    }
}

/// Compares the checksum at the end.
struct Summed<R> {
    inside: R,
    found: Crc,
    stated: u32,
}

impl<R> Summed<R> {
    fn new(inside: R, stated: u32) -> Self {
        Summed { inside, found: Crc::new(), stated }
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inside.read(buffer)?;
        self.found.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.found.sum() != self.stated {
            return Err(io::Error::other(
                "the checksum of the file in the archive does not fit its bytes: it is damaged",
            ));
        }
        Ok(count)
    }
}

/// Stops at what no table of numbers unpacks to.
struct Bounded<R> {
    inside: R,
    size: u64,
    unpacked: u64,
}

fn bounded<R: Read + 'static>(inside: R, size: u64) -> Box<dyn Read> {
    Box::new(Bounded { inside, size, unpacked: 0 })
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inside.read(buffer)?;
        self.unpacked += count as u64;
        if self.unpacked > ALWAYS_UNPACKED.max(MOST_UNPACKED.saturating_mul(self.size)) {
            return Err(io::Error::other(format!(
                "its {} bytes unpack to more than {MOST_UNPACKED} times as many, which no table of numbers does; unpack it first if it is what it should be",
                self.size
            )));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<(Packing, Vec<u8>, u64), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, bytes).unwrap();
        let (packing, mut stream) = Bytes::open(&path).map_err(|error| error.to_string())?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all).map_err(|error| error.to_string())?;
        Ok((packing, all, stream.moved()))
    }

    #[test]
    fn gzip_of_several_members_is_one_stream() {
        let bytes = [gzip(b"a,b\n"), gzip(b"1,2\n")].concat();
        let (packing, text, moved) = read(&bytes).unwrap();
        assert_eq!((packing, text.as_slice()), (Packing::Gzip, &b"a,b\n1,2\n"[..]));
        assert_eq!(moved, bytes.len() as u64, "progress counts the bytes of the file itself");
    }

    #[test]
    fn a_cut_gzip_is_told() {
        let bytes = gzip(&b"1,2\n".repeat(1000));
        assert!(read(&bytes[..bytes.len() - 6]).is_err());
    }

    #[test]
    fn what_unpacks_without_end_is_stopped() {
        let told = read(&gzip(&vec![b'\n'; 70 << 20])).unwrap_err();
        assert!(told.contains("more than 200 times as many"), "{told}");
    }

    #[test]
    fn plain_bytes_are_as_they_are() {
        assert_eq!(read(b"a,b\n").unwrap(), (Packing::Plain, b"a,b\n".to_vec(), 4));
        assert_eq!(read(b"").unwrap(), (Packing::Plain, Vec::new(), 0));
    }
}
