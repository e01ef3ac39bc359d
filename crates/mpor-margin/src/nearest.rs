//! What the writer of an unknown name probably meant.

/// `did you mean `x`? known: a, b, x`, without the question when nothing is near.
#[must_use]
pub(crate) fn hint<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    match nearest(name, &known) {
        Some(nearest) => format!("did you mean `{nearest}`? known: {list}"),
        None => format!("known: {list}"),
    }
}

/// The known name within a third of the characters in edits, the first of equals.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    known
        .iter()
        .map(|known| (edits(name, known), *known))
        .filter(|(edits, known)| edits * 3 <= known.chars().count().max(3))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, known)| known)
}

/// Levenshtein distance in characters.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered() {
        assert_eq!(hint("bufer", ["buffer", "cap"]), "did you mean `buffer`? known: buffer, cap");
        assert_eq!(hint("nothing", ["buffer", "cap"]), "known: buffer, cap");
    }

    #[test]
    fn edits_by_hand() {
        assert_eq!(edits("kitten", "sitting"), 3, "Levenshtein's textbook pair");
        assert_eq!(edits("", "abc"), 3);
    }
}
