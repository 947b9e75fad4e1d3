//! Jobs of CI files: the rows of `access --jobs`, and what `check` reports of the contexts that they select.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::ask::{is_done, together};
use crate::call::{Caller, Run};
use crate::claims::{About, Fact, Gets, Ledger, NO_ENVIRONMENT, Source};
use crate::contract;
use crate::reports::Findings;
use crate::repository::{Repository, within};
use crate::rows::{self, Answers, Question};

/// The rules that report a context that a job does not get.
pub const REPORTS: [&str; 4] = ["context-not-granted", "environment-not-granted", "unprotected-job", "unknown-context"];

/// A context that a job selects, as `access --jobs` tells it.
#[derive(Debug)]
pub struct Selected {
    /// The CI file.
    pub path: String,
    /// 1-based
    pub line: usize,
    pub context: String,
    /// The folder of the CI file's project.
    pub folder: String,
    pub project: Option<String>,
    pub cases: Vec<Case>,
}

/// One way in which the job may run.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub environment: Option<String>,
    /// Whether the environment's name hangs on variables.
    pub is_open: bool,
    /// Whether the refs are protected on which it may run.
    pub refs: BTreeSet<Option<bool>>,
    /// What `granted` says of the context, and why.
    granted: String,
    reason: String,
    /// The rows on protected refs and on others, where it may run there.
    rows: [Option<Json>; 2],
}

impl Case {
    /// The kinds of refs that count: where protection is not known, both.
    fn kinds(&self) -> BTreeSet<bool> {
        self.refs.iter().flat_map(|protected| protected.map_or(vec![true, false], |one| vec![one])).collect()
    }

    fn rows(&self, protected: bool) -> Option<&Json> {
        self.rows[usize::from(!protected)].as_ref()
    }

    /// Whether the context is that of an agent that nobody registered.
    fn is_unregistered(&self) -> bool {
        self.reason == "no such agent is registered"
    }

    /// Whether the case gets an agent on all these refs together.
    pub fn gets(&self, protected: Option<bool>, agent: &str) -> Option<Gets> {
        let kinds = protected.map_or(vec![true, false], |one| vec![one]);
        let gets: Option<Vec<Gets>> =
            kinds.into_iter().map(|protected| Some(rows::gets(self.rows(protected)?, agent))).collect();
        together(&gets?)
    }
}

impl Selected {
    /// Whether the context is that of an agent that is known.
    pub fn is_agent(&self) -> bool {
        let nobodys =
            ["nothing is known of such an agent", "there is no such agent", "hangs on ", "this is no agent's"];
        !self.cases.iter().any(|case| nobodys.iter().any(|reason| case.reason.starts_with(reason)))
    }
}

/// The name of the agent of a context.
pub fn agent_of(context: &str) -> &str {
    context.rsplit(':').next().unwrap_or_default()
}

/// Takes down what `access --jobs` says, and gives the contexts that jobs select.
pub fn claim(
    repository: &Repository,
    caller: &Caller<'_>,
    run: &Run,
    answers: &Answers,
    ledger: &mut Ledger,
) -> Vec<Selected> {
    let source = Source::AccessJobs;
    if !is_done(run, source, ledger) {
        return Vec::new();
    }
    let lines = match run.lines() {
        Ok(lines) => lines,
        Err(error) => {
            ledger.fault(source, error);
            return Vec::new();
        }
    };
    let mut selected = Vec::new();
    for place in repository.places().into_iter().filter(|place| place.project.jobs.is_some()) {
        if !repository.is_compared(&place) {
            continue;
        }
        let path = within(&place.folder, ".gitlab-ci.yml");
        let is_it = |line: &&Json| line["path"].as_str().is_some_and(|told| caller.relative(told) == path);
        let told = lines.iter().find(is_it);
        match (repository.has_certain_top(), place.is_mere_folder()) {
            (true, true) if told.is_some() => {
                ledger.fault(source, format!("the jobs of {path} are told, where no project is"))
            }
            (true, false) if told.is_none() => ledger.fault(source, format!("the jobs of {path} are not told")),
            _ => {}
        }
        let Some(told) = told.filter(|_| !(repository.has_certain_top() && place.is_mere_folder())) else { continue };
        let folder = contract::shown(&place.folder);
        let project = told["project"].as_str().map(str::to_owned);
        ledger.claim(About::Path, &folder, source, [Fact::Path(project.clone())]);
        let before = selected.len();
        of_project(told, (&path, &folder, project), &mut selected);
        for one in &selected[before..] {
            claim_answers(repository, one, answers, ledger);
        }
        for (number, job) in place.project.jobs.iter().flatten().enumerate() {
            let cases = || told["jobs"][number]["cases"].as_array().into_iter().flatten();
            let names = cases().map(|case| case["environment"].as_str().unwrap_or(NO_ENVIRONMENT).to_owned());
            let written = job.environment.unwrap_or(NO_ENVIRONMENT);
            claim_environments(&format!("job-{number} in {path}"), names.collect(), written, ledger);
        }
    }
    selected
}

/// Which environments a job may have, and which of them the other sources may name alone.
fn claim_environments(job: &str, names: BTreeSet<String>, written: &str, ledger: &mut Ledger) {
    let one = |name: &str| BTreeSet::from([name.to_owned()]);
    // On a ref that is known, the name of the ref is known as well.
    let on_main = written.replace("$CI_COMMIT_REF_SLUG", "main");
    let may_be = [one(written), one(&on_main), [written.to_owned(), on_main.clone()].into()];
    ledger.claim(About::Environments, job, Source::Contract, may_be.map(Fact::Environments));
    let of_one = format!("{job}, one of them");
    let each: Vec<Fact> = names.iter().map(|name| Fact::Environments(one(name))).collect();
    ledger.claim(About::Environments, &of_one, Source::AccessJobs, each);
    if !names.is_empty() {
        ledger.claim(About::Environments, job, Source::AccessJobs, [Fact::Environments(names)]);
    }
}

/// Takes down the environments in the table of the jobs of a CI file.
pub fn claim_table<'t>(mut lines: impl Iterator<Item = &'t str>, path: &str, ledger: &mut Ledger) {
    let header = lines.by_ref().take_while(|line| !line.is_empty()).find(|line| line.trim_start().starts_with("job "));
    let column = |name: &str| header?.find(name);
    let (Some(start), Some(end)) = (column("environment"), column("runs on")) else { return };
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut job = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let cell =
            |from: usize, to: usize| line.chars().skip(from).take(to - from).collect::<String>().trim().to_owned();
        let (name, environment) = (cell(0, start), cell(start, end));
        // A cell goes on in the lines below, of which the others may take some more.
        job = Some(name).filter(|name| !name.is_empty()).or(job);
        if let (Some(job), false) = (&job, environment.is_empty()) {
            all.entry(job.clone()).or_default().insert(environment);
        }
    }
    for (job, environments) in all {
        let environments = Fact::Environments(environments);
        ledger.claim(About::Environments, format!("{job} in {path}"), Source::AccessForPeople, [environments]);
    }
}

fn of_project(told: &Json, (path, folder, project): (&str, &str, Option<String>), selected: &mut Vec<Selected>) {
    for job in told["jobs"].as_array().into_iter().flatten() {
        for case in job["cases"].as_array().into_iter().flatten() {
            for select in case["selects"].as_array().into_iter().flatten() {
                let line = select["line"].as_u64().unwrap_or_default() as usize;
                let context = select["context"].as_str().unwrap_or_default();
                let runs = case["runs"].as_array().into_iter().flatten();
                let case = Case {
                    name: case["name"].as_str().unwrap_or_default().to_owned(),
                    environment: case["environment"].as_str().map(str::to_owned),
                    is_open: case.get("environment_unknown").is_some(),
                    refs: runs.map(|run| run["protected"].as_bool()).collect(),
                    granted: select["granted"].as_str().unwrap_or_default().to_owned(),
                    reason: select["reason"].as_str().unwrap_or_default().to_owned(),
                    rows: ["protected", "unprotected"].map(|refs| case.get(refs).cloned()),
                };
                match selected.iter_mut().find(|one| one.path == path && one.line == line && one.context == context) {
                    Some(known) => known.cases.push(case),
                    None => selected.push(Selected {
                        path: path.to_owned(),
                        line,
                        context: context.to_owned(),
                        folder: folder.to_owned(),
                        project: project.clone(),
                        cases: vec![case],
                    }),
                }
            }
        }
    }
}

/// Who gets in, by the rows of the jobs, and whether `granted` says the same.
fn claim_answers(repository: &Repository, one: &Selected, answers: &Answers, ledger: &mut Ledger) {
    let source = Source::AccessJobs;
    let Some(project) = &one.project else { return };
    for case in &one.cases {
        for protected in case.kinds() {
            let Some(told) = case.rows(protected) else { continue };
            let subject = rows::job(project, case.environment.as_deref(), Some(protected));
            if !case.is_open {
                ledger.claim(About::Rows, &subject, source, [rows::fact(told)]);
            }
            for config in repository.configs().iter().filter(|config| repository.is_compared(&config.place)) {
                let gets = rows::gets(told, &config.name);
                ledger.claim(About::Gets, format!("{subject}, agent {}", config.name), source, [Fact::Gets(gets)]);
            }
        }
        let agent = agent_of(&one.context);
        let asked = case.kinds().into_iter().map(|protected| {
            let question = Question { project: project.clone(), environment: case.environment.clone(), protected };
            Some(rows::gets(answers.get(&question)?, agent))
        });
        let asked: Option<Vec<Gets>> = asked.collect();
        // Nobody sees an agent that is not registered, whatever else is known.
        let is_told = one.is_agent() && !case.is_open && !case.is_unregistered();
        if let (true, Some(asked)) = (is_told, asked.as_deref().and_then(together)) {
            let granted = match case.granted.as_str() {
                "yes" => vec![Gets::Yes],
                "no" => vec![Gets::No],
                "depends" => vec![Gets::Depends],
                "unknown" => vec![Gets::FileRefused, Gets::NoSuchProject],
                other => return ledger.fault(source, format!("granted {other}")),
            };
            let subject = format!("{} of {}:{} at {}", case.name, one.path, one.line, one.context);
            ledger.claim(About::Gets, &subject, source, granted.into_iter().map(Fact::Gets));
            ledger.claim(About::Gets, &subject, Source::AccessQueries, [Fact::Gets(asked)]);
        }
    }
}

/// `check` reports a context exactly where `access --jobs` says of some case of the job that it does not get it.
pub fn claim_reports(selected: &[Selected], findings: &Findings, answers: &Answers, ledger: &mut Ledger) {
    for one in selected {
        let subject = format!("{} in {}:{}", one.context, one.path, one.line);
        let here = findings.rules_at(&one.path, one.line);
        let told: Vec<Fact> = REPORTS
            .iter()
            .filter(|rule| here.contains(**rule))
            .map(|rule| Fact::Reported(Some((*rule).to_owned())))
            .collect();
        let told = if told.is_empty() { vec![Fact::Reported(None)] } else { told };
        ledger.claim(About::Selection, &subject, Source::Check, told);
        ledger.claim(About::Selection, &subject, Source::AccessJobs, expected(one, answers));
        claim_words(one, findings, ledger);
    }
}

/// Which project and which environment the findings about a context name.
fn claim_words(one: &Selected, findings: &Findings, ledger: &mut Ledger) {
    let source = Source::Check;
    for text in findings.texts_at(&one.path, one.line, "context-not-granted") {
        if let Some((_, rest)) = text.split_once("does not let ") {
            let project = rest.split_once(" in:").map_or(rest, |(project, _)| project).trim_matches('`');
            ledger.claim(About::Path, &one.folder, source, [Fact::Path(Some(project.to_owned()))]);
        }
    }
    for text in findings.texts_at(&one.path, one.line, "environment-not-granted") {
        let (_, rest) = text.split_once(" does not let in ").unwrap_or_default();
        let rest = rest.split_once(": it takes ").map_or(rest, |(jobs, _)| jobs);
        let quoted: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        let (job, environment) = match (rest.contains("` (no environment)"), &quoted[..]) {
            (false, [job, environment, ..]) => (*job, *environment),
            (true, [job, ..]) => (*job, NO_ENVIRONMENT),
            _ => {
                ledger.fault(source, format!("it names no environment: {text}"));
                continue;
            }
        };
        let environments = Fact::Environments([environment.to_owned()].into());
        let job = format!("{job} in {}, one of them", one.path);
        ledger.claim(About::Environments, job, source, [environments]);
    }
}

/// The rules that may report a context, by what `access --jobs` says.
fn expected(one: &Selected, answers: &Answers) -> Vec<Fact> {
    let reported =
        |rules: &[&str]| -> Vec<Fact> { rules.iter().map(|rule| Fact::Reported(Some((*rule).to_owned()))).collect() };
    let refused: Vec<&Case> = one.cases.iter().filter(|case| case.granted == "no").collect();
    let Some(first) = refused.first() else {
        let mut facts = vec![Fact::Reported(None)];
        // Where no inventory tells the agents, a name that is nearly that of an agent is reported all the same.
        if one.cases.iter().any(|case| case.reason == "nothing is known of such an agent") {
            facts.extend(reported(&["unknown-context"]));
        }
        return facts;
    };
    if !one.is_agent() || first.is_unregistered() {
        return reported(&["unknown-context"]);
    }
    let agent = agent_of(&one.context);
    let rows = || {
        let of_case = first.kinds().into_iter().filter_map(|protected| first.rows(protected));
        of_case.flat_map(|told| rows::of_agent(told, "denied", agent))
    };
    let fails = rows().any(|row| row["reason"].as_str().is_some_and(|reason| reason.contains("regular expression")));
    if one.cases.len() > 1 || first.is_open || fails {
        return reported(&REPORTS[..3]);
    }
    let on_protected = one.project.as_ref().map(|project| Question {
        project: project.clone(),
        environment: first.environment.clone(),
        protected: true,
    });
    let would_get = on_protected
        .and_then(|question| Some(rows::gets(answers.get(&question)?, agent)))
        .is_some_and(|gets| matches!(gets, Gets::Yes | Gets::Depends));
    match (would_get, rows().any(|row| row.get("entry").is_some())) {
        (true, _) => reported(&["unprotected-job"]),
        (false, true) => reported(&["environment-not-granted"]),
        (false, false) => reported(&["context-not-granted"]),
    }
}
