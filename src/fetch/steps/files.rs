//! Files of repositories: those of agents, CI files with what they include, and these as GitLab merges them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Fetch;
use crate::api::{ApiError, json_of, shortened};
use crate::fetch::answers::{self, NOT_SHOWN, nodes};
use crate::fetch::ask::{encoded, is_page};
use crate::fetch::gathered::File;
use crate::fetch::git_hash::is_hash_of;
use crate::fetch::includes::{ci_file_of, missing};
use crate::fetch::needs::{Needs, configuration_path};
use crate::fetch::queries::{FilesOf, MOST_PATHS, fit};
use crate::fetch::side_by_side::each;
use crate::gitlab::lower_path;
use crate::inventory::Fact;

/// The most rounds of includes: a file that one includes is one more.
const MOST_ROUNDS: usize = 12;

impl Fetch<'_> {
    /// Fetches the files of agents, CI files that lie elsewhere, and those of which only the hash is known.
    pub(super) fn agent_files(&mut self) -> Result<(), ApiError> {
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

    pub(super) fn includes(&mut self, needs: &Needs) -> Result<(), ApiError> {
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
        if self.is_by_rest {
            return self.files_by_rest(wanted);
        }
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
    pub(super) fn keep_what_is_the_same(&mut self, wanted: Vec<FilesOf>) -> Vec<FilesOf> {
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

    /// Fetches the files whose bytes did not come: by GraphQL, those that are no UTF-8.
    pub(super) fn raw_files(&mut self, wanted: &[FilesOf]) -> Result<(), ApiError> {
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
                // GitLab gives every file as `text/plain` (`send_git_blob` in `lib/api/helpers.rb`).
                Ok(response) if is_page(&response) => Ok(Err(ApiError::Malformed(
                    "it is text/html; a proxy or a sign-in page answers in GitLab's place".to_owned(),
                ))),
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
                Err(ApiError::NotFound) if oid.is_none() => {
                    // Nobody said that it is there.
                    let lower = lower_path(&project).into_owned();
                    if let Some(known) = self.gathered.projects.get_mut(&lower) {
                        known.files.remove(&path);
                    }
                    self.absent.insert((lower, path));
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

    /// Puts CI files as GitLab merges them in the place of those that include others.
    pub(super) fn merged_ci(&mut self, needs: &Needs) -> Result<(), ApiError> {
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
}

/// The same with no more paths of a project at a time than one query has.
fn divided(wanted: Vec<FilesOf>) -> Vec<FilesOf> {
    let parts = wanted.into_iter().flat_map(|FilesOf { project, paths }| {
        let chunks: Vec<Vec<String>> = paths.chunks(MOST_PATHS).map(<[String]>::to_vec).collect();
        chunks.into_iter().map(move |paths| FilesOf { project: project.clone(), paths })
    });
    parts.collect()
}
