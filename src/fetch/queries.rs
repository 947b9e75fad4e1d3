//! The texts of queries, for the release at hand and without the fields that it turned out not to have.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use crate::api::{ApiError, GraphqlAnswer};
use crate::gitlab::Version;

use super::ask::Ask;

/// A query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Query(&'static str);

pub(super) const GROUPS: Query = Query(include_str!("queries/groups.graphql"));
pub(super) const ALL_GROUPS: Query = Query(include_str!("queries/all_groups.graphql"));
pub(super) const PROJECTS: Query =
    Query(concat!(include_str!("queries/projects.graphql"), include_str!("queries/project_fields.graphql")));
pub(super) const PROJECTS_BY_PATH: Query =
    Query(concat!(include_str!("queries/projects_by_path.graphql"), include_str!("queries/project_fields.graphql")));
pub(super) const ALL_PROJECTS: Query =
    Query(concat!(include_str!("queries/all_projects.graphql"), include_str!("queries/project_fields.graphql")));
pub(super) const AGENTS: Query = Query(include_str!("queries/agents.graphql"));
pub(super) const AGENT_FOLDERS: Query = Query(include_str!("queries/agent_folders.graphql"));
pub(super) const ENVIRONMENTS: Query = Query(include_str!("queries/environments.graphql"));

/// One project's part of the query of files.
const FILES: &str = include_str!("queries/files.graphql");

/// The most points that a query of ours has. GitLab refuses more than 250 (`gitlab_schema.rb`), and a few points may differ.
const MOST_POINTS: usize = 190;

/// So many fields are left out of a query, one after the other, before it is given up.
const MOST_DROPPED: usize = 8;

/// What is asked of one project's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilesOf {
    /// The project.
    pub project: String,
    /// Paths in it.
    pub paths: Vec<String>,
}

/// Texts of queries for one instance.
#[derive(Debug)]
pub(super) struct Queries {
    version: Version,
    /// Fields that this release does not have.
    dropped: Mutex<BTreeSet<String>>,
}

impl Queries {
    pub fn new(version: Version) -> Self {
        Self { version, dropped: Mutex::default() }
    }

    /// The fields that the instance did not know.
    pub fn dropped(&self) -> BTreeSet<String> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks; a field that the release does not have is left out, and the query tried again.
    pub fn ask(&self, ask: &dyn Ask, query: Query, variables: &Value) -> Result<GraphqlAnswer, ApiError> {
        self.ask_text(ask, query.0, variables)
    }

    /// Asks for files of as many projects as one query may be about.
    pub fn ask_files(&self, ask: &dyn Ask, wanted: &[FilesOf], with_text: bool) -> Result<GraphqlAnswer, ApiError> {
        let (text, variables) = files_query(wanted, with_text);
        self.ask_text(ask, &text, &variables)
    }

    fn ask_text(&self, ask: &dyn Ask, text: &str, variables: &Value) -> Result<GraphqlAnswer, ApiError> {
        loop {
            let dropped = self.dropped();
            let text = text_for(text, self.version, &dropped);
            match ask.graphql(&text, variables) {
                Err(ApiError::UnknownField(field)) if dropped.len() < MOST_DROPPED && !dropped.contains(&field) => {
                    self.dropped.lock().unwrap_or_else(PoisonError::into_inner).insert(field);
                }
                answer => return answer,
            }
        }
    }
}

/// A text without the lines that are for newer releases, and without those of some fields. No comment is left.
fn text_for(text: &str, version: Version, dropped: &BTreeSet<String>) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let (code, comment) = line.split_once('#').unwrap_or((line, ""));
        let since = comment.trim().strip_prefix("since ").and_then(|since| since.parse::<Version>().ok());
        let count = |letter: char| code.matches(letter).count();
        let is_balanced = count('{') == count('}') && count('(') == count(')');
        let names = |field: &String| {
            let name = code.trim_start().split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next();
            name == Some(field) || code.contains(&format!(" {field} "))
        };
        if since.is_some_and(|since| version < since) || (is_balanced && dropped.iter().any(names)) {
            continue;
        }
        kept.push_str(code.trim_end());
        kept.push('\n');
    }
    kept
}

/// The points of one project's part of the query of files.
///
/// By the rules of `base_field.rb` and `base_resolver.rb`: `project` 1, `repository` 1, `blobs` 2 and 1 a path and the 8 below it, and
/// that once more for each 100 of a page.
fn points(paths: usize) -> usize {
    2 + (10 + paths) * (100 + paths) / 100
}

/// How many of these projects one query is about: at least one.
pub(super) fn fit(wanted: &[FilesOf]) -> usize {
    let mut left = MOST_POINTS;
    let fitting = wanted.iter().take_while(|files| match left.checked_sub(points(files.paths.len())) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    fitting.count().max(1).min(wanted.len())
}

/// The most paths of one project in one query.
pub(super) const MOST_PATHS: usize = 50;

fn files_query(wanted: &[FilesOf], with_text: bool) -> (String, Value) {
    let mut head = String::from("query Files($text: Boolean!");
    let mut body = String::new();
    let mut variables = Map::new();
    variables.insert("text".to_owned(), json!(with_text));
    for (number, files) in wanted.iter().enumerate() {
        let _ = write!(head, ", $p{number}: ID!, $f{number}: [String!]!, $n{number}: Int!");
        let part = FILES.replace("pN", &format!("p{number}")).replace("fN", &format!("f{number}"));
        body.push_str(&part.replace("nN", &format!("n{number}")));
        variables.insert(format!("p{number}"), json!(files.project));
        variables.insert(format!("f{number}"), json!(files.paths));
        variables.insert(format!("n{number}"), json!(files.paths.len()));
    }
    (format!("{head}) {{\n{body}}}\n"), Value::Object(variables))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(projects: usize, paths: usize) -> Vec<FilesOf> {
        let of = |number| FilesOf { project: format!("acme/p{number}"), paths: vec!["a".to_owned(); paths] };
        (0..projects).map(of).collect()
    }

    #[test]
    fn eleven_projects_with_three_files_fit_into_one_query() {
        assert!(fit(&files(40, 3)) >= 11, "{}", fit(&files(40, 3)));
        assert_eq!(fit(&files(3, 3)), 3);
        assert_eq!(fit(&files(3, MOST_PATHS)), 2);
        assert_eq!(fit(&files(1, 400)), 1);
    }

    #[test]
    fn a_query_of_files_stays_below_the_length_that_is_refused() {
        let wanted = files(40, 1);
        let (text, variables) = files_query(&wanted[..fit(&wanted)], true);
        assert!(text.len() < 10_000, "{}", text.len());
        assert_eq!(variables["p0"], "acme/p0");
        assert!(!text.contains("pN") && !text.contains("nN"), "{text}");
    }

    #[test]
    fn what_a_release_does_not_have_is_not_asked_for() {
        let of = |version: &str, dropped: &[&str]| {
            let dropped = dropped.iter().map(|&field| field.to_owned()).collect();
            text_for(PROJECTS.0, version.parse().unwrap(), &dropped)
        };
        assert!(of("16.9", &[]).contains("includeArchived: true"));
        assert!(!of("16.8", &[]).contains("includeArchived"));
        assert!(!of("18.9", &["clusterAgents"]).contains("clusterAgents"));
        assert!(!of("18.9", &["createDeployment"]).contains("userPermissions"));
        assert!(of("18.9", &["projects"]).contains("projects("), "what holds the rest stays");
        assert!(!of("18.9", &[]).contains('#'));
    }
}
