//! `sarif`: SARIF 2.1.0 (docs.oasis-open.org/sarif). Columns and offsets count code points, and as the standard wants it a
//! byte-order mark counts nothing.

mod log;

use std::collections::BTreeMap;
use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::log::{
    ArtifactChange, ArtifactContent, ArtifactLocation, BaseId, Configuration, Descriptor, Driver, Fix, Help,
    Invocation, Location, Log, Message, Notification, PhysicalLocation, Properties, Region, Replacement, Reported,
    RuleReference, Run, Text, Tool,
};
use super::{Shown, left_out};
use crate::diagnostic::RuleInfo;
use crate::diagnostic::{self, Finding};
use crate::outlet::Outlet;
use crate::source::{Place, secrets};

/// What relative paths hang on: the working directory, which in a pipeline is the top of the repository.
const ROOT: &str = "%SRCROOT%";

/// The key of the fingerprint; its version changes with what is hashed.
const FINGERPRINT: &str = "kaslint/v1";

pub(super) fn write(shown: &Shown<'_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let outcome = shown.outcome;
    let mut rules: BTreeMap<&str, &RuleInfo> = BTreeMap::new();
    let found = shown.findings.iter().map(|finding| finding.rule);
    rules.extend(found.chain(outcome.unchecked.iter().map(|(rule, _)| *rule)).map(|rule| (rule.name, rule)));
    let names: Vec<&str> = rules.keys().copied().collect();
    let index = |name: &str| names.binary_search(&name).unwrap_or_default();
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "kaslint",
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: rules.values().map(|rule| descriptor(rule)).collect(),
            },
        },
        invocations: [invocation(shown, &index)],
        original_uri_base_ids: BTreeMap::from([(
            ROOT,
            BaseId { description: Message::plain("The folder in which kaslint ran.".to_owned()) },
        )]),
        results: shown.findings.iter().map(|finding| result(finding, &index)).collect(),
        newline_sequences: ["\r\n", "\n", "\r"],
        column_kind: "unicodeCodePoints",
    };
    out.json(&Log { schema: log::SCHEMA, version: "2.1.0", runs: [run] })
}

fn descriptor(rule: &'static RuleInfo) -> Descriptor {
    // An example of a secret would alarm scanners of reports.
    let markdown = secrets::mask(&rule.markdown()).into_owned();
    Descriptor {
        id: rule.name,
        help_uri: rule.url(),
        short_description: Text { text: rule.summary().to_owned() },
        full_description: Text { text: description(rule) },
        help: Help { text: markdown.clone(), markdown },
        default_configuration: Configuration { enabled: !rule.is_off, level: rule.severity.name() },
        properties: Properties { tags: vec![rule.topic.title()], ..Properties::default() },
    }
}

/// What was not checked is no result, but programs should not miss it.
fn invocation(shown: &Shown<'_>, index: &dyn Fn(&str) -> usize) -> Invocation {
    let outcome = shown.outcome;
    let unchecked = outcome.unchecked.iter().map(|(rule, need)| Notification {
        level: "note",
        message: Message::plain(format!("Not checked: {} (needs {}).", rule.name, need.option())),
        associated_rule: Some(RuleReference { id: rule.name, index: index(rule.name) }),
    });
    let left_out = left_out::lines(outcome);
    let not_shown = shown.not_shown();
    let remarks = left_out.iter().chain(&not_shown).chain(&outcome.remarks).map(|remark| Notification {
        level: "note",
        message: Message::plain(masked(remark)),
        associated_rule: None,
    });
    Invocation {
        execution_successful: !outcome.has_internal_error && !outcome.is_incomplete,
        tool_configuration_notifications: unchecked.chain(remarks).collect(),
    }
}

fn result<'o>(finding: &'o Finding, index: &dyn Fn(&str) -> usize) -> Reported<'o> {
    let related = finding.related.iter().enumerate().map(|(number, related)| Location {
        id: Some(number),
        physical_location: physical(&related.place),
        message: Some(Message::plain(masked(&related.message))),
    });
    Reported {
        rule_id: finding.rule.name,
        rule_index: index(finding.rule.name),
        level: finding.severity.name(),
        message: Message::plain(message(finding)),
        locations: [Location { id: None, physical_location: physical(&finding.place), message: None }],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, finding.fingerprint())]),
        fixes: finding.fix.iter().map(fix).collect(),
        properties: Properties {
            route: Some(&finding.route).filter(|route| !route.is_empty()),
            ..Properties::default()
        },
    }
}

fn fix(fix: &diagnostic::Fix) -> Fix<'_> {
    let mut changes: Vec<ArtifactChange<'_>> = Vec::new();
    for edit in &fix.edits {
        let location = artifact(edit.place.source.path());
        let replacement =
            Replacement { deleted_region: region(&edit.place), inserted_content: ArtifactContent { text: &edit.text } };
        match changes.iter_mut().find(|change| change.artifact_location == location) {
            Some(change) => change.replacements.push(replacement),
            None => changes.push(ArtifactChange { artifact_location: location, replacements: vec![replacement] }),
        }
    }
    Fix {
        description: Message::plain(masked(&fix.in_words())),
        artifact_changes: changes,
        properties: Properties { safety: Some(fix.safety.name()), ..Properties::default() },
    }
}

fn physical(place: &Place) -> PhysicalLocation {
    PhysicalLocation { artifact_location: artifact(place.source.path()), region: region(place) }
}

fn region(place: &Place) -> Region {
    let (source, span) = (&place.source, place.span);
    let text = source.text();
    let mark = usize::from(text.starts_with('\u{FEFF}'));
    let point = |offset| {
        let position = source.position(offset);
        let column = if position.line == 1 { position.column.saturating_sub(mark).max(1) } else { position.column };
        let characters = text.get(..offset).unwrap_or(text).chars().count().saturating_sub(mark);
        (position.line, column, characters)
    };
    let ((start_line, start_column, start), (end_line, end_column, end)) = (point(span.start), point(span.end));
    Region { start_line, start_column, end_line, end_column, char_offset: start, char_length: end - start }
}

/// Message and help in one text. JSON has escapes for all that it may hold.
fn message(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{}\nhelp: {}", masked(&finding.message), masked(help)),
        None => masked(&finding.message),
    }
}

fn masked(text: &str) -> String {
    secrets::mask(text).into_owned()
}

/// What stands for itself in a path of a URI (RFC 3986, "unreserved", and the slash).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

fn artifact(path: &str) -> ArtifactLocation {
    let encoded = utf8_percent_encode(path, ENCODED).to_string();
    match std::path::Path::new(path).is_absolute() {
        true => ArtifactLocation { uri: format!("file:///{}", encoded.trim_start_matches('/')), uri_base_id: None },
        false => ArtifactLocation { uri: encoded, uri_base_id: Some(ROOT) },
    }
}

impl Message {
    /// A text that means itself: no part of it is a placeholder or a link.
    ///
    /// The standard doubles every brace (3.11.5), but viewers show a text without arguments as it stands, so that only
    /// what has the form of a placeholder is doubled.
    fn plain(text: String) -> Self {
        Self { text: without_links(&without_placeholders(&text)) }
    }
}

fn without_placeholders(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        result.push_str(before);
        let digits = from[1..].len() - from[1..].trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let is_placeholder = digits > 0 && from[1 + digits..].starts_with('}');
        let end = if is_placeholder { digits + 2 } else { 1 };
        match is_placeholder {
            true => result.push_str(&format!("{{{}}}", &from[..end])),
            false => result.push('{'),
        }
        rest = &from[end..];
    }
    result + rest
}

/// Text out of a file could link to anywhere: `[text](address)`. An escaped bracket closes no link's text.
fn without_links(text: &str) -> String {
    text.replace("](", "\\](")
}

/// The paragraphs between the summary and the examples; the summary where there are none.
fn description(rule: &RuleInfo) -> String {
    let lines = rule.doc.lines().skip(1).map(str::trim).take_while(|line| !line.starts_with("## "));
    let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    if text.is_empty() { rule.summary().to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_out_of_a_file_is_no_placeholder_and_no_link() {
        let plain = |text: &str| Message::plain(text.to_owned()).text;
        assert_eq!(plain("`{}` and {0} {12} {x} {"), "`{}` and {{0}} {{12}} {x} {");
        assert_eq!(plain("a[0] [x](http://y)"), "a[0] [x\\](http://y)");
    }

    #[test]
    fn paths_become_uris() {
        let uri = |path| artifact(path).uri;
        assert_eq!(uri(".gitlab/agents/prod/config.yaml"), ".gitlab/agents/prod/config.yaml");
        assert_eq!(uri("ü b/c%d:#?/x.yaml"), "%C3%BC%20b/c%25d%3A%23%3F/x.yaml");
        assert_eq!(uri("../a"), "../a");
        assert_eq!(artifact("a").uri_base_id, Some(ROOT));
        #[cfg(unix)]
        assert_eq!((uri("/a b"), artifact("/a").uri_base_id), ("file:///a%20b".to_owned(), None));
    }
}
