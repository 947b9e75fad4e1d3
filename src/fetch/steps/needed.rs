//! What is asked of those projects alone that an entry needs it of: environments, protected refs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Fetch;
use super::pages::pages;
use crate::api::ApiError;
use crate::fetch::answers::{self, NOT_SHOWN, next_page, nodes};
use crate::fetch::ask::{Ask, encoded};
use crate::fetch::gathered::Project;
use crate::fetch::needs::Needs;
use crate::fetch::queries::{self, Queries};
use crate::fetch::side_by_side::each;
use crate::gitlab::releases::PROTECTED_MERGE_REQUESTS;
use crate::inventory::Fact;

/// The most pages of environments of a project: 5,000 environments.
const MOST_ENVIRONMENT_PAGES: usize = 50;

impl Fetch<'_> {
    /// Asks for the environments of projects that an entry with `environments` is about.
    pub(super) fn environments(&mut self, needs: &Needs) -> Result<(), ApiError> {
        let asked = self.projects(&needs.environments);
        let (ask, queries, watch, is_by_rest) = (self.ask, &self.queries, self.watch, self.is_by_rest);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let dropped_rights = queries.dropped().contains("userPermissions");
        let came = each(&asked, self.concurrency, |(path, project)| {
            let result = if is_by_rest {
                environments_by_rest(ask, path)
            } else if project.rights.reads_environments || dropped_rights {
                all_environments(queries, ask, path, project.rights.reads_environments)
            } else {
                Ok(Err((NOT_SHOWN.to_owned(), Some("role Reporter"))))
            };
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            watch.step("asking for environments", done, Some(asked.len()));
            result
        })?;
        for ((path, _), result) in asked.iter().zip(came) {
            match result {
                Ok(environments) => {
                    if let Some(project) = self.gathered.project(path) {
                        project.environments = Some(environments);
                    }
                }
                Err((reason, needs)) => self.gathered.unread(Some(path), Fact::Environments, reason, needs),
            }
        }
        Ok(())
    }

    /// Asks for the protected refs of projects that an entry for protected refs is about.
    pub(super) fn protected_refs(&mut self, needs: &Needs) -> Result<(), ApiError> {
        let asked = self.projects(&needs.protected);
        let (ask, watch, is_by_rest) = (self.ask, self.watch, self.is_by_rest);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let came = each(&asked, self.concurrency, |(path, project)| {
            let branches = names(ask, path, "protected_branches", "role Reporter")?;
            // Lists of projects by REST do not tell the role, and these are refused to one that is too low.
            let tags = if project.rights.is_maintainer || is_by_rest {
                names(ask, path, "protected_tags", "role Maintainer")?
            } else {
                Err((NOT_SHOWN.to_owned(), Some("role Maintainer")))
            };
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            watch.step("asking for protected refs", done, Some(asked.len()));
            Ok((branches, tags))
        })?;
        for ((path, _), (branches, tags)) in asked.iter().zip(came) {
            let Some(project) = self.gathered.project(path) else { continue };
            let mut unread = Vec::new();
            match branches {
                Ok(names) => project.protected_branches = Some(names),
                Err((reason, needs)) => unread.push((Fact::ProtectedBranches, reason, needs)),
            }
            match tags {
                Ok(names) => project.protected_tags = Some(names),
                Err((reason, needs)) => unread.push((Fact::ProtectedTags, reason, needs)),
            }
            // From 18.1 on there is the setting, and no interface of the releases that are known shows it.
            if self.version >= PROTECTED_MERGE_REQUESTS {
                unread.push((
                    Fact::ProtectMergeRequestPipelines,
                    "kaslint knows no interface that shows it".to_owned(),
                    None,
                ));
            }
            for (what, reason, needs) in unread {
                self.gathered.unread(Some(path), what, reason, needs);
            }
        }
        Ok(())
    }

    /// The projects behind paths in lower case.
    fn projects(&self, paths: &BTreeSet<String>) -> Vec<(String, Project)> {
        let light = |project: &Project| Project {
            path: project.path.clone(),
            rights: project.rights,
            id: project.id,
            ..Project::default()
        };
        paths
            .iter()
            .filter_map(|path| self.gathered.projects.get(path))
            .map(|project| (project.path.clone(), light(project)))
            .collect()
    }
}

/// What came of a question about one project: or why it did not, and what would help.
type Came<T> = Result<T, (String, Option<&'static str>)>;

fn all_environments(
    queries: &Queries,
    ask: &dyn Ask,
    path: &str,
    is_shown: bool,
) -> Result<Came<BTreeMap<String, Option<String>>>, ApiError> {
    let mut environments = BTreeMap::new();
    let mut cursor: Option<String> = None;
    for _ in 0..MOST_ENVIRONMENT_PAGES {
        let answer = match queries.ask(ask, queries::ENVIRONMENTS, &json!({ "project": path, "after": cursor })) {
            Ok(answer) => answer,
            Err(error) if error.is_about_one_thing() => return Ok(Err((error.to_string(), None))),
            Err(error) => return Err(error),
        };
        let list = &answer.data["project"]["environments"];
        if !list["nodes"].is_array() || !answer.errors.is_empty() {
            return Ok(Err((NOT_SHOWN.to_owned(), Some("role Reporter"))));
        }
        for node in nodes(list) {
            if let Some(name) = node["name"].as_str() {
                environments.insert(name.to_owned(), answers::tier_of(&node["tier"]));
            }
        }
        match next_page(list) {
            Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
            Some(_) => return Ok(Err(("the list goes round in a circle".to_owned(), None))),
            None if environments.is_empty() && !is_shown => {
                return Ok(Err((NOT_SHOWN.to_owned(), Some("role Reporter"))));
            }
            None => return Ok(Ok(environments)),
        }
    }
    Ok(Err(("it has more than 5,000 environments".to_owned(), None)))
}

/// The environments of a project; REST refuses them to a role that is too low.
fn environments_by_rest(ask: &dyn Ask, path: &str) -> Result<Came<BTreeMap<String, Option<String>>>, ApiError> {
    let mut environments = BTreeMap::new();
    let address = format!("/api/v4/projects/{}/environments?", encoded(path));
    let whole = pages(ask, &address, |item| {
        if let Some(name) = item["name"].as_str() {
            environments.insert(name.to_owned(), answers::tier_of(&item["tier"]));
        }
    })?;
    Ok(whole.map(|()| environments).map_err(|lacking| (lacking.reason(), Some("role Reporter"))))
}

/// The names of a list of REST, all pages.
fn names(ask: &dyn Ask, project: &str, list: &str, needs: &'static str) -> Result<Came<BTreeSet<String>>, ApiError> {
    let mut names = BTreeSet::new();
    let address = format!("/api/v4/projects/{}/{list}?", encoded(project));
    let whole = pages(ask, &address, |item| names.extend(item["name"].as_str().map(str::to_owned)))?;
    Ok(whole.map(|()| names).map_err(|lacking| (lacking.reason(), Some(needs))))
}
