//! The agent's published schema in the editor: what it says is completed and shown, and it is read again when it changes.

use serde_json::{Value as Json, json};

use crate::client::{CONFIG, Client, uri};

const FILE: &str = "agent.json";

fn schema() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/agent-schema/later.bundle.json");
    std::fs::read_to_string(path).expect("the schema")
}

fn ready(schema: &str) -> Client {
    Client::ready(&[(".kaslint.yaml", "gitlab: {agent_schema: agent.json}\n"), (FILE, schema)])
}

const NEW: &str = "ci_access: {projects: [{id: acme/web/shop, expires_at: x}]}\n";

#[test]
fn the_schema_is_read_again_when_it_changes() {
    let mut client = ready(&schema());
    client.open(&uri(CONFIG), NEW);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
    let unknown = format!("{CONFIG}@1: 0:43-0:53 unknown-key");
    client.write(FILE, &schema().replace("expires_at", "ends_at"));
    client.changed_on_disk(&[FILE]);
    assert_eq!(client.told_lines(), [unknown]);
    // One that cannot be used is told, and what was known before holds.
    client.write(FILE, "{");
    client.changed_on_disk(&[FILE]);
    assert_eq!(client.told_lines(), [""; 0]);
    let shown = client.notified("window/showMessage");
    assert!(shown["message"].as_str().is_some_and(|text| text.contains("the agent's schema agent.json")), "{shown}");
    client.write(FILE, &schema());
    client.changed_on_disk(&[FILE]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
    // In the editor before it is saved.
    client.open(&uri(FILE), &schema().replace("expires_at", "ends_at"));
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:43-0:53 unknown-key")]);
    client.replace(&uri(FILE), 2, &schema());
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
}

#[test]
fn a_schema_that_could_never_be_used_is_read_again_as_well() {
    let mut client = ready("{}");
    client.open(&uri(CONFIG), NEW);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:43-0:53 unknown-key")]);
    client.notified("window/showMessage");
    client.write(FILE, &schema());
    client.changed_on_disk(&[FILE]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
}

#[test]
fn what_the_schema_says_is_shown_and_offered() {
    let mut client = ready(&schema());
    client.open(&uri(CONFIG), NEW);
    client.told();
    let at =
        |character: u32| json!({"textDocument": {"uri": uri(CONFIG)}, "position": {"line": 0, "character": character}});
    let hover = client.ask("textDocument/hover", at(45)).expect("an answer");
    let text = hover["contents"]["value"].as_str().expect("a text");
    assert!(text.contains("When the entry ends"), "{text}");
    assert!(!text.contains("[Read more](https"), "a link out of a file: {text}");
    let labels = |client: &mut Client, text: &str, line: u32, character: u32| -> Vec<String> {
        client.replace(&uri(CONFIG), 2, text);
        client.told();
        let place = json!({"textDocument": {"uri": uri(CONFIG)}, "position": {"line": line, "character": character}});
        let answer = client.ask("textDocument/completion", place).expect("an answer");
        let items = answer.get("items").unwrap_or(&answer).as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
    };
    let keys = labels(&mut client, "ci_access:\n  projects:\n    - id: a/b\n      \n", 3, 6);
    assert!(keys.contains(&"expires_at".to_owned()) && !keys.contains(&"resource_management".to_owned()), "{keys:?}");
    let keys = labels(&mut client, "mirror:\n  behind:\n    - \n", 2, 6);
    assert!(keys.contains(&"behind".to_owned()) && keys.contains(&"lease".to_owned()), "{keys:?}");
    let levels = labels(&mut client, "observability:\n  logging:\n    level: \n", 2, 11);
    assert!(levels.contains(&"trace".to_owned()), "{levels:?}");
}

#[test]
fn the_client_names_it_within_the_folder_only() {
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join(FILE), schema()).expect("a file");
    for (named, is_used) in [(FILE.to_owned(), true), (outside.path().join(FILE).display().to_string(), false)] {
        let mut client = Client::start(&[(FILE, &schema())]);
        let root = uri("");
        let params = json!({"capabilities": {}, "initializationOptions": {"agentSchema": named}, "rootUri": root});
        client.ask("initialize", params).expect("an answer");
        client.notify("initialized", json!({}));
        client.open(&uri(CONFIG), NEW);
        let found: Json = json!(client.told_of(CONFIG).diagnostics);
        assert_eq!(found.as_array().map(Vec::is_empty), Some(is_used), "{named}: {found}");
        if !is_used {
            let shown = client.notified("window/showMessage");
            assert!(shown["message"].as_str().is_some_and(|text| text.contains("`agentSchema`")), "{shown}");
        }
    }
}
