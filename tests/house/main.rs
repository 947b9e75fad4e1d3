//! The house: the rooms of `src/` use each other one way, as the table in CONTRIBUTING.md has it, and the documents name
//! what there is.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests lay out folders and run programs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod cycles;
mod fault;
mod modules;
mod named_paths;
mod outlets;
mod planted;
mod reading;
mod rooms;
mod table;
mod ways;

use std::collections::BTreeMap;
use std::path::Path;

use fault::listed;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of Rust in a folder, by their paths from the top of the project.
fn files(folder: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            files.extend(self::files(&path));
        } else if path.ends_with(".rs") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            files.insert(path, text);
        }
    }
    files
}

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn arrows_between_rooms_run_one_way() {
    let faults = rooms::check(&files("src"), &document(table::DOCUMENT));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), listed(&faults));
}

#[test]
fn the_documents_name_paths_that_exist() {
    for name in ["README.md", table::DOCUMENT] {
        let faults = named_paths::missing(name, &document(name), |path| root().join(path).exists());
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), listed(&faults));
    }
}

#[test]
fn text_leaves_through_the_outlet() {
    let faults = outlets::check(&files("src"));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), listed(&faults));
    let planted = BTreeMap::from([("src/report/new.rs".to_owned(), "fn f(out: &mut dyn io::Write) {}".to_owned())]);
    assert_eq!(outlets::check(&planted).len(), 1);
}
