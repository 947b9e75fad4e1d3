//! Values of files and what belongs in their place.

use super::excerpt;
use crate::schema::Found;

/// What GitLab does with a file that any step of reading refuses (`server.go` of the agent server's agent_configuration
/// module: a user error; what was configured before stays).
pub const REFUSED: &str = "GitLab refuses the whole file";

/// What is there, in words: "the number 83", "`true`", "a list".
#[must_use]
pub fn found(found: &Found) -> String {
    match found {
        Found::List(0) => "an empty list".to_owned(),
        Found::List(_) => "a list".to_owned(),
        Found::Mapping(0) => "an empty mapping".to_owned(),
        Found::Mapping(_) => "a mapping".to_owned(),
        Found::Scalar { read, type_name, .. } => match *type_name {
            "null" => "nothing".to_owned(),
            "a number" => format!("the number {read}"),
            "a boolean" => format!("`{read}`"),
            _ => format!("the text {}", excerpt(read.trim_matches('"'))),
        },
    }
}

/// What YAML 1.1 made of a plain value that looks like something else: "`on` is `true` in YAML 1.1".
#[must_use]
pub fn yaml_surprise(found: &Found) -> Option<String> {
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
