//! From a main file to its pipeline: includes, then `extends`, then `!reference`, then the jobs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::block_text;
use super::doubt::Conditions;
use super::extends::Extended;
use super::include::{Included, Reader};
use super::job::{Found, Surroundings, has_script, in_doubt_among, is_trigger, job, of_rules};
use super::keys::{self, Of};
use super::keywords::variables;
use super::model::{Job, Pipeline, Rule};
use super::problem::{Problem, ProblemKind};
use super::references;
use super::resolver::Resolver;
use super::ruby_yaml::Kind;
use super::rules::rules;
use super::text::Text;
use super::value::{Entry, Map, Value, Work};
use super::variables::Scope;
use super::{Files, ProjectFacts};
use crate::source::{Place, Source};

/// How many steps one configuration may take; a few hundred jobs need some ten thousand.
const MAX_STEPS: usize = 2_000_000;

/// Keywords of the top level, which are no jobs.
///
/// Source: `lib/gitlab/ci/config/entry/root.rb`.
const KEYWORDS: [&str; 11] = [
    "default",
    "include",
    "before_script",
    "image",
    "services",
    "after_script",
    "variables",
    "stages",
    "types",
    "cache",
    "workflow",
];

impl Pipeline {
    /// Reads a configuration, usually `.gitlab-ci.yml`. `main` is a path from the top of the repository.
    ///
    /// Inputs of the main file have their defaults here; whoever starts a pipeline may give others.
    #[must_use]
    pub fn read(main: &str, files: &dyn Files, facts: &ProjectFacts) -> Self {
        let work = Work::new(MAX_STEPS);
        let scope = Scope::predefined(facts);
        let mut reader = Reader::new(files);
        let (root, included) = reader.main(main, &scope, &work);
        let mut pipeline = Self::of(root, included, &work);
        let place = || {
            let source = pipeline.sources.first().map_or_else(|| Arc::new(Source::new(main, "")), Arc::clone);
            Place::new(&source, crate::source::Span::default())
        };
        pipeline.settle(place(), &work);
        if pipeline.jobs.iter().any(|job| job.trigger.is_some()) {
            pipeline.read_children(&mut reader, &scope, &Work::new(MAX_STEPS));
        }
        pipeline
    }

    pub(super) fn of(root: Option<Arc<Map>>, included: Included, work: &Work) -> Self {
        let stopped = included.problems.iter().any(|problem| hides_content(&problem.kind));
        let mut pipeline = Self {
            sources: included.sources,
            problems: included.problems,
            unread: included.unread,
            inputs: included.inputs,
            conditional: included.conditional,
            stopped,
            ..Self::default()
        };
        if let Some(root) = root {
            pipeline.fill(&root, work);
        }
        pipeline
    }

    fn fill(&mut self, root: &Arc<Map>, work: &Work) {
        let is_incomplete = self.is_incomplete();
        let mut resolver = Resolver::new(root, work, is_incomplete);
        self.stages = resolver.get(root, "stages").map(|stages| {
            let names = resolver.flatten(&stages);
            names.iter().filter_map(|name| name.as_text().map(Text::shared)).collect()
        });
        self.variables = variables(&mut resolver, root);
        let (workflow_rules, is_workflow_in_doubt) = workflow_rules(&mut resolver, root);
        self.workflow_rules = workflow_rules;
        let default = resolver.get(root, "default").and_then(|default| default.as_map().cloned());
        if let Some(default) = &default {
            defined_twice(&mut resolver, root, default);
            if !(has_script(default) || is_trigger(default)) {
                keys::default(&mut resolver, default);
            }
        }
        let surroundings = Surroundings {
            root,
            default,
            variables: self.variables.clone(),
            is_workflow_in_doubt,
            naming: Work::new(MAX_STEPS),
            is_incomplete,
            conditional: &self.conditional,
            main: self.sources.first(),
        };
        // What is missing outside of jobs may be missing in any of them.
        let mut is_partial = resolver.is_partial;
        let mut jobs = Vec::new();
        for (at, entry) in root.entries().iter().enumerate() {
            if work.is_exhausted() {
                is_partial = true;
                break;
            }
            jobs.extend(read_entry(&mut resolver, at, entry, &surroundings));
        }
        self.stopped |= is_partial;
        self.jobs = jobs;
        self.problems.append(&mut resolver.extends.problems);
        self.problems.append(&mut resolver.problems);
        self.unverified.append(&mut resolver.unverified);
        // Where something else is wrong, stages and jobs may stand there; and what a file may bring along that is perhaps included,
        // is not known.
        let hides_nothing = self.problems.iter().all(|problem| problem.kind.hides_nothing());
        let is_whole = hides_nothing && !self.is_incomplete() && self.conditional.is_empty();
        let is_of_main = |place: &Place| {
            self.sources.first().is_some_and(|main| Arc::ptr_eq(main, &place.source)) && !place.span.is_empty()
        };
        // The main file lies over all that it includes, whatever stands there.
        let are_stages_of_main = || root.entry("stages").is_some_and(|stages| is_of_main(&stages.key.text.place));
        if root.entry("types").is_none() {
            let mut unknown = match is_whole {
                true => self.unknown_stages(|_| true),
                false if hides_nothing && !self.stopped && are_stages_of_main() => {
                    self.unknown_stages(|job| job.stage_place.as_ref().is_some_and(is_of_main))
                }
                false => Vec::new(),
            };
            self.problems.append(&mut unknown);
        }
        if is_whole {
            self.problems.append(&mut references::undefined(&self.jobs));
        }
    }

    /// Those of the jobs whose stage is known that have one which there is not.
    ///
    /// Source: `validate_job_stage!` in `lib/gitlab/ci/yaml_processor.rb`, `lib/gitlab/ci/config/entry/stages.rb`.
    fn unknown_stages(&self, is_known: impl Fn(&Job) -> bool) -> Vec<Problem> {
        const EDGES: [&str; 2] = [".pre", ".post"];
        let defaults = ["build", "test", "deploy"].map(Arc::from);
        let stages = self.stages.as_deref().unwrap_or(&defaults);
        if stages.is_empty() {
            return Vec::new();
        }
        let known: HashSet<&str> = stages.iter().map(|stage| &**stage).chain(EDGES).collect();
        let of_job = |job: &Job| {
            let stage = job.stage.clone().unwrap_or_else(|| "test".into());
            if known.contains(&*stage) || stage.contains("$[[") {
                return None;
            }
            let place = job.stage_place.as_ref().unwrap_or(&job.name_place).clone();
            let kind = ProblemKind::UnknownStage { stage, is_named: job.stage.is_some(), stages: stages.to_vec() };
            Some(Problem::new(kind, place))
        };
        // One is enough to refuse the configuration: of each stage the first job is told.
        let mut told = HashSet::new();
        let is_new = |problem: &Problem| told.insert(problem.message());
        self.jobs.iter().filter(|job| is_known(job)).filter_map(of_job).filter(is_new).take(20).collect()
    }

    /// Of a file that is no YAML, what follows the first place where it breaks is guesswork: no more is said of it than where it breaks.
    fn keep_what_breaks(&mut self) {
        let breaks = self.problems.iter().filter(|problem| problem.kind.is_of_syntax());
        let mut first: HashMap<*const Source, usize> = HashMap::new();
        for Place { source, span } in breaks.map(|problem| &problem.place) {
            let at = first.entry(Arc::as_ptr(source)).or_insert(span.start);
            *at = span.start.min(*at);
        }
        if first.is_empty() {
            return;
        }
        let is_guessed = |problem: &Problem| {
            let first = first.get(&Arc::as_ptr(&problem.place.source));
            first.is_some_and(|&first| problem.place.span.start >= first || problem.kind == ProblemKind::EmptyFile)
        };
        self.problems.retain(|problem| problem.kind.is_of_syntax() || !is_guessed(problem));
        self.unverified.retain(|problem| !is_guessed(problem));
    }

    /// Says each thing once, and at this place what kept the rest from being read.
    pub(super) fn settle(&mut self, place: Place, work: &Work) {
        if work.is_exhausted() {
            self.problems.push(Problem::new(ProblemKind::TooLarge, place));
            self.stopped = true;
        }
        self.keep_what_breaks();
        let mut said = HashSet::new();
        let mut is_new = |problem: &Problem| {
            let place = &problem.place;
            said.insert((Arc::as_ptr(&place.source), place.span, problem.message()))
        };
        self.problems.retain(&mut is_new);
        self.unverified.retain(&mut is_new);
    }
}

/// Whether a problem of a file may hide jobs.
fn hides_content(kind: &ProblemKind) -> bool {
    !matches!(kind, ProblemKind::Date(_) | ProblemKind::MissingInput(_))
}

/// `workflow:rules`, and whether it hangs on an included file which there are: any may apply then, or none.
fn workflow_rules(resolver: &mut Resolver<'_>, root: &Map) -> (Option<Vec<Rule>>, bool) {
    let ((workflow, rules), in_doubt) = resolver.doubting(|resolver| {
        let workflow = resolver.get(root, "workflow").and_then(|workflow| workflow.as_map().cloned());
        let rules = workflow.as_ref().and_then(|workflow| rules(resolver, Of::Workflow, workflow));
        (workflow, rules)
    });
    let entry = match &workflow {
        Some(workflow) => workflow.entry("rules"),
        None => root.entry("workflow"),
    };
    let entry = entry.filter(|_| in_doubt);
    let Some(entry) = entry else { return (rules, false) };
    let read = rules.into_iter().flatten().flat_map(|rule| rule.variables);
    let variables = in_doubt_among(of_rules(Some(entry), resolver), &read.collect::<Vec<_>>());
    (Some(vec![Rule::in_doubt(entry.value.place().clone(), variables)]), true)
}

/// Source: `overwrite_entry` in `lib/gitlab/ci/config/entry/default.rb`.
fn defined_twice(resolver: &mut Resolver<'_>, root: &Map, default: &Map) {
    for keyword in ["before_script", "image", "services", "after_script", "cache"] {
        if let (Some(top), Some(again)) = (root.entry(keyword), default.entry(keyword)) {
            let kind = ProblemKind::DefinedTwice(keyword.to_owned());
            let related = Some(again.key.text.place.clone());
            resolver.problems.push(Problem { kind, place: top.key.text.place.clone(), related });
        }
    }
}

fn read_entry(resolver: &mut Resolver<'_>, at: usize, entry: &Entry, surroundings: &Surroundings<'_>) -> Option<Job> {
    let name = &entry.key;
    if name.text.starts_with('.') {
        return None;
    }
    let own = entry.value.as_map();
    if KEYWORDS.contains(&&*name.text) {
        // `default` and `workflow` are no reserved words: with a script they are jobs.
        let is_reserved = !matches!(&*name.text, "default" | "workflow");
        let is_meant = own.is_some_and(|map| has_script(map) || is_trigger(map));
        // A variable may be named `script`, and what `include` takes is told by itself.
        if is_reserved && is_meant && !matches!(&*name.text, "variables" | "include") {
            let kind = ProblemKind::KeywordAsJob(name.text.to_string());
            resolver.problems.push(Problem::new(kind, name.text.place.clone()));
        }
        if is_reserved || !is_meant {
            return None;
        }
    }
    if name.kind != Kind::Text {
        resolver.problems.push(Problem::new(ProblemKind::JobName(name.text.to_string()), name.text.place.clone()));
        return None;
    }
    if let Some(own) = own {
        let Extended { map, is_partial, is_in_doubt, .. } = &resolver.extends.extended(at)?;
        let conditions = entry.doubt.as_ref().map(|doubt| doubt.conditions.clone()).unwrap_or_default();
        let (is_partial, is_in_doubt) = (*is_partial, *is_in_doubt);
        return job(resolver, name, Found { map, own, conditions, is_partial, is_in_doubt }, surroundings);
    }
    // A whole job can be a reference.
    resolver.is_partial = false;
    match resolver.resolve(entry.value.clone()) {
        Some(Value::Map(map)) => {
            let conditions = Conditions::default();
            let found = Found { map: &map, own: &map, conditions, is_partial: false, is_in_doubt: false };
            job(resolver, name, found, surroundings)
        }
        Some(_) => {
            let Place { source, span } = &name.text.place;
            let kind =
                ProblemKind::JobNoMap { name: name.text.to_string(), below: block_text::above(source, span.start) };
            resolver.problems.push(Problem::new(kind, name.text.place.clone()));
            None
        }
        None => None,
    }
}
