//! The sentences say what the numbers say, and no more.

use mpor_report::{Evidence, story};

use crate::market::{self, Shape};

/// The answer and the story of a changed result, with plain spaces.
fn told(shape: Shape, change: impl Fn(&mut mpor_backtest::BacktestResult)) -> (String, String) {
    let (mut result, findings) = (market::result(shape), market::findings());
    change(&mut result);
    let input = market::input(&result, &findings);
    let evidence = Evidence::gather(&input, None).unwrap();
    let plain = |text: String| text.replace('\u{A0}', " ");
    (plain(story::answer(&evidence)), plain(story::story(&evidence).join("\n")))
}

fn small() -> Shape {
    Shape { days: 1_300, ..Shape::usual() }
}

#[test]
fn models_below_the_target_are_named_with_their_accounts() {
    let (answer, _) = told(small(), |result| {
        for row in &mut result.coverage {
            let bad = row.model == 2 && matches!(row.account, Some(0 | 3));
            row.bounds = row.bounds.map(|_| if bad { (0.97, 0.98) } else { (0.98, 0.995) });
        }
    });
    assert_eq!(
        answer,
        "At the 99 % target, 4 of 5 models are not significantly below it for any account; \
         fhs-99 is below it in 2 of 6 accounts."
    );
}

#[test]
fn when_every_model_fails_the_closest_is_named() {
    let (answer, _) = told(small(), |result| {
        for row in &mut result.coverage {
            let good = row.model == 1 && row.account != Some(0);
            row.bounds = row.bounds.map(|_| if good { (0.98, 0.995) } else { (0.9, 0.95) });
        }
    });
    assert!(
        answer.starts_with(
            "At the 99 % target, no: each of the 5 models is significantly below it for at \
             least one account; the closest, derive-pmrm2 is below it in 1 of 6 accounts; the largest"
        ),
        "{answer}"
    );
}

#[test]
fn few_observations_are_no_evidence() {
    let (answer, story) = told(Shape { days: 40, safety: 50.0, ..Shape::usual() }, |_| {});
    assert_eq!(
        answer,
        "Too few 2-day margin periods ended within the data to tell whether the 99 % target is met."
    );
    assert!(story.contains("No model was breached."));
    assert!(
        story.contains("The sample is small: with 228 observations about 2.3 breaches"),
        "{story}"
    );
}

#[test]
fn nothing_observed_is_said() {
    let (answer, _) = told(small(), |result| {
        for row in &mut result.coverage {
            (row.observations, row.breaches, row.coverage, row.bounds) = (0, 0, None, None);
        }
    });
    assert_eq!(
        answer,
        "No 2-day margin period ended within the data, so the models cannot be judged."
    );
}

#[test]
fn the_story_has_the_results_own_numbers() {
    let result = market::result(small());
    let (_, story) = told(small(), |_| {});
    let worst = result.breaches.iter().map(|b| b.loss - b.requirement).fold(0.0, f64::max);
    assert!(story.contains(&format!("The largest single shortfall was {:.0} k USD", worst / 1e3)));
    let march =
        result.breaches.iter().filter(|b| b.time.to_string().starts_with("2020-03")).count();
    let all = result.breaches.len();
    assert!(
        story.contains(&format!("The month with most breaches was March 2020: {march} of {all}"))
    );
    assert!(story.contains("isolated was calmest"));
}
