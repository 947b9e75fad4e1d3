//! Environment templates, by which GitLab makes Kubernetes objects for an environment: `environment_templates/default.yaml` beside the
//! agent's configuration. They are read, and nothing of them is rendered.
//!
//! Whether GitLab fills in `{{ … }}` before it reads YAML or behind that is not known. So what is told here holds in both orders, unless it
//! says otherwise.

mod actions;
mod names;

use std::collections::HashSet;
use std::sync::Arc;

pub use actions::FaultKind;
use actions::{Actions, Fault};
pub use names::{FUNCTIONS, KINDS, VARIABLES, variables};

use super::ENVIRONMENT_TEMPLATE;
use crate::gitlab::Version;
use crate::schema::{self, Found, Problem, ProblemKind};
use crate::source::{Source, Span};
use crate::yaml::{self, Data, Document, Node, NodeId};

/// The most bytes that are read of a template. What GitLab's limit is, is not known.
pub const MAX_TEMPLATE_SIZE: u64 = 1 << 20;

/// How many faults of variables, functions and syntax one template has at most.
const MOST_FAULTS: usize = 200;

/// A template as far as it can be read.
#[derive(Clone, Debug)]
pub struct EnvironmentTemplate {
    /// The text.
    pub source: Arc<Source>,
    /// What it is before and behind rendering.
    pub form: Form,
    /// The YAML document behind it, with stand-ins for what is put in where it is none as written; spans are those of the text.
    pub document: Document,
    /// What is wrong with its keys and values.
    pub problems: Vec<Problem>,
    /// What is wrong within `{{ … }}`.
    pub faults: Vec<TemplateFault>,
    /// Its objects, in their order.
    pub objects: Vec<TemplateObject>,
}

/// What a template is before and behind rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// YAML as it is written.
    Yaml,
    /// No YAML as it is written, for these problems; rendered it may be.
    OnlyRendered(Vec<yaml::Problem>),
    /// No YAML whatever is put in, for this problem.
    Never(yaml::Problem),
    /// What it is cannot be seen for a fault of syntax.
    Unclear,
}

/// Something wrong within `{{ … }}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Where; the whole value where the very place cannot be told.
    pub span: Span,
}

/// An item of `objects`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateObject {
    /// Its position in the list.
    pub index: usize,
    /// Its kind.
    pub kind: ObjectKind,
    /// Where the kind is written, else the first key.
    pub span: Span,
}

/// The kind of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// As written.
    Written(String),
    /// It has no `kind`, or none with a text.
    Missing,
    /// It comes of rendering, or the object is none, which is told elsewhere.
    Unclear,
}

impl EnvironmentTemplate {
    /// Reads a template by the rules of a release.
    #[must_use]
    pub fn read(source: &Arc<Source>, version: Version) -> Self {
        let written = yaml::read(source);
        let whole = Actions::read(source.text());
        let (form, document, faults) = if written.problems().is_empty() {
            let faults = faults_of_values(source, &written, &whole);
            (Form::Yaml, written, faults)
        } else {
            Self::broken(source, written, &whole)
        };
        let mut template =
            Self { source: Arc::clone(source), form, document, problems: Vec::new(), faults, objects: Vec::new() };
        template.faults.truncate(MOST_FAULTS);
        if template.document.problems().is_empty() {
            template.decode(version);
        }
        template
    }

    /// A template that is no YAML as it is written: only what is rendered first can be one.
    fn broken(source: &Arc<Source>, written: Document, whole: &Actions<'_>) -> (Form, Document, Vec<TemplateFault>) {
        let first = written.problems().first().cloned();
        if whole.is_empty() {
            return (first.map_or(Form::Unclear, Form::Never), written, Vec::new());
        }
        let masked = yaml::read(&source.with_text(whole.masked()));
        let in_comment = |span: Span| masked.tree().comments().iter().any(|comment| comment.span.contains(span));
        let mut faults: Vec<TemplateFault> = whole
            .faults(&whole.declared(), true)
            .into_iter()
            .map(|Fault { kind, range }| TemplateFault { kind, span: Span::new(range.start, range.end) })
            .take(MOST_FAULTS)
            .collect();
        // A variable that is put into a comment has no part in anything.
        faults.retain(|fault| !matches!(fault.kind, FaultKind::Variable(..)) || !in_comment(fault.span));
        let form = match masked.problems().first() {
            _ if faults.iter().any(|fault| matches!(fault.kind, FaultKind::Syntax(_))) => Form::Unclear,
            Some(problem) if whole.only_print() => Form::Never(problem.clone()),
            _ => Form::OnlyRendered(written.problems().to_vec()),
        };
        (form, masked, faults)
    }

    fn decode(&mut self, version: Version) {
        let decoded = schema::decode(&self.document, &ENVIRONMENT_TEMPLATE, version, &|_, _| None);
        // What is put in is not known.
        let is_rendered = |span: Span| self.source.slice(span).contains("{{");
        let is_scalar = |problem: &Problem| match &problem.kind {
            ProblemKind::WrongType { found, .. } => matches!(found, Found::Scalar { .. }),
            _ => true,
        };
        let problems = decoded.problems.into_iter();
        self.problems = problems.filter(|problem| !is_scalar(problem) || !is_rendered(problem.span)).collect();
        let objects = decoded.value.as_ref().and_then(|value| value.set("objects")).map(|field| field.value.items());
        let items = (0..).zip(objects.unwrap_or_default());
        self.objects = items.map(|(index, item)| self.object(index, item.node)).collect();
    }

    fn object(&self, index: usize, item: NodeId) -> TemplateObject {
        let tree = self.document.tree();
        let node = tree.node(item);
        let Data::Mapping { entries: written, .. } = &node.data else {
            return TemplateObject { index, kind: ObjectKind::Unclear, span: node.span };
        };
        let entries = self.document.reading().entries(item);
        let value = entries.iter().find(|entry| entry.key == "kind").and_then(|entry| tree.follow(entry.value));
        if let Some(value) = value.map(|value| tree.node(value))
            && let Data::Scalar { text, style } = &value.data
            && !text.is_empty()
        {
            let kind = match yaml::scalar(value, text, *style) {
                _ if self.source.slice(value.span).contains("{{") => ObjectKind::Unclear,
                Ok(yaml::Scalar::Str(text)) => ObjectKind::Written(text.into_owned()),
                _ => ObjectKind::Written(text.to_string()),
            };
            return TemplateObject { index, kind, span: value.span };
        }
        let first = written.first().map_or(node.span, |(key, _)| tree.node(*key).span);
        // A key that comes of rendering may be any.
        let mut keys = written.iter().map(|(key, _)| tree.node(*key).span);
        let is_unclear = keys.any(|key| self.source.slice(key).contains("{{"));
        let kind = if is_unclear { ObjectKind::Unclear } else { ObjectKind::Missing };
        TemplateObject { index, kind, span: first }
    }
}

/// The faults within the values and keys of a document that is YAML as it is written.
fn faults_of_values(source: &Source, document: &Document, whole: &Actions<'_>) -> Vec<TemplateFault> {
    if whole.is_empty() {
        return Vec::new();
    }
    let scalars: Vec<(&Node, &str)> = document
        .tree()
        .nodes()
        .filter_map(|(_, node)| match &node.data {
            Data::Scalar { text, .. } if text.contains("{{") => Some((node, &**text)),
            _ => None,
        })
        .collect();
    let read: Vec<(&Node, &str, Actions<'_>)> =
        scalars.into_iter().map(|(node, text)| (node, text, Actions::read(text))).collect();
    let mut declared: HashSet<&str> = whole.declared();
    declared.extend(read.iter().flat_map(|(.., actions)| actions.declared()));
    // An action in a comment, or one that reaches over several values, counts where rendering comes first.
    let scopes: usize = read.iter().map(|(.., actions)| actions.scopes()).sum();
    let judges_dot = whole.scopes() == scopes;
    let is_no_template = whole.faults(&declared, false).iter().any(Fault::is_syntax);
    let mut faults = Vec::new();
    for (node, text, actions) in &read {
        let own = actions.faults(&declared, judges_dot);
        let is_whole = !own.iter().any(Fault::is_syntax);
        for Fault { kind, range } in own {
            let holds = match kind {
                FaultKind::Syntax(_) => is_no_template,
                FaultKind::Variable(..) => is_whole,
                FaultKind::Function(..) | FaultKind::Undeclared(_) => true,
            };
            if holds {
                faults.push(TemplateFault { kind, span: place(source, node.span, text, range) });
            }
            if faults.len() >= MOST_FAULTS {
                return faults;
            }
        }
    }
    faults
}

/// Where a part of a value stands in the file; the whole value where that cannot be told.
fn place(source: &Source, span: Span, value: &str, part: std::ops::Range<usize>) -> Span {
    let written = source.slice(span);
    let (Some(before), Some(part)) = (value.get(..part.start), value.get(part)) else { return span };
    // Quotes, escapes, indentation and folding may differ between the two; words do not.
    let nth = before.matches(part).count();
    match written.match_indices(part).nth(nth) {
        Some((at, _)) => Span::new(span.start + at, span.start + at + part.len()),
        None => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitlab::NEWEST;

    fn read(text: &str) -> EnvironmentTemplate {
        EnvironmentTemplate::read(&Arc::new(Source::new("default.yaml", text)), NEWEST)
    }

    fn form(text: &str) -> &'static str {
        match read(text).form {
            Form::Yaml => "yaml",
            Form::OnlyRendered(_) => "only rendered",
            Form::Never(_) => "never",
            Form::Unclear => "unclear",
        }
    }

    fn faults(text: &str) -> Vec<String> {
        read(text).faults.iter().map(|fault| text[fault.span.start..fault.span.end].to_owned()).collect()
    }

    #[test]
    fn a_template_is_yaml_as_written_or_rendered_or_never() {
        for (text, expected) in [
            ("", "yaml"),
            ("objects: ['{{ .agent.id }}']", "yaml"),
            ("a: x{{ .agent.id }}", "yaml"),
            ("a: {{ .legacy_namespace }}", "only rendered"),
            ("a: {{ .project.slug }}-{{ .project.id }}", "only rendered"),
            ("{{ if .environment.url }}\na: 1\n{{ end }}\n", "only rendered"),
            ("a: {{ .agent.id }}\n\tb: 1\n", "never"),
            ("a: [\n", "never"),
            ("a: 'x\n", "never"),
            ("a: {{ printf \"x\\n\\tb\" }}\n\tb: 1\n", "only rendered"),
            ("a: {{ .agent.id }\n", "unclear"),
        ] {
            assert_eq!(form(text), expected, "{text}");
        }
    }

    #[test]
    fn faults_stand_where_they_are_written() {
        for (text, expected) in [
            ("a: '{{ .agent.x }} it''s {{ .agent.x }}'", &[".agent.x", ".agent.x"][..]),
            ("a: \"{{ .agent.y | upper \\\"x\\\" }}\"", &[".agent.y", "upper"]),
            ("a: |\n  one {{ .agent.z }}\n  two {{ .agent.z }}\n", &[".agent.z", ".agent.z"]),
            ("'{{ .key }}': 1", &[".key"]),
            ("a: {{ .legacy }}", &[".legacy"]),
            ("a: 'x {{'\nb: 1", &["{{"]),
        ] {
            assert_eq!(faults(text), expected, "{text}");
        }
    }

    #[test]
    fn comments_are_no_part_of_a_template() {
        for text in [
            "# {{ .foo | upper }} {{ if\na: '{{ .agent.id }}'\n",
            "# {{ .foo }}\na: {{ .agent.id }}\n",
            "# {{ with .environment }}\na: '{{ .slug }}'\n# {{ end }}\n",
        ] {
            assert_eq!(faults(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_holds_in_one_order_alone_is_not_told() {
        // Escaped quotes are a fault where rendering comes first, and blocks over several values where it comes last.
        for text in ["a: \"{{ lower \\\"X\\\" }}\"", "a: '{{ if true }}'\nb: '{{ end }}'\n"] {
            assert_eq!(faults(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn kinds_are_those_of_the_objects() {
        let text = "base: &b {kind: Namespace}\nobjects:\n- {kind: ConfigMap}\n- <<: *b\n- {apiVersion: v1}\n- {kind: '{{ .x }}'}\n- {'{{ .y }}': 1}\n- x\n- kind:\n";
        let kinds: Vec<ObjectKind> = read(text).objects.into_iter().map(|object| object.kind).collect();
        let written = |kind: &str| ObjectKind::Written(kind.to_owned());
        use ObjectKind::{Missing, Unclear};
        assert_eq!(kinds, [written("ConfigMap"), written("Namespace"), Missing, Unclear, Unclear, Unclear, Missing]);
    }

    #[test]
    fn stand_ins_are_not_judged() {
        let text = "apply_resources: {{ .a.b }}\n{{ .agent.name }}: x\nobjects: {{ .c.d }}\n";
        assert!(read(text).problems.is_empty(), "{:?}", read(text).problems);
    }
}
