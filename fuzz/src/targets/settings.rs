//! The settings file of a repository that a stranger may have written.

use std::sync::Arc;

use kaslint::analysis::{analyse, unused_settings};
use kaslint::project::settings::{FILE_NAME, Settings};
use kaslint::rules;
use kaslint::source::Source;

use crate::laws;
use crate::repository::Repository;

/// What the settings are for.
const AROUND: &str = "
-- .gitlab/agents/prod/config.yaml --
foo: 1
ci_access: {projects: [{id: A/b, environments: [prod*]}, {id: A/b}]}
-- .gitlab-ci.yml --
deploy: {script: kubectl config use-context acme/agents:prod, environment: x}
-- inventory.yaml --
projects: [{path: acme/agents, agents: [prod]}]
-- schema.json --
{\"properties\": {\"foo\": false}}
";

/// Settings are used or have mistakes, never both, and mistakes lie on the text.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let source = Arc::new(Source::new(FILE_NAME, &*text));
    let read = Settings::read(&source, rules::TABLE);
    if let Err(mistakes) = &read {
        assert!(!mistakes.is_empty());
        laws::lie_on_the_text(mistakes);
    }
    let mut repository = Repository::of(AROUND, FILE_NAME);
    repository.files.write(format!("/r/{FILE_NAME}"), &*text);
    let Some(snapshot) = repository.load() else { return };
    assert!(read.is_ok() || !snapshot.unusable.is_empty(), "settings with mistakes were used");
    snapshot.unusable.iter().for_each(|unusable| laws::lie_on_the_text(&unusable.mistakes));
    let subjects = repository.subjects_of(&snapshot.projects);
    let analyses = analyse(&subjects);
    laws::hold(&analyses);
    laws::lie_on_the_text(&unused_settings(&subjects, &analyses));
}
