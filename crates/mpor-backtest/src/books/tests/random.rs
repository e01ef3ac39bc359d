use super::*;

fn random(accounts: usize, seed: u64) -> (History, Books) {
    let rule = format!(
        r#"random_book = {{ accounts = {accounts}, underlyings = ["BTC", "ETH"], roll = "30d", notional = 50_000 }}"#
    );
    let mut history = history();
    let books = build(&rules(&[("crowd", &rule)]), &mut history, 0..STEPS, seed).unwrap();
    (history, books)
}

/// Holdings by name, since instruments are numbered in the order they are first held.
fn holdings(history: &History, books: &Books, step: usize, account: usize) -> Vec<(String, u64)> {
    let mut found: Vec<(String, u64)> = held(history, &books.portfolios[step][account])
        .iter()
        .map(|(instrument, quantity)| (instrument.name.clone(), quantity.to_bits()))
        .collect();
    found.sort();
    found
}

#[test]
fn an_account_does_not_depend_on_how_many_there_are() {
    let ((few_history, few), (many_history, many)) = (random(5, 7), random(40, 7));
    assert_eq!(few.accounts[..], many.accounts[..5]);
    assert_eq!(few.accounts[0], "crowd-00001");
    for step in [0, 29, 30, 119] {
        for account in 0..5 {
            assert_eq!(
                holdings(&few_history, &few, step, account),
                holdings(&many_history, &many, step, account)
            );
        }
    }
}

#[test]
fn the_seed_decides() {
    let ((history, first), (_, again), (_, other)) = (random(20, 7), random(20, 7), random(20, 8));
    assert_eq!(first.portfolios, again.portfolios);
    assert_ne!(first.portfolios, other.portfolios);
    assert_eq!(changes(&first)[..1], [first_change(&history, &first)]);
}

/// Positions are drawn anew after 30 days, or when the first of them expires.
fn first_change(history: &History, books: &Books) -> usize {
    let start = history.panel.times()[0];
    let expiries = held(history, &books.portfolios[0][0])
        .into_iter()
        .filter_map(|(instrument, _)| instrument.contract.expiry());
    let until = expiries.fold(start + Span::days(30), Timestamp::min);
    history.panel.times().iter().position(|time| *time >= until).unwrap()
}

#[test]
fn the_mix_is_the_one_asked_for() {
    let (history, books) = random(400, 3);
    let (mut options, mut all, mut short) = (0.0, 0.0, 0.0);
    for account in 0..400 {
        for (instrument, quantity) in held(&history, &books.portfolios[0][account]) {
            all += 1.0;
            options += f64::from(u8::from(instrument.contract.kind() == "option"));
            short += f64::from(u8::from(quantity < 0.0));
        }
    }
    // About 1,800 positions, less a few that net; five standard errors are 6 %.
    assert!(all > 1000.0);
    assert!((options / all - 0.6).abs() < 0.08, "{}", options / all);
    assert!((short / all - 0.5).abs() < 0.06, "{}", short / all);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (history, books) = pool.install(|| random(200, 7));
        (history.universe.instruments().to_vec(), books.portfolios)
    };
    assert_eq!(on(1), on(2));
    assert_eq!(on(1), on(8));
}
