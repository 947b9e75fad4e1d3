//! The JSON Schemas that kaslint publishes: those of files from their tables of keys, those of reports as written.

use serde_json::Value as Json;

use crate::agent_config::CONFIGURATION;
use crate::gitlab::{NEWEST, Version};
use crate::inventory::INVENTORY;
use crate::project::settings::SETTINGS;
use crate::schema::{Difference, MessageRef, json_schema};

/// A published schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Name {
    /// `.gitlab/agents/<agent>/config.yaml`.
    AgentConfig,
    /// `.kaslint.yaml`.
    Settings,
    /// `inventory.yaml`.
    Inventory,
    /// What `kaslint check --format json` writes.
    CheckReport,
    /// What `kaslint check --format gitlab` writes.
    CodeQualityReport,
    /// A line of what `kaslint access --format json` writes.
    AccessReport,
    /// What `kaslint diff --format json` writes.
    DiffReport,
    /// What `kaslint doctor --format json` writes.
    DoctorReport,
    /// What `kaslint check --write-baseline` writes.
    Baseline,
}

impl Name {
    /// All schemas.
    pub const ALL: [Self; 9] = [
        Self::AgentConfig,
        Self::Settings,
        Self::Inventory,
        Self::CheckReport,
        Self::CodeQualityReport,
        Self::AccessReport,
        Self::DiffReport,
        Self::DoctorReport,
        Self::Baseline,
    ];

    /// The file's name in `schema/`.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::AgentConfig => "agent-config.schema.json",
            Self::Settings => "settings.schema.json",
            Self::Inventory => "inventory.schema.json",
            Self::CheckReport => "check-report.schema.json",
            Self::CodeQualityReport => "code-quality-report.schema.json",
            Self::AccessReport => "access-report.schema.json",
            Self::DiffReport => "diff-report.schema.json",
            Self::DoctorReport => "doctor-report.schema.json",
            Self::Baseline => "baseline.schema.json",
        }
    }

    /// The schema as text, with a final line break.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::AgentConfig => Self::agent_config_text(&MessageRef::from(&CONFIGURATION), NEWEST, false),
            Self::Settings => pretty(&settings()),
            Self::Inventory => pretty(&inventory()),
            Self::CheckReport => include_str!("../../schema/check-report.schema.json").to_owned(),
            Self::CodeQualityReport => include_str!("../../schema/code-quality-report.schema.json").to_owned(),
            Self::AccessReport => include_str!("../../schema/access-report.schema.json").to_owned(),
            Self::DiffReport => include_str!("../../schema/diff-report.schema.json").to_owned(),
            Self::DoctorReport => include_str!("../../schema/doctor-report.schema.json").to_owned(),
            Self::Baseline => include_str!("../../schema/baseline.schema.json").to_owned(),
        }
    }
}

impl Name {
    /// The schema of agent files by a table of keys and a release; `is_read` if the table is the agent's published schema.
    #[must_use]
    pub fn agent_config_text(keys: &MessageRef, version: Version, is_read: bool) -> String {
        pretty(&agent_config(keys, version, is_read))
    }
}

fn agent_config(keys: &MessageRef, version: Version, is_read: bool) -> Json {
    let differences: Vec<&str> = Difference::ALL.iter().map(|difference| difference.in_words()).collect();
    let description = format!(
        "What GitLab {version} accepts in .gitlab/agents/<agent name>/config.yaml{}. It accepts every file that GitLab accepts, read as YAML 1.1. It cannot see: {}.",
        if is_read { ", with the keys of the agent's published schema" } else { "" },
        differences.join("; ")
    );
    json_schema(keys.clone(), version, "agent-config.schema.json", "GitLab agent configuration", &description)
}

fn settings() -> Json {
    json_schema(&SETTINGS, NEWEST, "settings.schema.json", "kaslint settings", "The settings file .kaslint.yaml.")
}

fn inventory() -> Json {
    let description = "What is known about the GitLab side: groups, users, projects, agents.";
    json_schema(&INVENTORY, NEWEST, "inventory.schema.json", "kaslint inventory", description)
}

fn pretty(json: &Json) -> String {
    // A tree of maps and texts always serializes.
    serde_json::to_string_pretty(json).map(|text| text + "\n").unwrap_or_default()
}
