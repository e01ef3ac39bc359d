//! All sorted runs as one sorted table, with a small buffer for each.
//!
//! A run is opened when its first row is due and closed after its last, so runs that follow one another, as those of a
//! sorted or newest-first file do, are read one at a time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::import::error::ImportError;
use crate::import::rows::{Ranks, Shape};

/// Bytes of a run read at once.
const BUFFER: usize = 1 << 16;

/// One sorted run in a part.
pub(crate) struct Run<'a> {
    shape: &'a Shape,
    path: PathBuf,
    ranks: Ranks<'a>,
    /// Where the unread rows are in the part.
    offset: u64,
    left: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl<'a> Run<'a> {
    pub fn new(shape: &'a Shape, path: &Path, ranks: Ranks<'a>, first: u64, rows: u64) -> Self {
        let offset = first * shape.width() as u64;
        Run { shape, path: path.to_owned(), ranks, offset, left: rows, buffer: Vec::new(), at: 0 }
    }

    fn row(&self) -> &[u8] {
        &self.buffer[self.at..self.at + self.shape.width()]
    }

    /// Goes to the next row; false at the end.
    fn advance(&mut self) -> Result<bool, ImportError> {
        self.at += self.shape.width();
        if self.at < self.buffer.len() {
            return Ok(true);
        }
        self.fill(BUFFER / self.shape.width())
    }

    /// Reads the next rows and gives their labels ranks.
    fn fill(&mut self, rows: usize) -> Result<bool, ImportError> {
        let refuse = |error| DataError::unreadable(&self.path.display().to_string(), error);
        let count = self.left.min(rows as u64);
        self.at = 0;
        self.buffer.clear();
        if count == 0 {
            self.buffer.shrink_to_fit();
            return Ok(false);
        }
        let length = count * self.shape.width() as u64;
        // A part is opened for each piece: there may be more parts than a process may hold open.
        let mut file = File::open(&self.path).map_err(refuse)?;
        file.seek(SeekFrom::Start(self.offset)).map_err(refuse)?;
        let read = file.take(length).read_to_end(&mut self.buffer).map_err(refuse)?;
        if read as u64 != length {
            let problem = "it is shorter than its note says; delete the folder and import again";
            return Err(DataError::unreadable(&self.path.display().to_string(), problem).into());
        }
        for row in self.buffer.chunks_exact_mut(self.shape.width()) {
            self.shape.relabel(row, self.ranks);
        }
        self.offset += length;
        self.left -= count;
        Ok(true)
    }
}

/// A run in the heap; the one with the least row is the greatest.
struct Waiting<'a>(Run<'a>);

impl Ord for Waiting<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.shape.compare(other.0.row(), self.0.row())
    }
}

impl PartialOrd for Waiting<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting<'_> {}

/// Gives the rows of all runs in order.
pub(crate) fn merge(
    runs: Vec<Run<'_>>,
    take: &mut dyn FnMut(&[u8]) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let mut heap = BinaryHeap::new();
    for mut run in runs {
        // One row is enough to wait with.
        if run.fill(1)? {
            heap.push(Waiting(run));
        }
    }
    while let Some(Waiting(mut run)) = heap.pop() {
        loop {
            take(run.row())?;
            if !run.advance()? {
                break;
            }
            let overtaken = heap.peek().is_some_and(|next| {
                run.shape.compare(run.row(), next.0.row()) == Ordering::Greater
            });
            if overtaken {
                heap.push(Waiting(run));
                break;
            }
        }
    }
    Ok(())
}
