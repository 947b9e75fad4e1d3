//! `kaslint schema`: JSON Schemas of what kaslint reads and writes, and kaslint's table of keys against the agent's published schema.

use std::path::{Path, PathBuf};

use super::{Exit, output};
use crate::agent_config::{CONFIGURATION, SchemaComparison};
use crate::cli::schemas::Name;
use crate::gitlab::{NEWEST, Version};
use crate::project::files::Disk;
use crate::project::paths::shown_path;
use crate::project::{AgentSchemaFile, Unusable};
use crate::schema::MessageRef;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status:
  0  done; with --compare, there is no difference
  1  with --compare, there is one
  2  the call or the schema cannot be used

Examples:
  kaslint schema agent-config > agent-config.schema.json
  kaslint schema agent-config --compare agentcfg.bundle.json --gitlab-version 19.2")]
pub(super) struct Arguments {
    /// Which schema.
    name: Name,
    /// agent-config only: with the keys of this JSON Schema, which GitLab publishes with a release of the agent.
    #[arg(long, value_name = "FILE")]
    agent_schema: Option<PathBuf>,
    /// agent-config only: tell instead, key by key, how such a JSON Schema differs from kaslint's own table; status 1 where it does.
    #[arg(long, value_name = "FILE", conflicts_with = "agent_schema")]
    compare: Option<PathBuf>,
    /// agent-config only: the release of GitLab, as major.minor [default: the newest known].
    #[arg(long, value_name = "X.Y")]
    gitlab_version: Option<Version>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let Arguments { name, agent_schema, compare: compared, gitlab_version } = arguments;
    let is_plain = agent_schema.is_none() && compared.is_none() && gitlab_version.is_none();
    if !is_plain && *name != Name::AgentConfig {
        return Err(Unusable::new(
            "`--agent-schema`, `--compare` and `--gitlab-version` are about agent files; write `kaslint schema agent-config`"
                .to_owned(),
        ));
    }
    let version = gitlab_version.unwrap_or(NEWEST);
    if let Some(file) = compared {
        return compare(file, version);
    }
    let read = agent_schema.as_deref().map(|file| AgentSchemaFile::read(file, &Disk)).transpose()?;
    let text = match (is_plain, &read) {
        (true, _) => name.text(),
        (false, Some(file)) => Name::agent_config_text(file.schema.top(), version, true),
        (false, None) => Name::agent_config_text(&MessageRef::from(&CONFIGURATION), version, false),
    };
    output::to_stdout(&|out| match read {
        // The keys and descriptions are a file's.
        Some(_) => out.json_text(&text),
        None => out.own_text(text.as_bytes()),
    })?;
    Ok(Exit::Fine)
}

fn compare(file: &Path, version: Version) -> Result<Exit, Unusable> {
    let read = AgentSchemaFile::read(file, &Disk)?;
    let found = SchemaComparison::of(&read.schema, version);
    let shown = shown_path(file);
    if version.is_newer_than_known() {
        output::complain(&format!("GitLab {version} is newer than {NEWEST}, the newest that this kaslint knows."));
    }
    output::to_stdout(&|out| {
        if found.is_empty() {
            return out.line(format_args!("{shown} has the keys that kaslint knows of GitLab {version}."));
        }
        let parts = [
            (format!("only in {shown}:"), &found.only_in_schema),
            (format!("only in kaslint (GitLab {version}):"), &found.only_in_kaslint),
            ("different:".to_owned(), &found.different),
        ];
        for (title, keys) in parts.iter().filter(|(_, keys)| !keys.is_empty()) {
            out.line(format_args!("{title}"))?;
            for (route, what) in *keys {
                out.line(format_args!("  {route}: {what}"))?;
            }
        }
        if found.is_cut {
            out.line(format_args!("and more"))?;
        }
        Ok(())
    })?;
    Ok(if found.is_empty() { Exit::Fine } else { Exit::Found })
}
