//! A fetch, step by step: the instance, groups, projects, agent files, includes, and what entries need.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Value, json};

use super::answers::{self, More, NOT_SHOWN, next_page, nodes};
use super::ask::{Ask, encoded};
use super::gathered::{File, Gathered, Project};
use super::git_hash::is_hash_of;
use super::includes::{ci_file_of, missing};
use super::instance::{self, Instance};
use super::needs::{Needs, configuration_path};
use super::queries::{self, FilesOf, MOST_PATHS, Queries, Query, fit};
use super::side_by_side::each;
use crate::api::{ApiError, json_of, shortened};
use crate::gitlab::releases::PROTECTED_MERGE_REQUESTS;
use crate::gitlab::{Version, is_plain_file_path, lower_path};
use crate::inventory::Fact;

/// What is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Groups with all below them.
    Groups(Vec<String>),
    /// Projects.
    Projects(Vec<String>),
    /// Everything that the token sees.
    Instance,
}

/// What the caller wants.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// What is to be fetched.
    pub targets: Targets,
    /// How many requests are in flight at a time.
    pub concurrency: usize,
    /// Whether CI files are fetched as GitLab merges them.
    pub merged_ci: bool,
}

/// Somebody who watches.
pub trait Watch: Sync {
    /// So much is done of a step; of how much, where that is known.
    fn step(&self, doing: &'static str, done: usize, of: Option<usize>);
}

/// Files of a fetch before this one.
pub trait Before: Sync {
    /// The bytes of a project's file, if there are any.
    fn file(&self, project: &str, path: &str) -> Option<Vec<u8>>;
    /// Whether there was one at all.
    fn is_there(&self) -> bool;
}

/// Page sizes, from the largest on. A page that is too much for the server is asked for again with the next.
const PAGE_SIZES: [usize; 3] = [100, 50, 20];

/// The most pages of environments of a project: 5,000 environments.
const MOST_ENVIRONMENT_PAGES: usize = 50;

/// The most rounds of includes: a file that one includes is one more.
const MOST_ROUNDS: usize = 12;

/// The largest file that is kept, in bytes: of CI files `max_yaml_size_bytes`, which is larger than that of agent files.
const MAX_FILE_SIZE: usize = 2 << 20;

/// Fetches what there is to know.
///
/// # Errors
/// When the instance does not answer, refuses the token, or stops answering on the way.
pub fn fetch(
    ask: &dyn Ask,
    url: &str,
    wishes: &Wishes,
    before: &dyn Before,
    watch: &dyn Watch,
) -> Result<Gathered, ApiError> {
    watch.step("asking for the release", 0, None);
    let instance = instance::look(ask)?;
    let mut gathered = Gathered { url: Some(url.to_owned()), ..Gathered::default() };
    gathered.version = instance.version.map(|version| format!("{}.{}", version.major, version.minor));
    let mut fetch = Fetch {
        ask,
        watch,
        before,
        concurrency: wishes.concurrency,
        queries: Queries::new(instance.version_or_newest()),
        version: instance.version_or_newest(),
        gathered,
        absent: HashSet::new(),
    };
    fetch.groups_and_projects(&wishes.targets)?;
    fetch.what_is_not_listed(&wishes.targets, &instance)?;
    fetch.agent_files()?;
    let needs = Needs::of(&fetch.gathered, fetch.version);
    fetch.includes(&needs)?;
    fetch.environments(&needs)?;
    fetch.protected_refs(&needs)?;
    fetch.settings(&needs, &instance)?;
    if wishes.merged_ci {
        fetch.merged_ci(&needs)?;
    }
    Ok(fetch.end())
}

struct Fetch<'f> {
    ask: &'f dyn Ask,
    watch: &'f dyn Watch,
    before: &'f dyn Before,
    concurrency: usize,
    queries: Queries,
    version: Version,
    gathered: Gathered,
    /// Files that were asked for and are not there, by project in lower case.
    absent: HashSet<(String, String)>,
}

impl Fetch<'_> {
    fn groups_and_projects(&mut self, targets: &Targets) -> Result<(), ApiError> {
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
                for chunk in paths.chunks(MOST_PATHS) {
                    self.list(queries::PROJECTS_BY_PATH, &json!({ "paths": chunk }), None, &mut |gathered, data| {
                        let projects = &data["projects"];
                        more.extend(nodes(projects).filter_map(|node| answers::take_project(gathered, node)));
                        projects.is_object().then_some(None)
                    })?;
                }
                for path in paths
                    .iter()
                    .filter(|path| !self.gathered.projects.contains_key(&*lower_path(path)))
                    .cloned()
                    .collect::<Vec<_>>()
                {
                    self.gathered.unread(Some(&path), Fact::Projects, NOT_THERE, Some("role Reporter"));
                }
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

    /// Notes of which groups not all projects are listed: a project that is not there may exist all the same.
    fn what_is_not_listed(&mut self, targets: &Targets, instance: &Instance) -> Result<(), ApiError> {
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
                self.gathered.unread(
                    group,
                    Fact::Projects,
                    "the list goes round in a circle, so part of it may be missing",
                    None,
                );
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
                while let Some(after) = cursor.take().filter(|after| seen.insert(after.clone())) {
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

    /// Fetches the files of agents, CI files that lie elsewhere, and those of which only the hash is known.
    fn agent_files(&mut self) -> Result<(), ApiError> {
        let mut wanted = Vec::new();
        for project in self.gathered.projects.values() {
            let agents = project.folders.iter().map(|agent| configuration_path(agent));
            let ci_file = ci_file_of(project).filter(|_| project.has_files && project.ci_config_path.is_some());
            let unknown = project.files.iter().filter(|(_, file)| file.bytes.is_none()).map(|(path, _)| path.clone());
            let paths: BTreeSet<String> = agents.chain(ci_file.map(str::to_owned)).chain(unknown).collect();
            if !paths.is_empty() {
                wanted.push(FilesOf { project: project.path.clone(), paths: paths.into_iter().collect() });
            }
        }
        let elsewhere: Vec<(String, String)> = self
            .gathered
            .projects
            .values()
            .filter_map(|project| {
                let written = project.ci_config_path.as_ref().filter(|_| ci_file_of(project).is_none())?;
                Some((project.path.clone(), written.clone()))
            })
            .collect();
        for (project, written) in elsewhere {
            let shown = shortened(&written, 120);
            self.gathered.unread(
                Some(&project),
                Fact::CiConfiguration,
                format!("its CI file lies elsewhere: {shown}"),
                None,
            );
        }
        self.files(wanted, "reading agent files")
    }

    fn includes(&mut self, needs: &Needs) -> Result<(), ApiError> {
        let mut open: Vec<String> = needs.reached.iter().cloned().collect();
        for _ in 0..MOST_ROUNDS {
            let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            let mut again = Vec::new();
            for path in open {
                let Some(project) = self.gathered.projects.get(&path) else { continue };
                let mut has_more = false;
                for files in missing(&self.gathered, project) {
                    let lower = lower_path(&files.project).into_owned();
                    let unknown =
                        files.paths.into_iter().filter(|path| !self.absent.contains(&(lower.clone(), path.clone())));
                    let unknown: Vec<String> = unknown.collect();
                    has_more |= !unknown.is_empty();
                    wanted.entry(files.project).or_default().extend(unknown);
                }
                if has_more {
                    again.push(path);
                }
            }
            wanted.retain(|_, paths| !paths.is_empty());
            if wanted.is_empty() {
                return Ok(());
            }
            let wanted =
                wanted.into_iter().map(|(project, paths)| FilesOf { project, paths: paths.into_iter().collect() });
            self.files(wanted.collect(), "reading includes")?;
            open = again;
        }
        for path in open {
            if let Some(project) = self.gathered.projects.get(&path).map(|project| project.path.clone()) {
                self.gathered.unread(
                    Some(&project),
                    Fact::CiConfiguration,
                    "its includes go too deep to be followed",
                    None,
                );
            }
        }
        Ok(())
    }

    /// Fetches files by as few queries as their points allow. Those of a fetch before this one are kept where their hash says so.
    fn files(&mut self, wanted: Vec<FilesOf>, doing: &'static str) -> Result<(), ApiError> {
        let mut wanted = divided(wanted);
        if self.before.is_there() {
            self.ask_files(&wanted, false, doing)?;
            wanted = self.keep_what_is_the_same(wanted);
        }
        self.ask_files(&wanted, true, doing)?;
        self.raw_files(&wanted)
    }

    fn ask_files(&mut self, wanted: &[FilesOf], with_text: bool, doing: &'static str) -> Result<(), ApiError> {
        let mut rest = wanted;
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let (chunk, behind) = rest.split_at(fit(rest));
            chunks.push(chunk);
            rest = behind;
        }
        let (ask, queries, watch) = (self.ask, &self.queries, self.watch);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let answers = each(&chunks, self.concurrency, |chunk| {
            let answer = queries.ask_files(ask, chunk, with_text);
            let done = done.fetch_add(chunk.len(), std::sync::atomic::Ordering::Relaxed) + chunk.len();
            watch.step(doing, done, Some(wanted.len()));
            match answer {
                Ok(answer) => Ok(Ok(answer)),
                Err(error) if error.is_about_one_thing() => Ok(Err(error)),
                Err(error) => Err(error),
            }
        })?;
        for (chunk, answer) in chunks.iter().zip(answers) {
            for (number, files) in chunk.iter().enumerate() {
                match &answer {
                    Ok(answer) => self.take_files(files, &answer.data[format!("p{number}")]["repository"]),
                    Err(error) => self.unread_files(files, &error.to_string(), None),
                }
            }
        }
        Ok(())
    }

    fn take_files(&mut self, files: &FilesOf, repository: &Value) {
        if !repository["blobs"]["nodes"].is_array() {
            self.unread_files(files, NOT_SHOWN, Some("role Reporter"));
            return;
        }
        let lower = lower_path(&files.project).into_owned();
        let Some(project) = self.gathered.projects.get_mut(&lower) else { return };
        let mut told = BTreeSet::new();
        let mut unread = Vec::new();
        for blob in nodes(&repository["blobs"]) {
            // Only what was asked for.
            let Some(path) = blob["path"].as_str().filter(|path| files.paths.iter().any(|wanted| wanted == path))
            else {
                continue;
            };
            told.insert(path);
            unread.extend(answers::take_blob(project, blob));
        }
        for path in files.paths.iter().filter(|path| !told.contains(path.as_str())) {
            project.files.remove(path);
            self.absent.insert((lower.clone(), path.clone()));
        }
        for (what, reason, needs) in unread {
            self.gathered.unread(Some(&files.project), what, reason, needs);
        }
    }

    fn unread_files(&mut self, files: &FilesOf, reason: &str, needs: Option<&str>) {
        let lower = lower_path(&files.project).into_owned();
        for path in &files.paths {
            let is_agents = path.starts_with(".gitlab/agents/");
            let what = if is_agents { Fact::AgentConfiguration } else { Fact::CiConfiguration };
            self.gathered.unread(Some(&files.project), what, format!("{path}: {reason}"), needs);
            self.absent.insert((lower.clone(), path.clone()));
            if let Some(project) = self.gathered.projects.get_mut(&lower) {
                project.files.remove(path);
            }
        }
    }

    /// Takes what is on disk already, and leaves what is not.
    fn keep_what_is_the_same(&mut self, wanted: Vec<FilesOf>) -> Vec<FilesOf> {
        let mut left = Vec::new();
        for mut files in wanted {
            let Some(project) = self.gathered.projects.get_mut(&*lower_path(&files.project)) else { continue };
            let before = self.before;
            files.paths.retain(|path| {
                let Some(file) = project.files.get_mut(path) else { return false };
                if file.bytes.is_none()
                    && let (Some(oid), Some(bytes)) = (&file.oid, before.file(&files.project, path))
                    && is_hash_of(oid, &bytes)
                {
                    file.bytes = Some(bytes);
                }
                file.bytes.is_none()
            });
            if !files.paths.is_empty() {
                left.push(files);
            }
        }
        left
    }

    /// Fetches what did not come byte by byte: what is no UTF-8.
    fn raw_files(&mut self, wanted: &[FilesOf]) -> Result<(), ApiError> {
        let mut open = Vec::new();
        for files in wanted {
            let Some(project) = self.gathered.projects.get(&*lower_path(&files.project)) else { continue };
            for path in &files.paths {
                if project.files.get(path).is_some_and(|file| file.bytes.is_none()) {
                    open.push((project.path.clone(), path.clone()));
                }
            }
        }
        let ask = self.ask;
        let came = each(&open, self.concurrency, |(project, path)| {
            let address =
                format!("/api/v4/projects/{}/repository/files/{}/raw?ref=HEAD", encoded(project), encoded(path));
            match ask.get(&address) {
                Ok(response) => Ok(Ok(response.body)),
                Err(error) if error.is_about_one_thing() => Ok(Err(error)),
                Err(error) => Err(error),
            }
        })?;
        for ((project, path), bytes) in open.into_iter().zip(came) {
            let oid = self
                .gathered
                .projects
                .get(&*lower_path(&project))
                .and_then(|known| known.files.get(&path)?.oid.clone());
            match bytes {
                Ok(bytes) if oid.as_deref().is_none_or(|oid| is_hash_of(oid, &bytes)) => {
                    if let Some(known) = self.gathered.projects.get_mut(&*lower_path(&project)) {
                        known.files.insert(path, File { oid, bytes: Some(bytes) });
                    }
                }
                Ok(_) => {
                    let files = FilesOf { project, paths: vec![path] };
                    self.unread_files(&files, "what came is not what git's hash says; it was changed meanwhile", None);
                }
                Err(error) => {
                    self.unread_files(
                        &FilesOf { project, paths: vec![path] },
                        &error.to_string(),
                        Some("scope read_api, role Reporter"),
                    );
                }
            }
        }
        Ok(())
    }

    /// Asks for the environments of projects that an entry with `environments` is about.
    fn environments(&mut self, needs: &Needs) -> Result<(), ApiError> {
        let asked = self.projects(&needs.environments);
        let (ask, queries, watch) = (self.ask, &self.queries, self.watch);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let dropped_rights = queries.dropped().contains("userPermissions");
        let came = each(&asked, self.concurrency, |(path, project)| {
            let result = if project.rights.reads_environments || dropped_rights {
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
    fn protected_refs(&mut self, needs: &Needs) -> Result<(), ApiError> {
        let asked = self.projects(&needs.protected);
        let (ask, watch) = (self.ask, self.watch);
        let done = std::sync::atomic::AtomicUsize::new(0);
        let came = each(&asked, self.concurrency, |(path, project)| {
            let branches = names(ask, path, "protected_branches", "role Reporter")?;
            let tags = if project.rights.is_maintainer {
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

    /// Asks for Auto DevOps where no CI file switches it off, for the tier and for the instance's setting.
    fn settings(&mut self, needs: &Needs, instance: &Instance) -> Result<(), ApiError> {
        let without_file = |project: &Project| {
            project.has_files && ci_file_of(project).is_some_and(|file| !project.files.contains_key(file))
        };
        let reached = needs.reached.iter().filter_map(|path| self.gathered.projects.get(path));
        let open: Vec<(String, bool)> = reached
            .filter(|project| without_file(project))
            .map(|project| (project.path.clone(), project.rights.is_maintainer))
            .collect();
        let (ask, watch) = (self.ask, self.watch);
        let asked: Vec<&String> = open.iter().filter(|(_, is_shown)| *is_shown).map(|(path, _)| path).collect();
        let done = std::sync::atomic::AtomicUsize::new(0);
        let pages = self.gathered.projects.len().div_ceil(100);
        let mut objects = if asked.len() > pages { self.rest_list()? } else { Vec::new() };
        if objects.is_empty() {
            objects = each(&asked, self.concurrency, |path| {
                let object = project_object(ask, path)?;
                let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                watch.step("asking for Auto DevOps", done, Some(asked.len()));
                Ok::<_, ApiError>(object)
            })?
            .into_iter()
            .flatten()
            .collect();
        }
        for object in &objects {
            let known = object["path_with_namespace"]
                .as_str()
                .and_then(|path| self.gathered.projects.get_mut(&*lower_path(path)));
            if let Some(project) = known {
                project.auto_devops = object["auto_devops_enabled"].as_bool().or(project.auto_devops);
            }
        }
        for (path, _) in &open {
            let is_known =
                self.gathered.projects.get(&*lower_path(path)).is_some_and(|project| project.auto_devops.is_some());
            if !is_known {
                self.gathered.unread(Some(path), Fact::AutoDevops, NOT_SHOWN, Some("role Maintainer"));
            }
        }
        self.tier(instance, objects.first().cloned())?;
        self.instance_setting()
    }

    fn tier(&mut self, instance: &Instance, object: Option<Value>) -> Result<(), ApiError> {
        let object = match (object, self.gathered.projects.values().next()) {
            (None, Some(project)) if !instance.is_free() => project_object(self.ask, &project.path.clone())?,
            (object, _) => object,
        };
        match instance.tier(object.as_ref()) {
            Some(tier) => self.gathered.tier = Some(tier),
            None => self.gathered.unread(
                None,
                Fact::Tier,
                "what this token sees does not tell the licence",
                Some("role Owner, or --tier"),
            ),
        }
        Ok(())
    }

    fn instance_setting(&mut self) -> Result<(), ApiError> {
        let is_gitlab_com =
            self.gathered.url.as_deref().is_some_and(|url| url.trim_end_matches('/') == "https://gitlab.com");
        if is_gitlab_com {
            return Ok(());
        }
        let setting = match self.ask.get("/api/v4/application/settings") {
            Ok(response) => {
                json_of(&response).ok().and_then(|settings| settings[instance::AUTHORIZATION_SETTING].as_bool())
            }
            Err(error) if error.is_about_one_thing() => None,
            Err(error) => return Err(error),
        };
        match setting {
            Some(setting) => self.gathered.instance_authorization = Some(setting),
            None => self.gathered.unread(
                None,
                Fact::InstanceAuthorization,
                "shown to administrators alone",
                Some("an administrator's token"),
            ),
        }
        Ok(())
    }

    /// All projects by REST, for what GraphQL does not tell of them.
    fn rest_list(&mut self) -> Result<Vec<Value>, ApiError> {
        let tops: BTreeSet<String> = self
            .gathered
            .projects
            .values()
            .filter_map(|project| Some(project.path.split_once('/')?.0.to_lowercase()))
            .collect();
        let mut objects = Vec::new();
        for top in tops.iter().filter(|top| self.gathered.groups.contains_key(*top)) {
            let mut page = 1;
            loop {
                let address = format!(
                    "/api/v4/groups/{}/projects?include_subgroups=true&with_shared=false&per_page=100&page={page}",
                    encoded(top)
                );
                let list = match self.ask.get(&address).and_then(|response| json_of(&response)) {
                    Ok(list) => list,
                    Err(error) if error.is_about_one_thing() => break,
                    Err(error) => return Err(error),
                };
                let items = list.as_array().cloned().unwrap_or_default();
                let is_last = items.len() < 100;
                objects.extend(items);
                self.watch.step("asking for Auto DevOps", objects.len(), Some(self.gathered.projects.len()));
                // More than there are projects is a list without an end.
                if is_last || objects.len() > self.gathered.projects.len() + 1_000 {
                    break;
                }
                page += 1;
            }
        }
        Ok(objects)
    }

    /// Puts CI files as GitLab merges them in the place of those that include others.
    fn merged_ci(&mut self, needs: &Needs) -> Result<(), ApiError> {
        let asked: Vec<(String, String)> = needs
            .reached
            .iter()
            .filter_map(|path| self.gathered.projects.get(path))
            .filter_map(|project| {
                let file = ci_file_of(project).filter(|file| project.files.contains_key(*file))?;
                Some((project.path.clone(), file.to_owned()))
            })
            .collect();
        let ask = self.ask;
        let came = each(&asked, self.concurrency, |(project, _)| {
            let address = format!("/api/v4/projects/{}/ci/lint", encoded(project));
            match ask.get(&address).and_then(|response| json_of(&response)) {
                Ok(lint) => Ok(Ok(lint)),
                Err(error) if error.is_about_one_thing() => Ok(Err(error)),
                Err(error) => Err(error),
            }
        })?;
        for ((path, file), lint) in asked.into_iter().zip(came) {
            let merged = lint
                .as_ref()
                .ok()
                .filter(|lint| lint["valid"].as_bool() == Some(true))
                .and_then(|lint| lint["merged_yaml"].as_str());
            match (merged, self.gathered.projects.get_mut(&*lower_path(&path))) {
                (Some(merged), Some(project)) => {
                    project.files.insert(file, File { oid: None, bytes: Some(merged.as_bytes().to_vec()) });
                }
                _ => {
                    let reason = match &lint {
                        Ok(_) => "GitLab refuses its CI configuration".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    self.gathered.unread(Some(&path), Fact::MergedCi, reason, Some("role Reporter"));
                }
            }
        }
        Ok(())
    }

    /// What is written: files that came, and which of them hold what looks like a secret.
    fn end(mut self) -> Gathered {
        for field in self.queries.dropped() {
            let reason = format!(
                "GitLab {} has no field {field}",
                self.gathered.version.as_deref().unwrap_or("of this release")
            );
            let what = match field.as_str() {
                // Without the rights, an empty list of agents may as well be a hidden one.
                "clusterAgents" | "userPermissions" | "readEnvironment" | "createDeployment" | "adminProject" => {
                    Fact::Agents
                }
                "ciConfigPathOrDefault" => Fact::CiConfiguration,
                "autoDevopsEnabled" => Fact::AutoDevops,
                "environments" => Fact::Environments,
                "tree" => Fact::AgentConfiguration,
                // What is left out of a project is not known anyway.
                _ => continue,
            };
            self.gathered.unread(None, what, reason, None);
        }
        for project in self.gathered.projects.values_mut() {
            // An address of another place may hold a token, and nothing is read there.
            if ci_file_of(project).is_none() {
                project.ci_config_path =
                    project.ci_config_path.take().map(|path| crate::source::secrets::mask(&path).into_owned());
            }
            project.files.retain(|path, file| {
                is_plain_file_path(path) && file.bytes.as_ref().is_some_and(|bytes| bytes.len() <= MAX_FILE_SIZE)
            });
            for (path, file) in &project.files {
                let bytes = file.bytes.as_deref().unwrap_or_default();
                if std::str::from_utf8(bytes).is_ok_and(|text| !crate::source::secrets::find(text).is_empty()) {
                    self.gathered.with_secrets.insert(format!("projects/{}/{path}", project.path));
                }
            }
        }
        self.gathered
    }
}

/// What is said of a group or project that GraphQL answers null for.
const NOT_THERE: &str = "not there, or not shown to this token";

/// What came of a question about one project: or why it did not, and what would help.
type Came<T> = Result<T, (String, Option<&'static str>)>;

/// The same with no more paths of a project at a time than one query has.
fn divided(wanted: Vec<FilesOf>) -> Vec<FilesOf> {
    let parts = wanted.into_iter().flat_map(|FilesOf { project, paths }| {
        let chunks: Vec<Vec<String>> = paths.chunks(MOST_PATHS).map(<[String]>::to_vec).collect();
        chunks.into_iter().map(move |paths| FilesOf { project: project.clone(), paths })
    });
    parts.collect()
}

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

/// The names of a list of REST, all pages.
fn names(ask: &dyn Ask, project: &str, list: &str, needs: &'static str) -> Result<Came<BTreeSet<String>>, ApiError> {
    let mut names = BTreeSet::new();
    for page in 1..=100 {
        let address = format!("/api/v4/projects/{}/{list}?per_page=100&page={page}", encoded(project));
        let items = match ask.get(&address).and_then(|response| json_of(&response)) {
            Ok(Value::Array(items)) => items,
            Ok(_) => return Ok(Err(("what came is no list".to_owned(), None))),
            Err(error) if error.is_about_one_thing() => return Ok(Err((error.to_string(), Some(needs)))),
            Err(error) => return Err(error),
        };
        names.extend(items.iter().filter_map(|item| item["name"].as_str()).map(str::to_owned));
        if items.len() < 100 {
            return Ok(Ok(names));
        }
    }
    Ok(Err(("the list has no end".to_owned(), None)))
}

/// A project of REST; `None` where it is not told.
fn project_object(ask: &dyn Ask, path: &str) -> Result<Option<Value>, ApiError> {
    match ask.get(&format!("/api/v4/projects/{}", encoded(path))).and_then(|response| json_of(&response)) {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.is_about_one_thing() => Ok(None),
        Err(error) => Err(error),
    }
}
