//! What a fix must not do to a file, looked at after each round.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::edits::{Change, applied};
use super::judge::{self, Judge, Tell};
use crate::agent_config::{AgentConfig, RefusedAt};
use crate::analysis::Subject;
use crate::ci::Pipeline;
use crate::project::files::{FileSource, Listings, Overlay, Texts};
use crate::project::{Context, InputContent};
use crate::schema::Stage;
use crate::source::Source;
use crate::yaml::Data;

/// How many bytes are read in all rounds to find the changes that do harm among others, beside what all files of a round have.
const ENOUGH: usize = 16 << 20;

/// How often all files of the round may be read beside that.
const TIMES: usize = 8;

/// Why a change is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    /// GitLab would read something else, or refuse the file for more.
    Harm,
    /// The file would become larger than so many bytes, which the agent server reads.
    Size(u64),
    /// Too many before it do harm, so that it was not tried.
    NotTried,
    /// Who gets in would change.
    Access,
}

/// What may still be done in all rounds together, so that many rounds cost no more than few.
pub(super) struct Allowance {
    /// How many more bytes may be read to find what does harm.
    reading: usize,
    /// What comparing who gets in may take.
    judge: judge::Allowance,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { reading: ENOUGH, judge: judge::Allowance::OF_ROUNDS }
    }
}

/// Admits changes one group after the other, so that one that does harm keeps none of the others out.
pub(super) struct Guard<'g> {
    subjects: &'g [Subject],
    files: &'g dyn FileSource,
    listings: &'g Listings,
    /// The texts of earlier rounds.
    texts: &'g Texts,
    /// The agent configurations at each path, as positions of subjects and inputs.
    inputs: HashMap<&'g str, Vec<(usize, usize)>>,
    /// The subjects of which a path is a CI file.
    pipelines: HashMap<&'g str, Vec<usize>>,
    before: HashMap<String, Vec<ConfigCondition>>,
    admitted: Vec<Change>,
    /// The positions of these by the paths of their edits.
    admitted_at: HashMap<String, BTreeSet<usize>>,
    /// What would have done harm.
    refused: Vec<(Change, Refusal)>,
    /// How many more bytes may be read.
    left: usize,
    /// Compares who gets in, where that may not change.
    judge: Option<Judge<'g>>,
}

impl<'g> Guard<'g> {
    /// With `tell`, nothing is admitted that changes who gets in at an agent whose file GitLab takes.
    pub fn new(
        subjects: &'g [Subject],
        texts: &'g Texts,
        files: &'g dyn FileSource,
        listings: &'g Listings,
        tell: Option<Tell>,
    ) -> Self {
        let mut inputs: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        let mut pipelines: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, subject) in subjects.iter().enumerate() {
            for (number, input) in subject.project.inputs.iter().enumerate() {
                if input.content == InputContent::Text && !input.location.is_template() {
                    inputs.entry(input.source.path()).or_default().push((at, number));
                }
            }
            let sources = subject.project.pipeline.iter().flat_map(|pipeline| &pipeline.sources);
            let paths: BTreeSet<&str> = sources.map(|source| source.path()).collect();
            paths.into_iter().for_each(|path| pipelines.entry(path).or_default().push(at));
        }
        Self {
            subjects,
            files,
            listings,
            texts,
            inputs,
            pipelines,
            before: HashMap::new(),
            admitted: Vec::new(),
            admitted_at: HashMap::new(),
            refused: Vec::new(),
            left: 0,
            judge: tell.map(|tell| Judge::new(subjects, tell)),
        }
    }

    /// The changes of those that do not meet which do no harm, and the others.
    ///
    /// Costs in proportion to the files and the changes, and for those that do harm no more than a bounded number of readings of the files.
    pub fn admit(mut self, changes: Vec<Change>, allowance: &mut Allowance) -> (Vec<Change>, Vec<(Change, Refusal)>) {
        let edits = changes.iter().flat_map(|change| &change.edits);
        let sizes: HashMap<&str, usize> = edits.map(|edit| (edit.source.path(), edit.source.text().len())).collect();
        self.left = sizes.values().sum::<usize>().saturating_mul(TIMES).saturating_add(allowance.reading);
        if let Some(judge) = &mut self.judge {
            judge.allow(changes.iter().flat_map(|change| &change.edits).map(|edit| &edit.source), allowance.judge);
        }
        self.admit_all(changes);
        allowance.reading = allowance.reading.min(self.left);
        if let Some(judge) = &self.judge {
            allowance.judge = judge.left_of(allowance.judge);
        }
        (self.admitted, self.refused)
    }

    fn admit_all(&mut self, changes: Vec<Change>) {
        // Those that keep the meaning first, since after the others it could not be seen that they do.
        let (keeping, changing): (Vec<Change>, Vec<Change>) =
            changes.into_iter().partition(|change| change.keeps_meaning);
        for changes in by_file(keeping).into_values().chain(by_file(changing).into_values()) {
            let (fitting, mut larger) = self.fitting(changes);
            let refused = self.refused.len();
            self.admit_group(fitting);
            if self.refused.len() > refused && !larger.is_empty() {
                // What was refused leaves room.
                let fitting;
                (fitting, larger) = self.fitting(larger.into_iter().map(|(change, _)| change).collect());
                self.admit_group(fitting);
            }
            self.refused.extend(larger.into_iter().map(|(change, limit)| (change, Refusal::Size(limit))));
        }
    }

    /// Parts the changes of a file that become too many for it from the others, which is told without reading it: in their order, after
    /// those that make it no larger. The limit stands beside each.
    fn fitting(&self, changes: Vec<Change>) -> (Vec<Change>, Vec<(Change, u64)>) {
        let room = |path: &str, source: &Source| -> Option<(i64, u64)> {
            let inputs = self.inputs.get(path)?.iter();
            let limits = inputs.filter_map(|&(at, _)| Some(self.subjects.get(at)?.project.context.max_file_size));
            let (size, limit) = (source.to_bytes()?.len(), limits.min()?);
            // Of another encoding it is told when the file is read.
            let is_told = size == source.text().len() && size as u64 <= limit;
            is_told.then_some((i64::try_from(limit).ok()? - i64::try_from(size).ok()?, limit))
        };
        let mut rooms: HashMap<&str, Option<(i64, u64)>> = HashMap::new();
        for edit in changes.iter().flat_map(|change| &change.edits) {
            let path = edit.source.path();
            rooms.entry(path).or_insert_with(|| {
                let (room, limit) = room(path, &edit.source)?;
                let admitted = self.admitted_at.get(path).into_iter().flatten();
                let grown: i64 = admitted
                    .filter_map(|&at| self.admitted.get(at))
                    .filter_map(|change| growths(change).remove(path))
                    .sum();
                Some((room - grown, limit))
            });
        }
        let mut is_large = vec![None; changes.len()];
        let grown = changes.iter().map(growths).zip(&mut is_large);
        let (growing, others): (Vec<_>, Vec<_>) = grown.partition(|(grown, _)| grown.values().any(|grown| *grown > 0));
        for (grown, is_large) in others.into_iter().chain(growing) {
            let over = |(path, grown): (&&str, &i64)| {
                let (room, limit) = rooms.get(path).copied().flatten()?;
                (*grown > 0 && *grown > room).then_some(limit)
            };
            *is_large = grown.iter().find_map(over);
            if is_large.is_some() {
                continue;
            }
            for (path, grown) in grown {
                if let Some(Some((room, _))) = rooms.get_mut(path) {
                    *room -= grown;
                }
            }
        }
        let (mut fitting, mut larger) = (Vec::new(), Vec::new());
        for (change, is_large) in changes.into_iter().zip(is_large) {
            match is_large {
                None => fitting.push(change),
                Some(limit) => larger.push((change, limit)),
            }
        }
        (fitting, larger)
    }

    fn admit_group(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        match self.does_harm(&changes) {
            None => self.refused.extend(changes.into_iter().map(|change| (change, Refusal::NotTried))),
            Some(false) if !self.changes_access(&changes) => {
                for change in changes {
                    for edit in &change.edits {
                        self.admitted_at.entry(edit.source.path().to_owned()).or_default().insert(self.admitted.len());
                    }
                    self.admitted.push(change);
                }
            }
            Some(does_harm) if changes.len() == 1 => {
                let refusal = if does_harm { Refusal::Harm } else { Refusal::Access };
                self.refused.extend(changes.into_iter().map(|change| (change, refusal)));
            }
            Some(_) => {
                let mut first = changes;
                let second = first.split_off(first.len() / 2);
                self.admit_group(first);
                self.admit_group(second);
            }
        }
    }

    /// Whether changes do harm, all of which keep the meaning or none; `None` where that would take too much reading.
    fn does_harm(&mut self, changes: &[Change]) -> Option<bool> {
        let keeps_meaning = changes.first().is_some_and(|change| change.keeps_meaning);
        let sources: BTreeMap<&str, &Arc<Source>> =
            changes.iter().flat_map(|change| &change.edits).map(|edit| (edit.source.path(), &edit.source)).collect();
        let earlier: BTreeSet<usize> =
            sources.keys().filter_map(|path| self.admitted_at.get(*path)).flatten().copied().collect();
        let earlier = earlier.iter().filter_map(|&at| self.admitted.get(at));
        let after = applied(earlier.chain(changes));
        for (path, before) in sources {
            let Some(after) = after.get(path) else { continue };
            let inputs = self.inputs.get(path).map(Vec::as_slice).unwrap_or_default();
            let contexts: Vec<&Context> = inputs
                .iter()
                .filter_map(|&(at, _)| self.subjects.get(at))
                .map(|subject| &subject.project.context)
                .collect();
            if !self.before.contains_key(path) {
                self.spend(before.text().len() * contexts.len())?;
                let conditions = contexts.iter().map(|context| ConfigCondition::of(before, context)).collect();
                self.before.insert(path.to_owned(), conditions);
            }
            let conditions: Vec<ConfigCondition> = self.before.get(path).cloned().unwrap_or_default();
            for (before, context) in conditions.iter().zip(contexts) {
                self.spend(after.text().len())?;
                if !before.allows(&ConfigCondition::of(after, context), keeps_meaning) {
                    return Some(true);
                }
            }
            for at in self.pipelines.get(path).cloned().unwrap_or_default() {
                if self.breaks_pipeline(at, path, after)? {
                    return Some(true);
                }
            }
        }
        Some(false)
    }

    /// Whether changes, made together behind those that are admitted, change who gets in.
    fn changes_access(&mut self, changes: &[Change]) -> bool {
        let Some(judge) = &mut self.judge else { return false };
        let sources: BTreeMap<&str, &Arc<Source>> =
            changes.iter().flat_map(|change| &change.edits).map(|edit| (edit.source.path(), &edit.source)).collect();
        let earlier: BTreeSet<usize> =
            sources.keys().filter_map(|path| self.admitted_at.get(*path)).flatten().copied().collect();
        let earlier: Vec<&Change> = earlier.iter().filter_map(|&at| self.admitted.get(at)).collect();
        let before = applied(earlier.iter().copied());
        let after = applied(earlier.into_iter().chain(changes));
        let is_one = changes.len() == 1;
        sources.into_iter().any(|(path, source)| {
            let (before, Some(after)) = (before.get(path).unwrap_or(source), after.get(path)) else { return false };
            match is_one {
                true => !judge.effect(before, after).is_safe(),
                false => !judge.changes_nothing(before, after),
            }
        })
    }

    /// Whether a pipeline has other jobs or more problems with another text at this path.
    fn breaks_pipeline(&mut self, at: usize, path: &str, after: &Arc<Source>) -> Option<bool> {
        let project = &self.subjects.get(at)?.project;
        let before = project.pipeline.as_ref()?;
        self.spend(before.sources.iter().map(|source| source.text().len()).sum())?;
        let mut texts = self.texts.clone();
        texts.insert(path.to_owned(), Arc::clone(after));
        let pipeline = project.read_pipeline(&Overlay::new(self.files, &texts).keeping(self.listings));
        let is_as_good = |after: &Pipeline| {
            let count =
                |pipeline: &Pipeline, of: fn(&Pipeline) -> usize| pipeline.with_children().map(of).sum::<usize>();
            let jobs = |pipeline: &Pipeline| count(pipeline, |pipeline| pipeline.jobs.len());
            let problems = |pipeline: &Pipeline| count(pipeline, |pipeline| pipeline.problems.len());
            let open = |pipeline: &Pipeline| count(pipeline, |pipeline| usize::from(pipeline.is_incomplete()));
            jobs(after) == jobs(before) && problems(after) <= problems(before) && open(after) == open(before)
        };
        Some(!pipeline.as_ref().is_some_and(is_as_good))
    }

    /// Takes so many bytes; `None` if there are no more.
    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }
}

/// The changes by the first file of each.
fn by_file(changes: Vec<Change>) -> BTreeMap<String, Vec<Change>> {
    let mut by_file: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for change in changes {
        let path = change.first().map(|edit| edit.source.path().to_owned()).unwrap_or_default();
        by_file.entry(path).or_default().push(change);
    }
    by_file
}

/// By how many bytes of UTF-8 a change makes each of its files larger.
fn growths(change: &Change) -> BTreeMap<&str, i64> {
    let size = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    let mut growths = BTreeMap::new();
    for edit in &change.edits {
        *growths.entry(edit.source.path()).or_insert(0) += size(edit.text.len()) - size(edit.span.len());
    }
    growths
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

impl ConfigCondition {
    fn of(source: &Source, context: &Context) -> Self {
        let config = AgentConfig::read_by(source, context.version, &context.keys());
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

#[cfg(test)]
mod tests {
    use super::super::edits::TextEdit;
    use super::*;
    use crate::agent_config::location::Location;
    use crate::diagnostic::Selection;
    use crate::project::files::Memory;
    use crate::project::{Input, Project};
    use crate::source::Span;

    /// Changes of a configuration that put something in place of each `x`.
    fn changes(source: &Arc<Source>, with: impl Fn(usize) -> &'static str) -> Vec<Change> {
        let places = source.text().match_indices('x').enumerate();
        let change = |(number, (at, _)): (usize, (usize, &str))| {
            let edit =
                TextEdit { source: Arc::clone(source), span: Span::new(at, at + 1), text: with(number).to_owned() };
            let (fingerprint, title) = (number.to_string(), String::new());
            let (is_safe, keeps_meaning) = (false, false);
            Change { rule: "a-rule", fingerprint, title, is_safe, keeps_meaning, edits: vec![edit] }
        };
        places.map(change).collect()
    }

    /// How many are admitted, the refusals, and how many bytes are read for it.
    fn admitted(text: &str, limit: u64, most: usize, with: impl Fn(usize) -> &'static str) -> (usize, Vec<Refusal>) {
        let source = Arc::new(Source::new("c", text));
        let input = Input::text(Location::Config { agent: "a".to_owned() }, Arc::clone(&source));
        let context = Context { max_file_size: limit, ..Context::default() };
        let subjects = [Subject::new(Project::new(vec![input], context), Selection::default())];
        let (files, listings, texts) = (Memory::default(), Listings::default(), Texts::new());
        let guard = Guard::new(&subjects, &texts, &files, &listings, None);
        let mut allowance = Allowance { reading: most.saturating_sub(TIMES * text.len()), ..Allowance::default() };
        let (admitted, refused) = guard.admit(changes(&source, with), &mut allowance);
        (admitted.len(), refused.into_iter().map(|(_, refusal)| refusal).collect())
    }

    const TEXT: &str = "ci_access: {projects: [{id: a/b}]}\n# ";

    #[test]
    fn what_makes_a_file_too_large_is_told_without_reading_it() {
        let text = format!("{TEXT}{}", "x".repeat(500));
        let limit = text.len() as u64 + 30;
        let enough = 4 * text.len() + 100;
        let (count, refused) = admitted(&text, limit, enough, |_| "yy");
        assert_eq!((count, refused), (30, vec![Refusal::Size(limit); 470]));
        // What makes it smaller leaves room, wherever it stands.
        let (count, refused) = admitted(&text, limit, enough, |number| if number == 499 { "" } else { "yy" });
        assert_eq!((count, refused.len()), (32, 468));
        let large = text.len() as u64 - 1;
        assert_eq!(admitted(&text, large, enough, |_| "yy"), (500, Vec::new()), "one that is too large stays refused");
    }

    #[test]
    fn reading_for_what_does_harm_is_bounded() {
        let text = format!("{TEXT}{}", "x".repeat(64));
        let harm = |number: usize| if number == 5 { "\nfoo: 1\n#" } else { "y" };
        assert_eq!(admitted(&text, 9_999, 99_999, harm), (63, vec![Refusal::Harm]));
        let (count, refused) = admitted(&text, 9_999, 10 * text.len(), |_| "\nfoo: 1\n#");
        assert_eq!((count, refused.len()), (0, 64));
        assert!(refused.contains(&Refusal::NotTried), "{refused:?}");
    }
}
