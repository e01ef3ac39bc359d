//! Many texts of which few differ: each different text is kept once.

use std::sync::Arc;

use foldhash::fast::FixedState;
use indexmap::IndexSet;

/// Texts by position, some of them missing. Selections share the texts of what they were taken from.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    names: Arc<Names>,
    /// By position: which name, or `MISSING`.
    index: Vec<u32>,
}

/// Each different text, in the order of first use.
type Names = IndexSet<String, FixedState>;

const MISSING: u32 = u32::MAX;

impl Labels {
    /// The texts `names[index]`. The names must differ.
    pub fn coded<S: Into<String>>(
        names: impl IntoIterator<Item = S>,
        index: impl IntoIterator<Item = usize>,
    ) -> Self {
        let names: Names = names.into_iter().map(Into::into).collect();
        let index = index.into_iter().map(|which| which as u32).collect();
        Labels { names: Arc::new(names), index }
    }

    /// Adds the next text.
    pub fn push(&mut self, text: Option<&str>) {
        let which = text.map_or(MISSING, |text| self.which(text));
        self.index.push(which);
    }

    /// Adds the texts of `other`, each followed by missing ones up to every `step`-th position.
    pub fn extend_spaced(&mut self, other: &Labels, step: usize) {
        // What each name of `other` is called here, found when it is first met.
        let mut here = vec![None; other.names.len()];
        for &which in &other.index {
            let found = match here.get_mut(which as usize) {
                None => MISSING,
                Some(known) => {
                    *known.get_or_insert_with(|| self.which(&other.names[which as usize]))
                }
            };
            self.index.push(found);
            self.index.extend(std::iter::repeat_n(MISSING, step.saturating_sub(1)));
        }
    }

    /// Every `step`-th text from `start` on; `step` is at least 1.
    #[must_use]
    pub fn every(&self, start: usize, step: usize) -> Labels {
        let index = self.index.iter().skip(start).step_by(step).copied().collect();
        Labels { names: Arc::clone(&self.names), index }
    }

    /// The text at a position; `None` where it is missing.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&str> {
        let which = *self.index.get(at)?;
        self.names.get_index(which as usize).map(String::as_str)
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no position.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Each different text once, in the order of their numbers.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The number in [`names`](Self::names) of the text at each position; `None` where it is missing.
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = Option<u32>> {
        self.index.iter().map(|&which| (which != MISSING).then_some(which))
    }

    /// The number of a text, given to it now if it is new. Texts come in runs, so the last one is tried first.
    fn which(&mut self, text: &str) -> u32 {
        if let Some(&last) = self.index.last()
            && self.names.get_index(last as usize).is_some_and(|name| name == text)
        {
            return last;
        }
        if let Some(known) = self.names.get_index_of(text) {
            return known as u32;
        }
        Arc::make_mut(&mut self.names).insert_full(text.to_owned()).0 as u32
    }
}

/// Equal texts at equal positions, however they are kept.
impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Labels {}

impl<S: AsRef<str>> FromIterator<Option<S>> for Labels {
    fn from_iter<I: IntoIterator<Item = Option<S>>>(texts: I) -> Self {
        let texts = texts.into_iter();
        let mut labels = Labels::default();
        labels.index.reserve(texts.size_hint().0);
        texts.for_each(|text| labels.push(text.as_ref().map(AsRef::as_ref)));
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_kept_once() {
        let texts = [Some("down"), None, Some("up"), Some("down"), Some(""), Some("up")];
        let labels: Labels = texts.into_iter().collect();
        assert!(labels.names().eq(["down", "up", ""]));
        assert!(labels.numbers().eq([Some(0), None, Some(1), Some(0), Some(2), Some(1)]));
        assert_eq!(labels.iter().collect::<Vec<_>>(), texts);
        assert_eq!((labels.len(), labels.get(6)), (6, None));
    }

    #[test]
    fn coded_and_spaced_texts_are_the_same_texts() {
        let mut coded = Labels::coded(["b", "a"], [1, 0, 1]);
        coded.extend_spaced(&[None, Some("c"), Some("a")].into_iter().collect(), 2);
        let expected = ["a", "b", "a"].map(Some).into_iter();
        let expected = expected.chain([None, None, Some("c"), None, Some("a"), None]);
        assert!(coded.iter().eq(expected));
    }

    #[test]
    fn a_selection_grows_without_changing_what_it_was_taken_from() {
        let all = Labels::coded(["a", "b"], [0, 1, 0, 1, 1]);
        let mut odd = all.every(1, 2);
        odd.push(Some("c"));
        assert_eq!(odd, ["b", "b", "c"].into_iter().map(Some).collect());
        assert_eq!(all, ["a", "b", "a", "b", "b"].into_iter().map(Some).collect());
    }
}
