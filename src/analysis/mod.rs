//! The one analysis behind the command line, the editor and the pipeline. It does no I/O and reads no clock.

mod evaluation;
mod subject;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use rayon::prelude::*;

pub use evaluation::{Evaluation, Facts, Purpose};
pub use subject::Subject;

use crate::access::jobs::{Grants, ProjectJobs, Selection};
use crate::access::{AgentId, Index};
use crate::agent_config::CiEntry;
use crate::ci::Unread;
use crate::diagnostic::accepted::AcceptedIndex;
use crate::diagnostic::suppression::{self, AcceptedFinding};
use crate::diagnostic::{self, Finding, Fix, LeftOut, Level, LevelsAt, Lowered, Severity};
use crate::diagnostic::{INTERNAL_ERROR, Need, RuleInfo, Topic, UNUSED_IGNORE};
use crate::gitlab::lower_path;
use crate::project::{AgentFile, Context, EntryId, Input, Project, Steps};
use crate::rules::{
    self, AgentsContext, FileContext, Findings, JobAction, JobContext, JobSelection, ProjectContext, RULES, Rule,
};
use crate::source::secrets;
use crate::source::{Place, Source, Span};
use crate::{words, yaml};

/// What the analysis of a project gives.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// The findings, in the order of files and places.
    pub findings: Vec<Finding>,
    /// Rules that could not run for want of knowledge, with what they want.
    pub unchecked: Vec<(&'static RuleInfo, Need)>,
    /// The project's full path, where it is known.
    pub project: Option<String>,
    /// What the CI file names and was not read.
    pub not_read: Vec<Unread>,
    /// What could not be read of the CI file, as lines for the summary.
    pub remarks: Vec<String>,
    /// The paths of the configurations that were found, CI files included.
    pub files: Vec<String>,
    /// Whether a rule failed inside.
    pub has_internal_error: bool,
    /// What comments and settings keep out of the findings.
    pub left_out: LeftOut,
    /// Which of the findings that the settings accept were there, by position.
    pub met: BTreeSet<usize>,
}

/// Analyses projects with all rules; the results are in the order of the projects.
#[must_use]
pub fn analyse(subjects: &[Subject]) -> Vec<Analysis> {
    analyse_with(subjects, RULES)
}

/// The same with other rules, for tests of the analysis itself.
#[must_use]
pub fn analyse_with(subjects: &[Subject], rules: &[&dyn Rule]) -> Vec<Analysis> {
    analyse_all(subjects, rules, &Steps::default())
}

/// The same as `analyse`; meanwhile, whoever holds the steps can see how far it is. Projects that stand alone are worked out one by one, and
/// nothing of them is kept but their findings.
#[must_use]
pub fn analyse_watched(subjects: &[Subject], steps: &Steps) -> Vec<Analysis> {
    if !evaluation::stand_alone(subjects) {
        return analyse_all(subjects, RULES, steps);
    }
    let analyse = |subject: &Subject| {
        Evaluation::of_one(subject.clone(), steps).with(|facts| facts.analyse(RULES, steps)).pop().unwrap_or_default()
    };
    match subjects.len() <= FEW {
        true => subjects.iter().map(analyse).collect(),
        false => subjects.par_iter().map(analyse).collect(),
    }
}

/// The same with rules and steps.
pub(crate) fn analyse_all(subjects: &[Subject], rules: &[&dyn Rule], steps: &Steps) -> Vec<Analysis> {
    Evaluation::of(subjects.to_vec(), Purpose::Rules, steps).with(|facts| facts.analyse(rules, steps))
}

/// How many projects are worked out one after the other.
const FEW: usize = 4;

impl Facts<'_> {
    /// Analyses the projects with rules.
    #[must_use]
    pub fn analyse(&self, rules: &[&dyn Rule], steps: &Steps) -> Vec<Analysis> {
        let check = |at: usize| {
            let (subject, files) = (self.subjects.get(at)?, self.files.get(at)?);
            Some(check_project(subject, files, at, self, (rules, steps)))
        };
        match self.subjects.len() <= FEW {
            true => (0..self.subjects.len()).filter_map(check).collect(),
            false => (0..self.subjects.len()).into_par_iter().filter_map(check).collect(),
        }
    }
}

fn check_project(
    subject: &Subject,
    files: &[Option<Arc<AgentFile>>],
    at: usize,
    facts: &Facts<'_>,
    (rules, steps): (&[&dyn Rule], &Steps),
) -> Analysis {
    let project = &subject.project;
    if !subject.is_asked_for() {
        steps.add(project.inputs.len() + usize::from(project.pipeline.is_some()));
        return Analysis::default();
    }
    let rules: Vec<&dyn Rule> = rules.iter().copied().filter(|rule| subject.selection.runs(rule.info())).collect();
    let known = ProjectContext { gitlab: &project.context, environments: &facts.environments };
    let excluded = subject.excluded();
    let is_meant = |path: &str| subject.is_meant(path, &excluded);
    let project_path = project.context.project.as_ref().map(|path| path.as_str().to_owned());
    let mut analysis = Analysis { project: project_path, ..Analysis::default() };
    // A rule that speaks of something in files runs without regret where no file has it.
    let mut concerned = vec![false; rules.len()];
    for (input, file) in project.inputs.iter().zip(files).inspect(|_| steps.add(1)) {
        if !is_meant(input.source.path()) {
            continue;
        }
        let items = file.as_ref().map(|file| FileItems::of(file, known));
        analysis.files.push(input.source.path().to_owned());
        let before = analysis.findings.len();
        for (rule, is_concerned) in rules.iter().zip(&mut concerned) {
            // What rules need is for configurations.
            *is_concerned |= !input.location.is_template() && file.as_ref().is_none_or(|file| rule.concerns(file));
            analysis.run(*rule, &input.source, &mut |findings| {
                run(*rule, input, items.as_ref(), &known, findings);
            });
        }
        if let Some(file) = file {
            let found = analysis.findings.iter_mut().skip(before);
            found.for_each(|finding| finding.anchor = file.config.anchor(&finding.route));
        }
    }
    if let Some(index) = facts.index(at).filter(|_| !project.context.policies.is_empty()) {
        let before = analysis.findings.len();
        let cx = AgentsContext {
            project: known,
            index,
            agents: agents_of(project, index, &is_meant, subject.named.is_none()),
            sources: &facts.sources,
        };
        if let Some(policy) = project.context.policies.first() {
            for rule in &rules {
                analysis.run(*rule, &policy.place.source, &mut |findings| rule.check_agents(&cx, findings));
            }
        }
        let by_path: HashMap<&str, &AgentFile> =
            files.iter().flatten().map(|file| (file.source.path(), &**file)).collect();
        for finding in analysis.findings.iter_mut().skip(before) {
            if let Some(file) = by_path.get(finding.place.source.path()) {
                finding.anchor = file.config.anchor(&finding.route);
            }
        }
    }
    if let Some((jobs, main)) = facts.jobs(at).and_then(|jobs| Some((jobs, jobs.pipeline.sources.first()?))) {
        analysis.files.extend(Some(main.path().to_owned()).filter(|path| is_meant(path)));
        let before = analysis.findings.len();
        if let Some(index) = facts.index(at) {
            let uses_agents = jobs.uses_agents(index);
            let grants = Grants::new(jobs, index);
            let cx = JobContext { project: known, index, jobs, grants: &grants, sources: &facts.sources, uses_agents };
            analysis.remarks.extend(unlisted(&cx).filter(|_| is_meant(main.path())));
            let items = JobItems::of(cx);
            for rule in &rules {
                analysis.run(*rule, main, &mut |findings| run_on_jobs(*rule, &items, findings));
            }
        }
        let mut found = analysis.findings.split_off(before);
        settle_in_run_files(&mut found, jobs);
        analysis.findings.extend(found.into_iter().filter(|finding| is_meant(finding.place.source.path())));
        if is_meant(main.path()) {
            analysis.remarks.extend(unread(jobs));
            analysis.not_read.extend(jobs.not_read().cloned());
            analysis.remarks.extend(not_looked_at(jobs));
        }
    }
    steps.add(usize::from(project.pipeline.is_some()));
    for (rule, _) in rules.iter().zip(&concerned).filter(|(_, is_concerned)| **is_concerned) {
        let missing = rule.info().needs.iter().filter(|need| !is_met(**need, &project.context));
        analysis.unchecked.extend(missing.map(|need| (rule.info(), *need)));
    }
    let levels = Levels::new(&subject.selection);
    analysis.findings.retain(|finding| levels.speaks(finding.rule, finding.place.source.path()));
    rules::one_for_the_file(&mut analysis.findings);
    analysis.hide(subject, (files, facts.jobs(at)), &rules, (&levels, &is_meant));
    analysis.findings = rules::one_a_fault(analysis.findings);
    for finding in &mut analysis.findings {
        levels.apply(finding);
        mask(finding);
    }
    let looked_at = project.files().into_iter().filter(|path| is_meant(path));
    analysis.note_settings(&levels, looked_at, excluded.clone());
    analysis.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    analysis
}

/// The agents of a project of whose files findings are wanted, and where these are wanted of the whole project, those without files.
fn agents_of(project: &Project, index: &Index<'_>, is_meant: &dyn Fn(&str) -> bool, is_whole: bool) -> Vec<AgentId> {
    let own: HashSet<&str> = project.inputs.iter().map(|input| input.source.path()).collect();
    let path = project.context.project.as_ref();
    let is_own = |project: &str| path.is_some_and(|path| path.lower() == lower_path(project));
    let agents = index.agent_ids().filter(|(_, agent)| match &agent.file {
        Some(file) => own.contains(file.path) && is_meant(file.path),
        None => is_whole && agent.project.is_some_and(is_own),
    });
    agents.map(|(id, _)| id).collect()
}

/// What is found in files that jobs run names the jobs. Nothing is changed there: what else they are for is not known here.
fn settle_in_run_files(findings: &mut [Finding], jobs: &ProjectJobs<'_>) {
    let by_file = jobs.run_files();
    if by_file.is_empty() {
        return;
    }
    let by_path: HashMap<&str, &[&str]> =
        by_file.iter().map(|(source, jobs)| (source.path(), jobs.as_slice())).collect();
    let changes_one = |fix: &Fix| fix.edits.iter().any(|edit| by_path.contains_key(edit.place.source.path()));
    for finding in findings {
        finding.fix = finding.fix.take_if(|fix| !changes_one(fix));
        finding.offers.retain(|fix| !changes_one(fix));
        let Some(jobs) = by_path.get(finding.place.source.path()) else { continue };
        let names: Vec<String> = match &finding.fault {
            Some(fault) => fault.names.clone(),
            None if !finding.jobs.is_empty() => finding.jobs.clone(),
            None => jobs.iter().map(|job| words::excerpt(job)).collect(),
        };
        if names.iter().any(|name| finding.message.contains(name.as_str())) {
            continue;
        }
        let names = if let [name] = &names[..] { format!("job {name}") } else { words::jobs(&names) };
        finding.message = format!("{} ({names})", finding.message);
    }
}

/// What settings say of the rules in each file, worked out once a file.
struct Levels<'s> {
    selection: &'s diagnostic::Selection,
    by_path: RefCell<HashMap<String, Rc<LevelsAt>>>,
}

impl<'s> Levels<'s> {
    fn new(selection: &'s diagnostic::Selection) -> Self {
        Self { selection, by_path: RefCell::default() }
    }

    fn at(&self, path: &str) -> Rc<LevelsAt> {
        let mut by_path = self.by_path.borrow_mut();
        Rc::clone(by_path.entry(path.to_owned()).or_insert_with(|| Rc::new(self.selection.at(path))))
    }

    /// Whether a rule that runs speaks of a file.
    fn speaks(&self, rule: &RuleInfo, path: &str) -> bool {
        self.selection.speaks(rule, &self.at(path))
    }

    /// Gives a finding the severity that settings say.
    fn apply(&self, finding: &mut Finding) {
        let level = self.selection.level_at(finding.rule, &self.at(finding.place.source.path()));
        if let Some(Level::On(severity)) = level {
            let settings = &self.selection.settings;
            let lowered = |from: &Severity| Lowered { from: *from, settings: Arc::clone(settings) };
            finding.lowered = Some(&finding.severity).filter(|own| **own > severity).map(lowered);
            finding.severity = severity;
        }
    }
}

impl Analysis {
    /// Notes which rules settings turn off and which files they exclude.
    fn note_settings<'p>(
        &mut self,
        levels: &Levels<'_>,
        looked_at: impl Iterator<Item = &'p str>,
        excluded: BTreeSet<String>,
    ) {
        let settings = &*levels.selection.settings;
        let off = levels.selection.rules_off(rules::TABLE, looked_at.map(|path| levels.at(path)));
        if !off.is_empty() {
            self.left_out.rules_off.insert(settings.to_owned(), off);
        }
        if !excluded.is_empty() {
            self.left_out.files_excluded.insert(settings.to_owned(), excluded);
        }
    }

    /// Takes out what comments and settings accept, and adds what is wrong with the comments.
    fn hide(
        &mut self,
        subject: &Subject,
        (files, jobs): (&[Option<Arc<AgentFile>>], Option<&ProjectJobs<'_>>),
        rules: &[&dyn Rule],
        (levels, is_meant): (&Levels<'_>, &dyn Fn(&str) -> bool),
    ) {
        let (accepted, folder) = (&subject.selection.accepted, &subject.selection.folder);
        let before = self.findings.len();
        let met = &mut self.met;
        let index = AcceptedIndex::of(accepted);
        self.findings.retain(|finding| {
            let path = folder.relative(finding.place.source.path());
            let hiding = index.first(finding, &path);
            met.extend(hiding);
            hiding.is_none()
        });
        let hidden = before - self.findings.len();
        if hidden > 0 {
            self.left_out.by_settings.insert(subject.selection.settings.to_string(), hidden);
        }

        let (mut directives, mut faults) = (Vec::new(), Vec::new());
        let mut read = |source: &Arc<Source>, comments: &[yaml::Comment]| {
            let (found, wrong) = suppression::directives(source, comments, rules::TABLE);
            directives.extend(found);
            faults.extend(wrong);
        };
        let heeds_comments = |path: &str| !subject.selection.is_isolated && is_meant(path);
        for file in files.iter().flatten().filter(|file| heeds_comments(file.source.path())) {
            read(&file.source, file.config.document.tree().comments());
        }
        let inputs = subject.project.inputs.iter().filter(|input| heeds_comments(input.source.path()));
        for template in inputs.filter_map(|input| input.template(&subject.project.context)) {
            read(&template.source, template.document.tree().comments());
        }
        let ci_files = jobs.map(|jobs| &jobs.pipeline.sources[..]).unwrap_or_default();
        for source in ci_files.iter().filter(|source| heeds_comments(source.path())) {
            // Few CI files have such comments, and reading one again takes as long as reading it.
            if source.text().contains(suppression::MARK) {
                read(source, yaml::read(source).tree().comments());
            }
        }
        let run_files = jobs.map(ProjectJobs::run_files).unwrap_or_default();
        for (source, _) in run_files.into_iter().filter(|(source, _)| heeds_comments(source.path())) {
            if source.text().contains(suppression::MARK) {
                read(source, &suppression::comments_of_lines(source));
            }
        }
        let ran = |name: &str, path: &str| {
            let rule = rules.iter().map(|rule| rule.info()).find(|rule| rule.name == name);
            let knows_enough = |rule: &&RuleInfo| rule.needs.iter().all(|need| is_met(*need, &subject.project.context));
            rule.filter(knows_enough).is_some_and(|rule| levels.speaks(rule, path))
        };
        self.left_out.by_comments += suppression::apply(&mut self.findings, directives, &ran);
        self.findings.extend(faults);
        self.findings.retain(|finding| {
            let speaks = || levels.speaks(finding.rule, finding.place.source.path());
            finding.rule.topic != Topic::Linter || (subject.selection.runs(finding.rule) && speaks())
        });
    }

    /// Runs a rule on something; if it fails inside, that is a finding, and the others still run.
    fn run(&mut self, rule: &dyn Rule, source: &Arc<Source>, work: &mut dyn FnMut(&mut Findings)) {
        let check = || {
            let mut findings = Findings::default();
            work(&mut findings);
            findings.into_vec()
        };
        match catch_unwind(AssertUnwindSafe(check)) {
            Ok(findings) => self.findings.extend(findings),
            Err(_) => {
                self.has_internal_error = true;
                let message =
                    format!("the rule `{}` failed inside; what it would say is missing here", rule.info().name);
                let finding = Finding::new(&INTERNAL_ERROR, source, Span::default(), message);
                self.findings
                    .push(finding.key(rule.info().name).help("please report this, with the file if it can be shown"));
            }
        }
    }
}

/// What settings files accept and is not there any more. Said only where a file's projects were looked at as a whole, with
/// all rules.
#[must_use]
pub fn unused_settings(subjects: &[Subject], analyses: &[Analysis]) -> Vec<Finding> {
    let mut by_place: BTreeMap<(String, usize), (&AcceptedFinding, &Subject, bool)> = BTreeMap::new();
    for (subject, analysis) in subjects.iter().zip(analyses) {
        let is_whole = subject.named.is_none() && subject.selection.only.is_empty();
        let excluded = subject.excluded();
        let excluded: Vec<String> = excluded.iter().map(|path| subject.selection.folder.relative(path)).collect();
        for (at, accepted) in subject.selection.accepted.iter().enumerate() {
            let could_run = rules::TABLE.find(accepted.rule).is_some_and(|rule| {
                let is_off_somewhere = subject.selection.per_path.turns_off(rule);
                subject.selection.runs(rule)
                    && !is_off_somewhere
                    && !analysis.unchecked.iter().any(|(missing, _)| missing.name == rule.name)
            });
            let key = (accepted.place.source.path().to_owned(), accepted.place.span.start);
            let may_be_excluded = excluded.iter().any(|path| accepted.is_of(path));
            let is_used = analysis.met.contains(&at) || !could_run || !is_whole || may_be_excluded;
            let entry = by_place.entry(key).or_insert((accepted, subject, !subject.selection.runs(&UNUSED_IGNORE)));
            entry.2 |= is_used;
        }
    }
    let unused = by_place.into_values().filter(|(.., is_used)| !is_used);
    let told = unused.map(|(accepted, subject, _)| {
        let mut finding = accepted.unused();
        Levels::new(&subject.selection).apply(&mut finding);
        finding
    });
    told.collect()
}

/// What rules are shown of the jobs of a project one by one, gathered once for all rules.
struct JobItems<'p> {
    cx: JobContext<'p>,
    of_values: Vec<Selection>,
    actions: Vec<Vec<JobAction<'p>>>,
    selections: Vec<Vec<JobSelection<'p>>>,
}

impl<'p> JobItems<'p> {
    fn of(cx: JobContext<'p>) -> Self {
        let of_values = cx.jobs.contexts_in_values();
        let actions = cx.jobs.jobs.iter().map(JobAction::of).collect();
        let selections = cx.jobs.jobs.iter().map(|job| {
            let selected = job.selections().iter();
            selected.map(|selected| JobSelection::of(job, selected)).collect()
        });
        let selections = selections.collect();
        Self { cx, of_values, actions, selections }
    }
}

fn run_on_jobs<'p>(rule: &dyn Rule, items: &JobItems<'p>, findings: &mut Findings) {
    let JobItems { cx, of_values, actions, selections } = items;
    rule.check_pipeline(cx.jobs, cx, findings);
    for selection in of_values {
        rule.check_context(selection, cx, findings);
    }
    for ((job, actions), selections) in cx.jobs.jobs.iter().zip(actions).zip(selections) {
        let place = &job.job.name_place;
        let place = Place { source: Arc::clone(&place.source), span: place.span };
        findings.begin_job(&job.job.name, place, &job.job.parents);
        if let Some(started_by) = &job.started_by {
            findings.begin_child(started_by);
        }
        rule.check_job(job, cx, findings);
        for action in actions {
            rule.check_action(action, cx, findings);
        }
        for selection in selections {
            rule.check_selection(selection, cx, findings);
            rule.check_context(selection.selected, cx, findings);
        }
    }
}

/// That an inventory does not list the project, in one line: who lets its jobs in is then not told.
fn unlisted(cx: &JobContext<'_>) -> Option<String> {
    let (inventory, project) = cx.index.inventory().zip(cx.project_path())?;
    let is_unlisted = cx.uses_agents && inventory.find_project(project).is_none();
    let project = secrets::mask(project);
    is_unlisted
        .then(|| format!("Not checked: which agents let the jobs of {project} in (the inventory does not list it)."))
}

/// That jobs may run in more ways than are looked at, in one line.
fn not_looked_at(jobs: &ProjectJobs<'_>) -> Option<String> {
    let main = jobs.pipeline.sources.first()?;
    let cut = jobs.jobs.iter().filter(|job| job.is_cut()).map(|job| words::excerpt(&job.job.name));
    let cut: Vec<String> = cut.collect();
    let names: Vec<&str> = cut.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| {
        let names = if let [name] = names[..] { format!("the job {name}") } else { words::jobs(&names) };
        secrets::mask(&format!(
            "Not checked: all ways in which {names} of {} may run (they are too many).",
            main.path()
        ))
        .into_owned()
    })
}

/// How many things that jobs run and were not read are named in the summary.
const MOST_UNREAD: usize = 5;

/// What a CI file includes and is not at hand, and what its jobs run that was not read, in a line each.
fn unread(jobs: &ProjectJobs<'_>) -> Vec<String> {
    let Some(main) = jobs.pipeline.sources.first() else { return Vec::new() };
    let included = jobs.not_read().filter(|unread| unread.run.is_none());
    let names: BTreeSet<String> = included.map(|unread| format!("{} {}", unread.kind.name(), unread.name)).collect();
    let mut lines = Vec::new();
    if !names.is_empty() {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        lines.push(format!("Not read: what {} includes from elsewhere ({}).", main.path(), secrets::mask(&names)));
    }
    let run = words::runs_unread(jobs.not_read());
    if !run.is_empty() {
        lines.push(format!("Not read: {} ({}).", words::cut(&run, MOST_UNREAD).join("; "), main.path()));
    }
    lines
}

/// What rules are shown of a file one by one, gathered once for all rules.
struct FileItems<'f> {
    cx: FileContext<'f>,
    ids: Vec<EntryId<'f>>,
    entries: Vec<&'f CiEntry>,
}

impl<'f> FileItems<'f> {
    fn of(file: &'f AgentFile, project: ProjectContext<'f>) -> Self {
        let cx = FileContext::new(project, file);
        let entries = cx.entries.counting().collect();
        Self { cx, ids: file.config.entry_ids(), entries }
    }
}

fn run(
    rule: &dyn Rule,
    input: &Input,
    items: Option<&FileItems<'_>>,
    project: &ProjectContext<'_>,
    findings: &mut Findings,
) {
    rule.check_input(input, project, findings);
    if let Some(template) = input.template(project.gitlab) {
        rule.check_template(&template, project, findings);
    }
    let Some(FileItems { cx, ids, entries }) = items else { return };
    rule.check_file(cx.file, cx, findings);
    for problem in cx.file.config.document.problems() {
        rule.check_syntax(problem, cx, findings);
    }
    for problem in &cx.file.config.problems {
        rule.check_problem(problem, cx, findings);
    }
    for id in ids {
        rule.check_id(id, cx, findings);
    }
    for entry in entries {
        rule.check_entry(entry, cx, findings);
    }
}

fn is_met(need: Need, context: &Context) -> bool {
    match need {
        Need::Project => context.project.is_some(),
        Need::Inventory => context.inventory.is_some(),
        Need::Release => !context.is_release_assumed,
        Need::InstanceSetting => context.instance_authorization.is_some(),
    }
}

/// Keeps secrets out of what is printed. A change that would have to print one is dropped.
fn mask(finding: &mut Finding) {
    let texts = [&mut finding.message, &mut finding.label, &mut finding.route, &mut finding.anchor, &mut finding.key];
    let related = finding.related.iter_mut().map(|related| &mut related.message);
    let titles = finding.fix.iter_mut().chain(&mut finding.offers).map(|fix| &mut fix.title);
    for text in texts.into_iter().chain(&mut finding.help).chain(related).chain(titles) {
        if let std::borrow::Cow::Owned(masked) = secrets::mask(text) {
            *text = masked;
        }
    }
    let shows_secret = |fix: &mut Fix| fix.edits.iter().any(|edit| !secrets::find(&edit.text).is_empty());
    finding.fix = finding.fix.take_if(|fix| !shows_secret(fix));
    finding.offers.retain_mut(|fix| !shows_secret(fix));
}
