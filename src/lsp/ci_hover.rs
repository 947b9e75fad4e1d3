//! What hovers say in CI files: whether a job gets the context that it selects, first of all.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::entries;
use super::place::{touches, word_at};
use super::world::HoverText;
use crate::access::jobs::{By, Grants, JobCase, JobView, KUBE_CONTEXT, ProjectJobs, Resolved, Selection};
use crate::access::{AgentId, Index, Outcome, Query};
use crate::analysis::Facts;
use crate::pipeline_rules::PipelineKind;
use crate::source::{Place, Source, Span};
use crate::words::{self, brief, printable, some_of};

/// How many things are listed before the others are counted.
const MOST: usize = 8;

/// How many characters a text has at most: what is said first is what was asked.
const SHORT: usize = 390;

/// How many agents are asked whether they let a job in, and for how many ways in which it may run.
const TRIED: (usize, usize) = (200, 4);

/// What is said at a place of a CI file.
pub(super) fn in_ci_file(facts: &Facts<'_>, project: usize, source: &Source, offset: usize) -> HoverText {
    let jobs = facts.jobs(project)?;
    let index = facts.index(project)?;
    let is_here = |place: &Place| place.source.path() == source.path() && touches(place.span, offset);
    let of_place = |place: &Place| {
        let of_jobs = jobs.jobs.iter().flat_map(|job| job.selections().iter().map(move |selection| (job, selection)));
        let here = of_jobs.filter(|(_, selection)| selection.place == *place);
        here.collect::<Vec<(&JobView<'_>, &Selection)>>()
    };
    let mut all = jobs.jobs.iter().flat_map(|job| job.selections());
    if let Some(selection) = all.find(|selection| is_here(&selection.place)) {
        return Some((selection.place.span, context_in_words(&of_place(&selection.place), selection, jobs, index)));
    }
    if let Some(selection) = jobs.contexts_in_values().iter().find(|selection| is_here(&selection.place)) {
        return Some((selection.place.span, context_in_words(&[], selection, jobs, index)));
    }
    let of_template = jobs.auto_devops_context();
    if let Some(unread) = jobs.pipeline.auto_devops().filter(|unread| is_here(&unread.place)) {
        return Some((unread.place.span, auto_devops_in_words(of_template.as_ref(), jobs, index)));
    }
    if let Some(job) = jobs.jobs.iter().find(|job| is_here(&job.job.name_place)) {
        return Some((job.job.name_place.span, job_in_words(job, jobs, index)));
    }
    let with_environment = |is_it: &dyn Fn(&Place) -> bool| -> Vec<&JobView<'_>> {
        let is_of = |job: &&JobView<'_>| job.job.environment.as_ref().is_some_and(|written| is_it(&written.place));
        jobs.jobs.iter().filter(is_of).collect()
    };
    let named = with_environment(&is_here);
    if let Some(place) = named.first().and_then(|job| Some(&job.job.environment.as_ref()?.place)) {
        return Some((place.span, environment_in_words(&named, jobs, index)));
    }
    let word = word_at(source, offset)?;
    let is_behind = |place: &Place| is_value_of(word, place, source);
    match source.slice(word) {
        KUBE_CONTEXT => {
            let mut all = jobs.jobs.iter().flat_map(|job| job.selections()).chain(&of_template);
            let text = match all.find(|selection| is_behind(&selection.place)) {
                Some(selection) => context_in_words(&of_place(&selection.place), selection, jobs, index),
                None => format!(
                    "No job that is read here selects what this `{KUBE_CONTEXT}` names: the deploy jobs of Auto DevOps do, and scripts with `kubectl config use-context \"${KUBE_CONTEXT}\"`."
                ),
            };
            Some((word, text))
        }
        "environment" => {
            let named = with_environment(&is_behind);
            (!named.is_empty()).then(|| (word, environment_in_words(&named, jobs, index)))
        }
        _ => None,
    }
}

/// Whether a value stands behind a key, with nothing in between but what belongs to the key.
fn is_value_of(key: Span, value: &Place, source: &Source) -> bool {
    const NEAR: usize = 200;
    if value.source.path() != source.path() || value.span.start < key.end || value.span.start > key.end + NEAR {
        return false;
    }
    let between = source.slice(Span::new(key.end, value.span.start));
    let between = between.trim_start_matches(['"', '\'']).strip_prefix(':').unwrap_or("-");
    let rest = between.trim().trim_start_matches('{').trim();
    let rest = rest.strip_prefix("name").or_else(|| rest.strip_prefix("value")).unwrap_or(rest);
    rest.chars().all(|character| character.is_whitespace() || ":\"'".contains(character))
}

/// As many of these parts as are short together, the first whatever it is.
fn short(parts: Vec<String>) -> String {
    let mut text = String::new();
    let mut left = SHORT;
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let count = part.chars().count() + 2;
        if text.is_empty() {
            text = if count > SHORT { part.chars().take(SHORT - 1).chain(['…']).collect() } else { part };
        } else if count <= left {
            let _ = write!(text, "\n\n{part}");
        } else {
            continue;
        }
        left = left.saturating_sub(count);
    }
    text
}

/// Whether these jobs get a context, which agent that is, and whom else it lets in.
fn context_in_words(
    here: &[(&JobView<'_>, &Selection)],
    selection: &Selection,
    jobs: &ProjectJobs<'_>,
    index: &Index<'_>,
) -> String {
    let agent = match resolved(selection, index) {
        Ok(agent) => agent,
        Err(text) => return text,
    };
    let mut named = format!("The agent `{}`", printable(&index.agent(agent).context()));
    if let Some(file) = index.agent(agent).file {
        let _ = write!(named, ", configured in `{}`", printable(file.path));
    }
    named.push('.');
    if selection.by == By::Environment {
        return format!("{named}{}", of_environment(here, agent, jobs, index));
    }
    let Some(project) = jobs.project.facts.path.as_deref() else {
        let open = "Whether the jobs here get it cannot be told: the path of this project is not known.".to_owned();
        return short(vec![open, named, granted(agent, index)]);
    };
    let mut told: Vec<String> = Vec::new();
    for (job, selection) in here {
        for case in selection.cases.iter().filter_map(|at| job.cases.get(*at)) {
            told.extend(case_in_words(case, agent, (project, jobs, index)));
        }
    }
    let mut seen = HashSet::new();
    told.retain(|line| seen.insert(line.clone()));
    short(vec![lines(&told), named, granted(agent, index)])
}

/// The answers for several cases, one a line, as far as they are short together.
fn lines(told: &[String]) -> String {
    const COUNT: usize = 30;
    if let [only] = told {
        return only.clone();
    }
    let mut text = String::new();
    for (at, line) in told.iter().enumerate() {
        let is_too_long = text.chars().count() + line.chars().count() + COUNT > SHORT;
        if at > 0 && (is_too_long || at == MOST) {
            let _ = write!(text, "\n- and {}", words::count(told.len() - at, "more case"));
            break;
        }
        let line: String = match line.chars().count() > SHORT - COUNT {
            true => line.chars().take(SHORT - COUNT - 1).chain(['…']).collect(),
            false => line.clone(),
        };
        let _ = write!(text, "{}- {line}", if at == 0 { "" } else { "\n" });
    }
    text
}

/// The agent of a context, or what is said of one that is no agent's.
fn resolved(selection: &Selection, index: &Index<'_>) -> Result<AgentId, String> {
    let name = printable(&selection.context.to_string());
    Err(match selection.resolve(index) {
        Resolved::Agent(agent) => return Ok(agent),
        Resolved::OtherCase(agent) => {
            let right = printable(&index.agent(agent).context());
            format!("No context has the name `{name}`: letter case counts, and the agent's is `{right}`.")
        }
        Resolved::NoAgent { project, agent } => {
            format!("No agent `{}` of `{}` is known here.", printable(agent), printable(project))
        }
        Resolved::Certificate => {
            format!("`{name}` is the cluster that is connected by a certificate, which is deprecated.")
        }
        Resolved::Open => format!("Which agent `{name}` is hangs on variables."),
        Resolved::Other(_) => format!("`{name}` is the name of no agent's context."),
    })
}

/// What a job's name stands for: its environments, the contexts that it selects and whether it gets them, or those that it may select.
fn job_in_words(job: &JobView<'_>, jobs: &ProjectJobs<'_>, index: &Index<'_>) -> String {
    let name = brief(&job.job.name);
    if job.cases.is_empty() {
        return format!("{name} runs in no pipeline.");
    }
    let environments = environments_of(&[job]);
    let runs = match &environments[..] {
        [] => format!("{name} has no environment."),
        [only] => format!("{name} runs for the environment {only}."),
        several => format!("{name} runs for the environments {}.", some_of(several, 3)),
    };
    let mut selects: Vec<String> = Vec::new();
    for selection in job.selections().iter().filter(|selection| selection.by != By::Environment).take(MOST) {
        let cases: Vec<&JobCase> = selection.cases.iter().filter_map(|at| job.cases.get(*at)).collect();
        let line = match resolved(selection, index) {
            Ok(agent) => {
                let does = match lets_in(&cases, agent, jobs, index) {
                    None => "may or may not get it",
                    Some(Answer::Yes) => "gets it",
                    Some(Answer::No) => "does **not** get it",
                    Some(Answer::Depends) => "gets it in some pipelines, or may",
                };
                format!("It selects {} and {does}.", brief(&index.agent(agent).context()))
            }
            Err(text) => text,
        };
        if !selects.contains(&line) {
            selects.push(line);
        }
    }
    let selected = match &selects[..] {
        [] => "It selects no agent's context.".to_owned(),
        lines => lines.join("\n\n"),
    };
    let cases: Vec<&JobCase> = job.cases.iter().take(TRIED.1).collect();
    short(vec![selected, runs, usable(&cases, jobs, index)])
}

/// Which agents let in jobs of an environment, as these jobs have it.
fn environment_in_words(here: &[&JobView<'_>], jobs: &ProjectJobs<'_>, index: &Index<'_>) -> String {
    let environments = environments_of(here);
    let named = match &environments[..] {
        [] => "No environment: the job runs in no pipeline in which it has one.".to_owned(),
        names => format!("The environment {} of the job.", some_of(names, 3)),
    };
    let cases: Vec<&JobCase> = here.iter().flat_map(|job| &job.cases).take(TRIED.1).collect();
    let usable = usable(&cases, jobs, index);
    short(vec![usable, named])
}

/// The names of the environments of jobs, each once.
fn environments_of(jobs: &[&JobView<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in jobs.iter().flat_map(|job| &job.cases).filter_map(|case| case.environment.as_ref()) {
        let name = brief(&name.to_string());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What Auto DevOps has to deploy with.
fn auto_devops_in_words(selection: Option<&Selection>, jobs: &ProjectJobs<'_>, index: &Index<'_>) -> String {
    let Some(selection) = selection else {
        let text = format!(
            "Auto DevOps deploys with the context in `{KUBE_CONTEXT}`, which the top level of no file sets: unless jobs or CI/CD variables do, it selects no agent."
        );
        return short(vec![text, agents_of_project(jobs, index)]);
    };
    let by = match resolved(selection, index) {
        Ok(agent) => format!(
            "Auto DevOps deploys by the agent {}, which `{KUBE_CONTEXT}` names.",
            brief(&index.agent(agent).context())
        ),
        Err(text) => format!("Auto DevOps deploys with what `{KUBE_CONTEXT}` names. {text}"),
    };
    let granted = resolved(selection, index).map(|agent| granted(agent, index)).unwrap_or_default();
    short(vec![by, granted])
}

/// The agents of which something names the project.
fn agents_of_project(jobs: &ProjectJobs<'_>, index: &Index<'_>) -> String {
    let Some(project) = jobs.project.facts.path.as_deref() else { return String::new() };
    let agents: Vec<String> =
        index.agents_for(project).into_iter().map(|agent| brief(&index.agent(agent).context())).collect();
    match &agents[..] {
        [] => "No agent that is known here names this project.".to_owned(),
        agents => format!("Agents that name this project: {}.", some_of(agents, 3)),
    }
}

/// What an agent answers several cases of jobs.
enum Answer {
    Yes,
    No,
    Depends,
}

/// Whether an agent lets cases in; `None` where the project's path is not known.
fn lets_in(cases: &[&JobCase], agent: AgentId, jobs: &ProjectJobs<'_>, index: &Index<'_>) -> Option<Answer> {
    let (mut yes, mut no) = (false, false);
    let asked = Grants::new(jobs, index);
    for case in cases {
        let grant = asked.of(case, agent)?;
        if grant.refusal().is_some() {
            no = true;
            continue;
        }
        for row in grant.rows.iter().flat_map(|rows| rows.iter()) {
            match row.outcome {
                Outcome::Allowed => yes = true,
                Outcome::Denied(_) => no = true,
                Outcome::Unknown(_) => (yes, no) = (true, true),
            }
        }
    }
    Some(match (yes, no) {
        (true, false) => Answer::Yes,
        (true, true) => Answer::Depends,
        (false, _) => Answer::No,
    })
}

/// The contexts that jobs get.
fn usable(cases: &[&JobCase], jobs: &ProjectJobs<'_>, index: &Index<'_>) -> String {
    let Some(project) = jobs.project.facts.path.as_deref() else {
        return "Which agents let the job in cannot be told: the path of this project is not known.".to_owned();
    };
    let (mut always, mut perhaps) = (Vec::new(), Vec::new());
    for agent in index.agents_for(project).into_iter().take(TRIED.0) {
        let context = || brief(&index.agent(agent).context());
        match lets_in(cases, agent, jobs, index) {
            Some(Answer::Yes) => always.push(context()),
            Some(Answer::Depends) => perhaps.push(context()),
            Some(Answer::No) | None => {}
        }
    }
    let perhaps = match &perhaps[..] {
        [] => String::new(),
        agents => format!(" In some of its pipelines, or perhaps: {}.", some_of(agents, 3)),
    };
    match &always[..] {
        [] if perhaps.is_empty() => "No agent that is known here lets the job in.".to_owned(),
        [] => perhaps.trim_start().to_owned(),
        agents => format!("Contexts that the job gets: {}.{perhaps}", some_of(agents, 3)),
    }
}

/// What environments get of the agent that jobs name for them: by `user_access` its dashboard, by `ci_access` managed resources.
fn of_environment(
    here: &[(&JobView<'_>, &Selection)],
    agent: AgentId,
    jobs: &ProjectJobs<'_>,
    index: &Index<'_>,
) -> String {
    if let Some(why) = words::unregistered(index.agent(agent)) {
        return format!("\n\nThe environment gets nothing by it: {}.", printable(&why));
    }
    let mut text = "\n\nIt is for the environment, and selects no context for scripts.".to_owned();
    let is_listed = |path: &&str| index.inventory().is_none_or(|inventory| inventory.find_project(path).is_some());
    let project = jobs.project.facts.path.as_deref().filter(is_listed);
    let mut told: Vec<String> = Vec::new();
    for environment in here.iter().filter_map(|(job, _)| job.job.environment.as_ref()) {
        let answers = [
            ("Dashboard", words::dashboard(index, agent, environment, project)),
            ("Managed resources", words::managed_resources(index, agent, environment, project)),
        ];
        for (what, answer) in answers {
            let line = format!("\n\n{what}: {}.", answer.in_words());
            if told.len() < MOST && !told.contains(&line) {
                told.push(line);
            }
        }
    }
    text.push_str(&told.concat());
    text
}

/// The entries of an agent, with what they ask for.
fn granted(agent: AgentId, index: &Index<'_>) -> String {
    let known = index.agent(agent);
    if let Some(why) = words::unregistered(known) {
        return format!("It lets nobody in: {}.", printable(&why));
    }
    if known.is_refused() {
        return "GitLab refuses its file: what was configured before stays in force, and that is not known.".to_owned();
    }
    let authorizations = index.entry_authorizations(agent);
    let home =
        known.project.map_or("its configuration project".to_owned(), |project| format!("`{}`", printable(project)));
    let mut text = format!("It lets in {home}");
    for (entry, _) in authorizations.iter().take(MOST) {
        let name = words::entry_name(entry);
        let restrictions = words::restrictions(entry);
        let restrictions = if restrictions.is_empty() { restrictions } else { format!(" ({restrictions})") };
        let _ = write!(text, ", {name}{restrictions}");
    }
    if authorizations.len() > MOST {
        let _ = write!(text, " and what {} more entries name", authorizations.len() - MOST);
    }
    text.push('.');
    text
}

/// What an agent answers one case of a job, on protected and on other refs.
fn case_in_words(
    case: &JobCase,
    agent: AgentId,
    (project, jobs, index): (&str, &ProjectJobs<'_>, &Index<'_>),
) -> Vec<String> {
    let Some(grant) = Grants::new(jobs, index).of(case, agent) else { return Vec::new() };
    let name = printable(&case.name);
    // What is said, and of which refs.
    let mut told: Vec<(String, Vec<&'static str>)> = Vec::new();
    for (run, rows) in case.runs.iter().zip(&grant.rows) {
        let protected = run.scenario.protected;
        let on = match protected {
            Some(true) => "on protected refs",
            Some(false) => "on refs that are not protected",
            None => "on refs of which that is not known",
        };
        let is_merge_request = run.scenario.kind == PipelineKind::MergeRequest;
        let query = Query { is_merge_request, ..case.query(project, protected) };
        let answer = index.query(&query);
        if answer.is_unknown_project() {
            return vec![format!("the inventory does not list `{}`", printable(project))];
        }
        for row in rows.iter() {
            let reason = printable(&words::reason(&answer, row, index.agent(agent)));
            let line = match row.outcome {
                Outcome::Allowed => {
                    let identity = row.winner.as_ref().map(entries::identity).unwrap_or_default();
                    let namespace = answer.namespace(row).map(|namespace| printable(&namespace.value));
                    let namespace = namespace.map(|name| format!(", default namespace `{name}`")).unwrap_or_default();
                    format!("gets it {identity}{namespace}: {reason}")
                }
                Outcome::Denied(_) => format!("does **not** get it: {reason}"),
                Outcome::Unknown(_) => format!("may or may not get it: {reason}"),
            };
            match told.iter_mut().find(|(known, _)| *known == line) {
                Some((_, refs)) if refs.contains(&on) => {}
                Some((_, refs)) => refs.push(on),
                None => told.push((line, vec![on])),
            }
        }
    }
    let is_same_everywhere = told.len() == 1;
    let lines = told.into_iter().map(|(line, refs)| match is_same_everywhere {
        true => format!("`{name}` {line}"),
        false => format!("`{name}`, {}, {line}", refs.join(" and ")),
    });
    let lines: Vec<String> = lines.collect();
    lines
}
