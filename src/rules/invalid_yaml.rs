//! `invalid-yaml`.

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::{Finding, Safety};
use crate::project::AgentFile;
use crate::source::Span;
use crate::words::{REFUSED, YamlFault, yaml_fault};
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
        let YamlFault { what, help, related } = yaml_fault(problem, &cx.file.source, Some(&cx.file.config.document));
        let finding = Finding::new(&INFO, &cx.file.source, problem.span, format!("{what}: {REFUSED}")).help(help);
        let finding = match related {
            Some((span, label)) => finding.related(span, label),
            None => finding,
        };
        findings.report(with_fix(finding, problem, cx.file));
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
