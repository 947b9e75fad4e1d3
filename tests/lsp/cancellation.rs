//! Requests that are taken back: each is answered once, whatever was first.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};

/// A text that takes a while.
fn long_text() -> String {
    let entry = |number: usize| format!("    - id: acme/web/shop-{number}\n      environments: [on, prod*]\n");
    let entries: String = (0..400).map(entry).collect();
    format!("ci_access:\n  projects:\n{entries}")
}

#[test]
fn requests_behind_a_burst_are_answered_or_taken_back_once() {
    let mut client = Client::ready_with(json!({"textDocument": {"diagnostic": {}}}), &[]);
    let text = long_text();
    client.open(&uri(CONFIG), &text);
    // All of it arrives before the first analysis is done, so that most is taken back in time.
    let mut ids = Vec::new();
    for number in 0..20 {
        client.replace(&uri(CONFIG), 2 + number, &text.replace("shop-7", &format!("blog-{number}")));
        ids.push(client.begin("textDocument/diagnostic", json!({"textDocument": {"uri": uri(CONFIG)}})));
        ids.push(client.begin("textDocument/foldingRange", json!({"textDocument": {"uri": uri(CONFIG)}})));
    }
    for id in &ids {
        client.notify("$/cancelRequest", json!({"id": id}));
    }
    let mut cancelled = 0;
    for id in ids {
        match client.answer(id) {
            Ok(_) => {}
            Err(refusal) => {
                assert_eq!(refusal.code, -32800, "{refusal:?}");
                cancelled += 1;
            }
        }
    }
    assert!(cancelled > 0, "none was taken back");
    // Ids that were taken back mean nothing for later requests.
    let report = client.pull(CONFIG, None);
    assert!(report["items"].as_array().is_some_and(|items| items.len() >= 400));
}

#[test]
fn a_request_of_the_workspace_can_be_taken_back() {
    let mut client = Client::ready_with(json!({"textDocument": {"diagnostic": {}}}), &[(CONFIG, &long_text())]);
    let id = client.begin("workspace/diagnostic", json!({"previousResultIds": []}));
    client.notify("$/cancelRequest", json!({"id": id}));
    if let Err(refusal) = client.answer(id) {
        assert_eq!(refusal.code, -32800);
    }
}

#[test]
fn what_nobody_asked_cannot_be_taken_back() {
    let mut client = Client::ready(&[]);
    for id in [json!(77), json!("a"), json!(null), json!([]), json!({}), json!(1.5), json!(4294967296_i64), json!(-1)] {
        client.notify("$/cancelRequest", json!({"id": id}));
    }
    for params in [Json::Null, json!(7), json!([]), json!({})] {
        client.notify("$/cancelRequest", params);
    }
    // One that was answered, and one that is yet to come.
    let id = client.begin("textDocument/foldingRange", json!({"textDocument": {"uri": uri(CONFIG)}}));
    client.answer(id).expect("an answer");
    client.notify("$/cancelRequest", json!({"id": id}));
    client.notify("$/cancelRequest", json!({"id": id + 1}));
    client.ask("textDocument/foldingRange", json!({"textDocument": {"uri": uri(CONFIG)}})).expect("an answer");
}

#[test]
fn an_id_that_is_used_again_is_a_request_of_its_own() {
    let mut client = Client::ready(&[]);
    for _ in 0..3 {
        client.ask_with(&json!("again"), "nobody/knows");
    }
}
