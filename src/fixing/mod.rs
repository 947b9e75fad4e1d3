//! Applies the fixes of findings to texts, round after round, until none is left. It does no I/O.
//!
//! Of edits that overlap, the first in the file is made in a round, and the other waits for the next, in which its rule
//! looks at the new text. The edits of one finding are made together or not at all.

mod edits;
mod guard;
mod judge;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::analysis::{Analysis, Subject, analyse_all, analyse_with};
use crate::ci::Pipeline;
use crate::diagnostic::{Finding, Safety};
use crate::project::Steps;
use crate::project::files::{FileSource, Listings, Overlay, Texts};
use crate::rules::{RULES, Rule};
use crate::source::Source;
use edits::{Change, applied, without_overlaps};
use guard::{Allowance, Guard, Refusal};
use judge::Judge;

pub use judge::{FILE_COUNTS, Tell, judge, judged};

/// How many rounds there are before fixes count as unsettled. Each round makes all fixes that do not overlap, so a few are
/// enough where the fixes are sound.
const MAX_ROUNDS: usize = 32;

/// What may be changed.
pub struct Request<'r> {
    /// Only safe fixes, or all.
    pub up_to: Safety,
    /// Whether a file, by its path in reports, belongs to the project at a position.
    pub may_change: &'r dyn Fn(usize, &str) -> bool,
    /// Where the projects were loaded from, for what CI files include.
    pub files: &'r dyn FileSource,
    /// Counts what the analyses of all rounds do.
    pub steps: &'r Steps,
    /// What puts what fixes change of who gets in into words.
    pub tell: Tell,
}

/// Projects after their fixes.
#[derive(Debug)]
pub struct Fixed {
    /// The projects with their new texts.
    pub subjects: Vec<Subject>,
    /// What is left to say about them.
    pub analyses: Vec<Analysis>,
    /// The files that changed, by path.
    pub files: Vec<FixedFile>,
    /// Why fixes that there are were not made, a sentence each.
    pub remarks: Vec<String>,
    /// What the fixes that were made change of who gets in, a line for each file, by path.
    pub effects: BTreeMap<String, String>,
}

/// A file that fixes changed.
#[derive(Clone, Debug)]
pub struct FixedFile {
    /// Its text before.
    pub before: Arc<Source>,
    /// Its text now.
    pub after: Arc<Source>,
    /// How many fixes were made in it.
    pub count: usize,
}

/// Whether the fix of a finding does no harm, made by itself.
#[must_use]
pub fn is_harmless(finding: &Finding, subjects: &[Subject], files: &dyn FileSource) -> bool {
    let texts = Texts::new();
    let Some(change) = Change::of(finding) else { return false };
    let listings = Listings::default();
    let (admitted, _) =
        Guard::new(subjects, &texts, files, &listings, None).admit(vec![change], &mut Allowance::default());
    !admitted.is_empty()
}

/// Applies the fixes that all rules offer.
#[must_use]
pub fn fix(subjects: Vec<Subject>, request: &Request<'_>) -> Fixed {
    fix_with(subjects, RULES, request)
}

/// The same with other rules, for tests of the rounds themselves.
#[must_use]
pub fn fix_with(subjects: Vec<Subject>, rules: &[&dyn Rule], request: &Request<'_>) -> Fixed {
    let mut work = Work {
        subjects,
        request,
        files: BTreeMap::new(),
        given_up: HashSet::new(),
        refused: HashSet::new(),
        untold: BTreeMap::new(),
        remarks: BTreeSet::new(),
        allowance: Allowance::default(),
        listings: Listings::default(),
    };
    let mut rounds = 0;
    loop {
        let analyses = analyse_all(&work.subjects, rules, request.steps);
        let changes = without_overlaps(work.wanted(&analyses));
        if changes.is_empty() {
            return work.finish(analyses);
        }
        rounds += 1;
        if rounds > MAX_ROUNDS {
            work.give_up(&changes.iter().flat_map(files_of).collect());
            rounds = 0;
            continue;
        }
        if !work.apply(changes) {
            // What is left would change who gets in.
            return work.finish(analyses);
        }
    }
}

/// The file and the rule of each edit of a change.
fn files_of(change: &Change) -> impl Iterator<Item = (String, &'static str)> {
    change.edits.iter().map(|edit| (edit.source.path().to_owned(), change.rule))
}

/// A file that has been changed.
struct Changed {
    before: Arc<Source>,
    after: Arc<Source>,
    count: usize,
    /// The texts that it has had. One that comes again would come for ever.
    seen: HashSet<String>,
}

struct Work<'r> {
    subjects: Vec<Subject>,
    request: &'r Request<'r>,
    files: BTreeMap<String, Changed>,
    /// Files with rules whose fixes are made no more there.
    given_up: HashSet<(String, &'static str)>,
    /// The findings whose fixes would do harm.
    refused: HashSet<String>,
    /// How many these are by file, rule and reason, with what the first would do.
    untold: BTreeMap<(String, &'static str, Refusal), (usize, String)>,
    remarks: BTreeSet<String>,
    allowance: Allowance,
    /// Fixes make no files.
    listings: Listings,
}

impl Work<'_> {
    /// The changes that findings ask for and that may be made.
    fn wanted(&mut self, analyses: &[Analysis]) -> Vec<Change> {
        let mut wanted = Vec::new();
        for (at, analysis) in analyses.iter().enumerate() {
            for finding in &analysis.findings {
                let is_allowed = |safety| safety == Safety::Safe || self.request.up_to == Safety::Unsafe;
                if !finding.fix.as_ref().is_some_and(|fix| is_allowed(fix.safety)) {
                    continue;
                }
                let Some(change) = Change::of(finding) else { continue };
                let is_given_up = self.refused.contains(&change.fingerprint)
                    || files_of(&change).any(|file| self.given_up.contains(&file));
                let is_own = |path: &str| (self.request.may_change)(at, path);
                if is_given_up || !change.edits.iter().all(|edit| is_own(edit.source.path())) {
                    continue;
                }
                match change.edits.iter().find(|edit| edit.source.invalid().is_some()) {
                    Some(edit) => {
                        let path = edit.source.path();
                        self.remarks.insert(format!("{path} was not fixed, because not all of it is text."));
                    }
                    None => wanted.push(change),
                }
            }
        }
        wanted
    }

    /// Makes the changes that do no harm; returns whether there is anything new to look at.
    fn apply(&mut self, changes: Vec<Change>) -> bool {
        let texts = self.texts();
        // With unsafe fixes, who gets in may change.
        let tell = Some(self.request.tell).filter(|_| self.request.up_to == Safety::Safe);
        let guard = Guard::new(&self.subjects, &texts, self.request.files, &self.listings, tell);
        let (admitted, refused) = guard.admit(changes, &mut self.allowance);
        // Another fix may come to make it one that changes nothing.
        let refused = refused.into_iter().filter(|(_, refusal)| *refusal != Refusal::Access);
        let refused: Vec<(Change, Refusal)> = refused.collect();
        let is_going_on = !admitted.is_empty() || !refused.is_empty();
        for (change, refusal) in refused {
            self.refuse(change, refusal);
        }
        let mut comes_again = HashSet::new();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for edit in admitted.iter().filter_map(Change::first) {
            *counts.entry(edit.source.path()).or_default() += 1;
        }
        let sources: HashMap<&str, &Arc<Source>> =
            admitted.iter().flat_map(|change| &change.edits).map(|edit| (edit.source.path(), &edit.source)).collect();
        for (path, after) in applied(&admitted) {
            let count = counts.get(&*path).copied().unwrap_or_default();
            let Some(before) = sources.get(&*path).map(|source| Arc::clone(source)) else { continue };
            let file = self.files.entry(path.clone()).or_insert_with(|| Changed {
                seen: HashSet::from([before.text().to_owned()]),
                after: Arc::clone(&before),
                before,
                count: 0,
            });
            if !file.seen.insert(after.text().to_owned()) {
                comes_again.insert(path);
            }
            file.after = after;
            file.count += count;
        }
        self.show(admitted.iter().flat_map(|change| &change.edits).map(|edit| edit.source.path()).collect());
        let unsettled = admitted.iter().flat_map(files_of).filter(|(path, _)| comes_again.contains(path));
        self.give_up(&unsettled.collect());
        is_going_on
    }

    /// Leaves out a change that would do harm.
    fn refuse(&mut self, change: Change, refusal: Refusal) {
        let Some(edit) = change.first() else { return };
        let key = (edit.source.path().to_owned(), change.rule, refusal);
        self.untold.entry(key).or_insert_with(|| (0, change.title.clone())).0 += 1;
        self.refused.insert(change.fingerprint);
    }

    /// Takes back what was changed in files where rules do not come to an end, and goes on without these.
    fn give_up(&mut self, unsettled: &BTreeSet<(String, &'static str)>) {
        for (path, rule) in unsettled {
            self.remarks.insert(format!("{path}: the fixes of {rule} come to no end and were not made."));
            self.given_up.insert((path.clone(), rule));
            if let Some(file) = self.files.get_mut(path) {
                file.after = Arc::clone(&file.before);
                file.count = 0;
                file.seen = HashSet::from([file.before.text().to_owned()]);
            }
        }
        self.show(unsettled.iter().map(|(path, _)| &**path).collect());
    }

    /// Puts the texts of these files into the projects.
    fn show(&mut self, paths: BTreeSet<&str>) {
        let texts = self.texts();
        for subject in &mut self.subjects {
            show(subject, &paths, &texts, (self.request, &self.listings));
        }
    }

    fn texts(&self) -> Texts {
        self.files.iter().map(|(path, file)| (path.clone(), Arc::clone(&file.after))).collect()
    }

    fn finish(self, mut analyses: Vec<Analysis>) -> Fixed {
        let tell = self.request.tell;
        judge(&self.subjects, &mut analyses, tell);
        let files = self.files.into_values().filter(|file| file.before.text() != file.after.text());
        let files = files.map(|file| FixedFile { before: file.before, after: file.after, count: file.count });
        let files: Vec<FixedFile> = files.collect();
        let mut compared = Judge::new(&self.subjects, tell);
        compared.allow(files.iter().map(|file| &file.before), judge::Allowance::OF_EACH);
        let effects = files.iter().filter_map(|file| {
            let effect = compared.effect(&file.before, &file.after).in_words()?;
            Some((file.before.path().to_owned(), effect))
        });
        let effects = effects.collect();
        let refused = self.untold.into_iter().map(|((path, rule, refusal), (count, title))| {
            let fixes = match count {
                1 => format!("a fix of {rule} was not made (\"{title}\")"),
                _ => format!("{count} fixes of {rule} were not made (the first is \"{title}\")"),
            };
            let reason = match refusal {
                Refusal::Harm => "GitLab would read something else, or refuse the file for more".to_owned(),
                Refusal::Size(limit) => {
                    format!("the file would become larger than the {limit} bytes that the agent server reads")
                }
                // Such a fix is unsafe, and says itself what it changes.
                Refusal::Access => "it changes who gets in".to_owned(),
                Refusal::NotTried => "too many others of this file would do harm, so these were not tried".to_owned(),
            };
            format!("{path}: {fixes}: {reason}.")
        });
        let remarks: BTreeSet<String> = refused.chain(self.remarks).collect();
        Fixed { subjects: self.subjects, analyses, files, remarks: remarks.into_iter().collect(), effects }
    }
}

/// Puts texts into a project, where it has these files.
fn show(subject: &mut Subject, paths: &BTreeSet<&str>, texts: &Texts, (request, listings): (&Request<'_>, &Listings)) {
    if !subject.project.sources().any(|source| paths.contains(source.path())) {
        return;
    }
    let mut project = (*subject.project).clone();
    for input in &mut project.inputs {
        let path = input.source.path();
        if let Some(text) = texts.get(path).filter(|_| paths.contains(path)) {
            *input = input.with_source(Arc::clone(text));
        }
    }
    let includes = |pipeline: &Arc<Pipeline>| pipeline.sources.iter().any(|source| paths.contains(source.path()));
    let has_other_jobs = project.pipeline.as_ref().is_some_and(includes);
    if has_other_jobs {
        project.pipeline = project.read_pipeline(&Overlay::new(request.files, texts).keeping(listings)).map(Arc::new);
    }
    subject.replace(Arc::new(project), has_other_jobs);
}

impl Fixed {
    /// How many fixes were made.
    #[must_use]
    pub fn count(&self) -> usize {
        self.files.iter().map(|file| file.count).sum()
    }

    /// What the fixes that were made change of who gets in, a line for each file.
    pub fn effects_in_words(&self) -> impl Iterator<Item = String> {
        self.effects.iter().map(|(path, effect)| format!("{path}: {effect}"))
    }

    /// Takes back what was changed in these files, because it could not be written.
    pub fn take_back(&mut self, paths: &BTreeSet<&str>, request: &Request<'_>) {
        let texts: Texts = self
            .files
            .iter()
            .map(|file| {
                let is_back = paths.contains(file.before.path());
                let text = if is_back { &file.before } else { &file.after };
                (file.before.path().to_owned(), Arc::clone(text))
            })
            .collect();
        self.files.retain(|file| !paths.contains(file.before.path()));
        self.effects.retain(|path, _| !paths.contains(&**path));
        let listings = Listings::default();
        for subject in &mut self.subjects {
            show(subject, paths, &texts, (request, &listings));
        }
        self.analyses = analyse_with(&self.subjects, RULES);
        judge(&self.subjects, &mut self.analyses, request.tell);
    }
}
