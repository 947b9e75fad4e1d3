//! Settings that decide: Auto DevOps, the licence, the instance's own.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Fetch;
use super::pages::pages;
use crate::api::{ApiError, json_of};
use crate::fetch::answers::NOT_SHOWN;
use crate::fetch::ask::{Ask, encoded};
use crate::fetch::gathered::Project;
use crate::fetch::includes::ci_file_of;
use crate::fetch::instance::{self, Instance};
use crate::fetch::needs::Needs;
use crate::fetch::side_by_side::each;
use crate::gitlab::lower_path;
use crate::inventory::Fact;

impl Fetch<'_> {
    /// Asks for Auto DevOps where no CI file switches it off, for the tier and for the instance's setting.
    pub(super) fn settings(&mut self, needs: &Needs, instance: &Instance) -> Result<(), ApiError> {
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
        let setting = match self.ask.get("/api/v4/application/settings").and_then(|response| json_of(&response)) {
            Ok(settings) => Ok(settings[instance::AUTHORIZATION_SETTING].as_bool()),
            Err(ApiError::Forbidden(_) | ApiError::NotFound) => Ok(None),
            Err(error) if error.is_about_one_thing() => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        match setting {
            Ok(Some(setting)) => self.gathered.instance_authorization = Some(setting),
            Ok(None) => self.gathered.unread(
                None,
                Fact::InstanceAuthorization,
                "shown to administrators alone",
                Some("an administrator's token"),
            ),
            Err(reason) => self.gathered.unread(None, Fact::InstanceAuthorization, reason, None),
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
            let address = format!("/api/v4/groups/{}/projects?include_subgroups=true&with_shared=false", encoded(top));
            let (ask, watch, of) = (self.ask, self.watch, self.gathered.projects.len());
            // A project that is not in the list is not known, and told as that.
            let _ = pages(ask, &address, |item| {
                objects.push(item.clone());
                watch.step("asking for Auto DevOps", objects.len(), Some(of));
            })?;
        }
        Ok(objects)
    }
}

/// A project of REST; `None` where it is not told.
fn project_object(ask: &dyn Ask, path: &str) -> Result<Option<Value>, ApiError> {
    match ask.get(&format!("/api/v4/projects/{}", encoded(path))).and_then(|response| json_of(&response)) {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.is_about_one_thing() => Ok(None),
        Err(error) => Err(error),
    }
}
