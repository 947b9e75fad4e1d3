//! Messages that are well formed and mean nothing: wrong types, positions that no text has, documents that nobody opened.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};

/// Every request that the server has, with parameters as they should be.
pub fn questions(path: &str) -> Vec<(&'static str, Json)> {
    let document = json!({"uri": uri(path)});
    let position = json!({"line": 0, "character": 12});
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let at = json!({"textDocument": document, "position": position});
    let of = json!({"textDocument": document});
    let within = json!({"textDocument": document, "range": range});
    let actions = json!({"textDocument": document, "range": range, "context": {"diagnostics": []}});
    vec![
        ("textDocument/hover", at.clone()),
        ("textDocument/definition", at.clone()),
        ("textDocument/completion", at),
        ("textDocument/codeAction", actions),
        ("codeAction/resolve", json!({"title": "x"})),
        ("textDocument/documentSymbol", of.clone()),
        ("textDocument/foldingRange", of.clone()),
        ("textDocument/codeLens", of.clone()),
        ("textDocument/inlayHint", within),
        ("textDocument/diagnostic", of),
        ("workspace/diagnostic", json!({"previousResultIds": []})),
        ("workspace/textDocumentContent", json!({"uri": "kaslint:rules/unknown-key.md"})),
    ]
}

fn code(answer: Result<Json, crate::client::Refusal>) -> Option<i64> {
    answer.err().map(|refusal| refusal.code)
}

/// The server still does what it is there for.
fn works(client: &mut Client) {
    let path = "alive/.gitlab/agents/prod/config.yaml";
    client.open(&uri(path), "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{path}@1: 0:0-0:3 unknown-key")]);
    client.close(&uri(path));
    client.told();
}

#[test]
fn every_request_is_answered() {
    let mut client = Client::ready(&[]);
    for path in ["values.yaml", CONFIG, ".gitlab-ci.yml", ".kaslint.yaml", "inventory.yaml", "nowhere.yaml"] {
        if path != "nowhere.yaml" {
            client.open(&uri(path), "ci_access: {projects: [{id: acme/web/shop}]}\n");
        }
        for (method, params) in questions(path) {
            assert_eq!(code(client.ask(method, params)), None, "{method}");
        }
        client.settle();
    }
    client.all();
}

#[test]
fn wrong_types_are_refused() {
    let mut client = Client::ready(&[(CONFIG, "ci_access: {}\n")]);
    for (method, params) in questions(CONFIG) {
        let mut wrong = vec![json!(null), json!(7), json!("x"), json!([1, 2]), json!([]), json!({})];
        let text = params.to_string();
        for (piece, other) in [
            (format!("\"uri\":\"{}\"", uri(CONFIG)), "\"uri\":7"),
            (format!("{{\"uri\":\"{}\"}}", uri(CONFIG)), "[]"),
            ("\"line\":0,\"character\":12".to_owned(), "\"line\":-1,\"character\":12"),
            ("\"character\":12".to_owned(), "\"character\":4294967296"),
            ("\"character\":12".to_owned(), "\"character\":1.5"),
            ("\"line\":99".to_owned(), "\"line\":\"99\""),
            ("\"previousResultIds\":[]".to_owned(), "\"previousResultIds\":[{}]"),
            ("\"title\":\"x\"".to_owned(), "\"title\":[]"),
            ("\"diagnostics\":[]".to_owned(), "\"diagnostics\":{}"),
        ] {
            if text.contains(&piece) {
                wrong.push(serde_json::from_str(&text.replace(&piece, other)).expect("JSON"));
            }
        }
        for params in wrong {
            assert_eq!(code(client.ask(method, params.clone())), Some(-32602), "{method} {params}");
        }
        // Without any parameters at all.
        client.expect_answer(-7);
        client.send_body(format!("{{\"jsonrpc\":\"2.0\",\"id\":-7,\"method\":\"{method}\"}}").as_bytes());
        assert_eq!(code(client.answer(-7)), Some(-32602), "{method}");
    }
    works(&mut client);
}

#[test]
fn unknown_methods_are_refused_or_ignored() {
    let mut client = Client::ready(&[]);
    for method in ["nobody/knows", "", "$/x", "textDocument/didOpen", "textDocument/formatting", "initialized", "exit"]
    {
        assert_eq!(code(client.ask(method, json!({}))), Some(-32601), "{method:?}");
    }
    for method in ["nobody/knows", "", "$/x", "$/setTrace", "$/progress", "textDocument/hover", "textDocument/willSave"]
    {
        client.notify(method, json!({"x": 1}));
    }
    works(&mut client);
    // An answer to what nobody asked.
    client.send(&json!({"jsonrpc": "2.0", "id": 99, "result": null}));
    client.send(&json!({"jsonrpc": "2.0", "id": "kaslint-1", "error": {"code": 1, "message": "x"}}));
    client.send(&json!({"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "x"}}));
    client.settle();
    // One without an id that is one belongs to nothing, and may be refused.
    let refused = client.all();
    assert!(refused.iter().all(|message| message["error"]["code"] == -32600), "{refused:?}");
    works(&mut client);
}

#[test]
fn ids_may_be_texts_and_come_back_as_they_are() {
    let mut client = Client::ready(&[]);
    for id in [json!("a"), json!("1"), json!(""), json!("é😀"), json!(i32::MAX), json!(i32::MIN), json!(0)] {
        client.ask_with(&id, "nobody/knows");
    }
}

#[test]
fn ids_that_are_none_are_refused() {
    let mut client = Client::ready(&[]);
    for id in ["4294967296", "1.5", "[]", "{}", "true"] {
        client.send_body(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"nobody/knows\"}}").as_bytes());
        assert_eq!(client.refused().code, -32600, "{id}");
    }
    works(&mut client);
}

#[test]
fn notifications_with_wrong_types_are_left_out() {
    let mut client = Client::ready(&[]);
    for method in [
        "textDocument/didOpen",
        "textDocument/didChange",
        "textDocument/didSave",
        "textDocument/didClose",
        "workspace/didChangeWatchedFiles",
        "workspace/didChangeWorkspaceFolders",
        "workspace/didChangeConfiguration",
    ] {
        for params in [json!(null), json!(7), json!([]), json!({"textDocument": 1}), json!({"event": []})] {
            if method == "workspace/didChangeConfiguration" && params.is_object() {
                continue;
            }
            client.notify(method, params.clone());
            client.settle();
            let logged = client.all();
            let [message] = &*logged else { panic!("{method} {params}: {logged:?}") };
            assert_eq!(message["method"], "window/logMessage");
            assert!(message["params"]["message"].as_str().expect("text").contains(method), "{message}");
        }
    }
    client.notify("initialized", json!(7));
    works(&mut client);
}

/// Positions that the text of the tests does not have.
fn odd_positions() -> Vec<Json> {
    let at = |line: u64, character: u64| json!({"line": line, "character": character});
    let most = u64::from(u32::MAX);
    vec![at(0, 3), at(0, 999), at(0, most), at(1, 0), at(2, 0), at(99, 0), at(most, 0), at(most, most)]
}

#[test]
fn positions_that_no_text_has_are_settled_or_refused() {
    for encoding in ["utf-8", "utf-16", "utf-32"] {
        let mut client = Client::ready_with(json!({"general": {"positionEncodings": [encoding]}}), &[]);
        client.open(&uri(CONFIG), "# 😀é\n😀: 1");
        client.told();
        for position in odd_positions() {
            for method in ["textDocument/hover", "textDocument/definition", "textDocument/completion"] {
                let params = json!({"textDocument": {"uri": uri(CONFIG)}, "position": position});
                assert!([None, Some(-32602)].contains(&code(client.ask(method, params))), "{method} {position}");
            }
            for other in odd_positions() {
                let range = json!({"start": position, "end": other});
                let hints = json!({"textDocument": {"uri": uri(CONFIG)}, "range": range});
                assert!([None, Some(-32602)].contains(&code(client.ask("textDocument/inlayHint", hints))), "{range}");
                let actions =
                    json!({"textDocument": {"uri": uri(CONFIG)}, "range": range, "context": {"diagnostics": []}});
                let answer = code(client.ask("textDocument/codeAction", actions));
                assert!([None, Some(-32602)].contains(&answer), "{range}");
            }
        }
    }
}

#[test]
fn changes_at_positions_that_no_text_has_break_nothing() {
    let mut client = Client::ready(&[]);
    client.open(&uri(CONFIG), "# 😀é\nfoo: 1\n");
    client.told();
    let mut version = 1;
    for start in odd_positions() {
        for end in odd_positions() {
            version += 1;
            client.replace(&uri(CONFIG), version, "# 😀é\nfoo: 1\n");
            version += 1;
            client.change(&uri(CONFIG), version, &[json!({"range": {"start": start, "end": end}, "text": "x"})]);
        }
    }
    client.settle();
    client.all();
    // Within a pair, at its start; behind the end, at the end; the wrong way round, turned.
    let text_after = |client: &mut Client, version: i32, range: Json, text: &str| {
        client.replace(&uri(CONFIG), version, "# 😀é\nfoo: 1\n");
        client.change(&uri(CONFIG), version + 1, &[json!({"range": range, "text": text})]);
        client.settle();
        client.last_told().lines()
    };
    let at = |line: u32, character: u32| json!({"line": line, "character": character});
    let within = json!({"start": at(0, 3), "end": at(0, 3)});
    assert_eq!(text_after(&mut client, 1000, within, "\n😀: 1 #"), ["1:0-1:2 unknown-key", "2:0-2:3 unknown-key"]);
    let behind = json!({"start": at(77, 3), "end": at(u32::MAX, u32::MAX)});
    assert_eq!(text_after(&mut client, 1002, behind, "bar: 1"), ["1:0-1:3 unknown-key", "2:0-2:3 unknown-key"]);
    let turned = json!({"start": at(1, 3), "end": at(1, 0)});
    assert_eq!(text_after(&mut client, 1004, turned, "quux"), ["1:0-1:4 unknown-key"]);
}

#[test]
fn documents_that_nobody_opened_are_nobodys() {
    let mut client = Client::ready(&[(CONFIG, "foo: 1\n")]);
    client.replace(&uri(CONFIG), 2, "bar: 1\n");
    client.close(&uri(CONFIG));
    client.close(&uri(CONFIG));
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": uri(CONFIG)}}));
    assert_eq!(client.told_lines(), [""; 0]);
    // One that is opened twice has the later text.
    client.open(&uri(CONFIG), "foo: 1\n");
    client.told();
    client.open(&uri(CONFIG), "ci_access: {}\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
    client.close(&uri(CONFIG));
    client.close(&uri(CONFIG));
    assert_eq!(client.told_lines(), [format!("{CONFIG}:")]);
    works(&mut client);
}
