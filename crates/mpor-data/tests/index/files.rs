//! Rule files of a user's own.

use std::path::Path;

use mpor_data::index::IndexLibrary;

const OWN: &str = "\
[meta]
venue = \"desk\"
model = \"index\"
version = \"2025\"
engine = \"index\"
valid_from = \"2025-01-01\"
source = \"our own\"
status = \"convention\"

[parameters]
minimum = 3
below_minimum = { carry = { limit = \"1h\" } }
combine = [{ from = 3, how = \"median\" }]
";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn read(folder: &Path) -> Result<IndexLibrary, String> {
    let library = IndexLibrary::embedded().unwrap();
    library.with_directory(folder).map_err(|error| error.to_string())
}

#[test]
fn versions_come_in_the_order_of_their_start() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "index/desk/b.toml", OWN);
    let later = OWN.replace("2025-01-01", "2025-06-01").replace("\"2025\"", "\"2025-06\"");
    write(folder.path(), "index/desk/a.toml", &later);
    // A margin rule beside them is none of the index library's business.
    write(folder.path(), "desk/margin/1.toml", "not even a rule");
    let library = read(folder.path()).unwrap();
    let shown: Vec<String> =
        library.versions("desk/index").iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "desk/index 2025 (from 2025-01-01T00:00:00Z, convention)",
            "desk/index 2025-06 (from 2025-06-01T00:00:00Z, convention)"
        ]
    );
}

#[test]
fn a_folder_without_index_rules_adds_none() {
    let folder = tempfile::tempdir().unwrap();
    let library = read(folder.path()).unwrap();
    assert_eq!(library.names().count(), IndexLibrary::embedded().unwrap().names().count());
}

#[test]
fn a_faulty_file_is_named_with_its_key() {
    let told = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "index/desk/1.toml", text);
        let told = read(folder.path()).unwrap_err();
        assert!(told.contains("index/desk/1.toml: "), "{told}");
        told
    };
    assert!(told(&OWN.replace("minimum = 3", "minimum = 2")).contains("ends at 3 sources"));
    assert!(told(&OWN.replace("median", "midian")).contains("unknown variant `midian`"));
    assert!(told(&OWN.replace("2025-01-01", "soon")).contains("`meta.valid_from`"));
    assert!(
        told(&OWN.replace("engine = \"index\"", "engine = \"scan\"")).contains("`meta.engine`")
    );
    assert!(told(&OWN.replace("source = \"our own\"\n", "")).contains("missing field `source`"));
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "index/desk/1.toml", OWN);
    write(folder.path(), "index/desk/2.toml", OWN);
    assert!(read(folder.path()).unwrap_err().contains("each version needs its own"));
}
