//! What a fix changes of who gets in, by comparison of the configurations before and after it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::edits::{Change, applied, without_overlaps};
use crate::access::names::NamePattern;
use crate::access::{self, Settings, World};
use crate::analysis::{Analysis, Subject};
use crate::diagnostic::{Finding, Safety};
use crate::diff::{Diff, Sides, Verdict, compare};
use crate::gitlab::FullPath;
use crate::inventory::Inventory;
use crate::project::{AgentFile, InputContent};
use crate::source::{Source, secrets};

/// Puts what a comparison comes to into sentences; both sides have the same settings and inventory.
pub type Tell = fn(&Diff, Settings, Option<&Inventory>) -> Vec<String>;

/// How many bytes are read for fixes, beside what all files have that these are of.
const ENOUGH: usize = 1 << 20;

/// How often these files may be read beside that.
const TIMES: usize = 4;

/// How many agents are compared to say what each fix does.
const MOST_COMPARED: usize = 100;

/// How many in all rounds in which fixes are made, in groups and by themselves.
const MOST_COMPARED_IN_ROUNDS: usize = 1_000;

/// How many agents beside its own a fix is compared with, where patterns at which GitLab fails may fail requests for all.
const MOST_NEAR: usize = 4;

/// How it begins what a fix says that makes a refused file count.
pub const FILE_COUNTS: &str = "GitLab takes the file then";

/// The position of a project and of a file in it.
type At = (usize, usize);

/// What a change of a text comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing in who gets in, or none of it is in force.
    Nothing,
    /// These sentences.
    Changes(Vec<String>),
    /// GitLab takes the file then, and these sentences come into force.
    Counts(Vec<String>),
    /// It was not worked out.
    NotCompared,
}

impl Effect {
    /// Whether it may be made unseen, if by its writing alone it may.
    pub fn is_safe(&self) -> bool {
        matches!(self, Self::Nothing | Self::Counts(_))
    }

    /// The worse of two.
    fn or(self, other: Self) -> Self {
        let rank = |effect: &Self| match effect {
            Self::Nothing => 0,
            Self::Counts(_) => 1,
            Self::NotCompared => 2,
            Self::Changes(_) => 3,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }

    /// In one line; `None` where there is nothing to say.
    pub fn in_words(&self) -> Option<String> {
        let text = match self {
            Self::Nothing => return None,
            Self::NotCompared => {
                "Who gets in before and after it was not compared: that would take too long.".to_owned()
            }
            Self::Changes(sentences) => one_line(sentences),
            Self::Counts(sentences) if sentences.is_empty() => {
                format!("{FILE_COUNTS}; it lets in nobody beside its own project.")
            }
            Self::Counts(sentences) => {
                format!("{FILE_COUNTS}, and this comes into force: {}", one_line(sentences))
            }
        };
        Some(secrets::mask(&text).into_owned())
    }
}

/// The first of some sentences, and how many others there are.
fn one_line(sentences: &[String]) -> String {
    let Some((first, others)) = sentences.split_first() else { return String::new() };
    match others.len() {
        0 => first.clone(),
        1 => format!("{first} One more change beside it."),
        count => format!("{first} {count} more changes beside it."),
    }
}

/// Works out what fixes change.
pub(super) struct Judge<'j> {
    subjects: &'j [Subject],
    tell: Tell,
    /// The agent configurations at each path.
    inputs: BTreeMap<&'j str, Vec<At>>,
    /// Those with patterns that may fail the requests for other agents, once somebody asks.
    raising: Option<Vec<At>>,
    left: Allowance,
}

/// What comparisons may take.
#[derive(Clone, Copy)]
pub(super) struct Allowance {
    /// How many bytes may be read.
    reading: usize,
    /// How many agents may be compared.
    comparisons: usize,
}

impl Allowance {
    /// To say what each fix does.
    pub const OF_EACH: Self = Self { reading: ENOUGH, comparisons: MOST_COMPARED };
    /// To make them.
    pub const OF_ROUNDS: Self = Self { reading: ENOUGH, comparisons: MOST_COMPARED_IN_ROUNDS };
}

impl<'j> Judge<'j> {
    pub fn new(subjects: &'j [Subject], tell: Tell) -> Self {
        let mut inputs: BTreeMap<&str, Vec<At>> = BTreeMap::new();
        for (at, subject) in subjects.iter().enumerate() {
            for (number, input) in subject.project.inputs.iter().enumerate() {
                if input.content == InputContent::Text && !input.location.is_template() {
                    inputs.entry(input.source.path()).or_default().push((at, number));
                }
            }
        }
        Self { subjects, tell, inputs, raising: None, left: Allowance::OF_EACH }
    }

    /// Whether a change is one of an agent configuration.
    fn may_matter(&self, change: &Change) -> bool {
        change.edits.iter().any(|edit| self.inputs.contains_key(edit.source.path()))
    }

    /// Allows so much, and a few readings of these files beside it.
    pub fn allow<'s>(&mut self, sources: impl Iterator<Item = &'s Arc<Source>>, allowance: Allowance) {
        let sizes: HashMap<&str, usize> = sources.map(|source| (source.path(), source.text().len())).collect();
        let files = sizes.values().sum::<usize>().saturating_mul(TIMES);
        self.left = Allowance { reading: files.saturating_add(allowance.reading), ..allowance };
    }

    /// What is left of an allowance.
    pub fn left_of(&self, allowance: Allowance) -> Allowance {
        Allowance { reading: self.left.reading.min(allowance.reading), ..self.left }
    }

    /// What becomes otherwise where one text stands in place of another.
    pub fn effect(&mut self, before: &Arc<Source>, after: &Arc<Source>) -> Effect {
        let places = self.inputs.get(before.path()).cloned().unwrap_or_default();
        places.into_iter().fold(Effect::Nothing, |effect, at| effect.or(self.effect_at(at, before, after)))
    }

    fn effect_at(&mut self, at: At, before: &Arc<Source>, after: &Arc<Source>) -> Effect {
        let Some((was, is)) = self.read(at, before).and_then(|was| Some((was, self.read(at, after)?))) else {
            return Effect::NotCompared;
        };
        match (was.config.refused_at(), is.config.refused_at()) {
            (Some(_), Some(_)) => Effect::Nothing,
            (None, Some(_)) => Effect::Changes(vec!["GitLab refuses the file then.".to_owned()]),
            (None, None) if was.config.canonical() == is.config.canonical() => Effect::Nothing,
            (refused, None) => {
                let was = refused.is_none().then_some(&*was);
                let Some((is_same, sentences)) = self.compared(at, was, &is) else { return Effect::NotCompared };
                match (refused.is_some(), is_same) {
                    (true, _) => Effect::Counts(sentences),
                    (false, true) => Effect::Nothing,
                    (false, false) => Effect::Changes(sentences),
                }
            }
        }
    }

    fn read(&mut self, (at, number): At, source: &Arc<Source>) -> Option<Arc<AgentFile>> {
        let project = &self.subjects.get(at)?.project;
        let input = project.inputs.get(number)?;
        if Arc::ptr_eq(&input.source, source) {
            return input.decoded(&project.context);
        }
        self.left.reading = self.left.reading.checked_sub(source.text().len())?;
        input.with_source(Arc::clone(source)).decoded(&project.context)
    }

    /// Whether two configurations of one agent let the same in, proved, and what differs; the first is `None` for one that names nobody.
    fn compared(&mut self, at: At, before: Option<&AgentFile>, after: &AgentFile) -> Option<(bool, Vec<String>)> {
        let context = &self.subjects.get(at.0)?.project.context;
        let (settings, inventory) = (context.access_settings(), context.inventory.as_deref());
        // Whom a pattern of its own fails, it may fail at any agent.
        let near: Vec<At> = match [before, Some(after)].into_iter().flatten().any(may_raise) {
            true => self.inputs.values().flatten().copied().collect(),
            false => self.raising().to_vec(),
        };
        let near = near.into_iter().filter(|other| *other != at && self.are_together(at.0, other.0));
        let near: Vec<At> = near.take(MOST_NEAR + 1).collect();
        if near.len() > MOST_NEAR {
            return None;
        }
        self.left.comparisons = self.left.comparisons.checked_sub(1 + near.len())?;
        let near: Vec<(At, Arc<AgentFile>)> = near.into_iter().filter_map(|at| Some((at, self.decoded(at)?))).collect();
        let of = |at: At, file| of_agent(self.subjects.get(at.0)?, at.1, file);
        let others = near.iter().filter_map(|(at, file)| of(*at, Some(&**file)));
        let others: Vec<access::AgentFile<'_>> = others.filter(|file| file.refused.is_none()).collect();
        let files = |own| std::iter::once(own).chain(others.iter().copied()).collect();
        let base = World { inventory, files: files(of(at, before)?), settings }.authorize();
        let head = World { inventory, files: files(of(at, Some(after))?), settings }.authorize();
        let diff = compare(&Sides { base: &base, head: &head, in_force: None, settled: &[] });
        let is_same = diff.changes.is_empty() && diff.unknown.is_empty() && diff.verdict == Verdict::NoNewAccess;
        Some((is_same, (self.tell)(&diff, settings, inventory)))
    }

    fn decoded(&self, (at, number): At) -> Option<Arc<AgentFile>> {
        let project = &self.subjects.get(at)?.project;
        project.inputs.get(number)?.decoded(&project.context)
    }

    /// Whether jobs may see agents of both projects at once.
    fn are_together(&self, one: usize, other: usize) -> bool {
        let (Some(a), Some(b)) = (self.subjects.get(one), self.subjects.get(other)) else { return false };
        let (a, b) = (&a.project.context, &b.project.context);
        let inventories = (a.inventory.as_ref().map(Arc::as_ptr), b.inventory.as_ref().map(Arc::as_ptr));
        let is_known = a.inventory.is_some() || a.project.is_some() && b.project.is_some();
        one == other || is_known && inventories.0 == inventories.1 && a.access_settings() == b.access_settings()
    }

    fn raising(&mut self) -> &[At] {
        if self.raising.is_none() {
            let is_old = |at: &At| {
                let context = self.subjects.get(at.0).map(|subject| &subject.project.context);
                context.is_some_and(|context| context.access_settings().environment_matcher().may_be_old())
            };
            let places = self.inputs.values().flatten().copied().filter(is_old);
            let decoded = |(at, number): At| {
                let project = &self.subjects.get(at)?.project;
                project.inputs.get(number)?.decoded_once(&project.context)
            };
            let raises = |at: &At| decoded(*at).is_some_and(|file| may_raise(&file));
            self.raising = Some(places.filter(raises).collect());
        }
        self.raising.as_deref().unwrap_or_default()
    }

    /// What a change does behind others that keep what GitLab reads: of a file that it refuses, these may make it count.
    fn effect_behind(&mut self, change: &Change, keeping: &[(usize, Change)]) -> Effect {
        let Some(source) = change.first().map(|edit| Arc::clone(&edit.source)) else { return Effect::Nothing };
        let is_alone = change.edits.iter().all(|edit| edit.source.path() == source.path());
        if !change.is_safe || !is_alone || keeping.is_empty() || !self.is_refused(&source) {
            return self.effect_of(change);
        }
        let earlier = without_overlaps(keeping.iter().map(|(_, change)| change.clone()).collect());
        let together: Vec<Change> = earlier.iter().cloned().chain([change.clone()]).collect();
        if without_overlaps(together.clone()).len() < together.len() {
            return self.effect_of(change);
        }
        let (before, after) = (applied(&earlier), applied(&together));
        let (Some(before), Some(after)) = (before.get(source.path()), after.get(source.path())) else {
            return self.effect_of(change);
        };
        match self.effect(before, after) {
            Effect::Changes(mut sentences) => {
                if let Some(first) = sentences.first_mut() {
                    *first = format!("Once GitLab takes the file: {first}");
                }
                Effect::Changes(sentences)
            }
            effect => effect,
        }
    }

    /// Whether GitLab refuses a text that is there, at any of its places.
    fn is_refused(&mut self, source: &Arc<Source>) -> bool {
        let places = self.inputs.get(source.path()).cloned().unwrap_or_default();
        places.into_iter().any(|at| self.read(at, source).is_some_and(|file| file.config.refused_at().is_some()))
    }

    /// What a change does by itself to the texts that there are.
    pub fn effect_of(&mut self, change: &Change) -> Effect {
        let after = applied([change]);
        let mut effect = Effect::Nothing;
        let mut sources: Vec<&Arc<Source>> = change.edits.iter().map(|edit| &edit.source).collect();
        sources.dedup_by_key(|source| source.path());
        for before in sources {
            if let Some(after) = after.get(before.path()) {
                effect = effect.or(self.effect(before, after));
            }
        }
        effect
    }

    /// The effects of changes by themselves. Those that are to keep what GitLab reads are looked at together, as long as they do.
    fn effects(&mut self, changes: Vec<(usize, Change)>, found: &mut HashMap<usize, Effect>) {
        let is_one = changes.len() == 1;
        if is_one || !changes.iter().all(|(_, change)| change.keeps_meaning) {
            for (number, change) in changes {
                found.insert(number, self.effect_of(&change));
            }
            return;
        }
        let apart = without_overlaps(changes.iter().map(|(_, change)| change.clone()).collect()).len();
        if apart == changes.len() && self.keep_what_is_read(&changes) {
            found.extend(changes.into_iter().map(|(number, _)| (number, Effect::Nothing)));
            return;
        }
        let mut first = changes;
        let second = first.split_off(first.len() / 2);
        self.effects(first, found);
        self.effects(second, found);
    }

    fn keep_what_is_read(&mut self, changes: &[(usize, Change)]) -> bool {
        let after = applied(changes.iter().map(|(_, change)| change));
        let sources: BTreeMap<&str, &Arc<Source>> = changes
            .iter()
            .flat_map(|(_, change)| &change.edits)
            .map(|edit| (edit.source.path(), &edit.source))
            .collect();
        sources
            .into_iter()
            .all(|(path, before)| after.get(path).is_none_or(|after| self.keeps_what_is_read(before, after)))
    }

    /// Whether GitLab lets the same in by two texts, or refuses both. Of one that it takes in the place of one that it refuses this is not worked out: what makes
    /// it count is looked for among several changes, since those behind it may change who gets in.
    pub fn changes_nothing(&mut self, before: &Arc<Source>, after: &Arc<Source>) -> bool {
        let places = self.inputs.get(before.path()).cloned().unwrap_or_default();
        places.into_iter().all(|at| {
            let Some(was) = self.read(at, before) else { return false };
            match was.config.refused_at() {
                Some(_) => self.read(at, after).is_some_and(|is| is.config.refused_at().is_some()),
                None => self.effect_at(at, before, after) == Effect::Nothing,
            }
        })
    }

    /// Whether GitLab reads the same of two texts, or refuses both.
    fn keeps_what_is_read(&mut self, before: &Arc<Source>, after: &Arc<Source>) -> bool {
        let places = self.inputs.get(before.path()).cloned().unwrap_or_default();
        places.into_iter().all(|at| {
            let (Some(was), Some(is)) = (self.read(at, before), self.read(at, after)) else { return false };
            match (was.config.refused_at(), is.config.refused_at()) {
                (Some(_), Some(_)) => true,
                (None, None) => was.config.canonical() == is.config.canonical(),
                _ => false,
            }
        })
    }
}

/// Gives the fixes of findings the class that they have by what they change of who gets in, and says what that is: each made by itself, or, in a
/// file that GitLab refuses, behind the safe ones that keep what it reads.
pub fn judge(subjects: &[Subject], analyses: &mut [Analysis], tell: Tell) {
    let has_fix = |analysis: &Analysis| analysis.findings.iter().any(|finding| finding.fix.is_some());
    if !analyses.iter().any(has_fix) {
        return;
    }
    let mut judge = Judge::new(subjects, tell);
    for analysis in analyses {
        judge_findings(&mut judge, &mut analysis.findings);
    }
}

/// The same for one of the findings of a project.
#[must_use]
pub fn judged(finding: &Finding, all: &[Finding], subjects: &[Subject], tell: Tell) -> Finding {
    let mut judge = Judge::new(subjects, tell);
    let mut finding = finding.clone();
    let Some(change) = Change::of(&finding).filter(|change| judge.may_matter(change)) else { return finding };
    let path = change.first().map(|edit| edit.source.path().to_owned());
    let mut keeping = Keeping::default();
    for (number, change) in all.iter().enumerate().filter_map(|(number, finding)| Some((number, Change::of(finding)?)))
    {
        if let Some(path) = kept_in(&change).filter(|kept| path.as_deref() == Some(*kept)) {
            keeping.entry(path.to_owned()).or_default().push((number, change));
        }
    }
    judge.allow(change.edits.iter().map(|edit| &edit.source), Allowance::OF_EACH);
    let effect = match change.keeps_meaning {
        true => judge.effect_of(&change),
        false => {
            judge.effect_behind(&change, path.and_then(|path| keeping.remove(&path)).as_deref().unwrap_or_default())
        }
    };
    give(&mut finding, &effect);
    finding
}

/// Changes that keep what GitLab reads, with the positions of their findings, by their file.
type Keeping = BTreeMap<String, Vec<(usize, Change)>>;

/// The one file of a change that keeps what GitLab reads.
fn kept_in(change: &Change) -> Option<&str> {
    let path = change.first()?.source.path();
    (change.keeps_meaning && change.edits.iter().all(|edit| edit.source.path() == path)).then_some(path)
}

/// Says of the fix of a finding what it changes.
fn give(finding: &mut Finding, effect: &Effect) {
    let Some(fix) = &mut finding.fix else { return };
    if !effect.is_safe() {
        fix.safety = Safety::Unsafe;
    }
    fix.effect = effect.in_words();
}

fn judge_findings(judge: &mut Judge<'_>, findings: &mut [Finding]) {
    let mut keeping = Keeping::new();
    let mut others: Vec<(usize, Change)> = Vec::new();
    for (number, finding) in findings.iter().enumerate() {
        let Some(change) = Change::of(finding).filter(|change| judge.may_matter(change)) else { continue };
        match kept_in(&change).map(str::to_owned) {
            Some(path) => keeping.entry(path).or_default().push((number, change)),
            None => others.push((number, change)),
        }
    }
    let all = keeping.values().flatten().chain(&others).flat_map(|(_, change)| &change.edits);
    judge.allow(all.map(|edit| &edit.source), Allowance::OF_EACH);
    let mut found = HashMap::new();
    for (number, change) in others {
        let path = change.first().map(|edit| edit.source.path());
        let earlier = path.and_then(|path| keeping.get(path)).map(Vec::as_slice).unwrap_or_default();
        found.insert(number, judge.effect_behind(&change, earlier));
    }
    for changes in keeping.into_values() {
        judge.effects(changes, &mut found);
    }
    for (number, effect) in found {
        if let Some(finding) = findings.get_mut(number) {
            give(finding, &effect);
        }
    }
}

/// An agent with its file, or with one that names nobody.
fn of_agent<'f>(subject: &'f Subject, number: usize, file: Option<&'f AgentFile>) -> Option<access::AgentFile<'f>> {
    let input = subject.project.inputs.get(number)?;
    let project = subject.project.context.project.as_ref().map(FullPath::as_str);
    let name = input.location.agent().unwrap_or("agent");
    Some(match file {
        Some(file) => access::AgentFile::new(project, name, &file.source, &file.config),
        // It has no text by which it could pass for the same.
        None => access::AgentFile {
            project,
            name,
            path: input.source.path(),
            source: None,
            ci_access: None,
            user_access: None,
            refused: None,
        },
    })
}

/// Whether a pattern of a file may be an expression at which the old matcher fails.
fn may_raise(file: &AgentFile) -> bool {
    let access = file.config.ci_access.iter();
    let mut patterns = access.flat_map(|access| access.entries()).flat_map(|entry| &entry.environments);
    patterns.any(|pattern| NamePattern::new(&pattern.value, false).fault().is_some())
}
