//! What a comparison of two states comes to, one file a format.

mod gitlab;
mod human;
mod json;
mod markdown;
mod sentences;

use std::io;

use serde_json::Value as Json;

use crate::access::Settings;
use crate::diff::{Diff, Except, Pairs, pairs};
use crate::gitlab::{Tier, Version};
use crate::inventory::Inventory;
use crate::outlet::Outlet;

/// The first line of a comment on a merge request, by which it is found again.
pub const NOTE_MARKER: &str = "<!-- kaslint diff -->";

/// Where a state comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A revision of git, by its name.
    Revision(String),
    /// A folder, the working tree or the index, in words.
    Path(String),
}

/// A state with what it is judged by.
#[derive(Clone, Debug)]
pub struct Stated {
    /// Where it comes from.
    pub state: State,
    /// What decides beside files and inventory.
    pub settings: Settings,
}

/// What HEAD changes of what a report goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// `settings`, `inventory`, `policy` or `ignores`.
    pub what: &'static str,
    /// The file.
    pub path: String,
    /// In words.
    pub message: String,
}

/// Something about a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFinding {
    /// `policy-weakened`.
    pub rule: &'static str,
    /// The policy's name.
    pub policy: String,
    /// In words.
    pub message: String,
    /// The file.
    pub path: String,
    /// The line in it.
    pub line: Option<usize>,
}

/// What is told.
#[derive(Clone, Debug)]
pub struct DiffReport<'d> {
    /// The comparison.
    pub diff: &'d Diff,
    /// BASE.
    pub base: Stated,
    /// HEAD.
    pub head: Stated,
    /// What HEAD changes of what the report goes by.
    pub evidence: Vec<Evidence>,
    /// Policies that HEAD weakens.
    pub findings: Vec<PolicyFinding>,
    /// Whether all changes are told, however many.
    pub is_whole: bool,
    /// What is known of projects, for how many lie below a group today.
    pub inventory: Option<&'d Inventory>,
    /// Columns, for people.
    pub width: usize,
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, in a terminal.
    Human,
    /// For a comment on a merge request.
    Markdown,
    /// One object.
    Json,
    /// Code Quality.
    Gitlab,
    /// A page that holds both states.
    Html,
}

impl DiffReport<'_> {
    /// Writes the report.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, format: Format, out: &mut Outlet<'_>) -> io::Result<()> {
        match format {
            Format::Human => human::write(self, out),
            Format::Markdown => markdown::write(self, out),
            Format::Json => json::write(self, out),
            Format::Gitlab => gitlab::write(self, out),
            // A page takes both states and not what is told of them alone: `access_report` writes it.
            Format::Html => Ok(()),
        }
    }

    /// What `json` says.
    #[must_use]
    pub fn told(&self) -> Json {
        json::object(self)
    }

    /// Writes the changes with what decides, and what stands in the way of a proof, for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_changes(&self, out: &mut Outlet<'_>) -> io::Result<()> {
        human::write_changes(self, out)
    }

    /// What each change is, in a sentence.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        self.diff.changes.iter().map(|change| sentences::sentence(change, self)).collect()
    }

    /// The pairs of matchers that the releases leave possible.
    fn pairs(&self) -> Pairs {
        pairs(self.base.settings, self.head.settings)
    }

    /// How many projects of the inventory lie below a group and are not left out; `None` without an inventory.
    fn count_below(&self, group: &str, except: &Except) -> Option<usize> {
        let inventory = self.inventory?;
        let size = |group: &str| {
            let places = inventory.find_group(group).map(|group| inventory.places(group));
            places.map_or(0, |places| (places.end - places.start) as usize)
        };
        // What is left out is apart from each other, and all of it lies below.
        let groups: usize = except.groups.iter().map(|group| size(group)).sum();
        let projects = except.projects.iter().filter(|project| inventory.find_project(project).is_some()).count();
        Some(size(group).saturating_sub(groups + projects))
    }

    /// The file of an agent.
    fn path_of(&self, context: &str) -> String {
        let name = context.rsplit_once(':').map_or(context, |(_, name)| name);
        format!(".gitlab/agents/{name}/config.yaml")
    }

    /// The releases of both sides: `GitLab 18.9`, `GitLab 18.9 and 19.5`, `the release` where none is named.
    fn releases(&self) -> String {
        let (base, head) = (self.base.settings, self.head.settings);
        match base.is_release_assumed || head.is_release_assumed || base.version.line() == head.version.line() {
            true => self.release_of(head),
            false => format!("GitLab {} and {}", base.version.line(), head.version.line()),
        }
    }

    /// The release of one side.
    fn release_of(&self, settings: Settings) -> String {
        match settings.is_release_assumed {
            true => "the release".to_owned(),
            false => format!("GitLab {}", settings.version.line()),
        }
    }
}

/// What a comparison of two states with the same settings and inventory comes to, a sentence each: its changes, then what is not proved.
#[must_use]
pub fn sentences(diff: &Diff, settings: Settings, inventory: Option<&Inventory>) -> Vec<String> {
    let stated = || Stated { state: State::Path(String::new()), settings };
    let (base, head, evidence, findings) = (stated(), stated(), Vec::new(), Vec::new());
    let report = DiffReport { diff, base, head, evidence, findings, is_whole: true, inventory, width: 80 };
    let open = diff.unknown.iter().map(|open| sentences::open_sentences(open, &report));
    report.sentences().into_iter().chain(open).collect()
}

/// The release of settings in machine formats.
fn release(version: Version) -> String {
    format!("{}.{}", version.major, version.minor)
}

/// The licence of settings in machine formats.
fn tier(settings: Settings) -> Option<&'static str> {
    settings.tier.map(Tier::name)
}
