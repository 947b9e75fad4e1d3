//! Comments that accept findings, in agents' files and CI files.

use kaslint::analysis::{Analysis, analyse};
use kaslint::diagnostic::{Finding, Topic};
use kaslint::project::settings::FILE_NAME;

use crate::laws;
use crate::repository::{AGENT_FILE, Repository};

/// A comment hides findings and makes none but those about comments: what is said with comments is said without them as well, and as many
/// findings less as are counted as hidden.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Settings accept findings as well, and change their levels.
    if text.contains(FILE_NAME) {
        return;
    }
    let mut repository = Repository::of(&text, AGENT_FILE);
    repository.options.isolated = false;
    let with = analyse(&repository.subjects());
    repository.options.isolated = true;
    let without = analyse(&repository.subjects());
    laws::hold(&with);
    laws::hold(&without);
    for (with, without) in with.iter().zip(&without) {
        // Of places of one fault one is told, and with a comment that may be another.
        if without.findings.iter().any(|finding| finding.fault.is_some()) {
            continue;
        }
        let (told, all) = (names(with), names(without));
        for one in &told {
            assert!(all.contains(one), "{one} only with comments");
        }
        assert_eq!(all.len() - told.len(), with.left_out.by_comments);
    }
}

fn names(analysis: &Analysis) -> Vec<String> {
    let of_rules = analysis.findings.iter().filter(|finding| finding.rule.topic != Topic::Linter);
    of_rules.map(name).collect()
}

fn name(finding: &Finding) -> String {
    let (path, span) = (finding.place.source.path(), finding.place.span);
    format!("{} {path} {span:?} {} {}", finding.rule.name, finding.message, finding.key)
}
