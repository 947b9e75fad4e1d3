//! What the documented interface demands of a repository: which files count, and whose path comes from where.
//!
//! The top of the root and the folders that an inventory names are configuration projects, and so are git repositories below; a
//! `.gitlab/agents` elsewhere is none. `--project` and `CI_PROJECT_PATH` belong to the project at the top.
//! Where that leaves something open, several answers are right, and the sources have to agree on one of them.

use std::collections::BTreeSet;

use crate::claims::{About, Fact, Ledger, Source};
use crate::entries;
use crate::repository::{Config, Flaw, Form, Owner, Place, Repository, Start};

/// The agent server's limit where the settings say nothing, in bytes.
///
/// Source: `internal/module/agent_configuration/server/defaulting.go` of gitlab-agent.
const DEFAULT_LIMIT: u64 = 131_072;

impl Repository {
    /// Whether a search comes to the folder below: where `--inventory` names an inventory and no path is given, the folder is not
    /// searched for other projects than those that it lists.
    pub fn is_below_searched(&self) -> bool {
        let is_option = self.inventory.as_ref().is_some_and(|inventory| inventory.is_option);
        !(is_option && self.start == Start::Top)
    }

    /// Whether the top is certain: a git repository's is, and that of a folder in which something of a project lies.
    pub fn has_certain_top(&self) -> bool {
        self.git.is_some() || self.places().iter().any(|place| matches!(place.owner, Owner::Top) && place.has_any())
    }

    /// Whether it is left open which settings hold for a file of this place that is named: the root is then the repository around it,
    /// or, where there is none and it lies outside the working directory, not the top.
    pub fn is_root_of_file_open(&self, place: &Place<'_>) -> bool {
        place.is_own_repository() || (self.git.is_none() && self.start == Start::Beside)
    }

    /// Whether projects may differ in release, licence, instance setting or inventory, since settings around a repository may not
    /// hold within it.
    pub fn may_differ(&self) -> bool {
        let says_any = self.settings.is_some() || self.inventory.is_some();
        says_any && self.places().iter().any(Place::is_own_repository)
    }

    /// Whether settings and inventory at the top are somebody's.
    pub fn has_use_of_settings(&self) -> bool {
        self.places().iter().any(|place| place.has_any() && !matches!(place.owner, Owner::Below(_)))
    }

    /// Whether all sources are to be asked about a project.
    pub fn is_compared(&self, place: &Place<'_>) -> bool {
        !matches!(place.owner, Owner::Below(_)) || self.is_below_searched()
    }
}

/// Claims what the interface demands.
pub fn claim(repository: &Repository, ledger: &mut Ledger) {
    for place in repository.places().iter().filter(|place| repository.is_compared(place)) {
        let paths = paths(repository, place);
        ledger.claim(About::Origin, shown(&place.folder), Source::Contract, paths.into_iter().map(Fact::From));
    }
    for config in repository.configs().iter().filter(|config| repository.is_compared(&config.place)) {
        ledger.claim(About::File, &config.path, Source::Contract, verdicts(repository, config));
        entries::claim_written(config, ledger);
    }
}

/// A folder as it is told; the top is `.`.
pub fn shown(folder: &str) -> String {
    if folder.is_empty() { ".".to_owned() } else { folder.to_owned() }
}

/// What may become of a file.
pub fn verdicts(repository: &Repository, config: &Config<'_>) -> BTreeSet<Fact> {
    let of_settings = repository.settings.as_ref().and_then(|settings| settings.limit);
    let limit = of_settings.unwrap_or(DEFAULT_LIMIT);
    match config.place.owner {
        Owner::Top | Owner::Listed(_) => [content(config, limit)].into_iter().flatten().collect(),
        // Whether settings around a repository hold within it is left open.
        Owner::Below(below) if below.git.is_some() => {
            [content(config, limit), content(config, DEFAULT_LIMIT)].into_iter().flatten().collect()
        }
        Owner::Below(_) if repository.has_certain_top() => [Fact::NeverRead].into(),
        // The only thing that looks like a project, and not at the top.
        Owner::Below(_) => content(config, limit).into_iter().chain([Fact::NeverRead]).collect(),
    }
}

/// What becomes of a file at the right place.
///
/// Source: `internal/module/agent_configuration/server/server.go` of gitlab-agent: size and kind of the file first, then YAML,
/// decoding, validation. A link is text that holds a path, which does not decode.
fn content(config: &Config<'_>, limit: u64) -> Vec<Fact> {
    match (config.agent.form, config.agent.flaw) {
        (Form::Misnamed, _) => vec![Fact::NeverRead],
        (Form::Directory, _) => vec![Fact::RefusedAt("read")],
        (Form::Link, _) => vec![Fact::RefusedAt("read"), Fact::RefusedAt("decode")],
        (Form::File, _) if config.text.len() as u64 > limit => vec![Fact::RefusedAt("size")],
        (Form::File, None) => vec![Fact::Counts],
        (Form::File, Some(Flaw::NoYaml)) => vec![Fact::RefusedAt("yaml")],
        (Form::File, Some(Flaw::UnknownKey | Flaw::WrongType)) => vec![Fact::RefusedAt("decode")],
        (Form::File, Some(Flaw::NotValid)) => vec![Fact::RefusedAt("validate")],
    }
}

/// The paths that a project may have, each with where it comes from; none at all where everything is left open.
fn paths(repository: &Repository, place: &Place<'_>) -> BTreeSet<Option<(String, String)>> {
    let from = |path: Option<&'static str>, from: &str| path.map(|path| (path.to_owned(), from.to_owned()));
    let settings = from(repository.settings.as_ref().and_then(|settings| settings.project), "settings");
    let remote = |git: Option<&crate::repository::Git>| from(git.and_then(|git| git.remote), "the remote origin");
    match place.owner {
        Owner::Listed(listed) => [from(Some(listed.path), "inventory")].into(),
        Owner::Top => {
            let named = from(repository.project, "--project").or(from(repository.pipeline, "CI_PROJECT_PATH"));
            let known = named.clone().or(remote(repository.git.as_ref())).or(settings);
            let listed = from(repository.inventory.as_ref().and_then(|inventory| inventory.top), "inventory");
            match listed {
                // Which of the two goes first is left open.
                Some(listed) => [Some(listed), known].into_iter().filter(Option::is_some).collect(),
                None => [known].into(),
            }
        }
        Owner::Below(_) if !repository.has_certain_top() => BTreeSet::new(),
        Owner::Below(below) => match remote(below.git.as_ref()) {
            Some(remote) => [Some(remote)].into(),
            // Whether the project that settings name is also one below is left open.
            None => [None, settings].into(),
        },
    }
}

/// Whether the limit decides about a file.
pub fn hangs_on_limit(repository: &Repository, config: &Config<'_>) -> bool {
    let limit = repository.settings.as_ref().and_then(|settings| settings.limit).unwrap_or(DEFAULT_LIMIT);
    content(config, limit) != content(config, DEFAULT_LIMIT)
}
