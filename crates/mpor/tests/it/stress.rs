//! Stress tests of one margin date against sums done by hand, and against numbers that numpy 2.4.6 made of the same market (its
//! draws and steps are a few lines: SplitMix64 and products).

use std::path::Path;

use mpor::run::in_pool;
use mpor::stress::{ASKED, Stressed, asked, stress};
use mpor::verify::verify;
use mpor::{MporError, Silent, StudyFile};

use crate::folder::{Files, assert_same, files};
use crate::lab::{Lab, Market, STUDY as WHOLE};
use crate::results::Results;

/// Two coins without options: P&L is linear in spot.
const STUDY: &str = r#"schema = 1
name = "two-coins"
currency = "USD"
seed = 7

[data]
prices = "data/prices.parquet"

[fx]
USDT = 1.0

[calendar]
kind = "24x7"
step = "1d"
cut = "08:00"
from = "2021-05-20"

[mpor]
horizon = "2d"

[[underlying]]
name = "BTC"
prices = "BTC/USDT"
quote = "USDT"

[[underlying]]
name = "ETH"
prices = "ETH/USDT"
quote = "USDT"

[[portfolio]]
name = "long"
rule = { outright = { underlying = "BTC", contract = "perpetual", roll = "7d", quantity = 3 } }

[[portfolio]]
name = "pair"
rule = { spread = { long = "ETH", short = "BTC", contract = "perpetual", roll = "365d", notional = 100_000 } }

[[model]]
name = "isolated"
rules = "generic/isolated"
as_of = "2021-01-01"

[[model]]
name = "scan"
kind = "scan"
price_range = 0.2

[report]
formats = []

[stress]
at = "2021-06-01"
level = 0.9
window = 40

[[stress.scenario]]
name = "halved"
shocks = [{ spot = -0.5 }]

[[stress.scenario]]
name = "only ETH"
shocks = [{ underlying = "ETH", spot = 0.1 }]

[[stress.episode]]
id = "april"
name = "April"
from = "2021-04-09"
to = "2021-04-12"
source = "the lab's crash"

[stress.correlation]
window = 30
paths = 65536
breaks = [{ name = "one", to = 1.0 }, { name = "none", to = 0.0 }]

[stress.hedge]
model = "scan"
"#;

/// Closes at the margin date, and the deviations of two-day log moves over the last 40 one-step moves.
const BTC: f64 = 36_139.506_010_115_68;
const DEVIATIONS: [f64; 2] = [0.050_487_22, 0.060_980_89];
const CORRELATION: f64 = 0.628_502_828_052_796_3;

fn read(lab: &Lab, text: &str) -> StudyFile {
    StudyFile::read(&lab.text("study.toml", text)).unwrap_or_else(|error| unreachable!("{error}"))
}

fn stressed(lab: &Lab, text: &str, folder: &str) -> Result<Stressed, MporError> {
    stress(&read(lab, text), &lab.path(folder), &Silent)
}

/// The rows of a table whose texts in some columns are these.
fn rows(table: &Results, wanted: &[(&str, &str)]) -> Vec<usize> {
    let columns: Vec<Vec<String>> = wanted.iter().map(|(name, _)| table.texts(name)).collect();
    let fits = |row: &usize| columns.iter().zip(wanted).all(|(texts, (_, w))| texts[*row] == *w);
    (0..table.rows()).filter(fits).collect()
}

/// The number in the only row whose texts are these.
fn number(table: &Results, wanted: &[(&str, &str)], column: &str) -> f64 {
    let found = rows(table, wanted);
    assert_eq!(found.len(), 1, "{wanted:?}");
    table.numbers(column)[found[0]].unwrap()
}

fn near(found: f64, expected: f64, relative: f64) {
    assert!((found - expected).abs() <= relative * expected.abs(), "{found} {expected}");
}

#[test]
fn a_linear_book_by_hand_and_by_numpy() {
    let lab = Lab::new();
    let done = stressed(&lab, STUDY, "s").unwrap();
    let table = |name: &str| Results::read(&lab.path("s"), name);

    // Half of three coins is lost; a fifth of them is asked for.
    let stress = table("stress");
    let halved = [("account", "long"), ("model", "scan"), ("scenario", "halved")];
    near(number(&stress, &halved, "pnl"), -1.5 * BTC, 1e-12);
    near(number(&stress, &halved, "requirement"), 0.6 * BTC, 1e-12);
    near(number(&stress, &halved, "ratio"), 2.5, 1e-12);
    near(number(&stress, &halved, "shortfall"), 0.9 * BTC, 1e-12);
    let untouched = [("account", "long"), ("model", "scan"), ("scenario", "only ETH")];
    assert_eq!(number(&stress, &untouched, "pnl"), 0.0);
    assert_eq!(number(&stress, &untouched, "shortfall"), 0.0);
    // Four days, each the end of a move of two; the study names no episodes, and no shipped one lies in 2021 but one.
    let april = [("account", "long"), ("model", "scan"), ("scenario", "april")];
    assert_eq!(number(&stress, &april, "moves"), 4.0);
    assert!(number(&stress, &april, "pnl") < -0.2 * 3.0 * BTC);
    let found = done.found.as_ref().unwrap();
    assert!(found.notes.iter().any(|note| note.contains("luna-2022")), "{:?}", found.notes);
    assert!(found.verdict.contains("long under") || found.verdict.contains("pair under"));

    // Ladders and sensitivities.
    let ladders = table("ladders");
    let spot = rows(&ladders, &[("account", "long"), ("factor", "spot"), ("underlying", "")]);
    let (steps, pnl) = (ladders.numbers("step"), ladders.numbers("pnl"));
    assert_eq!(spot.len(), 11);
    for row in spot {
        assert!((pnl[row].unwrap() - 3.0 * BTC * steps[row].unwrap()).abs() < 1e-8);
    }
    let other = rows(&ladders, &[("account", "long"), ("factor", "spot"), ("underlying", "ETH")]);
    assert!(!other.is_empty() && other.iter().all(|&row| pnl[row] == Some(0.0)));
    let greeks = table("greeks");
    let net = [("account", "long"), ("bucket", "net")];
    near(number(&greeks, &net, "delta_units"), 3.0, 1e-14);
    near(number(&greeks, &net, "delta_cash"), 3.0 * BTC, 1e-12);
    assert_eq!(number(&greeks, &net, "gamma"), 0.0);

    // numpy: 111 windows of 40 two-day moves; the fourth largest loss, and the mean of four.
    let windows = table("stressed_var");
    for (measure, recent, worst) in
        [("var", 7_147.849_133_44, 8_360.746_763_94), ("es", 8_134.940_831_16, 17_922.870_838_06)]
    {
        let row = [("account", "long"), ("measure", measure)];
        near(number(&windows, &row, "recent"), recent, 1e-10);
        near(number(&windows, &row, "stressed"), worst, 1e-10);
        assert_eq!(number(&windows, &row, "windows"), 111.0);
        let mpor_core::Column::Time(from) = windows.column("from").unwrap() else { unreachable!() };
        // Move 60 begins at step 60.
        assert_eq!(from[rows(&windows, &row)[0]].unwrap().to_string(), "2021-03-02T08:00:00Z");
    }
}

#[test]
fn the_nearest_move_of_a_half_space_is_known() {
    let lab = Lab::new();
    stressed(&lab, STUDY, "s").unwrap();
    let reverse = Results::read(&lab.path("s"), "reverse_stress");
    // A fall of a fifth exhausts the scan whatever ETH does: ln 0.8 over the deviation, ETH along by its regression.
    let row = |factor| [("account", "long"), ("model", "scan"), ("factor", factor)];
    near(number(&reverse, &row("BTC spot"), "distance"), 4.419_802_488_552_354, 1e-9);
    near(number(&reverse, &row("BTC spot"), "probability"), 5.729_329_144_154_036e-5, 1e-7);
    near(number(&reverse, &row("BTC spot"), "move"), -0.2, 1e-9);
    near(number(&reverse, &row("ETH spot"), "move"), -0.155_825_688_307_674_15, 1e-4);
    near(number(&reverse, &row("ETH spot"), "standard_deviations"), -2.777_858_363_489_941_4, 1e-4);
    // A carry that never moves has no part in it.
    assert!(rows(&reverse, &[("factor", "BTC carry")]).is_empty());
}

#[test]
fn correlations_are_those_of_numpy_and_only_they_move_the_tail() {
    let lab = Lab::new();
    stressed(&lab, STUDY, "s").unwrap();
    let table = Results::read(&lab.path("s"), "correlations");
    let expected = [
        ("calm", 0.537_221_403_189_076),
        ("stressed", 0.918_271_759_341_750_4),
        ("recent", CORRELATION),
        ("one", 1.0),
        ("none", 0.0),
    ];
    for (state, correlation) in expected {
        let row = [("state", state), ("factor", "BTC spot"), ("other", "ETH spot")];
        let found = number(&table, &row, "correlation");
        assert!((found - correlation).abs() < 1e-12, "{state}: {found}");
    }
    // Long one coin and short the other, each 100,000 when opened: a normal law with these deviations, by the quantile of the
    // difference. Lognormal moves and 65,536 draws leave less than 4 per cent.
    let held = Results::read(&lab.path("s"), "contributions");
    let quantity = |name: &str| {
        let row =
            [("account", "pair"), ("measure", "es"), ("by", "position"), ("underlying", name)];
        number(&held, &row, "quantity")
    };
    let money = [quantity("BTC") * BTC, quantity("ETH") * 765.786_934_440_743_3];
    let tails = Results::read(&lab.path("s"), "correlation_var");
    for (state, rho) in [("recent", CORRELATION), ("none", 0.0)] {
        let [a, b] = [money[0] * DEVIATIONS[0], money[1] * DEVIATIONS[1]];
        let deviation = (a * a + b * b + 2.0 * rho * a * b).sqrt();
        let row = [("account", "pair"), ("state", state)];
        // Quantile and tail mean of a normal at 0.9.
        let (var, es) = (1.281_551_565_5 * deviation, 1.754_983_319_3 * deviation);
        near(number(&tails, &row, "var"), var, 0.04);
        near(number(&tails, &row, "es"), es, 0.04);
        assert!(number(&tails, &row, "var_error") < 0.02 * var);
    }
    // With one correlation the legs take each other back nearly whole.
    let of = |state| number(&tails, &[("account", "pair"), ("state", state)], "var");
    assert!(of("one") < 0.05 * of("recent"), "{} {}", of("one"), of("recent"));
    // A book of one coin does not know the other: the same bits under every matrix.
    let long = rows(&tails, &[("account", "long")]);
    let var = tails.numbers("var");
    assert!(long.iter().all(|&row| var[row] == var[long[0]]));
}

#[test]
fn a_linear_book_is_hedged_away() {
    let lab = Lab::new();
    stressed(&lab, STUDY, "s").unwrap();
    let hedges = Results::read(&lab.path("s"), "hedges");
    let long = [("account", "long")];
    near(number(&hedges, &long, "quantity"), -3.0, 1e-12);
    near(number(&hedges, &long, "requirement_before"), 0.6 * BTC, 1e-12);
    assert_eq!(number(&hedges, &long, "requirement_after"), 0.0);
    assert!(number(&hedges, &long, "delta_after").abs() < 1e-12);
    // Two legs for the pair, one an underlying.
    assert_eq!(rows(&hedges, &[("account", "pair")]).len(), 2);
}

const MOVES: &str = r#"
[[stress.scenario]]
name = "down a fifth, volatility up by half"
shocks = [{ spot = -0.2, vol = 0.5 }]

[[stress.episode]]
id = "april"
name = "April"
from = "2021-04-09"
to = "2021-04-30"
source = "the lab's crash"
"#;

/// Options, every model and every overlay, with a narrower search.
fn whole() -> String {
    format!(
        "{WHOLE}\n[stress]\nat = \"2021-04-11\"\nwindow = 30\nreverse = {{ directions = 4, rings = 5 }}\ncontributions = {{ monte_carlo = {{ paths = 512, window = 30 }} }}\ncorrelation = {{ paths = 512, window = 20 }}\n{MOVES}"
    )
}

#[test]
fn components_add_up_and_draws_have_errors() {
    let lab = Lab::new();
    stressed(&lab, &whole(), "s").unwrap();
    let table = Results::read(&lab.path("s"), "contributions");
    let columns =
        ["component", "total", "figure", "standard_error"].map(|name| table.numbers(name));
    let [component, total, figure, error] = columns;
    for account in ["coin-future", "hedged", "pair", "perpetual", "strangle"] {
        for measure in ["var", "es"] {
            for by in ["position", "underlying"] {
                let own = rows(&table, &[("account", account), ("measure", measure), ("by", by)]);
                assert!(!own.is_empty(), "{account} {measure} {by}");
                let sum: f64 = own.iter().map(|&row| component[row].unwrap()).sum();
                let all = total[own[0]].unwrap();
                assert!((sum - all).abs() < 1e-9 * all.abs().max(1.0), "{account} {sum} {all}");
                if measure == "es" {
                    assert!((all - figure[own[0]].unwrap()).abs() < 1e-9 * all.abs().max(1.0));
                    assert!(own.iter().all(|&row| error[row].is_some_and(|e| e > 0.0)));
                } else {
                    assert!(own.iter().all(|&row| error[row].is_none()));
                }
            }
        }
    }
    // A hedge is never worse than none, overlays included, and starts from what the margin date asks for.
    let hedges = Results::read(&lab.path("s"), "hedges");
    let (before, after) =
        (hedges.numbers("requirement_before"), hedges.numbers("requirement_after"));
    assert!(hedges.rows() >= 5 && before.iter().zip(&after).all(|(b, a)| a <= b));
    // Every expiry adds up to the net.
    let greeks = Results::read(&lab.path("s"), "greeks");
    let vega = greeks.numbers("vega");
    let of = |bucket| rows(&greeks, &[("account", "strangle"), ("bucket", bucket)]);
    let parts: f64 = of("expiry").iter().map(|&row| vega[row].unwrap()).sum();
    near(parts, vega[of("net")[0]].unwrap(), 1e-12);
}

fn tables(folder: &Path) -> Files {
    files(folder).into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect()
}

#[test]
fn no_part_looks_ahead() {
    let lab = Lab::new();
    stressed(&lab, &whole(), "before").unwrap();
    // The hour after the margin date.
    lab.market(&Market::made_up().altered(2409));
    stressed(&lab, &whole(), "after").unwrap();
    let before = tables(&lab.path("before"));
    assert_eq!(before.len(), 9);
    assert_same(&tables(&lab.path("after")), &before, "another future");
    // What comes before it does matter.
    lab.market(&Market::made_up().altered(2400));
    stressed(&lab, &whole(), "other").unwrap();
    let other = tables(&lab.path("other"));
    let same: Vec<&String> =
        before.iter().filter(|(name, bytes)| other[*name] == **bytes).map(|(n, _)| n).collect();
    assert_eq!(same, Vec::<&String>::new());
}

#[test]
fn threads_change_no_byte_and_verification_makes_it_again() {
    let lab = Lab::new();
    let text = whole().replace("formats = []", "formats = [\"svg\", \"pdf\"]");
    let file = read(&lab, &text);
    // Another margin date and one account, as a command line asks.
    let file = asked(&file, Some("2021-06-01".parse().unwrap()), Some("strangle"));
    let on = |threads: usize| {
        let folder = lab.path(&format!("runs/{threads}"));
        in_pool(Some(threads), || stress(&file, &folder, &Silent)).unwrap().unwrap();
        files(&folder)
    };
    let one = on(1);
    for name in [ASKED, "report.pdf", "figures/stress-losses.svg", "figures/stress-ladders.csv"] {
        assert!(one.contains_key(name), "{name}");
    }
    assert_same(&on(8), &one, "8 threads");
    let again = stress(&file, &lab.path("runs/1"), &Silent).unwrap();
    assert!(again.found.is_none(), "a finished test is left as it is");
    let verified = verify(&lab.path("runs/1"), &Silent).unwrap();
    assert_eq!(verified.differences, Vec::<String>::new());
    assert_eq!(verified.reproduced, one.len() - 2, "all but the manifest and the lock");
    let stress = Results::read(&lab.path("runs/1"), "stress");
    assert!(stress.texts("account").iter().all(|name| name == "strangle"));
    assert_eq!(stress.times()[0].to_string(), "2021-06-01T08:00:00Z");
}

#[test]
fn what_cannot_be_asked_is_told_with_its_key() {
    let lab = Lab::new();
    let told = |from: &str, to: &str| {
        let text = STUDY.replacen(from, to, 1);
        assert_ne!(text, STUDY);
        let path = lab.text("study.toml", &text);
        let file = match StudyFile::read(&path) {
            Ok(file) => file,
            Err(error) => return error.to_string(),
        };
        stress(&file, &lab.path("refused"), &Silent).unwrap_err().to_string()
    };
    let cases = [
        ("window = 40", "window = 4000", "150 moves over 2d are known"),
        ("window = 40", "windw = 40", "unknown key"),
        ("level = 0.9", "level = 90", "0"),
        ("at = \"2021-06-01\"", "at = \"2020-06-01\"", "no margin date"),
        ("at = \"2021-06-01\"", "account = \"short\"", "no account `short`"),
        ("level = 0.9", "episodes = [\"apr\"]", "no episode `apr`"),
        ("level = 0.9", "episodes = [\"lehman-2008\"]", "lehman-2008"),
        ("id = \"april\"", "id = \"luna-2022\"", "is taken"),
        ("underlying = \"ETH\", spot = 0.1", "underlying = \"DOGE\", spot = 0.1", "DOGE"),
        ("spot = -0.5 }", "spot = -1.5 }", "above -1"),
        ("to = 1.0 }", "to = 1.5 }", "-1 to 1"),
        ("to = 1.0 }", "to = 1.0, among = [\"BTC vol\"] }", "no factor `BTC vol`"),
        ("model = \"scan\"\n", "model = \"scam\"\n", "no model `scam`"),
        ("window = 30", "stressed = { from = \"2021-03-01\", to = \"2021-03-03\" }", "at least 10"),
        ("window = 30", "estimator = \"best\"", "unknown value `best`"),
    ];
    for (from, to, expected) in cases {
        let error = told(from, to);
        assert!(error.contains(expected), "{to}: {error}");
        assert!(
            error.contains("study.toml")
                || error.contains("margin date")
                || error.contains("account"),
            "{error}"
        );
        assert!(!lab.path("refused/manifest.json").exists());
    }
}

#[test]
fn estimators_of_the_study_and_named_stretches() {
    let lab = Lab::new();
    let correlation = |estimator: &str| {
        let keys = format!(
            "estimator = \"{estimator}\"\nstressed = {{ episode = \"april\" }}\ncalm = {{ from = \"2021-02-01\", to = \"2021-02-28\" }}"
        );
        let text = STUDY
            .replacen("window = 30", &keys, 1)
            .replace("to = \"2021-04-12\"", "to = \"2021-04-30\"");
        let folder = format!("run-{estimator}");
        stressed(&lab, &text, &folder).unwrap();
        let table = Results::read(&lab.path(&folder), "correlations");
        assert_eq!(number(&table, &[("state", "calm")], "moves"), 28.0);
        assert_eq!(number(&table, &[("state", "stressed")], "moves"), 22.0);
        number(&table, &[("state", "stressed")], "correlation")
    };
    let all = ["sample", "shrunk", "spearman", "ewma", "dcc"].map(correlation);
    assert!(all.iter().all(|one| (0.3..1.0).contains(one)), "{all:?}");
    // Of two factors the mean correlation is the correlation: nothing to shrink towards.
    assert!((all[0] - all[1]).abs() < 1e-12);
    assert!(all[2..].iter().all(|one| *one != all[0]));
}

#[test]
fn a_study_without_the_table_has_defaults() {
    let lab = Lab::new();
    let (text, _) = STUDY.split_once("[stress]").unwrap();
    let done = stressed(&lab, text, "s").unwrap();
    let found = done.found.unwrap();
    assert_eq!(found.time.to_string(), "2021-07-19T08:00:00Z");
    assert!(found.notes.iter().any(|note| note.contains("half of the 198 that are known")));
    // Two accounts under two models; of the shipped episodes only May 2021 lies in the half year.
    assert_eq!((found.pairs.len(), found.scenarios), (4, 1));
}
