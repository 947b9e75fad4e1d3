//! Groups, projects, and the lists within projects that have more than one page.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Value, json};

use super::by_rest::object;
use super::{Fetch, NOT_THERE, Targets};
use crate::api::{ApiError, json_of, shortened};
use crate::fetch::answers::{self, More, NOT_SHOWN, next_page, nodes};
use crate::fetch::ask::encoded;
use crate::fetch::gathered::Gathered;
use crate::fetch::instance::{self, Instance};
use crate::fetch::queries::{self, MOST_PATHS, Query};
use crate::fetch::side_by_side::each;
use crate::gitlab::lower_path;
use crate::inventory::Fact;

/// Page sizes, from the largest on. A page that is too much for the server is asked for again with the next.
const PAGE_SIZES: [usize; 3] = [100, 50, 20];

/// What is said of a list whose pages come again.
const CIRCLE: &str = "the list goes round in a circle, so part of it may be missing";

impl Fetch<'_> {
    pub(super) fn groups_and_projects(&mut self, targets: &Targets) -> Result<(), ApiError> {
        let mut more = Vec::new();
        match targets {
            Targets::Groups(groups) => {
                for group in groups {
                    let of_group = json!({ "group": group });
                    self.list(queries::GROUPS, &of_group, Some(group), &mut |gathered, data| {
                        answers::take_group(gathered, &data["group"]);
                        let groups = &data["group"]["descendantGroups"];
                        nodes(groups).for_each(|node| answers::take_group(gathered, node));
                        groups.is_object().then(|| next_page(groups))
                    })?;
                    if self.gathered.groups.contains_key(&*lower_path(group)) {
                        self.list(queries::PROJECTS, &of_group, Some(group), &mut |gathered, data| {
                            let projects = &data["group"]["projects"];
                            more.extend(nodes(projects).filter_map(|node| answers::take_project(gathered, node)));
                            projects.is_object().then(|| next_page(projects))
                        })?;
                    }
                }
            }
            Targets::Projects(paths) => {
                self.projects_by_path(paths, &mut more)?;
                let moved = self.moved(paths)?;
                self.projects_by_path(&moved, &mut more)?;
            }
            Targets::Instance => {
                self.list(queries::ALL_GROUPS, &json!({}), None, &mut |gathered, data| {
                    let groups = &data["groups"];
                    nodes(groups).for_each(|node| answers::take_group(gathered, node));
                    groups.is_object().then(|| next_page(groups))
                })?;
                self.list(queries::ALL_PROJECTS, &json!({}), None, &mut |gathered, data| {
                    let projects = &data["projects"];
                    more.extend(nodes(projects).filter_map(|node| answers::take_project(gathered, node)));
                    projects.is_object().then(|| next_page(projects))
                })?;
            }
        }
        self.rest_of_lists(more)
    }

    fn projects_by_path(&mut self, paths: &[String], more: &mut Vec<More>) -> Result<(), ApiError> {
        for chunk in paths.chunks(MOST_PATHS) {
            self.list(queries::PROJECTS_BY_PATH, &json!({ "paths": chunk }), None, &mut |gathered, data| {
                let projects = &data["projects"];
                more.extend(nodes(projects).filter_map(|node| answers::take_project(gathered, node)));
                projects.is_object().then_some(None)
            })?;
        }
        Ok(())
    }

    /// Where projects lie by now that GraphQL does not know under these paths. Those that are nowhere are noted.
    ///
    /// Only REST tells, by a redirect, from 16.7 on (`doc/api/rest/_index.md`).
    fn moved(&mut self, paths: &[String]) -> Result<Vec<String>, ApiError> {
        let is_missing = |path: &&String| !self.gathered.projects.contains_key(&*lower_path(path));
        let missing: Vec<&String> = paths.iter().filter(is_missing).collect();
        let ask = self.ask;
        let came =
            each(&missing, self.concurrency, |path| match object(ask, &format!("projects/{}", encoded(path))) {
                Err(error @ ApiError::RedirectedAway(_)) => Ok(Err(error.to_string())),
                told => told,
            })?;
        let mut moved = Vec::new();
        for (path, project) in missing.into_iter().zip(came) {
            let project = project.map(|project| project["path_with_namespace"].as_str().map(str::to_owned));
            let (reason, needs) = match project {
                Ok(Some(now)) if lower_path(&now) != lower_path(path) => {
                    let reason = format!("it was renamed or moved to {}, which was fetched", shortened(&now, 120));
                    moved.push(now);
                    (reason, None)
                }
                Err(reason) if reason != NOT_THERE => (reason, None),
                _ => (NOT_THERE.to_owned(), Some("role Reporter")),
            };
            self.gathered.unread(Some(path), Fact::Projects, reason, needs);
        }
        Ok(moved)
    }

    /// Notes of which groups not all projects are listed: a project that is not there may exist all the same.
    pub(super) fn what_is_not_listed(&mut self, targets: &Targets, instance: &Instance) -> Result<(), ApiError> {
        match targets {
            Targets::Groups(groups) => {
                for group in groups {
                    if let Some((top, _)) = group.split_once('/') {
                        self.gathered.unread(Some(top), Fact::Projects, format!("only {group} was asked for"), None);
                    }
                    let is_there = self.gathered.groups.contains_key(&*lower_path(group));
                    match is_there.then(|| instance::is_member(self.ask, instance, group)).transpose()?.flatten() {
                        Some(false) => {
                            let reason =
                                "the token's user is no member of the group, so private projects may be missing";
                            self.gathered.unread(Some(group), Fact::Projects, reason, Some("a member of the group"));
                        }
                        None if is_there => {
                            let reason = "whether the token's user is a member of the group is not told, so private projects may be missing";
                            self.gathered.unread(
                                Some(group),
                                Fact::Projects,
                                reason,
                                Some("a personal, project or group access token"),
                            );
                        }
                        _ => {}
                    }
                }
            }
            Targets::Projects(paths) => {
                let tops: BTreeSet<&str> = paths.iter().filter_map(|path| Some(path.split_once('/')?.0)).collect();
                for top in tops {
                    self.gathered.unread(Some(top), Fact::Projects, "only some projects were asked for", None);
                }
            }
            Targets::Instance => {
                let user = self.ask.get("/api/v4/user").and_then(|response| json_of(&response));
                let is_administrator = user.is_ok_and(|user| user["is_admin"].as_bool() == Some(true));
                if !is_administrator {
                    let reason = "a token sees what its user may see, so private projects may be missing";
                    self.gathered.unread(None, Fact::Projects, reason, Some("an administrator's token"));
                }
            }
        }
        Ok(())
    }

    /// Asks for a list, page by page; a page that is too much for the server is asked for again, smaller.
    ///
    /// `take` takes a page and tells where the list goes on, and none at all where the answer has no list.
    fn list(
        &mut self,
        query: Query,
        variables: &Value,
        group: Option<&str>,
        take: &mut dyn FnMut(&mut Gathered, &Value) -> Option<Option<String>>,
    ) -> Result<(), ApiError> {
        let mut sizes = PAGE_SIZES.into_iter();
        let mut size = sizes.next().unwrap_or(20);
        let mut cursor: Option<String> = None;
        let mut seen = HashSet::new();
        loop {
            let mut variables = variables.clone();
            variables["after"] = json!(cursor);
            variables["n"] = json!(size);
            variables["text"] = json!(!self.before.is_there());
            let answer = self.queries.ask(self.ask, query, &variables);
            let is_lacking = match &answer {
                Ok(answer) => !answer.errors.is_empty(),
                Err(error) => error.is_too_much(),
            };
            // What a page lacks may be there on a smaller one.
            if is_lacking && let Some(smaller) = sizes.next() {
                size = smaller;
                continue;
            }
            let answer = match answer {
                Ok(answer) => {
                    for (message, path) in answer.errors.iter().take(3) {
                        self.gathered.unread(group, Fact::Projects, format!("GitLab says: {message} ({path})"), None);
                    }
                    answer
                }
                Err(error) if error.is_about_one_thing() => {
                    self.gathered.unread(group, Fact::Projects, error.to_string(), None);
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            self.watch.step("listing projects", self.gathered.projects.len(), None);
            let Some(next) = take(&mut self.gathered, &answer.data) else {
                self.gathered.unread(group, Fact::Projects, NOT_THERE, Some("role Developer"));
                return Ok(());
            };
            let Some(next) = next else { return Ok(()) };
            if !seen.insert(next.clone()) {
                self.gathered.unread(group, Fact::Projects, CIRCLE, None);
                return Ok(());
            }
            cursor = Some(next);
        }
    }

    /// Asks for the rest of the lists that have more than one page within a project.
    fn rest_of_lists(&mut self, more: Vec<More>) -> Result<(), ApiError> {
        for More { project, agents, folders } in more {
            let rest =
                [(queries::AGENTS, agents, Fact::Agents), (queries::AGENT_FOLDERS, folders, Fact::AgentConfiguration)];
            for (query, cursor, what) in rest {
                let (mut cursor, mut seen) = (cursor, HashSet::new());
                while let Some(after) = cursor.take() {
                    if !seen.insert(after.clone()) {
                        self.unread_list(&project, what, CIRCLE);
                        break;
                    }
                    let answer = self.queries.ask(self.ask, query, &json!({ "project": project, "after": after }));
                    let data = match answer {
                        Ok(answer) => answer.data,
                        Err(error) if error.is_about_one_thing() => {
                            self.unread_list(&project, what, &error.to_string());
                            break;
                        }
                        Err(error) => return Err(error),
                    };
                    let Some(known) = self.gathered.project(&project) else { break };
                    let list = match what {
                        Fact::Agents => {
                            answers::take_agents(known, &data["project"]["clusterAgents"]);
                            &data["project"]["clusterAgents"]
                        }
                        _ => {
                            answers::take_folders(known, &data["project"]["repository"]["tree"]["trees"]);
                            &data["project"]["repository"]["tree"]["trees"]
                        }
                    };
                    if !list.is_object() {
                        self.unread_list(&project, what, NOT_SHOWN);
                    }
                    cursor = next_page(list);
                }
            }
        }
        Ok(())
    }

    /// A list of which only a part is known is not known.
    fn unread_list(&mut self, project: &str, what: Fact, reason: &str) {
        if let (Fact::Agents, Some(known)) = (what, self.gathered.project(project)) {
            known.agents = None;
        }
        self.gathered.unread(Some(project), what, reason, None);
    }
}
