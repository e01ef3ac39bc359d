//! Many texts of which few differ: each different text is kept once.

/// Texts by position, some of them missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Each different text, in the order of first use.
    names: Vec<String>,
    /// Positions in `names`, in alphabetical order of what they say.
    sorted: Vec<u32>,
    /// By position: which name, or `MISSING`.
    index: Vec<u32>,
}

const MISSING: u32 = u32::MAX;

impl Labels {
    /// The texts `names[index]`. The names must differ.
    pub fn coded<S: Into<String>>(
        names: impl IntoIterator<Item = S>,
        index: impl IntoIterator<Item = usize>,
    ) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut sorted: Vec<u32> = (0..names.len() as u32).collect();
        sorted.sort_unstable_by_key(|&name| &names[name as usize]);
        let index = index.into_iter().map(|which| which as u32).collect();
        Labels { names, sorted, index }
    }

    /// Adds the texts of `other`, each `times` times over.
    pub fn extend_repeated(&mut self, other: &Labels, times: usize) {
        let known: Vec<u32> = other.names.iter().map(|name| self.which(name)).collect();
        let here = |which: &u32| known.get(*which as usize).copied().unwrap_or(MISSING);
        let repeated = other.index.iter().flat_map(|which| std::iter::repeat_n(here(which), times));
        self.index.extend(repeated);
    }

    /// Adds the next text.
    pub fn push(&mut self, text: Option<&str>) {
        let which = text.map_or(MISSING, |text| self.which(text));
        self.index.push(which);
    }

    /// The text at a position; `None` where it is missing.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&str> {
        let which = *self.index.get(at)?;
        self.names.get(which as usize).map(String::as_str)
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

    /// The number of a text, given to it now if it is new. Texts come in runs, so the last one is tried first.
    fn which(&mut self, text: &str) -> u32 {
        if let Some(&last) = self.index.last()
            && self.names.get(last as usize).is_some_and(|name| name == text)
        {
            return last;
        }
        let place =
            self.sorted.binary_search_by(|&name| self.names[name as usize].as_str().cmp(text));
        place.map(|at| self.sorted[at]).unwrap_or_else(|at| {
            let new = self.names.len() as u32;
            self.names.push(text.to_owned());
            self.sorted.insert(at, new);
            new
        })
    }
}

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
        assert_eq!(labels.names, ["down", "up", ""]);
        assert_eq!(labels.iter().collect::<Vec<_>>(), texts);
        assert_eq!((labels.len(), labels.get(6)), (6, None));
    }

    #[test]
    fn coded_and_repeated_texts_are_the_same_texts() {
        let mut coded = Labels::coded(["b", "a"], [1, 0, 1]);
        coded.extend_repeated(&[None, Some("c"), Some("a")].into_iter().collect(), 2);
        let expected = ["a", "b", "a"].map(Some).into_iter();
        let expected = expected.chain([None, None, Some("c"), Some("c"), Some("a"), Some("a")]);
        assert!(coded.iter().eq(expected));
    }
}
