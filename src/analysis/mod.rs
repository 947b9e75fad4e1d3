//! The one analysis behind the command line, the editor and the pipeline. It does no I/O and reads no clock.

pub(crate) mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use self::workspace::Workspace;
use crate::access::jobs::ProjectJobs;
use crate::agent_config::CiEntry;
use crate::ci::Pipeline;
use crate::diagnostic::suppression::{self, AcceptedFinding};
use crate::diagnostic::{Finding, Fix, Level, Selection};
use crate::diagnostic::{INTERNAL_ERROR, Need, RuleInfo, Topic};
use crate::gitlab::PartialText;
use crate::project::{AgentFile, Context, EntryId, Input};
use crate::rules::{self, Findings, Jobs, RULES, Rule};
use crate::source::secrets;
use crate::source::{Source, Span};
use crate::yaml;

/// A project with what is known about it.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its agent configurations, and what looks like one.
    pub inputs: Vec<Input>,
    /// Its CI file.
    pub pipeline: Option<Pipeline>,
    /// The paths of the files that were asked for; `None` for all. Others are there to be known.
    pub named: Option<BTreeSet<String>>,
    /// What is known about GitLab's side.
    pub context: Context,
    /// Which rules run.
    pub selection: Selection,
    /// The environments of its jobs, once somebody asked; `None` within where they are not all known.
    environments: OnceLock<Option<Vec<PartialText>>>,
}

impl Project {
    /// A project of which all files are meant.
    #[must_use]
    pub fn new(inputs: Vec<Input>, context: Context, selection: Selection) -> Self {
        Self { inputs, pipeline: None, named: None, context, selection, environments: OnceLock::new() }
    }

    /// Takes another CI file.
    pub fn set_pipeline(&mut self, pipeline: Option<Pipeline>) {
        self.pipeline = pipeline;
        self.environments = OnceLock::new();
    }

    /// The environments of its jobs, once they were worked out; `None` where jobs may be missing.
    pub(crate) fn job_environments(&self) -> Option<&[PartialText]> {
        self.environments.get()?.as_deref()
    }

    /// Whether anything of it was asked for; others are there to be known.
    #[must_use]
    pub fn is_asked_for(&self) -> bool {
        self.named.as_ref().is_none_or(|named| !named.is_empty())
    }

    fn is_meant(&self, path: &str) -> bool {
        self.named.as_ref().is_none_or(|named| named.contains(path))
    }
}

/// What the analysis of a project gives.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// The findings, in the order of files and places.
    pub findings: Vec<Finding>,
    /// Rules that could not run for want of knowledge, with what they want.
    pub unchecked: Vec<(&'static RuleInfo, Need)>,
    /// What could not be read of the CI file, as lines for the summary.
    pub remarks: Vec<String>,
    /// The paths of the configurations that were found, CI files included.
    pub files: Vec<String>,
    /// Whether a rule failed inside.
    pub has_internal_error: bool,
    /// How many findings comments and settings hide.
    pub hidden: usize,
    /// Which of the findings that the settings accept were there, by position.
    pub met: BTreeSet<usize>,
}

/// Analyses projects with all rules; the results are in the order of the projects.
#[must_use]
pub fn analyse(projects: &[Project]) -> Vec<Analysis> {
    analyse_with(projects, RULES)
}

/// The same with other rules, for tests of the analysis itself.
#[must_use]
pub fn analyse_with(projects: &[Project], rules: &[&dyn Rule]) -> Vec<Analysis> {
    analyse_all(projects, rules, &Steps::default())
}

/// The same as `analyse`; meanwhile, whoever holds the steps can see how far it is.
#[must_use]
pub fn analyse_watched(projects: &[Project], steps: &Steps) -> Vec<Analysis> {
    analyse_all(projects, RULES, steps)
}

/// How far an analysis is: each agent configuration and each CI file counts `Steps::A_FILE` times.
#[derive(Debug, Default)]
pub struct Steps(AtomicUsize);

impl Steps {
    /// The steps of an analysis for each file: it is read, or its jobs worked out, and then checked.
    pub const A_FILE: usize = 2;

    /// Counts steps.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The steps so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// The same with rules and steps.
pub(crate) fn analyse_all(projects: &[Project], rules: &[&dyn Rule], steps: &Steps) -> Vec<Analysis> {
    look(projects, steps, Asked::ByJobs, |facts| facts.analyse(rules, steps))
}

/// Who asks who gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Jobs alone, so that nothing is worked out where no project has a CI file.
    ByJobs,
    /// Somebody in any case.
    Anyway,
}

/// Projects side by side with what was worked out about them: their files decoded, their jobs, who gets in.
pub(crate) struct Facts<'p> {
    /// The projects.
    pub projects: &'p [Project],
    /// The files of each, by the position of its inputs; `None` for what has no text.
    pub files: &'p [Vec<Option<Arc<AgentFile>>>],
    /// What they have to do with each other.
    pub workspace: &'p Workspace<'p>,
}

/// Works out projects and shows them. Analyses do nothing else, and what editors ask between two analyses starts here as well.
pub(crate) fn look<R>(projects: &[Project], steps: &Steps, asked: Asked, work: impl FnOnce(&Facts<'_>) -> R) -> R {
    let read_project = |project: &Project| read_project(project, steps);
    // Threads cost more to start than a few small files cost to check.
    let is_small = projects.len() <= FEW;
    let files: Vec<Vec<Option<Arc<AgentFile>>>> = match is_small {
        true => projects.iter().map(read_project).collect(),
        false => projects.par_iter().map(read_project).collect(),
    };
    let known = workspace::ci_projects(projects);
    let neighbourhoods = workspace::neighbourhoods(projects, &files, asked);
    let jobs_of = |(project, known)| {
        let project: &Project = project;
        let pipeline = project.pipeline.as_ref()?;
        steps.add(1);
        // Of a project that nobody asks about, only the environments count, and those may be known.
        if !project.is_asked_for() && project.environments.get().is_some() {
            return None;
        }
        let jobs = ProjectJobs::of(pipeline, known);
        project.environments.get_or_init(|| jobs.environments());
        Some(jobs)
    };
    let jobs = match is_small {
        true => projects.iter().zip(&known).map(jobs_of).collect(),
        false => projects.par_iter().zip(&known).map(jobs_of).collect(),
    };
    let workspace = Workspace::of(projects, &files, jobs, neighbourhoods);
    work(&Facts { projects, files: &files, workspace: &workspace })
}

/// How many projects are worked out one after the other.
const FEW: usize = 4;

impl Facts<'_> {
    fn analyse(&self, rules: &[&dyn Rule], steps: &Steps) -> Vec<Analysis> {
        let check = |at: usize| {
            let (project, files) = (self.projects.get(at)?, self.files.get(at)?);
            Some(check_project(project, files, at, self.workspace, (rules, steps)))
        };
        match self.projects.len() <= FEW {
            true => (0..self.projects.len()).filter_map(check).collect(),
            false => (0..self.projects.len()).into_par_iter().filter_map(check).collect(),
        }
    }

    /// What is known about GitLab's side of the project at a position, the environments of jobs included.
    pub fn context(&self, at: usize) -> Option<Context> {
        let context = self.projects.get(at)?.context.clone();
        Some(Context { job_environments: Arc::clone(&self.workspace.environments), ..context })
    }
}

fn read_project(project: &Project, steps: &Steps) -> Vec<Option<Arc<AgentFile>>> {
    let inputs = project.inputs.iter();
    inputs.map(|input| input.decoded(&project.context)).inspect(|_| steps.add(1)).collect()
}

fn check_project(
    project: &Project,
    files: &[Option<Arc<AgentFile>>],
    at: usize,
    workspace: &Workspace<'_>,
    (rules, steps): (&[&dyn Rule], &Steps),
) -> Analysis {
    if !project.is_asked_for() {
        steps.add(project.inputs.len() + usize::from(project.pipeline.is_some()));
        return Analysis::default();
    }
    let rules: Vec<&dyn Rule> = rules.iter().copied().filter(|rule| project.selection.runs(rule.info())).collect();
    let context = &Context { job_environments: Arc::clone(&workspace.environments), ..project.context.clone() };
    let mut analysis = Analysis::default();
    // A rule that speaks of something in files runs without regret where no file has it.
    let mut concerned = vec![false; rules.len()];
    for (input, file) in project.inputs.iter().zip(files).inspect(|_| steps.add(1)) {
        if !project.is_meant(input.source.path()) {
            continue;
        }
        let parts = file.as_ref().map(|file| Parts::of(file, context));
        analysis.files.push(input.source.path().to_owned());
        let before = analysis.findings.len();
        for (rule, is_concerned) in rules.iter().zip(&mut concerned) {
            *is_concerned |= file.as_ref().is_none_or(|file| rule.concerns(file));
            analysis.run(*rule, &input.source, &mut |findings| {
                run(*rule, input, parts.as_ref(), context, findings);
            });
        }
        if let Some(file) = file {
            let found = analysis.findings.iter_mut().skip(before);
            found.for_each(|finding| finding.anchor = file.config.anchor(&finding.route));
        }
    }
    if let Some((jobs, main)) = workspace.jobs(at).and_then(|jobs| Some((jobs, jobs.pipeline.sources.first()?))) {
        analysis.files.extend(Some(main.path().to_owned()).filter(|path| project.is_meant(path)));
        let before = analysis.findings.len();
        if let Some(index) = workspace.index(project, at) {
            let told =
                Jobs { context, index, all: jobs, sources: &workspace.sources, uses_agents: jobs.uses_agents(index) };
            for rule in &rules {
                analysis.run(*rule, main, &mut |findings| run_on_jobs(*rule, &told, findings));
            }
        }
        let found = analysis.findings.split_off(before);
        analysis.findings.extend(found.into_iter().filter(|finding| project.is_meant(finding.place.source.path())));
        analysis.remarks = unread(jobs);
    }
    steps.add(usize::from(project.pipeline.is_some()));
    for (rule, _) in rules.iter().zip(&concerned).filter(|(_, is_concerned)| **is_concerned) {
        let missing = rule.info().needs.iter().filter(|need| !is_met(**need, context));
        analysis.unchecked.extend(missing.map(|need| (rule.info(), *need)));
    }
    analysis.hide(project, files, workspace.jobs(at), &rules);
    for finding in &mut analysis.findings {
        if let Some(Level::On(severity)) = project.selection.level(finding.rule) {
            finding.severity = severity;
        }
        mask(finding);
    }
    analysis.findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    analysis
}

impl Analysis {
    /// Takes out what comments and settings accept, and adds what is wrong with the comments.
    fn hide(
        &mut self,
        project: &Project,
        files: &[Option<Arc<AgentFile>>],
        jobs: Option<&ProjectJobs<'_>>,
        rules: &[&dyn Rule],
    ) {
        let (accepted, base) = &project.selection.accepted;
        let before = self.findings.len();
        let met = &mut self.met;
        self.findings.retain(|finding| {
            let hiding = accepted.iter().position(|accepted| accepted.hides(finding, base));
            met.extend(hiding);
            hiding.is_none()
        });
        self.hidden += before - self.findings.len();

        let (mut directives, mut faults) = (Vec::new(), Vec::new());
        let mut read = |source: &Arc<Source>, comments: &[yaml::Comment]| {
            let (found, wrong) = suppression::directives(source, comments, rules::TABLE);
            directives.extend(found);
            faults.extend(wrong);
        };
        for file in files.iter().flatten().filter(|file| project.is_meant(file.source.path())) {
            read(&file.source, file.config.document.tree().comments());
        }
        let ci_files = jobs.map(|jobs| &jobs.pipeline.sources[..]).unwrap_or_default();
        for source in ci_files.iter().filter(|source| project.is_meant(source.path())) {
            // Few CI files have such comments, and reading one again takes as long as reading it.
            if source.text().contains(suppression::MARK) {
                read(source, yaml::read(source).tree().comments());
            }
        }
        let ran = |name: &str| {
            let rule = rules.iter().find(|rule| rule.info().name == name);
            rule.is_some_and(|rule| rule.info().needs.iter().all(|need| is_met(*need, &project.context)))
        };
        self.hidden += suppression::apply(&mut self.findings, directives, &ran);
        self.findings.extend(faults);
        self.findings.retain(|finding| finding.rule.topic != Topic::Linter || project.selection.runs(finding.rule));
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
pub fn unused_settings(projects: &[Project], analyses: &[Analysis]) -> Vec<Finding> {
    let mut by_place: BTreeMap<(String, usize), (&AcceptedFinding, bool)> = BTreeMap::new();
    for (project, analysis) in projects.iter().zip(analyses) {
        let is_whole = project.named.is_none() && project.selection.only.is_empty();
        for (at, accepted) in project.selection.accepted.0.iter().enumerate() {
            let could_run = rules::TABLE.find(accepted.rule).is_some_and(|rule| {
                project.selection.runs(rule) && !analysis.unchecked.iter().any(|(missing, _)| missing.name == rule.name)
            });
            let key = (accepted.place.source.path().to_owned(), accepted.place.span.start);
            let is_used = analysis.met.contains(&at) || !could_run || !is_whole;
            let entry = by_place.entry(key).or_insert((accepted, false));
            entry.1 |= is_used;
        }
    }
    by_place.into_values().filter(|(_, is_used)| !is_used).map(|(accepted, _)| accepted.unused()).collect()
}

fn run_on_jobs(rule: &dyn Rule, jobs: &Jobs<'_, '_>, findings: &mut Findings) {
    rule.check_pipeline(jobs, findings);
    if let Some(selection) = jobs.all.auto_devops_context() {
        rule.check_context(&selection, jobs, findings);
    }
    for job in &jobs.all.jobs {
        rule.check_job(job, jobs, findings);
        for selection in job.selections() {
            rule.check_selection(selection, job, jobs, findings);
            rule.check_context(selection, jobs, findings);
        }
    }
}

/// What a CI file includes and is not at hand, in one line.
fn unread(jobs: &ProjectJobs<'_>) -> Vec<String> {
    let Some(main) = jobs.pipeline.sources.first() else { return Vec::new() };
    let names: BTreeSet<String> =
        jobs.pipeline.unread.iter().map(|unread| format!("{} {}", unread.kind.name(), unread.name)).collect();
    let children: BTreeSet<&str> =
        jobs.pipeline.jobs.iter().filter(|job| job.has_child).map(|job| &*job.name).collect();
    let children = children.into_iter().map(|job| format!("the child pipeline of the job {job}"));
    let names: Vec<String> = names.into_iter().chain(children).collect();
    if names.is_empty() {
        return Vec::new();
    }
    let names = names.join(", ");
    vec![format!("Not read: what {} includes or starts elsewhere ({}).", main.path(), secrets::mask(&names))]
}

/// A file with the parts that rules are shown one by one, gathered once for all rules.
struct Parts<'f> {
    file: &'f AgentFile,
    ids: Vec<EntryId<'f>>,
    entries: Vec<&'f CiEntry>,
}

impl<'f> Parts<'f> {
    fn of(file: &'f AgentFile, context: &Context) -> Self {
        let entries = file.authorized_entries(context);
        Self { file, ids: file.config.entry_ids(), entries }
    }
}

fn run(rule: &dyn Rule, input: &Input, parts: Option<&Parts<'_>>, context: &Context, findings: &mut Findings) {
    rule.check_input(input, context, findings);
    let Some(Parts { file, ids, entries }) = parts else { return };
    rule.check_file(file, context, findings);
    for problem in file.config.document.problems() {
        rule.check_syntax(problem, file, findings);
    }
    for problem in &file.config.problems {
        rule.check_problem(problem, file, context, findings);
    }
    for id in ids {
        rule.check_id(id, file, context, findings);
    }
    for entry in entries {
        rule.check_entry(entry, file, context, findings);
    }
}

fn is_met(need: Need, context: &Context) -> bool {
    match need {
        Need::Project => context.project.is_some(),
        Need::Inventory => context.inventory.is_some(),
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
