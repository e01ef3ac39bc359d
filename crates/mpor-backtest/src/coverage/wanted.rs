//! Which tests a study asks for: with many accounts the slow ones are the cost of a run.

use super::TESTS;
use super::assess::OTHER_ROWS;

/// Tests that take more than some ten microseconds an account and model, or are variants of another: only on request.
const ON_REQUEST: &[&str] = &[
    "acerbi-szekely-z1",
    "acerbi-szekely-z2",
    "acerbi-szekely-z3",
    "block-bootstrap",
    "dq-gas",
    "dq-hits",
    "duration-geometric",
    "duration-geometric-conditional",
    "e-process",
    "esr-auxiliary",
    "esr-intercept",
    "esr-strict",
    "kupiec-whitened",
    "mcneil-frey-bootstrap",
    "minimally-biased-relative",
    "monitor-es",
    "monitor-var",
    "overlap-count",
];

/// The tests of each account under each model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// All that are fast, one a question.
    #[default]
    Standard,
    /// Of these the coverage tests: nothing that sets accounts beside each other, so that very many need not stand in memory.
    Coverage,
    /// All there are.
    All,
    /// These.
    Named(&'a [String]),
}

impl Wanted<'_> {
    /// Whether a test is asked for.
    #[must_use]
    pub fn has(self, test: &str) -> bool {
        match self {
            Wanted::Standard => !ON_REQUEST.contains(&test),
            Wanted::Coverage => {
                let known =
                    TESTS.iter().any(|known| known.id() == test) || OTHER_ROWS.contains(&test);
                known && Wanted::Standard.has(test)
            }
            Wanted::All => true,
            Wanted::Named(names) => names.iter().any(|name| name == test),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_on_request_is_a_test() {
        let evidence = crate::evidence::catalog();
        let known = |name: &&str| {
            TESTS.iter().any(|test| test.id() == *name)
                || OTHER_ROWS.contains(name)
                || evidence.iter().any(|entry| entry.id == *name)
        };
        assert!(ON_REQUEST.iter().all(known));
        assert!(Wanted::Standard.has("kupiec") && !Wanted::Standard.has("dq-gas"));
        assert!(Wanted::Coverage.has("kupiec") && !Wanted::Coverage.has("dq-gas"));
        assert!(evidence.iter().all(|entry| !Wanted::Coverage.has(entry.id)));
        let names = ["tuff".to_owned()];
        assert!(Wanted::Named(&names).has("tuff") && !Wanted::Named(&names).has("kupiec"));
    }
}
