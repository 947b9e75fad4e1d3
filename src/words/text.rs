//! Texts out of files.

use std::borrow::Cow;

use crate::source::{Printable, acts, json_escaped, secrets, visible};

/// The whole text, on one line, without secrets and with escapes for what could steer a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    Printable::of(text).into_string()
}

/// A text in lines of at most so many columns, with `first` in front of the first of them and `indent` in front of the others. They end at
/// blanks alone, so that paths and options can be copied; what is longer has a line of its own.
#[must_use]
pub fn in_lines(text: &str, width: usize, first: &str, indent: &str) -> Vec<String> {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(Cow::into_owned).collect()
}

/// A text within a sentence: in backticks, on one line, without secrets, cut behind 60 characters.
#[must_use]
pub fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    // Cut first, the beginning of a secret would be shown, or a part of an escape.
    let masked = secrets::mask(text);
    let text = masked.trim();
    match text.char_indices().nth(MOST) {
        None => format!("`{}`", visible(text)),
        Some((end, _)) => format!("`{}…`", visible(text.get(..end).unwrap_or_default())),
    }
}

/// A value at the beginning of a message, shortened in its middle so that what GitLab does with it stands within the first 60
/// characters, where editors cut.
#[must_use]
pub fn brief(text: &str) -> String {
    const START: usize = 17;
    const END: usize = 18;
    let masked = secrets::mask(text);
    let text = masked.trim();
    let count = text.chars().count();
    if count <= START + 1 + END {
        return format!("`{}`", visible(text));
    }
    let nth = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(offset, _)| offset);
    let (start, end) = (nth(START), nth(count - END));
    let part = |span: std::ops::Range<usize>| visible(text.get(span).unwrap_or_default()).into_owned();
    format!("`{}…{}`", part(0..start), part(end..text.len()))
}

/// A text in the quotes that suit it, as YAML has them.
#[must_use]
pub fn in_quotes(text: &str) -> String {
    if text.contains(|character| acts(character) || matches!(character, '\\' | '\'')) {
        // JSON's escapes are YAML's as well.
        json_escaped(&serde_json::Value::from(text).to_string()).into_owned()
    } else {
        format!("'{text}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "glpat-abcdefghij0123456789";

    #[test]
    fn neither_form_shows_secrets_or_control_characters() {
        let text = format!("a\u{1b}[31m {TOKEN}");
        for shown in [printable(&text), excerpt(&text)] {
            assert!(!shown.contains(TOKEN) && !shown.contains(char::is_control), "{shown}");
        }
    }

    #[test]
    fn an_excerpt_is_short_and_a_printable_text_is_whole() {
        let text = "é".repeat(61);
        assert_eq!(printable(&text), text);
        assert_eq!(excerpt(&text), format!("`{}…`", "é".repeat(60)));
    }
}
