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
    /// A file that was named on the command line and lies in no `.gitlab/agents`.
    Loose,
}

impl Location {
    /// The agent whose configuration it is.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        match self {
            Self::Config { agent } => Some(agent),
            Self::Unread { .. } | Self::Loose => None,
        }
    }
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

/// An agent's own template for managed resources, beside its configuration.
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
    match rest {
        [agent, "config.yaml"] if exact => Some(Location::Config { agent: (*agent).to_owned() }),
        [agent, file] => match resemblance(file) {
            Some(_) if !exact => unread(Unread::Directory, Some(agent)),
            Some(why) => unread(why, Some(agent)),
            None => None,
        },
        [file] => {
            let (stem, extension) = file.rsplit_once('.')?;
            let is_yaml = ["yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known));
            let agent = Some(stem).filter(|stem| *stem != "config" && !stem.is_empty());
            if is_yaml { unread(if exact { Unread::NoAgentFolder } else { Unread::Directory }, agent) } else { None }
        }
        [agent, folder, .., file] if *file == "config.yaml" && *folder != "environment_templates" => {
            unread(if exact { Unread::TooDeep } else { Unread::Directory }, Some(agent))
        }
        _ => None,
    }
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
            Location::Config { .. } | Location::Loose => None,
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
