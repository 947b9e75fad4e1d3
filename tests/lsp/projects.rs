//! What one file says of another: a change here is told there.

use serde_json::json;

use crate::client::{Client, uri};
use crate::text::edit;

const AGENT: &str = "projects/acme/agents/.gitlab/agents/production/config.yaml";
const CI: &str = "projects/acme/web/shop/.gitlab-ci.yml";
const INCLUDED: &str = "projects/acme/web/shop/ci/deploy.yml";

fn world() -> Client {
    let mut client = Client::start_with("world");
    client.greet(json!({}), &[""]);
    client
}

#[test]
fn a_grant_that_goes_is_missed_in_the_ci_files() {
    let mut client = world();
    client.open_file(CI);
    assert_eq!(client.told_lines(), [format!("{CI}@1:")]);
    client.open_file(INCLUDED);
    assert_eq!(client.told_lines(), [format!("{INCLUDED}@1:")]);
    client.open_file(AGENT);
    assert_eq!(client.told_lines(), [format!("{AGENT}@1:")]);

    let mut text = std::fs::read_to_string(client.path(AGENT)).expect("a file");
    let granted = text.clone();
    let removed = edit(&mut text, "    - id: acme/web/shop\n", "", "utf-16");
    client.change(&uri(AGENT), 2, &[removed]);
    let told = client.told();
    assert_eq!(told[CI].lines(), ["3:33-3:55 context-not-granted"]);
    assert_eq!(told[INCLUDED].lines(), ["2:33-2:55 context-not-granted"]);
    // Versions are those of the document that is told of, not of the one that was changed.
    assert_eq!((told[CI].version, told[INCLUDED].version, told[AGENT].version), (Some(1), Some(1), Some(2)));
    assert_eq!((told[AGENT].lines().len(), told.len()), (0, 3));

    client.replace(&uri(AGENT), 3, &granted);
    assert_eq!(client.told_lines(), [format!("{AGENT}@3:"), format!("{CI}@1:"), format!("{INCLUDED}@1:")]);
}

#[test]
fn what_is_closed_counts_as_it_lies_on_the_disk() {
    let mut client = world();
    client.open_file(CI);
    client.told();
    client.open(&uri(AGENT), "ci_access: {}\n");
    assert_eq!(client.told_lines(), [format!("{AGENT}@1:"), format!("{CI}@1: 3:33-3:55 context-not-granted")]);
    client.close(&uri(AGENT));
    assert_eq!(client.told_lines(), [format!("{AGENT}:"), format!("{CI}@1:")]);
}

#[test]
fn an_included_file_is_one_of_the_project() {
    let mut client = world();
    client.open_file(INCLUDED);
    assert_eq!(client.told_lines(), [format!("{INCLUDED}@1:")]);
    client.replace(&uri(INCLUDED), 2, "deploy:\n  script:\n    - kubectl config use-context acme/agents:staging\n");
    assert_eq!(client.told_lines(), [format!("{INCLUDED}@2: 2:33-2:52 context-not-granted")]);
    // A file that is not included any more is nobody's, and one that is again is somebody's.
    client.open(&uri(CI), "show: {script: [ls]}\n");
    assert_eq!(client.told_lines(), [format!("{CI}@1:"), format!("{INCLUDED}@2:")]);
    client.replace(&uri(CI), 2, "include: ci/deploy.yml\n");
    assert_eq!(client.told_lines(), [format!("{CI}@2:"), format!("{INCLUDED}@2: 2:33-2:52 context-not-granted")]);
}

#[test]
fn what_an_included_file_defines_counts_in_the_file_that_includes_it() {
    let mut client = world();
    client.open(
        &uri(CI),
        "include: ci/deploy.yml\nshow:\n  extends: .base\n  script:\n    - kubectl config use-context $CONTEXT\n",
    );
    assert!(client.told_of(CI).lines().iter().all(|line| !line.ends_with("context-not-granted")));
    client.open(&uri(INCLUDED), ".base: {variables: {CONTEXT: 'acme/agents:staging'}}\n");
    assert_eq!(client.told_lines(), [format!("{CI}@1: 4:33-4:41 context-not-granted"), format!("{INCLUDED}@1:")]);
    client.replace(&uri(INCLUDED), 2, ".base: {variables: {CONTEXT: 'acme/agents:production'}}\n");
    assert_eq!(client.told_lines(), [format!("{CI}@1:"), format!("{INCLUDED}@2:")]);
    client.close(&uri(INCLUDED));
    client.told();
}

#[test]
fn files_that_are_in_the_editor_alone_make_a_project() {
    let mut client = Client::ready(&[(".kaslint.yaml", "project: acme/web/shop\n")]);
    let agent = ".gitlab/agents/prod/config.yaml";
    client.open(
        &uri("ci/deploy.yml"),
        "deploy:\n  script: [kubectl config use-context acme/web/shop:prdo, kubectl get pods]\n",
    );
    assert_eq!(client.told_lines(), [""; 0]);
    client.open(&uri(".gitlab-ci.yml"), "include: ci/deploy.yml\n");
    client.told();
    client.open(&uri(agent), "ci_access: {}\nfoo: 1\n");
    assert_eq!(
        client.told_lines(),
        [format!("{agent}@1: 1:0-1:3 unknown-key"), "ci/deploy.yml@1: 1:38-1:56 unknown-context".to_owned()]
    );
    client.close(&uri(agent));
    client.told();
    client.close(&uri(".gitlab-ci.yml"));
    client.told();
    client.replace(&uri("ci/deploy.yml"), 2, "deploy: [\n");
    assert_eq!(client.told_lines(), [""; 0]);
}

#[test]
fn a_pattern_of_includes_meets_files_that_come() {
    let mut client = Client::ready(&[(".gitlab-ci.yml", "include: 'ci/*.yml'\n"), ("ci/a.yml", "a: {script: [ls]}\n")]);
    client.open_file(".gitlab-ci.yml");
    client.told();
    client.open(&uri("ci/b.yml"), "b:\n  script: [kubectl config use-context gitlab-deploy]\n");
    // What the editor has and the disk does not is met as well.
    assert_eq!(client.told_lines(), ["ci/b.yml@1: 1:38-1:51 certificate-context"]);
    client.write("ci/c.yml", "c: {script: [kubectl config use-context gitlab-deploy]}\n");
    client.notify("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": uri("ci/c.yml"), "type": 1}]}));
    client.open_file("ci/c.yml");
    assert_eq!(client.told_lines(), ["ci/c.yml@1: 0:40-0:53 certificate-context"]);
    client.remove("ci/c.yml");
    client.close(&uri("ci/c.yml"));
    assert_eq!(client.told_lines(), ["ci/c.yml:"]);
    client.close(&uri("ci/b.yml"));
    assert_eq!(client.told_lines(), ["ci/b.yml:"]);
}

#[test]
fn places_in_other_files_are_named_for_who_cannot_show_them() {
    let able = json!({"textDocument": {"publishDiagnostics": {"relatedInformation": true}}});
    for capabilities in [json!({}), able] {
        let is_able = capabilities != json!({});
        let mut client = Client::start_with("world");
        client.write(AGENT, "ci_access:\n  projects: [{id: acme/web/shop, environments: [staging]}]\n");
        client.greet(capabilities, &[""]);
        let job =
            "environment: production, script: [kubectl config use-context acme/agents:production, kubectl get pods]";
        client.open(&uri(CI), &format!("deploy: {{{job}}}\n"));
        let told = client.told_of(CI);
        let of_rule = told.diagnostics.iter().find(|one| one["code"] == "environment-not-granted").expect("one");
        let message = of_rule["message"].as_str().expect("text");
        let said = format!("see {AGENT}:2: this entry decides");
        assert_eq!(message.lines().any(|line| line == said), !is_able, "{message}");
        let related = &of_rule["relatedInformation"];
        assert_eq!(related[0]["location"]["uri"], if is_able { json!(uri(AGENT)) } else { json!(null) });
    }
}

#[test]
fn the_file_of_a_child_pipeline_is_one_of_the_project() {
    let child = "projects/acme/web/shop/ci/child.yml";
    let mut client = world();
    client.open_file(CI);
    client.told();
    let text = std::fs::read_to_string(client.path(CI)).expect("a file");
    client.write(child, "child:\n  script:\n    - kubectl config use-context $AGENT\n");
    let trigger = "start:\n  variables: {AGENT: 'acme/agents:staging'}\n  trigger: {include: ci/child.yml}\n";
    client.replace(&uri(CI), 2, &format!("{text}{trigger}"));
    client.told();
    client.open_file(child);
    assert_eq!(client.told_lines(), [format!("{child}@1: 2:33-2:39 context-not-granted")]);
    // What is handed down changes in the other file.
    client.replace(&uri(CI), 3, &format!("{text}{}", trigger.replace("staging", "production")));
    assert_eq!(client.told_lines(), [format!("{CI}@3:"), format!("{child}@1:")]);
    client.replace(&uri(child), 2, "child:\n  script:\n    - kubectl config use-context acme/agents:staging\n");
    assert_eq!(client.told_lines(), [format!("{child}@2: 2:33-2:52 context-not-granted")]);
    let params = json!({"textDocument": {"uri": uri(child)}, "position": {"line": 2, "character": 40}});
    let told = client.ask("textDocument/hover", params).expect("a hover");
    assert!(told.to_string().contains("acme/agents:staging"), "{told}");
}
