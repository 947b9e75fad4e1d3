//! A world made of texts, and answers in short.

use kaslint::access::{AgentFile, Answer, Entries, Identity, Index, Query, Row, Settings, World};
use kaslint::agent_config::AgentConfig;
use kaslint::gitlab::{Tier, Version};
use kaslint::inventory::{self, Inventory};
use kaslint::source::Source;
use kaslint::words;

/// A file of an agent.
struct File {
    project: Option<String>,
    name: String,
    source: Source,
    config: AgentConfig,
}

/// The texts and settings of a world.
pub struct Setting {
    inventory: Option<Inventory>,
    files: Vec<File>,
    pub settings: Settings,
}

/// GitLab 18.4 with a licence and without the instance setting.
pub const PREMIUM: Settings = Settings {
    version: Version::new(18, 4),
    is_release_assumed: false,
    tier: Some(Tier::Premium),
    instance_authorization: Some(false),
};

impl Setting {
    /// A world without an inventory.
    pub fn new(settings: Settings) -> Self {
        Self { inventory: None, files: Vec::new(), settings }
    }

    /// Adds an inventory of these projects, with ids from 1, and users.
    pub fn projects(self, users: &[&str], projects: &[&str]) -> Self {
        let projects: Vec<String> =
            projects.iter().enumerate().map(|(index, path)| format!("{{path: {path}, id: {}}}", index + 1)).collect();
        self.inventory(&format!("users: [{}]\nprojects: [{}]", users.join(", "), projects.join(", ")))
    }

    pub fn inventory(mut self, text: &str) -> Self {
        let loaded = inventory::read(&Source::new("inventory.yaml", text));
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        self.inventory = Some(loaded.inventory);
        self
    }

    pub fn agent(self, project: &str, name: &str, text: &str) -> Self {
        self.agent_of(Some(project), name, text)
    }

    pub fn agent_of(mut self, project: Option<&str>, name: &str, text: &str) -> Self {
        let source = Source::new(format!("{name}.yaml"), text);
        let config = AgentConfig::read(&source, self.settings.version);
        self.files.push(File { project: project.map(str::to_owned), name: name.to_owned(), source, config });
        self
    }

    /// The entries of each file, with the agent's name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Entries<'_>)> {
        self.files.iter().map(|file| {
            let home = file.project.as_deref();
            (&*file.name, Entries::of(&file.config, home, self.inventory.as_ref(), self.settings))
        })
    }

    /// Works with the authorizations of the world.
    pub fn with<T>(&self, work: impl FnOnce(&Index<'_>) -> T) -> T {
        let files = self.files.iter().map(|file| {
            let project = file.project.as_deref();
            AgentFile::new(project, &file.name, &file.source, &file.config)
        });
        let world = World { inventory: self.inventory.as_ref(), files: files.collect(), settings: self.settings };
        work(&world.authorize())
    }

    /// The rows of an answer in short, those allowed first.
    pub fn ask(&self, project: &str, environment: Option<&str>, protected: Option<bool>) -> Vec<String> {
        self.with(|index| {
            let answer = index.query(&Query::new(project, environment, protected));
            let rows = answer.allowed.iter().chain(&answer.denied).chain(&answer.unknown);
            rows.map(|row| short(index, &answer, row)).collect()
        })
    }
}

/// `+` or `-` or `?`, the agent, what decides, as whom, and what must hold.
fn short(index: &Index<'_>, answer: &Answer<'_, '_>, row: &Row<'_>) -> String {
    let agent = index.agent(row.agent);
    let sign = match (row.is_allowed(), answer.unknown.iter().any(|unknown| std::ptr::eq(unknown, row))) {
        (_, true) => '?',
        (true, _) => '+',
        (false, _) => '-',
    };
    let decides = match row.winner {
        None => "nothing".to_owned(),
        Some(winner) => winner.route().map_or("implicit".to_owned(), |route| route.replace("ci_access.", "")),
    };
    let mode = match answer.identity(row, agent) {
        _ if !row.is_allowed() => "",
        Identity::Agent => " as agent",
        Identity::CiJob(_) => " as ci_job",
        Identity::Impersonate(_) => " as impersonate",
    };
    let conditions: Vec<String> = row.conditions.iter().map(words::condition).collect();
    let conditions = if conditions.is_empty() { String::new() } else { format!(" if {}", conditions.join(" and ")) };
    format!("{sign} {} by {decides}{mode}{conditions}", agent.name)
}
