//! A folder to import in.

use std::fs;
use std::path::{Path, PathBuf};

use mpor_data::import::{ImportError, Report, Spec, Watch, import};
use mpor_data::tables::{csv_text, read_parquet};

pub struct Desk {
    folder: tempfile::TempDir,
}

struct Nobody;

impl Watch for Nobody {
    fn begin(&self, _stage: &str, _total: usize) {}
    fn advance(&self, _units: usize) {}
    fn end(&self) {}
}

impl Desk {
    pub fn new() -> Self {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// A spec of TOML, for one file, into `out.parquet`.
    pub fn spec(&self, file: &str, keys: &str) -> Spec {
        let mut spec: Spec = toml::from_str(keys).unwrap();
        spec.files = vec![file.to_owned()];
        spec.to = Some(self.path("out.parquet"));
        spec
    }

    pub fn import(&self, spec: &Spec) -> Result<Report, ImportError> {
        import(spec, &Nobody)
    }

    /// The table that a spec makes of a file, as CSV with `\n`, and the report.
    pub fn table(&self, file: &str, keys: &str) -> (String, Report) {
        let report = self.import(&self.spec(file, keys)).unwrap_or_else(|e| panic!("{e}"));
        assert!(report.adds_up(), "{report:?}");
        (self.written(), report)
    }

    pub fn written(&self) -> String {
        let table = read_parquet(&self.path("out.parquet")).unwrap();
        csv_text(&table).unwrap().replace("\r\n", "\n")
    }

    /// What stands in the way, in words without the folder.
    pub fn refused(&self, file: &str, keys: &str) -> String {
        let error = self.import(&self.spec(file, keys)).unwrap_err().to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// The folder of real files beside the repository, or a word that there is none.
pub fn collected(name: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = folder.join(name);
    if !path.exists() {
        println!("skipped: {} is not beside this checkout", path.display());
        return None;
    }
    Some(path.to_string_lossy().into_owned())
}

pub fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/fixtures").join(name);
    path.to_string_lossy().into_owned()
}
