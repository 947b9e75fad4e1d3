//! Environment templates in an editor.

use serde_json::json;

use crate::client::{CONFIG, Client, uri};
use crate::text::range_of;

const TEMPLATE: &str = ".gitlab/agents/prod/environment_templates/default.yaml";

const TEXT: &str = "objects:\n  - kind: Pod\napply_resource: on_start\n";

#[test]
fn a_template_is_followed_from_open_to_close() {
    let mut client = Client::ready(&[(CONFIG, "ci_access: {}\n"), (TEMPLATE, "objects: []\n")]);
    let template = uri(TEMPLATE);
    client.open(&template, TEXT);
    let faults = "1:10-1:13 environment-template, 2:0-2:14 environment-template";
    assert_eq!(client.told_lines(), [format!("{TEMPLATE}@1: {faults}")]);
    client.replace(&template, 2, "objects: []\n");
    assert_eq!(client.told_lines(), [format!("{TEMPLATE}@2:")]);
    client.replace(&template, 3, "objects: ['{{ .a }}']\n");
    assert_eq!(client.told_lines(), [format!("{TEMPLATE}@3: 0:14-0:16 environment-template")]);
    client.close(&template);
    assert_eq!(client.told_lines(), [format!("{TEMPLATE}:")]);
}

#[test]
fn a_template_that_is_not_saved_yet_is_one() {
    let mut client = Client::ready(&[(CONFIG, "ci_access: {}\n")]);
    client.open(&uri(TEMPLATE), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{TEMPLATE}@1: 0:0-0:3 environment-template")]);
    let other = TEMPLATE.replace("default", "production");
    client.open(&uri(&other), "objects: []\n");
    assert!(client.told_lines().contains(&format!("{other}@1: 0:0-0:0 environment-template")));
}

#[test]
fn keys_and_values_of_a_template_are_offered_and_explained() {
    let mut client = Client::ready(&[(".kaslint.yaml", "gitlab: {version: \"17.11\"}\n")]);
    client.open(&uri(TEMPLATE), "apply_resources: on_start\n\n");
    client.told();
    let mut ask = |method: &str, line: u32, character: u32| {
        let position = json!({"line": line, "character": character});
        client.ask(method, json!({"textDocument": {"uri": uri(TEMPLATE)}, "position": position})).expect("an answer")
    };
    let offered = |answer: &serde_json::Value| -> Vec<String> {
        let items = answer["items"].as_array().expect("items");
        items.iter().map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    };
    assert_eq!(offered(&ask("textDocument/completion", 1, 0)), ["objects"]);
    assert_eq!(offered(&ask("textDocument/completion", 0, 18)), ["on_start"]);
    let hover = ask("textDocument/hover", 0, 3);
    assert!(
        hover["contents"]["value"].as_str().is_some_and(|text| text.contains("When the objects are made")),
        "{hover}"
    );
    for method in ["textDocument/definition", "textDocument/codeLens", "textDocument/foldingRange"] {
        ask(method, 0, 3);
    }
    let symbols = ask("textDocument/documentSymbol", 0, 0);
    assert_eq!(symbols[0]["name"], "apply_resources", "{symbols}");
}

#[test]
fn a_key_of_a_template_is_mended() {
    let mut client = Client::ready(&[]);
    client.open(&uri(TEMPLATE), TEXT);
    client.told();
    let range = range_of(TEXT, "apply_resource", "utf-16");
    let params = json!({"textDocument": {"uri": uri(TEMPLATE)}, "range": range, "context": {"diagnostics": []}});
    let actions = client.ask("textDocument/codeAction", params).expect("actions");
    assert_eq!(actions[0]["title"], "Write `apply_resources`", "{actions}");
}
