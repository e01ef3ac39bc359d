//! The report of a run: what the report crate draws, from what the run found.

use std::path::Path;

use mpor_backtest::BacktestResult;
use mpor_data::metadata::Dataset;
use mpor_data::tables::{Metadata, write_bytes, write_csv, write_parquet};
use mpor_report::{
    DataOrigin, DataRow, Format, Kind, ManifestCard, ModelCard, Rendered, ReportInput, StudyCard,
    Valuations, render_kinds,
};

use crate::error::MporError;
use crate::further::Further;
use crate::loaded::Loaded;
use crate::manifest::Manifest;
use crate::mark_gap::mark_gap;
use crate::market::futures_tables::basis;
use crate::market::{FittedSmile, seen_from};
use crate::oracle::Oracle;
use crate::run::Written;
use crate::scan_map::scan_map;
use crate::study::{CalendarKind, ReportFormat, ReportKind, StudyFile};

/// The formats and kinds that a study asks for.
pub(crate) fn asked(file: &StudyFile) -> Asked {
    let spec = &file.study.report;
    Asked { formats: spec.formats.clone(), kinds: spec.kinds.clone() }
}

/// Renderings and readers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which renderings.
    pub formats: Vec<ReportFormat>,
    /// For which readers.
    pub kinds: Vec<ReportKind>,
}

impl Asked {
    fn formats(&self) -> Vec<Format> {
        self.formats.iter().map(|&format| rendering(format)).collect()
    }

    fn kinds(&self) -> Vec<Kind> {
        let kind = |kind: &ReportKind| match kind {
            ReportKind::Report => Kind::Report,
            ReportKind::Summary => Kind::Summary,
            ReportKind::Validation => Kind::Validation,
        };
        self.kinds.iter().map(kind).collect()
    }
}

/// A format as the report crate names it.
pub(crate) fn rendering(format: ReportFormat) -> Format {
    match format {
        ReportFormat::Pdf => Format::Pdf,
        ReportFormat::Png => Format::Png,
        ReportFormat::Svg => Format::Svg,
        ReportFormat::Html => Format::Html,
    }
}

/// Renders the report as asked and writes its files; nothing where no format is asked for, not even the figures' tables.
pub(crate) fn write(
    folder: &Path,
    file: &StudyFile,
    loaded: &Loaded,
    result: &BacktestResult,
    start: &Manifest,
    further: &Further,
    asked: &Asked,
) -> Result<Vec<Written>, MporError> {
    if asked.formats.is_empty() {
        return Ok(Vec::new());
    }
    let input = ReportInput {
        result,
        study: study_card(file, result),
        data: data_rows(file, loaded),
        findings: &loaded.market.findings,
        valuations: valuations(result),
        models: model_cards(file, loaded, result),
        scan: scan_map(file, loaded, result)?,
        mark_gap: mark_gap(loaded)?,
        basis: basis(loaded)?,
        surface_fit: loaded.market.surfaces.fit(),
        manifest: manifest_card(start),
        oracle: further.oracle.faults.clone(),
        default_fund: &further.fund,
        notes: notes(loaded, result, &further.oracle),
    };
    let account = file.study.report.account.as_deref();
    let rendered = render_kinds(&input, account, &asked.kinds(), &asked.formats())?;
    write_rendered(folder, &rendered)
}

/// What must be said, in the order of the run.
fn notes(loaded: &Loaded, result: &BacktestResult, oracle: &Oracle) -> Vec<String> {
    let known = loaded.market.notes.iter().chain(&oracle.notes).cloned();
    known.chain(crate::fits::remarks(result)).collect()
}

/// Writes what was rendered, and the table beside each figure as CSV and Parquet.
pub(crate) fn write_rendered(
    folder: &Path,
    rendered: &Rendered,
) -> Result<Vec<Written>, MporError> {
    let mut written = Vec::new();
    for artifact in &rendered.artifacts {
        let path = folder.join(&artifact.path);
        write_bytes(&path, &artifact.bytes)?;
        written.push((path, None));
    }
    for (path, table) in &rendered.sources {
        let csv = folder.join(path);
        write_csv(table, &csv)?;
        let parquet = csv.with_extension("parquet");
        write_parquet(table, &parquet, Metadata::new())?;
        written.extend([csv, parquet].map(|path| (path, Some(table.rows()))));
    }
    Ok(written)
}

fn study_card(file: &StudyFile, result: &BacktestResult) -> StudyCard {
    let calendar = &file.study.calendar;
    StudyCard {
        name: file.study.name.clone(),
        description: file.study.description.clone(),
        question: String::new(),
        calendar: match calendar.kind {
            CalendarKind::AllDays => format!("24x7, daily cut {} UTC", calendar.cut),
            CalendarKind::TradingDays => "trading days, read off the data".to_owned(),
        },
        step: calendar.step.to_string(),
        from: result.times.first().copied().unwrap_or_default(),
        to: result.times.last().copied().unwrap_or_default(),
        seed: Some(file.study.seed),
    }
}

fn data_rows(file: &StudyFile, loaded: &Loaded) -> Vec<DataRow> {
    let mut rows: Vec<DataRow> = loaded
        .market
        .series
        .iter()
        .map(|series| {
            let dataset = dataset_of(&series.place);
            DataRow {
                dataset: series.table.to_owned(),
                symbol: series.symbol.clone(),
                rows: series.rows,
                from: series.from,
                to: series.to,
                missing: series.missing,
                source: match &dataset {
                    Some(dataset) if series.source.is_empty() => packages(dataset),
                    Some(dataset) => format!("{}; {}", series.source, packages(dataset)),
                    None => series.source.clone(),
                },
                licence: dataset.map(|dataset| dataset.licence).unwrap_or_default(),
                origin: DataOrigin::Quoted,
            }
        })
        .collect();
    rows.extend(loaded.market.smiles.iter().map(|smile| smile_row(file, loaded, smile)));
    rows
}

/// The description in the folder of a file or in the folder above it.
fn dataset_of(place: &str) -> Option<Dataset> {
    Path::new(place).ancestors().skip(1).take(2).find_map(|folder| Dataset::read(folder).ok())
}

fn packages(dataset: &Dataset) -> String {
    let named =
        dataset.package.iter().map(|package| format!("{} {}", package.name, package.version));
    named.collect::<Vec<_>>().join(", ")
}

fn smile_row(file: &StudyFile, loaded: &Loaded, smile: &FittedSmile) -> DataRow {
    let times = loaded.history().panel.times();
    let folder = file.base();
    let [rho, eta, gamma] = smile.fit.shape.parameters();
    DataRow {
        dataset: "volatility surface".to_owned(),
        symbol: smile.underlying.clone(),
        rows: times.len(),
        from: times.first().copied().unwrap_or_default(),
        to: times.last().copied().unwrap_or_default(),
        missing: 0,
        source: format!(
            "SSVI rho {rho:.3}, eta {eta:.3}, gamma {gamma:.3}, kappa {:.2}; fitted to {} quotes of {}, RMS {:.2} vol points",
            smile.term.kappa(),
            smile.fit.quotes,
            seen_from(&smile.chain, &folder),
            100.0 * smile.fit.rms_error
        ),
        licence: dataset_of(&smile.chain).map(|dataset| dataset.licence).unwrap_or_default(),
        origin: DataOrigin::Modelled,
    }
}

fn valuations(result: &BacktestResult) -> Valuations {
    let all = result.sources();
    Valuations { mark: all.marks, surface: all.surface, settlement: all.settlements }
}

fn model_cards(file: &StudyFile, loaded: &Loaded, result: &BacktestResult) -> Vec<ModelCard> {
    let modelled: Vec<String> = loaded
        .market
        .smiles
        .iter()
        .map(|smile| format!("implied volatilities of {}", smile.underlying))
        .collect();
    file.models
        .iter()
        .zip(&result.models)
        .map(|(spec, info)| ModelCard {
            id: spec.name.clone(),
            parameters: parameters(spec),
            vintages: info
                .rules
                .iter()
                .filter(|rules| !info.summary.contains(*rules))
                .cloned()
                .collect(),
            modelled: modelled.clone(),
        })
        .collect()
}

/// The keys that the study writes for a model, as it writes them.
fn parameters(spec: &mpor_margin::ModelSpec) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        spec.params.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
    let overlays = spec.overlays.iter().flat_map(|overlay| overlay.iter());
    all.extend(overlays.map(|(key, value)| (format!("overlay {key}"), value.to_string())));
    all
}

fn manifest_card(start: &Manifest) -> ManifestCard {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let study = name(&start.study_file);
    ManifestCard {
        version: start.version.clone(),
        study_hash: start.study_hash.clone(),
        inputs: start
            .inputs
            .iter()
            .map(|input| (name(&input.path), input.blake3.clone()))
            .collect(),
        git: None,
        command: format!("mpor run {study}"),
    }
}
