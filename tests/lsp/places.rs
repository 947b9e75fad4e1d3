//! Completion and hover at every place of a file, and behind blanks that are none for YAML.
//!
//! Of most fixtures, a few places are tried; with `KASLINT_PLACES=all`, every character of those up to 4 KiB, and 500 places of the others.
//! That takes minutes with `--release`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

/// Tries places of a text as the text of a file. The client fails if a request is not answered or fails inside.
fn try_places(client: &mut Client, path: &str, text: &str, places: &[usize]) {
    client.open(&uri(path), text);
    let mut version = 1;
    for &offset in places {
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
    client.close(&uri(path));
    client.settle();
    client.all();
}

/// The places between the characters of a text, and its ends.
fn all_places(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

/// So many of the places of a text, by a fixed seed; all of them where there are no more.
fn some_places(text: &str, count: usize) -> Vec<usize> {
    let all = all_places(text);
    if all.len() <= count {
        return all;
    }
    // A linear congruential generator with the constants of Knuth's MMIX.
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let states = std::iter::successors(Some(13 + text.len() as u64), next).skip(1);
    states.take(count).map(|state| all[(state >> 33) as usize % all.len()]).collect()
}

fn try_all(client: &mut Client, path: &str, text: &str) {
    try_places(client, path, text, &all_places(text));
}

fn fixture(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path);
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

/// The YAML files of a folder and those below.
fn files_below(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files_below(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.insert(path);
        }
    }
}

/// Where a fixture lies in the client's folder, so that it is what it is: a configuration, a CI file …
fn place_of(file: &Path) -> &'static str {
    match file.file_name().and_then(|name| name.to_str()) {
        Some(".kaslint.yaml") => ".kaslint.yaml",
        Some("inventory.yaml") => "inventory.yaml",
        Some(_) if file.components().any(|part| part.as_os_str() == "agents") => {
            "projects/acme/agents/.gitlab/agents/production/config.yaml"
        }
        _ => "projects/acme/web/shop/.gitlab-ci.yml",
    }
}

#[test]
fn all_fixtures_are_answered_at_some_places() {
    let mut files = BTreeSet::new();
    files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut files);
    let is_whole = std::env::var_os("KASLINT_PLACES").is_some_and(|places| places == "all");
    let mut seen = BTreeSet::new();
    let mut client = world();
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let count = match (is_whole, text.len()) {
            (true, 0..=4_096) => usize::MAX,
            (true, _) => 500,
            (false, _) => 1,
        };
        if seen.insert(text.clone()) {
            try_places(&mut client, place_of(file), &text, &some_places(&text, count));
        }
    }
    assert!(seen.len() > 200, "{} fixtures", seen.len());
}
