//! What an editor shows holds no character that acts on what shows it; what it puts into files stays as it is.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, initialize_params, uri};

/// What is put into every name and value.
const EVIL: &str = "x\u{1b}[31m\u{9b}\r\n\u{202e}\u{2066}\u{2028}\u{85}\u{61c}y";

/// Where what goes into files stands.
const EDITS: [&str; 9] =
    ["edit", "textEdit", "additionalTextEdits", "newText", "insertText", "filterText", "sortText", "data", "uri"];

fn assert_plain(key: &str, value: &Json) {
    match value {
        Json::String(text) => {
            let acting = text.chars().find(|&one| kaslint::source::acts(one) && one != '\n');
            assert_eq!(acting, None, "{key}: {text:?}");
            // A second line is the server's.
            assert!(
                !text.lines().any(|line| line.starts_with('\u{202e}') || line.starts_with("\\u{202e}")),
                "{key}: {text:?}"
            );
        }
        Json::Array(items) => items.iter().for_each(|item| assert_plain(key, item)),
        Json::Object(members) => {
            members
                .iter()
                .filter(|(key, _)| !EDITS.contains(&&***key))
                .for_each(|(key, value)| assert_plain(key, value));
        }
        _ => {}
    }
}

fn texts() -> Vec<(&'static str, String)> {
    let evil = Json::from(EVIL).to_string();
    let agent = format!(
        "ci_access:\n  projects:\n    - id: {evil}\n      {evil}: 1\n    - id: acme/web/shop\n      default_namespace: {evil}\n      \
         environments: [{evil}, prod*, {evil}]\n      access_as: {{impersonate: {{username: {evil}, groups: [{evil}]}}}}\n{evil}: {evil}\n"
    );
    let ci = format!(
        "include: [{{component: {evil}}}, {{local: {evil}}}]\n{evil}:\n  environment: {evil}\n  variables: {{KUBE_CONTEXT: {evil}}}\n  \
         script:\n    - kubectl config use-context acme/agents:prod\n    - kubectl get pods\n"
    );
    let settings = format!("project: {evil}\nrules: {{{evil}: {evil}}}\n{evil}: 1\nignore: [{{rule: {evil}}}]\n");
    let inventory = format!(
        "projects:\n  - {{path: {evil}}}\n  - {{path: acme/a, environments: [{evil}], agents: [{evil}], {evil}: 1}}\n"
    );
    vec![(CONFIG, agent), (".gitlab-ci.yml", ci), (".kaslint.yaml", settings), ("inventory.yaml", inventory)]
}

#[test]
fn what_is_shown_holds_nothing_that_acts() {
    let all = texts();
    for (path, text) in &all {
        let mut client = Client::start(&[(CONFIG, &all[0].1), (".gitlab-ci.yml", &all[1].1)]);
        let mut params = initialize_params(json!({}), &[""]);
        params["initializationOptions"] = json!({"inlayHints": true, "codeLens": true, "project": "acme/agents"});
        client.ask("initialize", params).expect("an answer");
        client.notify("initialized", json!({}));
        client.open(&uri(path), text);
        client.settle();
        for (method, params) in crate::hostile_params::questions(path) {
            if let Ok(answer) = client.ask(method, params) {
                assert_plain(method, &answer);
            }
        }
        for (line, content) in text.lines().enumerate() {
            for column in (0..=content.chars().count()).step_by(7) {
                for method in ["textDocument/hover", "textDocument/completion"] {
                    let at = json!({"line": line, "character": column});
                    let params = json!({"textDocument": {"uri": uri(path)}, "position": at});
                    assert_plain(method, &client.ask(method, params).expect("an answer"));
                }
            }
        }
        client.settle();
        let all = client.all();
        assert!(!all.is_empty());
        all.iter().for_each(|message| assert_plain("message", message));
    }
}
