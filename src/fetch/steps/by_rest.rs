//! What GraphQL tells in few requests, asked for by REST: of releases in whose GraphQL our queries cannot be asked.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pages::{Lacking, pages};
use super::{Fetch, NOT_THERE, Targets};
use crate::agent_config::location::CI_FILE;
use crate::api::{ApiError, json_of};
use crate::fetch::answers;
use crate::fetch::ask::{Ask, encoded};
use crate::fetch::gathered::{File, Gathered};
use crate::fetch::includes::ci_file_of;
use crate::fetch::queries::FilesOf;
use crate::fetch::side_by_side::each;
use crate::gitlab::{is_agent_name, lower_path};
use crate::inventory::Fact;

/// The longest path that a link leads to, in bytes (`PATH_MAX` of Linux).
const LONGEST_LINK: usize = 4096;

/// What one project tells of its agents and their folders; or why it does not.
struct Told {
    agents: Result<Vec<Value>, Lacking>,
    tree: Result<Vec<Value>, Lacking>,
}

impl Fetch<'_> {
    /// Lists groups and projects, with the agents and agent folders of each.
    pub(super) fn groups_and_projects_by_rest(&mut self, targets: &Targets) -> Result<(), ApiError> {
        match targets {
            Targets::Groups(groups) => groups.iter().try_for_each(|group| self.group_by_rest(group))?,
            Targets::Projects(paths) => {
                let ask = self.ask;
                let came = each(paths, self.concurrency, |path| object(ask, &format!("projects/{}", encoded(path))))?;
                for (path, project) in paths.iter().zip(came) {
                    match project {
                        Ok(project) => answers::take_rest_project(&mut self.gathered, &project),
                        Err(reason) => {
                            self.gathered.unread(Some(path), Fact::Projects, reason, Some("role Reporter"));
                        }
                    }
                }
            }
            Targets::Instance => {
                self.list_by_rest("/api/v4/groups?order_by=id&sort=asc", None, answers::take_group)?;
                self.list_by_rest("/api/v4/projects?order_by=id&sort=asc", None, answers::take_rest_project)?;
            }
        }
        self.agents_by_rest()
    }

    fn group_by_rest(&mut self, group: &str) -> Result<(), ApiError> {
        let path = encoded(group);
        match object(self.ask, &format!("groups/{path}?with_projects=false"))? {
            Ok(told) => answers::take_group(&mut self.gathered, &told),
            Err(reason) => {
                self.gathered.unread(Some(group), Fact::Projects, reason, Some("role Developer"));
                return Ok(());
            }
        }
        let groups = format!("/api/v4/groups/{path}/descendant_groups?order_by=id&sort=asc");
        self.list_by_rest(&groups, Some(group), answers::take_group)?;
        // Projects of other groups that are shared with this one belong to those.
        let projects =
            format!("/api/v4/groups/{path}/projects?include_subgroups=true&with_shared=false&order_by=id&sort=asc");
        self.list_by_rest(&projects, Some(group), answers::take_rest_project)
    }

    fn list_by_rest(
        &mut self,
        address: &str,
        group: Option<&str>,
        take: fn(&mut Gathered, &Value),
    ) -> Result<(), ApiError> {
        let (ask, watch) = (self.ask, self.watch);
        let gathered = &mut self.gathered;
        let whole = pages(ask, address, |item| {
            take(gathered, item);
            watch.step("listing projects", gathered.projects.len(), None);
        })?;
        if let Err(lacking) = whole {
            self.gathered.unread(group, Fact::Projects, lacking.reason(), None);
        }
        Ok(())
    }

    /// Asks each project for its agents and for what lies below `.gitlab/agents`.
    ///
    /// Unlike the lists of GraphQL, these are refused to a role that is too low, so that an empty one is empty.
    /// Source: `lib/api/clusters/agents.rb`, `lib/api/repositories.rb`.
    fn agents_by_rest(&mut self) -> Result<(), ApiError> {
        let asked: Vec<(String, bool)> =
            self.gathered.projects.values().map(|project| (project.path.clone(), project.is_empty)).collect();
        let (ask, watch) = (self.ask, self.watch);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let came = each(&asked, self.concurrency, |(path, is_empty)| {
            let project = format!("/api/v4/projects/{}", encoded(path));
            let agents = collected(ask, &format!("{project}/cluster_agents?"))?;
            let tree = match is_empty {
                true => Ok(Vec::new()),
                false => collected(ask, &format!("{project}/repository/tree?path=.gitlab%2Fagents&recursive=true"))?,
            };
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            watch.step("asking for agents", done, Some(asked.len()));
            Ok::<_, ApiError>(Told { agents, tree })
        })?;
        for ((path, _), told) in asked.into_iter().zip(came) {
            self.take_agents_of_rest(&path, told);
        }
        Ok(())
    }

    fn take_agents_of_rest(&mut self, path: &str, told: Told) {
        let Some(project) = self.gathered.project(path) else { return };
        let mut unread = Vec::new();
        match told.agents {
            Ok(agents) => {
                let named = agents.iter().filter_map(|agent| {
                    let name = agent["name"].as_str().filter(|name| is_agent_name(name))?;
                    Some((name.to_owned(), answers::number(&agent["id"])))
                });
                project.agents = Some(named.collect());
            }
            Err(lacking) => unread.push((Fact::Agents, lacking.reason(), Some("role Developer"))),
        }
        match told.tree {
            // The folder is not there.
            Err(Lacking::Refused(ApiError::NotFound)) => project.has_files = true,
            Ok(entries) => {
                project.has_files = true;
                let folders: BTreeSet<String> = entries
                    .iter()
                    .filter(|entry| entry["type"] == "tree")
                    .filter_map(|entry| entry["path"].as_str()?.strip_prefix(".gitlab/agents/"))
                    .filter(|name| is_agent_name(name))
                    .map(str::to_owned)
                    .collect();
                for entry in &entries {
                    let is_configuration = entry["path"].as_str().is_some_and(|path| {
                        let agent =
                            path.strip_prefix(".gitlab/agents/").and_then(|path| path.strip_suffix("/config.yaml"));
                        agent.is_some_and(|agent| folders.contains(agent))
                    });
                    if is_configuration {
                        unread.extend(answers::take_tree_entry(project, entry));
                    }
                }
                project.folders = folders;
            }
            Err(lacking) => {
                unread.push((Fact::AgentConfiguration, lacking.reason(), Some("role Reporter")));
                unread.push((Fact::CiConfiguration, lacking.reason(), Some("role Reporter")));
            }
        }
        if project.has_files && !project.is_empty && ci_file_of(project) == Some(CI_FILE) {
            project.files.insert(CI_FILE.to_owned(), File::default());
        }
        for (what, reason, needs) in unread {
            self.gathered.unread(Some(path), what, reason, needs);
        }
    }

    /// Fetches files one by one. One of an agent that the tree does not have is not asked for.
    pub(super) fn files_by_rest(&mut self, mut wanted: Vec<FilesOf>) -> Result<(), ApiError> {
        for files in &mut wanted {
            let lower = lower_path(&files.project).into_owned();
            let Some(project) = self.gathered.projects.get_mut(&lower) else { continue };
            for path in &files.paths {
                if path.starts_with(".gitlab/agents/") && !project.files.contains_key(path) {
                    self.absent.insert((lower.clone(), path.clone()));
                } else {
                    project.files.entry(path.clone()).or_default();
                }
            }
        }
        if self.before.is_there() {
            wanted = self.keep_what_is_the_same(wanted);
        }
        self.raw_files(&wanted)?;
        self.links_of_rest(&wanted)
    }

    /// Takes links out of the files that came. As a file has no mode by REST and a link comes as the path that it leads to, the folder of each file
    /// that is one line without an end is asked what it is.
    fn links_of_rest(&mut self, wanted: &[FilesOf]) -> Result<(), ApiError> {
        let mut asked = Vec::new();
        for files in wanted {
            let Some(project) = self.gathered.projects.get(&*lower_path(&files.project)) else { continue };
            for path in &files.paths {
                // Of those in the tree below `.gitlab/agents` the mode is known.
                let is_open = |file: &&File| file.oid.is_none() && file.bytes.as_deref().is_some_and(may_be_link);
                if project.files.get(path).filter(is_open).is_some() {
                    asked.push((project.path.clone(), path.clone()));
                }
            }
        }
        let ask = self.ask;
        let came = each(&asked, self.concurrency, |(project, path)| {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let address = format!("/api/v4/projects/{}/repository/tree?path={}", encoded(project), encoded(folder));
            collected(ask, &address)
        })?;
        for ((path, file), entries) in asked.into_iter().zip(came) {
            let entries = entries.unwrap_or_default();
            let Some(entry) = entries.iter().find(|entry| entry["path"] == *file && entry["mode"] == "120000") else {
                continue;
            };
            let Some(project) = self.gathered.project(&path) else { continue };
            project.files.remove(&file);
            let told = answers::take_tree_entry(project, entry);
            self.absent.insert((lower_path(&path).into_owned(), file));
            if let Some((what, reason, needs)) = told {
                self.gathered.unread(Some(&path), what, reason, needs);
            }
        }
        Ok(())
    }
}

/// Whether bytes may be those of a link: a path, which ends in no line break.
fn may_be_link(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len() <= LONGEST_LINK && !bytes.contains(&b'\n')
}

/// An object of REST; or why it is not told.
pub(super) fn object(ask: &dyn Ask, address: &str) -> Result<Result<Value, String>, ApiError> {
    match ask.get(&format!("/api/v4/{address}")).and_then(|response| json_of(&response)) {
        Ok(object) => Ok(Ok(object)),
        Err(ApiError::NotFound) => Ok(Err(NOT_THERE.to_owned())),
        Err(error) if error.is_about_one_thing() => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

fn collected(ask: &dyn Ask, address: &str) -> Result<Result<Vec<Value>, Lacking>, ApiError> {
    let mut items = Vec::new();
    let whole = pages(ask, address, |item| items.push(item.clone()))?;
    Ok(whole.map(|()| items))
}
