//! A CI file with what it includes, beside agents and an inventory.

use kaslint::analysis::analyse;

use crate::laws;
use crate::repository::{CI_FILE, Repository};

/// Works out the jobs and what all rules say of them; places of problems lie on their texts.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let subjects = Repository::of(&text, CI_FILE).subjects();
    for subject in &subjects {
        let Some(pipeline) = &subject.project.pipeline else { continue };
        for problem in &pipeline.problems {
            let (text, span) = (problem.place.source.text(), problem.place.span);
            assert!(text.get(span.start..span.end).is_some(), "{span:?}");
            assert!(!problem.message().is_empty());
        }
    }
    laws::hold(&analyse(&subjects));
}
