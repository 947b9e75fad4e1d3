//! CI files that are as they should be must stay without a finding, beside agents that they could use and alone.

use std::path::Path;

use crate::common::{kaslint, root, write};

/// The project that each file belongs to.
const PROJECT: &str = "acme/web/shop";

/// Copies a folder's files.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &target),
            false => {
                drop(write(to, target.strip_prefix(to).unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap()))
            }
        }
    }
}

/// What is said of a repository beside the agents of the world.
fn beside_agents(repository: &Path) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&root().join("fixtures/silent-jobs/world"), folder.path());
    copy(repository, &folder.path().join("projects").join(PROJECT));
    let arguments =
        ["check", "--inventory", "inventory.yaml", "--ignore", "unanchored-wildcard", "--format", "concise"];
    kaslint(folder.path(), &arguments).stdout
}

#[test]
fn good_ci_files_are_silent() {
    let folders = std::fs::read_dir(root().join("fixtures/silent-jobs")).expect("fixtures");
    let mut said = String::new();
    let mut count = 0;
    for entry in folders {
        let folder = entry.expect("an entry").path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "world" {
            continue;
        }
        count += 1;
        let alone = kaslint(&folder, &["check", "--project", PROJECT, "--format", "concise"]).stdout;
        for (how, output) in [("beside agents", beside_agents(&folder)), ("alone", alone)] {
            if !output.starts_with("No findings in ") {
                said.push_str(&format!("--- {name}, {how}\n{output}"));
            }
        }
    }
    assert!(count >= 40, "{count}");
    assert!(said.is_empty(), "{said}");
}
