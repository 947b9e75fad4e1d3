//! Whether what a document calls by a path is there.

use crate::fault::Fault;

/// The folders whose paths are looked at.
const TOPS: [&str; 8] = ["src/", "tests/", "docs/", "fixtures/", "schema/", "editors/", "benches/", ".ci/"];

/// The signs of a pattern, or of a command.
const SIGNS: [char; 5] = ['<', '*', '{', '…', ' '];

/// The paths in backticks of a document that do not exist. Blocks of code are left out.
pub fn missing(document: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Fault> {
    let named = spans(text)
        .into_iter()
        .filter(|(_, span)| TOPS.iter().any(|top| span.starts_with(top)) && !span.contains(SIGNS));
    let missing = named.filter(|(_, path)| !exists(path));
    missing
        .map(|(line, path)| {
            let what = format!("there is no `{path}`");
            Fault::new(document, line, what, "write where it lies now, or take it out")
        })
        .collect()
}

/// What stands in backticks, with its line.
fn spans(text: &str) -> Vec<(usize, String)> {
    let prose = without_blocks(text);
    let mut spans = Vec::new();
    let mut line = 1;
    for (index, part) in prose.split('`').enumerate() {
        if index % 2 == 1 {
            spans.push((line, part.to_owned()));
        }
        line += part.matches('\n').count();
    }
    spans
}

/// The text with empty lines in place of its fenced blocks.
fn without_blocks(text: &str) -> String {
    let mut is_inside = false;
    let mut prose = String::new();
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        if !is_fence && !is_inside {
            prose.push_str(line);
        }
        is_inside ^= is_fence;
        prose.push('\n');
    }
    prose
}
