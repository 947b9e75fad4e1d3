//! An agent's configuration: bytes, as they lie on the disk.

use std::sync::Arc;

use kaslint::agent_config::AgentConfig;
use kaslint::agent_config::location::Location;
use kaslint::analysis::{Subject, analyse};
use kaslint::diagnostic::Selection;
use kaslint::gitlab::{NEWEST, Version};
use kaslint::project::{Context, Input, Project};
use kaslint::source::Source;
use kaslint::yaml::{self, Data, Style};

use crate::laws;
use crate::repository::AGENT_FILE;

/// The rules that say of a file that it is refused.
const REFUSING: [&str; 8] = [
    "invalid-yaml",
    "unknown-key",
    "removed-key",
    "too-new-key",
    "wrong-type",
    "invalid-value",
    "conflict-marker",
    "kubeconfig-as-config",
];

/// Reads the file by the rules of two releases: it is refused by one exactly if a finding says so, later documents change nothing,
/// spans of plain scalars hold their values, and a plain text is read as the parser of all of YAML reads it.
pub fn run(data: &[u8]) {
    let source = Arc::new(Source::from_bytes(AGENT_FILE, data));
    plain_texts_are_read_as_any_other(&source);
    plain_scalars_are_where_they_say(&source);
    later_documents_change_nothing(&source);
    for version in [NEWEST, Version::new(17, 0)] {
        let config = AgentConfig::read(&source, version);
        assert_eq!(config.refused_at().is_some(), config.canonical().is_none());
        let location = Location::Config { agent: "prod".to_owned() };
        let context = Context { version, ..Context::default() };
        let project = Project::new(vec![Input::text(location, Arc::clone(&source))], context);
        let analyses = analyse(&[Subject::new(project, Selection { is_isolated: true, ..Selection::default() })]);
        laws::hold(&analyses);
        let says_refused = analyses.iter().flat_map(|analysis| &analysis.findings).any(|finding| {
            REFUSING.contains(&finding.rule.name)
                && finding.message.contains("refuses the whole file")
                && !finding.message.contains("not known")
        });
        assert_eq!(config.refused_at().is_some(), says_refused, "{:?} by {version}", config.refused_at());
    }
}

fn plain_texts_are_read_as_any_other(source: &Source) {
    assert_eq!(yaml::read(source), yaml::read_with_parser(source));
    assert_eq!(yaml::read_libyaml(source, 0), yaml::read_libyaml_with_parser(source));
}

fn plain_scalars_are_where_they_say(source: &Source) {
    let document = yaml::read(source);
    if !document.problems().is_empty() || document.unshown() {
        return;
    }
    for (_, node) in document.tree().nodes() {
        let Data::Scalar { text: value, style: Style::Plain } = &node.data else { continue };
        let written = source.slice(node.span);
        if !value.is_empty() && !written.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            assert_eq!(&**value, written);
        }
    }
}

fn later_documents_change_nothing(source: &Source) {
    // Where the text holds nothing, the marker opens the first document.
    let document = yaml::read(source);
    let root = document.tree().root().map(|root| document.tree().node(root).span);
    if !root.is_some_and(|span| !span.is_empty()) {
        return;
    }
    // A block's text may reach over the marker's line, and reading ahead meets characters that are not allowed.
    let followed_by =
        |rest: &str| AgentConfig::read(&source.with_text(format!("{}\n---\n{rest}", source.text())), NEWEST);
    let (alone, followed) = (followed_by(""), followed_by("foo: [1, 2]\n"));
    assert_eq!(alone.refused_at(), followed.refused_at());
    assert_eq!(alone.canonical(), followed.canonical());
}
