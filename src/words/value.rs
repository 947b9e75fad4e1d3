//! Words that several rules share, so that the same thing is said the same way.

use crate::schema::{Found, Kind};

/// What GitLab does with a file that any step of reading refuses (`server.go` of the agent server's agent_configuration
/// module: a user error; what was configured before stays).
pub(crate) const REFUSED: &str = "GitLab refuses the whole file";

/// A value in a message: one line, not too long.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let text = crate::source::secrets::mask(text);
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.chars().count() <= MOST {
        return format!("`{line}`");
    }
    let head: String = line.chars().take(MOST).collect();
    format!("`{head}…`")
}

/// What is there, in words: "the number 83", "`true`", "a list".
pub(crate) fn found(found: &Found) -> String {
    match found {
        Found::List(0) => "an empty list".to_owned(),
        Found::List(_) => "a list".to_owned(),
        Found::Mapping(0) => "an empty mapping".to_owned(),
        Found::Mapping(_) => "a mapping".to_owned(),
        Found::Scalar { read, type_name, .. } => match *type_name {
            "null" => "nothing".to_owned(),
            "a number" => format!("the number {read}"),
            "a boolean" => format!("`{read}`"),
            _ => format!("the text {}", shown(read.trim_matches('"'))),
        },
    }
}

/// What YAML 1.1 made of a plain value that looks like something else: "`on` is `true` in YAML 1.1".
pub(crate) fn yaml_surprise(found: &Found) -> Option<String> {
    let Found::Scalar { written, read, type_name, plain: true } = found else { return None };
    if written == read {
        return None;
    }
    match *type_name {
        "a boolean" => Some(format!("`{written}` means `{read}` in YAML 1.1")),
        "a number" => Some(format!("`{written}` is the number {read} in YAML 1.1")),
        "null" if !written.is_empty() => Some(format!("`{written}` means \"no value\" in YAML")),
        _ => None,
    }
}

/// The type that belongs there, in words, with an article.
pub(crate) fn wanted(kind: &Kind) -> String {
    kind.in_words()
}

/// A text in the quotes that suit it.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains(['\n', '\r', '\t', '\\', '\'']) {
        serde_json::Value::from(text).to_string()
    } else {
        format!("'{text}'")
    }
}
