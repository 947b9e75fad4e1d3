//! An environment template: bytes, as they lie on the disk.

use std::sync::Arc;

use kaslint::agent_config::environment_template::{EnvironmentTemplate, Form};
use kaslint::agent_config::location::Location;
use kaslint::analysis::{Subject, analyse};
use kaslint::diagnostic::Selection;
use kaslint::gitlab::{NEWEST, Version};
use kaslint::project::{Context, Input, Project};
use kaslint::source::Source;

use crate::laws;

/// Where a template lies.
const TEMPLATE: &str = ".gitlab/agents/prod/environment_templates/default.yaml";

/// Reads the template by the rules of three releases: what is told lies on the text, and what is no YAML in any order is a fault. Without
/// `{{` there is nothing to fill in.
pub fn run(data: &[u8]) {
    let source = Arc::new(Source::from_bytes(TEMPLATE, data));
    for version in [NEWEST, Version::new(17, 9), Version::new(99, 0)] {
        let template = EnvironmentTemplate::read(&source, version);
        for fault in &template.faults {
            assert!(source.text().get(fault.span.start..fault.span.end).is_some(), "{fault:?}");
        }
        if !source.text().contains("{{") {
            assert!(
                template.faults.is_empty() && matches!(template.form, Form::Yaml | Form::Never(_)),
                "{:?}",
                template.form
            );
        }
        let location = Location::EnvironmentTemplate { agent: "prod".to_owned() };
        let context = Context { version, ..Context::default() };
        let project = Project::new(vec![Input::text(location, Arc::clone(&source))], context);
        let analyses = analyse(&[Subject::new(project, Selection { is_isolated: true, ..Selection::default() })]);
        laws::hold(&analyses);
        let is_told = analyses.iter().any(|analysis| !analysis.findings.is_empty());
        assert!(is_told || template.form == Form::Yaml, "{:?}", template.form);
    }
}
