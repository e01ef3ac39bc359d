//! One page a margin model and overlay, made of its module's documentation, its keys and its rule sets: `docs/methods/`. Tests have
//! theirs below it.
//!
//! The page of a kind is written where the kind is: the file in which its `id` stands. What the code says of itself, the
//! catalog's keys and the rule files' vintages are all that a page holds, so it cannot say anything else than they do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mpor_margin::{Parameter, RuleLibrary, RuleSet, Size, kinds, overlay_kinds};

use crate::chores::root;

/// Where the pages are.
const FOLDER: &str = "docs/methods";

/// One page.
struct Page {
    /// Kind or overlay.
    id: &'static str,
    summary: &'static str,
    text: String,
}

/// Makes the pages anew; the power of the tests only where it is asked for or missing, because it takes minutes.
///
/// # Errors
/// The file that cannot be read or written, or the kind whose module is not found.
pub fn write(power: bool) -> Result<(), String> {
    let folder = root().join(FOLDER);
    fs::create_dir_all(folder.join("tests"))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    if power || !crate::power::is_kept() {
        crate::power::write()?;
    }
    for (name, text) in files()? {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Whether the pages are what the sources say.
///
/// # Errors
/// The page that is not.
pub fn check() -> Result<(), String> {
    for (name, text) in files()? {
        let path = root().join(FOLDER).join(&name);
        if fs::read_to_string(&path).unwrap_or_default() != text {
            return Err(format!(
                "{FOLDER}/{name} is not what its source says; run `cargo xtask methods`"
            ));
        }
    }
    Ok(())
}

fn files() -> Result<BTreeMap<String, String>, String> {
    let library = RuleLibrary::embedded().map_err(|error| error.to_string())?;
    let models = root().join("crates/mpor-margin/src/models");
    let overlays = root().join("crates/mpor-margin/src/overlays");
    let (models, overlays) = (sources(&models)?, sources(&overlays)?);
    let mut pages = Vec::new();
    for kind in kinds() {
        let mut text = head(kind.id, &models)?;
        let _ = writeln!(text, "\nSource of the method: {}.\n\n{}", kind.source, size(kind.size));
        keys(&mut text, kind.parameters);
        rule_sets(&mut text, kind.id, &library)?;
        pages.push(Page { id: kind.id, summary: kind.summary, text });
    }
    let first_overlay = pages.len();
    for overlay in overlay_kinds() {
        let mut text = head(overlay.id, &overlays)?;
        keys(&mut text, overlay.parameters);
        pages.push(Page { id: overlay.id, summary: overlay.summary, text });
    }
    let index = index(&pages[..first_overlay], &pages[first_overlay..]);
    let pages = pages.into_iter().map(|page| (format!("{}.md", page.id), page.text));
    let pages = pages.chain([("README.md".to_owned(), index)]);
    Ok(pages.chain(crate::test_pages::files()?).chain(crate::power::files()?).collect())
}

fn index(models: &[Page], overlays: &[Page]) -> String {
    let mut text = "# Methods\n\nMade by `cargo xtask methods` of the documentation in the code, the catalog's keys and the rule files.\n".to_owned();
    for (title, pages) in [("Margin models", models), ("Overlays", overlays)] {
        let _ = writeln!(text, "\n## {title}\n\n| name | what it is |\n| --- | --- |");
        for page in pages {
            let _ = writeln!(text, "| [{0}]({0}.md) | {1} |", page.id, cell(page.summary));
        }
    }
    text.push_str(
        "\n## Tests\n\nTests, scores and monitors have [pages of their own](tests/README.md).\n",
    );
    text
}

/// Source files below a folder with their texts, in order of path.
fn sources(folder: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).map_err(fail)?.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    for path in entries.iter().map(fs::DirEntry::path) {
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).map_err(fail)?;
            found.push((path, text));
        }
    }
    found.sort();
    Ok(found)
}

/// Title and documentation of the module in which an id stands.
fn head(id: &str, sources: &[(PathBuf, String)]) -> Result<String, String> {
    let line = format!("id: \"{id}\"");
    let known = sources.iter().find(|(_, text)| text.contains(&line));
    let (_, text) = known.ok_or_else(|| format!("no module declares `{line}`"))?;
    Ok(format!("# `{id}`\n\n{}\n", unlinked(&documentation(text))))
}

/// What a module says of itself.
pub(crate) fn documentation(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n")
}

/// Links to items of the code become their names.
pub(crate) fn unlinked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("[`") {
        let (before, link) = rest.split_at(at);
        let Some(end) = link.find("`]") else { break };
        out.push_str(before);
        out.push_str(&link[1..=end]);
        rest = &link[end + 2..];
        if rest.starts_with('(')
            && let Some(close) = rest.find(')')
        {
            rest = &rest[close + 1..];
        }
    }
    out + rest
}

fn size(size: Size) -> &'static str {
    match size {
        Size::Proportional => "Twice the book needs twice the money.",
        Size::Dependent => "The requirement does not grow in proportion to the book.",
    }
}

fn keys(text: &mut String, parameters: &[Parameter]) {
    if parameters.is_empty() {
        return;
    }
    text.push_str("\n## Parameters\n\n| key | default | meaning |\n| --- | --- | --- |\n");
    for parameter in parameters {
        let default = parameter.default.unwrap_or("");
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            parameter.key,
            cell(default),
            cell(parameter.summary)
        );
    }
}

/// The versions of all rule sets that a kind reads, with what is uncertain in each.
fn rule_sets(text: &mut String, kind: &str, library: &RuleLibrary) -> Result<(), String> {
    let mut sets: Vec<&RuleSet> = Vec::new();
    for name in library.names() {
        let versions = library.versions(name).map_err(|error| error.to_string())?;
        sets.extend(versions.iter().filter(|set| set.engine == kind));
    }
    if sets.is_empty() {
        return Ok(());
    }
    text.push_str("\n## Rule sets\n\n| rules | version | valid from | valid until | numbers are | source |\n| --- | --- | --- | --- | --- | --- |\n");
    let day = |time: Option<mpor_core::Timestamp>| {
        time.map_or(String::new(), |time| time.date().to_string())
    };
    for set in &sets {
        let (from, until) = (day(set.valid_from), day(set.valid_until));
        let (status, source) = (set.status, cell(&set.source));
        let _ = writeln!(
            text,
            "| {} | {} | {from} | {until} | {status} | {source} |",
            set.name, set.version
        );
    }
    for set in sets.iter().filter(|set| !set.notes.is_empty()) {
        let _ = writeln!(text, "\nUncertain in {} {}:\n", set.name, set.version);
        for (key, note) in &set.notes {
            let _ = writeln!(text, "- {key}: {note}");
        }
    }
    Ok(())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_what_the_sources_say() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn links_become_names() {
        assert_eq!(unlinked("as [`A`] and [`b`](crate::b) say"), "as `A` and `b` say");
        assert_eq!(unlinked("an [open `link"), "an [open `link");
    }
}
