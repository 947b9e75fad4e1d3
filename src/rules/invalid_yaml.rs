//! `invalid-yaml`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety};
use crate::project::AgentFile;
use crate::schema;
use crate::source::{Source, Span};
use crate::words::{REFUSED, brief};
use crate::yaml::{self, ProblemKind as Yaml};

rule! {
    /// The text is no YAML as GitLab's parser reads it, and the whole file is refused.
    ///
    /// The parser is `yaml.v2`, which reads YAML 1.1: a value that starts with `*`, `&`, `@`, a backtick or `%` needs
    /// quotes, tabs cannot indent, an alias needs its anchor above it, and aliases must not blow the document up. Within
    /// `[…]` a `?` ends an unquoted text. Infinite numbers and keys that are lists cannot become JSON, which GitLab makes of
    /// the document.
    ///
    /// After one syntax error kaslint goes on, so that one run shows the other mistakes of the file as well.
    ///
    /// Source: `scannerc.go`, `readerc.go`, `decode.go` of `yaml.v2`; `sigs.k8s.io/yaml`.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments:
    ///         - *
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments:
    ///         - review/1
    /// ```
    ///
    /// ## How to fix
    ///
    /// Quote what YAML would take for itself; the message says what is wrong.
    InvalidYaml = "invalid-yaml", Error in File
}

impl Rule for InvalidYaml {
    fn check_syntax(&self, problem: &yaml::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let (what, help) = describe(problem, &cx.file.source, &cx.file.config.document);
        let message = format!("{what}: {REFUSED}");
        let mut finding = Finding::new(&INFO, &cx.file.source, problem.span, message).help(help);
        finding = match (&problem.kind, problem.cause) {
            (Yaml::QuestionMark, Some(mark)) => finding.related(mark, "this `?`"),
            (Yaml::BadMerge, Some(key)) => finding.related(key, "the merge"),
            (Yaml::UnclosedFlow | Yaml::Syntax(_), Some(open)) => finding.related(open, "opened here"),
            _ => finding,
        };
        findings.report(with_fix(finding, problem, cx.file));
    }
}

/// What is wrong, and what to write instead.
pub(super) fn describe(problem: &yaml::Problem, source: &Source, document: &yaml::Document) -> (String, String) {
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
        Yaml::TooDeep => ("nested over 10,000 levels deep".to_owned(), "nest less".to_owned()),
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

fn unknown_anchor_help(name: &str, document: &yaml::Document) -> String {
    let anchors = document.tree().nodes().filter_map(|(_, node)| node.anchor.as_ref());
    match schema::nearest(name, anchors.map(|anchor| &*anchor.name)) {
        Some(near) => format!("write `*{near}`, or define `&{name}` above; quote the value if a text is meant"),
        None => "define the anchor above, or quote the value if a text is meant".to_owned(),
    }
}

/// Quotes around what needs them, where nothing else can be meant.
fn with_fix(finding: Finding, problem: &yaml::Problem, file: &AgentFile) -> Finding {
    let written = file.slice(problem.span);
    let is_plain_pattern = |text: &str| !text.is_empty() && !text.contains(['\'', '"', '\n', '#', ':']);
    match problem.kind {
        Yaml::ReservedStart('*' | '@' | '`' | '%') | Yaml::QuestionMark | Yaml::NotJson
            if is_plain_pattern(written) =>
        {
            let line = file.source.line_span(file.source.line_index(problem.span.start));
            // In a block the value reaches to the end of the line.
            let rest = file.source.slice(Span::new(problem.span.end, line.end));
            let ends_here = rest.trim().is_empty() || rest.trim_start().starts_with([',', ']', '}', '#']);
            if !ends_here {
                return finding;
            }
            let text = format!("'{written}'");
            finding.fix(Safety::Safe, format!("Write `{text}`"), problem.span, text.clone())
        }
        _ => finding,
    }
}
