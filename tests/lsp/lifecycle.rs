//! Hello and goodbye.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, initialize_params, uri};

/// An error without its words.
fn code(answer: Result<Json, crate::client::Refusal>) -> i64 {
    answer.expect_err("an error").code
}

#[test]
fn a_client_that_can_do_nothing_is_told_what_the_server_can() {
    let mut client = Client::start(&[]);
    let mut result = client.initialize(json!({}), &[""]);
    assert_eq!(
        result["serverInfo"].as_object_mut().expect("info").remove("version"),
        Some(env!("CARGO_PKG_VERSION").into())
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&result).expect("JSON"));
}

#[test]
fn diagnostics_are_offered_to_who_asks_for_them() {
    let mut client = Client::start(&[]);
    let result = client.initialize(json!({"textDocument": {"diagnostic": {}}}), &[""]);
    insta::assert_snapshot!(result["capabilities"]["diagnosticProvider"].to_string());
}

#[test]
fn nothing_is_answered_before_initialize_and_it_comes_once() {
    let mut client = Client::start(&[(CONFIG, "foo: 1\n")]);
    client.open(&uri(CONFIG), "foo: 1\n");
    for method in ["textDocument/hover", "shutdown", "nobody/knows"] {
        assert_eq!(code(client.ask(method, json!({}))), -32002, "{method}");
    }
    client.greet(json!({}), &[""]);
    assert_eq!(code(client.ask("initialize", initialize_params(json!({}), &[""]))), -32600);
    // What was opened before hello is not remembered, and what is opened after a second one is.
    client.open(&uri(CONFIG), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:0-0:3 unknown-key")]);
}

#[test]
fn little_is_enough_to_be_initialized() {
    for params in [Json::Null, json!({}), json!({"capabilities": null, "workspaceFolders": null, "processId": null})] {
        let mut client = Client::start(&[]);
        let result = client.ask("initialize", params).expect("an answer");
        assert_eq!(result["capabilities"]["positionEncoding"], "utf-16");
        client.notify("initialized", json!({}));
    }
    // Old clients know one folder, as an address or as a path.
    let text = "ci_access: {}\nfoo: 1\n";
    let mut client = Client::start(&[(".kaslint.yaml", "rules: {unknown-key: \"off\"}\n")]);
    client.ask("initialize", json!({"rootUri": "file:///w", "capabilities": {}})).expect("an answer");
    client.open(&uri(CONFIG), text);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
    client.shutdown();
    let mut client = Client::start(&[]);
    let path = client.path("");
    client.ask("initialize", json!({"rootPath": path.to_str(), "capabilities": {}})).expect("an answer");
    client.open(&uri(CONFIG), text);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 1:0-1:3 unknown-key")]);
}

#[test]
fn after_shutdown_nothing_is_answered() {
    let mut client = Client::ready(&[]);
    assert_eq!(client.ask("shutdown", Json::Null), Ok(Json::Null));
    for method in ["textDocument/hover", "shutdown", "initialize"] {
        assert_eq!(code(client.ask(method, json!({}))), -32600, "{method}");
    }
    client.open(&uri(CONFIG), "foo: 1\n");
    client.notify("exit", Json::Null);
    client.ends_with(0);
}

#[test]
fn who_leaves_without_a_word_is_told_by_the_status() {
    let mut client = Client::ready(&[]);
    client.notify("exit", Json::Null);
    client.ends_with(1);

    let mut client = Client::start(&[]);
    client.notify("exit", Json::Null);
    client.ends_with(1);

    let mut client = Client::ready(&[]);
    client.hang_up();
    client.ends_with(1);

    let mut client = Client::ready(&[]);
    assert_eq!(client.ask("shutdown", Json::Null), Ok(Json::Null));
    client.hang_up();
    client.ends_with(1);
}

#[test]
fn what_was_asked_before_the_end_is_answered() {
    let mut client = Client::ready(&[]);
    let asked: Vec<i64> = (0..50).map(|_| client.begin("textDocument/foldingRange", document(CONFIG))).collect();
    let last = client.begin("shutdown", Json::Null);
    client.notify("exit", Json::Null);
    for id in asked {
        client.answer(id).expect("an answer");
    }
    assert_eq!(client.answer(last), Ok(Json::Null));
    client.ends_with(0);
}

fn document(path: &str) -> Json {
    json!({"textDocument": {"uri": uri(path)}})
}

#[test]
fn the_working_folder_makes_no_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    for working in [std::path::Path::new("/"), &std::env::temp_dir()] {
        let folder_of_one = tempfile::tempdir_in(folder.path()).expect("a folder");
        let mut client = Client::in_folder(folder_of_one, working);
        client.write(".gitlab-ci.yml", "include: ci/a.yml\n");
        client.write("ci/a.yml", "deploy:\n  script: [kubectl config use-context gitlab-deploy]\n");
        client.greet(json!({}), &[""]);
        client.open(&uri(CONFIG), "foo: 1\n");
        assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:0-0:3 unknown-key")]);
        client.open_file("ci/a.yml");
        assert_eq!(client.told_lines(), ["ci/a.yml@1: 1:38-1:51 certificate-context"]);
    }
}
