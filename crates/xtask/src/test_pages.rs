//! One page a test, score and monitor that a study can name, made of its module's documentation: `docs/methods/tests/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use mpor_backtest::coverage::{TESTS, Wanted, assess::OTHER_ROWS};
use mpor_backtest::evidence::{Family, catalog};

use crate::chores::root;
use crate::methods::{documentation, unlinked};

/// Where the modules are.
const SOURCES: &str = "crates/mpor-backtest/src";

/// Module of the ids that begin so; of several that fit, the longest counts.
const MODULES: &[(&str, &str)] = &[
    ("acerbi-szekely", "es_tests/acerbi_szekely.rs"),
    ("acerbi-szekely-z3", "es_tests/z3.rs"),
    ("berkowitz", "coverage/berkowitz.rs"),
    ("binomial", "coverage/binomial.rs"),
    ("block-bootstrap", "coverage/block_bootstrap.rs"),
    ("christoffersen", "coverage/christoffersen.rs"),
    ("conditional-calibration", "es_tests/conditional_calibration.rs"),
    ("costanzino-curran", "es_tests/costanzino_curran.rs"),
    ("diebold-mariano", "comparison/diebold_mariano.rs"),
    ("dq", "coverage/dq.rs"),
    ("du-escanciano", "es_tests/du_escanciano.rs"),
    ("duration-geometric", "coverage/duration_geometric.rs"),
    ("duration-weibull", "coverage/duration_weibull.rs"),
    ("e-process", "monitoring/e_process.rs"),
    ("esr", "es_tests/esr.rs"),
    ("false-discovery", "comparison/false_discovery.rs"),
    ("fz0", "coverage/fz0.rs"),
    ("giacomini-white", "comparison/giacomini_white.rs"),
    ("haas", "coverage/haas.rs"),
    ("hac", "coverage/hac.rs"),
    ("kupiec", "coverage/kupiec.rs"),
    ("kupiec-exact", "coverage/exact.rs"),
    ("kupiec-whitened", "coverage/whitening.rs"),
    ("mcneil-frey", "es_tests/mcneil_frey.rs"),
    ("minimally-biased", "es_tests/minimally_biased.rs"),
    ("model-confidence-set", "comparison/confidence_set.rs"),
    ("monitor", "evidence/watch.rs"),
    ("multinomial", "coverage/multinomial.rs"),
    ("overlap-count", "coverage/overlap_zones.rs"),
    ("pinball", "coverage/pinball.rs"),
    ("tuff", "coverage/tuff.rs"),
];

/// The pages by file name, and the index of them.
///
/// # Errors
/// A test without a module, or the module that cannot be read.
pub(crate) fn files() -> Result<BTreeMap<String, String>, String> {
    let mut groups: Vec<(&str, Vec<(&str, bool)>)> =
        vec![("Coverage", TESTS.iter().map(|test| (test.id(), false)).collect())];
    groups[0].1.extend(OTHER_ROWS.iter().map(|id| (*id, false)));
    groups[0].1.sort_unstable();
    for (title, family) in [
        ("Expected shortfall", Family::Shortfall),
        ("The whole forecast law", Family::Transforms),
        ("Comparison of models", Family::Comparison),
        ("Monitoring", Family::Monitoring),
        ("Many accounts", Family::Accounts),
    ] {
        let own = catalog().into_iter().filter(|entry| entry.family == family);
        groups.push((title, own.map(|entry| (entry.id, entry.needs_forecasts)).collect()));
    }
    let mut pages = BTreeMap::new();
    let mut index = "# Tests\n\nWhat a study can name under `backtest.tests`. Made by `cargo xtask methods` of the documentation in the code.\n".to_owned();
    for (title, tests) in groups {
        let _ =
            writeln!(index, "\n## {title}\n\n| name | what it asks | run |\n| --- | --- | --- |");
        for (id, needs_forecasts) in tests {
            let text = documentation(&source(id)?);
            let question = unlinked(text.lines().next().unwrap_or_default());
            let run = match (Wanted::Standard.has(id), needs_forecasts) {
                (true, false) => "always",
                (true, true) => "where forecasts are kept",
                (false, _) => "when named, or with `\"all\"`",
            };
            let _ = writeln!(index, "| [{id}]({id}.md) | {question} | {run} |");
            let page = format!("# `{id}`\n\nRun: {run}.\n\n{}\n", unlinked(&text));
            pages.insert(format!("tests/{id}.md"), page);
        }
    }
    index.push_str("\n## Power\n\nHow often each test sees a wrong model: [curves](power.md) and [numbers](power.csv).\n");
    pages.insert("tests/README.md".to_owned(), index);
    Ok(pages)
}

fn source(id: &str) -> Result<String, String> {
    let fits = MODULES.iter().filter(|(start, _)| id.starts_with(start));
    let (_, module) = fits
        .max_by_key(|(start, _)| start.len())
        .ok_or_else(|| format!("no module is known for the test `{id}`"))?;
    let path = root().join(SOURCES).join(module);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_has_a_page_that_says_something() {
        let pages = files().unwrap_or_default();
        let tests = TESTS.len() + OTHER_ROWS.len() + catalog().len();
        assert_eq!(pages.len(), tests + 1);
        assert!(pages.values().all(|page| page.lines().count() > 6));
    }
}
