//! Finished files of an import, kept until all are: `<out>.parts`.
//!
//! A part is the rows of one file in sorted runs (`00001.rows`) and a note (`00001.toml`) that is written last and atomically,
//! so that a part with a note is whole. It is taken over by a later import if source, bytes and plan are the same.

use std::cmp::Ordering;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use mpor_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::import::convert::Converter;
use crate::import::error::ImportError;
use crate::import::hash;
use crate::import::plan::Plan;
use crate::import::records::Records;
use crate::import::report::{Assumed, FileReport};
use crate::import::rows::{NO_TIME, Shape};
use crate::import::spec::Spec;
use crate::tables::write_bytes;

/// Rows sorted at once.
const RUN: usize = 1 << 17;
/// The version of the bytes in parts.
const VERSION: u32 = 1;

/// The note beside a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// What made it: version and plan.
    fingerprint: String,
    /// What is said about the file.
    pub report: FileReport,
    /// Texts by number.
    pub labels: Vec<String>,
    /// Rows of each sorted run.
    pub runs: Vec<u64>,
}

/// The folder of parts.
pub(crate) struct Parts {
    folder: PathBuf,
}

/// A file to be read.
pub(crate) struct Job<'a> {
    pub at: usize,
    pub path: &'a Path,
    pub spec: &'a Spec,
    pub plan: &'a Plan,
    pub assumed: &'a [Assumed],
}

impl Parts {
    /// The folder for an output file.
    pub fn beside(out: &Path) -> Result<Self, ImportError> {
        let mut name = out.as_os_str().to_owned();
        name.push(".parts");
        let folder = PathBuf::from(name);
        fs::create_dir_all(&folder).map_err(|error| DataError::unwritable(&folder, error))?;
        Ok(Parts { folder })
    }

    pub fn rows_path(&self, at: usize) -> PathBuf {
        self.folder.join(format!("{:05}.rows", at + 1))
    }

    fn note_path(&self, at: usize) -> PathBuf {
        self.folder.join(format!("{:05}.toml", at + 1))
    }

    /// Whether a file has a part, of whatever kind.
    pub fn noted(&self, at: usize) -> bool {
        self.note_path(at).exists()
    }

    /// Removes the folder; what is in it is in the output by now.
    pub fn remove(self) -> Result<(), ImportError> {
        fs::remove_dir_all(&self.folder)
            .map_err(|error| DataError::unwritable(&self.folder, error).into())
    }

    /// The part of an earlier import, if it is of the same file read in the same way.
    pub fn finished(&self, job: &Job<'_>, hash: &str) -> Option<Part> {
        let text = fs::read_to_string(self.note_path(job.at)).ok()?;
        let part: Part = toml::from_str(&text).ok()?;
        let rows = fs::metadata(self.rows_path(job.at)).ok()?.len();
        let width = Shape::of(&job.plan.table).width() as u64;
        let whole = rows == part.runs.iter().sum::<u64>() * width;
        let same = part.fingerprint == fingerprint(job)
            && part.report.file == job.path.display().to_string()
            && part.report.blake3 == hash;
        (whole && same).then_some(part)
    }

    /// Reads a file into a part.
    pub fn make(&self, job: &Job<'_>, moved: &mut dyn FnMut(u64)) -> Result<Part, ImportError> {
        let note = self.note_path(job.at);
        // A note without its rows would be a lie for as long as they are written.
        if note.exists() {
            fs::remove_file(&note).map_err(|error| DataError::unwritable(&note, error))?;
        }
        let hashed = std::thread::scope(|scope| {
            let hash = scope.spawn(|| hash::of_file(job.path));
            let part = self.read(job, moved);
            let hash = hash.join().unwrap_or_else(|_| {
                Err(DataError::unreadable(&job.path.display().to_string(), "hashing stopped"))
            });
            Ok::<_, ImportError>((part?, hash?))
        });
        let (mut part, hash) = hashed?;
        part.report.blake3 = hash;
        let text = toml::to_string(&part).map_err(|error| ImportError::spec(error.to_string()))?;
        write_bytes(&note, text.as_bytes())?;
        Ok(part)
    }

    fn read(&self, job: &Job<'_>, moved: &mut dyn FnMut(u64)) -> Result<Part, ImportError> {
        let file = job.path.display().to_string();
        let bytes =
            fs::metadata(job.path).map_err(|error| DataError::unreadable(&file, error))?.len();
        let shape = Shape::of(&job.plan.table);
        let number = u32::try_from(job.at).unwrap_or(u32::MAX);
        let mut converter = Converter::new(job.plan, &shape, number);
        let mut sorter = Sorter::create(&self.rows_path(job.at), &shape, job.plan)?;
        let (_, records) = Records::open(job.path, job.spec)?;
        records.each(moved, &mut |place, record| {
            converter.row(place, record, &mut sorter.rows);
            if sorter.rows.len() >= RUN * shape.width() {
                sorter.flush(&converter)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        sorter.flush(&converter)?;
        let (runs, order, from, to) = sorter.finish()?;
        let report = FileReport {
            file,
            blake3: String::new(),
            bytes,
            format: job.plan.format.to_string(),
            rows: converter.read,
            kept: converter.kept,
            order,
            from,
            to,
            changed: converter.changed(),
            refused: converter.refused(),
            assumed: job.assumed.to_vec(),
        };
        let labels = converter.labels().texts().to_vec();
        Ok(Part { fingerprint: fingerprint(job), report, labels, runs })
    }
}

/// What has to be the same for a part to be the same.
fn fingerprint(job: &Job<'_>) -> String {
    let text =
        format!("{VERSION} {:?} {:?} {:?} {:?}", job.plan, job.assumed, job.spec.delimiter, job.at);
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Sorts rows in runs and writes them, and sees in which order they came.
struct Sorter<'a> {
    shape: &'a Shape,
    path: PathBuf,
    file: BufWriter<File>,
    rows: Vec<u8>,
    runs: Vec<u64>,
    time: Option<usize>,
    key: Option<usize>,
    /// By label, the last time met.
    last: Vec<i64>,
    forward: u64,
    backward: u64,
    from: i64,
    to: i64,
}

impl<'a> Sorter<'a> {
    fn create(path: &Path, shape: &'a Shape, plan: &Plan) -> Result<Self, ImportError> {
        let file = File::create(path).map_err(|error| DataError::unwritable(path, error))?;
        let at = |name: &str| plan.table.columns.iter().position(|column| column.name == name);
        Ok(Sorter {
            shape,
            path: path.to_owned(),
            file: BufWriter::new(file),
            rows: Vec::with_capacity(RUN * shape.width()),
            runs: Vec::new(),
            time: at("time"),
            key: plan.table.key().and_then(at),
            last: Vec::new(),
            forward: 0,
            backward: 0,
            from: i64::MAX,
            to: i64::MIN,
        })
    }

    fn flush(&mut self, converter: &Converter<'_>) -> Result<(), ImportError> {
        let width = self.shape.width();
        let count = self.rows.len() / width;
        if count == 0 {
            return Ok(());
        }
        self.follow();
        let ranks = converter.labels().ranks();
        let rows = &self.rows;
        let row = |at: u32| &rows[at as usize * width..(at as usize + 1) * width];
        let mut order: Vec<u32> = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
        let sorted = |a: &u32, b: &u32| self.shape.compare_ranked(row(*a), row(*b), &ranks);
        if order.windows(2).all(|pair| sorted(&pair[0], &pair[1]) != Ordering::Greater) {
            let written = self.file.write_all(rows);
            written.map_err(|error| DataError::unwritable(&self.path, error))?;
        } else {
            order.sort_by(sorted);
            for at in order {
                let written = self.file.write_all(row(at));
                written.map_err(|error| DataError::unwritable(&self.path, error))?;
            }
        }
        self.runs.push(count as u64);
        self.rows.clear();
        Ok(())
    }

    /// Counts the steps of time within each series, forward and back.
    fn follow(&mut self) {
        let (Some(time), Some(key)) = (self.time, self.key) else { return };
        for row in self.rows.chunks_exact(self.shape.width()) {
            let Some(now) = self.shape.time(row, time) else { continue };
            (self.from, self.to) = (self.from.min(now), self.to.max(now));
            let label = self.shape.label(row, key).unwrap_or(0) as usize;
            if label >= self.last.len() {
                self.last.resize(label + 1, NO_TIME);
            }
            let before = std::mem::replace(&mut self.last[label], now);
            if before != NO_TIME {
                self.forward += u64::from(now > before);
                self.backward += u64::from(now < before);
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "four things known at once, and only here")]
    fn finish(
        mut self,
    ) -> Result<(Vec<u64>, String, Option<Timestamp>, Option<Timestamp>), ImportError> {
        self.file.flush().map_err(|error| DataError::unwritable(&self.path, error))?;
        let order = match (self.time, self.forward, self.backward) {
            (None, ..) => "without time".to_owned(),
            (_, _, 0) => "oldest first".to_owned(),
            (_, 0, _) => "newest first".to_owned(),
            (_, forward, backward) => format!(
                "mixed: {} of {} steps go {}",
                forward.min(backward),
                forward + backward,
                if backward <= forward { "back" } else { "forward, the others back" }
            ),
        };
        let known = self.from <= self.to;
        let time = |micros: i64| known.then_some(Timestamp(micros));
        Ok((self.runs, order, time(self.from), time(self.to)))
    }
}
