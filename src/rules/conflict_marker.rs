//! `conflict-marker`.

use std::sync::Arc;

use super::findings::Findings;
use super::given::{FileContext, JobContext};
use super::rule::{Rule, rule};
use crate::access::jobs::ProjectJobs;
use crate::ci::Pipeline;
use crate::diagnostic::Finding;
use crate::project::AgentFile;
use crate::source::{Source, Span};
use crate::words::REFUSED;

rule! {
    /// Git left the markers of a merge conflict in the file.
    ///
    /// Both sides stand in the file, one after the other, between lines that are no YAML. It is one fault, whatever a parser makes of
    /// it, so nothing else is said of the file until the conflict is settled, but for keys and tokens in it.
    ///
    /// Source: git's documentation of `git merge`, "How conflicts are presented".
    ///
    /// ## Bad
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    /// <<<<<<< HEAD
    ///     - id: acme/web/shop
    /// =======
    ///     - id: acme/web/blog
    /// >>>>>>> main
    /// ```
    ///
    /// ## Good
    ///
    /// ```yaml
    /// ci_access:
    ///   projects:
    ///     - id: acme/web/shop
    ///     - id: acme/web/blog
    /// ```
    ///
    /// ## How to fix
    ///
    /// Keep what is meant of both sides, and remove the lines with the markers.
    ConflictMarker = "conflict-marker", Error in File
}

impl Rule for ConflictMarker {
    fn check_file(&self, file: &AgentFile, _cx: &FileContext<'_>, findings: &mut Findings) {
        let consequence = if file.config.refused_at().is_some() { REFUSED } else { "GitLab reads them as text" };
        findings.report_some(in_text(&file.source, consequence));
    }

    fn check_pipeline(&self, jobs: &ProjectJobs<'_>, _cx: &JobContext<'_>, findings: &mut Findings) {
        let has = |pipeline: &Pipeline, source: &Arc<Source>| {
            let mut problems = pipeline.problems.iter();
            problems.any(|problem| problem.place.is_in(source))
        };
        let children = &jobs.pipeline.children;
        for source in &jobs.pipeline.sources {
            let consequence = if has(jobs.pipeline, source) {
                "GitLab refuses the CI configuration"
            } else if children.iter().any(|child| has(child, source)) {
                "GitLab refuses the child pipeline"
            } else {
                "GitLab reads them as text"
            };
            findings.report_some(in_text(source, consequence));
        }
    }
}

/// The first conflict of a text.
fn in_text(source: &Arc<Source>, consequence: &str) -> Option<Finding> {
    if !source.text().contains("<<<<<<<") {
        return None;
    }
    let mut markers = source.text().match_indices(['<', '=', '>']).filter_map(|(at, _)| marker(source.text(), at));
    let (_, start) = markers.find(|(kind, _)| *kind == '<')?;
    let (_, middle) = markers.find(|(kind, _)| *kind == '=')?;
    let (_, end) = markers.find(|(kind, _)| *kind == '>')?;
    let message = format!("git left the markers of a merge conflict here: {consequence}");
    let finding = Finding::new(&INFO, source, start, message).label("one side starts here");
    let finding = finding.related(middle, "the other starts here").related(end, "and ends here");
    Some(finding.help("keep what is meant of both sides, and remove the lines with the markers").for_the_file())
}

/// The marker at an offset: seven of its character at the start of a line, then a blank or the line's end.
fn marker(text: &str, at: usize) -> Option<(char, Span)> {
    let is_start = at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
    let rest = text.get(at..).filter(|_| is_start)?;
    let kind = rest.chars().next()?;
    let length = rest.bytes().take_while(|byte| char::from(*byte) == kind).count();
    let behind = rest.as_bytes().get(length);
    (length == 7 && behind.is_none_or(|byte| b" \r\n".contains(byte))).then(|| (kind, Span::new(at, at + length)))
}
