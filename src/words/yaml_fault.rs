//! What keeps a text from being YAML.

use super::text::brief;
use crate::schema;
use crate::source::{Source, Span};
use crate::yaml::{self, ProblemKind as Yaml};

/// What keeps a text from being YAML, for people.
pub struct YamlFault {
    /// What is wrong, a sentence without end.
    pub what: String,
    /// What to write instead.
    pub help: String,
    /// Another place that explains it, and what it is.
    pub related: Option<(Span, &'static str)>,
}

/// Says what is wrong with the syntax of a text. With the document, an alias without anchor gets the name that may be meant.
#[must_use]
pub fn yaml_fault(problem: &yaml::Problem, source: &Source, document: Option<&yaml::Document>) -> YamlFault {
    let (what, help) = in_words(problem, source, document);
    let label = match &problem.kind {
        Yaml::QuestionMark => Some("this `?`"),
        Yaml::BadMerge => Some("the merge"),
        Yaml::UnclosedFlow | Yaml::Syntax(_) => Some("opened here"),
        _ => None,
    };
    YamlFault { what, help, related: problem.cause.zip(label) }
}

fn in_words(problem: &yaml::Problem, source: &Source, document: Option<&yaml::Document>) -> (String, String) {
    let written = brief(source.slice(problem.span));
    match &problem.kind {
        Yaml::Encoding(byte) => {
            (format!("the byte 0x{byte:02X} is no UTF-8 text"), "save the file as UTF-8".to_owned())
        }
        Yaml::ControlCharacter(character) => (
            format!("the character U+{:04X} is not allowed in YAML", u32::from(*character)),
            "remove the character".to_owned(),
        ),
        Yaml::Tab => ("YAML cannot be indented with a tab".to_owned(), "indent with blanks".to_owned()),
        Yaml::ReservedStart('*') => (
            format!("{written} is an alias in YAML, not a pattern"),
            "quote it, e.g. '*'; in `environments`, write names out where you can".to_owned(),
        ),
        Yaml::ReservedStart('&') => {
            ("`&` starts an anchor, and no name follows".to_owned(), "quote the value".to_owned())
        }
        Yaml::ReservedStart(character) => {
            (format!("a value cannot start with `{character}` in YAML"), "quote the value".to_owned())
        }
        Yaml::UnclosedQuote => ("this quote is never closed".to_owned(), "close it on the same line".to_owned()),
        Yaml::UnclosedFlow => (
            "a comma or the closing bracket is missing before this".to_owned(),
            "separate items with commas and close `[` and `{`".to_owned(),
        ),
        Yaml::ExpectedKey => (
            "a key with a colon belongs here".to_owned(),
            "write `key: value`, and a blank behind the colon".to_owned(),
        ),
        Yaml::NestedColon => (
            "a second colon makes a mapping where none can be".to_owned(),
            "quote the value, or put the key below on its own line".to_owned(),
        ),
        Yaml::Indentation => {
            ("this line is indented as no block above it is".to_owned(), "line it up with its neighbours".to_owned())
        }
        Yaml::Escape => (
            "double quotes do not know this backslash sequence".to_owned(),
            "use single quotes, or `\\\\` for a backslash".to_owned(),
        ),
        Yaml::TagOrDirective => (
            "GitLab's parser does not understand this tag or directive".to_owned(),
            "remove it; only `%YAML 1.1` is understood".to_owned(),
        ),
        Yaml::TooDeep => ("this is nested too deep".to_owned(), "nest less, and close `[` and `{`".to_owned()),
        Yaml::QuestionMark => (
            format!("within brackets or braces `?` ends an unquoted text, so {written} is none"),
            "quote the text".to_owned(),
        ),
        Yaml::TagTouchesIndicator => {
            let behind = match source.text().as_bytes().get(problem.span.end) {
                Some(b',') => "comma",
                Some(b'[' | b']') => "bracket",
                _ => "brace",
            };
            (format!("the tag {written} touches the {behind} behind it"), "put a blank behind the tag".to_owned())
        }
        Yaml::Syntax(detail) => {
            (format!("this is no YAML ({detail})"), "quote the value, or mend what stands before it".to_owned())
        }
        Yaml::UnknownAnchor(name) => {
            (format!("no anchor `&{name}` stands above this alias"), unknown_anchor_help(name, document))
        }
        Yaml::SelfReference(name) => {
            (format!("the anchor `{name}` contains its own alias"), "write the value out".to_owned())
        }
        Yaml::ExcessiveAliasing => {
            ("the aliases of this file blow it up many times over".to_owned(), "write the values out".to_owned())
        }
        Yaml::BadMerge => (
            format!("`<<` merges mappings, and {written} is none"),
            "merge an alias to a mapping, or a list of them".to_owned(),
        ),
        Yaml::CollectionKey => {
            ("a list or mapping cannot be a key".to_owned(), "write a text before the colon".to_owned())
        }
        Yaml::NullKey => (
            "a key is missing before the colon".to_owned(),
            "write the key; quote it if `null` is meant as a text".to_owned(),
        ),
        Yaml::UnsignedKey => ("a number this large cannot be a key".to_owned(), "quote it".to_owned()),
        Yaml::TagMismatch { tag, found } => {
            (format!("{written} is {found}, not what `{tag}` says"), "remove the tag".to_owned())
        }
        Yaml::Base64 => {
            ("this is no base64, which `!!binary` needs".to_owned(), "remove the tag, or mend the text".to_owned())
        }
        Yaml::NotJson => {
            (format!("{written} is a number that JSON does not have"), "quote it if a text is meant".to_owned())
        }
    }
}

fn unknown_anchor_help(name: &str, document: Option<&yaml::Document>) -> String {
    let nodes = document.into_iter().flat_map(|document| document.tree().nodes());
    let anchors = nodes.filter_map(|(_, node)| node.anchor.as_ref());
    match schema::nearest(name, anchors.map(|anchor| &*anchor.name)) {
        Some(near) => format!("write `*{near}`, or define `&{name}` above; quote the value if a text is meant"),
        None => "define the anchor above, or quote the value if a text is meant".to_owned(),
    }
}
