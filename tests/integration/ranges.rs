//! For every range that is reported, the text at that range is the text meant.

use std::path::Path;

use serde_json::Value as Json;

use crate::common::{folder_with, kaslint, write};

/// The text of a range by bytes, after checking that lines and columns name the same text.
fn text_at(file: &[u8], range: &Json) -> String {
    let byte = |end: &str| usize::try_from(range[end]["byte"].as_u64().expect("a byte")).expect("an offset");
    let text = std::str::from_utf8(file).expect("text");
    let by_byte = &text[byte("start")..byte("end")];
    let offset = |end: &str| {
        let number = |name: &str| usize::try_from(range[end][name].as_u64().expect("a number")).expect("a number");
        let mut lines = Vec::new();
        let mut start = 0;
        for (at, character) in text.char_indices() {
            let is_lone_return = character == '\r' && !text[at + 1..].starts_with('\n');
            if character == '\n' || is_lone_return {
                lines.push((start, at + 1));
                start = at + 1;
            }
        }
        lines.push((start, text.len()));
        let (start, end) = lines[number("line") - 1];
        let line = &text[start..end];
        start + line.char_indices().nth(number("column") - 1).map_or(line.len(), |(at, _)| at)
    };
    assert_eq!(&text[offset("start")..offset("end")], by_byte);
    by_byte.to_owned()
}

fn ranges(folder: &Path) -> Vec<(String, String)> {
    let report = kaslint(folder, &["check", "--format", "json"]).json();
    let mut found = Vec::new();
    for finding in report["findings"].as_array().expect("findings") {
        let file = std::fs::read(folder.join(finding["path"].as_str().expect("a path"))).expect("the file");
        found.push((finding["rule"].as_str().unwrap_or_default().to_owned(), text_at(&file, &finding["range"])));
        for related in finding["related"].as_array().expect("related") {
            text_at(&file, &related["range"]);
        }
    }
    found
}

#[test]
fn ranges_name_the_offending_text_whatever_stands_before_it() {
    let body = "# ä日本\u{1F600} \tx\nci_access:\n  projects: # größer\n    - {\"id\": 'acme/ü', environment: [a]}\n    - id: acme/shop # 日本\n      environments: [on, \"日\", 0123]\n      access_as: {ci_jobs: {}}\nobservability: {logging: {level: \"DEBÜG\"}}\ncafé: &é x\n";
    let expected = ["'acme/ü'", "environment", "on", "0123", "ci_jobs", "\"DEBÜG\"", "café"];
    for (name, text) in [
        ("lf", body.to_owned()),
        ("crlf", body.replace('\n', "\r\n")),
        ("mark", format!("\u{FEFF}{body}")),
        ("mark and crlf", format!("\u{FEFF}{}", body.replace('\n', "\r\n"))),
    ] {
        // The anchor's name is refused by GitLab's parser, and is no part of this test.
        let text = text.replace("&é ", "");
        let folder = folder_with(&[]);
        write(folder.path(), ".gitlab/agents/prod/config.yaml", text.as_bytes());
        let texts: Vec<String> = ranges(folder.path()).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, expected, "{name}");
    }
}

#[test]
fn syntax_errors_are_placed_at_the_offence() {
    for (text, offence) in [
        ("ci_access:\n  projects:\n    - id: acme/x\n      environments: [*, b]\n", "*"),
        ("ci_access:\n  projects:\n    - id: acme/x\n      environments:\n        - */review\n", "*/review"),
        ("ci_access:\n\tprojects: []\n", "\t"),
        ("ci_access:\n  projects: [{id: @acme}]\n", "@acme"),
        ("ci_access:\n  projects: *none\n", "*none"),
        ("ci_access: &a\n  projects: *a\n", "*a"),
        ("ci_access:\n  projects:\n    - <<: x\n", "x"),
        ("ci_access: {projects: [{id: !!int x}]}\n", "x"),
        ("ci_access: {projects: [{id: .inf}]}\n", ".inf"),
        ("ci_access: {projects: [{id: a/b?c}]}\n", "a/b?c"),
        ("ci_access: {projects: [{id: \"a\\/b\"}]}\n", "\\/"),
        ("ci_access:\n  ~: x\n", "~"),
        ("ci_access:\n  [a]: x\n", "[a]"),
        ("ci_access: {}\n\u{7}\n", "\u{7}"),
    ] {
        let folder = folder_with(&[(".gitlab/agents/prod/config.yaml", text.as_bytes())]);
        let found = ranges(folder.path());
        let syntax: Vec<&str> =
            found.iter().filter(|(rule, _)| rule == "invalid-yaml").map(|(_, text)| text.as_str()).collect();
        assert_eq!(syntax, [offence], "{text:?}: {found:?}");
    }
}
