//! The report of a run: what the report crate draws, from what the run found.

use std::path::Path;

use mpor_backtest::BacktestResult;
use mpor_data::metadata::Dataset;
use mpor_data::tables::{write_bytes, write_csv};
use mpor_report::{
    DataOrigin, DataRow, Format, ManifestCard, ModelCard, Rendered, ReportInput, StudyCard,
    Valuations, render_about,
};

use crate::error::MporError;
use crate::loaded::Loaded;
use crate::manifest::Manifest;
use crate::mark_gap::mark_gap;
use crate::market::futures_tables::basis;
use crate::market::{FittedSmile, seen_from};
use crate::oracle::Oracle;
use crate::run::Written;
use crate::scan_map::scan_map;
use crate::study::{CalendarKind, ReportFormat, StudyFile};

/// Renders the report and writes its files; a study that asks for no format gets neither figures nor their tables.
pub(crate) fn write(
    folder: &Path,
    file: &StudyFile,
    loaded: &Loaded,
    result: &BacktestResult,
    start: &Manifest,
    oracle: &Oracle,
) -> Result<Vec<Written>, MporError> {
    let asked = &file.study.report.formats;
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let formats: Vec<Format> = asked
        .iter()
        .map(|format| match format {
            ReportFormat::Pdf => Format::Pdf,
            ReportFormat::Png => Format::Png,
            ReportFormat::Svg => Format::Svg,
        })
        .collect();
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
        oracle: oracle.faults.clone(),
        notes: loaded.market.notes.iter().chain(&oracle.notes).cloned().collect(),
    };
    let rendered = render_about(&input, file.study.report.account.as_deref(), &formats)?;
    write_rendered(folder, &rendered)
}

/// Writes what was rendered, and the table beside each figure as CSV.
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
        let path = folder.join(path);
        write_csv(table, &path)?;
        written.push((path, Some(table.rows())));
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
    let mut all = Valuations::default();
    for sources in result.losses.iter().flat_map(|path| &path.sources) {
        all.mark += sources.marks;
        all.surface += sources.surface;
        all.settlement += sources.settlements;
    }
    all
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
