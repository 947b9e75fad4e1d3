//! Texts as they have to be written.

use super::scalar::{Scalar, untagged};
use super::tree::Style;

/// A text as it is written at a place, within brackets or not: with the quotes that are there already, else plain, else in quotes where YAML would read
/// something else.
#[must_use]
pub fn written(text: &str, in_flow: bool, open: Option<char>) -> String {
    match open {
        Some('"') => double(text),
        Some(_) => single(text),
        None if is_plain(text, in_flow) => text.to_owned(),
        None => single(text),
    }
}

/// Whether a text without quotes means itself.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let is_text = matches!(untagged(text, Style::Plain), Scalar::Str(_));
    let starts_well = !text.starts_with([
        ' ', '\t', '&', '*', '!', '|', '>', '%', '@', '`', '"', '\'', '#', ',', '[', ']', '{', '}', '?', ':',
    ]) && text != "-"
        && !text.starts_with("- ")
        && !text.starts_with("---")
        && text != "=";
    let is_unbroken = !text.contains(": ") && !text.contains(" #") && !text.ends_with([':', ' ', '\t']);
    let is_printable = !text.chars().any(char::is_control);
    // Within brackets, the agent server's parser takes no `?` either, and no `:` that is followed by a letter.
    let fits = !in_flow || !text.contains([',', '[', ']', '{', '}', '?', ':']);
    is_text && starts_well && is_unbroken && is_printable && fits
}

fn single(text: &str) -> String {
    if text.chars().any(char::is_control) { double(text) } else { format!("'{}'", text.replace('\'', "''")) }
}

fn double(text: &str) -> String {
    // JSON's escapes are YAML's as well, but for `\/`, which nothing makes here.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::yaml;

    #[test]
    fn what_is_written_reads_as_the_text() {
        let texts = [
            "production",
            "on",
            "y",
            "1",
            "1.5",
            "0x1f",
            "~",
            "null",
            "*",
            "review/*",
            "a: b",
            "a #b",
            "#a",
            "a,b",
            "[a]",
            "it's",
            "\"q\"",
            "a?",
            "?a",
            "- a",
            "-",
            "---",
            "=",
            "<<",
            "!a",
            "%a",
            "@a",
            "a:",
            " a",
            "a ",
            "é😀",
            "2001-01-01",
            "a\tb",
            "",
            "1:20",
            ".inf",
            "a{b}",
            "`x`",
            "\\",
            "a\\b",
        ];
        for text in texts {
            for (in_flow, open) in [(false, None), (true, None), (true, Some('"')), (false, Some('\''))] {
                let value = written(text, in_flow, open);
                let line = if in_flow { format!("k: [{value}]") } else { format!("k:\n- {value}") };
                let source = Source::new("a", line.as_str());
                let read = yaml::read(&source);
                assert!(read.problems().is_empty(), "{line}");
                let tree = read.tree();
                let found = tree.nodes().filter_map(|(id, node)| match &node.data {
                    yaml::Data::Scalar { text, style } => Some((id, untagged(text, *style))),
                    _ => None,
                });
                let last = found.last().map(|(_, scalar)| scalar);
                assert_eq!(last, Some(Scalar::Str(text.into())), "{line}");
            }
        }
    }
}
