//! `schema-violation`.

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;

use super::findings::Findings;
use super::given::FileContext;
use super::rule::{Rule, rule};
use crate::diagnostic::Finding;
use crate::project::AgentFile;
use crate::source::Span;
use crate::words::brief;
use crate::yaml::{Data, Document, Step};

rule! {
    /// The file breaks an organisation's own JSON Schema.
    ///
    /// `schemas` in `.kaslint.yaml` names JSON Schemas for agent files: names of agents' projects that are allowed, environments that must be there,
    /// whatever an organisation has agreed on beyond what GitLab asks. They see the JSON that GitLab makes of the file. References are followed
    /// within a schema and never over the network.
    ///
    /// Source: the settings file; https://json-schema.org for what a schema says.
    ///
    /// ## Bad
    ///
    /// ```yaml schema={"properties":{"ci_access":{"properties":{"groups":{"maxItems":0}}}}}
    /// ci_access:
    ///   groups:
    ///     - id: acme/web
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml schema={"properties":{"ci_access":{"properties":{"groups":{"maxItems":0}}}}}
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    /// ```
    ///
    /// ## How to fix
    ///
    /// As the schema says.
    ///
    /// ## When it stays silent
    ///
    /// On files that are no YAML as GitLab's parser reads it.
    SchemaViolation = "schema-violation", Error in Access
}

/// How many violations of one file are told.
const MOST: usize = 100;

impl Rule for SchemaViolation {
    fn check_file(&self, file: &AgentFile, cx: &FileContext<'_>, findings: &mut Findings) {
        if cx.gitlab().schemas.is_empty() {
            return;
        }
        let document = &file.config.document;
        let Some(json) = document.to_json() else { return };
        for schema in cx.gitlab().schemas_to_follow() {
            for error in schema.validator().iter_errors(&json).take(MOST) {
                let steps: Vec<LocationSegment<'_>> = error.instance_path().segments().collect();
                let unexpected = match error.kind() {
                    ValidationErrorKind::AdditionalProperties { unexpected }
                    | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected.as_slice(),
                    _ => &[],
                };
                let span = place(document, &steps, unexpected.first().map(String::as_str));
                let at = route(&steps);
                let what = if at.is_empty() { "the configuration".to_owned() } else { brief(&at) };
                let message = format!("{what} breaks {}: {error}", brief(schema.path()));
                let finding = Finding::new(&INFO, &file.source, span, message)
                    .label("breaks the schema")
                    .route(at)
                    .key(format!("{}{}", schema.path(), error.schema_path()));
                findings.report(finding.help(format!("see `{}` in {}", error.schema_path(), schema.path())));
            }
        }
    }
}

/// The place of a value, or of a key in it: a scalar or list item itself, any other value by its key.
fn place(document: &Document, segments: &[LocationSegment<'_>], key: Option<&str>) -> Span {
    let steps = segments.iter().map(|segment| match segment {
        LocationSegment::Index(index) => Step::Item(*index),
        LocationSegment::Property(name) => Step::Key(name),
    });
    let Some((own_key, value)) = document.node_at(steps.chain(key.map(Step::Key))) else { return Span::default() };
    let tree = document.tree();
    let is_scalar = tree.follow(value).is_some_and(|value| tree.scalar_text(value).is_some());
    match own_key {
        Some(own_key) if key.is_some() || !is_scalar => tree.node(own_key).span,
        _ => match &tree.node(value).data {
            // Without the dash in front of an item.
            Data::Mapping { entries, flow: false } if !entries.is_empty() => {
                let first = entries.first().map_or(value, |(key, _)| *key);
                Span::new(tree.node(first).span.start, tree.node(value).span.end)
            }
            _ => tree.node(value).span,
        },
    }
}

fn route(steps: &[LocationSegment<'_>]) -> String {
    let mut route = String::new();
    for step in steps {
        match step {
            LocationSegment::Index(index) => route.push_str(&format!("[{index}]")),
            LocationSegment::Property(name) if route.is_empty() => route.push_str(name),
            LocationSegment::Property(name) => route.push_str(&format!(".{name}")),
        }
    }
    route
}
