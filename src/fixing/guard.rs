//! What a fix must not do to a file, looked at after each round.

use std::collections::HashMap;
use std::sync::Arc;

use super::edits::{Change, applied};
use crate::agent_config::{AgentConfig, RefusedAt};
use crate::analysis::Subject;
use crate::ci::Pipeline;
use crate::project::files::{FileSource, Overlay, Texts};
use crate::project::{Context, InputContent};
use crate::schema::Stage;
use crate::source::Source;
use crate::yaml::Data;

/// Admits changes one group after the other, so that one that does harm keeps none of the others out.
pub(super) struct Guard<'g> {
    subjects: &'g [Subject],
    files: &'g dyn FileSource,
    /// The texts of earlier rounds.
    texts: &'g Texts,
    before: HashMap<String, Condition>,
    admitted: Vec<Change>,
    /// What would have done harm.
    refused: Vec<Change>,
}

impl<'g> Guard<'g> {
    pub fn new(subjects: &'g [Subject], texts: &'g Texts, files: &'g dyn FileSource) -> Self {
        let (before, admitted, refused) = (HashMap::new(), Vec::new(), Vec::new());
        Self { subjects, files, texts, before, admitted, refused }
    }

    /// The changes of those that do not meet which do no harm, and the others.
    pub fn admit(mut self, changes: Vec<Change>) -> (Vec<Change>, Vec<Change>) {
        // Those that keep the meaning first, since after the others it could not be seen that they do.
        let (keeping, changing): (Vec<Change>, Vec<Change>) =
            changes.into_iter().partition(|change| change.keeps_meaning);
        self.admit_group(keeping);
        self.admit_group(changing);
        (self.admitted, self.refused)
    }

    fn admit_group(&mut self, changes: Vec<Change>) {
        let Some(first) = changes.first() else { return };
        let keeps_meaning = first.keeps_meaning;
        let after = applied(self.admitted.iter().chain(&changes));
        let touched =
            |path: &String| changes.iter().flat_map(|change| &change.edits).any(|edit| edit.source.path() == path);
        let is_harmless = after.iter().filter(|(path, _)| touched(path)).all(|(path, source)| {
            let before = self.before(path, &changes);
            before.is_none_or(|before| before.allows(&self.condition(source), keeps_meaning))
        });
        match changes.len() {
            _ if is_harmless => self.admitted.extend(changes),
            1 => self.refused.extend(changes),
            count => {
                let mut first = changes;
                let second = first.split_off(count / 2);
                self.admit_group(first);
                self.admit_group(second);
            }
        }
    }

    /// The condition of a file before this round.
    fn before(&mut self, path: &str, changes: &[Change]) -> Option<Condition> {
        if let Some(condition) = self.before.get(path) {
            return Some(condition.clone());
        }
        let edits = changes.iter().flat_map(|change| &change.edits);
        let source = Arc::clone(&edits.into_iter().find(|edit| edit.source.path() == path)?.source);
        let condition = self.condition(&source);
        self.before.insert(path.to_owned(), condition.clone());
        Some(condition)
    }

    fn condition(&self, source: &Arc<Source>) -> Condition {
        let mut condition = Condition::default();
        for project in self.subjects.iter().map(|subject| &subject.project) {
            for input in project.inputs.iter().filter(|input| input.content == InputContent::Text) {
                if input.source.path() == source.path() {
                    condition.configs.push(ConfigCondition::of(source, &project.context));
                }
            }
            let includes =
                |pipeline: &Arc<Pipeline>| pipeline.sources.iter().any(|known| known.path() == source.path());
            if project.pipeline.as_ref().is_some_and(includes) {
                let mut texts = self.texts.clone();
                texts.insert(source.path().to_owned(), Arc::clone(source));
                let pipeline = project.read_pipeline(&Overlay::new(self.files, &texts));
                condition.pipelines.push(pipeline.as_ref().map_or((0, 0, true), |pipeline| {
                    (pipeline.jobs.len(), pipeline.problems.len(), pipeline.is_incomplete())
                }));
            }
        }
        condition
    }
}

/// What GitLab makes of a file, in all its parts.
#[derive(Clone, Debug, Default)]
struct Condition {
    configs: Vec<ConfigCondition>,
    /// Jobs, problems, and whether something is missing, in each pipeline that the file is a part of.
    pipelines: Vec<(usize, usize, bool)>,
}

/// What GitLab makes of an agent configuration.
#[derive(Clone, Debug)]
struct ConfigCondition {
    refused_at: Option<RefusedAt>,
    /// How many things refuse it.
    problems: usize,
    /// How many values are lost to equal keys.
    losses: usize,
    canonical: Option<serde_json::Value>,
}

impl Condition {
    fn allows(&self, after: &Self, keeps_meaning: bool) -> bool {
        let configs =
            self.configs.iter().zip(&after.configs).all(|(before, after)| before.allows(after, keeps_meaning));
        let pipelines = self.pipelines.iter().zip(&after.pipelines).all(|(before, after)| {
            let ((jobs, problems, was_incomplete), (jobs_after, problems_after, is_incomplete)) = (before, after);
            jobs == jobs_after && problems_after <= problems && is_incomplete == was_incomplete
        });
        configs && pipelines
    }
}

impl ConfigCondition {
    fn of(source: &Source, context: &Context) -> Self {
        let config = AgentConfig::read(source, context.version);
        let is_too_large = source.to_bytes().is_some_and(|bytes| bytes.len() as u64 > context.max_file_size);
        let refused_at = if is_too_large { Some(RefusedAt::Size) } else { config.refused_at() };
        let refusing =
            config.problems.iter().filter(|problem| matches!(problem.stage, Stage::Decode | Stage::Validate));
        let (tree, reading) = (config.document.tree(), config.document.reading());
        let mappings = tree.nodes().filter(|(_, node)| matches!(node.data, Data::Mapping { .. }));
        Self {
            refused_at,
            problems: config.document.problems().len() + refusing.count(),
            losses: mappings.map(|(id, _)| reading.losses(id).len()).sum(),
            canonical: config.canonical(),
        }
    }

    /// Whether a change may lead to this: an accepted file stays accepted, a refused one fails no earlier and for no more, and
    /// no key is doubled.
    fn allows(&self, after: &Self, keeps_meaning: bool) -> bool {
        if after.losses > self.losses {
            return false;
        }
        match (self.refused_at, after.refused_at) {
            (None, None) => !keeps_meaning || self.canonical == after.canonical,
            (None, Some(_)) => false,
            (Some(_), None) => true,
            // Behind broken YAML, not everything could be seen.
            (Some(before), Some(after_)) => after_ > before || after_ == before && after.problems <= self.problems,
        }
    }
}
