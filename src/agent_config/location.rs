//! Where agent configurations lie, and where people put them that GitLab does not look.
//!
//! Source: `internal/module/agent_configuration/server/server.go` and `internal/module/configuration_project/server/server.go` of
//! gitlab-agent: the directory `.gitlab/agents`, one folder an agent, the file `config.yaml`, all exact and
//! case-sensitive.

/// What a path within a configuration project is to GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// `.gitlab/agents/<agent>/config.yaml`.
    Config {
        /// The folder's name.
        agent: String,
    },
    /// It looks like an agent configuration and is never read.
    Unread {
        /// Why.
        why: Unread,
        /// The agent that seems to be meant.
        agent: Option<String>,
    },
    /// `.gitlab/agents/<agent>/environment_templates/default.yaml`.
    EnvironmentTemplate {
        /// The agent's folder.
        agent: String,
    },
    /// It looks like an environment template and is never used.
    UnusedTemplate(UnusedTemplate),
    /// A file that was named on the command line and lies in no `.gitlab/agents`.
    Loose,
}

impl Location {
    /// The agent whose configuration it is.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        match self {
            Self::Config { agent } => Some(agent),
            Self::Unread { .. } | Self::EnvironmentTemplate { .. } | Self::UnusedTemplate(_) | Self::Loose => None,
        }
    }

    /// Whether it is an environment template, or looks like one.
    #[must_use]
    pub fn is_template(&self) -> bool {
        matches!(self, Self::EnvironmentTemplate { .. } | Self::UnusedTemplate(_))
    }
}

/// Why GitLab never uses what looks like an environment template.
///
/// Source: `doc/user/clusters/agent/managed_kubernetes_resources.md` of GitLab for the path, and
/// `lib/gitlab/ci/build/prerequisite/managed_resource.rb` for the one name that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusedTemplate {
    /// Another name than `default.yaml`.
    FileName,
    /// A folder below `environment_templates`.
    TooDeep,
    /// Another spelling of `environment_templates`, or a file of that name in place of the folder.
    Folder,
    /// `environment_templates` directly in `.gitlab/agents`, without a folder for the agent.
    NoAgentFolder,
    /// Another spelling of `.gitlab/agents`.
    Directory,
    /// Behind a link in place of `environment_templates`.
    FolderLink,
}

/// Why GitLab never reads what looks like an agent configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Another file name in an agent's folder, such as `config.yml`.
    FileName,
    /// A copy such as `config.yaml.bak`.
    Copy,
    /// Directly in `.gitlab/agents`, without a folder for the agent.
    NoAgentFolder,
    /// A folder below the agent's.
    TooDeep,
    /// Another spelling of `.gitlab/agents`, such as `.gitlab/agent`.
    Directory,
    /// In a folder below the top of the repository.
    NotAtTheTop,
    /// Behind a link in place of `.gitlab`, `.gitlab/agents` or an agent's folder.
    FolderLink,
}

/// The folder that holds agent folders, relative to a configuration project.
pub const AGENTS_FOLDER: &str = ".gitlab/agents";

/// The folder of an agent's own templates for managed resources, beside its configuration.
pub const TEMPLATES_FOLDER: &str = "environment_templates";

/// The only one of them that is used.
pub const ENVIRONMENT_TEMPLATE: &str = "environment_templates/default.yaml";

/// The CI file, at the top of a repository unless the project's settings name another.
pub const CI_FILE: &str = ".gitlab-ci.yml";

/// What the path, given by its components relative to the project, is; `None` for what is no agent configuration.
#[must_use]
pub fn locate(components: &[&str]) -> Option<Location> {
    let [first, second, rest @ ..] = components else { return None };
    if !first.eq_ignore_ascii_case(".gitlab") {
        return None;
    }
    let unread = |why, agent: Option<&str>| Some(Location::Unread { why, agent: agent.map(str::to_owned) });
    let exact = (*first, *second) == (".gitlab", "agents");
    let near = ["agents", "agent", "kubernetes-agents"].iter().any(|name| second.eq_ignore_ascii_case(name));
    if !near {
        return None;
    }
    if let Some(location) = locate_template(rest, exact) {
        return Some(location);
    }
    match rest {
        [agent, "config.yaml"] if exact => Some(Location::Config { agent: (*agent).to_owned() }),
        [agent, file] => match resemblance(file) {
            Some(_) if !exact => unread(Unread::Directory, Some(agent)),
            Some(why) => unread(why, Some(agent)),
            None => None,
        },
        [file] => {
            let (stem, _) = file.rsplit_once('.')?;
            let agent = Some(stem).filter(|stem| *stem != "config" && !stem.is_empty());
            if is_yaml(file) {
                unread(if exact { Unread::NoAgentFolder } else { Unread::Directory }, agent)
            } else {
                None
            }
        }
        [agent, _, .., "config.yaml"] => unread(if exact { Unread::TooDeep } else { Unread::Directory }, Some(agent)),
        _ => None,
    }
}

/// What a path below `.gitlab/agents`, exactly so or not, is where it is or looks like an environment template.
fn locate_template(path: &[&str], exact: bool) -> Option<Location> {
    let unused = |why| Some(Location::UnusedTemplate(if exact { why } else { UnusedTemplate::Directory }));
    match path {
        [agent, TEMPLATES_FOLDER, "default.yaml"] if exact => {
            Some(Location::EnvironmentTemplate { agent: (*agent).to_owned() })
        }
        [_, TEMPLATES_FOLDER, file] if is_like_template(file) => unused(UnusedTemplate::FileName),
        [_, TEMPLATES_FOLDER, .., file] if is_like_template(file) => unused(UnusedTemplate::TooDeep),
        [TEMPLATES_FOLDER, file] if is_like_template(file) && resemblance(file).is_none() => {
            unused(UnusedTemplate::NoAgentFolder)
        }
        [_, folder, file] if is_like_template(file) && is_like_folder(folder) => unused(UnusedTemplate::Folder),
        [_, file] if is_yaml(file) && file.rsplit_once('.').is_some_and(|(stem, _)| is_like_folder(stem)) => {
            unused(UnusedTemplate::Folder)
        }
        _ => None,
    }
}

/// Whether a file's name says that it is meant as a template: YAML, a copy of such, or `default` in whatever form.
fn is_like_template(file: &str) -> bool {
    let mut parts = file.split(['.', '~']).map(str::to_ascii_lowercase);
    // Hidden files are of editors and git.
    let stem = parts.next().filter(|stem| !stem.is_empty());
    stem.is_some_and(|stem| stem == "default" || parts.any(|part| matches!(&*part, "yaml" | "yml")))
}

fn is_like_folder(name: &str) -> bool {
    // As far from it as a slip of the fingers: gitlab#519814 has `envrionment_templates`.
    const MOST: usize = 2;
    let name = name.to_ascii_lowercase().replace(['-', ' '], "_");
    name.len().abs_diff(TEMPLATES_FOLDER.len()) <= MOST && strsim::osa_distance(&name, TEMPLATES_FOLDER) <= MOST
}

fn is_yaml(file: &str) -> bool {
    file.rsplit_once('.')
        .is_some_and(|(_, extension)| ["yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Whether a file's name says that it is meant as an agent's configuration.
fn resemblance(file: &str) -> Option<Unread> {
    let lower = file.to_ascii_lowercase();
    match lower.as_str() {
        "config.yaml" | "config.yml" | "config.json" | "config" | "configuration.yaml" | "configuration.yml" => {
            Some(Unread::FileName)
        }
        _ => {
            let tail = lower.strip_prefix("config.yaml").or_else(|| lower.strip_prefix("config.yml"))?;
            let is_copy = tail.starts_with(['.', '~', '_', '-']) || tail.starts_with(' ');
            is_copy.then_some(Unread::Copy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(path: &str) -> Option<Unread> {
        match locate(&path.split('/').collect::<Vec<_>>())? {
            Location::Unread { why, .. } => Some(why),
            _ => None,
        }
    }

    #[test]
    fn one_template_of_an_agent_is_used() {
        let at = |path: &str| locate(&path.split('/').collect::<Vec<_>>());
        let template = Location::EnvironmentTemplate { agent: "prod".to_owned() };
        assert_eq!(at(".gitlab/agents/prod/environment_templates/default.yaml"), Some(template));
        for (path, expected) in [
            (".gitlab/agents/prod/environment_templates/production.yaml", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/default.yml", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/Default.yaml", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/default", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/default.json", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/default.yaml.bak", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/default.yaml~", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/config.yaml", Some(UnusedTemplate::FileName)),
            (".gitlab/agents/prod/environment_templates/team/default.yaml", Some(UnusedTemplate::TooDeep)),
            (".gitlab/agents/prod/environment-templates/default.yaml", Some(UnusedTemplate::Folder)),
            (".gitlab/agents/prod/environment_template/default.yaml", Some(UnusedTemplate::Folder)),
            (".gitlab/agents/prod/envrionment_templates/default.yaml", Some(UnusedTemplate::Folder)),
            (".gitlab/agents/prod/environment_template.yaml", Some(UnusedTemplate::Folder)),
            (".gitlab/agents/environment_templates/default.yaml", Some(UnusedTemplate::NoAgentFolder)),
            (".gitlab/agent/prod/environment_templates/default.yaml", Some(UnusedTemplate::Directory)),
            (".gitlab/agents/environment_templates/config.yml", None),
            (".gitlab/agents/prod/environment_templates/README.md", None),
            (".gitlab/agents/prod/environment_templates/.gitkeep", None),
            (".gitlab/agents/prod/environment_templates/.default.yaml.swp", None),
            (".gitlab/agents/prod/templates/default.yaml", None),
            (".gitlab/agents/prod/default.yaml", None),
            (".gitlab/environment_templates/default.yaml", None),
        ] {
            let found = match at(path) {
                Some(Location::UnusedTemplate(why)) => Some(why),
                None | Some(Location::Unread { .. }) => None,
                other => panic!("{path}: {other:?}"),
            };
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn only_the_exact_path_is_read() {
        let config = Location::Config { agent: "prod".to_owned() };
        assert_eq!(locate(&[".gitlab", "agents", "prod", "config.yaml"]), Some(config));
        for (path, expected) in [
            (".gitlab/agents/prod/config.yml", Some(Unread::FileName)),
            (".gitlab/agents/prod/Config.yaml", Some(Unread::FileName)),
            (".gitlab/agents/prod/config.yaml.bak", Some(Unread::Copy)),
            (".gitlab/agents/prod/config.yaml~", Some(Unread::Copy)),
            (".gitlab/agents/config.yaml", Some(Unread::NoAgentFolder)),
            (".gitlab/agents/prod.yaml", Some(Unread::NoAgentFolder)),
            (".gitlab/agents/team/prod/config.yaml", Some(Unread::TooDeep)),
            (".gitlab/agent/prod/config.yaml", Some(Unread::Directory)),
            (".GitLab/agents/prod/config.yaml", Some(Unread::Directory)),
            (".gitlab/agents/README.md", None),
            (".gitlab/agents/prod/values.yaml", None),
            (".gitlab/agents/prod/environment_templates/default.yaml", None),
            (".gitlab/issue_templates/config.yaml", None),
            ("src/agents/prod/config.yaml", None),
        ] {
            assert_eq!(why(path), expected, "{path}");
        }
    }
}
