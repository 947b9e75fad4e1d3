//! Texts out of files.

use crate::source::secrets;

/// The whole text, without secrets and without what could steer a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    let masked = secrets::mask(text);
    masked.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// A text within a sentence: in backticks, on one line, without secrets, cut behind 60 characters.
#[must_use]
pub fn excerpt(text: &str) -> String {
    const MOST: usize = 60;
    let text = secrets::mask(text);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.chars().count() <= MOST {
        return format!("`{line}`");
    }
    let head: String = line.chars().take(MOST).collect();
    format!("`{head}…`")
}

/// A text in the quotes that suit it, as YAML has them.
#[must_use]
pub fn in_quotes(text: &str) -> String {
    if text.contains(['\n', '\r', '\t', '\\', '\'']) {
        serde_json::Value::from(text).to_string()
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
