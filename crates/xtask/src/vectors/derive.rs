//! `derive`: the venue's raw SVI volatilities.

use std::path::Path;

use mpor_pricing::surface::svi::RawSvi;
use serde::Deserialize;

use super::black76::read;
use super::report::FileReport;

/// Runs `svi.json` where the folder has it.
///
/// # Errors
/// When the file cannot be read or is not in the format.
pub fn run(dir: &Path) -> Result<Vec<FileReport>, String> {
    let path = dir.join("svi.json");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut report = FileReport::new("svi.json");
    for vector in read::<Vector>(&path)? {
        check(&mut report, &vector);
    }
    Ok(vec![report])
}

#[derive(Deserialize)]
struct Vector {
    id: String,
    svi: Slice,
    strikes: Vec<f64>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Slice {
    a: f64,
    b: f64,
    rho: f64,
    m: f64,
    sigma: f64,
    forward: f64,
    tau_years: f64,
}

#[derive(Deserialize)]
struct Expected {
    vol: Vec<f64>,
}

fn check(report: &mut FileReport, vector: &Vector) {
    let mut case = report.case(&vector.id);
    let Slice { a, b, rho, m, sigma, forward, tau_years } = vector.svi;
    let slice = match RawSvi::new(a, b, rho, m, sigma, forward, tau_years) {
        Ok(slice) => slice,
        Err(error) => return case.fail("svi", error),
    };
    case.same("strikes", &vector.expected.vol.len(), &vector.strikes.len());
    for (&strike, &expected) in vector.strikes.iter().zip(&vector.expected.vol) {
        match slice.vol(strike) {
            Ok(vol) => case.relative("vol", vol, expected, 1e-10, 0.0),
            Err(error) => case.fail("vol", error),
        }
    }
}
