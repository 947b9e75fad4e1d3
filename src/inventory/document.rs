//! The inventory from a whole document, with every problem of its syntax, keys and values.

use super::keys::INVENTORY;
use super::problem::{Problem, ProblemKind};
use super::rows::{EnvironmentRows, GroupRow, NamedRow, ProjectRow, Rows, Text, UnreadRow};
use crate::gitlab::NEWEST;
use crate::schema::{self, Data, Field, MessageValue, Stage, Value};
use crate::source::{Source, Span};
use crate::yaml::{self, Document};

/// Reads what can be read, and says what cannot.
pub(super) fn read(source: &Source) -> (Rows, Vec<Problem>) {
    let document = yaml::read(source);
    let mut problems = document_problems(&document);
    let decoded = schema::decode(&document, &INVENTORY, NEWEST, &|_, _| None);
    let refused = decoded.problems.into_iter().filter(|problem| problem.stage <= Stage::Validate);
    problems.extend(refused.map(|problem| {
        let span = problem.span;
        Problem::new(ProblemKind::Shape(Box::new(problem)), span)
    }));
    let rows = decoded.value.as_ref().map(rows).unwrap_or_default();
    (rows, problems)
}

/// What is wrong with the syntax, or lost without a word.
fn document_problems(document: &Document) -> Vec<Problem> {
    let syntax = document
        .problems()
        .iter()
        .map(|problem| Problem::new(ProblemKind::Yaml(problem.kind.clone()), problem.span).related(problem.cause));
    let mut problems: Vec<Problem> = syntax.collect();
    let reading = document.reading();
    let tree = document.tree();
    for (id, node) in tree.nodes() {
        if matches!(node.data, yaml::Data::Mapping { .. }) {
            problems.extend(reading.losses(id).into_iter().map(|loss| {
                let kind = ProblemKind::DuplicateKey(loss.key);
                Problem::new(kind, tree.node(loss.lost).span).related(Some(tree.node(loss.kept).span))
            }));
        }
    }
    problems.extend(document.ignored().map(|span| Problem::new(ProblemKind::IgnoredDocument, span)));
    problems
}

fn rows(root: &MessageValue) -> Rows {
    let mut rows = Rows::default();
    if let Some(gitlab) = root.set("gitlab").and_then(|field| field.value.as_message()) {
        rows.url = text_of(gitlab, "url");
        rows.version = text_of(gitlab, "version");
        rows.tier = text_of(gitlab, "tier");
        let setting = gitlab.set("instance_authorization");
        rows.instance_authorization = setting.and_then(|field| Some((field.value.as_bool()?, field.value.span)));
    }
    rows.groups = messages(root.set("groups")).filter_map(group).collect();
    rows.users = items(root.set("users")).filter_map(text).collect();
    rows.projects = messages(root.set("projects")).filter_map(project).collect();
    rows.unread = messages(root.set("unread")).filter_map(unread).collect();
    rows
}

fn items(list: Option<&Field>) -> impl Iterator<Item = &Value> {
    list.map(|field| field.value.items()).unwrap_or_default().iter()
}

fn messages(list: Option<&Field>) -> impl Iterator<Item = &MessageValue> {
    items(list).filter_map(Value::as_message)
}

fn group(message: &MessageValue) -> Option<GroupRow> {
    Some(GroupRow { path: text_of(message, "path")?, id: id(message), auto_devops: switch(message, "auto_devops") })
}

fn unread(message: &MessageValue) -> Option<UnreadRow> {
    let bare = |name: &str| text_of(message, name).map(|text| text.value);
    let what = text_of(message, "what")?;
    Some(UnreadRow { project: text_of(message, "project"), what, reason: bare("reason"), needs: bare("needs") })
}

fn switch(message: &MessageValue, name: &str) -> Option<bool> {
    message.set(name).and_then(|field| field.value.as_bool())
}

fn project(message: &MessageValue) -> Option<ProjectRow> {
    let bare = |name: &str| text_of(message, name).map(|text| text.value);
    let list = |name: &str| message.set(name).filter(|field| matches!(field.value.data, Data::List(_)));
    let rules = |name: &str| {
        list(name).map(|field| items(Some(field)).filter_map(text).map(|text| (&*text.value).into()).collect())
    };
    let named = |name: &str| list(name).map(|field| items(Some(field)).filter_map(named));
    let mut row = ProjectRow::new(text_of(message, "path")?);
    row.id = id(message);
    row.default_branch = bare("default_branch");
    row.protected_branches = rules("protected_branches");
    row.protected_tags = rules("protected_tags");
    row.protect_merge_request_pipelines = switch(message, "protect_merge_request_pipelines");
    row.environments = named("environments").map(EnvironmentRows::from_iter);
    row.agents = named("agents").map(Iterator::collect);
    row.archived = switch(message, "archived");
    row.auto_devops = switch(message, "auto_devops");
    row.ci_config_path = bare("ci_config_path");
    row.repository = bare("repository");
    Some(row)
}

/// A name alone, or a mapping with it.
fn named(value: &Value) -> Option<NamedRow> {
    match value.as_message() {
        None => Some(NamedRow { name: text(value)?, tier: None, id: None }),
        Some(message) => {
            let tier = text_of(message, "tier").map(|text| text.value);
            Some(NamedRow { name: text_of(message, "name")?, tier, id: id(message) })
        }
    }
}

fn text(value: &Value) -> Option<Text> {
    let text = value.as_text().filter(|text| !text.is_empty())?;
    Some(Text { value: text.into(), span: value.span })
}

fn text_of(message: &MessageValue, name: &str) -> Option<Text> {
    text(&message.set(name)?.value)
}

fn id(message: &MessageValue) -> Option<(i64, Span)> {
    let value = &message.set("id")?.value;
    Some((value.as_int()?, value.span))
}
