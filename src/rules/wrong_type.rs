//! `wrong-type`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety};
use crate::project::AgentFile;
use crate::schema::{self, Found, Kind, ProblemKind};
use crate::source::Span;
use crate::words::{REFUSED, found as in_words, in_quotes, yaml_surprise};

rule! {
    /// The value has another type than GitLab needs, and refuses the whole file.
    ///
    /// Nothing is converted: a number or a boolean is no text, one value is no list, `"true"` is no boolean, an empty list item
    /// is nothing at all. GitLab's parser reads YAML 1.1, in which `on`, `yes` and `y` are booleans, `0123` is the number 83 and
    /// `1.10` is 1.1. An environment called `on` or `1.10` needs quotes.
    ///
    /// Source: protobuf-go, `encoding/protojson/decode.go`; `resolve.go` of `yaml.v2`.
    ///
    /// Releases: from 15.7.
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: [on]
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///       environments: ['on']
    /// ```
    ///
    /// ## How to fix
    ///
    /// Quote what shall be a text, write a list as a list, and booleans without quotes.
    WrongType = "wrong-type", Error in Keys
}

impl Rule for WrongType {
    fn check_problem(&self, problem: &schema::Problem, cx: &FileContext<'_>, findings: &mut Findings) {
        let finding = match &problem.kind {
            ProblemKind::NullItem => {
                let message = format!("this list item is empty: {REFUSED}");
                let finding = Finding::new(&INFO, &cx.file.source, problem.span, message).label("no value");
                let cut = cx.without_item(problem.span);
                finding.help("write the value, or remove the dash").removal(
                    Safety::Unsafe,
                    "Remove the empty item",
                    cut,
                )
            }
            ProblemKind::WrongType { kind, found } => describe(problem, kind, found, cx.file),
            _ => return,
        };
        findings.report(finding.route(&problem.route));
    }
}

fn describe(problem: &schema::Problem, kind: &Kind, found: &Found, file: &AgentFile) -> Finding {
    let name = match &*problem.name {
        "" => "the configuration".to_owned(),
        name => format!("`{name}`"),
    };
    let is_item = problem.route.ends_with(']');
    let subject = if is_item { format!("an item of {name}") } else { name };
    let message = format!("{subject} is {}: {REFUSED}, as it must be {}", in_words(found), kind.in_words());
    let finding = Finding::new(&INFO, &file.source, problem.span, message);
    let finding = match yaml_surprise(found) {
        Some(surprise) => finding.label(surprise),
        None => finding,
    };
    let written = file.slice(problem.span).to_owned();
    mend(finding, problem, kind, found, &written, &problem.name)
}

/// Help, and a change where what is meant is plain.
fn mend(finding: Finding, problem: &schema::Problem, kind: &Kind, found: &Found, written: &str, key: &str) -> Finding {
    let span = problem.span;
    // The key is blamed for a list or mapping: its text is not the value's.
    let is_value = problem.key_span != Some(span);
    match (kind, found) {
        (Kind::Text, Found::Scalar { type_name: "null", .. }) => {
            finding.help("write a text, or quote it if this word is meant")
        }
        (Kind::Text, Found::Scalar { plain: true, written: text, .. }) if key == "id" => {
            let id = in_quotes(text);
            finding.help("write the full path, such as `group/project`; numeric ids match nothing").fix(
                Safety::Unsafe,
                format!("Write {id}"),
                span,
                id.clone(),
            )
        }
        (Kind::Text, Found::Scalar { written: text, .. }) if is_value => {
            let text = in_quotes(text);
            finding.help(format!("quote it: {text}")).fix(Safety::Safe, format!("Write {text}"), span, text.clone())
        }
        (Kind::Text, Found::List(_)) => finding.help("write one text, without brackets or dash"),
        (Kind::Bool, Found::Scalar { written: text, plain, .. }) if is_value => bool_help(finding, span, text, *plain),
        (Kind::List(_), Found::Scalar { type_name, plain, .. }) if is_value && *type_name != "null" => {
            let needs_quotes = *plain && *type_name != "text" && kind.is_list_of_texts();
            let item = match kind {
                _ if kind.is_list_of_messages() => format!("{{id: {}}}", in_brackets(written, *plain)),
                _ if needs_quotes => in_quotes(written),
                _ => in_brackets(written, *plain),
            };
            let can_be_fixed = !written.contains('\n') && !written.is_empty();
            // `a, b` is one text, and was hardly meant to be.
            let safety = if *plain && written.contains(',') { Safety::Unsafe } else { Safety::Safe };
            let finding = finding.help(format!("write a list: `[{item}]`"));
            if can_be_fixed {
                finding.fix(safety, format!("Write `[{item}]`"), span, format!("[{item}]"))
            } else {
                finding
            }
        }
        (Kind::List(_), Found::Mapping(_)) if kind.is_list_of_messages() => {
            finding.help("start the entry with a dash, `- id: …`: the list holds one mapping for each entry")
        }
        (Kind::List(_), Found::Mapping(_)) => {
            finding.help("write a list: `[a, b]`, or a line with a dash for each item")
        }
        (Kind::Message(_), Found::Scalar { written: text, read, type_name, plain })
            if is_value && *type_name != "null" =>
        {
            let Some(message) = kind.as_message() else { return finding };
            let is_member = message.members == schema::Members::ExactlyOne && message.key(text).is_some();
            match (is_member, message.keys.is_empty(), message.key("id").is_some() && *type_name == "text") {
                (true, ..) => {
                    let value = format!("{{{text}: {{}}}}");
                    finding.help(format!("write `{value}`")).fix(
                        Safety::Safe,
                        format!("Write `{value}`"),
                        span,
                        value.clone(),
                    )
                }
                // Who writes `false` wants to do without it.
                (_, true, _) if read.trim_matches('"').eq_ignore_ascii_case("false") => {
                    finding.help("write `{}`, or remove the key")
                }
                (_, true, _) => finding.help("write `{}`").fix(Safety::Safe, "Write `{}`", span, "{}"),
                (_, _, true) => {
                    let value = format!("{{id: {}}}", in_brackets(written, *plain));
                    let finding = finding.help(format!("write `id: {written}`"));
                    if written.contains('\n') {
                        finding
                    } else {
                        finding.fix(Safety::Safe, format!("Write `{value}`"), span, value.clone())
                    }
                }
                _ => finding.help(format!("write a mapping with the keys of {}", message.name)),
            }
        }
        (Kind::Message(_), Found::List(_)) => match kind.as_message() {
            Some(message) if message.members == schema::Members::ExactlyOne => {
                let names: Vec<&str> = message.keys.iter().map(|key| &*key.name).collect();
                finding.help(format!("write one of {} without a dash", schema::listed_and(&names)))
            }
            _ => finding.help("write the keys directly, without a dash"),
        },
        (Kind::Duration, Found::Scalar { written: text, type_name: "a number", .. }) if is_value => {
            // `010` is 8, and `1_000` and `1e3` are no durations.
            let is_plain = !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text == "0" || !text.starts_with('0'));
            match is_plain {
                true => finding.help(format!("write seconds: `{text}s`")).fix(
                    Safety::Safe,
                    format!("Write `{text}s`"),
                    span,
                    format!("{text}s"),
                ),
                false => finding.help("write seconds, such as `3600s`"),
            }
        }
        (Kind::Enum(names), _) => finding.help(format!("write {}", names.in_words("or"))),
        (Kind::Int32 | Kind::Int64 | Kind::UInt32 | Kind::UInt64, _) => {
            finding.help("write a whole number without unit")
        }
        (Kind::Map(_), _) if problem.route.is_empty() => {
            finding.help("a configuration starts with a key such as `ci_access:`")
        }
        _ => finding.help(format!("write {}", kind.in_words())),
    }
}

/// A text as it can stand within brackets, where some characters end one that is not quoted.
fn in_brackets(written: &str, is_plain: bool) -> String {
    if is_plain && written.contains([',', '[', ']', '{', '}', '?']) { in_quotes(written) } else { written.to_owned() }
}

fn bool_help(finding: Finding, span: Span, text: &str, plain: bool) -> Finding {
    let lower = text.to_lowercase();
    let (value, safety) = match lower.as_str() {
        "true" | "yes" | "on" | "y" => ("true", Safety::Safe),
        "false" | "no" | "off" | "n" => ("false", Safety::Safe),
        "1" if plain => ("true", Safety::Unsafe),
        "0" if plain => ("false", Safety::Unsafe),
        _ => return finding.help("write `true` or `false`, without quotes"),
    };
    finding.help(format!("write `{value}`, without quotes")).fix(safety, format!("Write `{value}`"), span, value)
}
