//! Settings: `.kaslint.yaml` on the disk and in the editor, and what the client itself says.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};

const SETTINGS: &str = ".kaslint.yaml";
const AGENT: &str = "ci_access: {groups: [{id: acme, environments: [review+*]}]}\nfoo: 1\n";

fn both(version: i32) -> [String; 1] {
    [format!("{CONFIG}@{version}: 0:47-0:55 pattern-metacharacter, 1:0-1:3 unknown-key")]
}

/// What is told of the agent's file.
fn rules(client: &mut Client) -> Vec<String> {
    client.told_of(CONFIG).diagnostics.iter().map(|one| one["code"].as_str().expect("a rule").to_owned()).collect()
}

#[test]
fn settings_are_obeyed_while_they_are_edited() {
    let mut client = Client::ready(&[(SETTINGS, "rules: {unknown-key: \"off\"}\n")]);
    client.open(&uri(CONFIG), AGENT);
    assert_eq!(rules(&mut client), ["pattern-metacharacter"]);
    client.open(&uri(SETTINGS), "rules: {pattern-metacharacter: \"off\", unknown-key: note}\n");
    let told = client.told();
    assert_eq!(told[CONFIG].lines(), ["1:0-1:3 unknown-key"]);
    assert_eq!(told[CONFIG].diagnostics[0]["severity"], 3);
    assert_eq!(told[SETTINGS].lines(), [""; 0]);
    let ignore = "ignore: [{rule: pattern-metacharacter, at: 'ci_access.groups[acme]', reason: fine}]\n";
    client.replace(&uri(SETTINGS), 2, ignore);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 1:0-1:3 unknown-key"), format!("{SETTINGS}@2:")]);
    client.replace(&uri(SETTINGS), 3, &ignore.replace("[acme]", "[emca]"));
    let told = client.told();
    assert_eq!(told[SETTINGS].lines(), ["0:16-0:37 unused-ignore"]);
    assert_eq!(told[CONFIG].lines().len(), 2);
    // What is closed without being saved was never said.
    client.close(&uri(SETTINGS));
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:47-0:55 pattern-metacharacter"), format!("{SETTINGS}:")]);
}

#[test]
fn mistakes_in_settings_are_told_where_they_stand_and_hold_nothing_up() {
    let mut client = Client::ready(&[(SETTINGS, "rules: {unknown-key: \"off\"}\n")]);
    client.open(&uri(CONFIG), AGENT);
    assert_eq!(rules(&mut client), ["pattern-metacharacter"]);
    // Settings that cannot be used leave those in force that were there before.
    client.open(&uri(SETTINGS), "rules: {unknwon-key: \"off\"}\n");
    assert_eq!(client.told_lines(), [format!("{SETTINGS}@1: 0:8-0:19 invalid-settings")]);
    let shown = client.notified("window/showMessage");
    assert_eq!(shown["type"], 2);
    assert!(shown["message"].as_str().expect("text").contains(SETTINGS), "{shown}");
    // Once is enough for the same.
    client.changed_on_disk(&[CONFIG, "other/.kaslint.yaml"]);
    assert_eq!(client.told_lines(), [""; 0]);
    client.replace(&uri(SETTINGS), 2, "rules: {unknown-key: \"off\"}\n");
    assert_eq!(client.told_lines(), [format!("{SETTINGS}@2:")]);
}

#[test]
fn mistakes_of_settings_that_are_not_open_are_told_as_well() {
    let mut client = Client::ready(&[(SETTINGS, "rulse: {}\n")]);
    client.open(&uri(CONFIG), AGENT);
    assert_eq!(client.told_lines(), [both(1)[0].clone(), format!("{SETTINGS}: 0:0-0:5 invalid-settings")]);
    client.notified("window/showMessage");
    client.write(SETTINGS, "rules: {}\n");
    client.changed_on_disk(&[SETTINGS]);
    assert_eq!(client.told_lines(), [format!("{SETTINGS}:")]);
}

#[test]
fn options_of_initialize_hold_for_everything() {
    let options = json!({"ignore": ["unknown-key"], "select": []});
    for options in [options.clone(), json!({"kaslint": options})] {
        let mut client = Client::start(&[]);
        let params = json!({"capabilities": {}, "initializationOptions": options, "rootUri": "file:///w"});
        client.ask("initialize", params).expect("an answer");
        client.open(&uri(CONFIG), AGENT);
        assert_eq!(rules(&mut client), ["pattern-metacharacter"]);
    }
}

#[test]
fn the_client_is_asked_for_each_folder() {
    let mut client = Client::start(&[]);
    let able = json!({"workspace": {"configuration": true, "didChangeConfiguration": {"dynamicRegistration": true}}});
    client.greet(able, &["a", "b"]);
    let registration = client.asked("client/registerCapability");
    assert_eq!(
        registration.params["registrations"],
        json!([{
            "id": "kaslint-settings",
            "method": "workspace/didChangeConfiguration",
            "registerOptions": {"section": "kaslint"},
        }])
    );
    client.reply(registration, Json::Null);
    let question = client.asked("workspace/configuration");
    assert_eq!(
        question.params["items"],
        json!([
            {"section": "kaslint"},
            {"scopeUri": "file:///w/a", "section": "kaslint"},
            {"scopeUri": "file:///w/b", "section": "kaslint"},
        ])
    );
    let (a, b, c) = (format!("a/{CONFIG}"), format!("b/{CONFIG}"), format!("c/{CONFIG}"));
    for path in [&a, &b, &c] {
        client.open(&uri(path), AGENT);
    }
    // Nothing is told before the answer, so that nothing is taken back after it.
    assert_eq!(client.told_lines(), [""; 0]);
    client.reply(question, json!([{"ignore": ["pattern-metacharacter"]}, {"ignore": ["unknown-key"]}, null]));
    assert_eq!(
        client.told_lines(),
        [
            format!("{a}@1: 0:47-0:55 pattern-metacharacter"),
            format!("{b}@1: 0:47-0:55 pattern-metacharacter, 1:0-1:3 unknown-key"),
            format!("{c}@1: 1:0-1:3 unknown-key"),
        ]
    );

    client.notify("workspace/didChangeConfiguration", json!({"settings": null}));
    let question = client.asked("workspace/configuration");
    client.reply(question, json!([{}, {"select": ["unknown-key"]}, {"select": ["pattern-metacharacter"]}]));
    assert_eq!(
        client.told_lines(),
        [
            format!("{a}@1: 1:0-1:3 unknown-key"),
            format!("{b}@1: 0:47-0:55 pattern-metacharacter"),
            format!("{c}@1: 0:47-0:55 pattern-metacharacter, 1:0-1:3 unknown-key"),
        ]
    );
}

#[test]
fn the_tier_of_the_client_counts() {
    let text = "ci_access: {projects: [{id: acme/web/shop, protected_branches_only: true}]}\n";
    let mut lines = Vec::new();
    for tier in ["free", "premium"] {
        let mut client = Client::ready_with(json!({"workspace": {"configuration": true}}), &[]);
        let question = client.asked("workspace/configuration");
        client.reply(question, json!([{"tier": tier}, {"tier": tier}]));
        client.open(&uri(CONFIG), text);
        lines.push(format!("{tier}: {}", client.told_of(CONFIG).lines().join(", ")));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn wrong_values_are_shown_once_and_the_rest_counts() {
    let mut client = Client::ready_with(json!({"workspace": {"configuration": true}}), &[]);
    let question = client.asked("workspace/configuration");
    let wrong =
        json!({"tier": "gold", "select": ["unkown-key"], "ignore": ["unknown-key"], "codeLens": 3, "trace": {}});
    client.reply(question, json!([wrong, wrong]));
    client.open(&uri(CONFIG), AGENT);
    assert_eq!(rules(&mut client), ["pattern-metacharacter"]);
    let mut shown: Vec<String> =
        (0..3).map(|_| client.notified("window/showMessage")["message"].as_str().expect("text").to_owned()).collect();
    shown.sort();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_client_that_answers_nonsense_is_served() {
    for answer in [json!([]), json!(null), json!({"tier": "free"}), json!([7, "x"]), json!([[], null, {}, {}])] {
        let mut client = Client::ready_with(json!({"workspace": {"configuration": true}}), &[]);
        client.open(&uri(CONFIG), AGENT);
        let question = client.asked("workspace/configuration");
        client.reply(question, answer);
        assert_eq!(client.told_lines(), both(1));
    }
}

#[test]
fn an_error_for_an_answer_is_an_answer() {
    let mut client = Client::ready_with(json!({"workspace": {"configuration": true}}), &[]);
    client.open(&uri(CONFIG), AGENT);
    let question = client.asked("workspace/configuration");
    client.reply_error(question, -32603, "no settings today");
    assert_eq!(client.told_lines(), both(1));
}

#[test]
fn a_client_that_does_not_answer_is_not_waited_for_long() {
    let mut client = Client::ready_with(json!({"workspace": {"configuration": true}}), &[]);
    let question = client.asked("workspace/configuration");
    client.open(&uri(CONFIG), AGENT);
    let start = Instant::now();
    let told = client.notified("textDocument/publishDiagnostics");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(told["diagnostics"].as_array().expect("diagnostics").len(), 2);
    assert!(client.notified("window/logMessage")["message"].as_str().expect("text").contains("did not answer"));
    client.settle();
    // An answer that is late counts all the same.
    client.reply(question, json!([{}, {"ignore": ["unknown-key"]}]));
    assert_eq!(rules(&mut client), ["pattern-metacharacter"]);
}

#[test]
fn what_hangs_on_the_settings_waits_for_them_and_nothing_else_does() {
    let mut client =
        Client::ready_with(json!({"workspace": {"configuration": true}, "textDocument": {"diagnostic": {}}}), &[]);
    let question = client.asked("workspace/configuration");
    client.open(&uri(CONFIG), AGENT);
    let document = json!({"textDocument": {"uri": uri(CONFIG)}});
    let pulled = client.begin("textDocument/diagnostic", document.clone());
    // Answered at once, since the client does not wait for it either.
    assert!(client.ask("textDocument/foldingRange", document).is_ok());
    client.reply(question, json!([{}, {"ignore": ["unknown-key"]}]));
    let told = client.answer(pulled).expect("diagnostics");
    assert_eq!(told["items"].as_array().expect("items").len(), 1);
}

#[test]
fn what_is_asked_before_the_settings_are_there_is_answered_by_them() {
    let able = json!({"workspace": {"configuration": true}, "textDocument": {"diagnostic": {}}});
    let mut client = Client::ready_with(able, &[]);
    let question = client.asked("workspace/configuration");
    client.open(&uri(CONFIG), AGENT);
    let id = client.begin("textDocument/diagnostic", json!({"textDocument": {"uri": uri(CONFIG)}}));
    client.settle();
    client.reply(question, json!([{}, {"ignore": ["unknown-key"]}]));
    let report = client.answer(id).expect("a report");
    assert_eq!(report["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(client.pull(CONFIG, report["resultId"].as_str())["kind"], "unchanged");
}

#[test]
fn what_waits_for_settings_is_answered_in_the_end() {
    let able = json!({"workspace": {"configuration": true}, "textDocument": {"diagnostic": {}}});
    let mut client = Client::ready_with(able.clone(), &[]);
    let question = client.asked("workspace/configuration");
    client.open(&uri(CONFIG), AGENT);
    let report = client.pull(CONFIG, None);
    assert_eq!(report["items"].as_array().map(Vec::len), Some(2));
    client.notified("window/logMessage");
    client.ignore(question);
    client.shutdown();

    let mut client = Client::ready_with(able, &[]);
    let question = client.asked("workspace/configuration");
    let id = client.begin("textDocument/diagnostic", json!({"textDocument": {"uri": uri(CONFIG)}}));
    assert_eq!(client.ask("shutdown", Json::Null), Ok(Json::Null));
    client.notify("exit", Json::Null);
    assert_eq!(client.answer(id).expect_err("nothing is answered any more").code, -32600);
    client.ignore(question);
    client.ends_with(0);
}

#[test]
fn settings_may_come_with_the_notification() {
    let mut client = Client::ready(&[]);
    client.open(&uri(CONFIG), AGENT);
    assert_eq!(client.told_lines(), both(1));
    client.notify("workspace/didChangeConfiguration", json!({"settings": {"kaslint": {"ignore": ["unknown-key"]}}}));
    assert_eq!(rules(&mut client), ["pattern-metacharacter"]);
    client.notify("workspace/didChangeConfiguration", json!({"settings": null}));
    client.notify("workspace/didChangeConfiguration", json!({"settings": []}));
    assert_eq!(client.told_lines(), [""; 0]);
    client.notify("workspace/didChangeConfiguration", json!({"settings": {}}));
    assert_eq!(client.told_lines(), both(1));
}

#[test]
fn an_inventory_that_the_client_names_is_relative_to_the_folder() {
    let mut client = Client::start_with("world");
    client.remove(SETTINGS);
    let params = json!({
        "capabilities": {},
        "initializationOptions": {"inventory": "inventory.yaml"},
        "workspaceFolders": [{"uri": "file:///w", "name": "w"}],
    });
    client.ask("initialize", params).expect("an answer");
    let ci = "projects/acme/web/shop/.gitlab-ci.yml";
    client.open(&uri(ci), "show:\n  script: [kubectl config use-context acme/agents:staging]\n");
    assert_eq!(client.told_lines(), [format!("{ci}@1: 1:38-1:57 context-not-granted")]);
}

#[test]
fn a_file_that_is_named_and_missing_is_a_mistake_of_the_settings() {
    let text = "project: acme/agents\ninventory: inventry.yaml\n";
    let mut client = Client::ready(&[(SETTINGS, text), (CONFIG, "ci_access: {}\n")]);
    client.open_file(SETTINGS);
    let told = client.told_of(SETTINGS);
    assert_eq!(told.lines(), ["1:11-1:24 invalid-settings"]);
    let said = client.notified("window/showMessage")["message"].as_str().expect("a text").to_owned();
    assert!(said.contains("inventry.yaml"), "{said}");
    client.open(&uri("inventry.yaml"), "projects: [{path: acme/agents}]\n");
    let told = client.told();
    assert_eq!(told[SETTINGS].lines(), [""; 0], "{told:?}");
}

#[test]
fn what_settings_exclude_and_say_of_some_files_holds_while_they_are_edited() {
    let mut client = Client::ready(&[(SETTINGS, "exclude: [.gitlab/**]\n")]);
    client.open(&uri(CONFIG), AGENT);
    assert_eq!(rules(&mut client), [""; 0]);
    // Of a file of which nothing is said, what it means is told all the same.
    let hover = client.ask(
        "textDocument/hover",
        json!({
            "textDocument": {"uri": uri(CONFIG)}, "position": {"line": 0, "character": 3},
        }),
    );
    assert!(hover.expect("an answer").to_string().contains("ci_access"));
    let per_path =
        "per-path: [{path: '**/prod', rules: {unknown-key: \"off\", pattern-metacharacter: note}, reason: x}]\n";
    client.open(&uri(SETTINGS), per_path);
    let told = client.told();
    assert_eq!(told[CONFIG].lines(), ["0:47-0:55 pattern-metacharacter"]);
    assert_eq!(told[CONFIG].diagnostics[0]["severity"], 3);
    client.replace(&uri(SETTINGS), 2, "exclude: [../x]\n");
    assert_eq!(client.told_lines(), [format!("{SETTINGS}@2: 0:10-0:14 invalid-settings")]);
    client.notified("window/showMessage");
}

#[test]
fn an_isolated_server_takes_nothing_from_the_repository() {
    let agent = "ci_access: {}\nfoo: 1 # kaslint: ignore[unknown-key] not now\n";
    let files = [
        (SETTINGS, "rules: {unknown-key: \"off\"}\nexclude: [.gitlab]\n"),
        ("own.yaml", "rules: {unknown-key: note}\n"),
        (CONFIG, agent),
    ];
    let severity = |options: &[&str], settings: Json| {
        let mut client = Client::ready_as(options, &files);
        client.notify("workspace/didChangeConfiguration", json!({"settings": {"kaslint": settings}}));
        client.open(&uri(CONFIG), agent);
        let told = client.told_of(CONFIG).diagnostics.iter().map(|one| one["severity"].clone()).collect::<Vec<_>>();
        if settings != json!({}) {
            let left_out = client.notified("window/showMessage");
            assert!(left_out["message"].as_str().expect("text").contains("--isolated"), "{left_out}");
        }
        told
    };
    assert_eq!(severity(&[], json!({})), [0; 0]);
    assert_eq!(severity(&["--isolated"], json!({})), [1]);
    assert_eq!(severity(&["--isolated", "--settings", "own.yaml"], json!({})), [3], "what the caller names holds");
    // A client sends what a clone has in its own settings, and does not say so.
    assert_eq!(severity(&["--isolated"], json!({"ignore": ["unknown-key"]})), [1]);
    assert_eq!(severity(&["--isolated"], json!({"settings": ".kaslint.yaml"})), [1]);
}
