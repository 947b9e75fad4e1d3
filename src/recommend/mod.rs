//! A smaller configuration that still lets in every job that uses an agent today.
//!
//! `uses` says who uses what. Edits are tried one by one, and each is held by its own comparison ([`crate::diff`]) and by what every use gets:
//! one that lets anybody in, takes anything from a use, or that GitLab would refuse, is not recommended. What is left is held against the files as
//! they were once more, whatever led to it (`touched` says which uses a comparison is about).

mod edits;
mod touched;
mod uses;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::access::{self, Index, World};
use crate::agent_config::{CiEntry, EntryKind};
use crate::analysis::{Facts, Subject, analyse_with};
use crate::diagnostic::Severity;
use crate::diff::{Change, Diff, Of, Projects, Sides, Verdict, compare, pairs};
use crate::inventory::Inventory;
use crate::project::AgentFile;
use crate::rules::RULES;
use crate::source::Source;

use edits::Edit;
use touched::Touch;
use uses::{Use, Uses};

/// How many edits of one file are tried; each costs a comparison.
const MOST_TRIED: usize = 2_000;

/// What is recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// No job uses what an entry grants.
    UnusedEntry,
    /// A few projects of a group use it.
    BroaderGroup,
    /// An entry has no environments, and all that use it have some.
    MissingEnvironments,
    /// A pattern has more names than are used.
    BroaderPattern,
    /// All that use an entry run on protected refs.
    UnprotectedNotNeeded,
}

impl Kind {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnusedEntry => "unused-entry",
            Self::BroaderGroup => "broader-group",
            Self::MissingEnvironments => "missing-environments",
            Self::BroaderPattern => "broader-pattern",
            Self::UnprotectedNotNeeded => "unprotected-not-needed",
        }
    }
}

/// A job that uses an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedBy {
    /// The path of its project.
    pub project: String,
    /// Its name, with the combination of its matrix.
    pub job: String,
    /// The name of its environment, as far as it is known.
    pub environment: Option<String>,
    /// The file in which it selects the agent.
    pub path: String,
    /// The line in it.
    pub line: usize,
}

/// A recommendation.
#[derive(Clone, Debug)]
pub struct Recommendation {
    /// What is recommended.
    pub kind: Kind,
    /// The agent's context.
    pub context: String,
    /// The agent's file.
    pub path: String,
    /// The line of the entry in the file as it is.
    pub line: usize,
    /// The entry, in the file as the recommendations before it leave it, e.g. `ci_access.groups[0]`.
    pub route: String,
    /// What the entry names; `None` for the instance.
    pub target: Option<String>,
    /// What is to be done, as an order.
    pub title: String,
    /// The jobs that use the entry; none for an entry that nothing uses.
    pub used_by: Vec<UsedBy>,
    /// What becomes otherwise by it.
    pub diff: Diff,
}

/// An entry that stays since not all is known of who uses it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The agent's context.
    pub context: String,
    /// The agent's file.
    pub path: String,
    /// The line of the entry.
    pub line: usize,
    /// The entry.
    pub route: String,
    /// A project of which not all was read, or that may come.
    pub project: String,
}

/// What comes of it.
#[derive(Debug, Default)]
pub struct Recommended {
    /// The recommendations, in the order in which they were found and proved.
    pub list: Vec<Recommendation>,
    /// The files with all of them, by path: as they were, and as they would be.
    pub files: BTreeMap<String, (Arc<Source>, Arc<Source>)>,
    /// How many edits were dropped since they could not be proved, or would not pass `check`.
    pub dropped: usize,
    /// Whether more could have been tried.
    pub is_cut: bool,
    /// What would have been recommended if all had been read.
    pub kept: BTreeSet<Kept>,
    /// Projects of which not all was read, each with the reason.
    pub unread: BTreeMap<String, String>,
    /// How many projects were read.
    pub read: usize,
    /// How many jobs use an agent.
    pub uses: usize,
    /// How many jobs may use one.
    pub possible: usize,
}

/// What an edit is tried on.
struct Work<'f, 'p> {
    index: &'f Index<'p>,
    uses: Uses<'f>,
    assume_read: bool,
    /// The files as they are by now, by path.
    now: HashMap<String, Arc<AgentFile>>,
    /// The names of findings of each project that are worse than notes.
    known: HashMap<usize, BTreeMap<String, usize>>,
    found: Recommended,
}

/// Looks for what can be taken away; `index` is who gets in at all agents of `facts`. With `assume_read`, what was not read counts as nothing.
#[must_use]
pub fn recommend<'f, 'p: 'f>(facts: &'f Facts<'p>, index: &'f Index<'p>, assume_read: bool) -> Recommended {
    let uses = Uses::of(facts.all_jobs(), index);
    let mut work =
        Work { index, uses, assume_read, now: HashMap::new(), known: HashMap::new(), found: Recommended::default() };
    for (at, subject) in facts.subjects.iter().enumerate().filter(|(_, subject)| subject.is_asked_for()) {
        for file in facts.files.get(at).into_iter().flatten().flatten() {
            work.file(at, subject, file);
        }
    }
    work.hold();
    let certain = |use_: &&Use<'_>| use_.is_certain;
    work.found.read = work.uses.read.len();
    work.found.uses = work.uses.list.iter().filter(certain).count();
    work.found.possible = work.uses.list.len() - work.found.uses;
    work.found.unread = std::mem::take(&mut work.uses.unread);
    work.found
}

/// Why an edit is not made.
enum No {
    /// A job would lose something.
    Used,
    /// It changes nothing, or cannot be written.
    Nothing,
    /// This project may use it.
    Unread(String),
    /// It is not proved, or `check` would object.
    NotProved,
}

impl<'f> Work<'f, '_> {
    fn file(&mut self, at: usize, subject: &Subject, file: &Arc<AgentFile>) {
        let path = file.source.path().to_owned();
        let index = self.index;
        let mut agents = index.agents().iter().filter(|agent| agent.file.is_some_and(|of| of.path == path));
        let Some(agent) = agents.next().filter(|agent| agent.is_registered && !agent.is_refused()) else { return };
        let (home, name, context) = (agent.project, agent.name, agent.context());
        let (mut tried, mut dropped) = (0, 0);
        // What a job needs stays needed, whatever else is taken away.
        let mut needed: HashSet<(Kind, Option<String>, String)> = HashSet::new();
        loop {
            let now = self.now.get(&path).map_or_else(|| Arc::clone(file), Arc::clone);
            let mut made = None;
            let edits = {
                let world = self.world(None);
                let of_agent = self.uses.list.iter().filter(|used| used.home.as_deref() == home && used.agent == name);
                edits::all(&now, &world, &of_agent.collect::<Vec<_>>(), &self.uses.read)
            };
            for edit in edits {
                let key = (edit.kind, edit.target.clone(), edit.title.clone());
                if needed.contains(&key) {
                    continue;
                }
                tried += 1;
                if tried > MOST_TRIED {
                    self.found.is_cut = true;
                    break;
                }
                let place = || {
                    let line = now.source.position(edit.head.start).line;
                    let text = line_of(&now.source, edit.head.start);
                    // Lines above may be gone: the line in the file as it is.
                    original_line(&file.source, text).unwrap_or(line)
                };
                match self.attempt(at, subject, &now, &edit) {
                    Ok((after, diff)) => {
                        let used_by = edit.used_by.clone();
                        self.found.list.push(Recommendation {
                            kind: edit.kind,
                            context: context.clone(),
                            path: path.clone(),
                            line: place(),
                            route: edit.route.clone(),
                            target: edit.target.clone(),
                            title: edit.title.clone(),
                            used_by,
                            diff,
                        });
                        made = Some(after);
                        break;
                    }
                    Err(No::Unread(project)) => {
                        let (context, path, line, route) = (context.clone(), path.clone(), place(), edit.route.clone());
                        self.found.kept.insert(Kept { context, path, line, route, project });
                    }
                    Err(No::NotProved) => dropped += 1,
                    Err(No::Used) => {
                        needed.insert(key);
                    }
                    Err(No::Nothing) => {}
                }
            }
            let Some(after) = made else { break };
            // What is told of entries that stay is told of the last state.
            self.found.kept.retain(|kept| kept.path != path);
            dropped = 0;
            self.found.files.insert(path.clone(), (Arc::clone(&file.source), Arc::clone(&after.source)));
            self.now.insert(path.clone(), after);
        }
        self.found.dropped += dropped;
    }

    /// The state by now, or with one file more.
    fn world<'w>(&'w self, other: Option<&'w AgentFile>) -> Index<'w> {
        let files = self.index.agents().iter().filter_map(|agent| {
            let file = agent.file?;
            let edited = other
                .filter(|other| other.source.path() == file.path)
                .or_else(|| self.now.get(file.path).map(|edited| &**edited));
            Some(match edited {
                Some(edited) => access::AgentFile::new(file.project, file.name, &edited.source, &edited.config),
                None => file,
            })
        });
        World { inventory: self.index.inventory(), files: files.collect(), settings: self.index.settings() }.authorize()
    }

    /// The file after an edit and what it changes, if it holds to everything that is asked of it.
    fn attempt(
        &mut self,
        at: usize,
        subject: &Subject,
        now: &Arc<AgentFile>,
        edit: &Edit,
    ) -> Result<(Arc<AgentFile>, Diff), No> {
        let path = now.source.path();
        let source = edit.applied(&now.source).ok_or(No::Nothing)?;
        let input = subject.project.inputs.iter().find(|input| input.source.path() == path).ok_or(No::Nothing)?;
        let after = input.with_source(Arc::new(source)).decoded(&subject.project.context).ok_or(No::Nothing)?;
        let (base, head) = (self.world(None), self.world(Some(&after)));
        let diff = self.proved(&base, &head)?;
        if diff.changes.is_empty() {
            return Err(No::Nothing);
        }
        if after.config.refused_at().is_some() {
            return Err(No::NotProved);
        }
        drop((base, head));
        let before = match self.known.get(&at) {
            Some(known) => known.clone(),
            None => self.findings(subject, None),
        };
        let findings = self.findings(subject, Some(&after.source));
        if findings.iter().any(|(rule, count)| before.get(rule).is_none_or(|before| before < count)) {
            return Err(No::NotProved);
        }
        self.known.insert(at, findings);
        Ok((after, diff))
    }

    /// What differs between two states, if nobody gets in who did not, nothing is taken from a use, and nothing from what was not read.
    fn proved(&self, base: &Index<'_>, head: &Index<'_>) -> Result<Diff, No> {
        let uses = || self.uses.list.iter().filter(|used| used.is_certain || !self.assume_read);
        if uses().any(|used| used.gets_in(head) != used.gets) {
            return Err(No::Used);
        }
        let diff = compare(&Sides { base, head, in_force: None, settled: &[] });
        let touch = touched::by(&diff, &pairs(base.settings(), head.settings()), uses());
        if touch == Touch::Some {
            return Err(No::Used);
        }
        if !self.assume_read
            && let Some(project) = self.unread_project(&diff)
        {
            return Err(No::Unread(project));
        }
        let is_proved = diff.verdict == Verdict::NoNewAccess && diff.unknown.is_empty() && diff.refused.is_empty();
        if touch == Touch::Untold || !is_proved {
            return Err(No::NotProved);
        }
        Ok(diff)
    }

    /// Holds all edits together against the files as they were: what is said to be proved is, however each of them was found.
    fn hold(&mut self) {
        if !self.found.files.is_empty() && self.proved(self.index, &self.world(None)).is_err() {
            self.found.dropped += self.found.list.len();
            self.found.list.clear();
            self.found.files.clear();
        }
    }

    /// A project of which not all was read and that a change is about.
    fn unread_project(&self, diff: &Diff) -> Option<String> {
        let parts = diff.changes.iter().flat_map(|change: &Change| match &change.of {
            Of::Jobs { projects, .. } => projects.as_slice(),
            Of::People(_) => &[],
        });
        let inventory: Option<&Inventory> = self.index.inventory();
        let is_whole = inventory.is_some_and(|inventory| inventory.unread().is_empty());
        for part in parts {
            let listed = self.uses.unread.keys().find(|path| part.holds(path));
            if let Some(path) = listed {
                return Some(path.clone());
            }
            match part {
                Projects::One(path) => {
                    let is_there = inventory.is_none_or(|inventory| inventory.find_project(path).is_some());
                    if is_there && !self.uses.read.contains(&*crate::gitlab::lower_path(path)) {
                        return Some(path.clone());
                    }
                }
                // Nobody lists what lies below.
                Projects::Below(group, _) if !is_whole => return Some(format!("{group}/…")),
                Projects::Anywhere(_) if !is_whole => return Some("…".to_owned()),
                Projects::Below(..) | Projects::Anywhere(_) => {}
            }
        }
        None
    }

    /// How often each rule finds something that is worse than a note.
    fn findings(&self, subject: &Subject, other: Option<&Arc<Source>>) -> BTreeMap<String, usize> {
        let mut project = (*subject.project).clone();
        for input in &mut project.inputs {
            let path = input.source.path();
            let edited = other.filter(|other| other.path() == path);
            let edited = edited.or_else(|| self.now.get(path).map(|file| &file.source));
            if let Some(source) = edited.cloned() {
                *input = input.with_source(source);
            }
        }
        let mut subject = subject.clone();
        subject.replace(Arc::new(project), false);
        let mut counts = BTreeMap::new();
        for finding in analyse_with(&[subject], RULES).into_iter().flat_map(|analysis| analysis.findings) {
            if finding.severity > Severity::Note {
                *counts.entry(finding.rule.name.to_owned()).or_default() += 1;
            }
        }
        counts
    }
}

/// The entries of a file, the most specific first.
fn entries(file: &AgentFile) -> Vec<&CiEntry> {
    let access = file.config.ci_access.iter();
    let mut all: Vec<&CiEntry> = access.flat_map(|access| access.entries()).collect();
    all.sort_by_key(|entry| (matches!(entry.kind, EntryKind::Instance), entry.kind == EntryKind::Group, entry.index));
    all
}

fn line_of(source: &Source, at: usize) -> &str {
    source.slice(source.line_span(source.line_index(at)))
}

/// The line of a text that stands once in a file.
fn original_line(source: &Source, text: &str) -> Option<usize> {
    let mut lines = (0..source.line_count()).filter(|line| source.slice(source.line_span(*line)) == text);
    let first = lines.next()?;
    lines.next().is_none().then_some(first + 1)
}
