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

#[test]
fn a_kubeconfig_in_the_home_folder_counts_where_the_job_sees_no_agent() {
    let folder = root().join("fixtures/jobs/shadowed-kubeconfig");
    insta::assert_snapshot!(kaslint(&folder, &["access", "--jobs", "--inventory", "inventory.yaml"]).transcript());
    let run = kaslint(&folder, &["access", "--job", "redirected", "--why", "--inventory", "inventory.yaml"]);
    let told: Vec<&str> =
        run.stdout.lines().skip_while(|line| !line.trim_start().starts_with("selects")).take(2).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_a_file_gives_that_may_be_kept_out_is_in_doubt() {
    let folder = root().join("fixtures/jobs/conditional-includes");
    insta::assert_snapshot!(kaslint(&folder, &["access", "--jobs", "--inventory", "inventory.yaml"]).transcript());
    let why = ["access", "--job", "deploy", "--why", "--for", "acme/overridden", "--inventory", "inventory.yaml"];
    let told = kaslint(&folder, &why).stdout;
    let environment: Vec<&str> =
        told.lines().skip_while(|line| !line.trim_start().starts_with("environment")).take(3).collect();
    insta::assert_snapshot!(environment.join("\n"));
}
