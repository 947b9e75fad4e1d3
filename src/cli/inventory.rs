//! `kaslint inventory`.

use std::path::PathBuf;

use super::{Exit, fetch, from_api, gathering, output};
use crate::diagnostic::{Finding, RuleInfo, Severity, Topic};
use crate::inventory::Project;
use crate::project::files::Disk;
use crate::project::paths::shown_path;
use crate::project::{InventoryFile, Loader, Options, Surroundings, Unusable};
use crate::report::Human;
use crate::rules;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Get an inventory from a GitLab instance.
    Fetch(fetch::Arguments),
    /// Make an inventory of dumps of GitLab's API.
    FromApi(from_api::Arguments),
    /// Validate an inventory.
    #[command(after_help = "\
Exit status:
  0  the inventory can be used
  2  it cannot, or cannot be read

Example:
  kaslint inventory check inventory.yaml")]
    Check {
        /// The inventory.
        file: PathBuf,
    },
}

/// What does not fit together between an inventory and the folders beside it; the inventory can be used all the same.
static REMARK: RuleInfo = RuleInfo {
    name: "inventory",
    severity: Severity::Warning,
    topic: Topic::Linter,
    is_off: false,
    tag: None,
    needs: &[],
    doc: "The inventory and the files beside it differ.",
};

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let file = match &arguments.command {
        Command::Fetch(arguments) => return fetch::run(arguments),
        Command::FromApi(arguments) => return from_api::run(arguments),
        Command::Check { file } => file,
    };
    let (options, surroundings) = (Options::default(), Surroundings::of_process());
    let loader = Loader::new(&Disk, &options, &surroundings, rules::TABLE)?;
    let file = loader.load_inventory(file)?;
    let inventory = &file.inventory;
    let remarks = inventory.projects().iter().map(|project| remarks(project, &file, &loader));
    let remarks: Vec<Finding> = remarks.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let (projects, namespaces) = (inventory.projects().len(), inventory.namespaces().len());
    output::to_stdout(&|out| {
        Human::new(output::width()).write_findings(&remarks, out)?;
        out.line(format_args!(
            "{} is a valid inventory: {projects} projects, {namespaces} groups and users.",
            shown_path(&file.file)
        ))?;
        if inventory.unread().is_empty() {
            return Ok(());
        }
        out.line(format_args!("Not read from GitLab, and so not known:"))?;
        gathering::tell_unread(inventory.unread().iter(), out)
    })?;
    Ok(Exit::Fine)
}

/// What is to be said about a project and the folder of its files.
fn remarks(project: &Project, file: &InventoryFile, loader: &Loader<'_>) -> Result<Vec<Finding>, Unusable> {
    let remark = |span, message: String| Finding::new(&REMARK, &file.source, span, message).route("projects");
    let root = file.folder_of(project);
    let shown = shown_path(&root);
    let Some(folders) = loader.agent_folders(file, project)? else {
        let missing = project.repository.as_ref().map(|_| {
            remark(project.span, format!("the folder {shown} of `{}` is not there", project.path))
                .help("write where the project's files are, relative to the inventory, or leave `repository` out")
        });
        return Ok(missing.into_iter().collect());
    };
    let Some(agents) = &project.agents else { return Ok(Vec::new()) };
    let without_file = agents.iter().filter(|agent| !folders.iter().any(|name| **name == *agent.name)).map(|agent| {
        let message = format!(
            "the agent `{0}` of `{1}` has no file .gitlab/agents/{0}/config.yaml in {shown}, so its configuration is empty",
            agent.name, project.path
        );
        remark(agent.span, message).help("add the file, or take the agent out if it is not registered")
    });
    let unregistered = folders.iter().filter(|name| !agents.iter().any(|agent| *agent.name == ***name)).map(|name| {
        let message = format!(
            "{shown} has a folder .gitlab/agents/{name}, and `{}` has no agent of that name: GitLab never reads the file",
            project.path
        );
        remark(project.span, message).help(format!("list `{name}` under `agents` if it is registered"))
    });
    Ok(without_file.chain(unregistered).collect())
}
