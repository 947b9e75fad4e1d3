//! Completion and hover at every place of a file, and behind blanks that are none for YAML. Larger files are tried beside the
//! code of completion, without a server.

use serde_json::json;

use crate::client::{Client, uri};
use crate::text::position;

/// What input methods, word processors and web pages put in the place of a blank or a line break.
const WIDE: [&str; 5] = ["\u{85}", "\u{a0}", "\u{2028}", "\u{3000}", "\u{feff}"];

/// Sends what an editor asks where the cursor comes to rest.
fn ask(client: &mut Client, path: &str, text: &str, offset: usize, ids: &mut Vec<i64>) {
    let params = json!({"textDocument": {"uri": uri(path)}, "position": position(text, offset, "utf-16")});
    for method in ["textDocument/completion", "textDocument/hover"] {
        ids.push(client.begin(method, params.clone()));
    }
}

/// Tries every place of a text as the text of a file. The client fails if a request is not answered or fails inside.
fn try_all(client: &mut Client, path: &str, text: &str) {
    client.open(&uri(path), text);
    let mut version = 1;
    for offset in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
        let mut ids = Vec::new();
        ask(client, path, text, offset, &mut ids);
        for wide in WIDE {
            let typed = [&text[..offset], wide, &text[offset..]].concat();
            version += 1;
            client.replace(&uri(path), version, &typed);
            let behind = offset + wide.len();
            let line_end = typed[behind..].find(['\n', '\r']).map_or(typed.len(), |at| behind + at);
            ask(client, path, &typed, behind, &mut ids);
            ask(client, path, &typed, line_end, &mut ids);
        }
        version += 1;
        client.replace(&uri(path), version, text);
        for id in ids {
            client.answer(id).expect("an answer");
        }
    }
    client.settle();
    client.all();
}

fn fixture(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn world() -> Client {
    let mut client = Client::start_with("world");
    client.greet(json!({}), &[""]);
    client
}

#[test]
fn agent_files_are_answered_at_every_place() {
    let mut client = world();
    for name in ["flow", "crlf-with-mark", "end-marker"] {
        let text = fixture(&format!("silent/{name}/.gitlab/agents/prod/config.yaml"));
        try_all(&mut client, "projects/acme/agents/.gitlab/agents/production/config.yaml", &text);
    }
}

#[test]
fn other_files_are_answered_at_every_place() {
    let mut client = world();
    let shop = "projects/acme/web/shop";
    for path in [format!("{shop}/.gitlab-ci.yml"), ".kaslint.yaml".to_owned()] {
        let text = fixture(&format!("lsp/world/{path}"));
        try_all(&mut client, &path, &text);
    }
    let inventory = "projects:\n  - {path: acme/agents, agents: [prod]}\n";
    try_all(&mut client, "inventory.yaml", inventory);
}
