//! An assembly in blocks of accounts comes to the bits of one in a single piece, whatever the size of the blocks.

use std::sync::LazyLock;

use mpor_backtest::blocks::FEATURED;
use mpor_backtest::cost::costs;
use mpor_backtest::coverage::{TESTS, Wanted};
use mpor_backtest::shard::{from_tables, to_tables};
use mpor_backtest::{
    Assembly, BacktestError, BacktestResult, Blocks, DayResult, Keep, ModelInfo, assemble, replay,
    tables,
};
use mpor_core::{Books, History, Level, LossConvention, Portfolio, Position, Table};
use mpor_margin::{BuiltModel, MarginModel, ModelKind, ModelSpec, Overlay, RuleLibrary, build};

use crate::world::{STEPS, Toy, WINDOW, books, config, history, horizon};

const ACCOUNTS: usize = 130;

/// Every coverage test, and nothing that sets accounts beside each other: that is not made without their paths.
static COVERAGE: LazyLock<Vec<String>> =
    LazyLock::new(|| TESTS.iter().map(|test| test.id().to_owned()).collect());

/// A scanning model with overlays that look at the book, the past and its outcomes.
fn scan() -> BuiltModel {
    let text = r#"price_range = 0.05
vol_range = 0.2
overlays = [{ offset_cap = {} }, { reputation = { turnover = 0.3 } }, { adaptive = { coverage = 0.9, rate = 0.2 } }]"#;
    let mut params: toml::Table = toml::from_str(text).unwrap();
    let overlays = params.remove("overlays").unwrap().try_into().unwrap();
    let (name, kind) = ("scan".to_owned(), ModelKind::Kind("scan".to_owned()));
    let spec = ModelSpec { name, kind, as_of: None, params, overlays, baseline: false };
    build(&spec, &RuleLibrary::embedded().unwrap()).unwrap()
}

/// The books of the world again and again, each a little larger than the last.
fn many() -> Books {
    let few = books(STEPS);
    let scaled = |book: &Portfolio, by: f64| {
        let position = |held: &Position| Position { quantity: by * held.quantity, ..*held };
        Portfolio::new(book.positions().iter().map(position).collect())
    };
    let at = |step: usize| -> Vec<Portfolio> {
        let own = &few.portfolios[step];
        (0..ACCOUNTS).map(|a| scaled(&own[a % own.len()], 1.0 + 0.01 * a as f64)).collect()
    };
    Books {
        accounts: (0..ACCOUNTS).map(|account| format!("account {account}")).collect(),
        portfolios: (0..STEPS).map(at).collect(),
    }
}

struct Case {
    history: History,
    books: Books,
    overlays: Vec<Vec<Box<dyn Overlay>>>,
    days: Vec<DayResult>,
}

impl Case {
    fn new() -> Self {
        let (history, books, scan) = (history(), many(), scan());
        let toy = Toy { id: "toy", width: 0.5 };
        let models: [&dyn MarginModel; 2] = [&toy, scan.model.as_ref()];
        let days = replay(&history, &books, &models, &config(WINDOW..STEPS, 2)).unwrap();
        Case { history, books, overlays: vec![Vec::new(), scan.overlays], days }
    }

    fn assembly(&self) -> Assembly<'_> {
        let info = |id: &str, baseline| {
            let text = || id.to_owned();
            ModelInfo { id: text(), kind: text(), summary: text(), rules: None, baseline }
        };
        Assembly {
            currency: "USD".to_owned(),
            horizon: horizon(2),
            convention: LossConvention::Worst,
            level: Level::P99,
            models: vec![info("toy", true), info("scan", false)],
            overlays: &self.overlays,
            history: &self.history,
            books: &self.books,
            late_calls: &[],
            tests: Wanted::Named(&COVERAGE),
        }
    }

    fn blocks(&self, keep: Keep) -> Blocks<'_> {
        let steps = self.days.iter().map(|day| day.step).collect();
        let times = self.days.iter().map(|day| day.time).collect();
        Blocks::new(self.assembly(), steps, times, keep).unwrap()
    }

    /// In blocks of `size` accounts that go through their tables, with all long tables row by row.
    fn in_blocks(&self, size: usize, keep: Keep) -> (BacktestResult, Vec<Vec<Table>>) {
        let mut blocks = self.blocks(keep);
        let mut long = vec![Vec::new(); tables::LONG.len()];
        for start in (0..ACCOUNTS).step_by(size) {
            let accounts = start..(start + size).min(ACCOUNTS);
            let shard = to_tables(&self.days, &accounts).unwrap();
            let block = blocks.walk(accounts, from_tables(&shard).unwrap()).unwrap();
            for (tables, (_, table)) in long.iter_mut().zip(tables::LONG) {
                for account in 0..block.result.accounts.len() {
                    tables.push(table(&block.result, account..account + 1).unwrap());
                }
            }
            blocks.take(block).unwrap();
        }
        (blocks.finish().unwrap(), long)
    }
}

#[test]
fn blocks_of_any_size_come_to_the_same() {
    let case = Case::new();
    let whole = assemble(case.days.clone(), case.assembly()).unwrap();
    assert!(whole.breaches.len() > 100, "the market must breach");
    let short = tables::short(&whole).unwrap();
    for size in [1, 7, 64, ACCOUNTS] {
        let (kept, long) = case.in_blocks(size, Keep::All);
        assert_eq!((&kept.requirements, &kept.losses), (&whole.requirements, &whole.losses));
        assert_eq!(
            (kept.ranked_accounts(), kept.folded.is_none()),
            (whole.ranked_accounts(), true)
        );
        assert_eq!(tables::short(&kept).unwrap(), short, "blocks of {size}");
        for (of_block, (name, table)) in long.iter().zip(tables::LONG) {
            for (account, found) in of_block.iter().enumerate() {
                let expected = table(&whole, account..account + 1).unwrap();
                assert_eq!(*found, expected, "{name} of account {account}, blocks of {size}");
            }
        }
    }
}

#[test]
fn without_the_paths_everything_else_is_the_same() {
    let case = Case::new();
    let whole = assemble(case.days.clone(), case.assembly()).unwrap();
    let ranked = whole.ranked_accounts();
    let last = *ranked.last().unwrap();
    for size in [1, 7, 64, ACCOUNTS] {
        let (folded, _) = case.in_blocks(size, Keep::Featured { named: Some(last) });
        assert!(folded.folded.is_some());
        assert_eq!(folded.breaches, whole.breaches);
        assert_eq!(costs(&folded), costs(&whole));
        assert_eq!(tables::short(&folded).unwrap(), tables::short(&whole).unwrap());
        assert_eq!(folded.ranked_accounts(), ranked);
        assert_eq!(folded.sources(), whole.sources());
        for model in 0..2 {
            assert_eq!(folded.largest(model), whole.largest(model));
            assert_eq!(folded.required(model).to_bits(), whole.required(model).to_bits());
        }
        for (rank, &account) in ranked.iter().enumerate() {
            let kept = rank < FEATURED || account == last;
            assert_eq!(folded.has_paths(account), kept, "account {account} of rank {rank}");
            for model in (0..2).filter(|_| kept) {
                let (found, path) =
                    (&folded.requirements[model][account], &whole.requirements[model][account]);
                assert_eq!((found, &folded.losses[account]), (path, &whole.losses[account]));
            }
        }
    }
}

#[test]
fn blocks_out_of_order_or_missing_are_refused() {
    let case = Case::new();
    let mut blocks = case.blocks(Keep::All);
    let of = |accounts: std::ops::Range<usize>| {
        from_tables(&to_tables(&case.days, &accounts).unwrap()).unwrap()
    };
    let second = blocks.walk(10..20, of(10..20)).unwrap();
    let refused = blocks.take(second).unwrap_err();
    assert!(matches!(refused, BacktestError::Counts { found: 10, expected: 0, .. }), "{refused}");
    assert!(blocks.walk(0..10, of(0..9)).is_err(), "days of other accounts");
    let first = blocks.walk(0..10, of(0..10)).unwrap();
    blocks.take(first).unwrap();
    let refused = blocks.finish().unwrap_err();
    assert!(matches!(refused, BacktestError::Counts { found: 10, expected: 130, .. }), "{refused}");
}
