//! A made-up backtest that looks like a real one: eight years of daily steps, volatility that clusters, one crash in
//! March 2020, accounts of different size and risk, models of different quality. Pure arithmetic, no random crate.

use mpor_backtest::coverage::{CoverageRow, Light, TestRow, Zone};
use mpor_backtest::procyclicality::Procyclicality;
use mpor_backtest::{
    BacktestResult, Breach, Cause, Evidence, LossPath, ModelInfo, ProcyclicalityRow,
    RequirementPath,
};
use mpor_core::{Action, Finding, Horizon, Level, LossConvention, Span, Timestamp};
use mpor_report::{
    DataOrigin, DataRow, ManifestCard, ModelCard, ReportInput, ScanMap, StudyCard, Valuations,
};

/// Splitmix64, for reproducible noise.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Sum of twelve uniforms less six: close enough to normal for a picture.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// How large the made-up result is.
#[derive(Clone, Copy)]
pub struct Shape {
    pub days: usize,
    pub accounts: usize,
    pub models: usize,
    /// Multiplies every requirement: a large one leaves no breach.
    pub safety: f64,
    /// Extra size of the crash.
    pub crash: f64,
}

impl Shape {
    pub fn usual() -> Self {
        Shape { days: 2_922, accounts: 6, models: 5, safety: 1.0, crash: 1.0 }
    }
}

const ACCOUNTS: [(&str, f64); 6] = [
    ("short-strangle", 900_000.0),
    ("delta-hedged", 250_000.0),
    ("basis-trade", 120_000.0),
    ("covered-call", 400_000.0),
    ("risk-reversal", 310_000.0),
    ("random-book-1", 700_000.0),
];
const MODELS: [(&str, &str, f64); 5] = [
    ("isolated", "isolated-tiers", 1.0),
    ("derive-pmrm2", "derive-pmrm2", 0.62),
    ("fhs-99", "var", 0.36),
    ("hist-var-99", "var", 0.30),
    ("fhs-99-buffered", "var", 0.42),
];

pub fn result(shape: Shape) -> BacktestResult {
    let start: Timestamp = "2017-01-01T08:00:00Z".parse().unwrap();
    let times: Vec<Timestamp> = (0..shape.days).map(|day| start + Span::days(day as i64)).collect();
    let (moves, vols) = market(&times, shape.crash);
    let level = Level::new(0.99).unwrap();
    let accounts: Vec<String> = (0..shape.accounts).map(account_name).collect();
    let models: Vec<ModelInfo> = (0..shape.models).map(model_info).collect();
    let losses: Vec<LossPath> = (0..shape.accounts).map(|a| loss_path(a, &moves)).collect();
    let requirements: Vec<Vec<RequirementPath>> = (0..shape.models)
        .map(|m| (0..shape.accounts).map(|a| requirement(m, a, &vols, shape.safety)).collect())
        .collect();
    let breaches = breaches(&times, &requirements, &losses);
    let coverage = coverage(&requirements, &losses, &breaches, level);
    let procyclicality = swings(&requirements);
    BacktestResult {
        currency: "USD".to_owned(),
        times,
        horizon: Horizon::new(Span::days(2), 2).unwrap(),
        convention: LossConvention::Horizon,
        level,
        accounts,
        models,
        requirements,
        losses,
        breaches,
        coverage,
        procyclicality,
        folded: None,
        forecasts: Vec::new(),
        evidence: Evidence::default(),
    }
}

fn account_name(a: usize) -> String {
    ACCOUNTS.get(a).map_or_else(|| format!("random-book-{}", a + 1), |known| known.0.to_owned())
}

fn account_size(a: usize) -> f64 {
    ACCOUNTS.get(a).map_or(50_000.0 + 1_000.0 * (a % 97) as f64, |known| known.1)
}

fn model_info(m: usize) -> ModelInfo {
    let (id, kind) = match MODELS.get(m) {
        Some(known) => (known.0.to_owned(), known.1.to_owned()),
        None => (format!("var-variant-{m}"), "var".to_owned()),
    };
    ModelInfo {
        summary: format!("{id}: requirement from the {kind} method with its published parameters."),
        rules: (m == 1).then(|| {
            "derive/pmrm2, version 2024-03, in force from 1 Mar 2024; applied to all dates"
                .to_owned()
        }),
        baseline: m == 0,
        id,
        kind,
    }
}

/// Two-day returns and daily volatilities with clustering and a crash in March 2020.
fn market(times: &[Timestamp], crash: f64) -> (Vec<f64>, Vec<f64>) {
    let shock: Timestamp = "2020-03-11T08:00:00Z".parse().unwrap();
    let mut noise = Noise(7);
    let (mut variance, mut daily, mut vols) = (0.0016_f64, Vec::new(), Vec::new());
    for &time in times {
        vols.push(variance.sqrt());
        let mut change = variance.sqrt() * noise.normal();
        if time == shock {
            change = -0.42 * crash;
        }
        daily.push(change);
        variance = 0.00004 + 0.88 * variance + 0.10 * change * change;
    }
    let two_days =
        (0..daily.len()).map(|i| daily[i] + daily.get(i + 1).copied().unwrap_or(0.0)).collect();
    (two_days, vols)
}

fn loss_path(a: usize, moves: &[f64]) -> LossPath {
    let size = account_size(a);
    let mut noise = Noise(100 + a as u64);
    let horizon: Vec<Option<f64>> = moves
        .iter()
        .enumerate()
        .map(|(i, &change)| {
            let direction = if a % 3 == 1 { 0.25 } else { 1.0 };
            let loss = -size * change * direction
                + size * 1.4 * (change * change - 0.004)
                + size * 0.01 * noise.normal();
            (i + 2 < moves.len() || moves.len() < 3).then_some(loss)
        })
        .collect();
    let worst = horizon.iter().map(|loss| loss.map(|loss| loss.max(0.0) * 1.1)).collect();
    let gross_notional = vec![size * 4.0; moves.len()];
    LossPath { worst, horizon, gross_notional, ..LossPath::default() }
}

fn requirement(m: usize, a: usize, vols: &[f64], safety: f64) -> RequirementPath {
    let size = account_size(a) * safety;
    let weight = MODELS.get(m).map_or(0.25 + 0.02 * m as f64, |known| known.2);
    let slow = smoothed(vols, 0.995);
    let mut path = RequirementPath::default();
    let mut parts: [Vec<f64>; 3] = Default::default();
    for (i, &vol) in vols.iter().enumerate() {
        let scan = match m {
            0 => size * 0.34,
            1 => size * weight * (0.20 + 2.2 * slow[i]),
            2 => size * 2.9 * 1.41 * vol,
            3 => size * 2.6 * 1.41 * slow[i],
            _ => size * (2.2 * 1.41 * vol).max(2.2 * 1.41 * slow[i]) * 1.15,
        };
        let season = 1.0 + 0.15 * ((i % 30) as f64 / 30.0);
        parts[0].push(scan * season);
        parts[1].push(if m == 1 { size * 0.02 } else { 0.0 });
        parts[2].push(if m == 4 { scan * 0.25 } else { 0.0 });
        let total = parts.iter().map(|part| part[i]).sum::<f64>();
        path.initial.push(total);
        path.maintenance.push(total * 0.75);
        path.binding.push(Some(if m == 1 { "spot −20 %, vol +40 %" } else { "quantile" }));
    }
    let names = ["scenario loss", "basis contingency", "stress buffer"];
    path.components = names.iter().map(|name| (*name).to_owned()).zip(parts).collect();
    path
}

fn smoothed(values: &[f64], weight: f64) -> Vec<f64> {
    let mut state = values.first().copied().unwrap_or(0.0);
    values
        .iter()
        .map(|&value| {
            state = weight * state + (1.0 - weight) * value;
            state
        })
        .collect()
}

fn breaches(
    times: &[Timestamp],
    requirements: &[Vec<RequirementPath>],
    losses: &[LossPath],
) -> Vec<Breach> {
    let mut found = Vec::new();
    for (model, accounts) in requirements.iter().enumerate() {
        for (account, path) in accounts.iter().enumerate() {
            for (step, &margin) in path.initial.iter().enumerate() {
                let Some(loss) = losses[account].horizon[step].filter(|&loss| loss > margin) else {
                    continue;
                };
                found.push(Breach {
                    time: times[step],
                    step,
                    model,
                    account,
                    requirement: margin,
                    loss,
                    binding: path.binding.get(step).unwrap_or_default().to_owned(),
                    causes: causes(loss),
                });
            }
        }
    }
    found
}

fn causes(loss: f64) -> Vec<(Cause, f64)> {
    vec![
        (Cause::Spot, -loss * 0.88),
        (Cause::VolatilityLevel, -loss * 0.21),
        (Cause::Time, loss * 0.06),
        (Cause::Basis, -loss * 0.02),
        (Cause::Funding, loss * 0.01),
        (Cause::Residual, -loss * -0.02),
    ]
}

fn coverage(
    requirements: &[Vec<RequirementPath>],
    losses: &[LossPath],
    breaches: &[Breach],
    level: Level,
) -> Vec<CoverageRow> {
    let mut rows = Vec::new();
    for model in 0..requirements.len() {
        let accounts = 0..losses.len();
        for account in accounts.map(Some).chain([None]) {
            let of_row = |b: &&Breach| b.model == model && account.is_none_or(|a| a == b.account);
            let count = breaches.iter().filter(of_row).count();
            let observed = |path: &LossPath| path.horizon.iter().flatten().count();
            let n: usize = match account {
                Some(a) => observed(&losses[a]),
                None => losses.iter().map(observed).sum(),
            };
            rows.push(row(model, account, n, count, level));
        }
    }
    rows
}

/// Bounds by the normal approximation: good enough for a picture.
fn row(model: usize, account: Option<usize>, n: usize, x: usize, level: Level) -> CoverageRow {
    let coverage = (n > 0).then(|| 1.0 - x as f64 / n as f64);
    let bounds = coverage.map(|c| {
        let spread = 1.96 * (c * (1.0 - c) / (n as f64 / 2.0)).sqrt() + 1.5 / n as f64;
        ((c - spread).max(0.0), (c + spread).min(1.0))
    });
    let light = match coverage {
        Some(c) if c < level.value() - 0.01 => Light::Red,
        Some(c) if c < level.value() - 0.003 => Light::Yellow,
        _ => Light::Green,
    };
    let p = coverage.map(|c| (1.0 - (c - level.value()).abs() * 120.0).clamp(0.0002, 1.0));
    let test = |name: &'static str, p: Option<f64>, note: &str| TestRow {
        test: name,
        statistic: p.map(|p| -2.0 * p.ln()),
        p_value: p,
        note: note.to_owned(),
    };
    CoverageRow {
        model,
        account,
        observations: n,
        breaches: x,
        coverage,
        bounds: account.and(bounds),
        worst_shortfall: 0.0,
        mean_shortfall: 0.0,
        zone: account.map(|_| Zone { light, green_max: 40, yellow_max: 60 }),
        tests: if account.is_none() {
            Vec::new()
        } else {
            let two = "worst of 2 sub-samples without overlap, Bonferroni";
            vec![
                test("binomial", p, two),
                test("christoffersen-conditional", p.map(|p| p * 0.6), two),
                test("christoffersen-independence", None, "no breach is followed by another"),
                test("hac", p.map(|p| p * 0.8), "all overlapping observations, 2 lags"),
                test("kupiec", p, two),
            ]
        },
    }
}

fn swings(requirements: &[Vec<RequirementPath>]) -> Vec<ProcyclicalityRow> {
    let mut rows = Vec::new();
    for (model, accounts) in requirements.iter().enumerate() {
        for (account, path) in accounts.iter().enumerate() {
            let mut low = f64::INFINITY;
            let mut ratio = 1.0_f64;
            for &value in &path.initial {
                low = low.min(value);
                ratio = ratio.max(value / low);
            }
            let mean = path.initial.iter().sum::<f64>() / path.initial.len() as f64;
            let maximum = path.initial.iter().copied().fold(0.0, f64::max);
            let calls = [1, 5, 20].into_iter().filter(|&n| n < path.initial.len());
            let calls = calls.map(|n| (n, 1.0 + 0.1 * n as f64, mean * 0.1 * n as f64)).collect();
            let metrics = Procyclicality {
                mean,
                maximum,
                peak_to_trough: ratio,
                log_change_volatility: Some(0.034),
                calls,
            };
            rows.push(ProcyclicalityRow { model, account, metrics: Some(metrics) });
        }
    }
    rows
}

pub fn findings() -> Vec<Finding> {
    let day = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut all = vec![Finding {
        code: "D004",
        check: "stale run",
        source: "prices".to_owned(),
        symbol: "ETH".to_owned(),
        from: day("2018-05-02"),
        to: day("2018-05-06"),
        row: Some(488),
        count: 5,
        detail: "close is 672.43 on 5 dates in a row, expected to change".to_owned(),
        action: Action::Mark,
    }];
    for month in 1..=9 {
        all.push(Finding {
            code: "D001",
            check: "gap",
            source: "prices".to_owned(),
            symbol: "BTC".to_owned(),
            from: day(&format!("2019-0{month}-11")),
            to: day(&format!("2019-0{month}-13")),
            row: None,
            count: 2,
            detail: format!(
                "no bar between 2019-0{month}-11 and 2019-0{month}-13, expected one a day"
            ),
            action: Action::Carry,
        });
    }
    all
}

fn series(dataset: &str, symbol: &str, from: &str, missing: usize, origin: DataOrigin) -> DataRow {
    DataRow {
        dataset: dataset.to_owned(),
        symbol: symbol.to_owned(),
        rows: 2_922 - missing,
        from: from.parse().unwrap(),
        to: "2024-12-31".parse().unwrap(),
        missing,
        source: "pypi package example-data 1.2".to_owned(),
        licence: "MIT".to_owned(),
        origin,
    }
}

pub fn scan() -> ScanMap {
    let spot_moves: Vec<f64> = (-5..=5).map(|i| f64::from(i) * 0.04).collect();
    let vol_moves = vec![-0.25, -0.1, 0.0, 0.2, 0.4];
    let pnl = vol_moves
        .iter()
        .map(|vol| {
            let cell = |spot: &f64| -3.2e6 * spot * spot - 2.1e5 * vol + 4e5 * spot;
            spot_moves.iter().map(cell).collect()
        })
        .collect();
    ScanMap {
        account: "short-strangle".to_owned(),
        model: "derive-pmrm2".to_owned(),
        time: "2020-03-11T08:00:00Z".parse().unwrap(),
        underlying: "BTC".to_owned(),
        spot_moves,
        vol_moves,
        pnl,
        binding: Some((4, 0)),
    }
}

pub fn input<'a>(result: &'a BacktestResult, findings: &'a [Finding]) -> ReportInput<'a> {
    let times = &result.times;
    ReportInput {
        result,
        study: StudyCard {
            name: "Crypto options, 2017–2024".to_owned(),
            description:
                "Six books of bitcoin options and futures under five margin models, daily."
                    .to_owned(),
            question: "Was the initial margin enough for the losses of the next two days?"
                .to_owned(),
            calendar: "24x7, daily cut 08:00 UTC".to_owned(),
            step: "1d".to_owned(),
            from: times.first().copied().unwrap_or_default(),
            to: times.last().copied().unwrap_or_default(),
            seed: Some(20_200_312),
        },
        data: vec![
            series("prices", "BTC", "2017-01-01", 18, DataOrigin::Quoted),
            series("prices", "ETH", "2017-08-17", 0, DataOrigin::Quoted),
            series("funding", "BTC-PERP", "2019-09-10", 3, DataOrigin::Quoted),
            series("vols", "BTC surface", "2017-01-01", 0, DataOrigin::Modelled),
        ],
        findings,
        valuations: Valuations { mark: 0, surface: 70_123, settlement: 2_400 },
        models: vec![ModelCard {
            id: "derive-pmrm2".to_owned(),
            parameters: vec![
                ("initial margin factor".to_owned(), "1.30".to_owned()),
                ("scan".to_owned(), "spot ±20 %, volatility ±40 %".to_owned()),
            ],
            vintages: vec![
                "derive/pmrm2 2024-03, from 1 Mar 2024, source: venue documentation".to_owned(),
            ],
            modelled: vec!["implied volatilities come from the modelled surface".to_owned()],
        }],
        scan: Some(scan()),
        mark_gap: None,
        surface_fit: None,
        basis: None,
        oracle: Vec::new(),
        default_fund: &[],
        manifest: ManifestCard {
            version: "0.1.0".to_owned(),
            study_hash: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
                .to_owned(),
            inputs: vec![
                ("data/crypto/prices/btc.parquet".to_owned(), "0f".repeat(32)),
                ("data/crypto/prices/eth.parquet".to_owned(), "a7".repeat(32)),
            ],
            git: None,
            command: "mpor run studies/quickstart.toml".to_owned(),
        },
        notes: vec!["The data are made up for a test.".to_owned()],
    }
}

/// Writes a file into the folder that `MPOR_REPORT_SHOW` names, to be looked at; nothing without it.
pub fn keep(path: &str, bytes: &[u8]) {
    let Ok(folder) = std::env::var("MPOR_REPORT_SHOW") else { return };
    let path = std::path::Path::new(&folder).join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
