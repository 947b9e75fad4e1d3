//! `json`: one object a line, for each project. It is written job by job, since answers for hundreds of agents are long.

use std::io;

use serde_json::{Map, Value as Json, json};

use super::super::json::answer_object;
use super::Section;
use super::answers::{Answers, CaseAnswer};
use super::selects::{self, Granted};
use super::written::{when, written};
use crate::access::jobs::{By, JobCase, JobView, StartedBy, StartingJob};
use crate::outlet::Outlet;
use crate::pipeline_rules::{Certainty, Run};
use crate::report::not_read;
use crate::source::secrets;

pub(super) fn write(section: &Section<'_, '_>, out: &mut Outlet<'_>) -> io::Result<()> {
    let project = section.jobs.project.facts.path.as_deref();
    let mut answers = Answers::new(section.report, project);
    let path = section.jobs.pipeline.sources.first().map_or(".gitlab-ci.yml", |source| source.path());
    out.syntax("{\"project\":")?;
    out.json_part(&text(project))?;
    out.syntax(",\"path\":")?;
    out.json_part(&text(Some(path)))?;
    out.syntax(",\"jobs\":[")?;
    for (number, view) in section.views().enumerate() {
        out.syntax(if number > 0 { "," } else { "" })?;
        out.json_part(&masked(job(section, view, &mut answers)))?;
    }
    let not_read: Json = section.not_read().map(not_read::object).collect();
    let problems = section.jobs.pipeline.problems.iter().map(|problem| {
        let line = problem.place.source.position(problem.place.span.start).line;
        json!({ "message": problem.message(), "path": problem.place.source.path(), "line": line })
    });
    let problems: Json = problems.collect();
    out.syntax("],\"not_read\":")?;
    out.json_part(&masked(not_read))?;
    if problems.as_array().is_some_and(|problems| !problems.is_empty()) {
        out.syntax(",\"problems\":")?;
        out.json_part(&masked(problems))?;
    }
    out.syntax("}\n")
}

/// The same jobs, each with its project; of agents, which let it in and under what conditions.
pub(super) fn for_page(section: &Section<'_, '_>) -> Vec<Json> {
    let project = section.jobs.project.facts.path.as_deref();
    let mut answers = Answers::new(section.report, project);
    let told = |view| {
        let mut object = job(section, view, &mut answers);
        for case in object["cases"].as_array_mut().into_iter().flatten() {
            for refs in ["protected", "unprotected"] {
                let Some(allowed) = case.get(refs).map(|answer| &answer["allowed"]) else { continue };
                let rows = allowed.as_array().into_iter().flatten();
                let agents: Json =
                    rows.map(|row| json!({ "context": row["context"], "conditions": row.get("conditions") })).collect();
                case[refs] = agents;
            }
        }
        object["project"] = project.into();
        object
    };
    section.views().map(told).collect()
}

fn text(value: Option<&str>) -> Json {
    masked(value.into())
}

fn masked(mut value: Json) -> Json {
    secrets::mask_json(&mut value);
    value
}

fn job<'j, 'w>(section: &Section<'j, 'w>, view: &'j JobView<'_>, answers: &mut Answers<'_, 'w, 'j>) -> Json {
    let place = &view.job.name_place;
    let mut object = Map::new();
    object.insert("name".to_owned(), view.job.name.as_ref().into());
    object.insert("path".to_owned(), place.source.path().into());
    object.insert("line".to_owned(), place.source.position(place.span.start).line.into());
    if view.job.is_partial {
        object.insert("partial".to_owned(), true.into());
    }
    if view.job.is_conditional {
        object.insert("conditional".to_owned(), true.into());
    }
    if let Some(by) = &view.started_by {
        object.insert("started_by".to_owned(), by.outermost_first().map(starts).collect());
    }
    object.extend(written(view.job).map(|written| ("written".to_owned(), written)));
    let cases = section.cases(view).map(|(number, case)| self::case(section, view, (number, case), answers));
    object.insert("cases".to_owned(), cases.collect());
    Json::Object(object)
}

fn case<'j, 'w>(
    section: &Section<'_, 'w>,
    view: &'j JobView<'_>,
    (number, case): (usize, &'j JobCase),
    answers: &mut Answers<'_, 'w, 'j>,
) -> Json {
    let mut object = Map::new();
    object.insert("name".to_owned(), case.name.as_ref().into());
    object.insert("environment".to_owned(), case.environment.as_ref().map(ToString::to_string).into());
    let unknown: Vec<&str> = case.environment.iter().flat_map(|name| name.variables()).collect();
    if !unknown.is_empty() {
        object.insert("environment_unknown".to_owned(), unknown.into());
    }
    object.extend(case.tier.map(|tier| ("tier".to_owned(), tier.name().into())));
    object.insert("runs".to_owned(), case.runs.iter().map(|one| run(view, one)).collect());
    let selected = selects::selected(section, view, number, answers);
    let works = selects::works(section, view, case, selected.iter().any(|one| one.selection.by != By::Environment));
    let selects = selected.iter().map(|one| {
        let place = &one.selection.place;
        let mut object = json!({
            "context": one.selection.context.to_string(),
            "by": selects::by_name(one.selection.by),
            "path": place.source.path(),
            "line": place.source.position(place.span.start).line,
            "route": one.selection.route,
            "granted": one.granted.name(),
            "reason": one.reason,
        });
        if let Some(told) = &one.managed_resources {
            object["managed_resources"] = json!({ "granted": Granted::from(told.holds).name(), "reason": told.why });
        }
        object
    });
    object.insert("selects".to_owned(), selects.collect());
    if !works.is_empty() {
        object.insert("without_context".to_owned(), works.iter().map(selects::Works::name).collect());
    }
    for (name, protected) in [("protected", true), ("unprotected", false)] {
        object.extend(answers.of(case, protected).map(|answered| (name.to_owned(), rows(section, &answered))));
    }
    Json::Object(object)
}

/// How many of the jobs are named that start a child pipeline.
const MOST_STARTS: usize = 10;

/// The jobs that start a child pipeline.
fn starts(by: &StartedBy) -> Json {
    let job = |(name, place): &StartingJob| {
        let line = place.source.position(place.span.start).line;
        json!({ "name": name.as_ref(), "path": place.source.path(), "line": line })
    };
    let jobs: Json = by.jobs.iter().take(MOST_STARTS).map(job).collect();
    json!({ "jobs": jobs, "count": by.jobs.len() })
}

fn run(view: &JobView<'_>, run: &Run) -> Json {
    let mut object = json!({
        "on": run.scenario.to_string(),
        "protected": run.scenario.protected,
        "certain": run.in_pipeline == Certainty::Yes,
        "when": when(view.job, run.rule),
    });
    if let Some(rule) = run.rule {
        object["rule"] = rule.into();
    }
    object
}

fn rows<'w>(section: &Section<'_, 'w>, answered: &CaseAnswer<'w, '_>) -> Json {
    let mut object = answer_object(section.report, &answered.answer);
    if let Some(object) = object.as_object_mut() {
        // What was asked stands in the case.
        object.shift_remove("query");
    }
    object
}
