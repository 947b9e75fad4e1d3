//! What comes and goes around the documents: files on the disk, folders, and documents that are no files.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};

#[test]
fn watching_is_asked_of_who_can() {
    let able = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
    let mut client = Client::ready_with(able, &[(CONFIG, "foo: 1\n")]);
    let question = client.asked("client/registerCapability");
    insta::assert_snapshot!(serde_json::to_string_pretty(&question.params).expect("JSON"));
    client.reply(question, Json::Null);
}

#[test]
fn what_changes_on_the_disk_changes_what_is_told() {
    let mut client = Client::start_with("world");
    client.greet(json!({}), &[""]);
    let agent = "projects/acme/agents/.gitlab/agents/production/config.yaml";
    let ci = "projects/acme/web/shop/.gitlab-ci.yml";
    let refused = [format!("{ci}@1: 3:33-3:55 context-not-granted")];
    client.open_file(ci);
    assert_eq!(client.told_lines(), [format!("{ci}@1:")]);
    let granted = std::fs::read_to_string(client.path(agent)).expect("a file");
    client.write(agent, "ci_access: {}\n");
    client.changed_on_disk(&[agent]);
    assert_eq!(client.told_lines(), refused);
    client.write(agent, &granted);
    client.changed_on_disk(&["README.yaml", agent, "values.yml"]);
    assert_eq!(client.told_lines(), [format!("{ci}@1:")]);
    // The inventory, which the settings name, and the settings.
    let inventory = std::fs::read_to_string(client.path("inventory.yaml")).expect("a file");
    client.write("inventory.yaml", &inventory.replace("acme/web/shop", "acme/web/store"));
    client.changed_on_disk(&["inventory.yaml"]);
    client.told();
    client.write("inventory.yaml", &inventory);
    client.changed_on_disk(&["inventory.yaml"]);
    client.told();
    client.write(".kaslint.yaml", "inventory: inventory.yaml\nrules: {context-not-granted: \"off\"}\n");
    client.write(agent, "ci_access: {}\n");
    client.changed_on_disk(&[agent, ".kaslint.yaml"]);
    assert_eq!(client.told_lines(), [""; 0]);
    client.write(".kaslint.yaml", "inventory: inventory.yaml\n");
    client.changed_on_disk(&[".kaslint.yaml"]);
    assert_eq!(client.told_lines(), refused);
    // An included file that comes, and one that goes.
    let missing = "projects/acme/web/shop/ci/deploy.yml";
    client.remove(missing);
    client.changed_on_disk(&[missing]);
    client.told();
    client.open(&uri(missing), "a:\n  script: [kubectl config use-context gitlab-deploy]\n");
    assert_eq!(client.told().get(missing).map(|told| told.lines()), Some(vec!["1:38-1:51 certificate-context".into()]));
}

#[test]
fn who_watches_no_files_has_them_read_again_on_save() {
    let mut client = Client::ready(&[(".kaslint.yaml", "{}\n")]);
    client.open(&uri(CONFIG), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:0-0:3 unknown-key")]);
    client.write(".kaslint.yaml", "rules: {unknown-key: \"off\"}\n");
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": uri(CONFIG)}}));
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
}

#[test]
fn an_open_document_goes_before_its_file() {
    let mut client = Client::ready(&[(CONFIG, "foo: 1\n")]);
    client.open(&uri(CONFIG), "ci_access: {}\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
    client.write(CONFIG, "bar: 1\n");
    client.changed_on_disk(&[CONFIG]);
    assert_eq!(client.told_lines(), [""; 0]);
    client.remove(CONFIG);
    client.changed_on_disk(&[CONFIG]);
    assert_eq!(client.told_lines(), [""; 0]);
    client.replace(&uri(CONFIG), 2, "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@2: 0:0-0:3 unknown-key")]);
}

#[test]
fn folders_come_and_go_with_their_settings() {
    let mut client = Client::start(&[
        ("a/.kaslint.yaml", "rules: {unknown-key: note}\n"),
        ("b/.kaslint.yaml", "rules: {unknown-key: \"off\"}\n"),
        ("c/.gitlab/agents/prod/config.yaml", "foo: 1\n"),
    ]);
    client.greet(json!({}), &["a", "b"]);
    let told = |client: &mut Client, path: &str| {
        client.open(&uri(path), "foo: 1\n");
        client.told_of(path).diagnostics.iter().map(|one| one["severity"].as_i64().expect("one")).collect::<Vec<_>>()
    };
    assert_eq!(told(&mut client, &format!("a/{CONFIG}")), [3]);
    assert_eq!(told(&mut client, &format!("b/{CONFIG}")), [0_i64; 0]);
    // A file outside of all folders is looked at with what lies around it.
    assert_eq!(told(&mut client, &format!("c/{CONFIG}")), [1]);
    let folder = |name: &str| json!({"uri": format!("file:///w/{name}"), "name": name});
    let event = |added: &[&str], removed: &[&str]| {
        let all = |names: &[&str]| names.iter().map(|name| folder(name)).collect::<Vec<_>>();
        json!({"event": {"added": all(added), "removed": all(removed)}})
    };
    client.notify("workspace/didChangeWorkspaceFolders", event(&["c"], &["b"]));
    assert_eq!(client.told_lines(), [""; 0], "nothing is said of what stays as it is");
    client.notify("workspace/didChangeWorkspaceFolders", event(&[], &["a", "c", "nowhere"]));
    assert_eq!(client.told_lines(), [""; 0]);
    client.replace(&uri(&format!("b/{CONFIG}")), 2, "bar: 1\n");
    assert_eq!(client.told_lines(), [format!("b/{CONFIG}@2:")]);
}

#[test]
fn settings_of_folders_differ_and_the_inner_one_counts() {
    let mut client = Client::start(&[]);
    client.greet(json!({"workspace": {"configuration": true}}), &["", "inner"]);
    let question = client.asked("workspace/configuration");
    client.reply(question, json!([null, {"ignore": ["unknown-key"]}, {"select": ["unknown-key"]}]));
    let inner = format!("inner/{CONFIG}");
    client.open(&uri(&inner), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{inner}@1: 0:0-0:3 unknown-key")]);
    client.open(&uri(CONFIG), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
    let removed = json!([{"uri": "file:///w/inner", "name": "inner"}]);
    client.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": [], "removed": removed}}));
    let question = client.asked("workspace/configuration");
    assert_eq!(question.params["items"].as_array().map(Vec::len), Some(2));
    client.reply(question, json!([null, {"ignore": ["unknown-key"]}]));
    assert_eq!(client.told_lines(), [format!("{inner}@1:")]);
}

#[test]
fn a_folder_with_a_slash_at_its_end_is_the_same() {
    let mut client = Client::start(&[("a/.kaslint.yaml", "rules: {unknown-key: \"off\"}\n")]);
    let folders = json!([{"uri": "file:///w/a/", "name": "a"}, {"uri": "file:///w/a", "name": "a"}]);
    client.ask("initialize", json!({"capabilities": {}, "workspaceFolders": folders})).expect("an answer");
    client.open(&uri(&format!("a/{CONFIG}")), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("a/{CONFIG}@1:")]);
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        json!({"event": {"added": [], "removed": [{"uri": "file:///w/a", "name": "a"}]}}),
    );
    assert_eq!(client.told_lines(), [""; 0]);
}

#[test]
fn documents_that_are_no_files_are_nobodys() {
    let mut client = Client::ready(&[]);
    for address in [
        "untitled:Untitled-1",
        "untitled:.gitlab/agents/prod/config.yaml",
        "git:/w/.gitlab/agents/prod/config.yaml?HEAD",
        "vscode-notebook-cell:/w/.gitlab-ci.yml",
        "no address at all",
        "",
    ] {
        client.open(address, "foo: 1\n");
        client.replace(address, 2, "foo: [\n");
        client.notify("textDocument/didSave", json!({"textDocument": {"uri": address}}));
        client.close(address);
        assert_eq!(client.told_lines(), [""; 0], "{address}");
    }
}

#[test]
fn addresses_with_escapes_are_told_as_the_client_writes_them() {
    let mut client = Client::ready(&[]);
    for folder in ["a%20b", "%C3%A9", "%e6%97%a5", "a+b", "c%3A", "100%25"] {
        let path = format!("{folder}/{CONFIG}");
        client.open(&uri(&path), "foo: 1\n");
        assert_eq!(client.told_lines(), [format!("{path}@1: 0:0-0:3 unknown-key")]);
        client.close(&uri(&path));
        assert_eq!(client.told_lines(), [format!("{path}:")]);
    }
}

#[test]
fn what_is_shown_between_the_lines_is_asked_for_again() {
    let able = json!({"workspace": {"inlayHint": {"refreshSupport": true}, "codeLens": {"refreshSupport": true}}});
    let files = [(CONFIG, "ci_access: {}\n"), (".kaslint.yaml", "{}\n")];
    for (options, methods) in [
        (json!({}), &[][..]),
        (json!({"inlayHints": true}), &["workspace/inlayHint/refresh"]),
        (json!({"codeLens": {"enable": true}}), &["workspace/codeLens/refresh"]),
    ] {
        let mut client = Client::start(&files);
        let params = json!({"capabilities": able, "initializationOptions": options, "rootUri": "file:///w"});
        client.ask("initialize", params).expect("an answer");
        client.open(&uri(CONFIG), "foo: 1\n");
        assert_eq!(client.told_lines().len(), 1);
        client.changed_on_disk(&["values.yaml", ".kaslint.yaml"]);
        for method in methods {
            let question = client.asked(method);
            client.reply(question, Json::Null);
        }
    }
}

#[test]
fn files_that_patterns_may_meet_are_listed_again_on_save_and_not_at_each_keystroke() {
    let text = |more: &str| format!("include: 'ci/*'\na: {{script: [x]}}\n{more}");
    for capabilities in [json!({}), json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}})] {
        let mut client = Client::ready_with(capabilities.clone(), &[("ci/a.yml", "b: {script: [x]}\n")]);
        if capabilities != json!({}) {
            let question = client.asked("client/registerCapability");
            client.reply(question, Json::Null);
        }
        let ci = uri(".gitlab-ci.yml");
        client.open(&ci, &text(""));
        assert_eq!(client.told_lines(), [".gitlab-ci.yml@1:"]);
        // Nobody tells of a folder that somebody moves here.
        client.write("ci/a.txt", "");
        client.replace(&ci, 2, &text("# x\n"));
        assert_eq!(client.told_lines(), [".gitlab-ci.yml@2:"], "the list is kept");
        client.notify("textDocument/didSave", json!({"textDocument": {"uri": ci}}));
        assert_eq!(client.told_lines(), [".gitlab-ci.yml@2: 0:9-0:15 invalid-ci-file"]);
        client.remove("ci/a.txt");
        client.changed_on_disk(&["ci/b.yml"]);
        client.told();
        client.notify("textDocument/didSave", json!({"textDocument": {"uri": ci}}));
        assert_eq!(client.told_lines(), [".gitlab-ci.yml@2:"]);
    }
}
