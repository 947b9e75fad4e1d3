//! What is said of jobs, line by line: each folder of `fixtures/jobs` with its `expected.txt`.

use crate::common::{kaslint, root};
use crate::rules::same_as_file;

#[test]
fn each_folder_of_jobs_is_told_what_it_should_be() {
    let mut folders: Vec<_> = std::fs::read_dir(root().join("fixtures/jobs"))
        .expect("fixtures")
        .map(|entry| entry.expect("one").path())
        .collect();
    folders.sort();
    for folder in folders {
        let mut arguments = vec!["check", "--fail-on", "never", "--format", "concise"];
        if folder.join("inventory.yaml").exists() {
            arguments.extend(["--inventory", "inventory.yaml"]);
        }
        let run = kaslint(&folder, &arguments);
        assert_eq!((run.code, &*run.stderr), (0, ""), "{}", folder.display());
        same_as_file(&folder.join("expected.txt"), &run.stdout);
    }
}

#[test]
fn the_agent_of_an_environment_is_said_to_select_nothing() {
    let folder = root().join("fixtures/jobs/no-context-beside-an-environments-agent");
    insta::assert_snapshot!(kaslint(&folder, &["check", "--inventory", "inventory.yaml"]).transcript());
}
