//! How the datasets in the repository's `data/` folder are made, and remade to the same bytes.
//!
//! The numbers come from packages of public registries under permissive licences ([`RECIPES`] names package, version
//! and file). They were first collected into one Parquet file a topic, unchanged; [`rebuild`] turns such a folder into
//! the canonical tables. What it changes: bars stamped at their open are stamped at their close, sessions of a date get
//! an instant, index points of volatility become decimals. No price is changed, filled or dropped.

mod convert;
mod recipes;

use std::path::Path;

use mpor_core::{Column, Table, Timestamp};

use crate::error::DataError;
use crate::metadata::{self, ColumnNote, DataFile, Dataset, Package};
use crate::schema::{Empty, Schema};
use crate::tables::{Metadata, read_parquet, write_bytes, write_parquet};

pub use convert::{Conversion, Source, Stamp};
pub use recipes::RECIPES;

/// How one dataset is made.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Name, which is the folder's.
    pub name: &'static str,
    /// What it is, in a line.
    pub title: &'static str,
    /// Licence of the packages, as an SPDX expression.
    pub licence: &'static str,
    /// Who asks to be named, and how.
    pub attribution: &'static str,
    /// What to keep in mind when using it.
    pub caution: &'static str,
    /// What the stamps mean.
    pub time: &'static str,
    /// Faults that are known and kept.
    pub known_defects: &'static [&'static str],
    /// Where the numbers came from.
    pub packages: &'static [Origin],
    /// The files and how each is converted.
    pub outputs: &'static [Output],
}

/// A package that numbers were taken from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Name.
    pub name: &'static str,
    /// Version.
    pub version: &'static str,
    /// Kind of package.
    pub kind: &'static str,
    /// Licence as an SPDX expression.
    pub licence: &'static str,
    /// The file inside.
    pub file: &'static str,
    /// What was taken and how it was changed.
    pub made: &'static str,
}

/// One file of a dataset.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Path within the dataset.
    pub path: &'static str,
    /// Table of the canonical schemas.
    pub table: &'static str,
    /// The collected file it is made from.
    pub input: &'static str,
    /// What is taken and how it is changed.
    pub conversion: Conversion,
}

/// Makes all datasets in `data` from a folder of collected files, descriptions included.
///
/// # Errors
/// [`DataError`] naming the file.
pub fn rebuild(collected: &Path, data: &Path) -> Result<(), DataError> {
    for recipe in RECIPES {
        let folder = data.join(recipe.name);
        let files = recipe
            .outputs
            .iter()
            .map(|output| make(recipe, output, collected, &folder))
            .collect::<Result<Vec<DataFile>, _>>()?;
        let path = folder.join(metadata::FILE);
        let text = toml::to_string(&description(recipe, files)).map_err(|error| {
            DataError::Metadata { file: path.display().to_string(), problem: error.to_string() }
        })?;
        write_bytes(&path, text.as_bytes())?;
    }
    Ok(())
}

/// Checks every dataset of `data` against the hashes in its description, and that no recipe lacks its dataset.
///
/// # Errors
/// [`DataError::Metadata`] naming the first file that differs.
pub fn verify(data: &Path) -> Result<(), DataError> {
    for recipe in RECIPES {
        let folder = data.join(recipe.name);
        Dataset::read(&folder)?.verify(&folder)?;
    }
    Ok(())
}

/// The recipes as text: dataset by dataset the packages, the files inside them and what was done.
#[must_use]
pub fn provenance() -> String {
    let mut text = String::new();
    for recipe in RECIPES {
        text.push_str(&format!("{}: {}\n", recipe.name, recipe.title));
        for origin in recipe.packages {
            let Origin { name, version, kind, licence, file, made } = origin;
            text.push_str(&format!("  {name} {version} ({kind}, {licence}), {file}\n    {made}\n"));
        }
        for output in recipe.outputs {
            let how = output.conversion.in_words();
            text.push_str(&format!("  -> {}/{}: {how}\n", recipe.name, output.path));
        }
        text.push('\n');
    }
    text
}

fn make(
    recipe: &Recipe,
    output: &Output,
    collected: &Path,
    folder: &Path,
) -> Result<DataFile, DataError> {
    let input = collected.join(output.input);
    let table = output.conversion.apply(output.table, &read_parquet(&input)?, &input)?;
    let path = folder.join(output.path);
    let about = Metadata::from([
        ("dataset".to_owned(), recipe.name.to_owned()),
        ("licence".to_owned(), recipe.licence.to_owned()),
        ("time".to_owned(), recipe.time.to_owned()),
    ]);
    write_parquet(&table, &path, about)?;
    let (from, to) = range(&table);
    Ok(DataFile {
        path: output.path.to_owned(),
        table: output.table.to_owned(),
        rows: table.rows(),
        from,
        to,
        sha256: metadata::sha256(&path)?,
    })
}

fn range(table: &Table) -> (Timestamp, Timestamp) {
    let Some(Column::Time(times)) = table.column("time") else { return Default::default() };
    let times = || times.iter().flatten().copied();
    (times().min().unwrap_or_default(), times().max().unwrap_or_default())
}

fn description(recipe: &Recipe, file: Vec<DataFile>) -> Dataset {
    let package = recipe.packages.iter().map(|origin| Package {
        name: origin.name.to_owned(),
        version: origin.version.to_owned(),
        kind: origin.kind.to_owned(),
        licence: origin.licence.to_owned(),
        file: origin.file.to_owned(),
        made: origin.made.to_owned(),
    });
    let tables = recipe.outputs.first().and_then(|output| Schema::named(output.table));
    let columns = tables
        .into_iter()
        .flat_map(|schema| schema.columns)
        .filter(|column| column.empty != Empty::Absent);
    Dataset {
        name: recipe.name.to_owned(),
        title: recipe.title.to_owned(),
        licence: recipe.licence.to_owned(),
        attribution: recipe.attribution.to_owned(),
        caution: recipe.caution.to_owned(),
        time: recipe.time.to_owned(),
        known_defects: recipe.known_defects.iter().map(|&text| text.to_owned()).collect(),
        package: package.collect(),
        file,
        column: columns
            .map(|c| ColumnNote { name: c.name.to_owned(), unit: c.meaning.to_owned() })
            .collect(),
    }
}
