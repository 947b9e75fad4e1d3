//! `kaslint inventory check`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Exit, output};
use crate::diagnostic::{Finding, Severity};
use crate::diagnostic::{RuleInfo, Topic};
use crate::fixing::Texts;
use crate::inventory::Project;
use crate::project::Unusable;
use crate::project::discover;
use crate::project::inventory::read;
use crate::report::Human;
use crate::source::Source;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Validate an inventory.
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
    doc: &[" The inventory and the files beside it differ."],
};

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Unusable> {
    let Command::Check { file } = &arguments.command;
    let (source, inventory) = read(file, &Texts::new())?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let remarks: Vec<Finding> =
        inventory.projects().iter().flat_map(|project| remarks(project, folder, &source)).collect();
    let (projects, namespaces) = (inventory.projects().len(), inventory.namespaces().len());
    output::to_stdout(&|out| {
        Human { width: output::width() }.write_findings(&remarks, out)?;
        writeln!(
            out,
            "{} is a valid inventory: {projects} projects, {namespaces} groups and users.",
            discover::shown_path(file)
        )
    })?;
    Ok(Exit::Fine)
}

/// What is to be said about a project and the folder of its files.
fn remarks(project: &Project, folder: &Path, source: &Arc<Source>) -> Vec<Finding> {
    let remark = |span, message: String| Finding::new(&REMARK, source, span, message).route("projects");
    let root = folder.join(project.folder());
    let shown = discover::shown_path(&root);
    if !root.is_dir() {
        let missing = project.repository.as_ref().map(|_| {
            remark(project.span, format!("the folder {shown} of `{}` is not there", project.path))
                .help("write where the project's files are, relative to the inventory, or leave `repository` out")
        });
        return missing.into_iter().collect();
    }
    let Some(agents) = &project.agents else { return Vec::new() };
    let found = discover::at_root(&root).map(|found| found.files).unwrap_or_default();
    let folders: Vec<&str> = found.iter().filter_map(|file| file.location.agent()).collect();
    let without_file = agents.iter().filter(|agent| !folders.contains(&&*agent.name)).map(|agent| {
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
    without_file.chain(unregistered).collect()
}
