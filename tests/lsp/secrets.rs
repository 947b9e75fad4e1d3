//! Secrets of a file stand in no message, whatever is said of it.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, initialize_params, uri};

const TOKEN: &str = "glagent-zZyYxXwWvVuUtTsSrRqQ9876543210";

/// Texts in which a token stands wherever a message might quote it.
fn texts() -> Vec<(&'static str, String)> {
    let agent = format!(
        "# token {TOKEN}\nci_access:\n  projects:\n    - id: {TOKEN}\n      {TOKEN}: x\n      default_namespace: {TOKEN}\n    \
         - id: {TOKEN}\n      environments: {TOKEN}\n      access_as: {{{TOKEN}: {{}}}}\n"
    );
    let broken = format!("ci_access:\n  projects:\n    - id: \"{TOKEN}\n  {TOKEN}: [\n");
    let ci = format!(
        "deploy:\n  variables: {{KUBE_CONTEXT: '{TOKEN}'}}\n  script:\n    - kubectl config use-context {TOKEN}\n    \
         - kubectl --token {TOKEN} get pods\n    - kubectl config use-context acme/{TOKEN}:prod\n\
         include:\n  - {{local: {TOKEN}.yml, {TOKEN}: x}}\n  - remote: https://bob:zZyYxX98Qw@git.example.com/x.yml?private_token=zZyYxX98\n"
    );
    let settings = format!("project: {TOKEN}\nrules: {{{TOKEN}: \"off\"}}\n{TOKEN}: 1\nignore: [{{rule: {TOKEN}}}]\n");
    let inventory = format!(
        "projects:\n  - {{path: acme/{TOKEN}}}\n  - {{path: acme/{TOKEN}, {TOKEN}: x}}\n  - {{path: {TOKEN}}}\n"
    );
    let schema = format!("inventory: {TOKEN}.yaml\n");
    vec![
        (CONFIG, agent),
        (CONFIG, broken),
        (".gitlab-ci.yml", ci),
        (".kaslint.yaml", settings),
        (".kaslint.yaml", schema),
        ("inventory.yaml", inventory),
    ]
}

fn assert_masked(what: &Json) {
    let text = what.to_string();
    if let Some(at) = text.find("zZyYxX") {
        let before: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
        panic!("{before}{}", text[at..].chars().take(100).collect::<String>());
    }
}

#[test]
fn what_is_told_unasked_is_masked() {
    let able =
        json!({"textDocument": {"publishDiagnostics": {"relatedInformation": true, "codeDescriptionSupport": true}}});
    for capabilities in [json!({}), able] {
        for (path, text) in texts() {
            let mut client = Client::ready_with(capabilities.clone(), &[(".gitlab/agents/a/config.yaml", "{}\n")]);
            client.open(&uri(path), &text);
            client.open(&uri("b/.gitlab/agents/b/config.yaml"), &text);
            client.settle();
            let mut count = 0;
            for message in client.all() {
                assert_masked(&message);
                count += message["params"]["diagnostics"].as_array().map_or(0, Vec::len);
            }
            assert!(count > 0, "{path} {text}");
        }
    }
}

#[test]
fn what_is_asked_for_is_masked() {
    for (path, text) in texts() {
        let mut client = Client::start(&[(path, &text)]);
        let mut params = initialize_params(json!({"textDocument": {"diagnostic": {}}}), &[""]);
        params["initializationOptions"] = json!({"inlayHints": true, "codeLens": true});
        client.ask("initialize", params).expect("an answer");
        let report = client.ask("workspace/diagnostic", json!({"previousResultIds": []})).expect("a report");
        assert_masked(&report);
        client.open(&uri(path), &text);
        let report = client.pull(path, None);
        assert_masked(&report);
        let is_told = !report["items"].as_array().expect("items").is_empty();
        for (method, params) in crate::hostile_params::questions(path) {
            if let Ok(answer) = client.ask(method, params) {
                assert_masked(&answer);
            }
        }
        for (line, content) in text.lines().enumerate() {
            for column in (0..=content.len()).step_by(3) {
                for method in ["textDocument/hover", "textDocument/definition", "textDocument/completion"] {
                    let at = json!({"line": line, "character": column});
                    let params = json!({"textDocument": {"uri": uri(path)}, "position": at});
                    assert_masked(&client.ask(method, params).expect("an answer"));
                }
            }
        }
        client.settle();
        let all = client.all();
        all.iter().for_each(assert_masked);
        // Of a file that is not there, a message tells.
        assert!(is_told || !all.is_empty(), "{path} {text}");
    }
}

#[test]
fn what_the_client_says_wrongly_is_not_repeated() {
    let mut client = Client::ready_with(json!({"workspace": {"configuration": true}}), &[]);
    let question = client.asked("workspace/configuration");
    let wrong = json!({"tier": TOKEN, "gitlabVersion": TOKEN, "select": [TOKEN], "settings": TOKEN, TOKEN: 1});
    client.reply(question, json!([wrong, wrong]));
    client.open(&uri(CONFIG), "foo: 1\n");
    client.settle();
    let all = client.all();
    assert!(all.iter().any(|message| message["method"] == "window/showMessage"), "{all:?}");
    all.iter().for_each(assert_masked);
}
