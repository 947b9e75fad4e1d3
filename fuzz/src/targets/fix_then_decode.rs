//! What fixes write, decoded.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use kaslint::agent_config::AgentConfig;
use kaslint::analysis::{Subject, analyse};
use kaslint::diagnostic::{Finding, Fix, Safety};
use kaslint::fixing::{self, Fixed, Request};
use kaslint::project::{Context, Project, Steps, changeable_files};
use kaslint::source::{Place, Source};

use crate::laws;
use crate::repository::{AGENT_FILE, Repository};

/// An accepted file stays accepted and a refused one fails no earlier, fixes come to an end or it is said why they were not made, a second
/// time changes nothing, and a safe fix that is not meant to change an accepted file leaves what GitLab reads as it was.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let repository = Repository::of(&text, AGENT_FILE);
    let subjects = repository.subjects();
    for subject in &subjects {
        for finding in &analyse(std::slice::from_ref(subject)).iter().flat_map(|one| &one.findings).collect::<Vec<_>>()
        {
            keeps_what_is_read(finding, &subjects, &repository);
        }
    }
    for up_to in [Safety::Safe, Safety::Unsafe] {
        let fixed = fix(subjects.clone(), &repository, up_to);
        laws::hold(&fixed.analyses);
        for (before, after) in subjects.iter().zip(&fixed.subjects) {
            fails_no_earlier(&before.project, &after.project);
        }
        let is_meant = |finding: &&Finding| {
            finding.fix.as_ref().is_some_and(|fix| up_to == Safety::Unsafe || fix.safety == Safety::Safe)
        };
        let left = fixed.analyses.iter().flat_map(|analysis| &analysis.findings).filter(is_meant);
        let left: Vec<&str> = left.map(|finding| finding.rule.name).collect();
        assert!(left.is_empty() || !fixed.remarks.is_empty(), "{left:?} are left without a word");
        let again = fix(fixed.subjects.clone(), &repository, up_to);
        let changed: Vec<&str> = again.files.iter().map(|file| file.after.path()).collect();
        assert!(changed.is_empty(), "{changed:?} change a second time");
    }
}

fn fix(subjects: Vec<Subject>, repository: &Repository, up_to: Safety) -> Fixed {
    let projects: Vec<Arc<Project>> = subjects.iter().map(|subject| Arc::clone(&subject.project)).collect();
    let own: Vec<BTreeMap<String, PathBuf>> = changeable_files(&projects, &repository.files);
    let may_change = |at: usize, path: &str| own.get(at).is_some_and(|own| own.contains_key(path));
    let steps = Steps::default();
    let (files, tell) = (&repository.files, kaslint::diff_report::sentences);
    fixing::fix(subjects, &Request { up_to, may_change: &may_change, files, steps: &steps, tell })
}

/// An accepted configuration stays one, and a refused one fails no earlier.
fn fails_no_earlier(before: &Project, after: &Project) {
    for (input, now) in before.inputs.iter().zip(&after.inputs) {
        let refused = |source: &Source, context: &Context| AgentConfig::read(source, context.version).refused_at();
        let (was, is) = (refused(&input.source, &before.context), refused(&now.source, &after.context));
        match (was, is) {
            (None, is) => assert_eq!(is, None, "an accepted file is refused:\n{}", now.source.text()),
            (Some(was), Some(is)) => assert!(is >= was, "refused at {is:?} in place of {was:?}"),
            (Some(_), None) => {}
        }
    }
}

/// A harmless safe fix, made by itself, that is not meant to change what GitLab reads of an accepted file.
fn keeps_what_is_read(finding: &Finding, subjects: &[Subject], repository: &Repository) {
    let Some(fix) = &finding.fix else { return };
    if fix.is_meant_to_change || fix.safety != Safety::Safe {
        return;
    }
    if !fixing::is_harmless(finding, subjects, &repository.files) {
        return;
    }
    for subject in subjects {
        for input in &subject.project.inputs {
            let version = subject.project.context.version;
            let before = AgentConfig::read(&input.source, version);
            if before.refused_at().is_some() {
                continue;
            }
            let Some(text) = edited(&input.source, fix) else { continue };
            let after = AgentConfig::read(&input.source.with_text(&*text), version);
            assert_eq!(before.canonical(), after.canonical(), "{} of {}:\n{text}", fix.title, finding.rule.name);
        }
    }
}

/// The text with the edits of a fix; `None` where none is about it.
fn edited(source: &Arc<Source>, fix: &Fix) -> Option<String> {
    let mut edits: Vec<_> = fix.edits.iter().filter(|edit| Arc::ptr_eq(&edit.place.source, source)).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.place.span.start));
    let mut text = (!edits.is_empty()).then(|| source.text().to_owned())?;
    for edit in edits {
        let Place { span, .. } = &edit.place;
        text.replace_range(span.start..span.end, &edit.text);
    }
    Some(text)
}
