//! Diagnostics that the server tells unasked.

use serde_json::json;

use crate::client::{CONFIG, Client, uri};
use crate::text::{edit, range_of};

const AGENT: &str = "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [on]\n";

#[test]
fn a_document_is_told_with_all_that_the_client_shows() {
    let able = json!({"textDocument": {"publishDiagnostics": {
        "relatedInformation": true, "codeDescriptionSupport": true, "tagSupport": {"valueSet": [1, 2]},
    }}});
    let text = "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [on]\n    - id: acme/web/shop\ngitops: {}\n";
    for (name, capabilities) in [("able", able), ("simple", json!({}))] {
        let mut client = Client::ready_with(capabilities, &[(".kaslint.yaml", "gitlab: {version: \"17.11\"}\n")]);
        client.open(&uri(CONFIG), text);
        let told = client.told_of(CONFIG);
        assert_eq!(told.version, Some(1));
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&told.diagnostics).expect("JSON"));
    }
}

#[test]
fn a_document_is_followed_from_open_to_close() {
    let mut client = Client::ready(&[]);
    let config = uri(CONFIG);
    client.open(&config, AGENT);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 3:21-3:23 wrong-type")]);
    let mut text = AGENT.to_owned();
    let mended = edit(&mut text, "[on]", "['on']", "utf-16");
    client.change(&config, 2, &[mended]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@2:")]);
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": config}}));
    assert_eq!(client.told_lines(), [format!("{CONFIG}@2:")]);
    client.replace(&config, 7, "foo: 1\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@7: 0:0-0:3 unknown-key")]);
    client.close(&config);
    assert_eq!(client.told_lines(), [format!("{CONFIG}:")]);
    client.open(&config, AGENT);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 3:21-3:23 wrong-type")]);
}

#[test]
fn changes_of_one_notification_build_upon_each_other() {
    let mut client = Client::ready(&[]);
    let config = uri(CONFIG);
    client.open(&config, "# é\nci_access: {}\n");
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1:")]);
    let mut text = "# é\nci_access: {}\n".to_owned();
    let changes = [
        edit(&mut text, "ci_access: {}\n", "ci_access:\n  projects:\n    - id: acme/web/shop\n", "utf-16"),
        edit(&mut text, "# é\n", "", "utf-16"),
        edit(&mut text, "shop\n", "shop\n      environments: [on]\nfoo: 1\n", "utf-16"),
        edit(&mut text, "foo", "bar", "utf-16"),
    ];
    client.change(&config, 2, &changes);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@2: 3:21-3:23 wrong-type, 4:0-4:3 unknown-key")]);
    // Over lines, and at the very end, behind the last line break.
    let over =
        edit(&mut text, "- id: acme/web/shop\n      environments: [on]\nbar: 1\n", "- id: acme/web/shop\n", "utf-16");
    let end = json!({"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 0}});
    client.change(&config, 3, &[over, json!({"range": end, "text": "baz: 1"})]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@3: 3:0-3:3 unknown-key")]);
    // A text as a whole among the others, and no change at all.
    let tail = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}});
    client.change(&config, 4, &[json!({"text": "foo: 1"}), json!({"range": tail, "text": "ba", "rangeLength": 1})]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@4: 0:0-0:4 unknown-key")]);
    client.change(&config, 5, &[]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@5: 0:0-0:4 unknown-key")]);
}

#[test]
fn a_text_typed_letter_by_letter_is_the_text() {
    let mut client = Client::ready(&[]);
    let config = uri(CONFIG);
    client.open(&config, "");
    let empty = client.told_of(CONFIG);
    let whole = format!("# 日本 😀 é\r\n{}", AGENT.replace('\n', "\r\n"));
    let (mut line, mut column) = (0, 0);
    for (number, letter) in whole.chars().enumerate() {
        let at = json!({"line": line, "character": column});
        let change = json!({"range": {"start": at, "end": at}, "text": letter.to_string()});
        client.change(&config, 2 + number as i32, &[change]);
        // `\r` alone ends a line until `\n` joins it, and the position of `\n` is still the end of the line before.
        match letter {
            '\n' => (line, column) = (line + 1, 0),
            '\r' => {}
            letter => column += letter.len_utf16(),
        }
    }
    client.settle();
    // How many states are told is a question of time; the last one counts.
    let mut last = empty;
    while let Some((_, told)) = client.next_told() {
        last = told;
    }
    let version = 1 + whole.chars().count();
    assert_eq!(last.version, Some(version as i64));
    assert_eq!(last.lines(), ["4:21-4:23 wrong-type"]);
}

#[test]
fn lines_may_end_as_on_windows() {
    let mut client = Client::ready(&[]);
    let config = uri(CONFIG);
    let mut text = format!("# é\r\n{}foo: 1\r\n", AGENT.replace('\n', "\r\n"));
    client.open(&config, &text);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 4:21-4:23 wrong-type, 5:0-5:3 unknown-key")]);
    // From the end of a line, before its break, to the end of the next.
    let gone = json!({"start": {"line": 4, "character": 24}, "end": {"line": 5, "character": 6}});
    client.change(&config, 2, &[json!({"range": gone, "text": ""})]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@2: 4:21-4:23 wrong-type")]);
    text = text.replace("\r\nfoo: 1", "");
    let mended = json!({"range": range_of(&text, "on]", "utf-16"), "text": "prod]\r\n    - id: acme/web/blog\r\n      environment: [x]"});
    client.change(&config, 3, &[mended]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@3: 6:6-6:17 unknown-key")]);
    // A column behind the end of a line is the end of the line, before its break.
    let far = json!({"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 999}});
    client.change(&config, 4, &[json!({"range": far, "text": "!"})]);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@4: 6:6-6:17 unknown-key")]);
}

#[test]
fn broken_yaml_clears_what_it_hides_and_gives_it_back() {
    let mut client = Client::ready(&[]);
    let config = uri(CONFIG);
    let text = "ci_access:\n  projects:\n    - id: acme/web/shop\n      environments: [on]\nfoo: 1\n";
    let before = [format!("{CONFIG}@1: 3:21-3:23 wrong-type, 4:0-4:3 unknown-key")];
    client.open(&config, text);
    assert_eq!(client.told_lines(), before);
    client.replace(&config, 2, &text.replace("foo: 1", "foo: \"1"));
    let broken = client.told_of(CONFIG);
    let lines = broken.lines();
    assert!(lines.iter().any(|line| line.ends_with(" invalid-yaml")), "{lines:?}");
    assert!(broken.diagnostics.iter().all(|one| one["severity"].is_u64() && one["source"] == "kaslint"));
    client.replace(&config, 3, text);
    assert_eq!(client.told_lines(), [before[0].replace("@1", "@3")]);
}

#[test]
fn files_of_others_are_nobodys_business() {
    let mut client = Client::ready(&[(CONFIG, "ci_access: {}\n")]);
    for path in
        ["values.yaml", "docker-compose.yml", ".gitlab/issue_templates/a.yaml", "agents/prod/config.yaml", "ci/a.yml"]
    {
        client.open(&uri(path), "foo: [1\nbar: \"\n");
        client.replace(&uri(path), 2, "ci_acess: {");
        client.notify("textDocument/didSave", json!({"textDocument": {"uri": uri(path)}}));
        client.close(&uri(path));
        assert_eq!(client.told_lines(), [""; 0], "{path}");
    }
}

#[test]
fn a_document_is_told_once_and_others_only_when_they_change() {
    let staging = ".gitlab/agents/staging/config.yaml";
    let mut client = Client::ready(&[(CONFIG, "foo: 1\n"), (staging, "bar: 1\n")]);
    client.open_file(CONFIG);
    assert_eq!(client.told_lines(), [format!("{CONFIG}@1: 0:0-0:3 unknown-key")]);
    client.open_file(staging);
    assert_eq!(client.told_lines(), [format!("{staging}@1: 0:0-0:3 unknown-key")]);
    client.replace(&uri(staging), 2, "ci_access: {}\n");
    assert_eq!(client.told_lines(), [format!("{staging}@2:")]);
    client.changed_on_disk(&[CONFIG, staging]);
    assert_eq!(client.told_lines(), [""; 0]);
}
