//! Diagnostics that the client asks for.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, lines, uri};

fn able() -> Json {
    json!({"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": true}}})
}

fn items(report: &Json) -> Vec<String> {
    assert_eq!(report["kind"], "full");
    lines(report["items"].as_array().expect("items"))
}

fn result_id(report: &Json) -> &str {
    report["resultId"].as_str().expect("an id")
}

#[test]
fn a_document_is_full_then_unchanged_then_full() {
    let mut client = Client::ready_with(able(), &[]);
    client.open(&uri(CONFIG), "foo: 1\n");
    let first = client.pull(CONFIG, None);
    assert_eq!(items(&first), ["0:0-0:3 unknown-key"]);
    let id = result_id(&first);
    assert_eq!(client.pull(CONFIG, Some(id)), json!({"kind": "unchanged", "resultId": id}));
    assert_eq!(items(&client.pull(CONFIG, Some("of somebody else"))).len(), 1);
    client.replace(&uri(CONFIG), 2, "ci_access: {}\nfoo: 1\n");
    let second = client.pull(CONFIG, Some(id));
    assert_eq!(items(&second), ["1:0-1:3 unknown-key"]);
    client.replace(&uri(CONFIG), 3, "ci_access: {}\n");
    assert_eq!(items(&client.pull(CONFIG, Some(result_id(&second)))), [""; 0]);
    client.replace(&uri(CONFIG), 4, "foo: 1\n");
    assert_eq!(client.pull(CONFIG, Some(id))["kind"], "unchanged");
    client.close(&uri(CONFIG));
    // That the client refreshes is asked for when an open document no longer goes before the disk.
    let question = client.asked("workspace/diagnostic/refresh");
    client.reply(question, Json::Null);
    assert_eq!(items(&client.pull(CONFIG, Some(id))), [""; 0]);
}

#[test]
fn nothing_is_said_of_documents_that_are_nobodys() {
    let mut client = Client::ready_with(able(), &[(CONFIG, "foo: 1\n")]);
    client.open(&uri("values.yaml"), "foo: [");
    assert_eq!(items(&client.pull("values.yaml", None)), [""; 0]);
    assert_eq!(items(&client.pull("never/opened.yaml", None)), [""; 0]);
    let other = client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": "untitled:Untitled-1"}}));
    assert_eq!(items(&other.expect("a report")), [""; 0]);
}

/// The report on the workspace as lines, and its ids in the form of the next request.
fn workspace(client: &mut Client, before: &Json) -> (Vec<String>, Json) {
    let report = client.ask("workspace/diagnostic", json!({"previousResultIds": before})).expect("a report");
    let all = report["items"].as_array().expect("items");
    let line = |item: &Json| {
        let path = item["uri"].as_str().expect("an address").replace("file:///w/", "");
        let version = item["version"].as_i64().map(|version| format!("@{version}")).unwrap_or_default();
        let said = match item["kind"].as_str() {
            Some("full") => items(item).join(", "),
            _ => "unchanged".to_owned(),
        };
        format!("{path}{version}: {said}").trim_end().to_owned()
    };
    let ids = all.iter().map(|item| json!({"uri": item["uri"], "value": item["resultId"]})).collect();
    (all.iter().map(line).collect(), ids)
}

#[test]
fn the_workspace_has_files_that_are_not_open() {
    let ci = ".gitlab-ci.yml";
    let files = [
        (CONFIG, "foo: 1\n"),
        (".gitlab/agents/staging/config.yaml", "ci_access: {}\n"),
        (ci, "a:\n  script: [kubectl config use-context gitlab-deploy]\n"),
        ("values.yaml", "foo: ["),
    ];
    let mut client = Client::ready_with(able(), &files);
    let (all, ids) = workspace(&mut client, &json!([]));
    assert_eq!(
        all,
        [
            format!("{ci}: 1:38-1:51 certificate-context"),
            format!("{CONFIG}: 0:0-0:3 unknown-key"),
            ".gitlab/agents/staging/config.yaml:".to_owned(),
        ]
    );
    client.open(&uri(CONFIG), "ci_access: {}\n");
    let (all, ids) = workspace(&mut client, &ids);
    assert_eq!(
        all,
        [
            format!("{ci}: unchanged"),
            format!("{CONFIG}@1:"),
            ".gitlab/agents/staging/config.yaml: unchanged".to_owned(),
        ]
    );
    let (all, _) = workspace(&mut client, &ids);
    assert!(all.iter().all(|line| line.ends_with(" unchanged")), "{all:?}");
    // Both ways of asking give the same.
    let of_one = client.pull(CONFIG, None);
    let known = ids.as_array().expect("ids").iter().find(|id| id["uri"] == uri(CONFIG)).expect("one");
    assert_eq!(of_one["resultId"], known["value"]);
}

#[test]
fn mistakes_of_settings_are_in_the_workspace() {
    let mut client = Client::ready_with(able(), &[(CONFIG, "ci_access: {}\n"), (".kaslint.yaml", "rulse: {}\n")]);
    client.open_file(CONFIG);
    assert_eq!(items(&client.pull(CONFIG, None)), [""; 0]);
    client.notified("window/showMessage");
    let (all, _) = workspace(&mut client, &json!([]));
    assert_eq!(all, [format!("{CONFIG}@1:"), ".kaslint.yaml: 0:0-0:5 invalid-settings".to_owned()]);
}

#[test]
fn the_workspace_is_known_without_an_open_document() {
    let mut client = Client::start(&[(CONFIG, "foo: 1\n")]);
    client.greet(able(), &[""]);
    let (all, _) = workspace(&mut client, &json!([]));
    assert_eq!(all, [format!("{CONFIG}: 0:0-0:3 unknown-key")]);
}

#[test]
fn a_file_that_changes_on_the_disk_has_the_client_ask_again() {
    let files = [(CONFIG, "ci_access: {}\n"), (".kaslint.yaml", "{}\n")];
    let mut client = Client::ready_with(able(), &files);
    client.open(&uri(CONFIG), "foo: 1\n");
    let before = client.pull(CONFIG, None);
    client.write(".kaslint.yaml", "rules: {unknown-key: \"off\"}\n");
    client.changed_on_disk(&[".kaslint.yaml"]);
    let question = client.asked("workspace/diagnostic/refresh");
    assert_eq!(question.params, Json::Null);
    client.reply(question, Json::Null);
    assert_eq!(items(&client.pull(CONFIG, Some(result_id(&before)))), [""; 0]);
    // What is nobody's business changes nothing, and neither does the file of a document that is open.
    client.changed_on_disk(&["values.yaml", CONFIG]);
    // An edit does: other documents may say something else now.
    client.settle();
}

#[test]
fn who_cannot_refresh_is_not_asked_to() {
    let mut client = Client::ready_with(json!({"textDocument": {"diagnostic": {}}}), &[(CONFIG, "foo: 1\n")]);
    client.open_file(CONFIG);
    client.write(".kaslint.yaml", "rules: {unknown-key: \"off\"}\n");
    client.changed_on_disk(&[".kaslint.yaml"]);
    assert_eq!(items(&client.pull(CONFIG, None)), [""; 0]);
}

#[test]
fn a_change_that_changes_another_document_has_that_asked_for_again() {
    let agent = "ci_access: {projects: [{id: acme/web/shop}]}\n";
    let ci = "deploy:\n  script: [kubectl config use-context acme/agents:prod, kubectl get pods]\n";
    let inventory = "projects: [{path: acme/agents, repository: .}, {path: acme/web/shop, repository: shop}]\n";
    let settings = "project: acme/agents\ninventory: inventory.yaml\n";
    let files =
        [(CONFIG, agent), ("shop/.gitlab-ci.yml", ci), ("inventory.yaml", inventory), (".kaslint.yaml", settings)];
    let mut client = Client::ready_with(able(), &files);
    client.open_file(CONFIG);
    client.open_file("shop/.gitlab-ci.yml");
    client.pull(CONFIG, None);
    assert_eq!(client.pull("shop/.gitlab-ci.yml", None)["items"], json!([]));
    // A change that is nobody else's business.
    client.replace(&uri(CONFIG), 2, &format!("{agent}# x\n"));
    client.settle();
    client.replace(&uri(CONFIG), 3, "ci_access: {projects: [{id: acme/web/cart}]}\n");
    let question = client.asked("workspace/diagnostic/refresh");
    client.reply(question, Json::Null);
    assert_eq!(client.pull("shop/.gitlab-ci.yml", None)["items"][0]["code"], "context-not-granted");
}
